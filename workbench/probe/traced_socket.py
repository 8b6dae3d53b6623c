"""TracedSocket: a socket.socket whose every call is made for real, then recorded.

It records nothing until its class is given a recorder: `TracedSocket.recorder = Recorder(path)`.
"""

from __future__ import annotations

import _socket
import socket
from time import monotonic_ns as clock

from . import format as record_format
from .facts import kept, names, retried
from .recording_socket import harmless
from .transfer_socket import TransferSocket
from .unix_diag import peer_inode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Optional

    from .recorder import Recorder


class CompleteSocket(TransferSocket):
    """A recording socket, complete: the calls that make, name, set up and end it. All are socket.socket's."""

    __slots__ = ()

    _wb_accepts: ClassVar[Any]
    """The class of accepted sockets."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Optional[int] = None) -> None:
        self._wb_identify()
        started = clock()
        try:
            super().__init__(family, type, proto, fileno)
        except BaseException as error:
            self._wb_write_error("socket", started, error, _given(family, type, proto, fileno))
            raise
        ended = clock()
        self._wb_kind = int(self.type)
        if not isinstance(fileno, _Made):
            self._wb_write_made("socket", (started, ended), [self], type, fileno)

    @classmethod
    def socketpair(
        cls, family: Optional[int] = None, type: int = socket.SOCK_STREAM, proto: int = 0
    ) -> tuple[CompleteSocket, CompleteSocket]:
        """socket.socketpair, recorded with both sockets' ids."""
        started = clock()
        try:
            one, other = _pair(_PAIR_FAMILY if family is None else family, type, proto)
        except BaseException as error:
            cls._wb_unmade()._wb_write_error("socketpair", started, error, _given(family, type, proto))
            raise
        ended = clock()
        made = [cls(sock.family, sock.type, sock.proto, fileno=_Made(sock.detach())) for sock in (one, other)]
        made[0]._wb_write_made("socketpair", (started, ended), made, type)
        return made[0], made[1]

    @classmethod
    def fromfd(cls, fd: Any, family: int, type: int, proto: int = 0) -> CompleteSocket:
        """socket.fromfd: a socket around a second descriptor of what *fd* is."""
        started = clock()
        try:
            made = cls(family, type, proto, fileno=_Made(socket.dup(fd)))
        except BaseException as error:
            cls._wb_unmade()._wb_write_error("fromfd", started, error, (fd, family, type, proto))
            raise
        made._wb_write_made("fromfd", (started, clock()), [made], type, fd)
        return made

    @classmethod
    def _wb_unmade(cls) -> CompleteSocket:
        """Return a stand-in for a socket that could not be made, to record that it failed."""
        unmade = cls.__new__(cls)
        unmade._wb_identify()
        return unmade

    @harmless
    def _wb_write_made(
        self, call: str, times: tuple[int, int], made: list[CompleteSocket], kind: int, fileno: Any = None
    ) -> None:
        """Record a call that made one socket, or two."""
        args = [int(self.family), int(self.type if kind == -1 else kind), int(self.proto)]
        if fileno is not None:
            args = [int(fileno), *args] if call == "fromfd" else [*args, int(fileno)]
        about = {"args": args, **names(self), "made": [sock._wb_key for sock in made]}
        self._wb_put(call, *times, record_format.returned(call, None, self.fileno(), about))

    # --- naming and connecting --------------------------------------------------------------------------------------

    def bind(self, address: Any, /) -> None:
        """socket.bind, recorded with the address that the socket really got."""
        self._wb_call("bind", super().bind, (address,), self._wb_names)

    def listen(self, *backlog: int) -> None:
        """socket.listen([backlog])."""
        self._wb_call("listen", super().listen, backlog, self._wb_names)

    def connect(self, address: Any, /) -> None:
        """socket.connect, recorded with both ends' addresses."""
        self._wb_call("connect", super().connect, (address,), lambda _: {**names(self), **retried(self)})

    def connect_ex(self, address: Any, /) -> int:
        """socket.connect_ex: its result is the errno."""
        result: int = self._wb_call(
            "connect_ex", super().connect_ex, (address,), lambda n: self._wb_connected(address, n)
        )
        return result

    def accept(self) -> tuple[socket.socket, Any]:
        """socket.accept, recorded with the new socket's id and both ends' addresses."""
        started = clock()
        try:
            accepted, address = self._wb_accept_one()
        except BaseException as error:
            self._wb_write_error("accept", started, error)
            raise
        self._wb_write_accepted((started, clock()), accepted, address)
        return accepted, address

    def _wb_accept_one(self) -> tuple[CompleteSocket, Any]:
        """Accept as socket.accept does, with its rule for the new socket's timeout, but into a class that records."""
        fd, address = self._accept()  # type: ignore[attr-defined]
        accepted = self._wb_accepts(self.family, self.type, self.proto, fileno=_Made(fd))
        if socket.getdefaulttimeout() is None and self.gettimeout():
            super(CompleteSocket, accepted).setblocking(True)
        return accepted, address

    @harmless
    def _wb_write_accepted(self, times: tuple[int, int], accepted: CompleteSocket, address: Any) -> None:
        if not isinstance(accepted, CompleteSocket):  # of a class that the program put into socket's place
            facts = {}
        else:
            facts = {**names(accepted), "made": [accepted._wb_key], "label": accepted._wb_label}
            peer = peer_inode(accepted)
            if peer is not None:
                facts["peer_inode"] = peer
        self._wb_put("accept", *times, record_format.returned("accept", None, (None, address), facts))

    def dup(self) -> CompleteSocket:
        """socket.dup: another descriptor of the same socket."""
        started = clock()
        try:
            fd = socket.dup(self.fileno())
            made = type(self)(self.family, self.type, self.proto, fileno=_Made(fd))
            super(CompleteSocket, made).settimeout(self.gettimeout())
        except BaseException as error:
            self._wb_write_error("dup", started, error)
            raise
        self._wb_write_result("dup", started, clock(), (), fd, lambda _: {**names(made), "made": [made._wb_key]})
        return made

    def _wb_names(self, result: Any) -> dict[str, Any]:
        return names(self)

    # --- setting up and asking --------------------------------------------------------------------------------------

    def settimeout(self, value: Optional[float], /) -> None:
        """socket.settimeout."""
        self._wb_call("settimeout", super().settimeout, (value,))

    def setblocking(self, flag: bool, /) -> None:
        """socket.setblocking."""
        self._wb_call("setblocking", super().setblocking, (flag,))

    def setsockopt(self, *args: Any) -> None:
        """socket.setsockopt(level, option, value)."""
        self._wb_call("setsockopt", super().setsockopt, args, lambda _: kept(self, args))

    def getsockopt(self, *args: Any) -> Any:
        """socket.getsockopt(level, option[, buflen])."""
        return self._wb_call("getsockopt", super().getsockopt, args)

    def getsockname(self) -> Any:
        """socket.getsockname."""
        return self._wb_call("getsockname", super().getsockname, ())

    def getpeername(self) -> Any:
        """socket.getpeername."""
        return self._wb_call("getpeername", super().getpeername, ())

    # --- ending -----------------------------------------------------------------------------------------------------

    def shutdown(self, how: int, /) -> None:
        """socket.shutdown."""
        counts = self._wb_counted()
        self._wb_call("shutdown", super().shutdown, (how,), lambda _: counts)

    def close(self) -> None:
        """socket.close, recorded when it really closes, which a file of makefile puts off."""
        counts, was_open = self._wb_counted(), self.fileno() >= 0
        started = clock()
        try:
            super().close()
        except BaseException as error:
            self._wb_write_error("close", started, error)
            raise
        if was_open and self.fileno() < 0:
            self._wb_write_result("close", started, clock(), (), None, lambda _: counts)

    def detach(self) -> int:
        """socket.detach: the descriptor lives on, unseen."""
        counts = self._wb_counted()
        result: int = self._wb_call("detach", super().detach, (), lambda _: counts)
        return result

    def makefile(self, *args: Any, **options: Any) -> Any:
        """socket.makefile; the file's reads and writes are recorded as recv_into and send."""
        started = clock()
        try:
            made = super().makefile(*args, **options)
        except BaseException as error:
            self._wb_write_error("makefile", started, error, args)
            raise
        self._wb_write_result("makefile", started, clock(), args, None)
        return made

    def __repr__(self) -> str:
        """socket.socket's own, but it asks for the addresses without leaving calls in the journal."""
        kind, closed = type(self), " [closed]" if self._closed else ""  # type: ignore[attr-defined]
        text = f"<{kind.__module__}.{kind.__qualname__}{closed} fd={self.fileno()}, family={self.family!s}"
        text += f", type={self.type!s}, proto={self.proto}"
        for name, ask in (("laddr", _socket.socket.getsockname), ("raddr", _socket.socket.getpeername)):
            try:
                address = ask(self) if self.fileno() != -1 else None
            except OSError:
                continue
            text += f", {name}={address}" if address else ""
        return text + ">"


