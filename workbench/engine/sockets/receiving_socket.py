"""recv and its kin on a socket that waits by itself: real sizes of datagrams, MSG_WAITALL, and the ends of streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from mmap import mmap
from typing import Any, TypeVar

from workbench.engine.sockets.declared_socket import (
    DONTWAIT,
    ERRQUEUE,
    LINUX,
    OOB,
    PEEK,
    RETRY_AFTER,
    TRUNC,
    UNIX,
    WAITALL,
    DeclaredSocket,
)
from workbench.engine.sockets.waker import POLLERR, POLLHUP, POLLIN, POLLRDHUP, Cancelled, Unwakeable
from workbench.probe.facts import STREAM, queued, size_of

T = TypeVar("T")
Received = tuple[int, list[Any], int, Any]
"""What recvmsg_into returns: size, ancillary data, flags, address."""
NOTHING: Received = (0, [], 0, None)
NO_MESSAGE: tuple[bytes, list[Any], int, Any] = (b"", [], 0, None)

NEVER_WAIT = DONTWAIT | OOB | ERRQUEUE
"""A recv with one of these flags does not block, even on a blocking socket: recv(2), and tcp_recv_urg in Linux."""

LARGE = 1 << 18
"""A buffer above this is mapped, as filling a bytearray with zeros would take longer than the recv; bytes."""


class ReceivingSocket(DeclaredSocket):
    """The recvs of a WaitingSocket: socket.socket's, but cancellable, and they tell a datagram's real size."""

    real_size: int | None = None
    """Size of the datagram or message that the last recv took, in bytes; None if unknown (streams, other systems)."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """socket.recv."""
        if bufsize <= 0:  # no system call in CPython either
            return super().recv(bufsize, flags)
        if self._gathers(bufsize, flags):
            return self._gather_bytes(bufsize, 0, flags)[0]
        return self._receive(partial(super().recv, bufsize, flags), flags, b"")

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """socket.recvfrom."""
        if self._gathers(bufsize, flags):
            data, _, _, address = self._gather_bytes(bufsize, 0, flags)
            return data, address
        return self._receive(partial(super().recvfrom, bufsize, flags), flags, (b"", None))

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> tuple[bytes, list[Any], int, Any]:
        """socket.recvmsg."""
        if self._gathers(bufsize, flags):
            return self._gather_bytes(bufsize, ancbufsize, flags)
        return self._receive(partial(super().recvmsg, bufsize, ancbufsize, flags), flags, NO_MESSAGE)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """socket.recv_into."""
        room = nbytes or size_of(buffer)
        if not 0 < room <= size_of(buffer):
            return super().recv_into(buffer, nbytes, flags)
        if self._gathers(room, flags):
            return self._gather([memoryview(buffer).cast("B")[:room]], 0, flags)[0]
        return self._receive(partial(super().recv_into, buffer, nbytes, flags), flags, 0)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """socket.recvfrom_into."""
        room = nbytes or size_of(buffer)
        if room <= size_of(buffer) and self._gathers(room, flags):
            size, _, _, address = self._gather([memoryview(buffer).cast("B")[:room]], 0, flags)
            return size, address
        return self._receive(partial(super().recvfrom_into, buffer, nbytes, flags), flags, (0, None))

    def recvmsg_into(self, buffers: Iterable[Any], ancbufsize: int = 0, flags: int = 0, /) -> Received:
        """socket.recvmsg_into."""
        buffers = list(buffers)
        if self._gathers(sum(map(size_of, buffers)), flags):
            return self._gather(buffers, ancbufsize, flags)
        return self._receive(partial(super().recvmsg_into, buffers, ancbufsize, flags), flags, NOTHING)

    # --- how --------------------------------------------------------------------------------------------------------

    def recv_once(self, operation: Callable[[], T], flags: int) -> T:
        """Make one real recv, which may find nothing; the place for whoever wants to know of each."""
        return operation()

    def _receive(self, operation: Callable[[], T], flags: int, ended: T) -> T:
        self.real_size = None
        real = partial(self.recv_once, operation, flags)
        return self._when_ready(POLLIN, real, may_wait=not flags & NEVER_WAIT, ended=ended)

    def _gathers(self, room: int, flags: int) -> bool:
        """Tell whether a recv goes through _gather: for a datagram's real size, or for a stream's MSG_WAITALL."""
        if self._stream:
            return flags & WAITALL != 0 and self._declared is None and LINUX and room > 0
        return LINUX and room >= 0

    def _gather_bytes(self, bufsize: int, ancbufsize: int, flags: int) -> tuple[bytes, list[Any], int, Any]:
        buffer = bytearray(bufsize) if bufsize <= LARGE else mapped(bufsize)
        size, ancillary, returned_flags, address = self._gather([buffer], ancbufsize, flags)
        # A size above bufsize is the caller's own MSG_TRUNC: CPython pads with what lay in memory, this with zeros.
        return bytes(memoryview(buffer)[:size]).ljust(size, b"\0"), ancillary, returned_flags, address

    def _gather(self, buffers: Sequence[Any], ancbufsize: int, flags: int) -> Received:
        """recvmsg_into, which takes what the other five can say."""
        room = sum(map(size_of, buffers))
        if self._stream:
            return self._gather_all(buffers, ancbufsize, flags, room)
        # With MSG_TRUNC Linux returns a datagram's real size (recv(2)); on a TCP stream it would throw bytes away.
        operation = partial(super().recvmsg_into, buffers, ancbufsize, flags | TRUNC)
        size, ancillary, returned_flags, address = self._receive(operation, flags, NOTHING)
        self.real_size = size
        return size if flags & TRUNC else min(size, room), ancillary, returned_flags, address

    def _gather_all(self, buffers: Sequence[Any], ancbufsize: int, flags: int, room: int) -> Received:
        """A blocking stream recv with MSG_WAITALL; ancillary data end it, and a UNIX peek takes what is there."""
        with self._blocked() as waker:
            operation = partial(super().recvmsg_into, buffers, ancbufsize, flags)
            size, ancillary, returned_flags, address = self._receive(operation, flags, NOTHING)
            if not (flags & PEEK and self.family == UNIX):
                while 0 < size < room and not ancillary and (more := self._more(waker, buffers, size, flags)):
                    size += more
            return size, ancillary, returned_flags, address

    def _more(self, waker: Unwakeable, buffers: Sequence[Any], size: int, flags: int) -> int:
        """Wait, and receive behind the first `size` bytes; 0 at the end of the stream, on error, or cancelled."""
        try:
            while True:
                ready = waker.wait(self.fileno(), POLLIN | POLLRDHUP, None)
                if ready & (POLLERR | POLLHUP) and not queued(self, STREAM):
                    self._take_error()
                    return 0
                try:
                    if not flags & PEEK:
                        rest = partial(super().recvmsg_into, behind(buffers, size), 0, flags)
                        return self.recv_once(rest, flags)[0]
                    if (more := super().recvmsg_into(buffers, 0, flags)[0] - size) or ready & POLLRDHUP:
                        return more
                    waker.pause(RETRY_AFTER)
                except BlockingIOError:
                    continue
        except Cancelled:
            return 0


def mapped(size: int) -> mmap:
    """Return a buffer whose pages cost nothing until they are written; MemoryError as for a plain recv."""
    try:
        return mmap(-1, size)
    except OSError:
        raise MemoryError from None


def behind(buffers: Sequence[Any], size: int) -> list[memoryview]:
    """Return what is left of the buffers behind their first `size` bytes."""
    left = []
    for buffer in buffers:
        view = memoryview(buffer).cast("B")
        left.append(view[size:])
        size = max(0, size - len(view))
    return left
