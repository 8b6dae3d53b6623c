"""The bench's own socket: it records like a traced one, and its waits can be cancelled."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from workbench.engine.waiting import WaitingSocket
from workbench.engine.waker import POLLIN
from workbench.probe.record import Recorder
from workbench.probe.sockets import TracedSocket


class BenchSocket(TracedSocket, WaitingSocket):
    """A socket under a name. `recorded_by` makes the class for one session."""

    send_some = WaitingSocket.send_some
    sending = WaitingSocket.sending

    def __init__(
        self,
        family: int = -1,
        type: int = -1,
        proto: int = -1,
        fileno: int | None = None,
        *,
        name: str = "",
    ) -> None:
        self.name = name
        TracedSocket.__init__(self, family, type, proto, fileno)

    def _identify(self, kind: int = socket.SOCK_STREAM) -> None:
        super()._identify(kind)
        self.name = getattr(self, "name", "") or self.name_accepted()
        self.label = self.name

    def name_accepted(self) -> str:
        """Give the next accepted socket its name."""
        return ""

    def accept(self) -> tuple[Any, Any]:
        """socket.accept, recorded."""
        return TracedSocket.accept(self)

    def wait_readable(self) -> None:
        """Wait until a recv or accept would find something, an error or the end; raises Cancelled."""
        with self._blocked() as waker:
            while not waker.wait(self.fileno(), POLLIN, None):
                pass

    def fileno_recorded(self) -> int:
        """Make a fileno call that stands in the journal; fileno itself is asked too often to be recorded."""
        return int(self._call("fileno", self.fileno, ()))


def recorded_by(recorder: Recorder, name_accepted: Callable[[], str]) -> type[BenchSocket]:
    """Return the class of sockets whose calls *recorder* writes down; *name_accepted* names the accepted ones."""

    class Socket(BenchSocket):
        def name_accepted(self) -> str:
            return name_accepted()

    Socket.recorder = recorder
    Socket.accepts = Socket
    return Socket
