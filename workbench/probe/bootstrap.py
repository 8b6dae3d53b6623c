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
APART = {"gevent": "gevent._socketcommon", "uvloop": "uvloop.loop"}
"""Libraries whose sockets don't go through the socket module, and what they import to make one."""


def start(folder: str) -> None:
    """Begin tracing this process, if its environment says so. *folder*: what was put on PYTHONPATH."""
    session = os.environ.get(SESSION)
    limit = os.environ.get(LIMIT, "")
    inject = os.environ.get(INJECT, "")
    children = Children(folder, session or "", limit, inject)
    children.hide()
    if session:
        children.install()
        live = session + ".live"
        place = sign_in(live)
        wanted: dict[str, Callable[[Any], None]] = {
            "socket": lambda module: _trace(module, str(session), place, limit, inject),
            "_posixsubprocess": children.install_fork_exec,
        }
        for number, name in enumerate(APART.values(), AT_APART):
            wanted[name] = lambda _, at=number: _mark(live, place, at, b"\1")  # type: ignore[misc]
        _Finder(wanted)


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


def _mark(path: str, place: int, at: int, mark: bytes) -> None:
    """Write *mark* into this process's page of the live file, *at* so many bytes from where that begins."""
    if place >= 0:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        os.pwrite(fd, mark, place + at)
        os.close(fd)


def _trace(module: "ModuleType", session: str, place: int, limit: str, inject: str) -> None:
    """Load the rest of the probe under a name of its own, and let it replace what *module* (socket) makes."""
    package = type(sys)(PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[PACKAGE] = package
    own = _lend()
    try:
        __import__(PACKAGE + ".program_socket")
        install = sys.modules[PACKAGE + ".program_socket"].install
        install(module, session, place, int(limit) if limit else None, inject)
    except Exception:
        _mark(session + ".live", place, _AT_LOST, b"\xff" * 4)  # more calls lost than there can be: it is not traced
        raise
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        for name in _LENT:
            if name != "_struct":  # until 3.9, a second one would raise its errors in the place of the first one's
                sys.modules.pop(name, None)
        sys.modules.update(own)


_LENT = ("__future__", "_operator", "_struct", "struct", "binascii", "mmap", "fcntl", "termios", "_json")
"""What the probe imports and socket does not. None but _struct stays: the program may have others of these names."""


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
        for name in (SESSION.encode(), LIMIT.encode(), INJECT.encode()):
            known.pop(name, None)
        _, _, own = known.pop(b"PYTHONPATH", b"").partition(os.pathsep.encode())
        if own:
            known[b"PYTHONPATH"] = own

    def install(self) -> None:
        """Replace what starts a program in os and posix."""
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
                changed = _dressed(change(real), real)
                setattr(posix, name, changed)
                setattr(os, name, changed)
                if real in os.supports_fd:
                    os.supports_fd.add(changed)

    def install_fork_exec(self, module: "Any") -> None:
        """Replace what subprocess and multiprocessing start programs with."""
        real = module.fork_exec

        def fork_exec(*args: "Any") -> "Any":
            env = args[5]
            if env is None:
                self._arm()
            else:
                args = (*args[:5], self._listed(env), *args[6:])
            return real(*args)

        module.fork_exec = _dressed(fork_exec, real)

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
        """Put the variables into the C library's environment, where the program may have changed or removed them."""
        os.putenv(b"PYTHONPATH", self._joined(os.environb.get(b"PYTHONPATH", b"")))
        for name, value in self._ours.items():
            os.putenv(name, value)

    def _added(self, env: "Any") -> "Any":
        """Return the mapping *env* with the variables; as it is where the real call will complain of it."""
        if env is None:  # inherited: posix_spawn since 3.13
            self._arm()
        try:
            found = {os.fsencode(key): os.fsencode(value) for key, value in env.items()}
        except (AttributeError, TypeError):
            return env
        if SESSION.encode() in found:  # the program traces one itself
            return env
        found.update(self._ours)
        found[b"PYTHONPATH"] = self._joined(found.get(b"PYTHONPATH", b""))
        return found

    def _listed(self, env: "Any") -> "Any":
        """Return fork_exec's list of b"NAME=value" with the variables."""
        try:
            if any(item.startswith(SESSION.encode() + b"=") for item in env):
                return env
            kept = [item for item in env if not item.startswith(b"PYTHONPATH=")]
            own = [item[len(b"PYTHONPATH=") :] for item in env if item.startswith(b"PYTHONPATH=")]
        except (AttributeError, TypeError):
            return env
        path = self._joined(own[-1] if own else b"")
        return [*kept, b"PYTHONPATH=" + path, *(name + b"=" + value for name, value in self._ours.items())]

    def _joined(self, own: bytes) -> bytes:
        return self._folder + os.pathsep.encode() + own if own else self._folder


def _dressed(function: "Any", real: "Any") -> "Any":
    """Give *function* the looks of the *real* one."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(function, name, getattr(real, name, None))
    function.__wrapped__ = real
    return function


class _Finder:
    """Stands first in sys.meta_path until the modules that it waits for were imported; each is then handed over."""

    def __init__(self, wanted: "dict[str, Callable[[Any], None]]") -> None:
        self._wanted = wanted
        for name in [name for name in wanted if name in sys.modules]:
            self.found(sys.modules[name])
        if wanted:
            sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Find *name* as the others do, and let its loader tell when the module is there."""
        if name not in self._wanted:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                loader: Any = _Loader(spec.loader, self)
                spec.loader = loader
                return spec
        return None

    def found(self, module: "ModuleType") -> None:
        """Hand *module* over, and leave when it was the last; what goes wrong there is not the program's trouble."""
        handle = self._wanted.pop(module.__name__, None)
        if not self._wanted and self in sys.meta_path:
            sys.meta_path.remove(self)
        if handle is not None:
            try:
                handle(module)
            except Exception as error:  # noqa: BLE001
                _complain(error)


class _Loader:
    """A module's own loader, which it gets back as soon as it is used."""

    def __init__(self, real: "Any", finder: _Finder) -> None:
        self._real, self._finder = real, finder

    def create_module(self, spec: "Any") -> "Optional[ModuleType]":
        """Do as the real loader does."""
        made: Optional[ModuleType] = self._real.create_module(spec)
        return made

    def exec_module(self, module: "Any") -> None:
        """Do as the real loader does, then tell."""
        module.__spec__.loader = module.__loader__ = self._real
        self._real.exec_module(module)
        self._finder.found(module)


def _complain(error: Exception) -> None:
    """Say what went wrong in the probe, if asked to."""
    if os.environ.get("SOCKET_WORKBENCH_DEBUG"):
        sys.excepthook(type(error), error, error.__traceback__)
