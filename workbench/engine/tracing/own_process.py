"""Recording the sockets of this very process, for a while: `with record() as recording`."""

from __future__ import annotations

import _socket
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from weakref import WeakMethod

from workbench.journal.checking import check
from workbench.journal.files import SUFFIX, record_to
from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding
from workbench.probe.bootstrap import Function
from workbench.probe.page import Live
from workbench.probe.program_socket import Probe
from workbench.probe.rules import Injection


class Recording:
    """A session that is being recorded, or was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The session file: for `socket-workbench show`, and for Journal."""

    def calls(self) -> list[Call]:
        """Return the calls recorded so far."""
        with closing(Journal(self.path)) as journal:
            journal.pull()
            return list(journal)

    def findings(self) -> list[Finding]:
        """Return what is wrong with the calls recorded so far, the gravest first."""
        with closing(Journal(self.path)) as journal:
            journal.pull()
            return check(journal)


@contextmanager
def record(
    path: str | os.PathLike[str] | None = None, *, overwrite: bool = False, injection: Injection | None = None
) -> Iterator[Recording]:
    """Record every socket made within the block, by any thread of this process, into a session file.

    *path*: the session; without it a temporary one, removed at the end. Raises SessionExists for an existing file
    unless *overwrite*. Sockets made before, and other processes, are left alone. *injection*: of calls.
    """
    kept = path is not None
    where = Path(path) if path is not None else Path(mkdtemp(prefix="socket-workbench-")) / f"session{SUFFIX}"
    recorder = record_to(where, overwrite=overwrite)
    probe = Probe(recorder, Live(), injection=injection)
    _begin_after_fork(probe)
    try:
        with _replaced(probe):
            yield Recording(where)
    finally:
        recorder.close()
        if not kept:
            with suppress(OSError):
                where.unlink()
                where.parent.rmdir()


@contextmanager
def _replaced(probe: Probe) -> Iterator[None]:
    """Put the probe's class and functions wherever a module holds the original ones, and take them out again."""
    context: Any = getattr(sys.modules.get("ssl"), "SSLContext", None)
    functions = probe.replacements(_socket, Function)
    pairs = [(getattr(_socket, name), functions[name]) for name in ("socketpair", "dup") if name in functions]
    ours = probe.above(socket)
    pairs.append((socket.socket, ours))
    _exchange(pairs)
    if context is not None:  # its sockets are of a class that was made before
        before = context.sslsocket_class
        context.sslsocket_class = type(before.__name__, (before, ours), {"__module__": before.__module__})
        probe.take_in_tls(sys.modules["ssl"], context.sslsocket_class)
    try:
        yield
    finally:
        if context is not None:
            context.sslsocket_class = before
        _exchange((ours, original) for original, ours in pairs)


def _exchange(pairs: Iterable[tuple[Any, Any]]) -> None:
    """Replace the first of each pair by the second in the namespaces of all modules but our own."""
    replacements = {id(old): new for old, new in pairs}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != __name__.partition(".")[0]:
            namespace = getattr(module, "__dict__", {})
            for key, value in list(namespace.items()):
                if id(value) in replacements:
                    namespace[key] = replacements[id(value)]


def _begin_after_fork(probe: Probe) -> None:
    known = WeakMethod(probe.begin_after_fork)

    def begin() -> None:
        if (method := known()) is not None:
            method()

    os.register_at_fork(after_in_child=begin)
