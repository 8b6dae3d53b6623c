"""Wake a thread out of its wait: poll two descriptors, the socket's and one of the thread's own."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

POLLIN: int = getattr(select, "POLLIN", 0x001)
POLLOUT: int = getattr(select, "POLLOUT", 0x004)
POLLERR: int = getattr(select, "POLLERR", 0x008)
POLLHUP: int = getattr(select, "POLLHUP", 0x010)
POLLRDHUP: int = getattr(select, "POLLRDHUP", 0)
"""0 where the system has none (macOS, Windows)."""

LOOK_AGAIN = 0.1
"""Seconds after which a thread that nobody can wake looks again by itself."""


class Cancelled(Exception):
    """The wait was cancelled by the person; `moved` bytes of the cancelled send or sendall had gone out."""

    def __init__(self, moved: int = 0) -> None:
        super().__init__("cancelled")
        self.moved = moved


class Unwakeable:
    """The waits of a thread that has no Waker: nobody can cancel them."""

    def begin(self) -> int:
        """Enter a call; what it returns belongs to `end`. Calls nest: the outermost counts."""
        return 0

    def end(self, outer: int) -> None:
        """Leave the call."""

    def nudge(self) -> None:
        """Nothing to wake: see LOOK_AGAIN."""

    def wait(self, fd: int, events: int, deadline: float | None) -> int:
        """The events ready on `fd`, or 0: look again, the `deadline` (monotonic seconds) may have passed."""
        return _poll({fd: events}, min(LOOK_AGAIN, _remaining(deadline, LOOK_AGAIN))).get(fd, 0)

    def pause(self, seconds: float) -> None:
        """Wait for nothing but the time."""
        time.sleep(seconds)


class Waker(Unwakeable):
    """Cancels the waits of the one thread that installed it; `cancel` and `nudge` may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # keeps cancel and nudge from writing into a descriptor that close has given back
        self._wakeup: _EventFd | _Pair | None = _EventFd() if hasattr(os, "eventfd") else _Pair()
        self._fd = self._wakeup.fileno()
        self._calls = 0
        self._current = 0  # number of the call under way, 0 for none
        self._cancelled = 0  # number of the call to cancel
        self._for_good = False

    @contextmanager
    def installed(self) -> Iterator[Waker]:
        """Make this the waker of the current thread."""
        before, _here.waker = _here.waker, self
        try:
            yield self
        finally:
            _here.waker = before

    def cancel(self, *, for_good: bool = False) -> bool:
        """Make the call under way raise Cancelled at its wait; False, and nothing, if there is none.

        With `for_good` every later wait raises too: the way to stop a thread that may be between two calls.
        """
        self._for_good = self._for_good or for_good
        under_way = self._current
        if under_way:
            self._cancelled = under_way
            self.nudge()
        return under_way != 0

    def nudge(self) -> None:
        """Make the wait under way look again at what it waits for."""
        with self._lock:
            if self._wakeup is not None:
                self._wakeup.notify()

    def close(self) -> None:
        """Give the descriptor back; the owner calls it, when its last wait is over."""
        with self._lock:
            if self._wakeup is not None:
                self._wakeup.close()
                self._wakeup = None

    def begin(self) -> int:
        outer = self._current
        if not outer:
            self._calls += 1
            self._current = self._calls
        return outer

    def end(self, outer: int) -> None:
        self._current = outer

    def wait(self, fd: int, events: int, deadline: float | None) -> int:
        """As Unwakeable's; raises Cancelled."""
        return self._watch({self._fd: POLLIN, fd: events}, deadline).get(fd, 0)

    def pause(self, seconds: float) -> None:
        """As Unwakeable's; raises Cancelled."""
        self._watch({self._fd: POLLIN}, time.monotonic() + seconds)

    def _watch(self, watched: dict[int, int], deadline: float | None) -> dict[int, int]:
        if self._for_good:
            raise Cancelled
        ready = _poll(watched, None if deadline is None else _remaining(deadline))
        if self._fd in ready and self._wakeup is not None:
            self._wakeup.drain()
            if self._for_good or 0 != self._current == self._cancelled:
                raise Cancelled
        return ready


def current() -> Unwakeable:
    """The waker of this thread."""
    return _here.waker


class _Here(threading.local):
    waker: Unwakeable = Unwakeable()


_here = _Here()


class _EventFd:
    """What a thread can wait for beside a socket: one descriptor (eventfd(2), Linux)."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        return self._fd

    def notify(self) -> None:
        os.eventfd_write(self._fd, 1)

    def drain(self) -> None:
        os.eventfd_read(self._fd)

    def close(self) -> None:
        os.close(self._fd)


class _Pair:
    """A pair of sockets: what select(2) takes on every system, Windows included."""

    def __init__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)

    def fileno(self) -> int:
        return self._reading.fileno()

    def notify(self) -> None:
        with suppress(BlockingIOError):  # thousands of rings are waiting already
            self._writing.send(b"\0")

    def drain(self) -> None:
        self._reading.recv(4096)

    def close(self) -> None:
        self._reading.close()
        self._writing.close()


Bell = _EventFd if hasattr(os, "eventfd") else _Pair
"""Wakes a poll from another thread: notify, and drain once it has been seen."""


def _remaining(deadline: float | None, otherwise: float = 0.0) -> float:
    return otherwise if deadline is None else max(0.0, deadline - time.monotonic())


def _poll_with_poll(watched: dict[int, int], seconds: float | None) -> dict[int, int]:
    poller = select.poll()
    for fd, events in watched.items():
        poller.register(fd, events)
    return dict(poller.poll(None if seconds is None else seconds * 1000))


def _poll_with_select(watched: dict[int, int], seconds: float | None) -> dict[int, int]:
    """select(2) in the shape of poll(2): on Windows a failed connect shows as exceptional, here POLLERR."""
    reading = [fd for fd, events in watched.items() if events & POLLIN]
    writing = [fd for fd, events in watched.items() if events & POLLOUT]
    ready: dict[int, int] = {}
    for fds, event in zip(select.select(reading, writing, writing, seconds), (POLLIN, POLLOUT, POLLERR), strict=True):
        for fd in fds:
            ready[fd] = ready.get(fd, 0) | event
    return ready


_poll = _poll_with_poll if hasattr(select, "poll") else _poll_with_select
