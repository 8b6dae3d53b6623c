"""The sockets of a program under trace: they look like its own, and their calls are recorded with their source.

`install` puts a class of ours in the place of _socket.socket, before the socket module builds socket.socket upon it. So
the module's own code stays as it is, a copy of it (eventlet, importlib.reload) is seen like the first, and what uses
_socket itself (gevent) as well. `above` does the same for a socket module that is there already: a subclass.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from . import facts, fast_socket, program_calls, source, unseen
from . import page as live_page
from .descriptor import identity
from .facts import STREAM, fileno, gettimeout, kind_of
from .fast_socket import fast_methods
from .format import CALLS, CODE, DATAGRAM, RECVS, TLS, UNKNOWN, message
from .injecting_socket import Injector
from .module_calls import module_functions, python_methods
from .program_calls import accepting, dressed, general, making
from .recorder import Recorder
from .rules import name_of, read
from .shield import FOLDER, is_foreign
from .source import Sources
from .step import joined
from .tail import argument, dumps
from .tls import record_plain_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any, Callable, Optional

    from .rules import Injection
    from .step import Steps

_CONNECTS = (CODE["connect"], CODE["connect_ex"])
_DGRAM = 2
_MOST_PLACES = 50
_ROLES = {
    CODE["listen"]: "server", CODE["bind"]: "server", CODE["connect"]: "client", CODE["connect_ex"]: "client",
    CODE["sendto"]: "client",
}  # fmt: skip
_QUICK = frozenset(
    CODE[name]
    for name in (
        "settimeout",
        "setblocking",
        "setsockopt",
        "getsockopt",
        "getsockname",
        "getpeername",
        "bind",
        "listen",
    )
)
"""Calls that never wait: they are not noted in the live page."""
FAST = ("recv", "recv_into", "send", "settimeout", "setblocking")
METHODS = (
    *("bind", "listen", "connect", "connect_ex", "sendto", "sendmsg", "recvfrom", "recvfrom_into", "recvmsg"),
    *("recvmsg_into", "shutdown", "close", "detach", "setsockopt", "getsockopt", "getpeername", "getsockname"),
)


class Identity:
    """Who a socket is in the session."""

    __slots__ = ("counts", "inode", "key", "kind", "label", "marks", "pending", "waits")

    def __init__(self, key: tuple[int, int]) -> None:
        self.key = key
        self.kind = STREAM
        self.label = ""
        """The name under which its calls stand in the log."""
        self.marks = 0
        """Flags of all its calls."""
        self.waits = True
        """Whether its calls may block."""
        self.inode: Any = None
        self.counts: dict[Any, int] = {}
        """Of its calls, for the rules of an injection."""
        self.pending: list[Any] = []
        """Datagrams that an injection keeps for later."""


class Born:
    """A descriptor that a call of ours has made; `finish` writes that call down when the socket around it is there."""

    __slots__ = ("fd", "finish", "role", "who")

    def __init__(self, fd: int, who: Identity, role: str, finish: Optional[Callable[[Any, Identity], None]]) -> None:
        self.fd, self.who, self.role, self.finish = fd, who, role, finish


class Probe:
    """What one process needs to record its sockets, and what all of them share."""

    def __init__(
        self,
        recorder: Recorder,
        live: live_page.Live,
        steps: Optional[Steps] = None,
        injection: Optional[Injection] = None,
    ) -> None:
        """*steps*: holds calls, and *injection* changes them, where that is wanted."""
        self.injector = None if injection is None else Injector(self, injection)
        self.recorder, self.live, self.steps = recorder, live, steps
        self.holding: Any = b"\0" if steps is None else steps.page
        """Its first byte tells whether calls are to be held."""
        self.sources = Sources(recorder, (FOLDER,))
        self.modules: tuple[str, ...] = ()
        """Files of socket modules."""
        self.tls: Any = ()
        """The class SSLSocket, as soon as there is one."""
        self._numbers: dict[str, Any] = {}
        self._known: dict[int, Identity] = {}
        """Who had each descriptor last."""
        live.begin(recorder.writer)
        recorder.on_loss = live.tell_lost

    # --- classes ----------------------------------------------------------------------------------------------------

    def replace(self, module: Any, stand_in: Callable[[Any, Any], Any]) -> None:
        """Put our class, upon which socket.socket is built, and functions into *module*, which is _socket."""
        for name, value in self.replacements(module, stand_in).items():
            setattr(module, name, value)

    def replacements(self, module: Any, stand_in: Callable[[Any, Any], Any]) -> dict[str, Any]:
        """Return what of *module* (_socket) has to be replaced, and by what."""
        self._below, self._find = self._made(module.socket, {"close": "close"})
        functions = module_functions(self, module, self._below, self._find, stand_in)
        classes = [name for name, value in vars(module).items() if value is module.socket]
        return {**dict.fromkeys(classes, self._below), **functions}

    def take_in_module(self, module: Any) -> None:
        """Take in a socket module: its own frames don't count, its makefile and sendfile are recorded too."""
        self.pass_over(module)
        if issubclass(module.socket, self._below):
            for name, method in python_methods(self, module.socket, self._find).items():
                setattr(module.socket, name, dressed(method, getattr(module.socket, name)))

    def above(self, module: Any) -> Any:
        """Make the class that stands for socket.socket of a *module* that is there already."""
        self.pass_over(module)
        kind, self._find = self._made(module.socket, {"_real_close": "close"})
        for name, method in python_methods(self, module.socket, self._find).items():
            setattr(kind, name, dressed(method, getattr(module.socket, name)))
        kind.__slots__ = module.socket.__slots__
        return kind

    def take_in_tls(self, module: Any, kind: Any) -> None:
        """Let *kind*, the class SSLSocket of *module* or one upon that, record the plain bytes."""
        self.sources.pass_over(str(module.__file__))
        self.tls = kind
        if self.injector is not None:
            self.injector.cut_plain_bytes(kind)
        record_plain_bytes(self, kind, self._find)
        if self.injector is not None:
            self.injector.cut_plain_sendall(kind)

    def _made(self, real: Any, closing: dict[str, str]) -> tuple[Any, Callable[[Any], Optional[Identity]]]:
        looks = {name: getattr(real, name) for name in ("__module__", "__qualname__", "__doc__")}
        plain = real
        if self.injector is not None:
            real = self.injector.below(real)
        kind: Any = type(real.__name__, (real,), {"__slots__": ("_wb",), **looks})
        kept = kind._wb  # works on when its name is gone, so that dir() shows nothing of it
        del kind._wb, kind.__slots__
        find, put = self._finder(kept.__get__, kept.__set__), kept.__set__
        calls = {**{name: name for name in METHODS if name != "close"}, **closing}
        methods = {name: general(self, find, call, getattr(real, name)) for name, call in calls.items()}
        if self.injector is None:
            methods.update(fast_methods(self, find, kept.__get__, real))
        else:
            self.injector.find = find
            methods.update({name: general(self, find, name, getattr(real, name)) for name in FAST})
            methods["sendall"] = fast_methods(self, find, kept.__get__, real)["sendall"]
        methods["__init__"] = making(self, find, put, real.__init__)
        methods["_accept"] = accepting(self, find, real._accept)
        for name, method in methods.items():
            setattr(kind, name, dressed(method, getattr(plain, name)))
        return kind, find

    def _finder(self, get: Any, put: Any) -> Callable[[Any], Optional[Identity]]:
        def find(sock: Any) -> Optional[Identity]:
            """Return who *sock* is; None for one that is not of our class."""
            try:
                known: Identity = get(sock)
                return known
            except (AttributeError, TypeError) as error:
                if is_foreign(error):
                    raise
            who = self.new()
            try:
                put(sock, who)
            except (AttributeError, TypeError) as error:
                if is_foreign(error):
                    raise
                return None
            self.take_in(sock, who, fileno(sock))  # a subclass did not call our __init__
            return who

        return find

    def pass_over(self, module: Any) -> None:
        """Take a socket module's own frames out of what counts as a call's source."""
        path = str(module.__file__)
        if path not in self.modules:
            self.modules += (path,)
            self.sources.pass_over(path)

    def is_module(self, frame: FrameType) -> bool:
        """Tell whether *frame* is one of a socket module."""
        return frame.f_code.co_filename in self.modules

    # --- who a socket is --------------------------------------------------------------------------------------------

    def new(self) -> Identity:
        """Return a new identity."""
        return Identity((self.recorder.pid, self.recorder.number()))

    def take_in(self, sock: Any, who: Identity, given: Any = None) -> None:
        """Take in a socket that has its descriptor now; *given*: it was made around this one, which may have a name."""
        fd = fileno(sock)
        if fd < 0:
            return
        who.kind, who.waits = kind_of(sock), gettimeout(sock) != 0.0
        who.marks = (DATAGRAM if who.kind != STREAM else 0) | (TLS if self.tls and isinstance(sock, self.tls) else 0)
        who.inode = identity(os.fstat(fd))
        before = self._known.get(fd)
        if given is not None and before is not None and before.inode == who.inode:
            who.label = before.label  # ssl and others wrap the descriptor of a socket anew: the name stays with it
        self._known[fd] = who

    def known(self, fd: Any) -> Optional[Identity]:
        """Return who has the descriptor *fd*, as far as is known."""
        return self._known.get(fd) if type(fd) is int else None

    def bear(self, fd: int, role: str = "", finish: Any = None, who: Optional[Identity] = None) -> None:
        """Let the next socket that is made around *fd* be nobody's own call."""
        mine = self.live.mine.__dict__
        before = mine.pop("born", None)
        if before is not None and before.finish is not None:
            self.recorder.lose()  # nobody made a socket of it
        mine["born"] = Born(fd, who or self.new(), role, finish)

    def born(self, fd: Any) -> Optional[Born]:
        """Return what was born with the descriptor *fd*; None if nothing was."""
        born: Optional[Born] = self.live.mine.__dict__.get("born")
        return born if born is not None and born.fd == fd else None

    def adopt(self, sock: Any, born: Born) -> None:
        """Take in the socket that was made around a descriptor of ours, and write down what made that."""
        self.live.mine.__dict__.pop("born", None)
        self.take_in(sock, born.who)
        if born.role:
            self.call_it(born.who, born.role)
        if born.finish is not None:
            born.finish(sock, born.who)

    def call_it(self, who: Identity, role: str) -> None:
        """Name a socket after what it is."""
        number = next(self._numbers.setdefault(role, count(1)))
        who.label = role if role == "server" and number == 1 else f"{role} {number}"

    # --- a call -----------------------------------------------------------------------------------------------------

    def enter(
        self, sock: Any, who: Identity, code: int, args: tuple[Any, ...], options: Any, frame: Any
    ) -> tuple[memoryview, int]:
        """Name a socket by what it does, hold its call, note it in the live page; return its slot and source."""
        role = _ROLES.get(code)
        if role and not who.label and (code != CODE["bind"] or who.kind == _DGRAM):
            self.call_it(who, role)
        source = self.sources.of(frame)
        if self.holding[0] and self.steps is not None:
            self.steps.before(self, sock, who, code, (*args, *options.values()) if options else args, source)
        slot, thread = self.live.mine.both or self.live.claim_slot(self.recorder.thread())
        if who.waits and code not in _QUICK:
            arguments = self.recorder.text(dumps(argument(args))) if code in _CONNECTS else 0
            asked = args[0] if code in RECVS and args and type(args[0]) is int else UNKNOWN
            live_page.NOTE.pack_into(
                slot, 0, thread, *who.key, self.sources.name(who.label), source, arguments,
                asked if -1 <= asked < 1 << 63 else UNKNOWN, self.recorder.clock(), code,
            )  # fmt: skip
        return slot, source

    def leave(self, sock: Any, who: Identity, error: Optional[BaseException] = None) -> None:
        """Tell that a call is over, where calls are held."""
        if self.holding[0] and self.steps is not None and not (error is not None and not isinstance(error, Exception)):
            self.steps.after(self, sock, who, error)

    def put(
        self, who: Identity, code: int, started: int, ended: int, source: int, make: Callable[..., Any], *about: Any
    ) -> None:
        """Record a call that was made; *make* gives its facts of what is told it *about*.

        What fails there costs the record alone.
        """
        try:
            told = make(*about)
            told["flags"] = told.get("flags", 0) | who.marks
            if self.injector is not None:
                self.injector.note(about[0] if about else None, who, CALLS[code], told)
            name = self.sources.name(who.label)
        except BaseException as error:
            if not is_foreign(error):
                self.recorder.lose()
                return
            self.put(who, code, started, ended, source, make, *about)  # it met us on the way
            raise
        self.recorder.call(code, who.key, started, ended, name=name, source=source, **told)

    def uncaught(self, kind: Any, error: Any, trace: Any) -> None:
        """Write down an exception that nothing caught: it ends the thread, or the program."""
        places: list[str] = []
        while trace is not None and len(places) < _MOST_PLACES:
            places.append(f"{self.sources.text(trace.tb_frame, trace.tb_lineno)} in {trace.tb_frame.f_code.co_name}")
            trace = trace.tb_next
        tail = {"error": [kind.__name__, message(error)], "traceback": places}
        self.recorder.event("exception", tail)

    def begin_after_fork(self) -> None:
        """Begin anew in a child process."""
        self.sources.forget()
        if not facts.watched():
            self.live.begin_after_fork(self.recorder.writer)
        else:
            self.live.end()

    def be_watched(self) -> None:
        """From now on make no call that audit hooks would hear of: the program has one."""
        facts.watch()
        program_calls.look = fast_socket.look = unseen.look
        source.key = fast_socket.key = unseen.key


def install(
    module: ModuleType,
    session: str,
    place: int,
    limit: Optional[int],
    stand_in: Callable[[Any, Any], Any],
    inject: str = "",
) -> Probe:
    """Let *module*, which is _socket, make recording sockets from now on. *place*: of our page in the live file.

    *limit*: bytes that the session file may have. *stand_in*: see module_calls. *inject*: what calls are made to do, as
    Injection writes it.
    """
    words = getattr(sys, "orig_argv", sys.argv)
    recorder = Recorder(session, limit=limit, program=" ".join(words))
    live = live_page.Live(session + live_page.SUFFIX, place)
    injection = read(inject).of_program(name_of(words)) if inject else None
    probe = Probe(recorder, live, joined(session), injection)
    os.register_at_fork(after_in_child=probe.begin_after_fork)
    probe.replace(module, stand_in)
    return probe
