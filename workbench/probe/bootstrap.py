"""The probe's first step in a traced program: puts the environment back, and waits until sockets are wanted.

It loads nothing that the interpreter has not loaded at its start (not even __future__), so that the program finds its
modules as without trace.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Optional

SESSION = "SOCKET_WORKBENCH_SESSION"
"""Environment variable: the session file to record into."""
LIMIT = "SOCKET_WORKBENCH_LIMIT"
"""Environment variable: bytes that the session file may have; any number of them unless it is there."""
INJECT = "SOCKET_WORKBENCH_INJECT"
"""Environment variable: what calls are made to do (see rules.py); nothing unless it is there."""
PACKAGE = "_socket_workbench"
PAGE = 4096
"""Size in bytes of a process's part of the live file."""
_AT_LOST = 12
AT_APART = 16
"""Where a page tells, a byte for each, which of APART the process uses."""
APART = {"uvloop": "uvloop.loop", "zmq": "zmq.backend", "grpc": "grpc._cython.cygrpc", "pycurl": "pycurl"}
"""Libraries whose sockets don't go through the socket module, and what they import to make one."""
_HERE = os.path.dirname(os.path.abspath(__file__))
_PROCESS = b"SOCKET_WORKBENCH_PROCESS"
"""Environment variable, in the C library's environment alone: the process whose main interpreter is traced already."""


def start(folder: str) -> None:
    """Begin tracing this process, if its environment says so. *folder*: what was put on PYTHONPATH."""
    session = os.environ.get(SESSION)
    limit = os.environ.get(LIMIT, "")
    inject = os.environ.get(INJECT, "")
    main = os.environb.get(_PROCESS) != b"%d" % os.getpid()  # else this is a subinterpreter
    children = Children(folder, session or "", limit, inject)
    children.hide()
    if session:
        hooks = Hooks()
        children.install(hooks)
        place = sign_in(session + ".live") if main else -1
        os.putenv(_PROCESS, b"%d" % os.getpid())
        traced = _Traced(session, place, limit, inject, hooks)
        wanted: dict[str, Callable[[Any], None]] = {
            "_socket": traced.record,
            "socket": traced.take_in,
            "ssl": traced.take_in_tls,
            "_posixsubprocess": children.install_fork_exec,
            "threading": hooks.watch_threads,
        }
        for number, (name, at) in enumerate(APART.items(), AT_APART):
            wanted[at] = lambda module, name=name, at=number: traced.apart(name, module, at)  # type: ignore[misc]
        _Finder(wanted)


class Hooks:
    """What the program does that the probe has to hear of: it adds an audit hook, or catches no exception."""

    def __init__(self) -> None:
        self.audited = False
        self.on_audit: "list[Callable[[], None]]" = []
        self.on_uncaught: "list[Callable[[Any, Any, Any], None]]" = []
        sys.addaudithook = Function(sys.addaudithook, self._add_audit_hook)
        sys.excepthook = sys.__excepthook__ = Function(sys.excepthook, self._see_uncaught)
        self._add, self._show = sys.addaudithook.real, sys.excepthook.real

    def _add_audit_hook(self, *args: "Any", **options: "Any") -> "Any":
        self.audited = True
        for tell in self.on_audit:
            tell()
        return self._add(*args, **options)

    def _see_uncaught(self, *args: "Any", **options: "Any") -> "Any":
        for tell in self.on_uncaught if len(args) == 3 else ():
            tell(*args)
        return self._show(*args, **options)

    def watch_threads(self, module: "Any") -> None:
        """Hear of what threads don't catch. *module*: threading."""
        real = module.excepthook

        def excepthook(*args: "Any", **options: "Any") -> "Any":
            for tell in self.on_uncaught if args else ():
                tell(args[0].exc_type, args[0].exc_value, args[0].exc_traceback)
            return real(*args, **options)

        module.excepthook = Function(real, excepthook)
        if hasattr(module, "__excepthook__"):
            module.__excepthook__ = module.excepthook


