"""The calls that move bytes."""

from __future__ import annotations

import select
import socket
from time import monotonic
from time import monotonic_ns as clock
from typing import Any, Optional

from . import record
from .facts import argument, local_address, size_of, taken, taken_from_all
from .record import UNKNOWN
from .recording import RecordingSocket

_TRUNCATED = int(getattr(socket, "MSG_TRUNC", 0))


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
            self._write_error("recv", started, error, requested=whole(bufsize), message_flags=whole(flags))
            raise
        self._write_recv("recv", started, clock(), data, bufsize, flags)
        return data

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """socket.recvfrom, recorded with the sender's address."""
        started = clock()
        try:
            data, address = super().recvfrom(bufsize, flags)
        except BaseException as error:
            self._write_error("recvfrom", started, error, requested=whole(bufsize), message_flags=whole(flags))
            raise
        self._write_recv("recvfrom", started, clock(), data, bufsize, flags, {"peer": argument(address)})
        return data, address

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """socket.recv_into, recorded with the bytes that it put into *buffer*."""
        started, asked = clock(), nbytes or size_of(buffer)
        try:
            count = super().recv_into(buffer, nbytes, flags)
        except BaseException as error:
            self._write_error("recv_into", started, error, requested=whole(asked), message_flags=whole(flags))
            raise
        self._write_recv("recv_into", started, clock(), taken(buffer, count), asked, flags)
        return count

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """socket.recvfrom_into, recorded with bytes and sender."""
        started, asked = clock(), nbytes or size_of(buffer)
        try:
            count, address = super().recvfrom_into(buffer, nbytes, flags)
        except BaseException as error:
            self._write_error("recvfrom_into", started, error, requested=whole(asked), message_flags=whole(flags))
            raise
        tail = {"peer": argument(address)}
        self._write_recv("recvfrom_into", started, clock(), taken(buffer, count), asked, flags, tail)
        return count, address

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> tuple[bytes, list[Any], int, Any]:
        """socket.recvmsg, recorded with the flags that the system returned."""
        started = clock()
        try:
            data, ancillary, told, address = super().recvmsg(bufsize, ancbufsize, flags)
        except BaseException as error:
            self._write_error("recvmsg", started, error, requested=whole(bufsize), message_flags=whole(flags))
            raise
        tail = {"peer": argument(address)}
        self._write_recv("recvmsg", started, clock(), data, bufsize, flags, tail, bool(told & _TRUNCATED))
        return data, ancillary, told, address

    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> tuple[int, list[Any], int, Any]:
        """socket.recvmsg_into, recorded with the bytes laid end to end."""
        buffers = list(buffers)
        started, asked = clock(), sum(max(0, size_of(buffer)) for buffer in buffers)
        try:
            count, ancillary, told, address = super().recvmsg_into(buffers, ancbufsize, flags)
        except BaseException as error:
            self._write_error("recvmsg_into", started, error, requested=asked, message_flags=whole(flags))
            raise
        data, tail = taken_from_all(buffers, count), {"peer": argument(address)}
        self._write_recv("recvmsg_into", started, clock(), data, asked, flags, tail, bool(told & _TRUNCATED))
        return count, ancillary, told, address

    # --- send and its kin -------------------------------------------------------------------------------------------

    def send(self, data: Any, flags: int = 0, /) -> int:
        """socket.send, recorded with the bytes that went out."""
        started = clock()
        try:
            sent = super().send(data, flags)
        except BaseException as error:
            self._write_failed_send("send", started, error, data, flags, self.moved)
            raise
        self._write_send("send", started, clock(), data, sent, flags)
        return sent

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """socket.sendall as CPython's own loop of send with one deadline (sock_sendall), so that the count is known."""
        started = clock()
        sent = 0
        try:
            view = memoryview(data).cast("B")
            timeout = self.gettimeout()
            deadline = None if timeout is None else monotonic() + timeout
            with self.sending():
                sent = self.send_some(view, flags, deadline)
                while sent < len(view):
                    sent += self.send_some(view[sent:], flags, deadline)
        except BaseException as error:
            self._write_failed_send("sendall", started, error, data, flags, max(sent, self.moved))
            raise
        self._write(
            "sendall",
            started,
            clock(),
            flags=record.NO_RESULT,
            requested=sent,
            data=taken(data, sent),
            message_flags=flags,
        )

    def sending(self) -> Any:
        """Return a context in which the sends of one sendall are made."""
        return _NO_CONTEXT

    def send_some(self, data: memoryview, flags: int, deadline: Optional[float]) -> int:
        """Send once, waiting until *deadline* (monotonic seconds) at most; the step of which sendall is made."""
        if deadline is not None and self.gettimeout():
            remaining = deadline - monotonic()
            if remaining <= 0 or not select.select([], [self], [], remaining)[1]:
                raise socket.timeout("timed out")
        return super().send(data, flags)

    def sendto(self, data: Any, *args: Any) -> int:
        """socket.sendto(data[, flags], address), recorded with the address."""
        started = clock()
        flags = whole(args[0], 0) if len(args) == 2 else 0
        try:
            sent = super().sendto(data, *args)
        except BaseException as error:
            self._write_failed_send("sendto", started, error, data, flags, args=args[-1:])
            raise
        self._write_send("sendto", started, clock(), data, sent, flags, self._destination(args[-1]))
        return sent

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        """socket.sendmsg, recorded with the bytes laid end to end."""
        buffers = list(buffers)
        data = b"".join(bytes(memoryview(buffer).cast("B")) for buffer in buffers if size_of(buffer) > 0)
        started = clock()
        try:
            sent = super().sendmsg(buffers, ancdata, flags, address)
        except BaseException as error:
            self._write_failed_send("sendmsg", started, error, data, flags)
            raise
        tail = None if address is None else self._destination(address)
        self._write_send("sendmsg", started, clock(), data, sent, flags, tail)
        return sent

    def _destination(self, address: Any) -> dict[str, Any]:
        """Return the tail of a datagram's record: where it went, and from where (a first sendto binds the socket)."""
        return {"args": [argument(address)], "peer": argument(address), "local": local_address(self)}

    def _write_failed_send(
        self, call: str, started: int, error: BaseException, data: Any, flags: Any, sent: int = 0, args: Any = None
    ) -> None:
        offered = size_of(data)
        moved = taken(data, sent) if sent and offered != UNKNOWN else b""
        self._write_error(
            call, started, error, args, requested=offered, data=moved, result=sent, message_flags=whole(flags, 0)
        )


def whole(value: Any, otherwise: int = UNKNOWN) -> int:
    """Return *value* where a record can hold it as a number, as of a call that raised for its arguments."""
    return value if isinstance(value, int) and abs(value) < 1 << 31 else otherwise
