"""What a record says beside the call itself: addresses, the queue, the bytes; asked without disturbing the socket."""

from __future__ import annotations

import _socket
import os
import select
import struct
import sys
from errno import EINPROGRESS

from . import shield
from .format import UNKNOWN, marks_of, received
from .shield import let_through
from .tail import argument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .format import Facts

try:
    from fcntl import ioctl
    from termios import FIONREAD, TIOCOUTQ
except ImportError:  # Windows
    ioctl = None  # type: ignore[assignment]

STREAM, SEQPACKET = int(_socket.SOCK_STREAM), int(getattr(_socket, "SOCK_SEQPACKET", -1))
PEEK, TRUNC = int(_socket.MSG_PEEK), int(getattr(_socket, "MSG_TRUNC", 0))
IN_PROGRESS = (EINPROGRESS, 10035)
"""errnos of a connect that goes on in the background, the second on Windows."""
_INT = struct.Struct("i")
_ZERO = bytes(_INT.size)
_BYTES = struct.Struct("=QQ")  # tcpi_bytes_acked and tcpi_bytes_received in linux/tcp.h's struct tcp_info
_AT_BYTES, _AT_RETRIES = 120, 100
_TCP_INFO = getattr(_socket, "TCP_INFO", None) if sys.platform == "linux" else None
_INTERNET = (int(_socket.AF_INET), int(getattr(_socket, "AF_INET6", -1)))
_TCP = (0, int(_socket.IPPROTO_TCP))
_UNIX = int(getattr(_socket, "AF_UNIX", -1))
_RIGHTS = (int(_socket.SOL_SOCKET), int(getattr(_socket, "SCM_RIGHTS", -1)))

# The class's own ways to ask: a subclass of the program's may have others.
_Socket = _socket.socket
fileno, gettimeout = _Socket.fileno, _Socket.gettimeout
_getsockname, _getpeername, _getsockopt = _Socket.getsockname, _Socket.getpeername, _Socket.getsockopt
family_of, kind_of, proto_of = (vars(_Socket)[name].__get__ for name in ("family", "type", "proto"))

_watched = False


def watch() -> None:
    """Make no call from now on that an audit hook would hear of (sys.addaudithook)."""
    global _watched, ioctl
    _watched, ioctl = True, None  # type: ignore[assignment]
    shield.watch()


def watched() -> bool:
    """Tell whether an audit hook may listen."""
    return _watched


def queued(sock: Any, kind: int) -> int:
    """Return the bytes still in the receive queue, UNKNOWN where the system does not tell without consuming.

    FIONREAD gives the whole queue of a stream (tcp(7)) and the sum of all messages for SEQPACKET, but only the next
    datagram of a UDP socket (udp(7)); there, only an empty queue is known to be one.
    """
    try:
        if ioctl is None:
            return UNKNOWN
        if kind in (STREAM, SEQPACKET):
            return int(_INT.unpack(ioctl(fileno(sock), FIONREAD, _ZERO))[0])
        return UNKNOWN if ready(sock, 0) else 0
    except (OSError, ValueError) as error:
        let_through(error)
        return UNKNOWN


def counted(sock: Any) -> dict[str, Any]:
    """Return what the kernel counted on a TCP connection, as a part of a tail; empty for other sockets.

    State, bytes_acked and bytes_received (tcp(7), TCP_INFO), bytes in the receive queue and in the send queue.
    """
    if _TCP_INFO is None or ioctl is None or family_of(sock) not in _INTERNET or proto_of(sock) not in _TCP:
        return {}
    try:
        info = _getsockopt(sock, _TCP[1], _TCP_INFO, _AT_BYTES + _BYTES.size)
        queues = [_INT.unpack(ioctl(fileno(sock), queue, _ZERO))[0] for queue in (FIONREAD, TIOCOUTQ)]
        return {"tcp": [info[0], *_BYTES.unpack_from(info, _AT_BYTES), *queues]}
    except (OSError, ValueError, struct.error) as error:  # it listens, was closed, or the kernel is older than 4.1
        let_through(error)
        return {}


