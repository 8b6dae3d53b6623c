"""What a person types in the composer, as text, JSON or hex, to the bytes that are sent."""

from __future__ import annotations

import codecs
import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from workbench.model.text.safe import safe

Encoding: TypeAlias = Literal["utf-8", "latin-1", "gbk", "utf-16"]
Ending: TypeAlias = Literal["none", "LF", "CRLF"]
Mode: TypeAlias = Literal["Text", "JSON", "Hex"]

_ENDINGS: dict[Ending, str] = {"none": "", "LF": "\n", "CRLF": "\r\n"}
_ESCAPE = re.compile(
    r"\\(?:x(?P<byte>[0-9A-Fa-f]{2})|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<sign>[nrt0\\]))"
)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\"}
_JSON_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_JSON_STRING_OR_SPACE = re.compile(f"({_JSON_STRING})|[ \t\n\r]+".encode())
_JSON_STRING_OR_CONSTANT = re.compile(f"{_JSON_STRING}|(?P<constant>NaN|-?Infinity)")
_HEX_WORD = re.compile(r"\\[xX][^\s,:\\]*|[^\s,:\\]+|\\")
_DUMP_LINE = re.compile(
    r"\s*(?:0x)?(?P<offset>[0-9a-fA-F]{4,16})(?P<sure>:?)(?:\s+(?P<body>[0-9a-fA-F]{2}.*)|\s*)", re.DOTALL
)
_PAIR = re.compile("[0-9a-fA-F]{2}")
_PAIRS = re.compile("(?:[0-9a-fA-F]{2} {0,2})*")


