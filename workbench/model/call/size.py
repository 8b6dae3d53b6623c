"""Sizes as a person writes them: 500 MB, 1 GiB."""

from __future__ import annotations

import re

from workbench.model.text.fit import quoted

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?b)?", re.IGNORECASE)
_MOST = 1 << 62


class SizeError(ValueError):
    """The text is no size; the message says in a sentence what to write."""


def parse_size(text: str) -> int:
    """Return the bytes that *text* means, such as 4096, 500M, 1.5 GiB; k, M, G, T are powers of 1024.

    Raises SizeError.
    """
    found = _SIZE.fullmatch(text.strip())
    size = float(found[1]) * _UNITS[found[2].lower()] if found and len(found[1]) < 20 else 0
    if not 1 <= size <= _MOST:
        raise SizeError(f"{quoted(text)} is no size: write bytes, or 500M, 2G …")
    return int(size)


def size_text(size: int) -> str:
    """Write a number of bytes in the largest unit that leaves at least 1."""
    shown, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):  # noqa: B007
        if shown < 1024:
            break
        shown /= 1024
    return f"{shown:.4g} {unit}"
