"""Which datagrams were lost on their way to a socket of the same bench: the receiver's drop counter tells.

On loopback a datagram is delivered within sendto, so the counter (SO_MEMINFO, the last of its numbers) read before and
after a send tells of just this one, as long as no other send goes to the same receiver meanwhile: one lock for all.
"""

from __future__ import annotations

import _socket
import socket
from collections.abc import Callable
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from workbench.engine.sockets.queued_socket import QueuedSocket, memory_of
from workbench.model.lineage.datagrams import Place, place_of
from workbench.model.lineage.mailbox import same_host
from workbench.probe.format import DELIVERED, DROPPED

_INTERNET = (int(socket.AF_INET), int(socket.AF_INET6))


class Receivers:
    """The UDP sockets of a bench, by port. Any thread may add to them."""

    def __init__(self) -> None:
        self.sending = Lock()
        """Held while a datagram is sent to one of them."""
        self._by_port: dict[int | str, WeakKeyDictionary[socket.socket, Place]] = {}
        self._adding = Lock()

    def add(self, sock: socket.socket) -> Place | None:
        """Take in a socket that got its address, and return that."""
        place = _asked(_socket.socket.getsockname, sock)
        if place is not None:
            with self._adding:
                self._by_port.setdefault(place[0], WeakKeyDictionary())[sock] = place
        return place

    def at(self, place: Place) -> list[socket.socket]:
        """Return the open sockets that a datagram to *place* may go to."""
        found = self._by_port.get(place[0])
        if found is None:
            return []
        with self._adding:
            return [sock for sock, own in found.items() if sock.fileno() >= 0 and same_host(own[1], place[1])]


class WatchingSocket(QueuedSocket):
    """A socket that finds out whether the datagrams it sends to others of its bench are lost."""

    receivers: Receivers | None = None
    """Those of the bench; None if nobody cares."""
    fate: int = 0
    """DROPPED or DELIVERED after a send of a datagram; 0 where it is not known."""
    _place: Place | None = None

    def bind(self, address: Any, /) -> None:
        """socket.bind."""
        super().bind(address)
        self._tell()

    def connect(self, address: Any, /) -> None:
        """socket.connect."""
        super().connect(address)
        self._tell()

    def send_some(self, data: Any, flags: int = 0, deadline: float | None = None) -> int:
        """As in WaitingSocket."""
        return self._watch(lambda: super(WatchingSocket, self).send_some(data, flags, deadline), flags, None)

    def sendto(self, data: Any, *args: Any) -> int:
        """socket.sendto(data[, flags], address)."""
        send = super().sendto
        return self._watch(lambda: send(data, *args), args[0] if len(args) == 2 else 0, args[-1] if args else None)

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        """socket.sendmsg."""
        send = super().sendmsg
        return self._watch(lambda: send(buffers, ancdata, flags, address), flags, address)

    @property
    def _is_udp(self) -> bool:
        return self.family in _INTERNET and self.type == socket.SOCK_DGRAM

    def _tell(self) -> None:
        if self.receivers is not None and self._is_udp:
            self._place = self.receivers.add(self)

    def _watch(self, send: Callable[[], int], flags: Any, address: Any) -> int:
        """Send, and find out what became of the datagram; not with flags, which may put it off (MSG_MORE)."""
        self.fate = 0
        if self.receivers is None or flags or not self._is_udp:
            return send()
        place = place_of(address) if address is not None else _asked(_socket.socket.getpeername, self)
        found = self.receivers.at(place) if place is not None else []
        if len(found) != 1:
            return self._sent(send)
        with self.receivers.sending:
            before = memory_of(found[0])
            sent = self._sent(send)
            after = memory_of(found[0])
            if before is not None and after is not None and self._reaches(found[0]):
                self.fate = DROPPED if after[-1] != before[-1] else DELIVERED
        return sent

    def _sent(self, send: Callable[[], int]) -> int:
        """Send; a socket without a name gets one by it."""
        sent = send()
        if self._place is None:
            self._tell()
        return sent

    def _reaches(self, receiver: socket.socket) -> bool:
        """Whether *receiver* takes datagrams of this socket: one that is connected takes its peer's alone."""
        peer, own = _asked(_socket.socket.getpeername, receiver), self._place
        return peer is None or (own is not None and peer[0] == own[0] and same_host(peer[1], own[1]))


def _asked(ask: Callable[[socket.socket], Any], sock: socket.socket) -> Place | None:
    try:
        return place_of(ask(sock))
    except OSError:
        return None
