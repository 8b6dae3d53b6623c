"""The calls that move bytes."""

from __future__ import annotations

import os
import socket
from mmap import ACCESS_READ, mmap
from time import monotonic
from time import monotonic_ns as clock

from .facts import address_of, flat, listed, passed, ready, size_of, taken, whole
from .recording_socket import RecordingSocket, harmless
from .tail import argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

_MUCH = 1 << 20


class _NoContext:
    """What contextlib.nullcontext is, without importing it into the program under trace."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *raised: Any) -> None:
        pass


_NO_CONTEXT = _NoContext()


class TransferSocket(RecordingSocket):
    """A recording socket's sends and recvs. Arguments, results and errors are those of socket.socket."""

    __slots__ = ()

    # --- recv and its kin -------------------------------------------------------------------------------------------

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """socket.recv, recorded with the bytes it took and those it left."""
        started = clock()
        try:
            data = super().recv(bufsize, flags)
        except BaseException as error:
            self._wb_write_failed_recv("recv", started, error, bufsize, flags)
            raise
        self._wb_write_recv("recv", (started, clock()), data, len(data), bufsize, flags)
        return data

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """socket.recvfrom, recorded with the sender's address."""
        started = clock()
        try:
            data, address = super().recvfrom(bufsize, flags)
        except BaseException as error:
            self._wb_write_failed_recv("recvfrom", started, error, bufsize, flags)
            raise
        self._wb_write_recv("recvfrom", (started, clock()), data, len(data), bufsize, flags, address)
        return data, address

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """socket.recv_into, recorded with the bytes that it put into *buffer*."""
        started = clock()
        try:
            count = super().recv_into(buffer, nbytes, flags)
        except BaseException as error:
            self._wb_write_failed_recv("recv_into", started, error, nbytes or size_of(buffer), flags)
            raise
        self._wb_write_recv("recv_into", (started, clock()), buffer, count, nbytes or size_of(buffer), flags)
        return count

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """socket.recvfrom_into, recorded with bytes and sender."""
        started = clock()
        try:
            count, address = super().recvfrom_into(buffer, nbytes, flags)
        except BaseException as error:
            self._wb_write_failed_recv("recvfrom_into", started, error, nbytes or size_of(buffer), flags)
            raise
        asked = nbytes or size_of(buffer)
        self._wb_write_recv("recvfrom_into", (started, clock()), buffer, count, asked, flags, address)
        return count, address

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> tuple[bytes, list[Any], int, Any]:
        """socket.recvmsg, recorded with the flags that the system returned."""
        started = clock()
        try:
            data, ancillary, returned_flags, address = super().recvmsg(bufsize, ancbufsize, flags)
        except BaseException as error:
            self._wb_write_failed_recv("recvmsg", started, error, bufsize, flags, ancbufsize)
            raise
        times, extra = (started, clock()), (ancbufsize, ancillary, returned_flags)
        self._wb_write_recv("recvmsg", times, data, len(data), bufsize, flags, address, *extra)
        return data, ancillary, returned_flags, address

    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> tuple[int, list[Any], int, Any]:
        """socket.recvmsg_into, recorded with the bytes laid end to end."""
        started, buffers = clock(), listed(buffers)
        try:
            count, ancillary, returned_flags, address = super().recvmsg_into(buffers, ancbufsize, flags)
        except BaseException as error:
            self._wb_write_failed_recv("recvmsg_into", started, error, size_of(buffers), flags, ancbufsize)
            raise
        times, extra = (started, clock()), (ancbufsize, ancillary, returned_flags)
        self._wb_write_recv("recvmsg_into", times, buffers, count, size_of(buffers), flags, address, *extra)
        return count, ancillary, returned_flags, address

    def _wb_write_failed_recv(
        self, call: str, started: int, error: BaseException, asked: Any, flags: Any, ancbufsize: Any = 0
    ) -> None:
        args = None if whole(asked) >= 0 and not ancbufsize else (asked, ancbufsize) if ancbufsize else (asked,)
        self._wb_write_error(call, started, error, args, requested=whole(asked), message_flags=whole(flags, 0))

    # --- send and its kin -------------------------------------------------------------------------------------------

    def send(self, data: Any, flags: int = 0, /) -> int:
        """socket.send, recorded with the bytes that went out."""
        started = clock()
        try:
            sent = super().send(data, flags)
        except BaseException as error:
            self._wb_write_failed_send("send", started, error, data, flags, self._wb_moved)
            raise
        self._wb_write_send("send", (started, clock()), data, sent, flags)
        return sent

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """socket.sendall as CPython's own loop of send with one deadline (sock_sendall), so that the count is known."""
        started, view, sent = clock(), flat(data), 0
        try:
            if view is None:
                return super().sendall(data, flags)  # raises
            timeout = self.gettimeout()
            deadline = None if timeout is None else monotonic() + timeout
            with self._wb_sending():
                sent = self._wb_send_some(view, flags, deadline)
                while sent < len(view):
                    sent += self._wb_send_some(view[sent:], flags, deadline)
        except BaseException as error:
            self._wb_write_failed_send("sendall", started, error, data, flags, max(sent, self._wb_moved))
            raise
        self._wb_write_send("sendall", (started, clock()), data, sent, flags)
        return None

    def _wb_sending(self) -> Any:
        """Return a context in which the sends of one sendall are made."""
        return _NO_CONTEXT

    def _wb_send_some(self, data: memoryview, flags: int, deadline: Optional[float]) -> int:
        """Send once, waiting until *deadline* (monotonic seconds) at most; the step of which sendall is made."""
        if deadline is not None and self.gettimeout() and self.fileno() >= 0:
            remaining = deadline - monotonic()
            if remaining <= 0 or not ready(self, remaining, to_send=True):
                raise socket.timeout("timed out")
        return super().send(data, flags)

    def sendto(self, data: Any, *args: Any) -> int:
        """socket.sendto(data[, flags], address), recorded with the address."""
        started = clock()
        flags = whole(args[0], 0) if len(args) == 2 else 0
        try:
            sent = super().sendto(data, *args)
        except BaseException as error:
            self._wb_write_failed_send("sendto", started, error, data, flags, args=args[-1:])
            raise
        self._wb_write_send("sendto", (started, clock()), data, sent, flags, lambda: self._wb_destination(args[-1]))
        return sent

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        """socket.sendmsg, recorded with the bytes laid end to end."""
        started, buffers = clock(), listed(buffers)
        try:
            sent = super().sendmsg(buffers, ancdata, flags, address)
        except BaseException as error:
            args = None if address is None else (address,)
            self._wb_write_failed_send("sendmsg", started, error, buffers, flags, args=args)
            raise
        about = None
        if address is not None or ancdata:
            about = lambda: {**passed(ancdata), **({} if address is None else self._wb_destination(address))}  # noqa: E731
        self._wb_write_send("sendmsg", (started, clock()), buffers, sent, flags, about)
        return sent

    def _sendfile_use_sendfile(self, file: Any, offset: int = 0, count: Optional[int] = None) -> int:
        """The part of socket.sendfile that os.sendfile does; where it can't, sendfile makes sends, recorded as such."""
        started, watched = clock(), _Watched(file)
        try:
            sent: int = super()._sendfile_use_sendfile(watched, offset, count)  # type: ignore[misc]
        except getattr(socket, "_GiveupOnSendfile", ()):
            raise
        except BaseException as error:
            self._wb_write_sendfile(started, file, offset, watched.stopped - offset, error)
            raise
        self._wb_write_sendfile(started, file, offset, sent)
        return sent

    @harmless
    def _wb_write_sendfile(
        self, started: int, file: Any, offset: int, sent: int, error: Optional[BaseException] = None
    ) -> None:
        """Record a sendfile, with the bytes read from *file* once more: they never came by here."""
        ended = clock()
        data: Any = b""
        if sent > _MUCH:  # as much memory as the file is large is not ours to take
            data = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))[offset : offset + sent]
        elif sent > 0:
            data = os.pread(file.fileno(), sent, offset)
        if error is None:
            self._wb_write_send("sendfile", (started, ended), data, len(data), 0)
        else:
            self._wb_write_error("sendfile", started, error, moved=data)

    def _wb_destination(self, address: Any) -> dict[str, Any]:
        """Return the tail of a datagram's record: where it went, and from where (a first sendto binds the socket)."""
        return {"args": [argument(address)], "peer": argument(address), "local": address_of(self)}

    def _wb_write_failed_send(
        self, call: str, started: int, error: BaseException, data: Any, flags: Any, sent: int = 0, args: Any = None
    ) -> None:
        offered = size_of(data)
        moved = taken(data, sent) if sent and offered != -1 else b""
        self._wb_write_error(call, started, error, args, moved, requested=offered, message_flags=whole(flags, 0))


class _Watched:
    """A file that sees how far os.sendfile came: CPython seeks to there, also when it fails."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.stopped = 0

    def seek(self, position: int) -> Any:
        self.stopped = position
        return self._file.seek(position) if hasattr(self._file, "seek") else position

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
