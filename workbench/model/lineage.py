"""Lineage: which sends the bytes of a recv came from, and which recvs took the bytes of a send.

For streams it is exact: a byte's offset in its direction of the connection, summed from what the calls returned, is
the same at both ends. So only the offsets are kept, and an answer is found when it is asked for; the order in which
calls stand in the journal (a recv can be written before the send that fed it) does not matter.

Nothing is claimed that cannot be known: where bytes may have passed unseen (calls that were lost, a detached
descriptor, urgent data, two threads in one direction at once), a direction's lineage stops for good.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from typing import NamedTuple, TypeAlias

from workbench.model.address import plain
from workbench.model.ascending import Ascending
from workbench.model.call import Call, Json, Tail
from workbench.probe.record import CODE, FAILED, OUT_OF_BAND, PEEK, TLS

Key = tuple[int, int]
"""A socket: pid of the process that made it, and its number there."""

NAMING = frozenset(
    CODE[name]
    for name in ("socket", "socketpair", "fromfd", "dup", "bind", "connect", "connect_ex", "accept", "detach")
)
"""Codes of the calls that make, name or give away a socket: `Lineage.named` takes them in."""


class Part(NamedTuple):
    """Bytes *start* up to *stop* within the data of call *seq*."""

    seq: int
    start: int
    stop: int


class Flow:
    """One direction of a stream at one of its ends: the calls that moved its bytes, and the offset where each ended."""

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


class _End:
    """One socket of a connection."""

    __slots__ = ("other", "peeks", "received", "sent")

    def __init__(self) -> None:
        self.sent = Flow()
        self.received = Flow()
        self.other: _End | None = None
        self.peeks: dict[int, tuple[int, int]] = {}

    def stop(self) -> None:
        self.sent.stopped = self.received.stopped = True


class _Meeting(NamedTuple):
    """The two ends that told one pair of addresses: who connected when, and who was accepted when (ns)."""

    connected: _End | None = None
    began: int = 0
    accepted: _End | None = None
    returned: int = 0


_Queue: TypeAlias = deque[tuple[int, _End]]
"""Ends of UNIX connections to one path that wait for their other end, and since when (ns)."""


class Lineage:
    """Knows the ends of every stream connection in the session. Keeping it costs O(1) a call, asking O(log calls)."""

    def __init__(self) -> None:
        self._ends: dict[Key, _End] = {}
        self._by_address: dict[tuple[str, str], _Meeting] = {}
        self._by_path: dict[str, tuple[_Queue, _Queue]] = {}
        self._secured: dict[tuple[str, str], _End] = {}

    # --- taking in --------------------------------------------------------------------------------------------------

    def moved(self, seq: int, key: Key, sent: bool, length: int, flags: int, started: int, ended: int) -> None:
        """Take in call *seq* of a stream socket, which *sent* or received *length* bytes."""
        end = self._ends.get(key)
        if end is None:
            end = self._end(key)
        flow = end.sent if sent else end.received
        if not flags & (PEEK | OUT_OF_BAND):
            flow.add(seq, length, started, ended)
        elif sent:  # where the urgent byte ends up is up to the receiver
            flow.stopped = True
        elif flags & PEEK and not flow.stopped:
            end.peeks[seq] = flow.total, flow.total + length

    def named(self, code: int, key: Key, tail: Tail, *, flags: int, started: int, ended: int) -> None:
        """Take in a call of NAMING on a stream socket."""
        if flags & FAILED and tail.peer is None:
            return
        for made in tail.made:  # a process that replaced itself (exec) counts its sockets anew
            self._ends.pop(made, None)
        match _NAMES[code]:
            case "socket" | "connect" | "connect_ex" if flags & TLS:
                self._secure(self._end(key), tail)
            case "bind" if isinstance(tail.local, str):
                self._forget(str(plain(tail.local)), started)
            case "connect" | "connect_ex" if tail.peer is not None:
                self._connect(self._end(key), tail, started)
            case "accept" if tail.made:
                self._accept(self._end(tail.made[0]), tail, ended)
            case "socketpair" if len(tail.made) == 2:
                _pair(*(self._end(made) for made in tail.made))
            case "dup" if tail.made:
                self._ends[tail.made[0]] = self._end(key)
            case "detach":
                self._end(key).stop()

    def doubt(self) -> None:
        """Calls were lost: nothing more is claimed of the connections there are."""
        for end in self._ends.values():
            end.stop()

    # --- answering --------------------------------------------------------------------------------------------------

    def sources(self, call: Call) -> list[Part] | None:
        """Return the sends that a recv's bytes came from: empty where the sender is not in the session.

        None where it is in the session, but the record of the send is not there yet.
        """
        end = self._ends.get(_key(call.socket)) if call.receives else None
        if end is None or end.other is None:
            return []
        span = end.peeks.get(call.seq) or end.received.span(call.seq)
        if span is None:
            return []
        return _whole(end.other.sent, *span)

    def takers(self, call: Call) -> list[Part]:
        """Return the recvs that took a send's bytes so far, as parts of their data."""
        end = self._ends.get(_key(call.socket)) if call.sends else None
        span = end.sent.span(call.seq) if end is not None else None
        if end is None or span is None or end.other is None:
            return []
        return end.other.received.parts(*span)

    def queued(self, socket: str, start: int, stop: int) -> list[Part] | None:
        """Return the sends of the bytes at offsets *start* to *stop* of what a stream socket is to receive.

        Empty where the sender is not in the session, None where its records are not all there yet.
        """
        end = self._ends.get(_key(socket))
        return [] if end is None or end.other is None else _whole(end.other.sent, start, stop)

    def queued_messages(self, socket: str, count: int) -> list[Part | None]:
        """Return the send of each of the *count* messages in a socket's receive queue, None where it is not known."""
        return [None] * count

    def knows_peer(self, call: Call) -> bool:
        """Whether the other end of the call's connection is in the session too."""
        end = self._ends.get(_key(call.socket))
        return end is not None and end.other is not None

    def ends(self, socket: str) -> tuple[object, object | None] | None:
        """Return what stands for a stream socket's end of its connection and for the other end, if that is known.

        Each is equal to itself alone; a duplicate of a socket is the same end.
        """
        end = self._ends.get(_key(socket))
        return None if end is None else (end, end.other)

    # --- pairing ----------------------------------------------------------------------------------------------------

    def _end(self, key: Key) -> _End:
        end = self._ends.setdefault(key, _End())
        if not key[1]:  # made before there was a recorder, as others were: what each moved is not known
            end.stop()
        return end

    def _connect(self, end: _End, tail: Tail, began: int) -> None:
        """Find the accepted end by the addresses that both ends tell; it can be told before this one.

        Of two connections that used one pair of addresses after each other, an accept belongs to the last connect
        that began before the accept returned.
        """
        local, peer = plain(tail.local), plain(tail.peer)
        if not (isinstance(local, list) and isinstance(peer, list)):
            return self._queue_up(end, str(peer), 0, began)
        names = _text(local), _text(peer)
        met = self._by_address.get(names, _Meeting())
        if met.accepted is not None and met.returned >= began:
            _part(met.connected, met.accepted)
            _pair(end, met.accepted)
            self._by_address[names] = met._replace(connected=end, began=began)
        else:
            self._by_address[names] = _Meeting(connected=end, began=began)
        return None

    def _accept(self, end: _End, tail: Tail, returned: int) -> None:
        """Find the end that connected, as _connect does the accepted one."""
        local, peer = plain(tail.local), plain(tail.peer)
        if not (isinstance(local, list) and isinstance(peer, list)):
            return self._queue_up(end, str(local), 1, returned)
        names = _text(peer), _text(local)
        met = self._by_address.get(names, _Meeting())
        if met.connected is not None and met.accepted is None and met.began <= returned:
            _pair(end, met.connected)
            self._by_address[names] = met._replace(accepted=end, returned=returned)
        else:
            self._by_address[names] = _Meeting(accepted=end, returned=returned)
        return None

    def _secure(self, end: _End, tail: Tail) -> None:
        """Find the other end of a TLS connection: its plain bytes have offsets of their own, apart from TCP's."""
        local, peer = plain(tail.local), plain(tail.peer)
        if isinstance(local, list) and isinstance(peer, list):
            names = _text(local), _text(peer)
            other = self._secured.pop(names[::-1], None)
            if other is None:
                self._secured[names] = end
            else:
                _pair(end, other)

    def _queue_up(self, end: _End, path: str, side: int, since: int) -> None:
        """Pair the ends of UNIX connections to one path in the order of connect (side 0) and accept (1): a FIFO."""
        queues = self._by_path.setdefault(path, (deque(), deque()))
        if end.other is not None:
            return
        if queues[1 - side]:
            _pair(end, queues[1 - side].popleft()[1])
        else:
            queues[side].append((since, end))

    def _forget(self, path: str, bound: int) -> None:
        """Drop who waits since before *path* was bound: a new socket has a new accept queue."""
        for queue in self._by_path.get(path, ()):
            while queue and queue[0][0] < bound:
                queue.popleft()


_NAMES = {CODE[name]: name for name in CODE}


def _whole(sent: Flow, start: int, stop: int) -> list[Part] | None:
    """Return the parts of *sent* that cover *start* to *stop*; None if more is to come, nothing if it never will."""
    found = sent.parts(start, stop)
    if sum(part.stop - part.start for part in found) == stop - start:
        return found
    return [] if sent.stopped else None


def _pair(one: _End, other: _End) -> None:
    one.other, other.other = other, one


def _part(one: _End | None, other: _End) -> None:
    if one is not None and one.other is other:
        one.other = other.other = None


def _key(socket: str) -> Key:
    pid, _, number = socket.partition(".")
    return (int(pid), int(number)) if number else (0, 0)


def _text(address: Json) -> str:
    """Return host and port; an IPv4 address is the same where an IPv6 socket tells it."""
    return " ".join(map(str, address[:2])).removeprefix("::ffff:")
