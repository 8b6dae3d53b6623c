"""Small programs that are really run, with real sockets, and what the rules say of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from workbench.engine.tracing.own_process import record
from workbench.journal.checking import check
from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding

TCP = ("127.0.0.1", 0)


def findings(folder: Path, program: Callable[[], object]) -> list[Finding]:
    """Run *program* in this process, recorded, and return what is found."""
    session = folder / "session.swb"
    with record(session, overwrite=True):
        program()
    return found_in(session)


def found_in(session: Path) -> list[Finding]:
    with closing(Journal(session)) as journal:
        journal.read_all()
        return check(journal)


def told(found: list[Finding]) -> list[str]:
    """Return what was found in short, such as "error short-send"."""
    return [f"{each.severity} {each.rule}" for each in found]


def grave(found: list[Finding]) -> list[str]:
    """The same without notes."""
    return [each for each in told(found) if not each.startswith("note")]


def connected(**options: int) -> tuple[socket.socket, socket.socket]:
    """Return a client and its connection, over TCP; the listener is closed."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if "rcvbuf" in options:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["rcvbuf"])
        listener.bind(TCP)
        listener.listen()
        client = socket.socket()
        if "sndbuf" in options:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options["sndbuf"])
        client.connect(listener.getsockname())
        connection, _ = listener.accept()
    return client, connection


def together(*parts: Callable[[], object]) -> None:
    """Run *parts* at the same time, each in a thread of its own, to their end."""
    threads = [threading.Thread(target=part, name=f"part {number}") for number, part in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def exactly(sock: socket.socket, count: int) -> bytes:
    """Receive *count* bytes, as a program that is right does."""
    got = b""
    while len(got) < count:
        piece = sock.recv(count - len(got))
        if not piece:
            raise EOFError
        got += piece
    return got
