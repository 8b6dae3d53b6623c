"""Whether anything has moved at some sockets: one call that never waits, instead of asking about each of them.

epoll(7), edge-triggered: bytes or connections that come, room in a send buffer, an end or an error count once. Where
there is no epoll, something may always have moved.
"""

from __future__ import annotations

import select
from collections.abc import Iterable
from contextlib import suppress

from workbench.engine.sockets.bench_socket import BenchSocket

_MOST = 64
"""Events taken at once: one is enough to know."""


class Movement:
    """Looks at the sockets it is given; closed ones leave it by themselves."""

    def __init__(self) -> None:
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._known: dict[int, str] = {}

    def look(self, sockets: Iterable[BenchSocket]) -> bool:
        """Tell whether something moved at *sockets* since the last look; of one that is new, it did."""
        if self._epoll is None:
            return True
        moved = False
        for sock in sockets:
            fd = sock.fileno()
            if fd >= 0 and self._known.get(fd) != sock.id:
                moved = self._add(fd, sock.id)
        with suppress(OSError):
            moved = bool(self._epoll.poll(0, _MOST)) or moved
        return moved

    def _add(self, fd: int, id: str) -> bool:
        self._known[fd] = id
        with suppress(OSError):  # closed meanwhile, or there already
            self._epoll.register(  # type: ignore[union-attr]
                fd, select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
            )
        return True

    def close(self) -> None:
        """Give its descriptor back."""
        if self._epoll is not None:
            self._epoll.close()
