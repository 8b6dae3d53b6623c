"""What a record says beside the call itself: addresses, the queue, the bytes; asked without disturbing the socket."""

from __future__ import annotations

import _socket
import os
import select
import socket
import struct
import sys

from .format import UNKNOWN
from .tail import argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

try:
    from fcntl import ioctl
    from termios import FIONREAD, TIOCOUTQ
except ImportError:  # Windows
    ioctl = None  # type: ignore[assignment]

STREAM, SEQPACKET = int(socket.SOCK_STREAM), int(getattr(socket, "SOCK_SEQPACKET", -1))
_INT = struct.Struct("i")
_ZERO = bytes(_INT.size)
_BYTES = struct.Struct("=QQ")  # tcpi_bytes_acked and tcpi_bytes_received in linux/tcp.h's struct tcp_info
_AT_BYTES, _AT_RETRIES = 120, 100
_TCP_INFO = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_INTERNET = (int(socket.AF_INET), int(getattr(socket, "AF_INET6", -1)))
_TCP = (0, int(socket.IPPROTO_TCP))
_UNIX = int(getattr(socket, "AF_UNIX", -1))
_RIGHTS = (int(socket.SOL_SOCKET), int(getattr(socket, "SCM_RIGHTS", -1)))


def queued(sock: socket.socket, kind: int) -> int:
    """Return the bytes still in the receive queue, UNKNOWN where the system does not tell without consuming.

    FIONREAD gives the whole queue of a stream (tcp(7)) and the sum of all messages for SEQPACKET, but only the next
    datagram of a UDP socket (udp(7)); there, only an empty queue is known to be one.
    """
    try:
        if ioctl is None:
            return UNKNOWN
        if kind in (STREAM, SEQPACKET):
            return int(_INT.unpack(ioctl(sock.fileno(), FIONREAD, _ZERO))[0])
        return UNKNOWN if ready(sock, 0) else 0
    except (OSError, ValueError):
        return UNKNOWN


def counted(sock: socket.socket) -> dict[str, Any]:
    """Return what the kernel counted on a TCP connection, as a part of a tail; empty for other sockets.

    State, bytes_acked and bytes_received (tcp(7), TCP_INFO), bytes in the receive queue and in the send queue.
    """
    if _TCP_INFO is None or ioctl is None or sock.family not in _INTERNET or sock.proto not in _TCP:
        return {}
    try:
        info = _socket.socket.getsockopt(sock, socket.IPPROTO_TCP, _TCP_INFO, _AT_BYTES + _BYTES.size)
        queues = [_INT.unpack(ioctl(sock.fileno(), queue, _ZERO))[0] for queue in (FIONREAD, TIOCOUTQ)]
        return {"tcp": [info[0], *_BYTES.unpack_from(info, _AT_BYTES), *queues]}
    except (OSError, ValueError, struct.error):  # it listens, was closed, or the kernel is older than 4.1
        return {}


def passed(ancillary: Any) -> dict[str, Any]:
    """Return how many descriptors a message's ancillary data passes (unix(7), SCM_RIGHTS), as a part of a tail."""
    if not isinstance(ancillary, (list, tuple)):
        return {}
    data = [size_of(each[2]) for each in ancillary if tuple(each[:2]) == _RIGHTS]
    return {"descriptors": sum(data) // _INT.size} if data else {}


def retried(sock: socket.socket) -> dict[str, Any]:
    """Return how often the kernel repeated the SYN of a connect, as a part of a tail; empty if it did not, or no TCP.

    tcp(7), TCP_INFO: tcpi_total_retrans.
    """
    if _TCP_INFO is None or sock.family not in _INTERNET or sock.proto not in _TCP or sock.type != socket.SOCK_STREAM:
        return {}
    try:
        info = _socket.socket.getsockopt(sock, socket.IPPROTO_TCP, _TCP_INFO, _AT_RETRIES + _INT.size)
        number = _INT.unpack_from(info, _AT_RETRIES)[0]
    except (OSError, ValueError, struct.error):
        return {}
    return {"retries": number} if number > 0 else {}


def kept(sock: socket.socket, args: tuple[Any, ...]) -> dict[str, Any]:
    """Return what the kernel made of the number that a setsockopt gave it, where that is another; a part of a tail."""
    if len(args) != 3 or not isinstance(args[2], int):
        return {}
    try:
        now = _socket.socket.getsockopt(sock, args[0], args[1])
    except OSError:
        return {}
    return {"now": now} if now != args[2] else {}


def unread(sock: socket.socket) -> dict[str, Any]:
    """Return the bytes in the receive queue of a UNIX connection, as a part of a tail; empty for other sockets."""
    waiting = queued(sock, STREAM) if sock.family == _UNIX else UNKNOWN
    return {"unread": waiting} if waiting >= 0 else {}


def ready(sock: socket.socket, seconds: float, *, to_send: bool = False) -> bool:
    """Wait until *sock* has something to recv, or room *to_send*, or failed; False when *seconds* have passed."""
    if not hasattr(select, "poll"):  # Windows
        reads, writes = ([], [sock]) if to_send else ([sock], [])
        return any(select.select(reads, writes, writes, seconds))
    poll = select.poll()  # select.select takes no descriptor above 1023
    poll.register(sock, select.POLLOUT if to_send else select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def flat(data: Any) -> Optional[memoryview]:
    """Return *data* as bytes end to end; None where no send would take it, and then raises for it."""
    try:
        view = memoryview(data)
        if not view.c_contiguous:
            return None
        return view.cast("B") if view.nbytes else memoryview(b"")
    except TypeError:
        return None


def taken(data: Any, count: int) -> Any:
    """Return the first *count* bytes of *data*: an object with the buffer protocol, or a list of such end to end."""
    if type(data) is bytes and len(data) == count:
        return data
    if count <= 0:
        return b""
    if isinstance(data, list):
        return b"".join(flat(piece) or b"" for piece in data)[:count]
    return memoryview(data).cast("B")[:count]


def size_of(data: Any) -> int:
    """Return the size in bytes of *data*, as `taken` takes it; UNKNOWN if it has no buffer (the call then raises)."""
    try:
        return sum(map(size_of, data)) if isinstance(data, list) else memoryview(data).nbytes
    except TypeError:
        return UNKNOWN


def whole(value: Any, otherwise: int = UNKNOWN) -> int:
    """Return *value* where a record can hold it as a number of bytes or as flags; else the call raises for it."""
    return int(value) if isinstance(value, int) and 0 <= value < 1 << 63 else otherwise


def local_address(sock: socket.socket) -> Any:
    """Return the address that *sock* is bound to; None where it has none (any more)."""
    try:
        return argument(_socket.socket.getsockname(sock))
    except OSError:
        return None


def names(sock: socket.socket) -> dict[str, Any]:
    """Return what tells *sock* from others, beyond this process too: addresses, descriptor, inode, family, type."""
    found: dict[str, Any] = {"family": int(sock.family), "type": int(sock.type), "fd": sock.fileno()}
    timeout = sock.gettimeout()
    if timeout is not None:  # of socket.setdefaulttimeout, or of SOCK_NONBLOCK
        found["timeout"] = timeout
    for key, ask in (("local", _socket.socket.getsockname), ("peer", _socket.socket.getpeername)):
        try:
            found[key] = argument(ask(sock))
        except OSError:
            continue
    try:
        found["inode"] = os.fstat(sock.fileno()).st_ino & 0x7FFFFFFFFFFFFFFF
    except OSError:
        pass
    return found
