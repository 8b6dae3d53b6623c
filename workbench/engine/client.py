"""A client: one socket that connects, or an unconnected datagram socket."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future

from workbench.engine.bench_socket import BenchSocket
from workbench.engine.endpoint import Endpoint, Outcome
from workbench.engine.setup import NODELAY, resolved, set_options
from workbench.model.endpoint import ClientSettings

_UNDER_WAY = frozenset((0, errno.EINPROGRESS))


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
            outcome = self._set_up(kind)
            if outcome.ok:
                self.set_auto(self.settings.auto_recv)
            elif "socket" in self._done:
                self.close()
            return outcome

        self.started = self.submit(work)

    def _set_up(self, kind: type[BenchSocket]) -> Outcome:
        settings = resolved(self.settings)
        outcome = self.open(kind, settings.family, settings.type, settings.protocol)
        if not outcome.ok:
            return outcome
        if settings.nodelay:
            self.make("setsockopt", *NODELAY)
        set_options(self, settings)
        if settings.timeout is not None:
            self.make("settimeout", settings.timeout)
        if settings.bind is not None:
            outcome = self.make("bind", settings.bind.sockaddr())
        if outcome.ok and settings.connect != "none":
            outcome = self._connect(settings)
        return outcome

    def _connect(self, settings: ClientSettings) -> Outcome:
        outcome = self.make(settings.connect, settings.sockaddr())
        if isinstance(outcome.error, BlockingIOError):  # under way, as asked for with timeout 0
            return Outcome()
        if outcome.ok and outcome.result not in (None, *_UNDER_WAY):  # connect_ex returns the errno
            return Outcome(error=OSError(outcome.result, errno.errorcode.get(outcome.result, "")))
        return outcome
