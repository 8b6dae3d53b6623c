"""What an endpoint's calls came to so far: counted by its lanes, read by whoever draws it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import replace
from threading import get_ident
from typing import Any

from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Outcome, PendingCall
from workbench.probe.facts import size_of


class Tally:
    """Bytes moved, calls made and calls under way."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pending: dict[int, PendingCall] = {}
        self.changes = 0
        """How often anything here has changed."""
        self.done: set[str] = set()
        self.last: str | None = None
        self.error: str | None = None
        self.bytes_in = self.bytes_out = self.calls = 0
        self.rest = b""
        self.ended = False

    def begin(self, method: str, args: tuple[Any, ...] = (), text: str | None = None) -> None:
        """Note that the current thread is about to make a call."""
        offered = offered_by(method, args)
        shown = method + (f"({offered} bytes)" if offered is not None else f"({', '.join(map(repr, args))})")
        self.changes += 1
        self._pending[get_ident()] = PendingCall(method, text or shown, self._clock(), offered and 0, offered)

    def end(self, method: str, outcome: Outcome) -> None:
        """Note what came of it; the close that follows an error leaves it to be seen."""
        self.changes += 1
        self._pending.pop(get_ident(), None)
        self.calls += 1
        if outcome.ok:
            self.done.add(method)
        if method != "close" or self.error in (None, Cancelled.__name__):
            self.last = method
            self.error = None if outcome.error is None else named(outcome.error)

    def seconds(self) -> float:
        """Return for how long the current thread's call has been under way."""
        return self._clock() - self._pending[get_ident()].since

    def pending(self, sock: BenchSocket | None) -> tuple[PendingCall, ...]:
        """Return the calls under way; a send tells how much of it has gone out so far."""
        return tuple(
            pending if pending.offered is None or sock is None else replace(pending, moved=sock.moved)
            for pending in tuple(self._pending.values())
        )

    def received(self, method: str, args: tuple[Any, ...], result: Any, *, may_end: bool) -> None:
        """Count what a recv, recvfrom or recvmsg returned; a peek leaves it in the queue, to be counted later."""
        data = result if isinstance(result, bytes) else result[0]
        flags = args[2:] if method == "recvmsg" else args[1:]
        if not (flags and flags[0] & socket.MSG_PEEK):
            self.bytes_in += len(data)
        if not data and may_end and args[0]:
            self.ended = True

    def drained(self, data: bytes) -> None:
        """Count what a recv of a stream returned that did not wait."""
        self.bytes_in += len(data)
        self.calls += 1
        if not data:
            self.ended = True

    def sent(self, method: str, args: tuple[Any, ...], outcome: Outcome, moved: int) -> None:
        """Count what a send, of which *moved* bytes went out, has moved, and keep what it left."""
        moved = outcome.result if isinstance(outcome.result, int) else moved
        self.bytes_out += moved
        if method in ("send", "sendall") and (outcome.ok or moved):
            self.rest = bytes(memoryview(args[0]).cast("B")[moved:])


def offered_by(method: str, args: tuple[Any, ...]) -> int | None:
    """Return how many bytes a send offers; None for other calls, and for what holds no bytes."""
    if not method.startswith("send") or not args:
        return None
    pieces = args[0] if method == "sendmsg" and isinstance(args[0], list | tuple) else [args[0]]
    sizes = [size_of(piece) for piece in pieces]
    return sum(sizes) if all(size >= 0 for size in sizes) else None


def named(error: BaseException) -> str:
    """Return an exception's name and errno, such as "ConnectionRefusedError (ECONNREFUSED)"."""
    number = error.errno if isinstance(error, OSError) else None
    return type(error).__name__ + (f" ({errno.errorcode.get(number, number)})" if number else "")
