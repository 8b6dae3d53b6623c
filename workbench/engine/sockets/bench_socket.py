"""The bench's own socket: it records like a traced one, and its waits can be cancelled."""

from __future__ import annotations

import _socket
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol, runtime_checkable

from workbench.engine.sockets.waiting_socket import WaitingSocket
from workbench.engine.sockets.waker import POLLIN
from workbench.engine.sockets.watching_socket import Receivers, WatchingSocket
from workbench.model.call.call import socket_id
from workbench.probe.facts import STREAM, queued, ready
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket

_RECV = CODE["recv"]
_SOON = 0.001
"""Seconds in which the next bytes of a stream that flows are waited for without more ado."""


class BenchSocket(TracedSocket, WatchingSocket):
    """A socket under a name. `bench_socket_class` makes the class for one session."""

    _wb_send_some = WatchingSocket.send_some
    _wb_sending = WaitingSocket.sending

    name: str = ""
    """The name of its calls in the journal."""
    number: int = 0
    """Of an accepted socket, its number among the connections."""
    numbers: Iterator[int] | None = None
    """Of a listener, the numbers that the sockets it accepts get; they are named "conn 1" and so on."""

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None, *, name: str = ""
    ) -> None:
        self.name = name
        TracedSocket.__init__(self, family, type, proto, fileno)

    def _wb_identify(self, kind: int = socket.SOCK_STREAM) -> None:
        super()._wb_identify(kind)
        if self.name:
            self.label = self.name

    def rename(self, name: str) -> None:
        """Record the calls from here on under *name*."""
        self.name = self.label = name

    @property
    def id(self) -> str:
        """Its id in the session, such as "4711.3"."""
        return socket_id(*self._wb_key)

    def accept(self) -> tuple[Any, Any]:
        """socket.accept, recorded."""
        return TracedSocket.accept(self)

    def _wb_accept_one(self) -> tuple[Any, Any]:
        """Name the accepted socket at once, so that the record of its accept has its name."""
        accepted, address = super()._wb_accept_one()
        if self.numbers is not None and isinstance(accepted, BenchSocket):
            accepted.number = next(self.numbers)
            accepted.rename(f"conn {accepted.number}")
        return accepted, address

    def drain(self, bufsize: int, wanted: Callable[[bytes], object]) -> None:
        """Make as many recvs of a stream as find something without a wait, while *wanted* takes their bytes.

        Each is recorded as recv records it, with less work. *wanted* is called at the end of the stream too.

        Raises OSError.
        """
        recorder, key, lock, clock = self.recorder, self._wb_key, self._queue_lock, time.monotonic_ns
        name = recorder.text(self.label) if recorder is not None and self.label else 0
        receive = partial(_socket.socket.recv, self, bufsize)
        data: bytes | None
        flows = False
        while True:
            started = clock()
            with lock:
                self._pay()
                try:
                    data = receive()
                    self.taken += len(data)
                except BlockingIOError:
                    data = None
                except OSError as error:
                    self._wb_write_failed_recv("recv", started, error, bufsize, 0)
                    raise
            if data is None:
                if flows and ready(self, _SOON):
                    continue
                return
            flows, count = True, len(data)
            if recorder is not None:
                if 0 < count < bufsize:
                    recorder.call(_RECV, key, started, clock(), count, bufsize, 0, data, name=name)
                elif count:
                    left, ended = queued(self, STREAM), clock()
                    recorder.call(_RECV, key, started, ended, count, bufsize, left, data, name=name)
                else:
                    self._wb_write_recv("recv", (started, clock()), data, count, bufsize, 0)
            if not wanted(data) or not count:
                return

    def send_now(self, data: Any, flags: int = 0) -> int | None:
        """Send what finds room without a wait, recorded as send; None, and no record, where there is none."""
        started = time.monotonic_ns()
        try:
            sent = _socket.socket.send(self, data, flags)
        except BlockingIOError:
            return None
        except OSError as error:
            self._wb_write_failed_send("send", started, error, data, flags)
            raise
        if self.recorder is not None:
            self._wb_write_send("send", (started, time.monotonic_ns()), data, sent, flags)
        return sent

    def wait_readable(self, otherwise: Callable[[], bool] = lambda: False) -> bool:
        """Wait until a recv or accept would find something, an error or the end; raises Cancelled.

        False once *otherwise* holds; it is asked again after each nudge of the thread's waker.
        """
        with self._blocked() as waker:
            while not otherwise():
                if waker.wait(self.fileno(), POLLIN, None):
                    return True
        return False

    def fileno_recorded(self) -> int:
        """Call fileno and record it; fileno itself is called too often to be recorded."""
        return int(self._wb_call("fileno", self.fileno, ()))


@runtime_checkable
class SecureSocket(Protocol):
    """A bench socket that speaks TLS (tls_socket.py), as those see it who need no ssl for plain ones."""

    def start_tls(self) -> None:
        """Shake hands."""

    def tls_facts(self) -> str:
        """Return what was agreed on, in one line."""


def bench_socket_class(recorder: Recorder | None) -> type[BenchSocket]:
    """Return the class of sockets whose calls *recorder* writes down; None for nobody."""

    class Socket(BenchSocket):
        pass

    Socket.recorder = recorder
    Socket.receivers = Receivers()
    Socket.accepts = Socket
    return Socket
