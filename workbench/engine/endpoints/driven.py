"""A socket that is driven: its calls are made by name, counted, and what they raise is an outcome.

Nothing here knows of threads: `endpoint.py` says in which the calls are made.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any

from workbench.engine.endpoints.tally import Tally
from workbench.engine.kernel.tcp_state import tcp_state
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Closed, EndpointState, Moved, Outcome
from workbench.model.call.address import plain
from workbench.model.call.value import PlainAddress

NO_LINGER = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
"""struct linger {on, 0 s}: close sends RST instead of FIN (socket(7))."""
READS = frozenset(("recv", "recvfrom", "recvmsg"))
_NAMING = frozenset(("bind", "listen", "connect", "connect_ex", "sendto"))
"""Calls after which the socket may have another address, or a peer."""
_LAST = frozenset(("close", "setsockopt"))
"""Calls that are still made when the socket is about to be closed."""
_ELSEWHERE = {"AF_UNIX": 1}
"""Numbers of what some systems' Python does not name, so that the system's own error is seen."""


class Driven:
    """One socket, what its calls came to, and what it looks like now."""

    def __init__(self, name: str, role: str, number: int, *, bufsize: int = 1024, clock: Callable[[], float]) -> None:
        self.name, self.role, self.number = name, role, number
        self.bufsize = bufsize
        self.ending = False
        """Whether it is about to be closed: nothing else is done with it."""
        self.closed = False
        """Whether its socket is gone."""
        self.local: PlainAddress | None = None
        """Its own address in its JSON form; None while there is none."""
        self.peer: PlainAddress | None = None
        """The peer's address, likewise."""
        self.on_data: Callable[[bytes], None] | None = None
        """Told the bytes of each recv that it makes with `take`."""
        self._tally = Tally(clock)
        self._sending = Lock()
        self._socket: BenchSocket | None = None
        self._kind = ("", "")
        self._path: tuple[str, int] | None = None

    @property
    def datagrams(self) -> bool:
        """Whether each message may come from another sender."""
        return self._kind[1] in ("SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM")

    @property
    def ended(self) -> bool:
        """Whether a recv has seen the end of the stream."""
        return self._tally.ended

    @property
    def auto(self) -> bool:
        """Whether it receives or accepts by itself."""
        return False

    @property
    def socket(self) -> BenchSocket | None:
        """Its socket, to be asked about, not to be called; None before there is one."""
        return self._socket

    @property
    def changes(self) -> int:
        """How often a call has begun or ended."""
        return self._tally.changes

    @property
    def polls(self) -> bool:
        """Whether its declared timeout is 0, so that no call waits."""
        return self._socket is not None and self._socket.gettimeout() == 0

    def state(self) -> EndpointState:
        """Return what it looks like now; any thread may ask."""
        sock, tally = self._socket, self._tally
        return EndpointState(
            name=self.name,
            role=self.role,
            number=self.number,
            socket="" if sock is None else sock.id,
            family=self._kind[0],
            type=self._kind[1],
            local=self.local,
            peer=self.peer,
            tcp_state=None if sock is None or self.closed else tcp_state(sock),
            bytes_in=tally.bytes_in,
            bytes_out=tally.bytes_out,
            pending=tally.pending(sock),
            done=frozenset(tally.done),
            last=tally.last,
            error=tally.error,
            closed=self.closed,
            timeout=None if sock is None else sock.gettimeout(),
            bufsize=self.bufsize,
            auto=self.auto,
            rest=tally.rest,
            ended=tally.ended,
        )

    def moved(self) -> Moved:
        """Return what it has moved so far, what is under way included."""
        tally, sock = self._tally, self._socket
        pending = [one for one in tally.pending(sock) if one.offered is not None]
        under_way = sum(one.moved or 0 for one in pending)
        out = tally.bytes_out + under_way
        offered = tally.bytes_out + sum(one.offered or 0 for one in pending)
        return Moved(tally.bytes_in, out, offered, tally.calls)

    # --- making calls -----------------------------------------------------------------------------------------------

    def open(
        self, kind: type[BenchSocket], family: str, type: str, protocol: int, fileno: int | None = None
    ) -> Outcome:
        """Make the socket, or take over the one whose descriptor is *fileno*."""
        self._kind = family, type
        numbers = _number(family), _number(type)
        outcome = self.attempt(
            "socket", lambda: kind(*numbers, protocol, fileno, name=self.name), f"socket({family}, {type})"
        )
        if outcome.ok:
            self.adopt(outcome.result)
        return outcome

    def adopt(self, made: BenchSocket) -> None:
        """Take over a socket that was made or accepted."""
        made.rename(self.name)
        self._kind = getattr(made.family, "name", str(made.family)), getattr(made.type, "name", str(made.type))
        self._socket = made
        self._learn_names()

    def make(self, method: str, *args: Any) -> Outcome:
        """Make one call, and take note of what it came to."""
        sock = self._socket
        if sock is None or self.closed or (self.ending and method not in _LAST):
            return Outcome(error=Closed(f"{self.name} has no open socket"))
        real = sock.fileno_recorded if method == "fileno" else getattr(sock, method)
        if method.startswith("send"):
            return self._send(sock, method, lambda: real(*args), args)
        outcome = self.attempt(method, lambda: real(*args), args=args)
        if method in READS and outcome.ok:
            self._tally.received(method, args, outcome.result, may_end=not self.datagrams and sock.may_be_at_end())
        if method in _NAMING:
            self._learn_names()
        if method == "bind" and outcome.ok:
            self._path = _made(self.local)
        return outcome

    def receive_once(self, bufsize: int | None = None) -> Outcome:
        """Receive once: with recvfrom where messages have senders."""
        asked = self.bufsize if bufsize is None else bufsize
        outcome = self.make("recvfrom" if self.datagrams and self.peer is None else "recv", asked)
        if self.on_data is not None and outcome.ok:
            self.on_data(outcome.result[0] if isinstance(outcome.result, tuple) else outcome.result)
        return outcome

    def drain(self, goes_on: Callable[[bytes], bool]) -> Outcome | None:
        """Receive what lies in a stream's queue, while *goes_on* says so; return the last outcome at its end."""
        sock, tally, on_data = self._socket, self._tally, self.on_data
        if sock is None or self._kind[1] != "SOCK_STREAM" or self.polls or self.bufsize <= 0:
            return None

        def wanted(data: bytes) -> bool:
            tally.drained(data)
            if on_data is not None:
                on_data(data)
            return goes_on(data)

        try:
            sock.drain(self.bufsize, wanted)
        except OSError as error:
            outcome = Outcome(None, error, "recv", (self.bufsize,))
            tally.end("recv", outcome)
            return outcome
        return Outcome(b"") if self.ended else None

    def give_back(self) -> Outcome:
        """Close, and remove the path that a bind of ours made, unless another has taken its place."""
        outcome = self.make("close")
        self.closed = True
        with suppress(OSError):
            if self._path is not None and os.lstat(self._path[0]).st_ino == self._path[1]:
                os.unlink(self._path[0])
        return outcome

    def reset_and_give_back(self) -> Outcome:
        """Close with RST instead of FIN."""
        self.make("setsockopt", *NO_LINGER)
        return self.give_back()

    def _send(self, sock: BenchSocket, method: str, real: Callable[[], Any], args: tuple[Any, ...]) -> Outcome:
        with self._sending:  # two at once would mix their bytes, and the count of them
            sock.moved = 0
            outcome = self.attempt(method, real, args=args)
            self._tally.sent(method, args, outcome, sock.moved)
        if method in _NAMING:
            self._learn_names()
        return outcome

    def attempt(
        self, method: str, real: Callable[[], Any], text: str | None = None, args: tuple[Any, ...] = ()
    ) -> Outcome:
        """Do something that counts as a call, and turn what it raises into an outcome."""
        self._tally.begin(method, args, text)
        try:
            outcome = Outcome(real())
        except (OSError, Cancelled, TypeError, ValueError, OverflowError) as error:
            about = args[1:] if method.startswith("send") else args
            outcome = Outcome(None, error, method, about, self._tally.seconds())
        self._tally.end(method, outcome)
        return outcome

    def _learn_names(self) -> None:
        sock = self._socket
        if sock is None or sock.fileno() < 0:
            return
        for attribute, ask in (("local", socket.socket.getsockname), ("peer", socket.socket.getpeername)):
            with suppress(OSError):
                setattr(self, attribute, plain(ask(sock), int(sock.family)))


def _number(name: str) -> int:
    return int(getattr(socket, name, _ELSEWHERE.get(name, -2)))


def _made(local: PlainAddress | None) -> tuple[str, int] | None:
    """Return the path that a bind has just made, and its inode; None for other addresses."""
    if isinstance(local, str) and local and not local.startswith("@"):
        with suppress(OSError):
            return local, os.lstat(local).st_ino
    return None
