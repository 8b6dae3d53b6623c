"""A lens over the log: what each call has to do with frames, and the lenses one can choose from."""

from __future__ import annotations

import time

from workbench.journal.reader import Journal
from workbench.model.lens import fixed
from workbench.model.lens.over_calls import FramedLog, Framing
from workbench.model.lens.registry import LENSES, UnknownLens, find_format

NONE = "none"
ANY_SIZE = fixed.NAME
CHOICES = {
    NONE: "no lens: bytes as they came",
    **{name: format.what for name, format in LENSES.items()},
    ANY_SIZE: fixed.WHAT,
}
"""The lenses by name, with what each takes for a frame."""
_SLICE = 0.01  # seconds
_CALLS = 50  # between two looks at the clock


def what(lens: str) -> str:
    """Return one line on a lens, or on having none."""
    return CHOICES[NONE] if lens == NONE else find_format(lens).what


def problem_of_size(text: str) -> str | None:
    """Return what is wrong with the size of a block that a person typed."""
    try:
        find_format(f"fixed-{text}")
    except UnknownLens:
        return "A block has a whole number of bytes, 1 or more."
    return None


class LensMarks:
    """What a lens finds in the calls of a journal: from the first one on, a slice of time at a time."""

    def __init__(self, journal: Journal, lens: str) -> None:
        """*lens*: such as "lines"; raises UnknownLens."""
        self._journal, self._log = journal, FramedLog(lens)
        self._framings: dict[int, Framing] = {}
        self._read = 0

    def advance(self) -> bool:
        """Take in the calls that came, as far as a slice of time allows; tell whether there were any."""
        begin, until = self._read, time.monotonic() + _SLICE
        while self._read < len(self._journal) and time.monotonic() < until:
            for index in range(self._read, min(self._read + _CALLS, len(self._journal))):
                if (framing := self._log.feed(self._journal[index])) is not None:
                    self._framings[index] = framing
                self._read = index + 1
        return self._read > begin

    def notes(self, index: int) -> list[str]:
        """Return what there is to say of a call's frames, for its annotation."""
        framing = self._framings.get(index)
        if framing is None:
            return []
        framed = [f"{self._log.lens}: {framing.notes[0]}", *framing.notes[1:]] if framing.notes else []
        return [*framed, *([framing.slip] if framing.slip else [])]

    def begins(self, index: int) -> list[tuple[int, str]]:
        """Return where in a call's bytes frames begin, each with its label; what is broken has "?"."""
        framing = self._framings.get(index)
        marks = framing.marks if framing is not None else ()
        return [(mark.start, f"f{mark.number}" if mark.number else "?") for mark in marks if mark.begins and mark.start]
