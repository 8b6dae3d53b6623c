"""What lies in a socket's receive queue, read without consuming it and without changing what the next call returns.

A peek takes a pending error, as any recv does: so none is made while poll tells POLLERR, and if one raises all the
same, the error is owed to the socket's next recv. Peeks and recvs exclude each other by one lock a socket.
"""

from __future__ import annotations

import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from workbench.engine.sockets.declared_socket import DONTWAIT, OOB, PEEK, TRUNC, UNIX
from workbench.engine.sockets.waiting_socket import WaitingSocket
from workbench.engine.sockets.waker import POLLERR, POLLIN, POLLRDHUP
from workbench.engine.state import Message, Queue
from workbench.model.call.address import plain
from workbench.probe.facts import SEQPACKET, STREAM, counted, queued

T = TypeVar("T")

HEAD = 4096
"""Bytes of a stream's queue that are read; the rest is counted."""
MESSAGE_HEAD = 256
"""Bytes that are kept of each queued message."""
MESSAGES = 64
"""Messages that one look takes in at most."""
LARGEST = 65536
_PEEK_OFF = 42
"""SO_PEEK_OFF (socket(7)), which CPython has no name for: where the next peek begins; -1 for none."""
_MEMINFO = 55
"""SO_MEMINFO (linux/sock_diag.h): nine u32, the first the memory that the receive queue takes, the last the drops."""


class QueuedSocket(WaitingSocket):
    """A socket that can be looked into. *taken* counts the bytes of the stream that recvs have consumed."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        super().__init__(family, type, proto, fileno)
        self.taken = 0
        self._queue_lock = Lock()
        self._owed: OSError | None = None
        self._known: deque[Message] = deque()
        self._first_alone = False  # whether the system lacks SO_PEEK_OFF, and shows the first message only

    def _receive(self, operation: Callable[[], T], flags: int, ended: T) -> T:
        self._pay()  # before the wait, as nothing would end it
        return super()._receive(operation, flags, ended)

    def _pay(self) -> None:
        """Raise the error that a peek took from the call it was meant for."""
        if self._owed is not None:
            error, self._owed = self._owed, None
            raise error

    def recv_once(self, operation: Callable[[], T], flags: int) -> T:
        """Make one real recv, with nobody looking meanwhile."""
        with self._queue_lock:
            self._pay()
            result = operation()
            if not flags & (PEEK | OOB):
                self._consumed(result)
            return result

    def _consumed(self, result: object) -> None:
        if not self._stream:
            if self._known:
                self._known.popleft()
            return
        first = result[0] if isinstance(result, tuple) else result
        self.taken += first if isinstance(first, int) else len(first) if isinstance(first, bytes) else 0

    def may_be_at_end(self) -> bool:
        """Whether a recv that returned b'' has met the end: of SEQPACKET it may have been an empty message."""
        if self._stream or int(self.type) != SEQPACKET:
            return True
        return bool(self._ready() & POLLRDHUP) and queued(self, SEQPACKET) <= 0

    def look(self) -> Queue:
        """Return the queue as it is now; an empty one for a closed socket. Costs about 5 µs, more for datagrams."""
        with self._queue_lock:
            try:
                return self._look()
            except (OSError, ValueError):
                return Queue(not self._stream)

    def _look(self) -> Queue:
        ready = self._ready()
        kind = int(self.type)
        memory, room = (memory_of(self) or (None, None))[:2]
        failed = bool(ready & POLLERR)
        broken = failed and self._ended_before_error()
        facts: dict[str, Any] = {
            "memory": memory,
            "room": room,
            "fin": bool(ready & POLLRDHUP) and kind in (STREAM, SEQPACKET),
            "error": (failed and not broken) or self._owed is not None,
            "broken": broken,
            "ending": "end" if self.family == UNIX else "FIN",
        }
        if self._stream:
            return self._look_at_stream(queued(self, kind), ready, facts)
        if ready & POLLIN and not facts["error"]:
            self._take_in_arrivals()
        messages = tuple(self._known)
        more = len(messages) >= MESSAGES or (bool(messages) and self._first_alone)
        return Queue(True, total=sum(one.size for one in messages), messages=messages, more=more, **facts)

    def _look_at_stream(self, total: int, ready: int, facts: dict[str, Any]) -> Queue:
        head = b""
        if total and not facts["error"]:
            head = self._peek(LARGEST if total < 0 else min(total, HEAD))
        if total < 0:  # without FIONREAD, what a peek sees is all there is, unless it saw as much as it could
            facts["fin"] |= not head and bool(ready & POLLIN) and not facts["error"] and self._owed is None
            known = None if facts["error"] or len(head) == LARGEST else len(head)
            return Queue(False, total=known, offset=self.taken, head=head[:HEAD], **facts)
        return Queue(False, total=total, offset=self.taken, head=head, **facts)

    def _ended_before_error(self) -> bool:
        """Whether TCP's FIN came before the error: recv tells the end (Linux' tcp_recvmsg: SOCK_DONE, then sk_err).

        The kernel counts a FIN as a byte received (tcp(7), TCP_INFO), and after a reset nothing else tells of it.
        """
        match counted(self).get("tcp"):
            case [_, _, received, incoming, _]:
                return bool(received - incoming - self.taken == 1)
            case _:
                return False

    def _ready(self) -> int:
        if not hasattr(select, "poll"):  # Windows
            return POLLIN if select.select([self], [], [], 0)[0] else 0
        poll = select.poll()
        poll.register(self.fileno(), POLLIN | POLLRDHUP)
        found = poll.poll(0)
        return found[0][1] if found else 0

    def _peek(self, length: int) -> bytes:
        try:
            return socket.socket.recv(self, length, PEEK | DONTWAIT)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._owed = error
            return b""

    def _take_in_arrivals(self) -> None:
        """Peek at the messages that came since the last look: an empty one shows itself only once (socket(7))."""
        buffer = bytearray(LARGEST)
        try:
            socket.socket.setsockopt(self, socket.SOL_SOCKET, _PEEK_OFF, sum(one.size for one in self._known))
        except OSError:
            self._first_alone = True
            self._known.clear()
        try:
            while len(self._known) < (1 if self._first_alone else MESSAGES):
                size, _, _, sender = socket.socket.recvmsg_into(self, [buffer], 0, PEEK | DONTWAIT | TRUNC)
                if not size and not sender and int(self.type) == SEQPACKET:
                    break  # the end of the stream looks like an empty message
                head = bytes(buffer[: min(size, MESSAGE_HEAD)])
                self._known.append(Message(size, head, plain(sender) if sender else None))
        except BlockingIOError:
            pass
        except OSError as error:
            self._owed = error
        finally:
            with suppress(OSError):
                socket.socket.setsockopt(self, socket.SOL_SOCKET, _PEEK_OFF, -1)


def memory_of(sock: socket.socket) -> tuple[int, ...] | None:
    """Return SO_MEMINFO: memory taken by the receive queue, its limit, the send queue's, its limit, …; or None."""
    try:
        return struct.unpack("=9I", socket.socket.getsockopt(sock, socket.SOL_SOCKET, _MEMINFO, 36))
    except (OSError, struct.error):
        return None
