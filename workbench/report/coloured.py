"""A whole payload as lines of hex and text in the terminal's colours, fast.

A byte's hex and sign are looked up by the byte and the category of the one before it: only where that changes does a
colour begin.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from workbench.model.text.hexdump import ASCII, CLASS, COLOURS, Category, hex_column, offset_digits

_CODES = {"bright_black": 90, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
_ESCAPES = [f"\x1b[{_CODES[COLOURS[category]]}m" for category in Category]
_FIRST = len(Category)  # stands for the category before the first byte of a line
_BLOCK = 1 << 14  # bytes of payload at a time, a multiple of every width


def _pieces(shown: Sequence[str]) -> list[str]:
    """Return what each byte shows behind each category, at 256 times that category plus the byte."""
    return [
        shown[byte] if CLASS[byte] == before else _ESCAPES[CLASS[byte]] + shown[byte]
        for before in (*Category, _FIRST)
        for byte in range(256)
    ]


_HEX = _pieces([f" {byte:02x}" for byte in range(256)])
_TEXT = _pieces(ASCII)


def coloured(data: bytes, width: int = 16, indent: int = 0) -> Iterator[str]:
    """Yield the lines of dump.dump in colours, in pieces of many lines. *width*: bytes a line, 8, 16 or 32."""
    margin = f"{' ' * indent}\x1b[2m%0{offset_digits(len(data))}x\x1b[0m"
    whole = len(data) - len(data) % width
    for start in range(0, whole, _BLOCK):
        yield _lines(data[start : min(start + _BLOCK, whole)], start, width, margin, "  ")
    if rest := data[whole:]:
        missing = hex_column(width - 1) - hex_column(len(rest) - 1)
        yield _lines(rest, whole, len(rest), margin, " " * (missing + 2))


def _lines(data: bytes, offset: int, width: int, margin: str, gap: str) -> str:
    """Return lines of *width* bytes each: built as columns of pieces, then read line by line."""
    before = bytearray(len(data))
    before[1:] = data[:-1].translate(CLASS)
    before[::width] = bytes([_FIRST]) * (len(data) // width)
    pairs = bytearray(2 * len(data))
    low = 0 if sys.byteorder == "little" else 1
    pairs[low::2], pairs[1 - low :: 2] = data, before
    keys = array("H", bytes(pairs))
    hexed, text = list(map(_HEX.__getitem__, keys)), list(map(_TEXT.__getitem__, keys))
    columns: list[Iterable[str]] = [map(margin.__mod__, range(offset, offset + len(data), width))]
    for byte in range(width):
        columns += [repeat(" ")] if byte and byte % 8 == 0 else []
        columns.append(hexed[byte::width])
    columns += [repeat(gap), *(text[byte::width] for byte in range(width)), repeat("\x1b[0m\n")]
    return "".join(chain.from_iterable(zip(*columns, strict=False)))
