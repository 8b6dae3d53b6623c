"""length-u8, -u16 and -u32: messages that begin with their length as a number, which counts not itself."""

from __future__ import annotations

import struct

from workbench.model.lens.format import Format, Naive, compare, label_of
from workbench.model.lens.parser import Cursor, Exactly, Parser


def _packed(name: str, layout: str, what: str) -> Format:
    width = struct.calcsize(layout)

    def parse(cursor: Cursor) -> Parser:
        while True:
            (length,) = struct.unpack(layout, (yield Exactly(width)).kept)
            cursor.whole = width + length
            data = yield Exactly(length)
            yield cursor.frame("message", label_of(data.kept))

    def read(data: bytes) -> str:
        (length,) = struct.unpack(layout, data[:width])
        return compare(length, len(data) - width)

    what = f"the length in {what}, then the data"
    return Format(name, "message", what, parse, Naive(lambda: read, "struct.unpack"))


U8 = _packed("length-u8", ">B", "1 byte")
U16 = _packed("length-u16", ">H", "2 bytes, big endian")
U16BE = _packed("length-u16be", ">H", "2 bytes, big endian")
U16LE = _packed("length-u16le", "<H", "2 bytes, little endian")
U32 = _packed("length-u32", ">I", "4 bytes, big endian")
U32BE = _packed("length-u32be", ">I", "4 bytes, big endian")
U32LE = _packed("length-u32le", "<I", "4 bytes, little endian")
