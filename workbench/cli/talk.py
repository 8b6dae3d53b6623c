"""One client's talk: connect, send, receive, close, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass

from workbench.cli.common import NO_PAUSE, Pause
from workbench.cli.expected import Expected
from workbench.cli.live import reason
from workbench.cli.payloads import STDIN, Lines
from workbench.engine.endpoints.dial import dial
from workbench.engine.endpoints.driven import Driven
from workbench.engine.endpoints.lane import Lane
from workbench.engine.sockets.bench_socket import BenchSocket, SecureSocket
from workbench.engine.sockets.waker import Cancelled, current
from workbench.engine.state import Outcome
from workbench.model.call.settings import ClientSettings
from workbench.model.text.fit import duration_text

_LONG = 3600.0
_LARGE = 1 << 16
"""Bytes that any pair of buffers has room for."""
_STUCK = 0.2
"""Seconds after which a send that has not returned is stuck."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a talk is to be like: the options of send."""

    how: str
    recv_count: int | None = None
    half_close: bool = False
    reset: bool = False
    repeat: int | None = 1
    """Rounds; None for without end."""
    every: Pause = NO_PAUSE
    wait: Pause = NO_PAUSE
    expect: Expected | None = None


class No(Exception):
    """The answer is no: one sentence."""


class Talk:
    """One run of send."""

    def __init__(
        self,
        number: int,
        settings: ClientSettings,
        wishes: Wishes,
        payloads: Sequence[bytes | None],
        lines: Lines,
        *,
        on_data: Callable[[bytes], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = Driven(f"client {number}", "client", number, bufsize=settings.bufsize, clock=clock)
        self.no = ""
        """Why the answer is no; empty where it is yes, or not known yet."""
        self._done = threading.Event()  # a Thread.join that ctrl+c ends takes the thread for gone
        self.told = ""
        """What is to be told of the connection, once."""
        self.round_trips: list[float] = []
        """Seconds from a send to the first bytes that came after it."""
        self._settings, self._wishes, self._payloads, self._lines = settings, wishes, payloads, lines
        self.client.on_data, self._clock = on_data, clock
        self._to = settings.sockaddr() if wishes.how == "sendto" else None
        self._lane = Lane(self.client.name)
        self._received = self._missing = 0
        self._sent_at: float | None = None
        self._why = ""
        self._ended_by = ""

    def start(self, kind: type[BenchSocket]) -> None:
        """Begin, in the thread."""
        self._lane.submit(lambda: self._run(kind))

    def end(self, why: str = "") -> None:
        """End what it waits for, now; *why* says the reason, if it is one."""
        self._ended_by = why
        self._lane.end()

    def wait(self, timeout: float) -> bool:
        """Wait until it is over; True if it is."""
        return self._done.wait(timeout)

    # --- in the thread ----------------------------------------------------------------------------------------------

    def _run(self, kind: type[BenchSocket]) -> None:
        try:
            self._check(dial(self.client, kind, self._settings), "could not connect")
            if isinstance(self.client.socket, SecureSocket):
                self.told = f"{self.client.name}: {self.client.socket.tls_facts()}"
            self._rounds()
            self._judge()
        except Cancelled:
            self._why = self._ended_by
            self.no = self._ended_by and self._judged()
        except No as no:
            self.no = str(no)
        except OSError as error:  # of where the received bytes go
            self.no = f"output: {error.strerror}"
        finally:
            if self.client.socket is not None:
                _ = self.client.reset_and_give_back() if self._wishes.reset else self.client.give_back()
            self._lane.end()
            self._done.set()

    def _rounds(self) -> None:
        wishes, number = self._wishes, 0
        while not self._over():
            number += 1
            last = number == wishes.repeat
            for place, data in enumerate(self._messages()):
                if place:
                    self._sleep(wishes.wait.draw())
                self._send(data)
                if self.client.ended:
                    break
            if wishes.half_close and last:
                self._check(self.client.make("shutdown", socket.SHUT_WR), "could not shut down")
            if wishes.recv_count is not None:
                self._receive(wishes.recv_count)
            if last:
                break
            self._sleep(wishes.every.draw())
        if wishes.recv_count is None:
            self._receive(None)

    def _over(self) -> bool:
        return self.client.ended or (self._wishes.expect is not None and self._wishes.expect.came)

    def _messages(self) -> Iterator[bytes]:
        for data in self._payloads:
            if data is STDIN:
                yield from self._typed()
            else:
                yield data

    def _typed(self) -> Iterator[bytes]:
        """Yield the lines of standard input as they come; what the peer says meanwhile is received."""
        listens = self._wishes.recv_count is None
        self._lines.told = current().nudge
        sock = self.client.socket
        while not self._lines.ended and not self.client.ended:
            line = self._lines.next()
            if line is not None:
                yield line
            elif self._lines.ended:
                return
            elif not listens or sock is None:
                current().pause(_LONG)
            elif sock.wait_readable(self._lines.ready):
                self._receive(1)

    def _send(self, data: bytes) -> None:
        how = self._wishes.how
        with self._listening() if len(data) > _LARGE and self._wishes.recv_count is None else nullcontext():
            outcome = self.client.make(how, data, *(() if self._to is None else (self._to,)))
        self._check(outcome, "could not send")
        self._sent_at = self._clock()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Receive meanwhile, should the send get stuck: the peer may not read on before its answer is taken."""
        sent = threading.Event()
        lane = Lane(f"{self.client.name} recv")
        lane.submit(lambda: self._receive_until(sent))
        try:
            yield
        finally:
            sent.set()
            lane.end()
            lane.join()

    def _receive_until(self, sent: threading.Event) -> None:
        sock = self.client.socket
        with suppress(Cancelled):
            while sock is not None and not sent.wait(0 if self._received else _STUCK) and not self._over():
                if sock.wait_readable(sent.is_set) and self.client.drain(self._got) is not None:
                    return

    def _receive(self, times: int | None) -> None:
        """Receive *times*, or until the end; a recv that timed out ends it too."""
        before = self._received
        while (times is None or self._received < before + times) and not self._over():
            already = self._received
            outcome = self.client.drain(lambda data: self._got(data) and times is None)
            if outcome is None:
                if self._received > already:
                    continue
                outcome = self._receive_once()
            if isinstance(outcome.error, TimeoutError | BlockingIOError):
                self._why = f"nothing arrived within {duration_text(self._settings.timeout or 0)}"
                break
            self._check(outcome, "could not receive")
        if self.client.ended:
            self._why = "the peer ended the connection"
        if times is not None and not (self._wishes.expect and self._wishes.expect.came):
            self._missing += times - (self._received - before)

    def _receive_once(self) -> Outcome:
        """Receive once, waiting for it."""
        outcome = self.client.receive_once()
        if outcome.ok:
            self._got(outcome.result[0] if isinstance(outcome.result, tuple) else outcome.result)
        return outcome

    def _got(self, data: bytes) -> bool:
        """Take note of what came; tell whether more is to."""
        if self.client.ended:
            return False
        self._received += 1
        if self._sent_at is not None:
            self.round_trips.append(self._clock() - self._sent_at)
            self._sent_at = None
        if self._wishes.expect is not None:
            self._wishes.expect.feed(data)
        return not self._over()

    def _judge(self) -> None:
        if no := self._judged():
            raise No(no)

    def _judged(self) -> str:
        """Return why what came is not what was to come; "" where it is."""
        wishes, why = self._wishes, self._why or "nothing more came"
        if wishes.expect is not None:
            return "" if wishes.expect.came else f"{wishes.expect} did not come: {why}"
        if wishes.recv_count is not None and self._missing:
            return f"{self._missing} of {wishes.recv_count} recvs did not come: {why}"
        if wishes.recv_count is None and not self._received and not self.client.ended:
            return f"{why}: --recv-count 0 only sends"
        return ""

    def _check(self, outcome: Outcome, otherwise: str) -> None:
        if isinstance(outcome.error, Cancelled):
            raise outcome.error
        if not outcome.ok:
            raise No(f"{otherwise}: {reason(outcome)}")

    def _sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled."""
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0:
            current().pause(left)
