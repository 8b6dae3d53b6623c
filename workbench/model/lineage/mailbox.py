"""The datagrams on their way to one address, from everybody."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from workbench.model.lineage.matching import LOST, NEVER, NOT_FOUND, Key, Matches, Received, SenderQueue, Sent

_MOST_PENDING = 256
"""Recvs that wait for their send's record: more than threads that have sent and not recorded it yet."""


class Mailbox:
    """One address that datagrams go to: what waits there from every sender, and which recv took it."""

    __slots__ = (
        "_last",
        "_lost",
        "_matches",
        "_mixed",
        "_pending",
        "_queues",
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
        self._queues: dict[str | int, dict[Key, SenderQueue]] = {}
        self._pending: list[Received] = []
        self._taken = 0  # when the last recv returned
        self._last: tuple[Key, Sent, Received] | None = None
        self._lost: list[Sent] = []  # as the last recv told
        self._shared = self._mixed = False

    def sent(self, key: Key, sender: str | int, host: str, sent: Sent, lossy: bool) -> None:
        """Take in a datagram of socket *key*, known as *sender* on *host*; its recv may have been told already."""
        self.heard = True
        queues = self._queues.setdefault(sender, {})
        queue = queues.get(key)
        if queue is None:
            queue = queues[key] = SenderQueue(self._matches, key, sender, host)
        queue.lossy |= lossy
        queue.add(sent)
        if self._last is not None and self._last[0] == key and lossy and self._matches.same(sent, self._last[2]):
            queue.guess(*self._last[1:])  # the record of this one came late
            self._last = None
        for received in [one for one in self._pending if _comes_from(one, queue) and self._matches.same(sent, one)]:
            self._pending.remove(received)
            if not received.peek:
                return self._match(queue, len(queue.waiting) - 1, received)
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
            case [(queue, at)] if not received.peek:
                self._match(queue, at, received)
            case [(queue, at)] if not queue.doubtful(at, received):
                self._matches.point(self._matches.seq(queue.waiting[at].place), received.place)
            case _:
                self._matches.point(NEVER, received.place)
                self._mixed = self._mixed or not received.peek
        if empty and not received.peek and not self._shared:
            for queue in list(self._all()):
                self._lose(queue.flush(received.ended), NOT_FOUND)
                self._tidy(queue)
            self._mixed = False

    def queue(self, count: int) -> list[int] | None:
        """Return the seqs of the first sends in the queue, which holds *count*; None where it is not sure."""
        lossy = any(queue.lossy for queue in self._all())
        found = sorted((sent for queue in self._all() for sent in queue.waiting), key=lambda sent: sent.started)
        clear = all(one.ended <= other.started for one, other in pairwise(found))
        if self._mixed or not clear or (lossy and len(found) != count):
            return None
        return [self._matches.seq(sent.place) for sent in found[:count]]

    def clear(self, before: int) -> None:
        """Drop what was sent before *before* (ns): the address has a new socket, and that a new queue."""
        for queue in list(self._all()):
            self._matches.point(NEVER, *(sent.place for sent in queue.waiting if sent.ended <= before))
            queue.flush(before)
            self._tidy(queue)

    def stop(self) -> None:
        """Claim nothing from here on."""
        self.stopped = True
        self._matches.point(NEVER, *(received.place for received in self._pending))
        self._queues, self._pending = {}, []

    def _match(self, queue: SenderQueue, at: int, received: Received) -> None:
        queue.ordered = queue.ordered and not self._shared
        sent = queue.waiting[at]
        self._lose(queue.match_at(at, received))
        self._last = (queue.key, sent, received) if queue.lossy else None
        self._tidy(queue)

    def _lose(self, lost: list[Sent], how: int = LOST) -> None:
        if not self._mixed:
            self._matches.point(how, *(sent.place for sent in lost))
            self._lost += lost

    def _candidates(self, received: Received) -> list[tuple[SenderQueue, int]]:
        """Return for each sender the first datagram that *received* may be; the earliest alone if none was lost."""
        queues = self._all() if received.sender is None else self._queues.get(received.sender, {}).values()
        found = []
        for queue in queues:
            if _comes_from(received, queue) and (at := queue.find(received)) is not None:
                found.append((queue, at))
        if len(found) > 1 and not any(queue.lossy for queue, _ in found):
            found.sort(key=lambda found: found[0].waiting[found[1]].started)
            (first, at), (second, beside) = found[:2]
            if first.waiting[at].ended <= second.waiting[beside].started:
                return found[:1]
        return found

    def _all(self) -> Iterator[SenderQueue]:
        return (queue for queues in self._queues.values() for queue in queues.values())

    def _tidy(self, queue: SenderQueue) -> None:
        """Drop a lane in which nothing waits: a server may hear from a million clients, once each."""
        if not queue.waiting:
            queues = self._queues.get(queue.sender, {})
            queues.pop(queue.key, None)
            if not queues:
                self._queues.pop(queue.sender, None)

    def _wait(self, received: Received) -> None:
        self._pending.append(received)
        if len(self._pending) > _MOST_PENDING:
            self._matches.point(NEVER, self._pending.pop(0).place)


def _comes_from(received: Received, queue: SenderQueue) -> bool:
    return received.sender in (None, queue.sender) and same_host(received.host, queue.host)


def same_host(one: str, other: str) -> bool:
    """Whether two hosts may be one: "" is any."""
    return not one or not other or one == other
