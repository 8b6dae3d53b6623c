"""A session as frames on a wire, where each byte appears once: as its sender sent it, if the sender is in the session.

Times and addresses are the calls' own. UNIX sockets are hosts that stand for each path and each unnamed socket, their
streams TCP, their messages UDP. Raw sockets are left out: their calls don't hold whole packets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from workbench import __version__
from workbench.journal.order import by_cause, moment
from workbench.journal.reader import Journal
from workbench.model.call.address import show
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.session.sockets import SocketFacts, Sockets, connects, partner, takes
from workbench.model.text.safe import safe
from workbench.report.capture.frames import LARGEST_DATAGRAM, Host, udp
from workbench.report.capture.hosts import STAND_INS, Hosts, is_loopback
from workbench.report.capture.pcapng import Capture
from workbench.report.capture.stream import Stream
from workbench.report.exports import BinaryExport

_LINGER_NONE = struct.pack("ii", 1, 0).decode()


class Packet(NamedTuple):
    """A frame; how many of its bytes are not known; what is noteworthy about it."""

    data: bytes
    missing: int = 0
    comment: str = ""


def export_pcapng(journal: Journal, out: BinaryIO) -> int:
    """Write the session as a pcapng file; return how many calls that moved bytes have no place in it."""
    start = journal.start
    capture = Capture(
        out,
        application=f"socket-workbench {__version__}",
        interface="sockets",
        description=f"frames made from recorded socket calls; {STAND_INS} stand for addresses that are not IP",
        comment=f"recorded from {safe(start.program)}" if start is not None and start.program else "",
    )
    wall = start.wall if start is not None else 0
    wire = Wire(journal)
    for index in by_cause(journal):
        call = journal[index]
        when = wall + round(moment(call) * 1e9)
        for frame in wire.frames(call):
            capture.frame(when, frame.data, frame.comment, frame.missing)
    return wire.left_out


EXPORT = BinaryExport(export_pcapng)


@dataclass(slots=True)
class _Traffic:
    """What a socket did in the whole session: known before the first frame is made."""

    sends: int = 0
    sent: int = 0
    takes: int = 0
    taken: int = 0
    left: int = 0
    """Bytes in its queue after the last recv."""
    lingers: bool = True
    """Whether close sends what is queued and a FIN, as it does unless told to reset."""

    def add(self, call: Call) -> None:
        """Take in one of its calls."""
        if call.sends and call.data:
            self.sends, self.sent = self.sends + 1, self.sent + len(call.data)
        elif takes(call):
            self.takes, self.taken = self.takes + bool(call.data), self.taken + len(call.data)
            self.left = call.left or 0
        elif call.call == "setsockopt" and call.args[1:2] == ["SO_LINGER"]:
            self.lingers = call.args[2:] != [_LINGER_NONE]


class _Connection(NamedTuple):
    """A stream and the sockets of its two ends, "" for one that is not in the session."""

    stream: Stream
    ends: tuple[str, str]
    by_sender: tuple[bool, bool]
    """Whether the data of each side is taken from its own sends, not from the other's recvs."""


