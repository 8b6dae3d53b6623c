"""A row of hex: each byte in the hue of the send it came from, its kind told by brightness and by its sign."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from workbench.model.lineage.lineage import Part
from workbench.model.text.hexdump import Category, TextEncoding, hex_column, line, offset_digits
from workbench.ui.parts.piece_view import Piece, wide

BORDER = "│"
_DIM = frozenset((Category.NUL, Category.SPACE, Category.CONTROL, Category.NON_ASCII))


def owners(sources: Sequence[Part]) -> list[tuple[int, int]]:
    """Return where in the bytes received those of each send begin, with the send's seq."""
    begins = accumulate((part.size for part in sources), initial=0)
    return [(begin, part.seq) for begin, part in zip(begins, sources, strict=False)]


def hex_row(
    data: bytes,
    offset: int,
    per_line: int,
    encoding: TextEncoding,
    looks: Sequence[tuple[int, str]] = (),
    borders: Sequence[int] = (),
) -> list[Piece]:
    """Return offset, hex and text of the row that begins at *offset*, 71 cells with 16 bytes a line.

    *looks*: where another send's bytes begin, with its look, in order; *borders*: before which bytes a mark stands.
    The first row has no offset.
    """
    shown = line(data, offset, per_line, encoding)
    digits = offset_digits(min(len(data), offset + per_line))
    pieces: list[Piece] = [(f"{offset:0{digits}x} " if offset else " " * (digits + 1), "offset")]
    stop = min(len(data), offset + per_line)
    runs = [
        (begin - offset, end - offset, _look(looks, begin, run.category))
        for run in shown.runs
        for begin, end in _cut(offset + run.start, offset + run.stop, [at for at, _ in looks])
    ]
    hexes = [(shown.hex[hex_column(begin) : hex_column(end)], look) for begin, end, look in runs]
    hexes.append((shown.hex[hex_column(stop - offset) :] if runs else shown.hex, ""))
    pieces += hexes
    pieces.append((" " * (digits + 2 + len(shown.hex) - wide(pieces)), ""))
    inside = [digits + hex_column(at - offset) for at in borders if offset <= at < offset + per_line]
    return [*_marked(pieces, inside), *(("".join(shown.cells[begin:end]), look) for begin, end, look in runs)]


def _cut(begin: int, stop: int, at: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise([begin, *(place for place in at if begin < place < stop), stop]))


def _look(looks: Sequence[tuple[int, str]], at: int, category: Category) -> str:
    place = bisect_right(looks, at, key=lambda each: each[0]) - 1
    name = looks[place][1] if place >= 0 else "byte"
    return f"{name}-dim" if category in _DIM else name


def _marked(pieces: list[Piece], columns: list[int]) -> list[Piece]:
    """Put a mark in place of the blank at each of *columns*; all of the text is ASCII."""
    done: list[Piece] = []
    at = 0
    for text, style in pieces:
        last = 0
        for column in columns:
            if at <= column < at + len(text):
                done += [(text[last : column - at], style), (BORDER, "boundary")]
                last = column - at + 1
        done.append((text[last:], style))
        at += len(text)
    return [piece for piece in done if piece[0]]