class TracedSocket(CompleteSocket):
    """A recording socket to build on: what may be set has a plain name (`TracedSocket.recorder = Recorder(path)`)."""

    __slots__ = ()

    recorder: ClassVar[Optional[Recorder]] = None
    accepts: ClassVar[Optional[type[TracedSocket]]] = None
    """The class of accepted sockets; TracedSocket unless set, as socket.accept returns plain sockets."""
    real_size: Optional[int] = None
    moved: int = 0
    fate: int = 0

    _wb_recorder = property(lambda self: self.recorder)
    _wb_accepts = property(lambda self: self.accepts or TracedSocket)
    _wb_real_size = property(lambda self: self.real_size)
    _wb_moved = property(lambda self: self.moved)
    _wb_fate = property(lambda self: self.fate)

    @property
    def label(self) -> str:
        """The name of the socket in the log; empty unless set."""
        return self._wb_label

    @label.setter
    def label(self, label: str) -> None:
        self._wb_label = label


class _Made(int):
    """A descriptor whose making is recorded by the call that made it, so that its socket is not recorded as made."""

    __slots__ = ()


_pair: Any = getattr(_socket, "socketpair", socket.socketpair)
_PAIR_FAMILY = getattr(socket, "AF_UNIX", socket.AF_INET)


def _given(family: Any, type: Any, proto: Any, fileno: Any = None) -> list[Any]:
    """Return the arguments that a socket was to be made with, as far as they were given."""
    given = [family, type, proto, fileno]
    while given and given[-1] in (-1, None):
        given.pop()
    return [socket.AF_INET if family == -1 else family, *given[1:]] if given else given