def passed(ancillary: Any) -> dict[str, Any]:
    """Return how many descriptors a message's ancillary data passes (unix(7), SCM_RIGHTS), as a part of a tail."""
    if not isinstance(ancillary, (list, tuple)):
        return {}
    data = [size_of(each[2]) for each in ancillary if tuple(each[:2]) == _RIGHTS]
    return {"descriptors": sum(data) // _INT.size} if data else {}


def retried(sock: Any) -> dict[str, Any]:
    """Return how often the kernel repeated the SYN of a connect, as a part of a tail; empty if it did not, or no TCP.

    tcp(7), TCP_INFO: tcpi_total_retrans.
    """
    if _TCP_INFO is None or family_of(sock) not in _INTERNET or proto_of(sock) not in _TCP or kind_of(sock) != STREAM:
        return {}
    try:
        info = _getsockopt(sock, _TCP[1], _TCP_INFO, _AT_RETRIES + _INT.size)
        number = _INT.unpack_from(info, _AT_RETRIES)[0]
    except (OSError, ValueError, struct.error) as error:
        let_through(error)
        return {}
    return {"retries": number} if number > 0 else {}


def kept(sock: Any, args: tuple[Any, ...]) -> dict[str, Any]:
    """Return what the kernel made of the number that a setsockopt gave it, where that is another; a part of a tail."""
    if len(args) != 3 or not isinstance(args[2], int):
        return {}
    try:
        now = _getsockopt(sock, args[0], args[1])
    except OSError as error:
        let_through(error)
        return {}
    return {"now": now} if now != args[2] else {}


def unread(sock: Any) -> dict[str, Any]:
    """Return the bytes in the receive queue of a UNIX connection, as a part of a tail; empty for other sockets."""
    waiting = queued(sock, STREAM) if family_of(sock) == _UNIX else UNKNOWN
    return {"unread": waiting} if waiting >= 0 else {}


def closing_counts(sock: Any, kind: int) -> dict[str, Any]:
    """Return what the kernel counted on a connection so far: more than the calls moved, if some went unseen.

    Of a UNIX connection it tells the bytes that wait to be received alone.
    """
    return (counted(sock) or unread(sock)) if kind in (STREAM, SEQPACKET) and fileno(sock) >= 0 else {}


def truncation(
    count: int, requested: int, flags: int, told: Optional[int], real: Optional[int] = None
) -> tuple[Optional[bool], int]:
    """Return whether a datagram was cut, None if it is not known, and its real size, UNKNOWN if so.

    *told*: the flags that recvmsg returned; *real*: its size, where that was asked for.
    """
    if flags & TRUNC:  # recv(2): with MSG_TRUNC the real size is returned
        real = count
    if real is not None:
        return real > requested, real
    if told is not None:
        return bool(told & TRUNC), UNKNOWN
    return (False if count < requested else None), UNKNOWN


def discards(sock: Any, kind: int, flags: int) -> bool:
    """Tell whether a recv with MSG_TRUNC threw its bytes away: TCP does (tcp(7)), but for a peek."""
    return kind == STREAM and not flags & PEEK and family_of(sock) != _UNIX


def of_recv(
    sock: Any, kind: int, data: Any, count: int, asked: int, flags: int = 0, about: Any = None, told: Any = None,
    ancillary: Any = (), real: Optional[int] = None,
) -> Facts:  # fmt: skip
    """Return the facts of a recv of *count* bytes into *data*; *told*: the flags that recvmsg returned.

    *about*: what the tail holds beside; *ancillary*: whether there was any; *real*: as in `truncation`.
    """
    left, size, cut, about = 0, -1, None, {**({} if about is None else about), **passed(ancillary)}
    marks = marks_of(flags)
    if kind != STREAM:
        cut, size = truncation(count, asked, flags, told, real)
    # A stream's recv that took less than asked took all, unless ancillary data ended it.
    if kind != STREAM or marks or ancillary or count >= asked:
        left = queued(sock, kind)
    if kind == STREAM and not count and asked:
        about.update(counted(sock))
    moved = b"" if flags & TRUNC and discards(sock, kind, flags) else taken(data, min(count, asked))
    return received(count, asked, moved, flags, left=left, size=size, cut=cut, marks=marks, about=about)


def ready(sock: Any, seconds: float, *, to_send: bool = False) -> bool:
    """Wait until *sock* has something to recv, or room *to_send*, or failed; False when *seconds* have passed."""
    if not hasattr(select, "poll"):  # Windows
        reads, writes = ([], [sock]) if to_send else ([sock], [])
        return any(select.select(reads, writes, writes, seconds))
    poll = select.poll()  # select.select takes no descriptor above 1023
    poll.register(fileno(sock), select.POLLOUT if to_send else select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def flat(data: Any) -> Optional[memoryview]:
    """Return *data* as bytes end to end; None where no send would take it, and then raises for it."""
    try:
        view = memoryview(data)
        if not view.c_contiguous:
            return None
        return view.cast("B") if view.nbytes else memoryview(b"")
    except TypeError as error:
        let_through(error)
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
        if type(data) is bytes:
            return len(data)
        return sum(map(size_of, data)) if isinstance(data, list) else memoryview(data).nbytes
    except TypeError as error:
        let_through(error)
        return UNKNOWN


def whole(value: Any, otherwise: int = UNKNOWN) -> int:
    """Return *value* where a record can hold it as a number of bytes or as flags; else the call raises for it."""
    return int(value) if isinstance(value, int) and 0 <= value < 1 << 63 else otherwise


def listed(items: Any) -> Any:
    """Return *items* as a list that can be read twice; itself where it is none, for the call to raise."""
    try:
        return list(items)
    except TypeError as error:
        let_through(error)
        return items


def address_of(sock: Any, ask: Any = _getsockname) -> Any:
    """Return the address that *sock* is bound to; None where it has none (any more)."""
    try:
        return argument(ask(sock))
    except OSError as error:
        let_through(error)
        return None


def names(sock: Any) -> dict[str, Any]:
    """Return what tells *sock* from others, beyond this process too: addresses, descriptor, inode, family, type."""
    fd = fileno(sock)
    found: dict[str, Any] = {"family": family_of(sock), "type": kind_of(sock), "fd": fd}
    timeout = gettimeout(sock)
    if timeout is not None:  # of socket.setdefaulttimeout, or of SOCK_NONBLOCK
        found["timeout"] = timeout
    for key, ask in (("local", _getsockname), ("peer", _getpeername)):
        address = address_of(sock, ask)
        if address is not None:
            found[key] = address
    try:
        found["inode"] = os.fstat(fd).st_ino & 0x7FFFFFFFFFFFFFFF
    except OSError as error:
        let_through(error)
    return found
