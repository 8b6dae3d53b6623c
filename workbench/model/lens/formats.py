"""The formats of a stream that need few words: delimiters, lengths before the data, fixed lengths."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from workbench.model.lens.parser import Cursor, Exactly, Parser, Request, Span, Until
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

DIGITS = b"0123456789"
LONGEST_HEADER = 1 << 16
"""Bytes of a JSON header beyond which its length is taken for a mistake."""
SIZE_KEYS = ("size", "file_size", "filesize", "total_size", "length")
NAME_KEYS = ("name", "filename", "file_name")

_LABEL = 40  # characters
_MOST_DIGITS = 18


def label_of(data: bytes | bytearray) -> str:
    """Return the beginning of *data* as a short text that is safe to show."""
    return cut(safe(data.decode("utf-8", "replace")), _LABEL)


def delimited(by: bytes, kind: str) -> Callable[[Cursor], Parser]:
    """Return the parser of frames that each end with the byte *by*."""

    def parse(cursor: Cursor) -> Parser:
        while True:
            text = yield Until(by)
            yield cursor.frame(kind, label_of(text.kept.removesuffix(by).removesuffix(b"\r")))

    return parse


def fixed(size: int) -> Callable[[Cursor], Parser]:
    """Return the parser of frames of *size* bytes."""

    def parse(cursor: Cursor) -> Parser:
        while True:
            cursor.whole = size
            data = yield Exactly(size)
            yield cursor.frame("block", label_of(data.kept))

    return parse


def packed(width: int, little: bool) -> Callable[[Cursor], Parser]:
    """Return the parser of messages that begin with their length, a number of *width* bytes that counts not itself."""

    def parse(cursor: Cursor) -> Parser:
        while True:
            prefix = yield Exactly(width)
            length = _number(prefix, little)
            cursor.whole = width + length
            data = yield Exactly(length)
            yield cursor.frame("message", label_of(data.kept))

    return parse


def _number(prefix: Request, little: bool) -> int:
    return int.from_bytes(prefix.kept, "little" if little else "big")


def length_text(cursor: Cursor) -> Parser:
    r"""Parse messages that begin with their length in decimal digits.

    A line feed after the digits belongs to the prefix. Without one the data begins with the first byte that is no
    digit, as where a program sends the length, awaits an acknowledgement, and sends the data: such a stream is
    ambiguous where the data begins with a digit or a line feed.
    """
    while True:
        digits = yield Span(DIGITS, _MOST_DIGITS)
        if not digits.kept:
            yield Exactly(1)
            yield cursor.broken("no length: the message does not begin with a digit", lost=True)
            return
        yield Span(b"\n", 1)
        cursor.whole = cursor.at - cursor.start + int(digits.kept)
        data = yield Exactly(int(digits.kept))
        yield cursor.frame("message", label_of(data.kept))


def netstring(cursor: Cursor) -> Parser:
    """Parse netstrings: the length in decimal digits, a colon, the data, a comma (cr.yp.to/proto/netstrings.txt)."""
    while True:
        digits = yield Span(DIGITS, _MOST_DIGITS)
        colon = yield Exactly(1)
        if not digits.kept or colon.kept != b":" or (len(digits.kept) > 1 and digits.kept.startswith(b"0")):
            yield cursor.broken("no netstring: it does not begin with a length and a colon", lost=True)
            return
        cursor.whole = cursor.at - cursor.start + int(digits.kept) + 1
        data = yield Exactly(int(digits.kept))
        comma = yield Exactly(1)
        if comma.kept != b",":
            yield cursor.broken("no netstring: no comma follows its data", lost=True)
            return
        yield cursor.frame("netstring", label_of(data.kept))


def header_json(little: bool) -> Callable[[Cursor], Parser]:
    """Return the parser of: u32 length of a JSON header, the header with the size (and name) of the body, the body."""

    def parse(cursor: Cursor) -> Parser:
        while True:
            prefix = yield Exactly(4)
            length = _number(prefix, little)
            if length > LONGEST_HEADER:
                yield cursor.broken(_too_long(length, _number(prefix, not little), little), lost=True)
                return
            header = yield Exactly(length, keep=length)
            size, label = _header(bytes(header.kept))
            if size is None:
                yield cursor.broken(label, lost=True)
                return
            cursor.whole = 4 + length + size
            yield Exactly(size)
            yield cursor.frame("file", label)

    return parse


def _too_long(length: int, swapped: int, little: bool) -> str:
    other = "big" if little else "little"
    hint = f"; read as {other} endian it is {swapped}" if swapped <= LONGEST_HEADER else ""
    return f"a JSON header of {length} bytes is not believable{hint}"


def _header(data: bytes) -> tuple[int | None, str]:
    """Return the size of the body and a label, or None and the reason."""
    try:
        fields: Any = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, "the header is not JSON"
    if not isinstance(fields, dict):
        return None, "the header is not a JSON object"
    size = next((fields[key] for key in SIZE_KEYS if key in fields), None)
    if type(size) is not int or not 0 <= size < 1 << 63:
        return None, "the header does not tell the size of the body"
    name = next((fields[key] for key in NAME_KEYS if isinstance(fields.get(key), str)), "")
    return size, f"{cut(safe(name), _LABEL)} {size} bytes".strip()
