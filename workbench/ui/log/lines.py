"""One line of the log as pieces of text, each with the name of its colour.

Everything here already went through safe(), or does so here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from textual.cache import LRUCache

from workbench.journal.neighbours import annotation
from workbench.journal.reader import FAILED, Journal
from workbench.model.call.call import Call
from workbench.model.text.fit import counted, shorten, wrap
from workbench.model.text.hexdump import TextEncoding
from workbench.model.text.safe import cells, safe
from workbench.model.why.notes import waited
from workbench.model.words.as_python import TimeMode, direction, expression, outcome, time_text
from workbench.ui.log.hex_rows import hex_row, owners
from workbench.ui.log.lens_marks import LensMarks
from workbench.ui.log.rows import Density, LineKind, Rows
from workbench.ui.parts.piece_view import Piece, wide
from workbench.ui.parts.style import send_look, side_of

HEAD_WIDTH = 70
"""Cells of a head line, and of 16 bytes, where annotations have a column of their own."""
_INDENT = " " * 5
_NAMES = (8, 12)  # cells of the column of names, which grows with them
_TIME = 7
_LINES_BESIDE = 6
_NOTE_LINES = 20
_LEAST_CALL = 24
_SHORT_CALL = 16
_LEAST_NOTE = 8  # cells; a shorter rest of an annotation says nothing
_NUMBER = re.compile(r"#(\d+)(?![\d…])")
_ERRNO = re.compile(r"E[A-Z]+: ")


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are drawn. *width*: cells for a line; *zone*: of the clock, None for the local one."""

    width: int = 80
    time: TimeMode = "start"
    encoding: TextEncoding = "ascii"
    json: bool = False
    zone: tzinfo | None = None


