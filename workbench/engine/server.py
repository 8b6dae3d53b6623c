"""A server: the listening socket and its connections, or the one socket of a datagram server."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from workbench.engine.bench_socket import BenchSocket
from workbench.engine.endpoint import Endpoint, Outcome
from workbench.engine.responders import Responder
from workbench.engine.setup import NODELAY, resolved, set_options
from workbench.model.call import Json
from workbench.model.endpoint import ServerSettings

_PASSING = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED))
"""Errors of accept(2) after which a server tries again."""
_BREATH = 0.1
"""Seconds before it does."""


class Answering(Endpoint):
    """An endpoint that answers what it receives, in the lane that received it, as a one-threaded server does."""

    def __init__(self, *args: Any, responder: Responder, **options: Any) -> None:
        super().__init__(*args, **options)
        self._responder = responder

    def _received(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, TimeoutError):
            reply, sender = self._ask(self._responder.silence), None
        elif not outcome.ok or self._ended:
            return
        else:
            data, sender = outcome.result if isinstance(outcome.result, tuple) else (outcome.result, None)
            reply = self._ask(lambda: self._responder.answer(data))
        if reply is None:
            return
        if sender is not None:
            self.make("sendto", reply, sender)
        elif self.peer is not None:
            self.make("sendall", reply)

    def _ask(self, question: Callable[[], bytes | None]) -> bytes | None:
        """A responder may be a person's own function: what it raises ends its turn, not the server."""
        try:
            return question()
        except Exception as error:  # noqa: BLE001
            self._error = f"the responder raised {type(error).__name__}: {error}"
            return None


class Connection(Answering):
    """An accepted connection. By itself it receives and answers until the end or an error, then closes."""

    def begin(self, settings: ServerSettings) -> None:
        """Set it up as the server is told to, then receive."""

        def work() -> Outcome:
            if settings.nodelay:
                self.make("setsockopt", *NODELAY)
            if settings.timeout is not None:
                self.make("settimeout", settings.timeout)
            if settings.auto_recv:
                self.auto = True
                return self._run_by_itself()
            return Outcome()

        self.submit(work, reads=True)

    def _run_by_itself(self) -> Outcome:
        outcome = super()._run_by_itself()
        if self._ended or isinstance(outcome.error, OSError):
            self.close()
        return outcome


class DatagramServer(Answering):
    """The one socket of a datagram server, which receives from whoever sends. An error does not stop it."""

    def _run_by_itself(self) -> Outcome:
        outcome = super()._run_by_itself()
        while isinstance(outcome.error, OSError) and not self._ending:
            self.auto = True
            outcome = super()._run_by_itself()
        return outcome


class Listener(Endpoint):
    """A listening socket. *accepted* is told each new socket, in the lane that accepted it.

    By itself it accepts only while *may_accept* holds: the next connections wait in the kernel's queue.
    """

    def __init__(
        self, *args: Any, accepted: Callable[[BenchSocket], None], may_accept: Callable[[], bool], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._accepted, self._may_accept = accepted, may_accept

    def accept(self) -> Future[Outcome]:
        """Accept one connection."""
        return self.submit(self._accept_one, reads=True)

    def receive(self, bufsize: int | None = None) -> Outcome:
        """Accepting is a listener's way to receive."""
        return self._accept_one()

    def _accept_one(self) -> Outcome:
        outcome = self.make("accept")
        if outcome.ok:
            self._accepted(outcome.result[0])
        return outcome

    def _run_by_itself(self) -> Outcome:
        outcome = super()._run_by_itself()
        while _passes(outcome) and not self._ending:
            if not isinstance(outcome.error, TimeoutError):
                time.sleep(_BREATH)
            self.auto = True
            outcome = super()._run_by_itself()
        return outcome

    def _wait_for_input(self) -> None:
        while not self._may_accept() and self.auto and not self._ending:
            time.sleep(_BREATH)
        super()._wait_for_input()


def _passes(outcome: Outcome) -> bool:
    error = outcome.error
    return isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno in _PASSING)


class Server:
    """A server as its settings say. It starts on its own thread; what came of that is in `running` and the journal."""

    def __init__(
        self,
        settings: ServerSettings,
        kind: type[BenchSocket],
        responder: Callable[[], Responder],
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._kind, self._responder, self._clock = kind, responder, clock
        self._connections: list[Connection] = []
        self._lock = threading.Lock()
        self._path = ""
        self.running = False
        self.started: Future[Outcome] = Future()
        """What came of the start: done once the server listens, or could not."""
        self.listener: Endpoint
        if settings.type in ("SOCK_STREAM", "SOCK_SEQPACKET"):
            self.listener = Listener(
                "server", "server", 0, clock=clock, accepted=self._accepted, may_accept=self._may_accept
            )
        else:
            self.listener = DatagramServer(
                "server", "server", 0, clock=clock, bufsize=settings.bufsize, responder=responder()
            )

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Its connections, closed ones included, in the order they were accepted."""
        with self._lock:
            return tuple(self._connections)

    @property
    def local(self) -> Json:
        """The address it really got, as JSON has it; None before bind."""
        return self.listener.local

    def start(self) -> None:
        """Make the socket, set it up, bind and listen."""

        def work() -> Outcome:
            outcome = self._set_up()
            if outcome.ok:
                self.running = True
                self.listener.set_auto(self.settings.auto_accept if self.listens else self.settings.auto_recv)
            else:
                self.listener.close()
            return outcome

        self.started = self.listener.submit(work)

    @property
    def listens(self) -> bool:
        """Whether it has connections at all."""
        return isinstance(self.listener, Listener)

    @property
    def served(self) -> bool:
        """Whether a connection has come and gone; of a datagram server, whether it has received."""
        if not self.listens:
            return "recvfrom" in self.listener.state().done
        return any(connection.closed for connection in self.connections)

    def _may_accept(self) -> bool:
        limit = self.settings.max_connections
        return limit is None or sum(not connection.closed for connection in self.connections) < limit

    def _set_up(self) -> Outcome:
        settings, listener = resolved(self.settings), self.listener
        outcome = listener.open(self._kind, settings.family, settings.type, settings.protocol)
        if not outcome.ok:
            return outcome
        if settings.reuse_address and settings.family != "AF_UNIX":
            listener.make("setsockopt", socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        set_options(listener, settings)
        outcome = listener.make("bind", settings.sockaddr())
        if outcome.ok and settings.family == "AF_UNIX" and not settings.path.startswith("@"):
            self._path = settings.path
        if outcome.ok and self.listens:
            outcome = listener.make("listen", settings.backlog)
        if outcome.ok and settings.timeout is not None:
            listener.make("settimeout", settings.timeout)
        return outcome

    def _accepted(self, made: BenchSocket) -> None:
        number = int(made.name.split()[-1])
        connection = Connection(
            made.name,
            "connection",
            number,
            bufsize=self.settings.bufsize,
            clock=self._clock,
            responder=self._responder(),
        )
        connection.adopt(made)
        with self._lock:
            self._connections.append(connection)
        connection.begin(self.settings)

    def forget(self, connection: Endpoint) -> None:
        """Drop a closed connection from the list."""
        with self._lock:
            self._connections = [one for one in self._connections if one is not connection]

    def stop(self) -> list[Future[Outcome]]:
        """Close the listening socket and every connection; unlink the path that bind made."""
        self.running = False
        closing = [endpoint.close() for endpoint in (*self.connections, self.listener)]
        closing[-1].add_done_callback(lambda _: self._unlink())
        return closing

    def _unlink(self) -> None:
        path, self._path = self._path, ""
        if path:
            with suppress(OSError):
                os.unlink(path)
