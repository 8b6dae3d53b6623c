"""Datagrams of UDP and of UNIX sockets with a path: which recv took which send.

A datagram goes to an address, whoever has it, so each address has a mailbox; the sender is known there by the name
that the receiver sees. UNIX datagrams are not lost (unix(7)), UDP's are where the queue is full: a sender in the same
bench knows which (DROPPED, DELIVERED), others have to be matched by content.
"""

from __future__ import annotations

import socket
from binascii import crc32
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from workbench.model.call.address import plain
from workbench.model.call.call import Call, Tail
from workbench.model.call.value import PlainAddress
from workbench.model.lineage.mailbox import Mailbox, same_host
from workbench.model.lineage.matching import LOST, NEVER, NOT_FOUND, Key, Matches, Received, Sent
from workbench.probe.format import CODE, DELIVERED, DROPPED, PEEK, SENDS, TRUNCATED, WHOLE, Head

HEAD = 256
"""Bytes at the beginning of a datagram that tell it from others; what lies behind is not looked at."""

_SENT_HEAD = 16
_UNIX = int(getattr(socket, "AF_UNIX", -1))
_TELLING = frozenset(CODE[name] for name in ("recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"))
_MOST_UNCLAIMED = 1024

Place: TypeAlias = tuple[int | str, str]
"""An address: a port or a path, and the host, "" for any."""


class _Socket:
    """A datagram socket: its own address, the one it is connected to, and what others send it."""

    __slots__ = ("box", "family", "local", "peer", "place")

    def __init__(self) -> None:
        self.family = 0
        self.place: Place = ("", "")
        self.local: PlainAddress | None = None
        self.peer: Place | None = None
        self.box: Mailbox | None = None


