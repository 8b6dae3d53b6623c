"""Matching the datagrams of one sender with what was received.

A receive queue is first in, first out, so the datagrams of one sender arrive in the order in which it sent them, some
of them perhaps lost. What was received is matched with the first datagram waiting that has the same content. Where
another one waits with the same content, and any of them may have been lost, that is only a guess: the answer is put
off until what follows leaves one possibility, and never given if nothing does.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple, TypeAlias

Key: TypeAlias = tuple[int, int]
"""A socket: pid of the process that made it, and its number there."""

NEVER, LOST, NOT_FOUND = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
"""In place of a counterpart's seq: it is not in the session, or can't be told; the datagram was lost, as a later one
came out of the queue, or as the queue was empty. 0: none yet."""

_MOST_WAITING, _MOST_GUESSES = 1 << 16, 1 << 12
"""More datagrams of one sender than any queue holds, and answers put off."""


class Sent(NamedTuple):
    """A datagram that went out: its place in Matches, fingerprint, first bytes and size, and the call's times in ns."""

    place: int
    print: int
    head: bytes
    size: int
    started: int
    ended: int


class Received(NamedTuple):
    """A datagram that came in: as Sent; *print* is None where only its *head* is known, *size* where its rest is not.

    *sender*: its port or path, None where the call did not tell.
    """

    place: int
    sender: str | int | None
    host: str
    print: int | None
    head: bytes
    size: int | None
    started: int
    ended: int
    peek: bool


class Matches:
    """For each call that moved a datagram its counterpart, 8 bytes a call."""

    def __init__(self, head: Callable[[int], bytes]) -> None:
        """*head* returns the first bytes of the data of the call with that seq."""
        self._head = head
        self._seqs, self._others = array("I"), array("I")

    def add(self, seq: int, other: int) -> int:
        """Append call *seq*, with what is known of its counterpart; return its place."""
        self._seqs.append(seq)
        self._others.append(other)
        return len(self._seqs) - 1

    def of(self, seq: int) -> int:
        """Return the seq of the counterpart of call *seq*, or 0, NEVER, LOST."""
        at = bisect_left(self._seqs, seq)
        return self._others[at] if at < len(self._seqs) and self._seqs[at] == seq else NEVER

    def seq(self, place: int) -> int:
        """Return the seq of the call at *place*."""
        return self._seqs[place]

    def pair(self, sent: Sent, received: Received) -> None:
        """Note that *received* is *sent*."""
        self._others[sent.place] = self._seqs[received.place]
        self._others[received.place] = self._seqs[sent.place]

    def point(self, to: int, *places: int) -> None:
        """Note what is known of the counterparts of the calls at *places*."""
        for place in places:
            self._others[place] = to

    def same(self, sent: Sent, received: Received) -> bool:
        """Whether *received* may be *sent*, by time and content."""
        if sent.started >= received.ended:
            return False
        if received.print is not None:
            return received.print == sent.print
        size = received.size
        if size != sent.size if size is not None else sent.size < len(received.head):
            return False
        head, length = received.head, len(sent.head)
        if head[:length] != sent.head[: len(head)]:
            return False
        return len(head) <= length or self._head(self._seqs[sent.place])[: len(head)] == head


class SenderQueue:
    """The datagrams of one sender that wait at one address, the first one first."""

    __slots__ = ("_counts", "_guesses", "_matches", "_passed", "host", "key", "lossy", "ordered", "sender", "waiting")

    def __init__(self, matches: Matches, key: Key, sender: str | int, host: str) -> None:
        self.key, self.sender, self.host = key, sender, host
        self.waiting: deque[Sent] = deque()
        self.lossy = False
        """Whether any may have been lost without anybody knowing."""
        self.ordered = True
        """Whether the order is known: not where two threads sent, or received, at once."""
        self._matches = matches
        self._counts = Counter[int]()
        self._guesses: list[tuple[Received, int]] = []
        """Recvs in doubt, and where in _passed the first send stands that each may have taken."""
        self._passed: list[Sent] = []

    def add(self, sent: Sent) -> None:
        """Append a datagram."""
        if self.waiting and sent.started < self.waiting[-1].ended:
            self.ordered = False
        self.waiting.append(sent)
        self._counts[sent.print] += 1
        if len(self.waiting) > _MOST_WAITING:
            self._matches.point(NEVER, self._pop().place)

    def find(self, received: Received) -> int | None:
        """Return the place of the first datagram waiting that *received* may be."""
        if received.print is not None and received.print not in self._counts:
            return None
        return next((at for at, sent in enumerate(self.waiting) if self._matches.same(sent, received)), None)

    def doubtful(self, at: int, received: Received) -> bool:
        """Whether *received* may as well be another one than that at *at*."""
        if self.ordered and not self.lossy:
            return False
        if received.print is not None and self._counts[received.print] == 1:
            return False
        return any(self._matches.same(sent, received) for sent in islice(self.waiting, at + 1, None))

    def match_at(self, at: int, received: Received) -> list[Sent]:
        """Match *received* with the datagram at *at*; return those that were lost, as the order tells."""
        doubtful, sent = self.doubtful(at, received), self.waiting[at]
        if self.ordered and self.lossy:
            passed = [self._pop() for _ in range(at + 1)][:-1]
            if doubtful or self._guesses:
                self._passed += passed
            if doubtful:
                self.guess(sent, received)
                return []
            in_doubt = bool(self._guesses)
            self._resolve()
            self._matches.pair(sent, received)
            return [] if in_doubt else passed
        if doubtful:
            self._matches.point(NEVER, received.place)
        else:
            del self.waiting[at]
            self._uncount(sent)
            self._matches.pair(sent, received)
        return []

    def flush(self, until: int) -> list[Sent]:
        """Drop what was sent before *until* (ns), when the queue was empty; return what was lost."""
        flushed = []
        while self.waiting and self.waiting[0].ended <= until:
            flushed.append(self._pop())
        if self._guesses:
            self._passed += flushed
            if not self.waiting:
                self._resolve()
            return []
        return flushed if self.lossy else []

    def guess(self, sent: Sent, received: Received) -> None:
        """Put off the answer: *received* is *sent*, or else one that comes after it."""
        self._matches.point(0, sent.place, received.place)
        self._guesses.append((received, len(self._passed)))
        self._passed.append(sent)
        if len(self._guesses) > _MOST_GUESSES:
            self._matches.point(NEVER, *(received.place for received, _ in self._guesses))
            self._guesses, self._passed = [], []

    def _resolve(self) -> None:
        """Settle the guesses, now that what follows them is known: from the last, as each was sent before the next."""
        bound = len(self._passed)
        for received, first in reversed(self._guesses):
            bound -= 1
            while bound > first and not self._matches.same(self._passed[bound], received):
                bound -= 1
            if bound == first:
                self._matches.pair(self._passed[first], received)
            else:
                self._matches.point(NEVER, received.place)
        self._guesses, self._passed = [], []

    def _pop(self) -> Sent:
        sent = self.waiting.popleft()
        self._uncount(sent)
        return sent

    def _uncount(self, sent: Sent) -> None:
        self._counts[sent.print] -= 1
        if not self._counts[sent.print]:
            del self._counts[sent.print]
