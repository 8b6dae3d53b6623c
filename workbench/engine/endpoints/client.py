"""A client: one socket that connects, or an unconnected datagram socket."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import Future

from workbench.engine.endpoints.driven import Driven
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.setup import NODELAY, set_options, try_each
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Outcome
from workbench.model.call.settings import ClientSettings


class Client(Endpoint):
    """A client as its settings say."""

    def __init__(self, name: str, number: int, settings: ClientSettings, clock: Callable[[], float]) -> None:
        super().__init__(name, "client", number, bufsize=settings.bufsize, clock=clock)
        self.settings = settings
        self.started: Future[Outcome] = Future()
        """What came of the start: done once it is connected, or could not."""

    def start(self, kind: type[BenchSocket]) -> None:
        """Make the socket, set it up and connect. One that could not connect is closed: it would try on by itself."""

        def work() -> Outcome:
            try:
                outcome = self._set_up(kind)
            except Cancelled as cancelled:
                outcome = Outcome(error=cancelled)
            if outcome.ok:
                self.set_auto(self.settings.auto_recv)
            else:
                self.close()
            return outcome

        self.started = self.submit(work)

    def _set_up(self, kind: type[BenchSocket]) -> Outcome:
        return dial(self, kind, self.settings)


def dial(endpoint: Driven, kind: type[BenchSocket], settings: ClientSettings) -> Outcome:
    """Let *endpoint* be a client: make its socket, set it up and connect, to one address of a name after another."""
    return try_each(endpoint, settings, lambda one: _dial(endpoint, kind, one))


def _dial(endpoint: Driven, kind: type[BenchSocket], settings: ClientSettings) -> Outcome:
    outcome = endpoint.open(kind, settings.family, settings.type, settings.protocol)
    if not outcome.ok:
        return outcome
    if settings.nodelay:
        endpoint.make("setsockopt", *NODELAY)
    set_options(endpoint, settings)
    if settings.timeout is not None:
        endpoint.make("settimeout", settings.timeout)
    if settings.bind is not None:
        outcome = endpoint.make("bind", settings.bind.sockaddr())
    if outcome.ok and settings.connect != "none":
        outcome = _connect(endpoint, settings)
    return outcome


def _connect(endpoint: Driven, settings: ClientSettings) -> Outcome:
    outcome = endpoint.make(settings.connect, settings.sockaddr())
    if isinstance(outcome.error, BlockingIOError) and outcome.error.errno == errno.EINPROGRESS:
        return Outcome()  # under way, as asked for with timeout 0
    if outcome.ok and outcome.result not in (None, 0, errno.EINPROGRESS):  # connect_ex returns the errno
        error = OSError(outcome.result, os.strerror(outcome.result))
        return Outcome(None, error, settings.connect, (settings.sockaddr(),))
    return outcome
