"""header-json: u32 length of a JSON header, the header with the size (and name) of the body, the body."""

from __future__ import annotations

import json
import struct
from typing import Any

from workbench.model.lens.format import LABEL, Format, Naive, compare
from workbench.model.lens.parser import Cursor, Exactly, Parser
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

LONGEST_HEADER = 1 << 16
"""Bytes of a JSON header beyond which its length is taken for a mistake."""
SIZE_KEYS = ("size", "file_size", "filesize", "total_size", "length")
NAME_KEYS = ("name", "filename", "file_name")


def _header_json(name: str, layout: str, what: str) -> Format:
    def parse(cursor: Cursor) -> Parser:
        while True:
            prefix = yield Exactly(4)
            (length,) = struct.unpack(layout, prefix.kept)
            if length > LONGEST_HEADER:
                yield cursor.broken(_too_long(bytes(prefix.kept), layout), lost=True)
                return
            header = yield Exactly(length, keep=length)
            size, label = _header(bytes(header.kept))
            if size is None:
                yield cursor.broken(label, lost=True)
                return
            cursor.whole = 4 + length + size
            yield Exactly(size)
            yield cursor.frame("file", label)

    def read(data: bytes) -> str:
        (length,) = struct.unpack(layout, data[:4])
        header = json.loads(data[4 : 4 + length].decode())
        key = next((key for key in SIZE_KEYS if key in header), SIZE_KEYS[0])
        return compare(header[key], len(data) - 4 - length)

    return Format(name, "file", what, parse, Naive(lambda: read, "the parser"))


def _too_long(prefix: bytes, layout: str) -> str:
    (length,) = struct.unpack(layout, prefix)
    other, order = ("big", ">I") if layout == "<I" else ("little", "<I")
    (swapped,) = struct.unpack(order, prefix)
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
    return size, f"{cut(safe(name), LABEL)} {size} bytes".strip()


HEADER_JSON = _header_json("header-json", ">I", "u32 length of a JSON header with the size, header, body")
HEADER_JSON_LE = _header_json("header-json-le", "<I", "the same with a little-endian length")
