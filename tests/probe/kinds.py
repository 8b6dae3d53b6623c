"""The kinds of sockets, and how two of one kind come to be connected."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

Make = Callable[..., socket.socket]
TCP, UDP = (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM)
TCP6, UDP6 = (socket.AF_INET6, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM)
UNIX, UNIX_DGRAM, SEQPACKET = (
    (socket.AF_UNIX, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)
)
CONNECTED = pytest.mark.parametrize("kind", [TCP, TCP6, UNIX, SEQPACKET], ids=["tcp", "tcp6", "unix", "seqpacket"])
DATAGRAMS = pytest.mark.parametrize("kind", [UDP, UDP6, UNIX_DGRAM], ids=["udp", "udp6", "unix-dgram"])


def bound(make: Make, kind: tuple[int, int], folder: Path, name: str = "s") -> socket.socket:
    sock = make(*kind)
    where = {int(socket.AF_INET): ("127.0.0.1", 0), int(socket.AF_INET6): ("::1", 0)}
    sock.bind(where.get(kind[0]) or str(folder / name))
    return sock


def connected(make: Make, kind: tuple[int, int], folder: Path) -> tuple[socket.socket, socket.socket]:
    """Return the connecting and the accepted socket."""
    with bound(make, kind, folder) as listener:
        listener.listen()
        client = make(*kind)
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        client.settimeout(5)
        accepted.settimeout(5)
        return client, accepted
