"""What a lens says of the calls of a session, for a report that may show only some of them."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.lens.over_calls import FramedLog, Framing

_KEPT = 4096
"""Calls by so many of which one may be asked about later than others behind it."""


class LensNotes:
    """Reads all calls of a journal through a lens; the calls that are asked about come in about the journal's order."""

    def __init__(self, journal: Journal, lens: str) -> None:
        """*lens*: such as "lines"; raises UnknownLens."""
        self._journal = journal
        self._log = FramedLog(lens)
        self._read = 0
        self._kept: dict[int, Framing] = {}

    def of(self, call: Call) -> Iterator[str]:
        """Yield lines on the frames in *call* and on how a naive program fails; they went through safe()."""
        while self._read < call.seq:
            self._read += 1
            if (taken := self._log.feed(self._journal[self._read - 1])) is not None:
                self._kept[self._read] = taken
            if len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        framing = self._kept.pop(call.seq, None)
        if framing and framing.notes:
            yield f"{self._log.lens}: {' · '.join(framing.notes)}"
        if framing and framing.slip:
            yield framing.slip
