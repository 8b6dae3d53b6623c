"""A bench with its journal at hand, for tests that read what was called."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.client import Client
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.server import Server
from workbench.engine.state import EndpointState, Outcome
from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.model.words.as_python import expression, outcome
from workbench.probe.recorder import Recorder

WAIT = 5.0


class LiveBench:
    """A Bench, its session and what a test asks of them."""

    def __init__(self, path: Path, eventually: Callable[..., None]) -> None:
        self.recorder = Recorder(str(path))
        self.bench = Bench(self.recorder)
        self.journal = Journal(path)
        self.eventually = eventually

    def serve(self, **settings: Any) -> Server:
        """Start a server, on any free port of 127.0.0.1 unless told, and return it once it listens."""
        server = self.bench.start_server(ServerSettings(**{"port": 0, **settings}))
        outcome = done(server.started)
        assert outcome.ok, outcome.error
        return server

    def client(self, server: Any = None, **settings: Any) -> Client:
        """Open a client, connected to a server or a plain listening socket, and wait for what comes of it."""
        where = {} if server is None else {"port": port_of(server)}
        client = self.bench.open_client(ClientSettings(**{**where, **settings}))
        done(client.started)
        return client

    def calls(self, name: str = "", call: str = "") -> list[Call]:
        """Return the recorded calls of an endpoint, of a method, or all."""
        self.journal.pull()
        return [one for one in self.journal if name in ("", one.name) and call in ("", one.call)]

    def log(self, name: str = "") -> list[str]:
        """Return the recorded calls as one would write them in Python, with what they came to."""
        return [f"{expression(call, 80)} {outcome(call, 80)}" for call in self.calls(name)]

    def state(self, name: str) -> EndpointState:
        """Return what an endpoint looks like now."""
        return self.endpoint(name).state()

    def endpoint(self, name: str) -> Endpoint:
        """Return an endpoint, once there is one of that name."""
        self.eventually(lambda: self.bench.find(name) is not None)
        found = self.bench.find(name)
        assert found is not None
        return found

    def blocked(self, name: str, call: str) -> None:
        """Wait until an endpoint is blocked in a call."""
        self.eventually(lambda: call in [pending.call for pending in self.state(name).pending])

    def close(self) -> None:
        """End it all; a test may have done so before."""
        assert self.bench.close()
        self.recorder.close()
        self.journal.close()


def done(future: Future[Outcome]) -> Outcome:
    """Return an outcome, which must come within seconds."""
    return future.result(WAIT)


def port_of(server: Any) -> int:
    """Return the port of a Server or of a plain socket."""
    address = server.local if isinstance(server, Server) else server.getsockname()
    assert address is not None
    return int(address[1])


def dial(server: Server, timeout: float = WAIT) -> socket.socket:
    """Connect a plain socket, as a program outside does."""
    sock = socket.create_connection(("127.0.0.1", port_of(server)))
    sock.settimeout(timeout)
    return sock


def listening(**options: Any) -> socket.socket:
    """Return a plain listening socket on a free port."""
    sock = socket.create_server(("127.0.0.1", 0), **options)
    sock.settimeout(WAIT)
    return sock


def threads() -> set[str]:
    """Return the names of the threads that are alive."""
    return {thread.name for thread in threading.enumerate()}


def descriptors() -> set[str]:
    """Return the descriptors that this process holds, with what they are."""
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{fd} {os.readlink(f'/proc/self/fd/{fd}')}")
        except OSError:  # the one that listed them
            continue
    return found
