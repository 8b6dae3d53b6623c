"""A session as text: the annotated log.

#17   12:00:00.004213 conn 1   ← recv(4)                        = b'hell'
      4 bytes · 7 left · bytes 0-3 of #12
      0000 68 65 6c 6c                                       hell
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, TextIO

from workbench.journal.neighbours import annotation
from workbench.journal.reader import Journal, Note
from workbench.model.call.call import Call
from workbench.model.text.fit import counted, cut
from workbench.model.text.safe import cells, safe
from workbench.model.words.as_python import TimeMode, direction, expression, outcome, time_text
from workbench.report.coloured import coloured
from workbench.report.dump import dump
from workbench.report.exports import TextExport
from workbench.report.feed import copy

if TYPE_CHECKING:
    from workbench.report.lens_notes import LensNotes

INDENT = 6
_EXPRESSION, _OUTCOME = 60, 48  # cells that they may take; the bytes stand whole in the hex lines
_ALIGNED = 32  # cells after which the outcome stands, where the expression is no longer
_NAME = (8, 20)  # cells of the column of names, which grows with them
_LOOKED_AHEAD = 2000  # calls whose names the column holds from the first line on

_ERROR, _DIM = "31", "2"


class TextReport:
    """Writes each call as a head line, a line of annotations where there are any, and all its bytes as hex."""

    by_cause = True

    def __init__(
        self,
        out: TextIO,
        journal: Journal,
        *,
        width: int = 16,
        colour: bool = False,
        live: bool = False,
        times: TimeMode = "clock",
        zone: tzinfo | None = None,
        lens: str = "",
        most: int | None = None,
    ) -> None:
        """Write to *out*. *width*: bytes a line, 8, 16 or 32. *live*: leave out what became of sends, not known yet.

        *zone*: of the clock times; None is the local one. *lens*: tell the frames too, cut by that lens; raises
        UnknownLens. *most*: bytes of a call that are shown; all unless told.
        """
        self._out, self._journal = out, journal
        self._width, self._colour, self._live = width, colour, live
        self._times, self._zone = times, zone
        self._most = most
        self._lens = _lens_notes(journal, lens) if lens else None
        self._previous: Call | None = None
        self._processes = processes(journal)
        self._names = name_cells(journal)

    def write(self, call: Call) -> None:
        """Write one call."""
        self._out.write(self.text(call))
        for text in self._lens.of(call) if self._lens else ():
            self._out.write(f"{' ' * INDENT}{self._paint(text, _DIM)}\n")
        if note := self._journal.notes.get(call.seq):
            self._out.writelines(_note_lines(note))
        if call.data:
            self._out.writelines((coloured if self._colour else dump)(call.data[: self._most], self._width, INDENT))
            if self._most is not None and len(call.data) > self._most:
                self._out.write(f"{' ' * INDENT}… {counted(len(call.data) - self._most, 'byte')} more\n")
        self._previous = call

    def text(self, call: Call) -> str:
        """Return the head line of a call and its annotations, without its bytes."""
        text = self._head(call)
        if notes := self._annotations(call):
            text += f"{' ' * INDENT}{self._paint(' · '.join(notes), _ERROR if call.error else _DIM)}\n"
        return text

    def flush(self) -> None:
        """Let the reader see what was written."""
        self._out.flush()

    def _head(self, call: Call) -> str:
        wall = self._journal.start.wall if self._journal.start else 0
        when = time_text(call, self._previous, self._times, wall, self._zone)
        self._processes.add(call.pid)
        name = _short(name_in(call, len(self._processes) > 1))
        self._names = max(self._names, cells(name))
        name += " " * (self._names - cells(name))
        wrote, result = expression(call, _EXPRESSION), outcome(call, _OUTCOME)
        gap = " " * max(1, _ALIGNED - cells(wrote))
        result = self._paint(result, _ERROR) if call.error else result
        source = self._paint(f"  at {safe(call.source)}", _DIM) if call.source else ""
        return f"#{call.seq:<4} {self._paint(when, _DIM)} {name} {direction(call)} {wrote}{gap}{result}{source}\n"

    def _annotations(self, call: Call) -> list[str]:
        return annotation(self._journal, call.seq - 1, fate=not self._live)

    def _paint(self, text: str, code: str) -> str:
        return _painted(text, code) if self._colour else text


def _lens_notes(journal: Journal, lens: str) -> LensNotes:
    from workbench.report.lens_notes import LensNotes  # only those who ask for a lens wait for the lenses

    return LensNotes(journal, lens)


def name_in(call: Call, several: bool) -> str:
    """Return whose call it is; with the process where the session has *several*, as each counts its names anew."""
    name = call.name or call.socket
    return f"{name} ({call.pid})" if several and call.name else name


def processes(journal: Journal) -> set[int]:
    """Return the processes that made the first calls."""
    return {head.pid for _, head, _ in journal.heads(0, min(len(journal), _LOOKED_AHEAD))}


def name_cells(journal: Journal) -> int:
    """Return how wide a column of names is to be for what the journal holds now."""
    heads = [head for _, head, _ in journal.heads(0, min(len(journal), _LOOKED_AHEAD))]
    several = len({head.pid for head in heads}) > 1
    names = {journal.name_of(head) + f" ({head.pid})" * several for head in heads}
    return max([_NAME[0], *(cells(_short(name)) for name in names)])


def _short(name: str) -> str:
    return cut(safe(name), _NAME[1])


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _note_lines(note: Note) -> Iterator[str]:
    """Yield what a person wrote on a call."""
    first, *more = note.text.splitlines() or [""]
    word = "bookmark" if note.bookmark else "note"
    yield f"{' ' * INDENT}{word}{': ' if first else ''}{safe(first)}\n"
    for text in more:
        yield f"{' ' * (INDENT + len(word) + 2)}{safe(text)}\n"


def export_text(journal: Journal, out: TextIO) -> int:
    """Write the whole session."""
    copy(journal, TextReport(out, journal))
    return 0


EXPORT = TextExport(export_text)
