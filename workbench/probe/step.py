"""Step: holds each call of a program until a person lets it go, and looks into the receive queue meanwhile.

Beside the session stands a file that every process maps: its first byte says whether calls are to be held at all, and
it names the UNIX socket of whoever decides. A held thread tells there what it is about to do and waits for the answer
or the end of the connection, so that every call goes on when nobody is there any more.
"""

from __future__ import annotations

import _socket
import os
import select
from _thread import _local as thread_local

from .bootstrap import PAGE as PAGE
from .facts import STREAM, fileno, kind_of, queued, size_of, taken
from .format import CALLS, CODE, SENDS
from .page import mapped
from .shield import let_through
from .tail import argument, dumps, option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import Any, Callable, Optional

    from .program_socket import Identity, Probe

SUFFIX = ".step"
BEFORE, AFTER = 1, 2
"""Bits of the first byte: ask before each call; tell after each call."""
AT_PATH = 16
"""Where the path of the UNIX socket begins in the file; it ends with a NUL."""
LENGTH = 4
"""Bytes before a message that give its length, the least first."""
LOOK_AGAIN = b"p"
"""An answer: to go on waiting, and tell what the queue holds now. Any other one lets the call go."""
HEAD = 4096
"""Bytes of the queue that are looked at."""
_SHOWN = 64
"""Most bytes of a payload that a step message carries."""
_PEEK_OFF = 42
"""SO_PEEK_OFF (socket(7)): where a program that set it is in its own peeks, which another peek would move."""
_PEEK = _socket.MSG_PEEK | getattr(_socket, "MSG_DONTWAIT", 0)
_TRUNC = getattr(_socket, "MSG_TRUNC", 0)
_RDHUP = getattr(select, "POLLRDHUP", 0)
_SOCKET = CODE["socket"]
_Socket = _socket.socket


def joined(session: str) -> Optional[Steps]:
    """Return the Steps of a session whose calls may be held; None for any other."""
    try:
        fd = os.open(session + SUFFIX, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return Steps(mapped(fd, 0))
    except (OSError, ValueError):
        return None
    finally:
        os.close(fd)


class Steps:
    """One process's side. Whatever goes wrong here, the program's call is made."""

    def __init__(self, page: mmap) -> None:
        self.page = page
        self._mine = thread_local()

    def before(self, probe: Probe, sock: Any, who: Identity, code: int, args: tuple[Any, ...], source: int) -> None:
        """Hold a call that is about to be made, if it is to wait."""
        self._mine.__dict__["call"] = code, source
        if self.page[0] & BEFORE:
            self._ask(lambda: {**_who(probe, who, code, source), **_what(code, args), "queue": _queue(sock, code)})

    def after(self, probe: Probe, sock: Any, who: Identity, error: Optional[BaseException]) -> None:
        """Tell that a call returned, or raised *error*."""
        code, source = self._mine.__dict__.pop("call", (0, 0))
        if code and self.page[0] & AFTER:
            failed = "" if error is None else type(error).__name__
            about = {"after": True, "error": failed}
            self._ask(lambda: {**_who(probe, who, code, source), **about, "queue": _queue(sock)})

    def _ask(self, message: Callable[[], dict[str, Any]]) -> None:
        """Tell what goes on, and wait for the answer; signals of the program are handled meanwhile."""
        try:
            encoded = dumps(message()).encode()
            asking = _Socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        except BaseException as error:  # the program comes first: no descriptor left, or an argument like no other
            let_through(error)
            return
        try:
            asking.settimeout(None)  # whatever the program's default is
            asking.connect(self.page[AT_PATH:].split(b"\0", 1)[0])
            asking.sendall(len(encoded).to_bytes(LENGTH, "little") + encoded)
            while asking.recv(1) == LOOK_AGAIN:
                encoded = dumps(message()).encode()
                asking.sendall(len(encoded).to_bytes(LENGTH, "little") + encoded)
        except OSError as error:
            let_through(error)
            if not isinstance(error, (BrokenPipeError, ConnectionResetError)):
                self.page[0] = 0  # nobody is there any more; else let go while the queue was told again
        finally:
            asking.close()


def _who(probe: Probe, who: Identity, code: int, source: int) -> dict[str, Any]:
    """Tell who makes the call; thread and source as numbers of texts."""
    return {
        "pid": os.getpid(),
        "writer": probe.recorder.writer,
        "thread": probe.recorder.thread(),
        "socket": who.key,
        "name": who.label,
        "source": source,
        "call": CALLS[code],
    }


def _what(code: int, args: tuple[Any, ...]) -> dict[str, Any]:
    """Tell the arguments, of what is to be sent the beginning and the size."""
    if code == CODE["socket"] and args[3:] == (None,):
        args = args[:3]  # socket.socket passes its fileno on though the program gave none
    if code not in SENDS or not args:
        return {"args": [option(value) if code == CODE["setsockopt"] else argument(value) for value in args]}
    data = list(args[0]) if isinstance(args[0], (list, tuple)) else args[0]
    size = size_of(data)
    head = bytes(taken(data, min(size, _SHOWN))) if size > 0 else b""
    return {"args": [argument(value) for value in args[1:]], "size": size, "data": head.hex()}


def _queue(sock: Any, code: int = 0) -> Any:
    """Look into the receive queue, where that changes nothing for the program; None where it can't be.

    A peek takes a pending error as any recv does (socket(7)): none is made while poll tells of one.
    """
    fd = -1 if code == _SOCKET else fileno(sock)
    if fd < 0:
        return None
    kind, poll = kind_of(sock), select.poll()
    poll.register(fd, select.POLLIN | _RDHUP)
    found = poll.poll(0)
    ready = found[0][1] if found else 0
    facts = {"error": bool(ready & select.POLLERR), "fin": bool(ready & _RDHUP), "head": "", "messages": kind != STREAM}
    total = queued(sock, kind)
    if kind == STREAM and total < 0:
        return None  # it listens
    if ready & select.POLLIN and not ready & (select.POLLERR | select.POLLNVAL) and total and not _peeks_itself(sock):
        try:
            if kind == STREAM:
                facts["head"] = _Socket.recv(sock, min(total, HEAD), _PEEK).hex()
            else:
                buffer = bytearray(HEAD)
                total = _Socket.recv_into(sock, buffer, HEAD, _PEEK | _TRUNC)
                facts["head"] = bytes(buffer[:total]).hex()
        except OSError as error:
            let_through(error)
    return {**facts, "total": total}


def _peeks_itself(sock: Any) -> bool:
    try:
        return _Socket.getsockopt(sock, _socket.SOL_SOCKET, _PEEK_OFF) >= 0
    except OSError as error:
        let_through(error)
        return False
