"""The bench: one server and any number of clients, whose calls go into one session."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import replace
from itertools import count

from workbench.engine.endpoints.client import Client
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.inside import inside
from workbench.engine.endpoints.responders.registry import responder
from workbench.engine.endpoints.responders.responder import NewResponder
from workbench.engine.endpoints.server import Server
from workbench.engine.kernel.movement import Movement
from workbench.engine.kernel.watch import TcpWatch
from workbench.engine.sockets.bench_socket import BenchSocket, bench_socket_class
from workbench.engine.state import EndpointState, Inside
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.probe.recorder import Recorder

_TIME_WAIT = 61.0
"""Seconds after a close in which TCP may keep the connection in TIME_WAIT: TCP_TIMEWAIT_LEN of Linux, 60 s, and one."""


class Bench:
    """Makes endpoints and keeps them. Nothing here waits for a socket but `close`, and that for *timeout* at most."""

    def __init__(
        self,
        recorder: Recorder | None,
        clock: Callable[[], float] = time.monotonic,
        kind: type[BenchSocket] | None = None,
    ) -> None:
        """*kind*: of its sockets, where they are not to be plain ones that *recorder* records."""
        self._clock = clock
        self._kind = kind or bench_socket_class(recorder)
        self._connection_numbers, self._client_numbers = count(1), count(1)
        self._watch = TcpWatch()
        self._movement = Movement()
        self._closed_at: dict[str, float] = {}
        self._seen: tuple[object, ...] = ()
        self.server: Server | None = None
        self._clients: list[Client] = []

    @property
    def clients(self) -> tuple[Client, ...]:
        """The clients, closed ones included, in the order they were made."""
        return tuple(self._clients)

    def start_server(self, settings: ServerSettings, answer: NewResponder | None = None) -> Server:
        """Start a server in place of the last one, which is closed first; *answer* instead of the settings' responder.

        Raises ValueError if one is running, UnknownResponder if the settings name none that there is.
        """
        before = self.server
        if before is not None and before.running:
            raise ValueError("a server is running: stop it first")
        answer = answer or responder(settings.responder, settings.reply)
        server = self.server = Server(settings, answer, self._connection_numbers, self._clock)
        server.start(self._kind, before.stop() if before is not None else ())
        return server

    def open_client(self, settings: ClientSettings) -> Client:
        """Make a client and let it connect."""
        number = next(self._client_numbers)
        client = Client(f"client {number}", number, settings, self._clock)
        self._clients.append(client)
        client.start(self._kind)
        return client

    def all(self) -> list[Endpoint]:
        """Return every endpoint: the server, its connections, the clients."""
        server = self.server
        return [*((server.listener, *server.connections) if server is not None else ()), *self._clients]

    def moved(self) -> bool:
        """Whether anything may look otherwise than when this was last asked; costs some microseconds an endpoint."""
        endpoints = self.all()
        seen = tuple((each, each.changes, each.auto, each.bufsize, each.closed) for each in endpoints)
        before, self._seen = self._seen, seen
        sockets = [each.socket for each in endpoints if each.socket is not None and not each.closed]
        return self._movement.look(sockets) or seen != before

    def endpoints(self) -> tuple[EndpointState, ...]:
        """Return what every endpoint looks like now; of closed ones, whether TCP still keeps them in TIME_WAIT."""
        return tuple(self._with_time_wait(endpoint.state()) for endpoint in self.all())

    def _with_time_wait(self, state: EndpointState) -> EndpointState:
        if not state.closed or state.peer is None or state.family == "AF_UNIX" or state.type != "SOCK_STREAM":
            return state
        since = self._closed_at.setdefault(state.socket, self._clock())
        if self._clock() - since > _TIME_WAIT:
            return state
        return replace(state, tcp_state="TIME_WAIT") if self._watch.lingers(state.local, state.peer) else state

    def inside(self, name: str) -> Inside:
        """Return what the kernel holds for one endpoint now; empty for one that there is not. Costs about 10 µs."""
        endpoint = self.find(name)
        return inside(endpoint, self.all(), self._watch.entries, self._clock()) if endpoint else Inside()

    def find(self, name: str) -> Endpoint | None:
        """Return the endpoint of that name."""
        return next((endpoint for endpoint in self.all() if endpoint.name == name), None)

    def forget(self, name: str) -> None:
        """Drop a closed client or connection from the lists."""
        found = self.find(name)
        if found is None or not found.closed:
            return
        self._clients = [client for client in self._clients if client is not found]
        if self.server is not None:
            self.server.forget(found)

    def close(self, timeout: float = 2.0) -> bool:
        """Cancel every wait and close every socket; True if all of it was done within *timeout* seconds."""
        until = time.monotonic() + timeout
        closing = [client.close() for client in self._clients]
        if self.server is not None:
            closing += self.server.stop()
        pending = wait(closing, timeout).not_done
        self._movement.close()
        joined = [endpoint.join(max(0.0, until - time.monotonic())) for endpoint in self.all()]
        return not pending and all(joined)
