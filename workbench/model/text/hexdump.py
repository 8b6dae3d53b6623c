"""Bytes as lines of hex and text, one cell a byte in the text column, and as text to copy."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple, TypeAlias

from workbench.model.text.safe import STAND_IN, cells, safe

TextEncoding: TypeAlias = Literal["ascii", "utf-8", "gbk"]


class Category(IntEnum):
    """What kind of byte it is."""

    NUL = 0
    PRINTABLE = 1
    SPACE = 2
    CONTROL = 3
    NON_ASCII = 4


def _category(byte: int) -> Category:
    match byte:
        case 0:
            return Category.NUL
        case 0x09 | 0x0A | 0x0B | 0x0C | 0x0D | 0x20:
            return Category.SPACE
        case _ if byte > 0x7F:
            return Category.NON_ASCII
        case _ if byte < 0x20 or byte == 0x7F:
            return Category.CONTROL
        case _:
            return Category.PRINTABLE


# No sign is a printable ASCII character, so each tells its category without colour; a space stays a space.
SIGNS = {Category.NUL: "⋄", Category.SPACE: "¬", Category.CONTROL: "•", Category.NON_ASCII: "×"}

# Names of terminal colours, known to Rich and click alike; the screen's themes map categories to colours of their own.
COLOURS = {
    Category.NUL: "bright_black",
    Category.PRINTABLE: "cyan",
    Category.SPACE: "green",
    Category.CONTROL: "magenta",
    Category.NON_ASCII: "yellow",
}

CLASS = bytes(map(_category, range(256)))
ASCII = "".join(chr(byte) if 0x20 <= byte < 0x7F else SIGNS[_category(byte)] for byte in range(256))
CUT = SIGNS[Category.NON_ASCII]

_RUN = re.compile(rb"(.)\1*", re.DOTALL)
_GROUP = 8  # bytes between two wider gaps in the hex column


class ByteRun(NamedTuple):
    """Bytes start to stop of one line (0 is the line's first) that are all of one category."""

    start: int
    stop: int
    category: Category


@dataclass(frozen=True, slots=True)
class HexLine:
    """One line of a dump: hex padded to the full width, and cells, one a byte, "" for the rest of a wide character."""

    offset: int
    runs: tuple[ByteRun, ...]
    hex: str
    cells: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text column, len(cells) terminal cells wide."""
        return "".join(self.cells)

    def hex_of(self, run: ByteRun) -> str:
        """The part of hex that shows a run, with the gap after it: all runs and the padding make the whole column."""
        return self.hex[hex_column(run.start) : hex_column(run.stop)]

    def text_of(self, run: ByteRun) -> str:
        """The part of text that shows a run."""
        return "".join(self.cells[run.start : run.stop])


def line(data: bytes, offset: int, width: int = 16, encoding: TextEncoding = "ascii") -> HexLine:
    """Give the line for data[offset:offset + width]; width is a multiple of 8, offset usually one of width."""
    chunk = data[offset : offset + width]
    found = _RUN.finditer(chunk.translate(CLASS))
    runs = tuple(ByteRun(*run.span(), Category(run[1][0])) for run in found)
    groups = [chunk[start : start + _GROUP].hex(" ") for start in range(0, len(chunk), _GROUP)]
    text = text_cells(data, offset, offset + len(chunk), encoding)
    return HexLine(offset, runs, "  ".join(groups).ljust(hex_column(width - 1) + 2), tuple(text))


def plain_line(data: bytes, offset: int, width: int = 16, encoding: TextEncoding = "ascii") -> str:
    """Give a line as text: offset, hex and text; 71 cells with 16 bytes and a 4-digit offset."""
    shown = line(data, offset, width, encoding)
    return f"{offset:0{offset_digits(len(data))}x} {shown.hex}  {shown.text}"


def offset_digits(size: int) -> int:
    """Return how many digits every offset of a dump of size bytes takes: 4, or more above ffff."""
    return max(4, len(f"{max(size - 1, 0):x}"))


def hex_column(index: int) -> int:
    """Return where in a line's hex the byte index begins."""
    return index * 3 + index // _GROUP


def text_cells(data: bytes, start: int, stop: int, encoding: TextEncoding) -> list[str]:
    """Give what each byte of data[start:stop] shows: a character at its first byte, "·" at those it has no cells for.

    A byte that is no character, or of one that goes beyond start or stop, shows "×". Where gbk characters begin depends
    on the bytes before, of which at most 4096 are looked at.
    """
    chunk = data[start:stop]
    if encoding == "ascii" or (encoding == "utf-8" and chunk.isascii()):
        return list(chunk.decode("latin-1").translate(ASCII))
    if not chunk:
        return []
    stop = start + len(chunk)
    # In utf-8 the rest of a character from before start shows as what it is by itself: no character.
    here, span = (start, _utf8_span) if encoding == "utf-8" else (_gbk_first(data, start), _gbk_span)
    shown: list[str] = []
    while here < stop:
        length, char = span(data, here)
        after = here + length
        if char is None or here < start or after > stop:
            shown += [CUT] * (min(after, stop) - max(here, start))
        else:
            shown += [ASCII[data[here]]] if length == 1 else _fitted(char, length)
        here = after
    return shown


@dataclass(frozen=True, slots=True)
class CutCharacter:
    """How a UTF-8 text is cut: head bytes continue a character from before; the last have of need bytes begin one."""

    head: int = 0
    have: int = 0
    need: int = 0


_WHOLE = CutCharacter()


def cut_character(data: bytes) -> CutCharacter:
    """Tell where the edges of data cut a UTF-8 character: nothing if data can't be a piece of UTF-8 (RFC 3629)."""
    if not data or (data[-1] < 0x80 and not _is_continuation(data[0])):
        return _WHOLE
    head = 0
    while head < min(3, len(data)) and _is_continuation(data[head]):
        head += 1
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data[head:])
    except UnicodeDecodeError:
        return _WHOLE
    begun = decoder.getstate()[0]
    if begun[:1] == b"\xed" and begun[1:] >= b"\xa0":  # begins a surrogate, yet CPython's decoder waits for its end
        return _WHOLE
    return CutCharacter(head, len(begun), _utf8_length(begun[0]) if begun else 0)


