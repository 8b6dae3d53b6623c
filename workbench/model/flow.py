"""One direction of a connection, as the calls that moved its bytes or its messages."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from workbench.model.ascending import Ascending


class Part(NamedTuple):
    """Bytes *start* up to *stop* within the data of call *seq*."""

    seq: int
    start: int
    stop: int


class Flow:
    """One direction of a connection at one of its ends: the calls that moved its bytes, and where each ended.

    Where messages are kept apart (SEQPACKET), each counts as one byte.
    """

    __slots__ = ("_ends", "_moved", "_seqs", "stopped", "total")

    def __init__(self) -> None:
        self._seqs = array("I")
        self._ends = Ascending((0,))
        self._moved = 0  # when the last call returned
        self.total = 0
        """Bytes moved so far."""
        self.stopped = False

    def add(self, seq: int, length: int, started: int, ended: int) -> None:
        """Append a call that moved *length* bytes; it stops the flow if it overlaps the last one (times in ns)."""
        if started < self._moved:
            self.stopped = True
        if not self.stopped:
            self._moved = ended
            self.total += length
            self._seqs.append(seq)
            self._ends.append(self.total)

    def lengths(self, since: int) -> list[int]:
        """Return how many bytes each call moved, from the call with index *since* on."""
        return [self._ends[at + 1] - self._ends[at] for at in range(since, len(self._seqs))]

    def span(self, seq: int) -> tuple[int, int] | None:
        """Return the offsets of the first byte of call *seq* and of the one after its last."""
        at = bisect_left(self._seqs, seq)
        if at == len(self._seqs) or self._seqs[at] != seq:
            return None
        return self._ends[at], self._ends[at + 1]

    def parts(self, start: int, stop: int) -> list[Part]:
        """Return which calls moved the bytes at offsets *start* to *stop*, in order."""
        found = []
        at = bisect_right(self._ends, start) - 1
        while start < stop and at < len(self._seqs):
            begin, end = self._ends[at], self._ends[at + 1]
            upto = min(end, stop)
            if upto > start:
                found.append(Part(self._seqs[at], start - begin, upto - begin))
                start = upto
            at += 1
        return found


class End:
    """One socket of a connection."""

    __slots__ = ("other", "peeks", "received", "sent")

    def __init__(self) -> None:
        self.sent = Flow()
        self.received = Flow()
        self.other: End | None = None
        self.peeks: dict[int, tuple[int, int]] = {}

    def stop(self) -> None:
        """Claim nothing from here on."""
        self.sent.stopped = self.received.stopped = True
