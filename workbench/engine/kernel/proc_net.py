"""What only the system's diagnostics tell: accept queues and who waits in them, TIME_WAIT.

Linux alone; elsewhere every question is answered with None or nothing.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.engine.sockets.declared_socket import UNIX
from workbench.engine.state import AcceptQueue
from workbench.model.call.value import PlainAddress, Value
from workbench.probe.unix_diag import unix_diag

_SHOW_ICONS, _SHOW_LENGTHS = 8, 16
_ICONS, _LENGTHS = 3, 4

_ANY = ("0.0.0.0", "::")
ESTABLISHED, TIME_WAIT, LISTEN = 1, 6, 10


def accept_queue(listener: socket.socket) -> AcceptQueue | None:
    """Return the accept queue of a listening socket; None where the system does not tell.

    TCP: tcpi_unacked and tcpi_sacked of TCP_INFO on a listener; UNIX: UDIAG_SHOW_RQLEN of sock_diag(7).
    """
    try:
        if listener.family == UNIX:
            lengths = unix_diag(os.fstat(listener.fileno()).st_ino, _SHOW_LENGTHS).get(_LENGTHS)
            return AcceptQueue(*struct.unpack("=II", lengths)) if lengths else None
        info = socket.socket.getsockopt(listener, socket.IPPROTO_TCP, socket.TCP_INFO, 32)
        return AcceptQueue(*struct.unpack_from("=II", info, 24))
    except (OSError, AttributeError, struct.error):
        return None


def unix_queued(inode: int) -> int | None:
    """Return the bytes in a UNIX stream's receive queue, or the connections that wait for a listener; None if unknown.

    UDIAG_SHOW_RQLEN of sock_diag(7), which takes any process's inode.
    """
    try:
        lengths = unix_diag(inode, _SHOW_LENGTHS).get(_LENGTHS)
    except (OSError, AttributeError, struct.error):
        return None
    return None if lengths is None else int(struct.unpack("=II", lengths)[0])


def waiting_unix_clients(listener: socket.socket) -> list[int]:
    """Return the inodes of the clients that wait in a UNIX listener's accept queue, the first first."""
    try:
        found = unix_diag(os.fstat(listener.fileno()).st_ino, _SHOW_ICONS).get(_ICONS, b"")
    except (OSError, AttributeError, struct.error):
        return []
    return [number for (number,) in struct.iter_unpack("=I", found)]


@dataclass(frozen=True, slots=True)
class TcpEntry:
    """A line of /proc/net/tcp or tcp6: addresses as JSON has them, the state's number, retransmits, the inode."""

    local: PlainAddress | None
    peer: PlainAddress | None
    state: int
    retries: int
    inode: int
    received: int = 0
    """Bytes in the receive queue; of a listener, connections in its accept queue."""

    @property
    def waits_for_accept(self) -> bool:
        """Whether it is a complete connection that no program has yet: it has no inode."""
        return self.state == ESTABLISHED and self.inode == 0

    def reaches(self, listener: PlainAddress | None) -> bool:
        """Whether it is a connection to a socket that listens there; 0.0.0.0 and :: stand for every address."""
        match listener, self.local:
            case [host, port, *_], [own, number, *_]:
                return bool(port == number and host in (own, *_ANY))
            case _:
                return False


def end(address: PlainAddress | None) -> tuple[Value, ...]:
    """Return host and port of an address, as it can be compared: an IPv6 one may have two numbers more."""
    return tuple(address[:2]) if isinstance(address, list | tuple) else (address,)


def tcp_entries() -> list[TcpEntry]:
    """Return every TCP socket of this machine, TIME_WAIT included. Takes milliseconds: never in the UI's thread."""
    return [entry for path in ("/proc/net/tcp", "/proc/net/tcp6") for entry in _entries(path)]


def _entries(path: str) -> Iterator[TcpEntry]:
    try:
        with open(path) as file:
            lines = file.read().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 9:
            state, retries, received = (int(word, 16) for word in (words[3], words[6], words[4].partition(":")[2]))
            yield TcpEntry(_address(words[1]), _address(words[2]), state, retries, int(words[9]), received)


def _address(text: str) -> list[str | int]:
    """Read an address of /proc/net/tcp: 32-bit words in the machine's order, and the port."""
    host, _, port = text.partition(":")
    words = bytes.fromhex(host)
    turned = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    family = socket.AF_INET if len(turned) == 4 else socket.AF_INET6
    return [socket.inet_ntop(family, turned), int(port, 16)]