class Datagrams:
    """Every datagram in the session. Keeping it costs O(1) a call and 8 bytes, asking O(log calls)."""

    def __init__(self, head: Callable[[int], bytes]) -> None:
        """*head* returns the first HEAD bytes of the data of the call with that seq."""
        self._matches = Matches(head)
        self._sockets: dict[Key, _Socket] = {}
        self._boxes: dict[int | str, list[Mailbox]] = {}
        self._unclaimed: deque[tuple[Place, Key, Sent, bool]] = deque(maxlen=_MOST_UNCLAIMED)
        """Sent to an address that nobody has yet: a socket gets one with its first sendto, told after that returned."""

    # --- taking in --------------------------------------------------------------------------------------------------

    def named(self, code: int, key: Key, tail: Tail, started: int) -> None:
        """Take in a call that made or named a socket."""
        for made in tail.made:
            self._sockets.pop(made, None)
        sock = self._socket(key)
        if code == CODE["dup"] and tail.made:
            self._sockets[tail.made[0]] = sock
        elif code == CODE["detach"]:
            if sock.box is not None:
                sock.box.stop()
        else:
            sock.family = tail.family or sock.family
            sock.peer = place_of(tail.peer) or (None if code == CODE["connect"] else sock.peer)
            self._name(sock, tail.local)
            if code == CODE["bind"] and sock.box is not None:
                sock.box.clear(started)

    def moved(self, seq: int, head: Head, tail: Tail, data: bytes, length: int) -> None:
        """Take in call *seq*, which moved a datagram's *length* bytes; *data*: the first HEAD of them."""
        sock = self._socket(head.socket)
        if head.code in SENDS:
            self._name(sock, tail.local)
            place, times = self._matches.add(seq, NEVER), (head.started, head.ended)
            sent = Sent(place, _print(data, length), data[:_SENT_HEAD], length, *times)
            to = sock.peer if tail.peer is None else place_of(tail.peer)
            if head.flags & DROPPED:
                self._matches.point(LOST, sent.place)
            elif to is not None:
                self._send(to, head.socket, sent, sock.family != _UNIX and not head.flags & DELIVERED)
            return
        box = sock.box
        if box is None or box.stopped:
            self._matches.add(seq, NEVER)
            return
        received = _received(self._matches.add(seq, 0), head, data, length, _sender(sock, head.code, tail))
        box.received(received, empty=head.left == 0)

    def doubt(self) -> None:
        """Calls were lost: nothing more is claimed of the addresses there are."""
        for boxes in self._boxes.values():
            for box in boxes:
                box.stop()

    # --- answering --------------------------------------------------------------------------------------------------

    def source(self, call: Call, key: Key) -> int | None:
        """Return the seq of the send that a recv took; 0 if it is not in the session, None if not told yet."""
        other = self._matches.of(call.seq)
        if other:
            return other if other < NOT_FOUND else 0
        sock = self._socket(key)
        sender = sock.peer if call.peer is None else place_of(call.peer)
        known = sender[0] in self._boxes if sender is not None else sock.box is not None and sock.box.heard
        return None if known else 0

    def taker(self, seq: int) -> int:
        """Return the seq of the recv that took the datagram of send *seq*, 0 if none did so far."""
        other = self._matches.of(seq)
        return other if other < NOT_FOUND else 0

    def lost(self, seq: int) -> bool:
        """Whether it is known that the datagram of send *seq* was lost."""
        return self._matches.of(seq) in (LOST, NOT_FOUND)

    def overtaken(self, seq: int) -> bool:
        """Whether what tells that it was lost is a later datagram of its sender, and not an empty queue."""
        return self._matches.of(seq) == LOST

    def knows_receiver(self, seq: int) -> bool:
        """Whether the datagram of send *seq* went to a socket of the session."""
        return self._matches.of(seq) != NEVER

    def queue(self, key: Key, count: int) -> list[int] | None:
        """Return the seqs of the sends in a receive queue of *count* datagrams; None where that is not sure."""
        box = self._socket(key).box
        return None if box is None else box.queue(count)

    # --- addresses --------------------------------------------------------------------------------------------------

    def _socket(self, key: Key) -> _Socket:
        found = self._sockets.get(key)
        if found is None:
            found = _Socket()
            if key[1]:  # number 0: made before there was a recorder
                self._sockets[key] = found
        return found

    def _name(self, sock: _Socket, local: PlainAddress | None) -> None:
        """Give a socket its address, and what was sent there before that was told."""
        if local is None or local == sock.local:
            return
        place, sock.local = place_of(local), local
        if place is None:
            return
        known, sock.place = sock.place[0] == place[0], place
        if known:
            return
        boxes = self._boxes.setdefault(place[0], [])
        sock.box = next((box for box in boxes if box.host == place[1]), None)
        if sock.box is None:
            sock.box = Mailbox(self._matches, place[1])
            boxes.append(sock.box)
        early = [sending for sending in self._unclaimed if sending[0][0] == place[0]]
        for sending in early:
            self._unclaimed.remove(sending)
            self._send(*sending)

    def _send(self, to: Place, key: Key, sent: Sent, lossy: bool) -> None:
        boxes = [box for box in self._boxes.get(to[0], ()) if same_host(box.host, to[1])]
        if len(boxes) > 1:
            boxes = [box for box in boxes if box.host == to[1]]
        if len(boxes) != 1:
            self._unclaimed.append((to, key, sent, lossy))
        elif not boxes[0].stopped:
            self._matches.point(0, sent.place)
            boxes[0].sent(key, *self._socket(key).place, sent, lossy)


def _received(place: int, head: Head, data: bytes, length: int, sender: Place | None) -> Received:
    size = head.size if head.size >= 0 else None
    if size is None and head.flags & WHOLE and not head.flags & TRUNCATED:
        size = length
    known = size is not None and length >= min(size, HEAD)
    name, host = (None, "") if sender is None else sender
    fingerprint = _print(data, size or 0) if known else None
    peek = bool(head.flags & PEEK)
    return Received(place, name, host, fingerprint, data, size, head.started, head.ended, peek)


def _print(data: bytes, size: int) -> int:
    """Return a number that tells a datagram's content from others: CRC-32 of its first HEAD bytes and its size."""
    return crc32(data[:HEAD], size)


def _sender(sock: _Socket, code: int, tail: Tail) -> Place | None:
    """Return what a recv tells of the sender; UNIX sockets without a name are all the same."""
    if tail.peer is not None:
        return place_of(tail.peer)
    return ("", "") if sock.family == _UNIX and code in _TELLING else sock.peer


def place_of(address: PlainAddress | None) -> Place | None:
    """Return where an address in Python's form is, whichever side tells it; None for a socket without one."""
    match address:
        case [str(host), int(port), *_]:
            return (port, _host(host)) if port else None
        case str() | bytes() if address:
            return str(plain(address)), ""
    return None


@lru_cache(maxsize=4096)
def _host(host: str) -> str:
    """Return an IP address as the other side tells it too; "" for any, or for a name whose address nobody told."""
    host = host.removeprefix("::ffff:").partition("%")[0]
    literal = ":" in host or host.replace(".", "").isdigit()
    return host if literal and host not in ("0.0.0.0", "::") else ""
