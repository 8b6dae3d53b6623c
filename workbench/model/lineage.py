"""Lineage: which sends the bytes of a recv came from, and which recvs took the bytes of a send.

For streams it is exact: a byte's offset in its direction of the connection, summed from what the calls returned, is
the same at both ends. So only the offsets are kept, and an answer is found when it is asked for; the order in which
calls stand in the journal (a recv can be written before the send that fed it) does not matter.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.model.address import plain
from workbench.model.call import Call, Head, Json, Tail, decode_tail
from workbench.probe import record

Key = tuple[int, int]
"""A socket: pid of the process that made it, and its number there."""


class Part(NamedTuple):
    """Bytes *start* up to *stop* within the data of call *seq*."""

    seq: int
    start: int
    stop: int


class Flow:
    """One direction of a stream at one of its ends: the calls that moved its bytes, and the offset where each ended."""

    def __init__(self) -> None:
        self._seqs = array("I")
        self._ends = array("Q", [0])

    @property
    def total(self) -> int:
        """Bytes moved so far."""
        return self._ends[-1]

    def add(self, seq: int, length: int) -> None:
        """Append a call that moved *length* bytes."""
        self._seqs.append(seq)
        self._ends.append(self._ends[-1] + length)

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


@dataclass(slots=True, eq=False)
class _End:
    """One socket of a connection."""

    sent: Flow = field(default_factory=Flow)
    received: Flow = field(default_factory=Flow)
    other: _End | None = None


class Lineage:
    """Knows the ends of every stream connection in the session. Keeping it costs O(1) a call, asking O(log calls)."""

    def __init__(self) -> None:
        self._ends: dict[Key, _End] = {}
        self._by_address: dict[tuple[str, str], _End] = {}
        self._by_path: dict[str, tuple[deque[_End], deque[_End]]] = {}

    def add(self, seq: int, head: Head, tail: bytes, length: int) -> None:
        """Take in call *seq*, which moved *length* bytes; *tail* is needed of calls that make or name a socket."""
        if head.code in record.SENDS or head.code in record.RECVS:
            if length and not head.flags & (record.PEEK | record.DATAGRAM):
                end = self._end(head.socket)
                (end.sent if head.code in record.SENDS else end.received).add(seq, length)
        elif tail:
            self._name(record.CALLS[head.code], head, decode_tail(tail))

    def sources(self, call: Call) -> list[Part] | None:
        """Return the sends that a recv's bytes came from: empty where the sender is not in the session.

        None where it is in the session, but the record of the send is not there yet.
        """
        end = self._ends.get(_key(call.socket))
        span = end.received.span(call.seq) if end is not None and call.receives else None
        if end is None or span is None or end.other is None:
            return []
        found = end.other.sent.parts(*span)
        whole = sum(part.stop - part.start for part in found) == span[1] - span[0]
        return found if whole else None

    def takers(self, call: Call) -> list[Part]:
        """Return the recvs that took a send's bytes so far, as parts of their data."""
        end = self._ends.get(_key(call.socket))
        span = end.sent.span(call.seq) if end is not None and call.sends else None
        if end is None or span is None or end.other is None:
            return []
        return end.other.received.parts(*span)

    def knows_peer(self, call: Call) -> bool:
        """Whether the other end of the call's connection is in the session too."""
        end = self._ends.get(_key(call.socket))
        return end is not None and end.other is not None

    def _end(self, key: Key) -> _End:
        end = self._ends.get(key)
        if end is None:
            end = self._ends[key] = _End()
        return end

    def _name(self, call: str, head: Head, tail: Tail) -> None:
        match call:
            case "connect" | "connect_ex":
                self._join(self._end(head.socket), tail, connects=True)
            case "accept" if tail.made:
                self._join(self._end(tail.made[0]), tail, connects=False)
            case "socketpair" if len(tail.made) == 2:
                _pair(*(self._end(key) for key in tail.made))
            case "dup" if tail.made:
                self._ends[tail.made[0]] = self._end(head.socket)

    def _join(self, end: _End, tail: Tail, *, connects: bool) -> None:
        """Find the other end of a connection by the addresses that both ends tell, whichever is told first."""
        local, peer = plain(tail.local), plain(tail.peer)
        if end.other is not None:
            return
        if isinstance(local, list) and isinstance(peer, list):
            other = self._by_address.pop((_text(peer), _text(local)), None)
            if other is None:
                self._by_address[_text(local), _text(peer)] = end
            else:
                _pair(end, other)
        else:
            self._join_unix(end, str(peer if connects else local), connects)

    def _join_unix(self, end: _End, path: str, connects: bool) -> None:
        """Pair the ends of UNIX connections to one path in the order of connect and accept: the queue is FIFO."""
        ours, theirs = self._by_path.setdefault(path, (deque(), deque()))[:: 1 if connects else -1]
        if theirs:
            _pair(end, theirs.popleft())
        else:
            ours.append(end)


def _pair(one: _End, other: _End) -> None:
    one.other, other.other = other, one


def _key(socket: str) -> Key:
    pid, _, number = socket.partition(".")
    return (int(pid), int(number)) if number else (0, 0)


def _text(address: Json) -> str:
    return f"{address[0]} {address[1]}" if len(address) > 1 else str(address)
