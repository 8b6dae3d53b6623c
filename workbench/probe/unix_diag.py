"""What Linux tells of UNIX sockets by their inodes (UNIX_DIAG, sock_diag(7))."""

from __future__ import annotations

import _socket
import os
import struct

from .facts import family_of, fileno, watched
from .shield import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Socket = _socket.socket
_SOCK_DIAG = 4
"""NETLINK_SOCK_DIAG."""
_BY_FAMILY = 20
_REQUEST = struct.Struct("=BBHIII2I")
_HEADER = struct.Struct("=IHHII")
_ANSWER = struct.Struct("=BBBBIII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = 2
_ANY = 0xFFFFFFFF
_SHOW_PEER, _PEER = 4, 2


def unix_diag(inode: int, show: int) -> dict[int, bytes]:
    """Ask the kernel about one UNIX socket; return the attributes by number. Raises OSError where it can't be asked."""
    request = _REQUEST.pack(_socket.AF_UNIX, 0, 0, _ANY, inode, show, _ANY, _ANY)
    netlink = _Socket(_socket.AF_NETLINK, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _SOCK_DIAG)
    try:
        netlink.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, 1, 1, 0) + request)
        answer = netlink.recv(65536, _socket.MSG_DONTWAIT)  # it is there when send returns
    finally:
        netlink.close()
    length, kind, *_ = _HEADER.unpack_from(answer)
    if kind == _ERROR:
        return {}
    found = {}
    at = _HEADER.size + _ANSWER.size
    while at + _ATTRIBUTE.size <= length:
        size, number = _ATTRIBUTE.unpack_from(answer, at)
        found[number] = answer[at + _ATTRIBUTE.size : at + size]
        at += max(_ATTRIBUTE.size, size + 3 & ~3)
    return found


def peer_inode(sock: Any) -> int | None:
    """Return the inode of a UNIX socket's peer; None for other sockets, a closed peer, and where nobody tells."""
    if family_of(sock) != getattr(_socket, "AF_UNIX", None) or watched():
        return None
    try:
        peer = unix_diag(os.fstat(fileno(sock)).st_ino & _ANY, _SHOW_PEER).get(_PEER)
    except (OSError, AttributeError, struct.error) as error:  # AttributeError: not Linux
        let_through(error)
        return None
    return int.from_bytes(peer[:4], "little") if peer else None
