"""Lineage: which sends the bytes of a recv came from, and which recvs took the bytes of a send.

For streams it is exact: a byte's offset in its direction of the connection, summed from what the calls returned, is
the same at both ends. So only the offsets are kept, and an answer is found when it is asked for; the order in which
calls stand in the journal (a recv can be written before the send that fed it) does not matter.

So it is for the messages of a SEQPACKET connection, which are counted one by one; datagrams are matched in
`datagrams`.

Nothing is claimed that cannot be known: where bytes may have passed unseen (calls that were lost, a detached
descriptor, urgent data, two threads in one direction at once), a direction's lineage stops for good.
"""

from __future__ import annotations

import socket
from array import array
from collections.abc import Callable, Iterable, Sequence

from workbench.model.call.call import Call, Tail
from workbench.model.lineage.datagrams import Datagrams
from workbench.model.lineage.flow import Flows, Part
from workbench.model.lineage.matching import Key
from workbench.model.lineage.pairing import NOBODY, End, Pairing
from workbench.model.lineage.unseen import counts
from workbench.probe.format import CODE, DATAGRAM, FAILED, OUT_OF_BAND, PEEK, SENDS, TLS, Head

__all__ = ["NAMING", "Key", "Lineage", "Part"]

NAMING = frozenset(
    CODE[name]
    for name in ("socket", "socketpair", "fromfd", "dup", "bind", "connect", "connect_ex", "accept", "detach")
)
"""Codes of the calls that make, name or give away a socket: `Lineage.named` takes them in."""

_ASIDE = PEEK | OUT_OF_BAND
_WITHOUT_DESCRIPTOR = 3  # arguments of a call that makes a socket: family, type, protocol
_DGRAM = int(socket.SOCK_DGRAM)
_TAKING_NOTHING = frozenset((CODE["recv"], CODE["recv_into"]))  # with bufsize 0: CPython makes no system call then


