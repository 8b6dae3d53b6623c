"""Calls as text for the clipboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.text.hexdump import as_hex, as_python, as_text
from workbench.model.text.safe import safe
from workbench.ui.log.lines import LogLines, Look
from workbench.ui.log.rows import Density, Layout, LineKind, Rows

MOST = 2000
"""Calls copied at once; a clipboard is no place for a million."""
_MOST_LINES = 9
COLUMNS = 100
"""Of a block of Markdown, however wide the screen is."""


def hex_of(calls: Iterable[Call]) -> str:
    """Return the calls' bytes in hex, each call on lines of its own."""
    return "\n".join(as_hex(call.data) for call in calls if call.data)


def text_of(calls: Iterable[Call], encoding: str) -> str:
    """Return the calls' bytes as one text."""
    return as_text(b"".join(call.data for call in calls), encoding)


def python_of(calls: Iterable[Call]) -> str:
    """Return the calls' bytes as Python literals, one a call."""
    return "\n".join(as_python(call.data) for call in calls if call.data)


def markdown_of(journal: Journal, calls: list[int], look: Look) -> str:
    """Return the calls as the log shows them at 100 columns, each with its whole annotation, for a bug report."""
    rows = Rows(journal.lengths, journal.marks, Layout(density=Density.ALL))
    rows.show_only(set(calls).__contains__)
    lines = LogLines(journal, rows, replace(look, width=COLUMNS))
    lines.widen(calls)
    rows.note(lines.note_lines())
    started = journal.start
    where = "1 call" if len(calls) == 1 else f"{len(calls)} calls"
    if started is not None:
        where += safe(f", Python {started.python} on {started.platform}")
    drawn = [line[1:] for index in calls for line in _drawn(lines, index)]  # without the column of "▸"
    return "\n".join([where, "", "```text", *drawn, "```", ""])


def _drawn(lines: LogLines, index: int) -> Iterator[str]:
    for line in range(lines.rows.height(index)):
        if lines.rows.part(index, line)[0] is LineKind.ANNOTATION:
            for shown in lines.annotation_lines(index, lines.journal[index], COLUMNS - 5, _MOST_LINES):
                yield " " * 5 + "".join(text for text, _ in shown)
        else:
            yield lines.plain(index, line)
