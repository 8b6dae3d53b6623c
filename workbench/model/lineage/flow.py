"""The directions of connections, each as the calls that moved its bytes or its messages."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from workbench.model.lineage.ascending import Ascending


class Part(NamedTuple):
    """Bytes *start* up to *stop* within the data of call *seq*."""

    seq: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many bytes it is."""
        return self.stop - self.start


_FEW = 4  # calls that a flow makes before it gets arrays of its own
_ROW = 2 * _FEW
_EMPTY = array("I", bytes(4 * _ROW))
_LIMIT = 1 << 32
_NEVER = (1 << 64) - 1  # when a call must have begun to be added to a flow that was stopped


class Flow:
    """One direction of a connection at one of its ends: the calls that moved its bytes, and where each ended.

    Where messages are kept apart (SEQPACKET), each counts as one byte.
    """

    __slots__ = ("_ends", "_moved", "_seqs", "total")

    def __init__(self, seqs: array[int], totals: array[int], moved: int) -> None:
        """Begin with the calls *seqs*: *totals* had been moved after each; *moved*: when the last one returned (ns)."""
        self._moved = moved
        self._seqs = seqs
        self._ends = Ascending((0, *totals))
        self.total = self._ends[-1]
        """Bytes moved so far."""

    def add(self, seq: int, length: int, started: int, ended: int) -> None:
        """Append a call that moved *length* bytes; it stops the flow if it overlaps the last one (times in ns)."""
        if started < self._moved:
            self._moved = _NEVER
            return
        self._moved = ended
        self._seqs.append(seq)
        self.total = total = self.total + length
        self._ends.append(total)

    def stop(self) -> None:
        """Append nothing more."""
        self._moved = _NEVER

    @property
    def stopped(self) -> bool:
        """Whether nothing more is appended."""
        return self._moved == _NEVER

    def lengths(self, since: int) -> list[int]:
        """Return how many bytes each call moved, from the call with index *since* on."""
        return [self._ends[at + 1] - self._ends[at] for at in range(since, len(self._seqs))]

    def span(self, seq: int) -> tuple[int, int] | None:
        """Return the offsets of the first byte of call *seq* and of the one after its last."""
        at = bisect_left(self._seqs, seq)
        if at == len(self._seqs) or self._seqs[at] != seq:
            return None
        return self._ends[at], self._ends[at + 1]

    def index(self, seq: int) -> int:
        """Return how many calls of the flow came before call *seq*."""
        return bisect_left(self._seqs, seq)

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


class Flows:
    """Every flow of a session, by number. Most make a few calls only: those lie in one table for all."""

    def __init__(self) -> None:
        self._table = array("I")  # a row for each flow: seq of each of its first calls, and the total after it
        self._filled = bytearray()  # how many calls are in its row
        self._moved = array("Q")  # when the last of them returned
        self._long: list[Flow | None] = []  # those that outgrew their row

    def new(self) -> int:
        """Begin a flow; return its number, from 0 up."""
        self._table.extend(_EMPTY)
        self._filled.append(0)
        self._moved.append(0)
        self._long.append(None)
        return len(self._long) - 1

    def add(self, number: int, seq: int, length: int, started: int, ended: int) -> None:
        """Append a call to a flow, as `Flow.add` does."""
        flow = self._long[number]
        if flow is not None:
            return flow.add(seq, length, started, ended)
        filled = self._filled[number]
        at = number * _ROW + 2 * filled
        total = self._table[at - 1] + length if filled else length
        if started < self._moved[number]:
            self._moved[number] = _NEVER
        elif filled < _FEW and total < _LIMIT:
            self._moved[number] = ended
            self._table[at], self._table[at + 1] = seq, total
            self._filled[number] = filled + 1
        else:
            flow = self._long[number] = self[number]
            flow.add(seq, length, started, ended)
        return None

    def __getitem__(self, number: int) -> Flow:
        """Return the flow as it is now: it may lack what is added later."""
        flow = self._long[number]
        if flow is None:
            at = number * _ROW
            row = self._table[at : at + 2 * self._filled[number]]
            flow = Flow(row[::2], row[1::2], self._moved[number])
        return flow

    def stop(self, number: int) -> None:
        """Append nothing more to a flow."""
        self._moved[number] = _NEVER
        flow = self._long[number]
        if flow is not None:
            flow.stop()

    def stop_all(self) -> None:
        """Append nothing more to the flows there are."""
        self._moved = array("Q", (_NEVER,)) * len(self._moved)
        for flow in filter(None, self._long):
            flow.stop()
