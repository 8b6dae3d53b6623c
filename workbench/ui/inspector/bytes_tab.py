"""All bytes of a call, with the whole of what is said of it and when it was to the microsecond."""

from __future__ import annotations

from typing import ClassVar

from workbench.journal.neighbours import annotation
from workbench.model.call.call import Call
from workbench.model.text.fit import duration_text, wrap
from workbench.model.text.safe import safe
from workbench.model.words.as_python import direction, expression, outcome, time_text
from workbench.ui.inspector.scroll_tab import Lines, ScrollTab, nothing
from workbench.ui.inspector.tab import Subject
from workbench.ui.log.canvas import SIXTEEN
from workbench.ui.log.lines import LogLines, Look
from workbench.ui.log.rows import Layout, Rows
from workbench.ui.parts.piece_view import Line
from workbench.ui.parts.style import side_of

_MOST_LINES = 8  # of an annotation


class BytesTab(ScrollTab):
    """The call as Python, its annotation, its times, its bytes."""

    TITLE: ClassVar[str] = "Bytes"

    def lines(self, subject: Subject, width: int) -> Lines:
        journal, index = subject.journal, subject.index
        if index is None:
            return nothing("No call yet.")
        call = journal[index]
        per_line = 16 if width >= SIXTEEN else 8
        rows = Rows(journal.lengths, journal.marks, Layout(per_line))
        drawn = LogLines(journal, rows, Look(width=width))
        head = _head(call, width)
        told = " · ".join(annotation(journal, index))
        about: list[Line] = [[(line, "")] for line in wrap(told, width, _MOST_LINES)] if told else []
        top: list[Line] = [head, *about, [(_when(subject, call, width), "muted")]]
        count = len(top) + rows.hex_lines(index)
        return count, lambda at: top[at] if at < len(top) else drawn.hex_line(call, (at - len(top)) * per_line)


def _head(call: Call, width: int) -> Line:
    name = safe(call.name or call.socket or call.thread)
    before = f"{name} {direction(call)} "
    written = expression(call, max(20, width * 2 // 3 - len(before)))
    result = outcome(call, max(12, width - len(before) - len(written) - 1))
    return [(f"{name} ", side_of(call.name)), (f"{direction(call)} ", "muted"), (written, "strong"), (f" {result}", "")]


def _when(subject: Subject, call: Call, width: int) -> str:
    """Say when the call began and how long it took, to the microsecond, and which line made it."""
    wall = subject.journal.start.wall if subject.journal.start else 0
    said = [time_text(call, None, "start", wall)]
    if call.duration is not None:
        said.append(
            f"took {call.duration * 1e6:,.0f} µs" if call.duration < 1 else f"took {duration_text(call.duration)}"
        )
    said += [time_text(call, None, "clock", wall, subject.zone), safe(call.source), safe(call.thread)]
    return wrap(" · ".join(part for part in said if part), width, 1)[0]
