"""Real sessions for tests: sockets of this process that record what they do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket

INET, INET6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
STREAM, DGRAM, SEQPACKET = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


@contextmanager
def recorded(path: Path) -> Iterator[type[TracedSocket]]:
    """Give a class of sockets whose calls go into a session at *path*, which ends with the block."""
    recorder = Recorder(str(path), program="test")

    class Socket(TracedSocket):
        pass

    Socket.recorder, Socket.accepts = recorder, Socket
    yield Socket
    recorder.close()


def read(path: Path) -> Journal:
    """Return the whole journal of a session file."""
    journal = Journal(path)
    journal.read_all()
    return journal


def connected(
    server: type[socket.socket], client: type[socket.socket], address: Any
) -> tuple[socket.socket, socket.socket, socket.socket]:
    """Return a listening *server* class's socket, its connection, and a *client* class's socket connected to it.

    *address*: where to bind; "" in a path's place is not taken.
    """
    family = UNIX if isinstance(address, str) else INET6 if ":" in address[0] else INET
    listener = server(family, STREAM)
    listener.bind(address)
    listener.listen(5)
    caller = client(family, STREAM)
    caller.connect(listener.getsockname())
    return listener, listener.accept()[0], caller


def recv_exactly(sock: socket.socket, size: int, bufsize: int = 65536) -> bytes:
    """Receive until *size* bytes have come."""
    got = b""
    while len(got) < size:
        piece = sock.recv(min(bufsize, size - len(got)))
        assert piece
        got += piece
    return got
