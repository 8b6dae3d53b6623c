"""What waits for many sockets and for the time at once, in one thread."""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from workbench.engine.sockets.waker import POLLIN, Bell

Ready = Callable[[int], None]
"""Told the events (POLLIN, POLLOUT, POLLERR, POLLHUP) of a descriptor."""


class Loop:
    """Calls back what is ready, and what is due. Only `call_soon` and `stop` may come from other threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._poll: Any = select.epoll() if hasattr(select, "epoll") else select.poll()
        self._unit = 1 if hasattr(select, "epoll") else 1000
        self._ready: dict[int, tuple[int, Ready]] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._soon: list[Callable[[], None]] = []
        self._stopped = False
        self._bell = Bell()
        self.watch(self._bell.fileno(), POLLIN, lambda events: self._bell.drain())

    def watch(self, fd: int, events: int, ready: Ready) -> None:
        """Call *ready* for these events of a descriptor from now on; of none, for its errors and its end."""
        before = self._ready.get(fd)
        self._ready[fd] = events, ready
        if before is None:
            self._poll.register(fd, events)
        elif before[0] != events:
            self._poll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Watch a descriptor no more, before it is closed."""
        if self._ready.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def call_at(self, when: float, what: Callable[[], None]) -> None:
        """Call *what* at a time of the clock."""
        heapq.heappush(self._due, (when, next(self._numbers), what))

    def call_soon(self, what: Callable[[], None]) -> None:
        """Let another thread have something done in this one."""
        self._soon.append(what)
        self._bell.notify()

    def stop(self) -> None:
        """Let `run` return."""
        self._stopped = True
        self._bell.notify()

    def run(self) -> None:
        """Call back until `stop`."""
        while not self._stopped:
            wait = None
            if self._due:
                wait = max(0.0, self._due[0][0] - self.clock()) * self._unit
            for fd, events in self._poll.poll(wait):
                found = self._ready.get(fd)
                if found is not None:  # nobody before it in this round has closed it
                    found[1](events)
            while self._soon:
                self._soon.pop(0)()
            now = self.clock()
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()

    def close(self) -> None:
        """Give its descriptors back, when `run` has returned."""
        self._bell.close()
        if hasattr(self._poll, "close"):
            self._poll.close()
