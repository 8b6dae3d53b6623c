"""A server: the listening socket and its connections, or the one socket of a datagram server."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait

from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.responders.responder import NewResponder
from workbench.engine.endpoints.serving import Answering, Connection, DatagramServer, Listener
from workbench.engine.endpoints.setup import inherited, is_group, join_group, set_options, try_each
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Moved, Outcome
from workbench.model.call.settings import ServerSettings
from workbench.model.call.value import PlainAddress

_PATIENCE = 5.0
"""Seconds that a server waits for the one before it to have closed."""


class Server:
    """A server as its settings say. It starts on its own thread; what came of that is in `running` and the journal."""

    def __init__(
        self,
        settings: ServerSettings,
        responder: NewResponder,
        numbers: Iterator[int],
        clock: Callable[[], float],
    ) -> None:
        self.settings = settings
        self._responder, self._numbers, self._clock = responder, numbers, clock
        self._connections: list[Connection] = []
        self._swept = 0
        self._swept_moved = Moved()
        self._on_data: Callable[[bytes], None] | None = None
        self._lock = threading.Lock()
        self._wanted = True
        self.problems: deque[str] = deque(maxlen=100)
        """What went wrong in responders, a sentence each; the oldest first."""
        self.started: Future[Outcome] = Future()
        """What came of the start: done once the server listens, or could not."""
        self.listener: Listener | DatagramServer
        if settings.type in ("SOCK_STREAM", "SOCK_SEQPACKET"):
            self.listener = Listener(
                *("server", "server", 0),
                clock=clock,
                accepted=self._accepted,
                may_accept=self._may_accept,
                failed=self.problems.append,
            )
        else:
            self.listener = DatagramServer(
                *("server", "server", 0),
                bufsize=settings.bufsize,
                clock=clock,
                responder=responder,
                failed=self.problems.append,
            )

    @property
    def on_data(self) -> Callable[[bytes], None] | None:
        """Told the bytes of each recv, of whichever connection."""
        return self._on_data

    @on_data.setter
    def on_data(self, on_data: Callable[[bytes], None] | None) -> None:
        self._on_data = on_data
        for endpoint in (self.listener, *self.connections):
            if isinstance(endpoint, Answering):
                endpoint.on_data = on_data

    @property
    def running(self) -> bool:
        """Whether it was started, and neither failed to nor was stopped."""
        return self._wanted and not self.listener.ending

    @property
    def listens(self) -> bool:
        """Whether it has connections at all."""
        return isinstance(self.listener, Listener)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Its connections, closed ones included, in the order they were accepted."""
        with self._lock:
            return tuple(self._connections)

    @property
    def local(self) -> PlainAddress | None:
        """The address it really got, as JSON has it; None before bind."""
        return self.listener.local

    @property
    def served(self) -> int:
        """How many connections have come and gone; of a datagram server, how many datagrams it has dealt with."""
        if isinstance(self.listener, DatagramServer):
            return self.listener.turns
        return self._swept + sum(connection.closed for connection in self.connections)

    def start(self, kind: type[BenchSocket], after: Sequence[Future[Outcome]] = ()) -> None:
        """Make the socket, set it up, bind and listen, once *after* are done: the closes of the server before it."""

        def work() -> Outcome:
            wait(after, _PATIENCE)
            try:
                outcome = self._set_up(kind)
            except Cancelled as cancelled:
                outcome = Outcome(error=cancelled)
            if outcome.ok:
                self.listener.set_auto(self.settings.auto_accept if self.listens else self.settings.auto_recv)
            else:
                self.listener.close()
            return outcome

        self.started = self.listener.submit(work)

    def stop(self) -> list[Future[Outcome]]:
        """Close the listening socket and every connection."""
        with self._lock:
            self._wanted = False
        return [endpoint.close() for endpoint in (*self.connections, self.listener)]

    def answer_with(self, responder: NewResponder) -> None:
        """Answer what comes from now on with another responder, on the connections there are and on those to come."""
        self._responder = responder
        for endpoint in (*self.connections, self.listener):
            if isinstance(endpoint, Answering):
                endpoint.answer_with(responder)

    def forget(self, connection: Endpoint) -> None:
        """Drop a closed connection from the list."""
        with self._lock:
            before = len(self._connections)
            self._connections = [one for one in self._connections if one is not connection]
            if len(self._connections) < before:
                self._swept += 1
                self._swept_moved = Moved.total((self._swept_moved, connection.moved()))

    def moved(self) -> Moved:
        """Return what all its sockets have moved, those of connections that are gone included."""
        with self._lock:
            return Moved.total((self._swept_moved, self.listener.moved(), *(one.moved() for one in self._connections)))

    def sweep(self) -> None:
        """Drop all closed connections from the list."""
        for connection in self.connections:
            if connection.closed:
                self.forget(connection)

    def _set_up(self, kind: type[BenchSocket]) -> Outcome:
        return try_each(self.listener, self.settings, lambda settings: self._listen_at(kind, settings))

    def _listen_at(self, kind: type[BenchSocket], settings: ServerSettings) -> Outcome:
        listener = self.listener
        outcome = listener.open(kind, settings.family, settings.type, settings.protocol, inherited())
        if not outcome.ok:
            return outcome
        outcome.result.numbers = self._numbers
        if inherited() is not None:
            return outcome
        group = is_group(settings)
        if settings.reuse_address and (self.listens or group) and settings.family != "AF_UNIX":
            listener.make("setsockopt", socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        set_options(listener, settings)
        if group and not (joined := join_group(listener, settings)).ok:
            self.problems.append(f"could not join the group: {joined.error}: name an interface with --option")
        outcome = listener.make("bind", settings.sockaddr())
        if outcome.ok and self.listens:
            outcome = listener.make("listen", settings.backlog)
        timeout = settings.accept_timeout if self.listens else settings.timeout
        if outcome.ok and timeout is not None:
            listener.make("settimeout", timeout)
        return outcome

    def _may_accept(self) -> bool:
        limit = self.settings.max_connections
        return limit is None or sum(not connection.closed for connection in self.connections) < limit

    def _accepted(self, made: BenchSocket) -> None:
        connection = Connection(
            *(made.name, "connection", made.number),
            bufsize=self.settings.bufsize,
            clock=self._clock,
            responder=self._responder,
            failed=self.problems.append,
        )
        connection.on_data = self._on_data
        connection.adopt(made)
        connection.begin(self.settings)
        with self._lock:
            self._connections.append(connection)
            wanted = self._wanted
        if not wanted:  # stopped since the accept returned
            connection.close()
