"""The calls of a session in the order of cause and effect, which the file's order, that of returning, need not be.

A recv can return, and be written, before the send that fed it. So people read calls by moment (see `moment`), with
the numbers that the file gave them; what scripts read (JSON) follows the file.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Iterable, Iterator

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.probe.format import CODE, RECVS, SENDS, Head

_AT_ITS_END = RECVS | {CODE["accept"]}


def moment(call: Call) -> float:
    """Return the time at which a call takes its place: a recv and an accept when they returned, all else at its start.

    What causes a recv to return, a send, has begun before; what a program does because of the recv begins after it.
    """
    return call.time + (call.duration or 0.0) if CODE.get(call.call) in _AT_ITS_END else call.time


class Moments:
    """Gives each call of a journal its moment; what a socket sent or took stays in the file's order."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._last: dict[tuple[tuple[int, int], bool], float] = {}

    def of(self, start: int, stop: int) -> Iterator[float]:
        """Yield the moments of the calls from index *start* up to *stop*, which are to be asked for in turn."""
        for _, head, data in self._journal.heads(start, stop):
            when = self._plain(head)
            if data:
                flow = head.socket, head.code in SENDS
                self._last[flow] = when = max(when, self._last.get(flow, when))
            yield when

    def _plain(self, head: Head) -> float:
        began = self._journal.time_of(head)
        return began + max(0, head.ended - head.started) / 1e9 if head.code in _AT_ITS_END else began


def by_cause(journal: Journal, begin: int = 0) -> list[int]:
    """Return the indexes of the journal's calls from *begin* on by moment.

    Takes 16 bytes a call while it sorts, and what sorting needs.
    """
    moments = array("d", Moments(journal).of(begin, len(journal)))
    return sorted(range(begin, len(journal)), key=lambda index: moments[index - begin])


def ordered(journal: Journal, found: Iterable[int]) -> list[int]:
    """Return the indexes *found* of calls by moment."""
    return sorted(found, key=lambda index: moment(journal[index]))


class Lookahead:
    """Gives a growing journal's calls in the order of cause, as far as a short wait can tell it.

    A call is given when the session's time is *hold* seconds past its moment. A recv whose send is not recorded yet
    waits longer, *patience* seconds, and what comes behind it with it.
    """

    def __init__(self, journal: Journal, begin: int, *, hold: float = 0.1, patience: float = 1.0) -> None:
        self._journal, self._hold, self._patience = journal, hold, patience
        self._moments = Moments(journal)
        self._next = begin
        self._waiting: list[tuple[float, int]] = []

    def ready(self, now: float) -> Iterator[int]:
        """Yield the indexes of the calls that can be shown at *now*, seconds since the session began."""
        self._take_in()
        given = 0
        for when, index in self._waiting:
            if when > now - (self._patience if self._is_ahead(index) else self._hold):
                break
            given += 1
            yield index
        del self._waiting[:given]

    def rest(self) -> Iterator[int]:
        """Yield the indexes of all calls that were held back."""
        self._take_in()
        yield from (index for _, index in self._waiting)
        self._waiting.clear()

    def _take_in(self) -> None:
        stop = len(self._journal)
        for index, when in enumerate(self._moments.of(self._next, stop), self._next):
            insort(self._waiting, (when, index))
        self._next = stop

    def _is_ahead(self, index: int) -> bool:
        """Whether the call is a recv of bytes whose send is in the session, but not recorded yet."""
        if not self._journal.lengths[index]:
            return False
        call = self._journal[index]
        return call.receives and self._journal.lineage.sources(call) is None
