"""A client: one socket that connects, or an unconnected datagram socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from workbench.engine.endpoints.dial import dial
from workbench.engine.endpoints.endpoint import Endpoint
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
