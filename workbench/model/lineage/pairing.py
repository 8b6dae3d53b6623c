"""Which sockets are the two ends of one connection, as the calls that named them tell."""

from __future__ import annotations

from array import array
from collections import deque
from typing import NamedTuple, TypeAlias

from workbench.model.call.address import plain
from workbench.model.call.call import Tail
from workbench.model.call.value import PlainAddress

End: TypeAlias = int
"""One socket of a connection, numbered from 0 up."""

NOBODY: End = -1


class _Meeting(NamedTuple):
    """The two ends that told one pair of addresses: who connected when, and who was accepted when (ns)."""

    connected: End = NOBODY
    began: int = 0
    accepted: End = NOBODY
    returned: int = 0


_Queue: TypeAlias = deque[tuple[int, End]]
"""Ends of UNIX connections to one path that wait for their other end, and since when (ns)."""


class Pairing:
    """Finds the ends that belong together, whichever is told first."""

    def __init__(self) -> None:
        self.other = array("i")
        """Of each end the one it belongs to, NOBODY where that is not known."""
        self._by_address: dict[str, _Meeting] = {}
        self._by_path: dict[str, tuple[_Queue, _Queue]] = {}
        self._connected: dict[int, End] = {}
        self._awaited: dict[int, End] = {}
        self._secured: dict[tuple[str, str], End] = {}

    def new(self) -> End:
        """Give another end."""
        self.other.append(NOBODY)
        return len(self.other) - 1

    def pair(self, one: End, other: End) -> None:
        """Make the two the ends of one connection."""
        self.other[one], self.other[other] = other, one

    def connect(self, end: End, tail: Tail, began: int) -> None:
        """Find the accepted end by the addresses that both ends tell; it can be told before this one.

        Of two connections that used one pair of addresses after each other, an accept belongs to the last connect
        that began before the accept returned.
        """
        local, peer = plain(tail.local), plain(tail.peer)
        if not (isinstance(local, list) and isinstance(peer, list)):
            return self._connect_unix(end, str(peer), tail.inode, began)
        names = _text(local) + _text(peer)
        met = self._by_address.get(names, _Meeting())
        if met.accepted != NOBODY and met.returned >= began:
            self._part(met.connected, met.accepted)
            self.pair(end, met.accepted)
            self._by_address[names] = met._replace(connected=end, began=began)
        else:
            self._by_address[names] = _Meeting(connected=end, began=began)
        return None

    def accept(self, end: End, tail: Tail, returned: int) -> None:
        """Find the end that connected, as connect does the accepted one."""
        local, peer = plain(tail.local), plain(tail.peer)
        if not (isinstance(local, list) and isinstance(peer, list)):
            return self._accept_unix(end, str(local), tail.peer_inode, returned)
        names = _text(peer) + _text(local)
        met = self._by_address.get(names, _Meeting())
        if met.connected != NOBODY and met.accepted == NOBODY and met.began <= returned:
            self.pair(end, met.connected)
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
                self.pair(end, other)

    def _connect_unix(self, end: End, path: str, inode: int, began: int) -> None:
        """Pair by the inode of the socket that connected, if the accept told it, else by order."""
        accepted = self._awaited.pop(inode, None)
        if accepted is not None:
            return self.pair(end, accepted)
        self._queue_up(end, path, 0, began)
        if inode and self.other[end] == NOBODY:
            self._connected[inode] = end
        return None

    def _accept_unix(self, end: End, path: str, inode: int, returned: int) -> None:
        """Pair by the *inode* of the peer; by order where that was not told (0), as the peer was closed by then."""
        if not inode:
            return self._queue_up(end, path, 1, returned)
        connected = self._connected.pop(inode, None)
        if connected is None:
            self._awaited[inode] = end
        elif self.other[connected] == NOBODY:
            self.pair(end, connected)
            self._tidy(self._by_path[path][0])
        return None

    def _queue_up(self, end: End, path: str, side: int, since: int) -> None:
        """Pair the ends of UNIX connections to one path in the order of connect (side 0) and accept (1): a FIFO."""
        queues = self._by_path.setdefault(path, (deque(), deque()))
        if self.other[end] != NOBODY:
            return
        self._tidy(queues[1 - side])
        if queues[1 - side]:
            self.pair(end, queues[1 - side].popleft()[1])
        else:
            queues[side].append((since, end))

    def forget(self, path: str, bound: int) -> None:
        """Drop who waits since before *path* was bound: a new socket has a new accept queue."""
        for queue in self._by_path.get(str(plain(path)), ()):
            while queue and queue[0][0] < bound:
                queue.popleft()

    def _part(self, one: End, other: End) -> None:
        if one != NOBODY and self.other[one] == other:
            self.other[one] = self.other[other] = NOBODY

    def _tidy(self, queue: _Queue) -> None:
        """Drop those at the front that have found their other end."""
        while queue and self.other[queue[0][1]] != NOBODY:
            queue.popleft()


def _text(address: PlainAddress | None) -> str:
    """Return host and port, and an end mark; an IPv4 address is the same where an IPv6 socket tells it."""
    return f"{' '.join(map(str, (address or '')[:2])).removeprefix('::ffff:')}\n"