def sign_in(path: str) -> int:
    """Append a page for this process to the live file (see page.py); return its offset, -1 where that cannot be done.

    Appended at once: several processes never get the same page, and a full disk shows here, not as SIGBUS later.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    except OSError:
        return -1
    try:
        page = b"LIVE" + os.getpid().to_bytes(4, "little") + bytes(PAGE - 8)
        return os.lseek(fd, 0, os.SEEK_CUR) - PAGE if os.write(fd, page) == PAGE else -1
    except OSError:
        return -1
    finally:
        os.close(fd)


class _Traced:
    """The recording of this process: begun with the first import of _socket."""

    def __init__(self, session: str, place: int, limit: str, inject: str, hooks: Hooks) -> None:
        self._session, self._place, self._limit, self._inject, self._hooks = session, place, limit, inject, hooks
        self._probe: "Any" = None

    def record(self, module: "Any") -> None:
        """Load the rest of the probe under a name of its own, and let it replace what *module* (_socket) makes."""
        if self._probe is not None:  # a second _socket, whose types are others
            return
        package = type(sys)(PACKAGE)
        package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
        before = set(sys.modules)
        sys.modules[PACKAGE] = package
        own = _lend()
        try:
            __import__(PACKAGE + ".program_socket")
            limit, made = int(self._limit) if self._limit else None, sys.modules[PACKAGE + ".program_socket"]
            self._probe = made.install(module, self._session, self._place, limit, Function, self._inject)
        except Exception:
            self._mark(_AT_LOST, b"\xff" * 4)  # more calls lost than there can be: it is not traced
            raise
        finally:
            for name in set(sys.modules) - before:
                if name != "_struct":  # until 3.9, a second one would raise its errors in the place of the first one's
                    sys.modules.pop(name, None)
            sys.modules.update(own)
        self._hooks.on_uncaught.append(self._probe.uncaught)
        self._hooks.on_audit.append(self._probe.be_watched)
        if self._hooks.audited:
            self._probe.be_watched()

    def take_in(self, module: "Any") -> None:
        """Take in a socket module, which was built upon our _socket.socket; or before, by a .pth file."""
        if self._probe is None:
            self.record(sys.modules["_socket"])
        self._probe.take_in_module(module)

    def take_in_tls(self, module: "Any") -> None:
        """Let SSLSocket record plain bytes."""
        self._probe.take_in_tls(module, module.SSLSocket)

    def apart(self, name: str, module: "Any", at: int) -> None:
        """Tell that the process has sockets which the probe does not see; of uvloop, as soon as a loop is made."""
        if name != "uvloop":
            self._mark(at, b"\1")
            return
        loop = module.Loop

        class Loop(loop):  # type: ignore[misc, valid-type]
            """Tells that it is used, when it is made."""

            def __init__(made, *args: "Any", **options: "Any") -> None:
                self._mark(at, b"\1")
                super().__init__(*args, **options)

        for look in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(Loop, look, getattr(loop, look))
        module.Loop = Loop

    def _mark(self, at: int, mark: bytes) -> None:
        """Write *mark* into this process's page of the live file, *at* so many bytes from where that begins."""
        if self._place >= 0:
            fd = os.open(self._session + ".live", os.O_RDWR | os.O_CLOEXEC)
            os.pwrite(fd, mark, self._place + at)
            os.close(fd)


class Function:
    """Stands for a function that is written in C: unlike one in Python it does not bind as a method."""

    __slots__ = ("__weakref__", "_call", "real")

    def __init__(self, real: "Any", call: "Any") -> None:
        self.real, self._call = real, call

    def __call__(self, /, *args: "Any", **options: "Any") -> "Any":
        try:
            return self._call(*args, **options)
        except BaseException as error:
            trace = error.__traceback__
            while trace is not None and os.path.dirname(trace.tb_frame.f_code.co_filename) == _HERE:
                trace = trace.tb_next
            error.__traceback__ = trace
            raise

    def __getattr__(self, name: str) -> "Any":
        return getattr(self.real, name)

    def __repr__(self) -> str:
        return repr(self.real)

    def __reduce__(self) -> "Any":
        return self.real.__reduce__()

    __class__ = property(lambda self: type(self.real))
    __doc__ = property(lambda self: self.real.__doc__)
    __module__ = property(lambda self: self.real.__module__)