def as_hex(data: bytes) -> str:
    """Write bytes as hex to copy, 16 a line, which the composer's hex mode reads back."""
    return "\n".join(data[start : start + 16].hex(" ") for start in range(0, len(data), 16))


def as_text(data: bytes, encoding: str = "utf-8") -> str:
    r"""Write bytes as text to copy: line ends and tabs stay, what is no text or steers a terminal becomes \xNN."""
    text = data.decode(encoding, "backslashreplace").replace("\r\n", "\n")
    return "".join(char if _is_text(char) else char.encode("unicode_escape").decode() for char in text)


def as_python(data: bytes) -> str:
    """Write bytes as a Python literal, in parentheses over lines of about 72 columns where it is long."""
    whole = repr(data)
    if len(whole) <= 72:
        return whole
    lines, start, columns = [], 0, 0
    for index, byte in enumerate(data):
        columns += _REPR_LENGTH[byte]
        if columns > 65:
            lines.append(data[start:index])
            start, columns = index, _REPR_LENGTH[byte]
    return "(\n" + "".join(f"    {piece!r}\n" for piece in [*lines, data[start:]]) + ")"


_REPR_LENGTH = [2 if byte == ord("'") else len(repr(bytes([byte]))) - len("b''") for byte in range(256)]
_GBK_LEADS = bytes(range(0x81, 0xFF))
_GBK_LOOK_BACK = 4096


def _fitted(char: str, length: int) -> list[str]:
    shown = safe(char)
    width = cells(shown)
    return [shown] + [""] * (width - 1) + [STAND_IN] * (length - width)


def _is_continuation(byte: int) -> bool:
    return byte & 0xC0 == 0x80


def _utf8_length(lead: int) -> int:
    return 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


def _utf8_span(data: bytes, here: int) -> tuple[int, str | None]:
    length = _utf8_length(data[here])
    try:
        return length, data[here : here + length].decode("utf-8")
    except UnicodeDecodeError:
        return 1, None


def _gbk_span(data: bytes, here: int) -> tuple[int, str | None]:
    pair = data[here : here + 2]
    if pair[0] < 0x80:
        return 1, chr(pair[0])
    if pair[0] not in _GBK_LEADS or len(pair) < 2 or not (0x40 <= pair[1] < 0xFF and pair[1] != 0x7F):
        return 1, None
    try:
        return 2, pair.decode("gbk")
    except UnicodeDecodeError:
        return 2, None


def _gbk_first(data: bytes, start: int) -> int:
    """Return start, or the byte before if a pair may begin there: a byte that can't lead ends a character for sure."""
    before = data[max(0, start - _GBK_LOOK_BACK) : start]
    return start - (len(before) - len(before.rstrip(_GBK_LEADS))) % 2


def _is_text(char: str) -> bool:
    return char.isprintable() or char in "\n\t" or unicodedata.category(char) == "Zs"
