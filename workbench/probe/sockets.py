"""TracedSocket: a socket.socket whose every call is made for real, then recorded.

It records nothing until its class is given a recorder: `TracedSocket.recorder = Recorder(path)`.
"""

from __future__ import annotations

import socket
from time import monotonic_ns as clock
from typing import Any, ClassVar, Optional

from . import record
from .facts import argument, names
from .transfer import TransferSocket


class TracedSocket(TransferSocket):
    """A recording socket, complete: the calls that make, name, set up and end it. All are socket.socket's."""

    __slots__ = ()

    accepts: ClassVar[Optional[type[TracedSocket]]] = None
    """The class of accepted sockets; TracedSocket unless set, as socket.accept returns plain sockets."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Optional[int] = None) -> None:
        self._identify()
        given = [socket.AF_INET if family == -1 else family, socket.SOCK_STREAM if type == -1 else type, max(0, proto)]
        started = clock()
        try:
            super().__init__(family, type, proto, fileno)
        except BaseException as error:
            self._write_error("socket", started, error, given)
            raise
        ended = clock()
        self._kind = int(self.type)
        if self.recorder is not None:
            args = [int(self.family), int(self.type), int(self.proto)]
            self._write("socket", started, ended, {"args": args, **names(self)}, result=self.fileno())

    # --- naming and connecting --------------------------------------------------------------------------------------

    def bind(self, address: Any, /) -> None:
        """socket.bind, recorded with the address that the socket really got."""
        self._call("bind", super().bind, (address,), lambda: names(self))

    def listen(self, *backlog: int) -> None:
        """socket.listen([backlog])."""
        self._call("listen", super().listen, backlog, lambda: names(self))

    def connect(self, address: Any, /) -> None:
        """socket.connect, recorded with both ends' addresses."""
        self._call("connect", super().connect, (address,), lambda: names(self))

    def connect_ex(self, address: Any, /) -> int:
        """socket.connect_ex: its result is the errno."""
        result: int = self._call("connect_ex", super().connect_ex, (address,), lambda: names(self))
        return result

    def accept(self) -> tuple[socket.socket, Any]:
        """socket.accept, recorded with the new socket's id and both ends' addresses."""
        started = clock()
        try:
            accepted, address = self._accept_one()
        except BaseException as error:
            self._write_error("accept", started, error)
            raise
        if self.recorder is not None:
            tail = {**names(accepted), "made": [accepted._key], "result": [None, argument(address)]}
            self._write("accept", started, clock(), tail, flags=record.OTHER_RESULT)
        return accepted, address

    def _accept_one(self) -> tuple[TracedSocket, Any]:
        """Accept as socket.accept does, with its rule for the new socket's timeout, but into a class that records."""
        fd, address = self._accept()  # type: ignore[attr-defined]
        accepted = self._wrap(self.accepts or TracedSocket, fd)
        if socket.getdefaulttimeout() is None and self.gettimeout():
            super(TracedSocket, accepted).setblocking(True)
        return accepted, address

    def _wrap(self, kind: type[TracedSocket], fd: int) -> TracedSocket:
        """Return a socket around a descriptor like this one's, without a call of its own in the journal."""
        made = kind.__new__(kind)
        made._identify(self._kind)
        super(TracedSocket, made).__init__(self.family, self.type, self.proto, fd)
        return made

    def dup(self) -> TracedSocket:
        """socket.dup: another descriptor of the same socket."""
        started = clock()
        made = self._wrap(type(self), socket.dup(self.fileno()))
        super(TracedSocket, made).settimeout(self.gettimeout())
        self._write("dup", started, clock(), {**names(made), "made": [made._key]}, result=made.fileno())
        return made

    # --- setting up and asking --------------------------------------------------------------------------------------

    def settimeout(self, value: Optional[float], /) -> None:
        """socket.settimeout."""
        self._call("settimeout", super().settimeout, (value,))

    def setblocking(self, flag: bool, /) -> None:
        """socket.setblocking."""
        self._call("setblocking", super().setblocking, (flag,))

    def setsockopt(self, *args: Any) -> None:
        """socket.setsockopt(level, option, value)."""
        self._call("setsockopt", super().setsockopt, args)

    def getsockopt(self, *args: Any) -> Any:
        """socket.getsockopt(level, option[, buflen])."""
        return self._call("getsockopt", super().getsockopt, args)

    def getsockname(self) -> Any:
        """socket.getsockname."""
        return self._call("getsockname", super().getsockname, ())

    def getpeername(self) -> Any:
        """socket.getpeername."""
        return self._call("getpeername", super().getpeername, ())

    # --- ending -----------------------------------------------------------------------------------------------------

    def shutdown(self, how: int, /) -> None:
        """socket.shutdown."""
        self._call("shutdown", super().shutdown, (how,))

    def close(self) -> None:
        """socket.close; closing again does nothing and is not recorded."""
        if self.fileno() < 0:
            super().close()
        else:
            self._call("close", super().close, ())

    def detach(self) -> int:
        """socket.detach: the descriptor lives on, unseen."""
        result: int = self._call("detach", super().detach, ())
        return result

    def makefile(self, mode: str = "r", *args: Any, **options: Any) -> Any:
        """socket.makefile; the file's reads and writes are recorded as recv_into and send."""
        made = super().makefile(mode, *args, **options)  # type: ignore[call-overload]
        now = clock()
        self._write("makefile", now, now, {"args": [mode]}, flags=record.NO_RESULT)
        return made
