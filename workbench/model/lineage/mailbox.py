"""The datagrams on their way to one address, from everybody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from workbench.model.lineage.matching import LOST, NEVER, NOT_FOUND, Key, Lane, Matches, Received, Sent

_MOST_PENDING = 256
"""Recvs that wait for their send's record: more than threads that have sent and not recorded it yet."""


class Mailbox:
    """One address that datagrams go to: what waits there from every sender, and which recv took it."""

    __slots__ = (
        "_lanes",
        "_last",
        "_lost",
        "_matches",
        "_mixed",
        "_pending",
        "_shared",
        "_taken",
        "heard",
        "host",
        "stopped",
    )

    def __init__(self, matches: Matches, host: str) -> None:
        self.host = host
        self.stopped = False
        self.heard = False
        """Whether anybody in the session sent there."""
        self._matches = matches
        self._lanes: dict[str | int, dict[Key, Lane]] = {}
        self._pending: list[Received] = []
        self._taken = 0  # when the last recv returned
        self._last: tuple[Key, Sent, Received] | None = None
        self._lost: list[Sent] = []  # as the last recv told
        self._shared = self._mixed = False

    def sent(self, key: Key, sender: str | int, host: str, sent: Sent, lossy: bool) -> None:
        """Take in a datagram of socket *key*, known as *sender* on *host*; its recv may have been told already."""
        self.heard = True
        lanes = self._lanes.setdefault(sender, {})
        lane = lanes.get(key)
        if lane is None:
            lane = lanes[key] = Lane(self._matches, key, sender, host)
        lane.lossy |= lossy
        lane.add(sent)
        if self._last is not None and self._last[0] == key and lossy and self._matches.same(sent, self._last[2]):
            lane.guess(*self._last[1:])  # the record of this one came late
            self._last = None
        for received in [one for one in self._pending if _comes_from(one, lane) and self._matches.same(sent, one)]:
            self._pending.remove(received)
            if not received.peek:
                return self._take(lane, len(lane.waiting) - 1, received)
            self._matches.point(self._matches.seq(sent.place), received.place)
        return None

    def received(self, received: Received, empty: bool) -> None:
        """Take in a recv, after which the queue was *empty* or may have held more; or a peek, which changes nothing."""
        if received.started < self._taken:  # two threads at once: the order of their records is not that of the queue
            self._shared = True
            self._matches.point(NEVER, *(sent.place for sent in self._lost))
        self._taken, self._lost = max(self._taken, received.ended), []
        match self._candidates(received):
            case []:
                self._wait(received)
            case [(lane, at)] if not received.peek:
                self._take(lane, at, received)
            case [(lane, at)] if not lane.doubtful(at, received):
                self._matches.point(self._matches.seq(lane.waiting[at].place), received.place)
            case _:
                self._matches.point(NEVER, received.place)
                self._mixed = self._mixed or not received.peek
        if empty and not received.peek and not self._shared:
            for lane in list(self._all()):
                self._lose(lane.flush(received.ended), NOT_FOUND)
                self._tidy(lane)
            self._mixed = False

    def queue(self, count: int) -> list[int] | None:
        """Return the seqs of the first sends in the queue, which holds *count*; None where it is not sure."""
        lossy = any(lane.lossy for lane in self._all())
        found = sorted((sent for lane in self._all() for sent in lane.waiting), key=lambda sent: sent.started)
        clear = all(one.ended <= other.started for one, other in pairwise(found))
        if self._mixed or not clear or (lossy and len(found) != count):
            return None
        return [self._matches.seq(sent.place) for sent in found[:count]]

    def clear(self, before: int) -> None:
        """Drop what was sent before *before* (ns): the address has a new socket, and that a new queue."""
        for lane in list(self._all()):
            self._matches.point(NEVER, *(sent.place for sent in lane.waiting if sent.ended <= before))
            lane.flush(before)
            self._tidy(lane)

    def stop(self) -> None:
        """Claim nothing from here on."""
        self.stopped = True
        self._matches.point(NEVER, *(received.place for received in self._pending))
        self._lanes, self._pending = {}, []

    def _take(self, lane: Lane, at: int, received: Received) -> None:
        lane.ordered = lane.ordered and not self._shared
        sent = lane.waiting[at]
        self._lose(lane.take(at, received))
        self._last = (lane.key, sent, received) if lane.lossy else None
        self._tidy(lane)

    def _lose(self, lost: list[Sent], how: int = LOST) -> None:
        if not self._mixed:
            self._matches.point(how, *(sent.place for sent in lost))
            self._lost += lost

    def _candidates(self, received: Received) -> list[tuple[Lane, int]]:
        """Return for each sender the first datagram that *received* may be; the earliest alone if none was lost."""
        lanes = self._all() if received.sender is None else self._lanes.get(received.sender, {}).values()
        found = []
        for lane in lanes:
            if _comes_from(received, lane) and (at := lane.find(received)) is not None:
                found.append((lane, at))
        if len(found) > 1 and not any(lane.lossy for lane, _ in found):
            found.sort(key=lambda found: found[0].waiting[found[1]].started)
            (first, at), (second, beside) = found[:2]
            if first.waiting[at].ended <= second.waiting[beside].started:
                return found[:1]
        return found

    def _all(self) -> Iterator[Lane]:
        return (lane for lanes in self._lanes.values() for lane in lanes.values())

    def _tidy(self, lane: Lane) -> None:
        """Drop a lane in which nothing waits: a server may hear from a million clients, once each."""
        if not lane.waiting:
            lanes = self._lanes.get(lane.sender, {})
            lanes.pop(lane.key, None)
            if not lanes:
                self._lanes.pop(lane.sender, None)

    def _wait(self, received: Received) -> None:
        self._pending.append(received)
        if len(self._pending) > _MOST_PENDING:
            self._matches.point(NEVER, self._pending.pop(0).place)


def _comes_from(received: Received, lane: Lane) -> bool:
    return received.sender in (None, lane.sender) and same_host(received.host, lane.host)


def same_host(one: str, other: str) -> bool:
    """Whether two hosts may be one: "" is any."""
    return not one or not other or one == other
