"""A whole payload as lines of hex and text, fast: built column by column, not line by line.

All lines but the last have one length, so byte k of every line stands in columns of its own, and one slice assignment
with a stride writes them all. A small payload is cut into a form that is made once for its size.
"""

from __future__ import annotations

import codecs
import sys
from array import array
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from workbench.model.text.hexdump import ASCII, CLASS, SIGNS, Category, hex_column, offset_digits

_SMALL = 512
_BLOCK = 1 << 16  # bytes of payload at a time: what is built from them stays in the processor's cache

# The text column is built as bytes too: a sign, which is beyond one byte, is 0x80 + its category until the end.
_SIGN = bytes(byte if 0x20 <= byte < 0x7F else 0x80 + CLASS[byte] for byte in range(256))
_LETTERS = "".join(ASCII[byte] if 0x20 <= byte < 0x7F else chr(byte) for byte in range(0x80)) + "".join(
    SIGNS.get(category, " ") for category in Category
).ljust(0x80)


class _Layout(NamedTuple):
    """Where things stand in a line: hex[2k] and hex[2k + 1] are the digits of byte k, text[k] is its sign."""

    digits: int
    hex: tuple[int, ...]
    text: tuple[int, ...]
    length: int


@lru_cache(32)
def _layout(width: int, digits: int, indent: int) -> _Layout:
    start = indent + digits + 1
    columns = tuple(start + hex_column(byte) + nibble for byte in range(width) for nibble in (0, 1))
    text = columns[-1] + 3
    return _Layout(digits, columns, tuple(range(text, text + width)), text + width + 1)


def dump(data: bytes, width: int = 16, indent: int = 0) -> Iterator[str]:
    """Yield the lines of hexdump.plain_line for all of *data*, each behind *indent* spaces and with its line end.

    They come in large pieces of many lines. *width*: bytes a line, a multiple of 8.
    """
    if len(data) <= _SMALL:
        if data:
            form, parts = _form(len(data), width, indent)
            yield form % parts(data.hex(" ") + codecs.charmap_decode(data, "strict", ASCII)[0])
        return
    layout = _layout(width, offset_digits(len(data)), indent)
    for offset in range(0, len(data), _BLOCK):
        yield _block(data[offset : offset + _BLOCK], offset, width, layout, indent)


@lru_cache(_SMALL)
def _form(size: int, width: int, indent: int) -> tuple[str, Callable[[str], tuple[str, ...]]]:
    """Return the lines of *size* bytes with %s for each group and text, and what cuts these out of both in one."""
    form, parts, texts = "", [], 3 * size - 1
    for start in range(0, size, width):
        stop = min(start + width, size)
        groups = [slice(3 * byte, 3 * min(byte + 8, stop) - 1) for byte in range(start, stop, 8)]
        padding = " " * (hex_column(width - 1) - hex_column(stop - start - 1))
        form += f"{' ' * indent}{start:0{offset_digits(size)}x} {'  '.join(['%s'] * len(groups))}{padding}  %s\n"
        parts += [*groups, slice(texts + start, texts + stop)]
    return form, itemgetter(*parts)


def _block(data: bytes, offset: int, width: int, layout: _Layout, indent: int) -> str:
    lines = -(-len(data) // width)
    rest = lines * width - len(data)
    whole = data.ljust(lines * width)
    length = layout.length
    built = bytearray(b" ") * (lines * length)
    offsets = array("I", range(offset, offset + lines * width, width))
    if sys.byteorder == "little":
        offsets.byteswap()
    numbers = offsets.tobytes().hex().encode()
    for digit in range(layout.digits):
        built[indent + digit :: length] = numbers[8 - layout.digits + digit :: 8]
    hexed = whole.hex().encode()
    for nibble, column in enumerate(layout.hex):
        built[column::length] = hexed[nibble :: 2 * width]
    signs = whole.translate(_SIGN)
    for byte, column in enumerate(layout.text):
        built[column::length] = signs[byte::width]
    built[length - 1 :: length] = b"\n" * lines
    if rest:
        _shorten(built, len(built) - length, width - rest, layout)
    return codecs.charmap_decode(built, "strict", _LETTERS)[0]


def _shorten(built: bytearray, line: int, count: int, layout: _Layout) -> None:
    """Blank what the last line, which begins at *line*, has beyond *count* bytes."""
    start, stop = line + layout.hex[2 * count], line + layout.text[0]
    built[start:stop] = b" " * (stop - start)
    del built[line + layout.text[count] : -1]
