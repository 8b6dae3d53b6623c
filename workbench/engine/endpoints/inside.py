"""What the kernel holds for one endpoint: its receive queue, its send side, and who waits to be accepted."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Sequence

from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.kernel.proc_net import TcpEntry, accept_queue, end, waiting_unix_clients
from workbench.engine.kernel.tcp_state import tcp_state
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.declared_socket import UNIX
from workbench.engine.sockets.queued_socket import memory_of
from workbench.engine.state import Connecting, EndpointState, Inside, SendSide
from workbench.model.call.address import show

try:
    from fcntl import ioctl
    from termios import TIOCOUTQ
except ImportError:  # Windows
    ioctl = None  # type: ignore[assignment]

_SIOCOUTQNSD = 0x894B
"""linux/sockios.h: bytes of the send queue that are not sent yet."""
_UNIX_HELD, _TCP_HELD = 2, 5
"""Where SO_MEMINFO has what the send buffer holds: SK_MEMINFO_WMEM_ALLOC, and what waits for TCP, WMEM_QUEUED."""
_RETRANSMITS = 2
"""Where TCP_INFO has the number of retransmits of the segment that is not acknowledged: here, the SYN."""


def inside(
    endpoint: Endpoint, others: Sequence[Endpoint], entries: Callable[[], Sequence[TcpEntry]], now: float
) -> Inside:
    """Ask the kernel about *endpoint*; *others* of the bench give names, *entries* tell who waits for accept.

    The entries are asked for only where somebody waits: they take milliseconds to read.
    """
    sock = endpoint.socket
    if sock is None or endpoint.closed:
        return Inside()
    state = endpoint.state()
    if "listen" in state.done:
        clients = [other for other in others if other.role == "client"]
        accept = accept_queue(sock)
        none_wait = accept is not None and not accept.waiting
        return Inside(
            listens=True,
            accept=accept,
            waiting=() if none_wait else tuple(_waiting(sock, state, clients, entries())),
            connecting=tuple(_connecting(state, clients, now)),
        )
    return Inside(queue=sock.look(), send=send_side(sock))


def send_side(sock: BenchSocket) -> SendSide | None:
    """Return the send side of a stream; None for sockets that keep messages, which queue nothing of their own.

    TIOCOUTQ counts what is not acknowledged on TCP (tcp(7)), but kernel memory on UNIX: there it is not reported.
    """
    if sock.type != socket.SOCK_STREAM:
        return None
    try:
        size = socket.socket.getsockopt(sock, socket.SOL_SOCKET, socket.SO_SNDBUF)
        memory = memory_of(sock)
        unix = sock.family == UNIX
        free = None if memory is None else max(0, size - memory[_UNIX_HELD if unix else _TCP_HELD])
        if ioctl is None or unix:
            return SendSide(free=free, size=size)
        if tcp_state(sock) == "CLOSED":  # a reset purged its buffer, but TIOCOUTQ counts on
            return SendSide(0, 0, free, size)
        unacknowledged, unsent = (_count(sock, request) for request in (TIOCOUTQ, _SIOCOUTQNSD))
        return SendSide(unacknowledged, unsent, free, size)
    except OSError:
        return None


def _count(sock: BenchSocket, request: int) -> int | None:
    try:
        (number,) = struct.unpack("i", ioctl(sock.fileno(), request, bytes(4)))
    except (OSError, ValueError):  # ValueError: its thread closed it meanwhile
        return None
    return int(number)


def _waiting(
    sock: BenchSocket, state: EndpointState, clients: Sequence[Endpoint], entries: Sequence[TcpEntry]
) -> list[str]:
    """Name who waits: of UNIX in the queue's order, which TCP does not tell; there the bench's own come first."""
    if state.family == "AF_UNIX":
        owners = {_inode(client.socket): client.name for client in clients if client.socket is not None}
        return [owners.get(inode, f"inode {inode}") for inode in waiting_unix_clients(sock)]
    peers = {end(entry.peer): entry.peer for entry in entries if entry.waits_for_accept and entry.reaches(state.local)}
    own = {end(client.local): client.name for client in clients if end(client.local) in peers}
    return [*own.values(), *(show(peer) for key, peer in peers.items() if key not in own)]


def _connecting(listener: EndpointState, clients: Sequence[Endpoint], now: float) -> list[Connecting]:
    """Return the bench's clients whose connect to this listener has not returned."""
    found = []
    for client in clients:
        state = client.state()
        under_way = next((call for call in state.pending if call.call.startswith("connect")), None)
        if under_way is None or client.socket is None:
            continue
        retries = _retries(client.socket) if state.tcp_state else None
        found.append(Connecting(client.name, state.tcp_state or "waiting", now - under_way.since, retries))
    return found


def _retries(sock: BenchSocket) -> int | None:
    try:
        return int(socket.socket.getsockopt(sock, socket.IPPROTO_TCP, socket.TCP_INFO, 8)[_RETRANSMITS])
    except (OSError, AttributeError):
        return None


def _inode(sock: BenchSocket) -> int:
    try:
        return os.fstat(sock.fileno()).st_ino
    except OSError:
        return -1
