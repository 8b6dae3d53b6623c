"""Which sockets are the two ends of one connection, as the calls that named them tell."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, TypeAlias

from workbench.model.address import plain
from workbench.model.call import Json, Tail
from workbench.model.flow import End


class _Meeting(NamedTuple):
    """The two ends that told one pair of addresses: who connected when, and who was accepted when (ns)."""

    connected: End | None = None
    began: int = 0
    accepted: End | None = None
    returned: int = 0


_Queue: TypeAlias = deque[tuple[int, End]]
"""Ends of UNIX connections to one path that wait for their other end, and since when (ns)."""


class Pairing:
    """Finds the ends that belong together, whichever is told first."""

    def __init__(self) -> None:
        self._by_address: dict[tuple[str, str], _Meeting] = {}
        self._by_path: dict[str, tuple[_Queue, _Queue]] = {}
        self._connected: dict[int, End] = {}
        self._awaited: dict[int, End] = {}
        self._secured: dict[tuple[str, str], End] = {}

    def connect(self, end: End, tail: Tail, began: int) -> None:
        """Find the accepted end by the addresses that both ends tell; it can be told before this one.

        Of two connections that used one pair of addresses after each other, an accept belongs to the last connect
        that began before the accept returned.
        """
        local, peer = plain(tail.local), plain(tail.peer)
        if not (isinstance(local, list) and isinstance(peer, list)):
            return self._connect_unix(end, str(peer), tail.inode, began)
        names = _text(local), _text(peer)
        met = self._by_address.get(names, _Meeting())
        if met.accepted is not None and met.returned >= began:
            _part(met.connected, met.accepted)
            pair(end, met.accepted)
            self._by_address[names] = met._replace(connected=end, began=began)
        else:
            self._by_address[names] = _Meeting(connected=end, began=began)
        return None

    def accept(self, end: End, tail: Tail, returned: int) -> None:
        """Find the end that connected, as connect does the accepted one."""
        local, peer = plain(tail.local), plain(tail.peer)
        if not (isinstance(local, list) and isinstance(peer, list)):
            return self._accept_unix(end, str(local), tail.peer_inode, returned)
        names = _text(peer), _text(local)
        met = self._by_address.get(names, _Meeting())
        if met.connected is not None and met.accepted is None and met.began <= returned:
            pair(end, met.connected)
            self._by_address[names] = met._replace(accepted=end, returned=returned)
        else:
            self._by_address[names] = _Meeting(accepted=end, returned=returned)
        return None

    def secure(self, end: End, tail: Tail) -> None:
        """Find the other end of a TLS connection: its plain bytes have offsets of their own, apart from TCP's."""
        local, peer = plain(tail.local), plain(tail.peer)
        if isinstance(local, list) and isinstance(peer, list):
            names = _text(local), _text(peer)
            other = self._secured.pop(names[::-1], None)
            if other is None:
                self._secured[names] = end
            else:
                pair(end, other)

    def _connect_unix(self, end: End, path: str, inode: int, began: int) -> None:
        """Pair by the inode of the socket that connected, if the accept told it, else by order."""
        accepted = self._awaited.pop(inode, None)
        if accepted is not None:
            return pair(end, accepted)
        self._queue_up(end, path, 0, began)
        if inode and end.other is None:
            self._connected[inode] = end
        return None

    def _accept_unix(self, end: End, path: str, inode: int, returned: int) -> None:
        """Pair by the *inode* of the peer; by order where that was not told (0), as the peer was closed by then."""
        if not inode:
            return self._queue_up(end, path, 1, returned)
        connected = self._connected.pop(inode, None)
        if connected is None:
            self._awaited[inode] = end
        elif connected.other is None:
            pair(end, connected)
            _tidy(self._by_path[path][0])
        return None

    def _queue_up(self, end: End, path: str, side: int, since: int) -> None:
        """Pair the ends of UNIX connections to one path in the order of connect (side 0) and accept (1): a FIFO."""
        queues = self._by_path.setdefault(path, (deque(), deque()))
        if end.other is not None:
            return
        _tidy(queues[1 - side])
        if queues[1 - side]:
            pair(end, queues[1 - side].popleft()[1])
        else:
            queues[side].append((since, end))

    def forget(self, path: str, bound: int) -> None:
        """Drop who waits since before *path* was bound: a new socket has a new accept queue."""
        for queue in self._by_path.get(str(plain(path)), ()):
            while queue and queue[0][0] < bound:
                queue.popleft()


def pair(one: End, other: End) -> None:
    """Make the two the ends of one connection."""
    one.other, other.other = other, one


def _part(one: End | None, other: End) -> None:
    if one is not None and one.other is other:
        one.other = other.other = None


def _tidy(queue: _Queue) -> None:
    """Drop those at the front that have found their other end."""
    while queue and queue[0][1].other is not None:
        queue.popleft()


def _text(address: Json) -> str:
    """Return host and port; an IPv4 address is the same where an IPv6 socket tells it."""
    return " ".join(map(str, address[:2])).removeprefix("::ffff:")
