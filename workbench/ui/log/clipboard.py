"""Calls as text for the clipboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.text.hexdump import as_hex, as_python, as_text
from workbench.model.text.safe import safe
from workbench.ui.log.lines import LogLines, Look
from workbench.ui.log.rows import Layout, Rows

MOST = 2000
"""Calls copied at once; a clipboard is no place for a million."""
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
    rows = Rows(journal.lengths, journal.marks, Layout())
    rows.keep = set(calls).__contains__
    lines = LogLines(journal, rows, replace(look, width=COLUMNS))
    lines.widen(calls)
    rows.note(lines.note_lines())
    rows.set_annotation_heights({index: lines.annotation_lines(index) for index in calls if journal.marks[index]})
    started = journal.start
    where = "1 call" if len(calls) == 1 else f"{len(calls)} calls"
    if started is not None:
        where += safe(f", Python {started.python} on {started.platform}")
    drawn = [lines.plain(index, line)[line == 0 :] for index in calls for line in range(rows.height(index))]  # no "▾"
    return "\n".join([where, "", "```text", *drawn, "```", ""])
