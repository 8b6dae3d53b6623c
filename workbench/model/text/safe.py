"""Text from outside (peers, files, the system) made harmless before it reaches a terminal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

STAND_IN = "·"

# Printable by Unicode, yet drawn with no cell, joined to the character before, or as wide as the terminal's version of
# Unicode says: Hangul vowels, finals and fillers, emoji skin tones, and the symbols that Unicode 16 made wide.
_UNEVEN = (
    (0x115F, 0x11FF),
    (0x2630, 0x2637),
    (0x268A, 0x268F),
    (0x3164, 0x3164),
    (0x4DC0, 0x4DFF),
    (0xD7B0, 0xD7FF),
    (0xFFA0, 0xFFA0),
    (0x1D300, 0x1D376),
    (0x1F3FB, 0x1F3FF),
)


_MAYBE_WIDE = re.compile("[\u1100-\U0010ffff]")


def safe(text: str, newline: str = "␊") -> str:
    """Return text with "·" for each control, bidi or combining character and surrogate, and newline for each "\\n".

    One character stays one character and wide characters stay, so cells() of the result is what a terminal draws.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join([newline if char == "\n" else _stand_in(char) for char in text])


def cells(text: str) -> int:
    """Return how many terminal cells a text that went through safe() takes."""
    if text.isascii():
        return len(text)
    rare = _MAYBE_WIDE.findall(text)
    return len(text) - len(rare) + sum(map(_width, rare))


@lru_cache(4096)
def _stand_in(char: str) -> str:
    harmless = char.isprintable() and not unicodedata.category(char).startswith("M") and not _is_uneven(ord(char))
    return char if harmless else STAND_IN


def _is_uneven(code: int) -> bool:
    return any(first <= code <= last for first, last in _UNEVEN)


@lru_cache(4096)
def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
