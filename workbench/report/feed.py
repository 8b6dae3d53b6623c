"""From a journal into a report, at once or as the journal grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from workbench.journal.order import by_cause, ordered
from workbench.journal.reader import Journal
from workbench.model.call.call import Call

if TYPE_CHECKING:
    from workbench.model.session.query import Query


class Report(Protocol):
    """What takes in the calls of a session, one after another."""

    by_cause: bool
    """Whether it is read by people, and so takes the calls in the order of cause; else in that of the file."""

    def write(self, call: Call) -> None:
        """Write one call."""

    def flush(self) -> None:
        """Let the reader see what was written."""


def copy(journal: Journal, report: Report, start: int = 0, wanted: Query | None = None) -> int:
    """Write the calls from index *start* on that the journal holds now; return how many were written.

    *wanted* may say which calls are meant.
    """
    written = 0
    for index in _order(journal, report, start, wanted):
        report.write(journal[index])
        written += 1
    report.flush()
    return written


def _order(journal: Journal, report: Report, start: int, wanted: Query | None) -> Iterable[int]:
    if wanted is not None:
        found = matching_calls(journal, wanted, start)
        return ordered(journal, found) if report.by_cause else found
    return by_cause(journal, start) if report.by_cause else range(start, len(journal))


def matching_calls(journal: Journal, wanted: Query, start: int = 0) -> Iterator[int]:
    """Yield the indexes of the calls from *start* on that a query means."""
    from workbench.journal.find import Search  # only those who look for something need it

    search = Search(journal, wanted)
    search.step()
    call = search.next(start - 1)
    while call is not None:
        yield call
        call = search.next(call)
