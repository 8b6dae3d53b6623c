"""What a record says beside the call itself: addresses, the queue, the bytes; asked without disturbing the socket."""

from __future__ import annotations

import os
import select
import socket
import struct
from typing import Any

from .record import UNKNOWN

try:
    from fcntl import ioctl
    from termios import FIONREAD
except ImportError:  # Windows
    ioctl = None  # type: ignore[assignment]

STREAM, SEQPACKET = int(socket.SOCK_STREAM), int(getattr(socket, "SOCK_SEQPACKET", -1))
_INT = struct.Struct("i")
_ZERO = bytes(_INT.size)


def queued(sock: socket.socket, kind: int) -> int:
    """Return the bytes still in the receive queue, UNKNOWN where the system does not tell without consuming.

    FIONREAD gives the whole queue of a stream (tcp(7)) and the sum of all messages for SEQPACKET, but only the next
    datagram of a UDP socket (udp(7)); there, an empty queue is what can be told.
    """
    try:
        if ioctl is None:
            return UNKNOWN
        if kind in (STREAM, SEQPACKET):
            return int(_INT.unpack(ioctl(sock.fileno(), FIONREAD, _ZERO))[0])
        return UNKNOWN if select.select([sock], [], [], 0)[0] else 0
    except (OSError, ValueError):
        return UNKNOWN


def taken(data: Any, count: int) -> Any:
    """Return the first *count* bytes of *data*, any object with the buffer protocol."""
    if type(data) is bytes and len(data) == count:
        return data
    return memoryview(data).cast("B")[:count]


def taken_from_all(buffers: Any, count: int) -> bytes:
    """Return the first *count* bytes of *buffers* laid end to end."""
    return b"".join(bytes(memoryview(buffer).cast("B")) for buffer in buffers)[:count]


def size_of(data: Any) -> int:
    """Return the size in bytes of *data*; UNKNOWN if it has no buffer (the call itself then raises TypeError)."""
    try:
        return memoryview(data).nbytes
    except TypeError:
        return UNKNOWN


def local_address(sock: socket.socket) -> Any:
    """Return the address that *sock* is bound to; None where it has none (any more)."""
    try:
        return argument(socket.socket.getsockname(sock))
    except OSError:
        return None


def names(sock: socket.socket) -> dict[str, Any]:
    """Return what tells *sock* from others, beyond this process too: addresses, descriptor, inode, family, type."""
    found: dict[str, Any] = {"family": int(sock.family), "type": int(sock.type), "fd": sock.fileno()}
    for key, ask in (("local", socket.socket.getsockname), ("peer", socket.socket.getpeername)):
        try:
            found[key] = argument(ask(sock))
        except OSError:
            continue
    try:
        found["inode"] = os.fstat(sock.fileno()).st_ino
    except OSError:
        pass
    return found


def argument(value: Any) -> Any:
    """Return *value* as JSON can hold it: addresses as lists, bytes as names, objects of the program as their type."""
    if value is None or isinstance(value, (str, bool, float)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (bytes, bytearray)):
        return os.fsdecode(bytes(value))
    if isinstance(value, (list, tuple)):
        return [argument(item) for item in value]
    return "<" + type(value).__name__ + ">"