class PayloadError(ValueError):
    """Why a text is not a payload: message is one sentence; start a character offset; line and column count from 1."""

    def __init__(self, before: str, text: str, start: int, after: str = "") -> None:
        self.start = start
        self.line = text.count("\n", 0, start) + 1
        self.column = start - text.rfind("\n", 0, start)
        self.message = f"{before} at {self.line}:{self.column}{after}"
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and how it becomes bytes."""

    text: str = ""
    mode: Mode = "Text"
    encoding: Encoding = "utf-8"
    ending: Ending = "none"
    escapes: bool = False
    compact: bool = False
    newline: bool = False

    def data(self) -> bytes:
        """Return the bytes, or raise PayloadError."""
        match self.mode:
            case "Text":
                return encode_text(self.text, self.encoding, self.ending, self.escapes)
            case "JSON":
                return encode_json(self.text, self.compact, self.newline)
            case "Hex":
                return parse_hex(self.text)


def encode_text(text: str, encoding: Encoding = "utf-8", ending: Ending = "none", escapes: bool = False) -> bytes:
    r"""Encode text and its line ending; with escapes, \xff is that byte, whatever the encoding, and \u20ac a character.

    utf-16 begins with a byte order mark, as in Python; no text at all gives no bytes.
    """
    pieces = list(unescape(text)) if escapes else [(0, text)]
    encoder = codecs.getincrementalencoder(encoding)()
    data = []
    for start, piece in [*pieces, (len(text), _ENDINGS[ending])]:
        try:
            data.append(piece if isinstance(piece, bytes) else encoder.encode(piece) if piece else b"")
        except UnicodeEncodeError as error:
            # An escape's piece is one character, so its error starts at 0: at the backslash.
            char, offset = error.object[error.start], start + error.start
            raise PayloadError(_name(char), text, offset, f" is not in {encoding}") from None
    return b"".join(data)


def unescape(text: str) -> Iterator[tuple[int, str | bytes]]:
    r"""Cut text at its escapes into pieces with their offsets: bytes for \xff, else text.

    Raises PayloadError for a backslash that begins none of \n \r \t \0 \\ \xff \u20ac \U0001f600.
    """
    stop = 0
    while (start := text.find("\\", stop)) >= 0:
        if start > stop:
            yield stop, text[stop:start]
        escape = _ESCAPE.match(text, start)
        if escape is None:
            wanted = r" is not one of \n \r \t \0 \\ \xff \u20ac \U0001f600"
            raise PayloadError(f"escape {safe(text[start : start + 2])}", text, start, wanted)
        yield start, _unescaped(escape, text)
        stop = escape.end()
    if stop < len(text):
        yield stop, text[stop:]


def encode_json(text: str, compact: bool = False, newline: bool = False) -> bytes:
    """Check that text is JSON (RFC 8259) and give it in utf-8: as typed, or without the white space between tokens.

    Numbers, repeated keys and escapes stay as typed: nothing is parsed and written again.
    """

    def refuse(_constant: str) -> NoReturn:
        found = next(m for m in _JSON_STRING_OR_CONSTANT.finditer(text) if m["constant"])
        raise PayloadError(f"not JSON: {found['constant']}", text, found.start("constant"), " is not a JSON number")

    try:
        # Numbers as text: an integer of 5000 digits is JSON, but more than int() takes.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise PayloadError(f"not JSON: {safe(error.msg)}", text, error.pos) from None
    except RecursionError:
        raise PayloadError("JSON", text, 0, " is nested too deeply to be checked") from None
    data = encode_text(text)
    if compact:
        data = _JSON_STRING_OR_SPACE.sub(lambda found: found[1] or b"", data)
    return data + b"\n" if newline else data


def parse_hex(text: str) -> bytes:
    r"""Read bytes written as de ad, deadbeef, 0xde,0xad, de:ad or \xde\xad, or as the lines of a hex dump."""
    dumped = parse_dump(text)
    if dumped is not None:
        return dumped
    data = bytearray()
    for word in _HEX_WORD.finditer(text):
        start, digits = word.start(), word[0]
        if digits[:2] in ("0x", "0X", "\\x", "\\X"):
            start, digits = start + 2, digits[2:]
        for offset, char in enumerate(digits):
            if char not in string.hexdigits:
                raise PayloadError(_name(char), text, start + offset, " is not a hex digit")
        if not digits:
            raise PayloadError(word[0], text, word.start(), " has no digits after it")
        if len(digits) % 2:
            raise PayloadError(f"'{digits[-1]}'", text, start + len(digits) - 1, " is an odd digit: a byte takes two")
        data += bytes.fromhex(digits)
    return bytes(data)


def parse_dump(text: str) -> bytes | None:
    """Return the bytes of a hex dump without its offsets and texts: our own, xxd's, hexdump -C's or tcpdump -X's.

    None where it is none: each line begins with the number of bytes before it, and ends with a text or an offset alone.
    """
    lines = [_DUMP_LINE.match(line) for line in text.splitlines() if line.strip()]
    data = b""
    for line, following in zip(lines, [*lines[1:], None], strict=False):
        if line is None or int(line["offset"], 16) != len(data):
            return None
        size = None if following is None else int(following["offset"], 16) - len(data)
        if line["body"] or size is not None or not data:  # hexdump -C ends with an offset alone
            found = _dumped(line, size)
            if found is None:
                return None
            data += found
    return data or None


def _dumped(line: re.Match[str], size: int | None) -> bytes | None:
    """Return the bytes of one line: *size* of them, or else as many as fit its text, which may look like hex too."""
    body = line["body"] or ""
    ends = [found.end() for found in _PAIR.finditer(body)]
    whole = [(end, bytes.fromhex(body[:end])) for end in ends if _PAIRS.fullmatch(body[:end])]
    if size is not None:
        return next((found for _, found in whole if len(found) == size), None)
    told = [(body[end + 2 :], found) for end, found in whole if body[end : end + 2] in ("  ", "")]
    fitting = [found for text, found in told if len(text.strip("|<>") if text[:1] in "|>" else text) == len(found)]
    fitting += [found for text, found in told if text[:1].isspace() and len(text.strip()) <= len(found)]
    return fitting[0] if fitting else told[-1][1] if told and line["sure"] else None


def count(text: str, data: bytes) -> str:
    """Say how long a payload is, such as "8 characters, 13 bytes"."""
    return f"{_counted(len(text), 'character')}, {_counted(len(data), 'byte')}"


def _unescaped(escape: re.Match[str], text: str) -> str | bytes:
    if escape["byte"]:
        return bytes.fromhex(escape["byte"])
    if escape["sign"]:
        return _SIGNS[escape["sign"]]
    code = int(escape["short"] or escape["long"], 16)
    if code > 0x10FFFF:
        raise PayloadError(f"escape {escape[0]}", text, escape.start(), r" is beyond the last character, \U0010ffff")
    return chr(code)


def _name(char: str) -> str:
    return f"'{char}'" if safe(char) == char else f"U+{ord(char):04X}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
