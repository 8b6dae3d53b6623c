"""Where in a recv's bytes the bytes of another send begin, and marks between the bytes there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from workbench.model.lineage.lineage import Part

BORDER = "│"

Borders = tuple[tuple[int, int], ...]
"""Offsets within the bytes received, each with the seq of the send that begins there."""


def borders(sources: Sequence[Part]) -> Borders:
    """Return the offset of each send's first byte within the bytes received, but the first send's, and its seq."""
    ends = accumulate(part.size for part in sources)
    return tuple((end, part.seq) for end, part in zip(ends, sources[1:], strict=False))


def marked(pieces: list[tuple[str, str]], columns: list[int]) -> list[tuple[str, str]]:
    """Put a mark in place of the blank at each of *columns*; all of the text is ASCII."""
    done: list[tuple[str, str]] = []
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
