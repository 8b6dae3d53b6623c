"""Step: holds each call of a program until a person lets it go, and looks into the receive queue meanwhile.

Beside the session stands a file that every process maps: its first byte says whether calls are to be held at all, and
it names the UNIX socket of whoever decides. A held thread tells there what it is about to do and waits for the answer
or the end of the connection, so that every call goes on when nobody is there any more.
"""

from __future__ import annotations

import _socket
import os
import select
import sys
from _thread import _local as thread_local

from .bootstrap import PAGE as PAGE
from .facts import STREAM, queued, size_of, taken
from .format import CALLS, CODE, SENDS
from .page import mapped
from .tail import argument, dumps, option
from .traced_socket import _Made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import Any, Callable, Optional

    from .program_socket import ProgramSocket

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
        self._page = page
        self._mine = thread_local()

    def holder(self) -> Callable[..., None]:
        """Return what a class of sockets has as its `hold`."""
        page, before = self._page, self._before

        def hold(sock: ProgramSocket, code: int, args: tuple[Any, ...], options: Optional[dict[str, Any]]) -> None:
            if page[0]:
                before(sock, code, args, options or {})

        return hold

    def followed(
        self, method: Callable[..., Any], fast: Callable[..., Any], hide: Callable[[BaseException], None]
    ) -> Callable[..., Any]:
        """Return *method* so that what it left in the queue is sent too; *fast* replaces it while nothing is held.

        *hide* takes our frames out of tracebacks.
        """
        page, after = self._page, self._after

        def followed(self: ProgramSocket, /, *args: Any, **options: Any) -> Any:
            try:
                if not page[0]:
                    return fast(self, *args, **options)
                result = method(self, *args, **options)
                if page[0]:
                    after(self, None)
            except BaseException as error:
                if page[0] and isinstance(error, Exception):
                    after(self, error)
                hide(error)
                raise
            return result

        return followed

    def _before(self, sock: ProgramSocket, code: int, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        if code == _SOCKET:
            if isinstance(options.get("fileno"), _Made):
                return  # part of an accept, dup, socketpair or fromfd
            args = (*args, *options.values())
        elif code == CODE["close"] and sock.fileno() < 0:
            return
        else:
            sock._wb_role(code)
        self._mine.__dict__["call"] = code
        if self._page[0] & BEFORE:
            self._ask(lambda: {**_who(sock, code), **_what(code, args), "queue": _queue(sock)})

    def _after(self, sock: ProgramSocket, error: Optional[Exception]) -> None:
        code = self._mine.__dict__.pop("call", 0)
        if code and self._page[0] & AFTER:
            failed = "" if error is None else type(error).__name__
            self._ask(lambda: {**_who(sock, code), "after": True, "error": failed, "queue": _queue(sock)})

    def _ask(self, message: Callable[[], dict[str, Any]]) -> None:
        """Tell what goes on, and wait for the answer; signals of the program are handled meanwhile."""
        try:
            encoded = dumps(message()).encode()
            asking = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        except Exception:  # noqa: BLE001 - the program comes first: no descriptor left, or an argument like no other
            return
        try:
            asking.settimeout(None)  # whatever the program's default is
            asking.connect(self._page[AT_PATH:].split(b"\0", 1)[0])
            asking.sendall(len(encoded).to_bytes(LENGTH, "little") + encoded)
            while asking.recv(1) == LOOK_AGAIN:
                encoded = dumps(message()).encode()
                asking.sendall(len(encoded).to_bytes(LENGTH, "little") + encoded)
        except (BrokenPipeError, ConnectionResetError):
            pass  # let go while the queue was sent again: nobody read that
        except OSError:
            self._page[0] = 0  # nobody is there any more
        finally:
            asking.close()


def _who(sock: ProgramSocket, code: int) -> dict[str, Any]:
    """Tell who makes the call; thread and source as numbers of texts."""
    label = getattr(sock, "_wb_label", "")
    return {
        "pid": os.getpid(),
        "writer": sock._wb_recorder.writer,
        "thread": sock._wb_recorder.thread(),
        "socket": getattr(sock, "_wb_key", (0, 0)),
        "name": label,
        "source": sock._wb_sources.of(sys._getframe()),
        "call": CALLS[code],
    }


def _what(code: int, args: tuple[Any, ...]) -> dict[str, Any]:
    """Tell the arguments, of what is to be sent the beginning and the size."""
    if code not in SENDS or not args:
        return {"args": [option(value) if code == CODE["setsockopt"] else argument(value) for value in args]}
    data = list(args[0]) if isinstance(args[0], (list, tuple)) else args[0]
    size = size_of(data)
    head = bytes(taken(data, min(size, _SHOWN))) if size > 0 else b""
    return {"args": [argument(value) for value in args[1:]], "size": size, "data": head.hex()}


def _queue(sock: ProgramSocket) -> Any:
    """Look into the receive queue, where that changes nothing for the program; None where it can't be.

    A peek takes a pending error as any recv does (socket(7)): none is made while poll tells of one.
    """
    if sock.fileno() < 0:
        return None
    kind, poll = int(sock.type), select.poll()
    poll.register(sock.fileno(), select.POLLIN | _RDHUP)
    found = poll.poll(0)
    ready = found[0][1] if found else 0
    facts = {"error": bool(ready & select.POLLERR), "fin": bool(ready & _RDHUP), "head": "", "messages": kind != STREAM}
    total = queued(sock, kind)
    if kind == STREAM and total < 0:
        return None  # it listens
    if ready & select.POLLIN and not ready & (select.POLLERR | select.POLLNVAL) and total and not _peeks_itself(sock):
        try:
            if kind == STREAM:
                facts["head"] = _socket.socket.recv(sock, min(total, HEAD), _PEEK).hex()
            else:
                buffer = bytearray(HEAD)
                total = _socket.socket.recv_into(sock, buffer, HEAD, _PEEK | _TRUNC)
                facts["head"] = bytes(buffer[:total]).hex()
        except OSError:
            pass
    return {**facts, "total": total}


def _peeks_itself(sock: ProgramSocket) -> bool:
    try:
        return _socket.socket.getsockopt(sock, _socket.SOL_SOCKET, _PEEK_OFF) >= 0
    except OSError:
        return False
