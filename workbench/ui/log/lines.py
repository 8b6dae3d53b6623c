"""One line of the log as pieces of text, each with the name of its colour.

Everything here already went through safe(), or does so here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from textual.cache import LRUCache

from workbench.journal.neighbours import annotation
from workbench.journal.reader import FAILED, Journal
from workbench.model.call.call import Call
from workbench.model.text.fit import shorten, wrap
from workbench.model.text.hexdump import Category, TextEncoding, hex_column, line, offset_digits
from workbench.model.text.safe import cells, safe
from workbench.model.why.notes import waited
from workbench.model.words.as_python import TimeMode, direction, expression, outcome, time_text
from workbench.ui.log.borders import Borders, borders, marked
from workbench.ui.log.lens_marks import LensMarks
from workbench.ui.log.rows import LineKind, Rows
from workbench.ui.parts.piece_view import Piece, wide

HEAD_WIDTH = 70
"""Cells of a head line, and of 16 bytes, where annotations stand beside them."""


BYTE_STYLES = {
    Category.NUL: "nul",
    Category.PRINTABLE: "printable",
    Category.SPACE: "space",
    Category.CONTROL: "control",
    Category.NON_ASCII: "non-ascii",
}
_INDENT = " " * 5
_NAMES = (8, 12)  # cells of the column of names, which grows with them
_LINES_BESIDE = 6
_NOTE_LINES = 20


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are drawn. *width*: cells for a line; *zone*: of the clock, None for the local one."""

    width: int = 80
    time: TimeMode = "clock"
    encoding: TextEncoding = "ascii"
    json: bool = False
    zone: tzinfo | None = None


