"""The sockets of a program under trace: they look like socket.socket, and their calls are recorded with their source.

`install` puts them in the place of socket.socket. A call goes through `_outer` first: it notes the call in the live
page, which is also where a call can be held before it is made, and it takes the probe's own frames out of tracebacks.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from time import monotonic_ns as clock

from . import live as live_page
from .facts import argument
from .fast import fast_methods
from .plain import dumps
from .record import CODE, RECVS, UNKNOWN, Recorder
from .recording import RecordingSocket
from .sockets import TracedSocket
from .source import Sources
from .tls import record_plain_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, ClassVar

_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
_CONNECTS = (CODE["connect"], CODE["connect_ex"])


class ProgramSocket(TracedSocket):
    """A recording socket that names itself after what it does, and tells which line of the program made a call."""

    __slots__ = ()

    recorder: ClassVar[Recorder]
    sources: ClassVar[Sources]
    live: ClassVar[live_page.Live]
    names: ClassVar[dict[str, Any]]
    labels: ClassVar[dict[int, str]]
    """The last label of each descriptor."""
    _marks: ClassVar[int] = 0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__ == "ssl" and cls.__name__ == "SSLSocket":
            cls.sources.pass_over(str(sys.modules["ssl"].__file__))
            record_plain_bytes(cls, _enter, hide)

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None) -> None:
        super().__init__(family, type, proto, fileno)
        if type_of(fileno) is int:  # ssl and others wrap the descriptor of a socket anew: the name stays with it
            self.label = self.labels.get(fileno, "")
        else:
            self.labels.pop(self.fileno(), None)

    def _put(self, call: str, started: int, ended: int, tail: Any = None, flags: int = 0, **facts: Any) -> None:
        flags |= self._marks
        super()._put(call, started, ended, tail, flags, source=self.sources.of(sys._getframe(1)), **facts)

    def _accept_one(self) -> Any:
        accepted, address = super()._accept_one()
        self._call_it(accepted, "conn")
        return accepted, address

    def _call_it(self, sock: RecordingSocket, role: str) -> None:
        number = next(self.names.setdefault(role, count(1)))
        sock.label = self.labels[sock.fileno()] = role if role == "server" and number == 1 else f"{role} {number}"

    def _role(self, code: int) -> None:
        """Name a socket by the first call that shows what it is for."""
        role = _ROLES.get(code)
        if role and not self.label and (code != CODE["bind"] or self._kind == _DATAGRAM):
            self._call_it(self, role)


_DATAGRAM = 2
type_of = type
_ROLES = {
    CODE["listen"]: "server", CODE["bind"]: "server", CODE["connect"]: "client", CODE["connect_ex"]: "client",
    CODE["sendto"]: "client",
}  # fmt: skip


def install(module: ModuleType, session: str, place: int) -> None:
    """Let *module*, which is socket, make recording sockets from now on. *place*: of our page in the live file."""
    original: Any = module.socket
    recorder = Recorder(session, program=" ".join(getattr(sys, "orig_argv", sys.argv)))
    live = live_page.Live(session + live_page.SUFFIX, place)
    live.begin(recorder.writer)
    sources = Sources(recorder, (_FOLDER, str(module.__file__)))

    def begin_after_fork() -> None:
        sources.forget()
        live.begin_after_fork(recorder.writer)

    os.register_at_fork(after_in_child=begin_after_fork)
    shared = {"recorder": recorder, "sources": sources, "live": live, "names": {}, "labels": {}}
    looks = {name: getattr(original, name) for name in ("__module__", "__qualname__", "__doc__")}
    methods = {name: _outer(name, getattr(ProgramSocket, name), original) for name in METHODS}
    methods.update({name: _dressed(fast, methods[name]) for name, fast in fast_methods(shared, methods, hide).items()})
    made: Any = type("socket", (ProgramSocket,), {"__slots__": (), **looks, **shared, **methods})
    made.accepts = made
    made.__slots__ = original.__slots__
    module.socket = made  # type: ignore[attr-defined]
    for name in ("socketpair", "fromfd"):
        setattr(module, name, _module_function(getattr(made, name), getattr(module, name)))


METHODS = (
    *("__init__", "bind", "listen", "accept", "connect", "connect_ex", "send", "sendall", "sendto", "sendmsg"),
    *("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "shutdown", "close", "detach"),
    *("settimeout", "setblocking", "setsockopt", "getsockopt", "getpeername", "getsockname", "dup", "makefile"),
    "_sendfile_use_sendfile",
)
_CODES = {"__init__": CODE["socket"], "_sendfile_use_sendfile": CODE["sendfile"]}


def _outer(name: str, real: Callable[..., Any], original: Any) -> Any:
    """Return the method *name* as the program calls it."""
    code = _CODES.get(name) or CODE[name]

    def method(self: ProgramSocket, /, *args: Any, **options: Any) -> Any:
        slot = _enter(self, code, args)
        try:
            return real(self, *args, **options)
        except BaseException as error:
            hide(error)
            raise
        finally:
            slot[live_page.AT_CALL] = 0

    return _dressed(method, getattr(original, name))


def _enter(sock: ProgramSocket, code: int, args: tuple[Any, ...]) -> memoryview:
    """Note in the live page that *sock* is about to make a call; the place where it can be held."""
    recorder, live = sock.recorder, sock.live
    slot = getattr(live.mine, "slot", None) or live.take(recorder.thread())
    if code == _INIT:
        return slot
    sock._role(code)
    key = sock._key
    requested = args[0] if code in RECVS and args and isinstance(args[0], int) else UNKNOWN
    live_page.NOTE.pack_into(
        slot, 0, live.mine.thread, key[0], key[1], sock.sources.name(sock.label),
        sock.sources.of(sys._getframe(2)), recorder.text(dumps(argument(args))) if code in _CONNECTS else 0,
        requested if -1 << 63 <= requested < 1 << 63 else UNKNOWN, clock(), code,
    )  # fmt: skip
    return slot


_INIT = CODE["socket"]


def hide(error: BaseException) -> None:
    """Take the probe's frames from the front of a traceback; a bare raise then adds none."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_FOLDER):
        trace = trace.tb_next
    error.__traceback__ = trace


def _module_function(real: Callable[..., Any], original: Any) -> Any:
    """Return what stands for the socket module's function *original*."""

    def function(*args: Any, **options: Any) -> Any:
        try:
            return real(*args, **options)
        except BaseException as error:
            hide(error)
            raise

    return _dressed(function, original)


def _dressed(function: Any, original: Any) -> Any:
    """Give *function* the looks of the *original*."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        looks = getattr(original, name, None)
        if looks is not None:
            setattr(function, name, looks)
    function.__wrapped__ = original
    return function
