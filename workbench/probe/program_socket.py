"""The sockets of a program under trace: they look like socket.socket, and their calls are recorded with their source.

`install` puts them in the place of socket.socket. A call goes through `_outer` first: it notes the call in the live
page, which is also where a call can be held before it is made, and it takes the probe's own frames out of tracebacks.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from time import monotonic_ns as clock

from . import page as live_page
from .fast_socket import fast_methods
from .format import CODE, RECVS, UNKNOWN
from .recorder import Recorder
from .recording_socket import RecordingSocket
from .rules import name_of, read
from .source import Sources
from .step import joined
from .tail import argument, dumps
from .tls import record_plain_bytes
from .traced_socket import CompleteSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, ClassVar, Optional

    from .rules import Injection
    from .step import Steps

_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
_CONNECTS = (CODE["connect"], CODE["connect_ex"])


class ProgramSocket(CompleteSocket):
    """A recording socket that names itself after what it does, and tells which line of the program made a call."""

    __slots__ = ()

    _wb_recorder: ClassVar[Recorder]
    _wb_sources: ClassVar[Sources]
    _wb_live: ClassVar[live_page.Live]
    _wb_numbers: ClassVar[dict[str, Any]]
    _wb_labels: ClassVar[dict[int, str]]
    """The last label of each descriptor."""
    _wb_accepts: ClassVar[Any]
    _wb_hold: ClassVar[Any] = None
    """Called with a call's code, arguments and keyword arguments before it is made, where calls are to be held."""
    _wb_marks: ClassVar[int] = 0

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__ == "ssl" and cls.__name__ == "SSLSocket":
            cls._wb_sources.pass_over(str(sys.modules["ssl"].__file__))
            record_plain_bytes(cls, _enter, hide)

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None) -> None:
        super().__init__(family, type, proto, fileno)
        if type_of(fileno) is int:  # ssl and others wrap the descriptor of a socket anew: the name stays with it
            self._wb_label = self._wb_labels.get(fileno, "")
        else:
            self._wb_labels.pop(self.fileno(), None)

    def _wb_put(self, call: str, started: int, ended: int, facts: Any) -> None:
        facts["source"] = self._wb_live.mine.__dict__.get("source") or self._wb_sources.of(sys._getframe(1))
        facts["flags"] = facts.get("flags", 0) | self._wb_marks
        super()._wb_put(call, started, ended, facts)

    def _wb_accept_one(self) -> Any:
        if not is_ours(self._wb_accepts):
            return super(CompleteSocket, self).accept()
        accepted, address = super()._wb_accept_one()
        self._wb_call_it(accepted, "conn")
        return accepted, address

    def _wb_call_it(self, sock: RecordingSocket, role: str) -> None:
        number = next(self._wb_numbers.setdefault(role, count(1)))
        sock._wb_label = self._wb_labels[sock.fileno()] = (
            role if role == "server" and number == 1 else f"{role} {number}"
        )

    def _wb_role(self, code: int) -> None:
        """Name a socket by the first call that shows what it is for."""
        role = _ROLES.get(code)
        if role and not self._wb_label and (code != CODE["bind"] or self._wb_kind == _DATAGRAM):
            self._wb_call_it(self, role)


_DATAGRAM = 2
type_of = type
_ROLES = {
    CODE["listen"]: "server", CODE["bind"]: "server", CODE["connect"]: "client", CODE["connect_ex"]: "client",
    CODE["sendto"]: "client",
}  # fmt: skip


class Probe:
    """What one process needs to record its sockets: the class that makes them, and all that class shares."""

    def __init__(
        self,
        recorder: Recorder,
        live: live_page.Live,
        module: ModuleType,
        steps: Optional[Steps] = None,
        injection: Optional[Injection] = None,
    ) -> None:
        """*module*: socket; *steps*: holds calls, and *injection* changes them, where that is wanted."""
        self.recorder, self.live = recorder, live
        self.sources = Sources(recorder, (_FOLDER, str(module.__file__)))
        self.original: Any = module.socket
        self.socket = self._make(module, steps, injection)
        live.begin(recorder.writer)
        recorder.on_loss = live.tell_lost
        self.replaced = {"socket": (self.original, self.socket)}
        for name in ("socketpair", "fromfd"):
            real = getattr(module, name)
            self.replaced[name] = (real, _module_function(name, module, real))
        """What of the socket module has to be replaced, and by what."""

    def _make(self, module: Any, steps: Optional[Steps], injection: Optional[Injection]) -> Any:
        """Make the class that replaces socket.socket, and looks like it."""
        own = {"recorder": self.recorder, "sources": self.sources, "live": self.live, "numbers": {}, "labels": {}}
        shared = {f"_wb_{name}": value for name, value in own.items()}
        looks = {name: getattr(self.original, name) for name in ("__module__", "__qualname__", "__doc__")}
        base: Any = ProgramSocket
        if injection is not None:
            from .injecting_socket import InjectingSocket

            base, shared["_wb_injection"] = InjectingSocket, injection
        methods = {name: _outer(name, getattr(base, name), self.original) for name in METHODS}
        changed = fast = fast_methods(self, methods, hide) if injection is None else {}
        if steps is not None:
            shared["_wb_hold"] = steps.holder()
            changed = {name: steps.followed(method, fast.get(name, method), hide) for name, method in methods.items()}
        methods.update({name: _dressed(method, methods[name]) for name, method in changed.items()})
        shared["_wb_accepts"] = property(lambda _: module.socket)  # as socket.accept: the program may put its own there
        made: Any = type("socket", (base,), {"__slots__": (), **looks, **shared, **methods})
        made.__slots__ = self.original.__slots__
        return made

    def begin_after_fork(self) -> None:
        """Begin anew in a child process."""
        self.sources.forget()
        self.live.begin_after_fork(self.recorder.writer)