_LENT = ("__future__", "_operator", "_struct", "struct", "binascii", "mmap", "fcntl", "termios", "_json", "select")
"""What the probe imports. None but _struct stays: the program may have others of these names."""


def _lend() -> "dict[str, ModuleType]":
    """Put the standard library's modules into sys.modules; return what is to be there again afterwards."""
    own = {name: sys.modules[name] for name in _LENT if name in sys.modules}
    library = os.path.dirname(os.path.abspath(os.__file__))
    for name in _LENT:
        if not str(getattr(getattr(own.get(name), "__spec__", None), "origin", "")).startswith(("built-in", library)):
            _load(name, [library, os.path.join(library, "lib-dynload")])
    return own


def _load(name: str, places: "list[str]") -> None:
    sys.modules.pop(name, None)
    bootstrap, external = sys.modules["_frozen_importlib"], sys.modules["_frozen_importlib_external"]
    spec = bootstrap.BuiltinImporter.find_spec(name) or external.PathFinder.find_spec(name, places)
    if spec is not None:
        module = sys.modules[name] = bootstrap.module_from_spec(spec)
        spec.loader.exec_module(module)


class Children:
    """Sees to it that the processes which the program starts are traced too.

    The variables stay in the environment that the C library hands on, but not in os.environ; where the program gives
    a child an environment of its own, they are added to it.
    """

    def __init__(self, folder: str, session: str, limit: str, inject: str = "") -> None:
        self._folder = os.fsencode(folder)
        self._ours = {SESSION.encode(): os.fsencode(session)}
        for name, value in ((LIMIT, limit), (INJECT, inject)):
            if value:
                self._ours[name.encode()] = os.fsencode(value)

    def hide(self) -> None:
        """Let os.environ be what it would be without trace; the C library's environment stays as it is."""
        known = os.environb._data  # type: ignore[attr-defined]  # of bytes, also posix.environ
        for name in (SESSION.encode(), LIMIT.encode(), INJECT.encode(), _PROCESS):
            known.pop(name, None)
        _, _, own = known.pop(b"PYTHONPATH", b"").partition(os.pathsep.encode())
        if own:
            known[b"PYTHONPATH"] = own

    def install(self, hooks: Hooks) -> None:
        """Replace what starts a program in os and posix. *hooks*: tell when our own calls would be heard of."""
        self._hooks = hooks
        posix = sys.modules["posix"]
        for name, change in (
            ("system", self._inherited),
            ("execv", self._inherited),
            ("execve", self._given),
            ("posix_spawn", self._given),
            ("posix_spawnp", self._given),
        ):
            real = getattr(posix, name, None)
            if real is not None:
                changed = Function(real, change(real))
                setattr(posix, name, changed)
                setattr(os, name, changed)
                if real in os.supports_fd:
                    os.supports_fd.add(changed)

    def install_fork_exec(self, module: "Any") -> None:
        """Replace what subprocess and multiprocessing start programs with, where it was imported before, too."""
        real = module.fork_exec

        def fork_exec(*args: "Any") -> "Any":
            env = args[5] if len(args) > 5 else ()
            if env is None:
                self._arm()
            elif len(args) > 5:
                args = (*args[:5], self._listed(env), *args[6:])
            return real(*args)

        changed = Function(real, fork_exec)
        for other in [module, *list(sys.modules.values())]:
            for name, value in list(getattr(other, "__dict__", {}).items()):
                if value is real:
                    setattr(other, name, changed)

    def _inherited(self, real: "Any") -> "Any":
        def start_inheriting(*args: "Any", **options: "Any") -> "Any":
            self._arm()
            return real(*args, **options)

        return start_inheriting

    def _given(self, real: "Any") -> "Any":
        def start_given(path: "Any", argv: "Any", env: "Any", **options: "Any") -> "Any":
            return real(path, argv, self._added(env), **options)

        return start_given

    def _arm(self) -> None:
        """Put the variables into the C library's environment, where the program may have changed or removed them.

        They are there from the start; what an audit hook would hear of is left.
        """
        if self._hooks.audited:
            return
        os.putenv(b"PYTHONPATH", self._joined(os.environb.get(b"PYTHONPATH", b"")))
        for name, value in self._ours.items():
            os.putenv(name, value)

    def _added(self, env: "Any") -> "Any":
        """Return the mapping *env* with the variables; as it is where the real call will complain of it."""
        if env is None:  # inherited: posix_spawn since 3.13
            self._arm()
        if not hasattr(env, "items"):
            return env
        items = [(key, value) for key, value in env.items()]
        if not all(isinstance(each, (str, bytes)) for item in items for each in item):
            return env
        found = {os.fsencode(key): os.fsencode(value) for key, value in items}
        if SESSION.encode() in found:  # the program traces one itself
            return env
        found.update(self._ours)
        found[b"PYTHONPATH"] = self._joined(found.get(b"PYTHONPATH", b""))
        return found

    def _listed(self, env: "Any") -> "Any":
        """Return fork_exec's list of b"NAME=value" with the variables."""
        strange = type(env) not in (list, tuple) or not all(type(item) is bytes for item in env)
        if strange or any(item.startswith(SESSION.encode() + b"=") for item in env):
            return env
        kept = [item for item in env if not item.startswith(b"PYTHONPATH=")]
        own = [item[len(b"PYTHONPATH=") :] for item in env if item.startswith(b"PYTHONPATH=")]
        path = b"PYTHONPATH=" + self._joined(own[-1] if own else b"")
        return [*kept, path, *(name + b"=" + value for name, value in self._ours.items())]

    def _joined(self, own: bytes) -> bytes:
        return self._folder + os.pathsep.encode() + own if own else self._folder