class Wire:
    """Turns calls into frames, once it has seen them all."""

    def __init__(self, journal: Journal) -> None:
        self._sockets, self._hosts, self._lineage = Sockets(), Hosts(), journal.lineage
        self._traffic: dict[str, _Traffic] = {}
        self._senders: set[str] = set()
        for call in journal:
            facts = self._sockets.add(call)
            self._traffic.setdefault(facts.id, _Traffic()).add(call)
            if call.sends and facts.keeps_messages and call.error is None:
                self._senders.add(str(facts.local))
        self._sockets.pair(journal.lineage)
        self._connections: dict[str, _Connection] = {}
        self._number = 0
        self.left_out = 0

    def frames(self, call: Call) -> Iterator[Packet]:
        """Yield what the call puts on the wire; calls must come in the order of cause and effect."""
        facts = self._sockets.get(call.socket)
        if facts is None or not call.socket or facts.type == "SOCK_RAW":
            self.left_out += bool(call.data)
        elif facts.keeps_messages:
            yield from self._message(call, facts)
        else:
            comment = _comment(call, facts)
            for frame in self._segments(call, facts):
                yield Packet(frame, comment=comment)
                comment = ""

    # --- streams --------------------------------------------------------------------------------------------------

    def _segments(self, call: Call, facts: SocketFacts) -> Iterator[bytes]:
        if call.call == "accept" and call.made and call.error is None:
            yield from self._connection(self._sockets[call.made[0]]).stream.open()
        elif connects(call):
            if call.error is None and call.result in (None, 0):
                yield from self._connection(facts).stream.open()
        elif call.data or facts.id in self._connections:
            connection = self._connection(facts)
            yield from self._moved(call, facts, connection, connection.ends.index(facts.id))

    def _moved(self, call: Call, facts: SocketFacts, connection: _Connection, side: int) -> Iterator[bytes]:
        stream, other = connection.stream, 1 - side
        if call.sends and call.data and connection.by_sender[side]:
            yield from stream.data(side, call.data)
        elif takes(call) and call.data and not connection.by_sender[other]:
            yield from stream.data(other, call.data)
        elif call.error is not None and call.error.errno == "ECONNRESET":
            yield from stream.reset(other)
        elif takes(call) and not call.data and call.requested:
            yield from stream.finish(other)
        elif call.error is None and call.call == "shutdown" and call.args != ["SHUT_RD"]:
            yield from stream.finish(side)
        elif call.seq == facts.last_close:
            yield from stream.finish(side) if self._ends_well(facts, connection, other) else stream.reset(side)

    def _ends_well(self, facts: SocketFacts, connection: _Connection, other: int) -> bool:
        """Whether close sends FIN: it sends RST where bytes lie unread, or SO_LINGER says so (tcp(7), socket(7))."""
        traffic = self._traffic[facts.id]
        unread = connection.stream.sent(other) > traffic.taken if connection.ends[other] else bool(traffic.left)
        return traffic.lingers and not unread

    def _connection(self, facts: SocketFacts) -> _Connection:
        known = self._connections.get(facts.id)
        if known is not None:
            return known
        serves = facts.role == "connection" or (facts.role != "client" and "" < facts.other < facts.id)
        ends = (facts.other, facts.id) if serves else (facts.id, facts.other)
        connection = self._connect(facts, ends, int(serves))
        for end in filter(None, ends):
            self._connections[end] = connection
        return connection

    def _connect(self, facts: SocketFacts, ends: tuple[str, str], side: int) -> _Connection:
        own, peer = self._hosts.pair(facts.local, _key(facts, facts.local), facts.peer, self._peer_key(facts))
        traffic = [self._traffic.setdefault(end, _Traffic()) for end in ends]
        by_sender = tuple(
            bool(ends[at]) and (not ends[1 - at] or traffic[at].sent >= traffic[1 - at].taken) for at in (0, 1)
        )
        pending = [traffic[at].sends if by_sender[at] else traffic[1 - at].takes for at in (0, 1)]
        self._number += 1
        return _Connection(
            Stream(self._number, (peer, own) if side else (own, peer), (pending[0], pending[1])),
            ends,
            (by_sender[0], by_sender[1]),
        )

    # --- messages -------------------------------------------------------------------------------------------------

    def _message(self, call: Call, facts: SocketFacts) -> Iterator[Packet]:
        if connects(call):  # a datagram socket may connect again, elsewhere
            facts.peer = partner(call, facts)
        whole = call.data or (call.error is None and call.requested and facts.type != "SOCK_SEQPACKET")
        if call.sends and (call.data or call.error is None):
            yield from self._datagrams(call, facts, *self._between(call, facts))
        elif takes(call) and whole and not self._sent_here(call, facts):
            own, peer = self._between(call, facts)
            yield from self._datagrams(call, facts, peer, own)

    def _datagrams(self, call: Call, facts: SocketFacts, source: Host, target: Host) -> Iterator[Packet]:
        """Yield a message as one datagram, or as several where it is one of a UNIX socket and too large."""
        largest = LARGEST_DATAGRAM[len(source.ip)]
        pieces = [call.data[start : start + largest] for start in range(0, len(call.data), largest)] or [b""]
        for number, piece in enumerate(pieces):
            size = min(call.size or 0, largest) if len(pieces) == 1 else None
            comment = _comment(call, facts) + (f", piece {number + 1} of {len(pieces)}" if len(pieces) > 1 else "")
            yield Packet(udp(source, target, piece, size), max(0, (size or 0) - len(piece)), comment)

    def _between(self, call: Call, facts: SocketFacts) -> tuple[Host, Host]:
        """Return the hosts of the socket and of the other end, for this message."""
        peer = partner(call, facts)
        key = str(peer) if isinstance(peer, str) and peer else self._peer_key(facts)
        return self._hosts.pair(facts.local, _key(facts, facts.local), peer, key)

    def _sent_here(self, call: Call, facts: SocketFacts) -> bool:
        """Whether the sender of a message is in the session, where it has been seen already."""
        if facts.other or self._lineage.sources(call) != []:
            return True
        match partner(call, facts):
            case [str() as host, int() as port, *_] as peer:
                any_host = "::" if ":" in host else "0.0.0.0"
                on_all = [any_host, port, *peer[2:]]
                local = self._hosts.pair(peer, "", peer, "")[0].ip
                return str(peer) in self._senders or (is_loopback(local) and str(on_all) in self._senders)
            case peer:
                return str(peer) in self._senders

    def _peer_key(self, facts: SocketFacts) -> str:
        other = self._sockets.get(facts.other)
        return f"peer of {facts.id}" if other is None else _key(other, facts.peer)


def _key(facts: SocketFacts, address: PlainAddress | None) -> str:
    """Return what tells a socket without IP address from others: its path, or its id."""
    return address if isinstance(address, str) and address else facts.id


def _comment(call: Call, facts: SocketFacts) -> str:
    comment = f"#{call.seq} {safe(call.name or call.socket)} {safe(call.call)}"
    comment += ", plain bytes of TLS" if call.tls and call.data else ""
    if not facts.is_unix:
        return comment
    paths = [show(path) for path in (facts.local, partner(call, facts)) if isinstance(path, str) and path]
    return f"{comment}, UNIX socket {' to '.join(dict.fromkeys(paths)) or 'unnamed'}"
