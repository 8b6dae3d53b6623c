"""From a journal into a report, at once or as the journal grows."""

from __future__ import annotations

from typing import Protocol

from workbench.journal.reader import Journal
from workbench.model.call import Call
from workbench.report.filters import Filter


class Report(Protocol):
    """What takes in the calls of a session, one after another."""

    def write(self, call: Call) -> None:
        """Write one call."""

    def flush(self) -> None:
        """Let the reader see what was written."""


def copy(journal: Journal, report: Report, start: int = 0, wanted: Filter | None = None) -> int:
    """Write the calls from index *start* on that the journal holds now; return the index to go on from.

    While a session grows, call it after each pull with what it returned last.
    """
    stop = len(journal)
    for index in range(start, stop):
        if wanted is None:
            report.write(journal[index])
        elif wanted.may_match(journal.marks[index], journal.lengths[index]) and wanted.matches(call := journal[index]):
            report.write(call)
    report.flush()
    return stop
