"""A socket whose descriptor is always non-blocking, and the waits that make its calls behave as declared."""

from __future__ import annotations

import _socket
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from workbench.engine.sockets.waker import POLLIN, POLLRDHUP, Unwakeable, current
from workbench.probe.facts import STREAM

T = TypeVar("T")

UNIX = getattr(socket, "AF_UNIX", None)
LINUX = sys.platform == "linux"
DONTWAIT, ERRQUEUE, OOB, PEEK, TRUNC, WAITALL = (
    int(getattr(socket, "MSG_" + name, 0)) for name in ("DONTWAIT", "ERRQUEUE", "OOB", "PEEK", "TRUNC", "WAITALL")
)
"""recv(2)'s flags as plain ints, 0 where the system has none: an enum's & takes as long as a system call."""

RETRY_AFTER = 0.005
"""Seconds until a call that found nothing although poll said "ready" is tried again."""
TIMEVAL = struct.Struct("@ll")


class DeclaredSocket(socket.socket):
    """Keeps the declared timeout (None, 0, seconds) and waits by it, with the current thread's Waker."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        super().__init__(family, type, proto, fileno)
        self._declared = super().gettimeout()
        super().setblocking(False)
        self._stream = int(self.type) == STREAM
        self._waiters: set[Unwakeable] = set()

    # --- the timeout ------------------------------------------------------------------------------------------------

    def gettimeout(self) -> float | None:
        """Return the declared timeout: None, 0.0 or seconds."""
        return self._declared

    @property
    def timeout(self) -> float | None:
        """The declared timeout."""
        return self._declared

    def getblocking(self) -> bool:
        """Tell whether the declared timeout is anything but 0."""
        return self._declared != 0

    def setblocking(self, flag: bool, /) -> None:
        """Declare the timeout None, or 0."""
        self._declare(None if flag else 0.0)

    def settimeout(self, value: float | None, /) -> None:
        """Declare the timeout; TypeError, ValueError and OverflowError are those of CPython's own parser."""
        self._declare(value if value is None else self._parsed(value))

    def _declare(self, value: float | None) -> None:
        self._declared = value
        super().setblocking(False)  # OSError where the socket is closed

    def _parsed(self, value: float) -> float | None:
        """Let CPython read the value with another object: a timeout of our own would make the real calls wait."""
        fd = self.fileno()
        ruler = _socket.socket(int(self.family), int(self.type), self.proto, fd) if fd >= 0 else _socket.socket()
        try:
            ruler.settimeout(value)
            return ruler.gettimeout()
        finally:
            if fd >= 0:
                ruler.detach()
            else:
                ruler.close()

    def detach(self) -> int:
        """Give the descriptor away, blocking if that was declared."""
        if self._declared is None and self.fileno() >= 0:
            super().setblocking(True)
        return super().detach()

    def shutdown(self, how: int, /) -> None:
        """Shut down, and let blocked calls look again: a poll for room in a full UNIX socket would not see it."""
        super().shutdown(how)
        for waker in tuple(self._waiters):
            waker.nudge()

    # --- the waits --------------------------------------------------------------------------------------------------

    def _blocked(self) -> _Blocked:
        """Enter one call that may wait, as far as cancel() and shutdown() are concerned; calls nest."""
        return _Blocked(self._waiters)

    def _when_ready(
        self,
        events: int,
        operation: Callable[[], T],
        *,
        may_wait: bool = True,
        ended: T | None = None,
        deadline: float | None = None,
    ) -> T:
        """Make a real call, waiting for `events` as declared, or until the `deadline` (monotonic seconds) instead.

        `may_wait`: False where the call returns at once even on a blocking socket, though not on one with a timeout.
        `ended`: what a blocking recv returns after SHUT_RD.
        """
        if self._declared == 0:
            return operation()
        waker = current()
        outer = waker.begin()
        try:
            if deadline is None and self._declared is not None:
                deadline = time.monotonic() + self._declared
            if deadline is not None:
                return self._timed(waker, events, operation, deadline)
            try:
                return operation()
            except BlockingIOError:
                if not may_wait:
                    raise
            return self._blocking(events, operation, ended)
        finally:
            waker.end(outer)

    def _timed(self, waker: Unwakeable, events: int, operation: Callable[[], T], deadline: float | None) -> T:
        """Wait, then call: CPython's sock_call_impl polls first too, which decides how much a send takes."""
        while True:
            fd = self.fileno()
            if fd >= 0 and not waker.wait(fd, events, deadline):
                if passed(deadline):
                    raise TimeoutError("timed out")
                continue
            try:
                return operation()
            except BlockingIOError:
                if passed(deadline):
                    raise TimeoutError("timed out") from None
                waker.pause(RETRY_AFTER if deadline is None else min(RETRY_AFTER, deadline - time.monotonic()))

    def _blocking(self, events: int, operation: Callable[[], T], ended: T | None) -> T:
        """Wait and call until it is done."""
        deadline = self._option_deadline(events)
        with self._blocked() as waker:
            while True:
                ready = waker.wait(self.fileno(), events | POLLRDHUP, deadline)
                try:
                    return operation()
                except BlockingIOError:
                    if passed(deadline):
                        raise
                if ready & POLLRDHUP and ended is not None:
                    return ended
                if ready:
                    waker.pause(RETRY_AFTER)

    def _take_error(self) -> None:
        """Take the pending error where a blocking call that ends early takes it with it: UNIX streams, not TCP."""
        if self.family == UNIX:
            super().getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def _option_deadline(self, events: int) -> float | None:
        """When the kernel itself would end a blocking call: SO_RCVTIMEO and SO_SNDTIMEO, socket(7)."""
        if not LINUX:
            return None
        option = socket.SO_RCVTIMEO if events & POLLIN else socket.SO_SNDTIMEO
        seconds, microseconds = TIMEVAL.unpack(super().getsockopt(socket.SOL_SOCKET, option, TIMEVAL.size))
        return time.monotonic() + seconds + microseconds / 1e6 if seconds or microseconds else None


class _Blocked:
    """One call of the current thread, and its waker among those that a shutdown nudges."""

    __slots__ = ("_new", "_outer", "_waiters", "_waker")

    def __init__(self, waiters: set[Unwakeable]) -> None:
        self._waiters = waiters
        self._waker = current()

    def __enter__(self) -> Unwakeable:
        self._outer = self._waker.begin()
        self._new = self._waker not in self._waiters
        self._waiters.add(self._waker)
        return self._waker

    def __exit__(self, *error: object) -> None:
        if self._new:
            self._waiters.discard(self._waker)
        self._waker.end(self._outer)


def passed(deadline: float | None) -> bool:
    """Tell whether a deadline (monotonic seconds, None for never) is over."""
    return deadline is not None and time.monotonic() >= deadline
