"""Texts made to fit: cut, wrapped and shortened, counts with their nouns, spans of time with their units."""

from __future__ import annotations

from workbench.model.text.safe import cells, safe

_LONGEST = 60  # characters of an address, a name or a message from outside within a sentence


def duration_text(seconds: float) -> str:
    """Return a span of time with its unit and about two digits: "0.3 ms", "44 ms", "3.2 s", "133 s"."""
    number, unit = (seconds * 1000, "ms") if seconds < 0.9995 else (seconds, "s")
    return f"{number:.0f} {unit}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0") + f" {unit}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, which takes an s: "1 call", "2 calls"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def cut(text: str, limit: int = _LONGEST) -> str:
    """Return *text*, or its first characters and "…" where it is longer than *limit*."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(text: str, limit: int = 60) -> str:
    """Quote what a person typed for a sentence about it: safe, and cut after limit characters."""
    return f'"{safe(text if len(text) <= limit else text[:limit] + "…")}"'


def wrap(text: str, room: int, lines: int) -> list[str]:
    """Return *text* broken at spaces into lines of *room* cells, the last of at most *lines* shortened."""
    done: list[str] = []
    while len(done) < lines - 1 and cells(text) > room:
        at = max((i for i, char in enumerate(text[: room + 1]) if char == " " and cells(text[:i]) <= room), default=0)
        if not at:
            break
        done.append(text[:at])
        text = text[at + 1 :]
    return [*done, shorten(text, room)]


def shorten(text: str, room: int) -> str:
    """Return *text*, which went through safe(), in at most *room* cells, with "…" for what is left out."""
    if cells(text) <= room:
        return text
    kept = text[: max(0, room - 1)]
    while kept and cells(kept) > room - 1:
        kept = kept[:-1]
    return kept + "…"