class Lineage:
    """Knows who is connected to whom in the session. Keeping it costs O(1) a call, asking O(log calls)."""

    def __init__(self, lengths: Sequence[int] = (), head: Callable[[int], bytes] = lambda seq: b"") -> None:
        """*lengths*: bytes moved by the call with seq i + 1; *head* returns the first bytes of the data of call seq."""
        self._lengths = lengths
        self._ends: dict[int, End] = {}  # by packed key, as a tuple for each socket takes thrice the memory
        self._owners = array("Q")  # of each end the socket that it was told of first
        self._pairing = Pairing()
        self._flows = Flows()
        self._add = self._flows.add
        self._peeks: dict[int, tuple[int, int]] = {}
        self._datagrams = Datagrams(head)
        self._rewrapped: set[Key] = set()
        self._counted: dict[int, int] = {}
        self._unseen_at: dict[int, int] = {}

    # --- taking in --------------------------------------------------------------------------------------------------

    def moved(
        self, seq: int, pid: int, number: int, sent: bool, length: int, flags: int, started: int, ended: int
    ) -> None:
        """Take in call *seq* of a stream socket, which *sent* or received *length* bytes."""
        end = self._ends.get(pid << 32 | number)
        if end is None:
            end = self._end((pid, number))
        flow = 2 * end + 1 if sent else 2 * end
        if not flags & _ASIDE:
            self._add(flow, seq, length, started, ended)
        elif sent:  # where the urgent byte ends up is up to the receiver
            self._flows.stop(flow)
        elif flags & PEEK and not (peeked := self._flows[flow]).stopped:
            self._peeks[seq] = peeked.total, peeked.total + length

    def message(self, seq: int, head: Head, tail: Tail, data: bytes, length: int) -> None:
        """Take in call *seq*, which moved a datagram or message of *length* bytes; *data*: the first of them."""
        if head.code in _TAKING_NOTHING and head.requested == 0:
            return
        if _packed(head.socket) in self._ends:
            self.moved(seq, *head.socket, head.code in SENDS, 1, head.flags, head.started, head.ended)
        else:
            self._datagrams.moved(seq, head, tail, data, length)

    def named(self, code: int, key: Key, tail: Tail, *, flags: int, started: int, ended: int) -> None:
        """Take in a call of NAMING."""
        if flags & FAILED and tail.peer is None:
            return None
        if flags & DATAGRAM and _packed(key) not in self._ends and tail.type in (0, _DGRAM) and len(tail.made) < 2:
            return self._datagrams.named(code, key, tail, started)
        for made in tail.made:  # a process that replaced itself (exec) counts its sockets anew
            self._ends.pop(_packed(made), None)
        match _NAMES[code]:
            case "socket" | "connect" | "connect_ex" if flags & TLS:
                self._pairing.secure(self._end(key), tail)
            case "socket" | "fromfd" if tail.args and len(tail.args) > _WITHOUT_DESCRIPTOR:
                self._rewrapped.add(key)  # what passed before is not its
            case "bind" if isinstance(tail.local, str):
                self._pairing.forget(tail.local, started)
            case "connect" | "connect_ex" if tail.peer is not None:
                self._pairing.connect(self._end(key), tail, started)
            case "accept" if tail.made:
                self._pairing.accept(self._end(tail.made[0]), tail, ended)
            case "socketpair" if len(tail.made) == 2:
                self._pairing.pair(*(self._end(made) for made in tail.made))
            case "dup" if tail.made:
                self._ends[_packed(tail.made[0])] = self._end(key)
            case "detach":
                self._stop(self._end(key))
        return None

    def counted(self, seq: int, key: Key, tail: Tail, flags: int) -> bool:
        """Compare what calls moved with what the kernel had counted at call *seq*; tell whether bytes passed unseen.

        Of that direction nothing is claimed then, unless the missing calls are recorded later, as a child's may be.
        """
        end, unseen = self._ends.get(_packed(key)), False
        if end is None or flags & TLS or key in self._rewrapped:
            return False
        for sent, count in counts(tail.tcp):
            flow = _sent(end) if sent else _received(end)
            if count > self._flows[flow].total and not self._flows[flow].stopped:
                if not self._unseen(flow):
                    self._unseen_at[seq], unseen = flow, True
                self._counted[flow] = count
        return unseen

    def interrupted(self, key: Key, sent: bool) -> None:
        """Claim nothing more of a direction: an exception from outside ended a call, whose count was lost."""
        end = self._ends.get(_packed(key))
        if end is not None:
            self._flows.stop(_sent(end) if sent else _received(end))

    def doubt(self) -> None:
        """Calls were lost: nothing more is claimed of the connections there are."""
        self._flows.stop_all()
        self._datagrams.doubt()

    # --- answering --------------------------------------------------------------------------------------------------

    def sources(self, call: Call) -> list[Part] | None:
        """Return the sends that a recv's bytes came from: empty where the sender is not in the session.

        None where it is in the session, but the record of the send is not there yet.
        """
        end = self._find(call.socket)
        if not call.receives or call.error is not None:
            return []
        if end is None:
            source = self._datagrams.source(call, _key(call.socket)) if call.datagram else 0
            return None if source is None else [Part(source, 0, len(call.data))] if source else []
        span = self._peeks.get(call.seq) or self._flows[_received(end)].span(call.seq)
        if span is None or self._unseen(_received(end)):
            return []
        found = self._sends(self._pairing.other[end], *span)
        if not call.datagram:
            return found
        if found is None:  # at the end of a SEQPACKET connection b'' is nothing that was sent
            return None if call.data else []
        return [Part(part.seq, 0, len(call.data)) for part in found]

    def takers(self, call: Call) -> list[Part]:
        """Return the recvs that took a send's bytes so far, as parts of their data."""
        end = self._find(call.socket)
        if not call.sends:
            return []
        if end is None:
            taker = self._datagrams.taker(call.seq) if call.datagram else 0
            return [self._message_of(taker)] if taker else []
        span, other = self._flows[_sent(end)].span(call.seq), self._pairing.other[end]
        if span is None or other == NOBODY or self._unseen(_sent(end)) or self._unseen(_received(other)):
            return []
        found = self._flows[_received(other)].parts(*span)
        return [self._message_of(part.seq) for part in found] if call.datagram else found

    def lost(self, call: Call) -> bool:
        """Whether it is known that the datagram of a send was lost: the drop counter, or the order of others tells."""
        return call.sends and call.datagram and self._datagrams.lost(call.seq)

    def overtaken(self, call: Call) -> bool:
        """Of a datagram that was lost: whether a later one was received instead, and not just none."""
        return call.sends and call.datagram and self._datagrams.overtaken(call.seq)

    def lost_among(self, seqs: Iterable[int]) -> list[int]:
        """Return those of *seqs*, sends of datagrams, of which it is known that they were lost."""
        return [seq for seq in seqs if self._datagrams.lost(seq)]

    def taken(self, seq: int) -> bool:
        """Whether a recv took the datagram of send *seq*."""
        return self._datagrams.taker(seq) > 0

    def unseen(self, call: Call) -> str:
        """Return "received" or "sent" where this call showed that such bytes had passed unseen, else ""."""
        flow = self._unseen_at.get(call.seq)
        return "" if flow is None or not self._unseen(flow) else "sent" if flow % 2 else "received"

    def queued(self, socket_id: str, start: int, stop: int) -> list[Part] | None:
        """Return the sends of the bytes at offsets *start* to *stop* of what a stream socket is to receive.

        Empty where the sender is not in the session, None where its records are not all there yet.
        """
        end = self._find(socket_id)
        return [] if end is None else self._sends(self._pairing.other[end], start, stop)

    def queued_messages(self, socket_id: str, count: int) -> list[Part | None]:
        """Return the send of each of the *count* messages in a socket's receive queue, None where it is not known."""
        end, known = self._find(socket_id), None
        if end is None:
            known = self._datagrams.queue(_key(socket_id), count)
        elif (other := self._pairing.other[end]) != NOBODY:
            start = self._flows[_received(end)].total
            known = [part.seq for part in self._flows[_sent(other)].parts(start, start + count)]
        found: list[Part | None] = [self._message_of(seq) for seq in known or ()]
        return found + [None] * (count - len(found))

    def cuts(self, socket_id: str, since: int) -> list[int]:
        """Return the sizes into which recvs have cut a stream, from the recv with index *since* on."""
        end = self._find(socket_id)
        return [] if end is None else self._flows[_received(end)].lengths(since)

    def reach(self, call: Call) -> int | None:
        """Return how many bytes (of SEQPACKET: messages) the call's direction of its stream had moved after it."""
        end = self._find(call.socket)
        if end is None:
            return None
        span = self._flows[_sent(end) if call.sends else _received(end)].span(call.seq)
        return None if span is None else span[1]

    def place_of_send(self, call: Call) -> int:
        """Return a number by which a view can tell a send from those near it: no two in succession share one.

        Of a stream, sends of one side are counted 0, 2, 4 …, those of the other 1, 3, 5 …; of datagrams, calls are.
        """
        end = self._find(call.socket)
        if end is None:
            return call.seq
        return 2 * self._flows[_sent(end)].index(call.seq) + (end > self._pairing.other[end])

    def knows_peer(self, call: Call) -> bool:
        """Whether the other end of the call's connection is in the session too."""
        end = self._find(call.socket)
        if end is None:
            return call.sends and call.datagram and self._datagrams.knows_receiver(call.seq)
        return self._pairing.other[end] != NOBODY

    def knows_fate(self, call: Call) -> bool:
        """Whether it is known of a send which of its bytes were received so far, and so which were not."""
        end = self._find(call.socket)
        if end is None or not self.knows_peer(call):
            return self.knows_peer(call)
        received = _received(self._pairing.other[end])
        span, taken = self._flows[_sent(end)].span(call.seq), self._flows[received]
        known = span is not None and (not taken.stopped or taken.total >= span[1])
        return known and not self._unseen(_sent(end)) and not self._unseen(received)

    def ends(self, socket_id: str) -> tuple[End, End] | None:
        """Return the number of a stream socket's end of its connection and of the other end, NOBODY if not known.

        A duplicate of a socket is the same end.
        """
        end = self._find(socket_id)
        return None if end is None else (end, self._pairing.other[end])

    def peers(self, socket_id: str) -> list[str]:
        """Return the sockets of the session that are the other end of a connection."""
        end = self._find(socket_id)
        other = NOBODY if end is None else self._pairing.other[end]
        return [] if other == NOBODY else [_socket_id(self._owners[other])]

    def _unseen(self, flow: int) -> bool:
        return flow in self._counted and self._counted[flow] > self._flows[flow].total

    def _message_of(self, seq: int) -> Part:
        """Return the whole data of a call that moved a message."""
        return Part(seq, 0, self._lengths[seq - 1])

    def _sends(self, sender: End, start: int, stop: int) -> list[Part] | None:
        """Return the sends of the bytes at *start* to *stop*; None if more is to come, nothing if it never will."""
        if sender == NOBODY or self._unseen(_sent(sender)):
            return []
        sent = self._flows[_sent(sender)]
        found = sent.parts(start, stop)
        if sum(part.size for part in found) == stop - start:
            return found
        return [] if sent.stopped else None

    def _find(self, socket_id: str) -> End | None:
        return self._ends.get(_packed(_key(socket_id)))

    def _end(self, key: Key) -> End:
        end = self._ends.get(_packed(key))
        if end is None:
            end = self._ends[_packed(key)] = self._pairing.new()
            self._owners.append(_packed(key))
            for _ in (_received(end), _sent(end)):
                self._flows.new()
        if not key[1]:  # made before there was a recorder, as others were: what each moved is not known
            self._stop(end)
        return end

    def _stop(self, end: End) -> None:
        """Claim nothing more of what the end sends and receives."""
        self._flows.stop(_received(end))
        self._flows.stop(_sent(end))


_NAMES = {CODE[name]: name for name in CODE}


def _received(end: End) -> int:
    """Return the number of the flow that the end received; the one it sent is the next."""
    return 2 * end


def _sent(end: End) -> int:
    return 2 * end + 1


def _packed(key: Key) -> int:
    return key[0] << 32 | key[1]


def _socket_id(packed: int) -> str:
    return f"{packed >> 32}.{packed & 0xFFFFFFFF}"


def _key(socket_id: str) -> Key:
    pid, _, number = socket_id.partition(".")
    return (int(pid), int(number)) if number else (0, 0)
