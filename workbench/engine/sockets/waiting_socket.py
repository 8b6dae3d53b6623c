"""Sockets whose every wait can be cancelled, and that otherwise do what socket.socket does.

A blocked system call can't be woken safely from another thread: close() never wakes it, shutdown() ends the connection.
So the descriptor is always non-blocking, and a call that would have to wait polls it together with its thread's Waker,
then makes the real Python call.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from workbench.engine.sockets.declared_socket import DONTWAIT, LINUX, RETRY_AFTER, UNIX, passed
from workbench.engine.sockets.receiving_socket import ReceivingSocket
from workbench.engine.sockets.waker import POLLERR, POLLHUP, POLLIN, POLLOUT, Cancelled, Unwakeable, Waker
from workbench.probe.facts import size_of

__all__ = ["Cancelled", "WaitingSocket", "Waker"]

IN_PROGRESS = (errno.EINPROGRESS, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS))
BEGUN = (errno.EINPROGRESS, errno.EALREADY)
FULL = 0.01
"""Seconds until a connect to a UNIX socket whose accept queue is full is tried again: poll can't tell."""


class WaitingSocket(ReceivingSocket):
    """A socket.socket with the same arguments, results, errors and durations, whose waits a Waker can cancel.

    Known differences: SO_RCVLOWAT counts only with a timeout; a send that waits for room in another UNIX datagram
    socket's queue sees it up to 5 ms late.
    """

    moved: int = 0
    """Bytes of the current or last send or sendall that have gone out; any thread may read it."""

    # --- accept and connect -----------------------------------------------------------------------------------------

    def _accept(self) -> tuple[int, Any]:
        accepted: tuple[int, Any] = self._when_ready(POLLIN, super()._accept)  # type: ignore[misc]
        return accepted

    def accept(self) -> tuple[WaitingSocket, Any]:
        """Accept a connection; its timeout is the default one, not the listener's."""
        fd, address = self._accept()
        return WaitingSocket(self.family, self.type, self.proto, fileno=fd), address

    def connect(self, address: Any, /) -> None:
        """Connect; one that was cancelled or timed out goes on in the kernel until the socket is closed."""
        with self._blocked() as waker:
            try:
                super().connect(address)
            except BlockingIOError as error:
                if not self._waits_after(error.errno):
                    raise
                self._finish_connect(waker, address, error.errno or 0)

    def connect_ex(self, address: Any, /) -> int:
        """Connect and return the errno, EWOULDBLOCK for a timeout."""
        with self._blocked() as waker:
            number = super().connect_ex(address)
            if not self._waits_after(number):
                return number
            try:
                self._finish_connect(waker, address, number)
            except OSError as error:
                return errno.EWOULDBLOCK if error.errno is None else error.errno
            return 0

    def _waits_after(self, number: int | None) -> bool:
        """Tell whether a connect that a non-blocking descriptor refused with this errno would wait, as declared."""
        if self._declared is None and LINUX:
            return number in BEGUN or (number == errno.EAGAIN and self.family == UNIX)
        return self._declared != 0 and number in IN_PROGRESS

    def _finish_connect(self, waker: Unwakeable, address: Any, number: int) -> None:
        if self._declared is None and LINUX:
            self._connect_again(waker, address, number)
        else:
            deadline = None if self._declared is None else time.monotonic() + self._declared
            self._timed(waker, POLLOUT, self._raise_outcome, deadline)

    def _raise_outcome(self) -> None:
        """Raise what became of the connect, as CPython's sock_connect_impl does."""
        if number := super().getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(number, os.strerror(number))

    def _connect_again(self, waker: Unwakeable, address: Any, number: int) -> None:
        """Connect until it is done: a second connect(2) leaves error and state as a blocking one does, SO_ERROR not."""
        deadline = self._option_deadline(POLLOUT)
        while not passed(deadline):
            if number in BEGUN:
                waker.wait(self.fileno(), POLLOUT, deadline)
            else:
                waker.pause(FULL)
            try:
                return super().connect(address)
            except BlockingIOError:
                continue
        raise OSError(number, os.strerror(number))

    # --- send and its kin -------------------------------------------------------------------------------------------

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Make the sends within one call: `moved` counts them all, and a cancel that comes between two is not lost."""
        self.moved = 0
        with self._blocked():
            try:
                yield
            except Cancelled as cancelled:
                cancelled.moved = self.moved
                raise

    def send(self, data: Any, flags: int = 0, /) -> int:
        """socket.send; Cancelled.moved tells what a cancelled one had sent."""
        self.moved = 0
        return self.send_some(data, flags)

    def send_some(self, data: Any, flags: int = 0, deadline: float | None = None) -> int:
        """Send once, waiting as declared or until the `deadline` (monotonic seconds); adds to `moved`.

        The step of which sendall is made, for whoever wants to know each.
        """
        real = super().send
        return self._send(partial(real, data, flags), [data], lambda rest: real(rest, flags), flags, deadline)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """socket.sendall: CPython's loop of sends with one deadline (sock_sendall); Cancelled.moved as for send."""
        deadline = time.monotonic() + self._declared if self._declared else None
        with self.sending():
            sent = self.send_some(data, flags, deadline)
            while sent < size_of(data):
                sent += self.send_some(memoryview(data).cast("B")[sent:], flags, deadline)

    def sendto(self, data: Any, *args: Any) -> int:
        """socket.sendto(data[, flags], address)."""
        self.moved = 0
        real = super().sendto
        flags = args[0] if len(args) == 2 and isinstance(args[0], int) else 0
        return self._send(partial(real, data, *args), [data], lambda rest: real(rest, *args), flags)

    def sendmsg(
        self, buffers: Iterable[Any], ancdata: Iterable[Any] = (), flags: int = 0, address: Any = None, /
    ) -> int:
        """socket.sendmsg."""
        self.moved = 0
        buffers, real = list(buffers), super().send
        first = partial(super().sendmsg, buffers, list(ancdata), flags, address)
        return self._send(first, buffers, lambda rest: real(rest, flags), flags)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """socket.sendfile by way of send, as os.sendfile can't be cancelled."""
        return self._sendfile_use_send(file, offset, count)  # type: ignore[attr-defined, no-any-return]

    def _send(
        self,
        first: Callable[[], int],
        buffers: Sequence[Any],
        again: Callable[[memoryview], int],
        flags: int,
        deadline: float | None = None,
    ) -> int:
        """Make the real call `first`; a blocking stream's goes on with `again` until all of the buffers went out."""
        if self._declared is not None or deadline is not None or flags & DONTWAIT:
            sent = self._when_ready(POLLOUT, first, may_wait=not flags & DONTWAIT, deadline=deadline)
            self.moved += sent
            return sent
        with self._blocked() as waker:
            sent = self._when_ready(POLLOUT, first)
            self.moved += sent
            if self._stream and sent < sum(map(size_of, buffers)):
                return self._send_rest(waker, joined(buffers), sent, again)
            return sent

    def _send_rest(self, waker: Unwakeable, data: memoryview, sent: int, again: Callable[[memoryview], int]) -> int:
        """Return how much went out: all, unless an error comes first, which is left for the next call as in tcp(7)."""
        deadline = self._option_deadline(POLLOUT)
        try:
            while sent < len(data) and not passed(deadline):
                if waker.wait(self.fileno(), POLLOUT, deadline) & (POLLERR | POLLHUP):
                    self._take_error()
                    break
                try:
                    step = again(data[sent:])
                except BlockingIOError:
                    waker.pause(RETRY_AFTER)
                else:
                    sent, self.moved = sent + step, self.moved + step
        except Cancelled as cancelled:
            cancelled.moved = sent
            raise
        except OSError:
            pass
        return sent


def joined(buffers: Sequence[Any]) -> memoryview:
    """Return the buffers' bytes as one, copied only if there are several."""
    return memoryview(buffers[0]).cast("B") if len(buffers) == 1 else memoryview(b"".join(buffers))
