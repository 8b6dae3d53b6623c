"""The ladder of a journal: its rungs in the order of cause, each at hand by its number, also while the journal grows.

The order takes 4 bytes a rung. How things stood at a rung is followed from a few hundred rungs before it, and what
cannot be known from there is left out: so a screen in the middle of a million is drawn as soon as one at the end.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import replace

from workbench.journal.find import Search
from workbench.journal.neighbours import claims
from workbench.journal.reader import Journal
from workbench.model.call.call import Call, socket_id
from workbench.model.call.value import PlainAddress
from workbench.model.claims.claim import Claim
from workbench.model.ladder.lifelines import Lifelines, lifelines
from workbench.model.ladder.rungs import Phase, Rung, has_end, moments
from workbench.model.ladder.story import Story
from workbench.model.session.query import Query
from workbench.model.session.sockets import Sockets, connected_to, connects
from workbench.probe.format import CODE, DATAGRAM, SENDS, Head

_BEFORE = 128
"""Rungs that are followed before the first that is drawn."""
_SLICE = 2000
"""Calls taken in at a time."""
_RECENT = 4096
"""Moments at the end of the order that are kept, as what comes next mostly belongs there."""
_TELLING = frozenset(
    CODE[name]
    for name in ("socket", "socketpair", "fromfd", "dup", "bind", "listen", "connect", "connect_ex", "accept")
)


class Ladder:
    """The rungs of a journal that *keep* lets through: `ladder[0]` is the first. `extend` takes in what was added."""

    def __init__(self, journal: Journal, keep: Callable[[int], object] | None = None) -> None:
        """*keep* is asked for each call, by its index."""
        self._journal, self._keep = journal, keep
        self.taken = 0
        """Calls of the journal that were taken in."""
        self.sockets = Sockets()
        self._order = array("I")  # index << 2 | phase
        self._recent = array("d")
        self._last: dict[tuple[int, int, bool], float] = {}
        self._queues: dict[
            str, tuple[array[float], array[float]]
        ] = {}  # of an address: moments of connects, of accepts
        self._having: set[tuple[int, int]] = set()
        self._datagram_sockets: set[tuple[int, int]] = set()

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> Rung:
        if not 0 <= number < len(self._order):
            raise IndexError(number)
        return next(self.rungs(number, number + 1))

    # --- taking in -------------------------------------------------------------------------------------------------

    def extend(self, most: int | None = None) -> bool:
        """Take in calls that the journal got, at most so many; tell whether there were any."""
        stop = len(self._journal) if most is None else min(len(self._journal), self.taken + most)
        before, changed = self.taken, False
        for start in range(self.taken, stop, _SLICE):
            changed = self._learn(start, min(start + _SLICE, stop)) or changed
        self.taken = max(stop, self.taken)
        if changed:
            self.sockets.pair(self._journal.lineage)
        return self.taken > before

    def _learn(self, start: int, stop: int) -> bool:
        """Place the calls from *start* up to *stop*; tell whether something new about the sockets came up."""
        learned = False
        for index, head, data in self._journal.heads(start, stop):
            if head.code in _TELLING or (data and head.socket not in self._datagram_sockets and self._is_message(head)):
                self._take_note(self._journal[index])
                learned = True
            if self._keep is not None and not self._keep(index):
                continue
            for moment, phase in moments(head, self._journal.time_of(head)):
                self._place(self._in_its_flow(head, moment, bool(data)), index << 2 | phase)
                self._having.add(head.socket)
        return learned

    def _take_note(self, call: Call) -> None:
        """Learn who is who from a call, and when a connection came to an address or was accepted from there."""
        self.sockets.add(call)
        if call.call == "accept" and call.error is None:
            insort(self._meetings(call.local)[1], call.time + (call.duration or 0.0))
        elif connects(call) and not call.datagram:
            insort(self._meetings(connected_to(call))[0], call.time + (call.duration or 0.0) * has_end(call))

    def _meetings(self, address: PlainAddress | None) -> tuple[array[float], array[float]]:
        return self._queues.setdefault(repr(address), (array("d"), array("d")))

    def _unaccepted(self, address: PlainAddress | None, moment: float) -> int:
        """Return how many connections had come to *address* by then that no accept had returned."""
        connected, accepted = self._meetings(address)
        return max(0, bisect_right(connected, moment) - bisect_right(accepted, moment))

    def _is_message(self, head: Head) -> bool:
        """Whether the call is the first that moved a message at a socket: it tells the socket's address."""
        if not head.flags & DATAGRAM:
            return False
        self._datagram_sockets.add(head.socket)
        return True

    def _in_its_flow(self, head: Head, moment: float, moved: bool) -> float:
        """Return the moment, or that of the call before in its direction of the socket if that is later."""
        if not moved:
            return moment
        flow = *head.socket, head.code in SENDS
        self._last[flow] = moment = max(moment, self._last.get(flow, moment))
        return moment

    def _place(self, moment: float, entry: int) -> None:
        recent = self._recent
        if not recent or moment >= recent[-1]:
            self._order.append(entry)
            recent.append(moment)
            if len(recent) > 2 * _RECENT:
                del recent[:_RECENT]
            return
        first = len(self._order) - len(recent)
        if moment >= recent[0]:
            at = bisect_right(recent, moment)
            recent.insert(at, moment)
            place = first + at
        else:
            place = bisect_right(range(first), moment, key=self._moment)
        self._order.insert(place, entry)

    def _moment(self, number: int) -> float:
        index, phase = self._order[number] >> 2, Phase(self._order[number] & 3)
        _, head, _ = next(self._journal.heads(index, index + 1))
        began = self._journal.time_of(head)
        return next(moment for moment, each in moments(head, began) if each is phase)

    # --- asking ----------------------------------------------------------------------------------------------------

    def rungs(self, start: int, stop: int) -> Iterator[Rung]:
        """Yield the rungs from number *start* up to *stop*."""
        first = max(0, start - _BEFORE)
        journal = self._journal
        story = Story(
            self.sockets, journal.lineage, lambda seq: journal[seq - 1], self._unaccepted, self._claims, whole=not first
        )
        for number in range(first, min(start, len(self._order))):
            story.follow(*self._at(number))
        for number in range(start, min(stop, len(self._order))):
            yield story.next(*self._at(number))

    def _call_at(self, seq: int) -> Call:
        return self._journal[seq - 1]

    def _claims(self, call: Call) -> tuple[Claim, ...]:
        return claims(self._journal, call.seq - 1)

    def _at(self, number: int) -> tuple[Call, Phase, float]:
        """Return the call, the phase and the moment of a rung."""
        entry = self._order[number]
        call, phase = self._journal[entry >> 2], Phase(entry & 3)
        ended = phase is Phase.END or (phase is Phase.CALL and (call.receives or call.call == "accept"))
        return call, phase, call.time + (call.duration or 0.0) * ended

    def number_of(self, index: int) -> int | None:
        """Return the rung of the call *index* itself; None where it has none."""
        return next((at for at in self._near(index) if self._order[at] >> 2 == index), None)

    def _near(self, index: int) -> Iterator[int]:
        """Yield the numbers of rungs, those with numbers nearest to that of a call's share of the journal first."""
        count = len(self._order)
        middle = min(count, index * count // max(1, self.taken))
        for distance in range(count):
            for at in (middle + distance, middle - distance - 1):
                if 0 <= at < count and self._order[at] & 3 != Phase.END:
                    yield at

    def index_of(self, number: int) -> int:
        """Return the index in the journal of the call that rung *number* belongs to."""
        return self._order[number] >> 2

    def connection_of(self, socket: str) -> frozenset[str]:
        """Return the ids of a socket, of its peer, and of the listeners of both."""
        wanted = {socket}
        wanted |= {facts.other for facts in self.sockets if facts.id in wanted and facts.other}
        wanted |= {facts.listener for facts in self.sockets if facts.id in wanted and facts.listener}
        return frozenset(wanted)

    def lifelines(self) -> Lifelines:
        """Return who has a column."""
        return lifelines(self.sockets, {socket_id(*key) for key in self._having})


def chosen(journal: Journal, query: Query) -> Callable[[int], bool]:
    """Return what tells whether call *index* belongs on the ladder that *query* asks for.

    Where it names sockets, their peers and listeners are meant too: one side alone makes no ladder.
    """
    search = Search(journal, replace(query, sockets=_with_peers(journal, query.sockets)))

    def keep(index: int) -> bool:
        while search.position <= index and not search.done:
            search.step()
        return bool(search.found[index])

    return keep


def _with_peers(journal: Journal, named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of the sockets *named* (by id or name), of their peers and of the listeners of both."""
    if not named:
        return ()
    ladder = Ladder(journal)
    ladder.extend()
    wanted = {facts.id for facts in ladder.sockets if facts.id in named or facts.name in named}
    return tuple(frozenset().union(*map(ladder.connection_of, wanted))) or named