class LogLines:
    """Draws the lines that *rows* lays out of a journal's calls."""

    def __init__(self, journal: Journal, rows: Rows, look: Look) -> None:
        self.journal, self.rows, self.look = journal, rows, look
        self._known_borders: LRUCache[int, Borders] = LRUCache(256)
        self.lens: LensMarks | None = None
        self._names = _NAMES[0]

    def widen(self, calls: Iterable[int]) -> bool:
        """Make the column of names wide enough for those of *calls*; tell whether it was not."""
        before = self._names
        self._names = max([before, *(cells(self._name(self.journal[index])) for index in calls)])
        return self._names > before

    def pieces(self, index: int, within: int) -> list[Piece]:
        """Return line *within* of call *index*, without padding at its end."""
        call = self.journal[index]
        part, which = self.rows.part(index, within)
        match part:
            case LineKind.HEAD:
                return self._head(index, call)
            case LineKind.ANNOTATION:
                number = f"#{call.seq:<3} "
                pieces = self._annotation(index, call, self.look.width - len(number), self.rows.annotated(index))
                number = " " * len(number) if which else number
                return [(number, "offset"), *pieces[which : which + 1]]
            case LineKind.NOTE:
                noted = self._note(call.seq)[which : which + 1]
                return [(_INDENT, ""), *((text, "note") for text in noted)]
            case LineKind.MORE:
                more = f"… {self.rows.hidden(index)} more bytes (enter shows all)"
                return [(_INDENT, ""), (more, "more")]
            case LineKind.BYTES:
                shown = self._bytes(call, which * self.rows.layout.per_line)
                return [*shown, *self._beside(index, call, which + 1, wide(shown))]

    def _note(self, seq: int) -> list[str]:
        note = self.journal.notes.get(seq)
        return wrap("✎ " + safe(note.text if note else ""), self.look.width - len(_INDENT), _NOTE_LINES)

    def note_lines(self) -> dict[int, int]:
        """Return how many lines the note takes of each call that has one."""
        return {seq - 1: len(self._note(seq)) for seq, note in self.journal.notes.items() if note.text}

    def annotation_lines(self, index: int) -> int:
        """Return how many lines below the head a call's whole annotation takes; 0 where it does not stand there."""
        call, mark = self.journal[index], self.journal.marks[index]
        if not mark or self.rows.is_folded(index):
            return 0
        if self.rows.layout.beside and call.data and not mark & FAILED:
            room = self.look.width - HEAD_WIDTH - 2 - len(f"#{call.seq} · ")
            if not self._annotation(index, call, room, 1 + self.rows.hex_lines(index))[-1][0].endswith("…"):
                return 0
        return len(self._annotation(index, call, self.look.width - len(f"#{call.seq:<3} "), _LINES_BESIDE))

    def plain(self, index: int, within: int) -> str:
        """Return the line as text."""
        return "".join(text for text, _ in self.pieces(index, within)).rstrip()

    def is_final(self, index: int) -> bool:
        """Whether what is told of the call can't change: all that it sent was taken, and the senders are known."""
        call = self.journal[index]
        if call.sends:
            return sum(part.size for part in self.journal.lineage.takers(call)) >= len(call.data)
        return not call.receives or self.journal.lineage.sources(call) is not None

    def _head(self, index: int, call: Call) -> list[Piece]:
        fold = "▸" if self.rows.is_folded(index) else "▾" if self.rows.can_fold(index) else " "
        note = self.journal.notes.get(call.seq)
        sign = " " if note is None else "★" if note.bookmark else "✎"
        name = self._name(call)
        arrow = direction(call)
        pieces = [
            (fold, "fold"),
            (self._time(index, call), "time"),
            (sign, "note"),
            (name + " " * (self._names + 1 - cells(name)), "endpoint"),
            (arrow + " ", {"→": "sent", "←": "received"}.get(arrow, "other")),
        ]
        noted = self._annotation_beside(index)
        edge = HEAD_WIDTH if self.rows.layout.beside else max(50, self.look.width * 3 // 5)
        edge = edge if noted else self.look.width
        pieces += self._written(call, edge - wide(pieces), self._failed(index, call))
        if noted:
            return [*pieces, *self._beside(index, call, 0, wide(pieces), edge)]
        return [*pieces, *self._wait(call, edge - wide(pieces))] if not self.journal.marks[index] else pieces

    @staticmethod
    def _wait(call: Call, room: int) -> list[Piece]:
        """Return how long a call that has no annotation waited, if there is room for it."""
        return [(noted, "annotation") for noted in (f" · {text}" for text in waited(call)) if cells(noted) <= room]

    @staticmethod
    def _name(call: Call) -> str:
        return shorten(safe(call.name or call.socket or call.thread), _NAMES[1])

    def _annotation_beside(self, index: int) -> bool:
        """Whether the call's annotation stands at the right of its lines."""
        folded, beside = self.rows.is_folded(index), self.rows.layout.beside
        return bool(self.journal.marks[index]) and (folded or (beside and not self.rows.annotated(index)))

    def _beside(self, index: int, call: Call, line: int, used: int, edge: int = HEAD_WIDTH) -> list[Piece]:
        """Return what stands beside line *line* of the call, its note left out, in which *used* cells are taken."""
        if not self._annotation_beside(index) or line >= _LINES_BESIDE:
            return []
        folded = self.rows.is_folded(index)
        number, pad = f"#{call.seq} · ", max(2, edge + 2 - used)
        room = self.look.width - edge - 2 - len(number)
        lines = self._annotation(index, call, room, 1 if folded else 1 + self.rows.hex_lines(index))
        if room < 8 or line >= len(lines):
            return []
        return [(" " * pad, ""), (number if line == 0 else " " * len(number), "offset"), lines[line]]

    def _written(self, call: Call, room: int, failed: bool) -> list[Piece]:
        """Share the room: first bytes are cut, as they stand below, then a None left out, then arguments cut."""
        least = cells(safe(call.call)) + len("(…) ")
        beside = room - cells(expression(call, room)) - 1
        if call.receives:
            result = outcome(call, max(8, beside))
        elif call.error is not None:
            result = outcome(call, max(8, beside, min(cells(safe(call.error.type)), room - least)))
        else:
            result = outcome(call, max(8, room - least))
            if call.result is None and not call.sends and cells(result) > beside:
                return [(expression(call, max(8, room)), "call")]
        written = expression(call, max(8, room - cells(result) - 1))
        return [(written, "call"), (" " + result, "error" if failed else "annotation" if call.cancelled else "result")]

    def _failed(self, index: int, call: Call) -> bool:
        """Whether something went wrong: not where a person has ended the wait."""
        return bool(self.journal.marks[index] & FAILED) and not call.cancelled

    def _time(self, index: int, call: Call) -> str:
        mode, narrow = self.look.time, self.rows.layout.per_line < 16
        before = self.rows.step(index, -1) if mode == "delta" else index
        previous = self.journal[before] if before != index else None
        wall = self.journal.start.wall if self.journal.start else 0
        text = time_text(call, previous, mode, wall, self.look.zone)
        if mode == "clock":
            return text[: len("12:00:00")] if narrow else text
        room = 10 if narrow else 11
        return text[:room].rjust(room)

    def _annotation(self, index: int, call: Call, room: int, lines: int = 1) -> list[Piece]:
        """Return what is told of the call, in lines of *room* cells: at least one, at most *lines*."""
        encoding = "utf-8" if self.look.encoding == "ascii" else self.look.encoding
        notes = annotation(self.journal, index, json=self.look.json, encoding=encoding)
        noted = " · ".join([*(self.lens.notes(index) if self.lens else ()), *notes])
        failed = self._failed(index, call)
        lines = min(lines, _LINES_BESIDE)
        return [(line, "error" if failed else "annotation") for line in wrap("! " * failed + noted, room, lines)]

    def _bytes(self, call: Call, offset: int) -> list[Piece]:
        data, per_line = call.data, self.rows.layout.per_line
        shown = line(data, offset, per_line, self.look.encoding)
        digits = offset_digits(min(len(data), offset + per_line))
        pieces = [(f"{offset:0{digits}x} ", "offset")]
        pieces += [(shown.hex_of(run), BYTE_STYLES[run.category]) for run in shown.runs]
        used = wide(pieces) - digits - 1
        pieces.append((" " * (len(shown.hex) - used + 1), ""))
        begun = [(at, label) for at, label in self._begins(call) if offset <= at < offset + per_line]
        pieces = marked(pieces, [digits + hex_column(at - offset) for at, _ in begun])
        pieces += [(shown.text_of(run), BYTE_STYLES[run.category]) for run in shown.runs]
        label = " ".join(label for _, label in begun)
        fits = label and not self.rows.layout.beside and wide(pieces) + len(label) < self.look.width
        return [*pieces, (" " + label, "boundary")] if fits else pieces

    def _begins(self, call: Call) -> list[tuple[int, str]]:
        """Return where marks stand between a call's bytes, with labels: of frames through a lens, else of sends."""
        return self.lens.begins(call.seq - 1) if self.lens else [(at, f"#{seq}") for at, seq in self._borders(call)]

    def _borders(self, call: Call) -> Borders:
        """Return where in a recv's bytes the next send begins, with that send's seq; not of the first one."""
        if not call.receives or not call.data:
            return ()
        if (found := self._known_borders.get(call.seq)) is None:
            sources = self.journal.lineage.sources(call)
            found = borders(sources or ())
            if sources is not None:
                self._known_borders[call.seq] = found
        return found