class _Finder:
    """Stands first in sys.meta_path; each module that it waits for is handed over when it was executed, each time."""

    def __init__(self, wanted: "dict[str, Callable[[Any], None]]") -> None:
        self._wanted = wanted
        for name in [name for name in wanted if name in sys.modules]:
            self.found(sys.modules[name])
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Find *name* as the others do, and let its loader tell when the module is there."""
        for finder in sys.meta_path if name in self._wanted else ():
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                loader: Any = _Loader(spec.loader, self)
                spec.loader = loader
                return spec
        return None

    def found(self, module: "ModuleType") -> None:
        """Hand *module* over; what goes wrong there is not the program's trouble."""
        try:
            self._wanted[module.__name__](module)
        except Exception as error:
            trace: "Any" = error.__traceback__
            while trace.tb_next is not None:
                trace = trace.tb_next
            if os.path.dirname(trace.tb_frame.f_code.co_filename) != _HERE and not isinstance(error, ImportError):
                raise  # a signal's handler raised it
            if os.environ.get("SOCKET_WORKBENCH_DEBUG"):
                sys.excepthook(type(error), error, error.__traceback__)


class _Loader:
    """A module's own loader, which it gets back as soon as it is used."""

    def __init__(self, real: "Any", finder: _Finder) -> None:
        self._real, self._finder = real, finder

    def create_module(self, spec: "Any") -> "Optional[ModuleType]":
        """Do as the real loader does."""
        return self._real.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: "Any") -> None:
        """Do as the real loader does, then tell."""
        module.__spec__.loader = module.__loader__ = self._real
        self._real.exec_module(module)
        self._finder.found(module)