class LogLines:
    """Draws the lines that *rows* lays out of a journal's calls."""

    def __init__(self, journal: Journal, rows: Rows, look: Look) -> None:
        self.journal, self.rows, self.look = journal, rows, look
        self._known_owners: LRUCache[int, list[tuple[int, int]]] = LRUCache(256)
        self.lens: LensMarks | None = None
        self.marked: frozenset[int] = frozenset()
        """Numbers of the calls that a finding is about."""
        self._names, self._digits, self._time_width = _NAMES[0], 2, _TIME

    def widen(self, calls: Iterable[int]) -> bool:
        """Make the columns of numbers, times and names wide enough for *calls*; tell whether they were not."""
        before = self._names, self._digits, self._time_width
        shown = set(calls)
        if shown:
            self._names = max([self._names, *(cells(self._name(self.journal[index])) for index in shown)])
            self._digits = max(self._digits, len(str(max(shown) + 1)))
            self._time_width = max(self._time_width, len(f"{self.journal[max(shown)].time:+.3f}"))
        return (self._names, self._digits, self._time_width) != before

    def pieces(self, index: int, within: int) -> list[Piece]:
        """Return line *within* of call *index*, without padding at its end."""
        call = self.journal[index]
        part, which = self.rows.part(index, within)
        match part:
            case LineKind.HEAD:
                return self._head(index, call)
            case LineKind.ANNOTATION:
                return [(_INDENT, ""), *self.annotation_lines(index, call, self.look.width - len(_INDENT))[0]]
            case LineKind.NOTE:
                noted = self._note(call.seq)[which : which + 1]
                return [(_INDENT, ""), *((text, "note") for text in noted)]
            case LineKind.MORE:
                more = f"… {counted(self.rows.hidden(index), 'more line')}"
                shown = [(_INDENT, ""), (more, "more"), (" (enter shows all)", "more")]
            case LineKind.BYTES:
                shown = self.hex_line(call, which * self.rows.layout.per_line)
        return [*shown, *self._beside(index, call, within, wide(shown))]

    def _note(self, seq: int) -> list[str]:
        note = self.journal.notes.get(seq)
        return wrap("✎ " + safe(note.text if note else ""), self.look.width - len(_INDENT), _NOTE_LINES)

    def note_lines(self) -> dict[int, int]:
        """Return how many lines the note takes of each call that has one."""
        return {seq - 1: len(self._note(seq)) for seq, note in self.journal.notes.items() if note.text}

    def plain(self, index: int, within: int) -> str:
        """Return the line as text."""
        return "".join(text for text, _ in self.pieces(index, within)).rstrip()

    def is_final(self, index: int) -> bool:
        """Whether what is said of the call can't change: all that it sent was taken, and the senders are known."""
        call = self.journal[index]
        if call.sends:
            return sum(part.size for part in self.journal.lineage.takers(call)) >= len(call.data)
        if self.rows.repeats(index) > 1 or index == self.rows.laid_out - 1:
            return False  # more calls like it may come
        return not call.receives or self.journal.lineage.sources(call) is not None

    def _sign(self, seq: int) -> Piece:
        """Return what stands behind a call's number: a finding goes before a person's mark."""
        if seq in self.marked:
            return "!", "error"
        note = self.journal.notes.get(seq)
        return " " if note is None else "★" if note.bookmark else "✎", "note"

    # --- the head --------------------------------------------------------------------------------------------------

    def _head(self, index: int, call: Call) -> list[Piece]:
        name, arrow = self._name(call), direction(call)
        number = send_look(self.journal, call.seq) if call.sends and call.data else "number"
        pieces: list[Piece] = [
            ("▸" if self.rows.shows_less(index) else " ", "fold"),
            (f"#{call.seq:<{self._digits}}", number),
            self._sign(call.seq),
            (self._time(index, call), "time"),
            (" " + name + " " * (self._names + 1 - cells(name)), side_of(call.name)),
            (arrow + " ", "arrow" if arrow != "•" else "other"),
        ]
        edge = HEAD_WIDTH if self._has_column(index) else self.look.width
        text = self._text(index, call) if self.rows.is_annotated(index) else ""
        behind = "" if self._is_annotated_elsewhere(index) else text
        named = call.error is not None and _ERRNO.match(text) is not None and not self.rows.is_annotated_below(index)
        pieces += self._written(index, call, edge - wide(pieces), behind, named=named)
        if behind and (left := self.look.width - wide(pieces) - 3) >= _LEAST_NOTE:
            behind = behind if cells(behind) <= left else self._text(index, call, ranges=False)
            unsaid = named and not any(look == "error" for _, look in pieces)
            gap = (" ! ", "error") if unsaid else (" · ", "other")
            return [*pieces, gap, *self._coloured(call, shorten(behind, left))]
        if not self.rows.is_annotated(index):
            pieces += self._wait(call, edge - wide(pieces))
        return [*pieces, *self._beside(index, call, 0, wide(pieces))]

    def _written(self, index: int, call: Call, room: int, behind: str, *, named: bool) -> list[Piece]:
        """Return the call and what came of it, in *room* cells less what *behind* needs after them, half at most.

        *named*: the annotation begins with the error's name, which can be left out before it.
        """
        repeats = self.rows.repeats(index)
        times = f" ×{repeats:,}" if repeats > 1 else ""
        raised = self._failed(index, call) and call.error is not None
        sign = "! " if raised else ""
        least = min(self._least(call, room, named), room - cells(times + sign))
        spare = room - cells(times + sign) - (cells(behind) + 3 if behind else 0)
        room = max(spare, least)
        hidden = bool(call.data) and self.rows.density(index) is not Density.HEAD
        written, result = call_and_result(call, room, data=not hidden)
        if named and cells(expression(call)) + 1 + cells(result) > spare:
            written, result = expression(call, room), ""
        style = "error" if self._failed(index, call) else "said" if call.cancelled else "result"
        shown = [(written, "call"), (f" {sign}{result}" if result else "", style), (times, "times")]
        return [(text, look) for text, look in shown if text]

    @staticmethod
    def _least(call: Call, room: int, named: bool) -> int:
        """Return how many of *room* cells a call gets, whatever is said of it: little where that names the error."""
        if not named:
            return max(room * 3 // 5, _LEAST_CALL)
        whole = cells(expression(call))
        return whole if whole <= _SHORT_CALL else cells(f"{safe(call.call)}(…)")

    @staticmethod
    def _wait(call: Call, room: int) -> list[Piece]:
        """Return how long a call that has no annotation waited, if there is room for it."""
        return [(f" · {text}", "said") for text in waited(call) if cells(text) + 3 <= room]

    @staticmethod
    def _name(call: Call) -> str:
        return shorten(safe(call.name or call.socket or call.thread), _NAMES[1])

    def _failed(self, index: int, call: Call) -> bool:
        """Whether something went wrong: not where a person has ended the wait."""
        return bool(self.journal.marks[index] & FAILED) and not call.cancelled

    def _time(self, index: int, call: Call) -> str:
        mode = self.look.time
        before = self.rows.step(index, -1) if mode == "delta" else index
        previous = self.journal[before] if before != index else None
        wall = self.journal.start.wall if self.journal.start else 0
        text = time_text(call, previous, mode, wall, self.look.zone, returned=True)
        if mode == "clock":
            return text[: len("12:00:00.000" if self.look.width >= HEAD_WIDTH else "12:00:00")]
        return text[:-3].rjust(self._time_width)

    # --- what is said of a call ------------------------------------------------------------------------------------

    def annotation_lines(self, index: int, call: Call, room: int, lines: int = 1) -> list[list[Piece]]:
        """Return what there is to say of the call, in lines of *room* cells: at least one, at most *lines*."""
        return [self._coloured(call, line) for line in wrap(self._text(index, call), room, lines)]

    def _text(self, index: int, call: Call, *, ranges: bool = True) -> str:
        encoding = "utf-8" if self.look.encoding == "ascii" else self.look.encoding
        notes = annotation(
            self.journal,
            index,
            json=self.look.json,
            encoding=encoding,
            sizes=self.rows.is_annotated_below(index),
            ranges=ranges,
        )
        return " · ".join([*(self.lens.notes(index) if self.lens else ()), *notes])

    def _coloured(self, call: Call, text: str) -> list[Piece]:
        """Give each send that is named in *text* its hue."""
        if call.error is not None and not call.cancelled:
            return [(text, "error")]
        if not call.receives:
            return [(text, "said")]
        pieces: list[Piece] = []
        end = 0
        for found in _NUMBER.finditer(text):
            pieces += [(text[end : found.start()], "said"), (found[0], send_look(self.journal, int(found[1])))]
            end = found.end()
        return [*pieces, (text[end:], "said")]

    def _has_column(self, index: int) -> bool:
        """Whether the call's annotation is in the column at the right."""
        return self.rows.layout.beside and self.rows.is_annotated(index)

    def _is_annotated_elsewhere(self, index: int) -> bool:
        """Whether the call's annotation is not in its head line."""
        return self._has_column(index) or self.rows.is_annotated_below(index) or not self.rows.is_annotated(index)

    def _beside(self, index: int, call: Call, line: int, used: int) -> list[Piece]:
        """Return what the column at the right has beside line *line* of the call, in which *used* cells are taken."""
        if not self._has_column(index) or line >= _LINES_BESIDE:
            return []
        room = self.look.width - HEAD_WIDTH - 2
        lines = self.annotation_lines(index, call, room, min(_LINES_BESIDE, self.rows.height(index)))
        if room < _LEAST_NOTE or line >= len(lines):
            return []
        return [(" " * max(2, HEAD_WIDTH + 2 - used), ""), *lines[line]]

    # --- bytes -----------------------------------------------------------------------------------------------------

    def hex_line(self, call: Call, offset: int) -> list[Piece]:
        """Return the row of the call's bytes that begins at *offset*."""
        per_line, parts = self.rows.layout.per_line, self._owners(call)
        looks = [(at, send_look(self.journal, seq)) for at, seq in parts]
        begun = self._begins(call, parts)
        pieces = hex_row(call.data, offset, per_line, self.look.encoding, looks, [at for at, _ in begun])
        label = " ".join(label for at, label in begun if offset <= at < offset + per_line)
        fits = label and not self.rows.layout.beside and wide(pieces) + len(label) < self.look.width
        return [*pieces, (" " + label, "boundary")] if fits else pieces

    def _begins(self, call: Call, parts: list[tuple[int, int]]) -> list[tuple[int, str]]:
        """Return where marks are between a call's bytes, with labels: of frames through a lens, else of sends."""
        return self.lens.begins(call.seq - 1) if self.lens else [(at, f"#{seq}") for at, seq in parts[1:]]

    def _owners(self, call: Call) -> list[tuple[int, int]]:
        """Return where in a call's bytes those of each send begin, with the send's seq; empty where none is known."""
        if (found := self._known_owners.get(call.seq)) is None:
            sources = self.journal.lineage.sources(call) if call.receives else []
            found = [(0, call.seq)] if call.sends else owners(sources or ())
            if sources is not None:
                self._known_owners[call.seq] = found
        return found


def call_and_result(call: Call, room: int, *, data: bool = True) -> tuple[str, str]:
    """Return the call and its result, "" for None, as Python in *room* cells; without *data*, bytes are counted.

    They share the room: first bytes are cut, as they are shown elsewhere, then arguments.
    """
    least = cells(safe(call.call)) + len("(…) ")
    beside = room - cells(expression(call, room, data=data)) - 1
    if call.result is None and call.error is None and not call.receives and not call.unfinished:
        return expression(call, max(8, room), data=data), ""
    if call.receives:
        result = outcome(call, max(8, beside), data=data)
    elif call.error is not None:
        result = outcome(call, max(8, beside, min(cells(safe(call.error.type)), room - least)), data=data)
    else:
        result = outcome(call, max(8, room - least), data=data)
    return expression(call, max(8, room - cells(result) - 1), data=data), result
