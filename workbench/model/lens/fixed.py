"""fixed-N: blocks of N bytes, for any N."""

from __future__ import annotations

import re
import struct

from workbench.model.lens.format import Format, Naive, label_of
from workbench.model.lens.parser import Cursor, Exactly, Parser

NAME = "fixed-N"
WHAT = "blocks of as many bytes as you say"

_WRITTEN = re.compile(r"fixed(?:-([1-9]\d{0,8})|\(([1-9]\d{0,8})\))", re.ASCII)


def fixed(name: str) -> Format | None:
    """Return the format of a name such as "fixed-16", also written "fixed(16)"; None for any other."""
    if (found := _WRITTEN.fullmatch(name)) is None:
        return None
    size = int(found[1] or found[2])

    def parse(cursor: Cursor) -> Parser:
        while True:
            cursor.whole = size
            data = yield Exactly(size)
            yield cursor.frame("block", label_of(data.kept))

    def read(data: bytes) -> str:
        struct.unpack(f"{size}s", data)
        return ""

    return Format(f"fixed-{size}", "block", f"blocks of {size} bytes", parse, Naive(lambda: read, "struct.unpack"))