def install(module: ModuleType, session: str, place: int, limit: Optional[int] = None, inject: str = "") -> None:
    """Let *module*, which is socket, make recording sockets from now on. *place*: of our page in the live file.

    *limit*: bytes that the session file may have. *inject*: what their calls are made to do, as Injection writes it.
    """
    words = getattr(sys, "orig_argv", sys.argv)
    recorder = Recorder(session, limit=limit, program=" ".join(words))
    live = live_page.Live(session + live_page.SUFFIX, place)
    probe = Probe(recorder, live, module, joined(session), read(inject).of_program(name_of(words)) if inject else None)
    os.register_at_fork(after_in_child=probe.begin_after_fork)
    for name, (_, ours) in probe.replaced.items():
        setattr(module, name, ours)


METHODS = (
    *("__init__", "bind", "listen", "accept", "connect", "connect_ex", "send", "sendall", "sendto", "sendmsg"),
    *("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "shutdown", "close", "detach"),
    *("settimeout", "setblocking", "setsockopt", "getsockopt", "getpeername", "getsockname", "dup", "makefile"),
    "_sendfile_use_sendfile",
)
_CODES = {"__init__": CODE["socket"], "_sendfile_use_sendfile": CODE["sendfile"]}


def _outer(name: str, real: Callable[..., Any], original: Any) -> Any:
    """Return the method *name* as the program calls it."""
    code, plain = _CODES.get(name) or CODE[name], getattr(original, name)

    def method(self: ProgramSocket, /, *args: Any, **options: Any) -> Any:
        slot = _enter(self, code, args, options)
        try:
            return real(self, *args, **options)
        except BaseException as error:
            if not _is_of_arguments(error):
                hide(error)
                raise
        finally:
            slot[live_page.AT_CALL] = 0
            self._wb_live.mine.source = 0
        return plain(self, *args, **options)  # raises, in its own words

    return _dressed(method, plain)


def _is_of_arguments(error: BaseException) -> bool:
    """Tell whether a method of ours could not even be called with the arguments that the program gave."""
    trace = error.__traceback__
    return isinstance(error, TypeError) and trace is not None and trace.tb_next is None


def _enter(
    sock: ProgramSocket, code: int, args: tuple[Any, ...], options: Optional[dict[str, Any]] = None
) -> memoryview:
    """Hold a call that is to wait, then note in the live page that *sock* is about to make it."""
    if sock._wb_hold is not None:
        sock._wb_hold(code, args, options)
    slot: memoryview = getattr(sock._wb_live.mine, "slot", None) or sock._wb_live.claim_slot(sock._wb_recorder.thread())
    try:
        if code != _INIT:
            _note(sock, slot, code, args)
    except Exception:  # noqa: BLE001 - the call is made, whatever its arguments are
        slot[live_page.AT_CALL] = 0
    return slot


_INIT = CODE["socket"]


def _note(sock: ProgramSocket, slot: memoryview, code: int, args: tuple[Any, ...]) -> None:
    sock._wb_role(code)
    key, sources = sock._wb_key, sock._wb_sources
    requested = args[0] if code in RECVS and args and isinstance(args[0], int) else UNKNOWN
    source = sock._wb_live.mine.source = sources.of(sys._getframe(3))
    arguments = sock._wb_recorder.text(dumps(argument(args))) if code in _CONNECTS else 0
    live_page.NOTE.pack_into(
        slot, 0, sock._wb_live.mine.thread, key[0], key[1], sources.name(sock._wb_label), source,
        arguments, requested if -1 << 63 <= requested < 1 << 63 else UNKNOWN, clock(), code,
    )  # fmt: skip


def hide(error: BaseException) -> None:
    """Take the probe's frames from the front of a traceback; a bare raise then adds none (but until 3.10, it does)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_FOLDER):
        trace = trace.tb_next
    error.__traceback__ = trace


def is_ours(kind: Any) -> bool:
    """Tell whether the class in the place of socket.socket records; a program may put any class there."""
    return isinstance(kind, type) and issubclass(kind, ProgramSocket)


def _module_function(name: str, module: Any, original: Any) -> Any:
    """Return the replacement for *original*, the function *name* of the socket *module*."""
    real = getattr(ProgramSocket, name).__func__

    def function(*args: Any, **options: Any) -> Any:
        try:
            return real(module.socket, *args, **options) if is_ours(module.socket) else original(*args, **options)
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
