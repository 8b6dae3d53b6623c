"""An endpoint: a real socket that a person drives, call by call.

It has two lanes, as a program with a reader and a writer thread has: accept and recv wait in one, everything else in
the other, so that a blocked recv does not keep one from sending. Every action returns at once with a Future; what
happened stands in the journal, written before the Future is done.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from workbench.engine.bench_socket import BenchSocket
from workbench.engine.kernel import tcp_state
from workbench.engine.lane import Lane
from workbench.engine.state import EndpointState, Pending
from workbench.engine.waker import Cancelled
from workbench.model.address import plain
from workbench.model.call import Json, socket_id

_READS = frozenset(("accept", "recv", "recvfrom", "recv_into", "recvfrom_into", "recvmsg", "recvmsg_into"))
_LAST = frozenset(("close", "setsockopt"))
"""Calls that are still made when the endpoint is ending."""
_LINGER_NONE = struct.pack("ii", 1, 0)
"""struct linger {on, 0 s}: close sends RST instead of FIN (socket(7))."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: its result, or the exception it raised."""

    result: Any = None
    error: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether it returned."""
        return self.error is None


class Closed(RuntimeError):
    """The endpoint has no socket any more (or not yet), so there was no call to make."""


class Endpoint:
    """One socket with its lanes. Only the lanes make calls; `state` may be asked by any thread."""

    def __init__(self, name: str, role: str, number: int, *, bufsize: int = 1024, clock: Callable[[], float]) -> None:
        self.name, self.role, self.number = name, role, number
        self.bufsize = bufsize
        self.auto = False
        self._clock = clock
        self._reading = Lane(name if role != "client" else f"{name} recv")
        self._writing = Lane(name if role == "client" else f"{name} send")
        self._socket: BenchSocket | None = None
        self._pending: dict[Lane, Pending] = {}
        self._done: set[str] = set()
        self._last: str | None = None
        self._error: str | None = None
        self._ending = self._closed = False
        self._ended = False
        self._bytes_in = self._bytes_out = 0
        self._rest = b""
        self._timeout: float | None = None
        self._local: Json = None
        self._peer: Json = None
        self._kind = ("", "")
        self._id = ""

    # --- what a person does -----------------------------------------------------------------------------------------

    def call(self, method: str, *args: Any) -> Future[Outcome]:
        """Make one call of the socket by the name of its method."""
        if method == "close":
            return self.close()
        if method == "accept":
            return self.accept()
        return self.submit(lambda: self.make(method, *args), reads=method in _READS)

    def send(self, data: bytes, how: str = "send", to: Any = None) -> Future[Outcome]:
        """Send *data* with send, sendall or sendto (to the Python address *to*)."""
        return self.submit(lambda: self.make(how, data, *(() if to is None else (to,))))

    def send_rest(self) -> Future[Outcome]:
        """Send what the last short send did not take."""
        return self.submit(lambda: self.make("send", self._rest))

    def recv(self, bufsize: int | None = None) -> Future[Outcome]:
        """Receive once, at most *bufsize* bytes (else the endpoint's own); recvfrom where datagrams have senders."""
        return self.submit(lambda: self.receive(bufsize), reads=True)

    def accept(self) -> Future[Outcome]:
        """Accept one connection."""
        return self.submit(lambda: self.make("accept"), reads=True)

    def half_close(self) -> Future[Outcome]:
        """Shut down the sending side: the peer reads to the end, and may still answer."""
        return self.submit(lambda: self.make("shutdown", socket.SHUT_WR))

    def close(self) -> Future[Outcome]:
        """Cancel what is blocked, then close."""
        return self._end(())

    def reset(self) -> Future[Outcome]:
        """Close with SO_LINGER 1,0, which makes TCP send RST."""
        return self._end((("setsockopt", socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE),))

    def cancel(self) -> bool:
        """Cancel the blocked calls, and stop acting by itself; tell whether any was blocked."""
        self.auto = False
        blocked = [lane.cancel() for lane in (self._reading, self._writing)]
        return any(blocked)

    def set_timeout(self, value: float | None) -> Future[Outcome]:
        """Call settimeout."""
        return self.submit(lambda: self.make("settimeout", value))

    def set_bufsize(self, bufsize: int) -> None:
        """Set what the next recv asks for."""
        self.bufsize = bufsize

    def set_auto(self, on: bool) -> None:
        """Let it receive (a listener: accept) by itself, or only when told; a wait of its own ends when turned off."""
        if on and not self.auto:
            self.auto = True
            self.submit(self._run_by_itself, reads=True)
        elif not on and self.auto:
            self.auto = False
            self._reading.cancel()

    # --- in the lanes -----------------------------------------------------------------------------------------------

    def open(self, kind: type[BenchSocket], family: str, type: str, protocol: int) -> Outcome:
        """Make the socket; in the writing lane."""
        self._kind = family, type
        numbers = (getattr(socket, name, None) for name in (family, type))

        def make_socket() -> BenchSocket:
            family_number, type_number = (-1 if number is None else int(number) for number in numbers)
            return kind(family_number, type_number, protocol, name=self.name)

        outcome = self._run("socket", f"socket({family}, {type})", make_socket)
        if outcome.ok:
            self.adopt(outcome.result)
        return outcome

    def adopt(self, made: BenchSocket) -> None:
        """Take over a socket that was made or accepted."""
        self._socket = made
        self._id = socket_id(*made._key)
        self._kind = getattr(made.family, "name", str(made.family)), getattr(made.type, "name", str(made.type))
        self._timeout = made.gettimeout()
        self._learn_names()

    def make(self, method: str, *args: Any) -> Outcome:
        """Make one call, in a lane, and take note of what it came to."""
        sock = self._socket
        if sock is None or self._closed or (self._ending and method not in _LAST):
            return Outcome(error=Closed(f"{self.name} has no open socket"))
        real = sock.fileno_recorded if method == "fileno" else getattr(sock, method)
        sends = method.startswith("send")
        text = method + (f"({len(args[0])} bytes)" if sends and args else _shown(args))
        outcome = self._run(method, text, lambda: real(*args), offered=len(args[0]) if sends and args else None)
        self._note(method, args, outcome)
        return outcome

    def receive(self, bufsize: int | None = None) -> Outcome:
        """Receive once; in the reading lane."""
        asked = self.bufsize if bufsize is None else bufsize
        outcome = self.make("recvfrom" if self.datagrams and self._peer is None else "recv", asked)
        self._received(outcome)
        return outcome

    def _received(self, outcome: Outcome) -> None:
        """What it does about something received, before the next call in the reading lane."""

    @property
    def datagrams(self) -> bool:
        """Whether each message may come from another sender."""
        return self._kind[1] in ("SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM")

    @property
    def peer(self) -> Json:
        """The peer's address in its JSON form; None while there is none."""
        return self._peer

    @property
    def local(self) -> Json:
        """Its own address in its JSON form; None while there is none."""
        return self._local

    @property
    def ended(self) -> bool:
        """Whether a recv has seen the end of the stream."""
        return self._ended

    @property
    def closed(self) -> bool:
        """Whether its socket is gone."""
        return self._closed

    def _run_by_itself(self) -> Outcome:
        """Receive until the end, an error or the person says so; in the reading lane."""
        outcome = Outcome()
        while self.auto and not self._ending:
            self._wait_for_input()
            outcome = self.receive()
            if not outcome.ok or self._ended:
                self.auto = False
        return outcome

    def _wait_for_input(self) -> None:
        """Without a timeout to wait in, calling at once and again would spin: a program would poll first."""
        if self._timeout == 0 and self._socket is not None:
            with suppress(Cancelled):
                self._socket.wait_readable()

    def _run(self, method: str, text: str, real: Callable[[], Any], offered: int | None = None) -> Outcome:
        lane = self._reading if method in _READS else self._writing
        self._pending[lane] = Pending(method, text, self._clock(), None if offered is None else 0, offered)
        try:
            outcome = Outcome(real())
        except (OSError, Cancelled, TypeError, ValueError, OverflowError) as error:
            outcome = Outcome(error=error)
        finally:
            self._pending.pop(lane, None)
        self._last = method
        if method != "close":  # what ended the socket is worth more than that closing it went well
            self._error = None if outcome.error is None else _named(outcome.error)
        if outcome.ok:
            self._done.add(method)
        return outcome

    def _note(self, method: str, args: tuple[Any, ...], outcome: Outcome) -> None:
        """Keep count of what moved, and of what changed about the socket."""
        result = outcome.result
        match method:
            case "recv" | "recvfrom" if outcome.ok:
                data = result if method == "recv" else result[0]
                self._bytes_in += len(data)
                self._ended = self._ended or (not data and not self.datagrams and bool(args[0]))
            case "send" | "sendto" if outcome.ok:
                self._bytes_out += result
                self._rest = bytes(args[0][result:])
            case "sendall" if self._socket is not None:
                moved = len(args[0]) if outcome.ok else self._socket.moved
                self._bytes_out += moved
                self._rest = bytes(args[0][moved:])
            case "settimeout" | "setblocking" if outcome.ok and self._socket is not None:
                self._timeout = self._socket.gettimeout()
        if method in ("bind", "connect", "connect_ex", "sendto", "listen"):
            self._learn_names()

    def _learn_names(self) -> None:
        sock = self._socket
        if sock is None or sock.fileno() < 0:
            return
        for attribute, ask in (("_local", socket.socket.getsockname), ("_peer", socket.socket.getpeername)):
            try:
                setattr(self, attribute, plain(ask(sock), int(sock.family)))
            except OSError:
                continue

    # --- ending -----------------------------------------------------------------------------------------------------

    def _end(self, before: tuple[tuple[Any, ...], ...]) -> Future[Outcome]:
        """End the reading lane, then close in the writing one: nobody may wait on a descriptor that is given back."""

        def closing() -> Outcome:
            self._reading.end()
            self._reading.join(5.0)
            for method, *args in before:
                self.make(method, *args)
            outcome = self.make("close")
            self._closed = True
            self._writing.end()
            return outcome

        self._ending = True
        self._reading.cancel()
        self._writing.cancel()
        return self.submit(closing)

    def join(self, timeout: float) -> bool:
        """Wait until both lanes are gone."""
        until = time.monotonic() + timeout
        gone = [lane.join(max(0.0, until - time.monotonic())) for lane in (self._reading, self._writing)]
        return all(gone)

    def submit(self, work: Callable[[], Outcome], *, reads: bool = False) -> Future[Outcome]:
        """Do *work* in one of the lanes."""
        future: Future[Outcome] = Future()

        def job() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
                raise

        if not (self._reading if reads else self._writing).submit(job):
            future.set_result(Outcome(error=Closed(f"{self.name} is closed")))
        return future

    def state(self) -> EndpointState:
        """Return what the endpoint looks like now."""
        sock = self._socket
        alive = sock is not None and not self._closed
        return EndpointState(
            name=self.name,
            role=self.role,
            number=self.number,
            socket=self._id,
            family=self._kind[0],
            type=self._kind[1],
            local=self._local,
            peer=self._peer,
            tcp_state=tcp_state(sock) if alive and sock is not None else None,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            pending=tuple(self._with_progress(pending) for pending in tuple(self._pending.values())),
            done=frozenset(self._done),
            last=self._last,
            error=self._error,
            closed=self._closed,
            timeout=self._timeout,
            bufsize=self.bufsize,
            auto=self.auto,
            rest=self._rest,
            ended=self._ended,
        )

    def _with_progress(self, pending: Pending) -> Pending:
        """A send tells how much has gone out so far."""
        sock = self._socket
        return pending if pending.offered is None or sock is None else replace(pending, moved=sock.moved)


def _shown(args: tuple[Any, ...]) -> str:
    return "(" + ", ".join(repr(argument) for argument in args) + ")"


def _named(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return type(error).__name__ + (f" ({errno.errorcode.get(number, number)})" if number else "")
