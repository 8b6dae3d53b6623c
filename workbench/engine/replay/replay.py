"""Replay: a recorded client's bytes again, in the same pieces and rhythm, and whether the answers are the same."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait

from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.endpoint import Outcome
from workbench.engine.replay.recorded_client import Action, RecordedClient
from workbench.model.call.address import Address
from workbench.model.call.settings import ClientSettings

_LOOK = 0.02
"""Seconds between two calls of *idle* while it waits."""
_STUCK = 0.1
"""Seconds after which a send that does not return is helped by receiving: the buffers of both sides may be full."""
_SHOWN = 40


class Differs(Exception):
    """The answers are not those of the recording, or there are none; the message says where, in one line."""


def settings_for(recorded: RecordedClient, address: Address, timeout: float | None) -> ClientSettings:
    """Return the settings of a client that repeats *recorded* at *address*."""
    answerable = address.scheme == "unix-dgram" and recorded.bound
    return ClientSettings.at(
        address,
        connect="connect" if recorded.connected or address.kind[1] != "SOCK_DGRAM" else "none",
        timeout=timeout,
        options=recorded.options,
        bind=Address("unix-dgram", path=f"@socket-workbench-{os.getpid()}") if answerable else None,
    )


class Replay:
    """One run. *idle* is called again and again while it waits; *fast*: it does not wait for the recording's times."""

    def __init__(
        self,
        bench: Bench,
        recorded: RecordedClient,
        settings: ClientSettings,
        *,
        fast: bool = False,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorded, self._settings, self._fast, self._idle = recorded, settings, fast, idle
        self._to = settings.sockaddr() if settings.connect == "none" else None
        self._expected = b"".join(step.data for step in recorded.steps if step.what == "recv")
        self._due = self._came = 0
        self._early: deque[Outcome] = deque()
        self._reading: Future[Outcome] | None = None
        self._began = time.monotonic()
        self._client = bench.open_client(settings)

    def connect(self) -> Outcome:
        """Wait until the client has connected, and return what came of it."""
        return self._wait(self._client.started)

    def run(self) -> int:
        """Do it all; return how many bytes were received as recorded. Raises Differs."""
        for step in self._recorded.steps:
            self._until(step.at)
            match step.what:
                case "send":
                    self._send(step)
                case "recv" if self._recorded.messages:
                    self._receive_message(step)
                case "recv":
                    self._receive(step)
                case "shutdown":
                    self._wait(self._client.half_close())
                case "close":
                    self._end()
        self._end()
        return self._came

    def _end(self) -> None:
        if not self._client.closed:
            self._wait(self._client.reset() if self._recorded.resets else self._client.close())

    # --- sending ----------------------------------------------------------------------------------------------------

    def _send(self, step: Action) -> None:
        """Send one piece; with send, what a short one left follows at once."""
        how = "sendto" if self._to is not None else "sendall" if step.how == "sendto" else step.how
        outcome = self._sent(self._client.send(step.data, how, self._to))
        left = len(step.data)
        while outcome.ok and how == "send" and (left := left - outcome.result) > 0:
            outcome = self._sent(self._client.send_rest())
        if outcome.error is not None:
            raise Differs(f"could not send after {self._came} bytes of answers: {_named(outcome.error)}")

    def _sent(self, sending: Future[Outcome]) -> Outcome:
        """Wait for a send, and as long as it does not return take in what comes."""
        while not self._done(sending, _STUCK, self._reading):
            if self._reading is None and not self._client.ended:
                self._reading = self._client.recv(1 << 16)
            elif self._reading is not None and self._reading.done():
                self._early.append(self._reading.result())
                self._reading = None if self._client.ended else self._client.recv(1 << 16)
        return sending.result()

    # --- receiving --------------------------------------------------------------------------------------------------

    def _receive(self, step: Action) -> None:
        """Receive from the stream until as much has come as the recording had by then, or for its end."""
        self._due += len(step.data)
        if not step.data:
            self._next(step, b"")
        while self._came < self._due:
            wanted = self._expected[self._came : self._came + (1 << 20)]
            data = self._next(step, wanted)
            if not data:
                raise self._difference(0, wanted, "the end of the stream")
            self._came += len(data)

    def _receive_message(self, step: Action) -> None:
        data = self._next(step, step.data)
        if len(data) < len(step.data):
            raise self._difference(len(data), step.data, "the end of the message")
        self._came += len(data)

    def _next(self, step: Action, wanted: bytes) -> bytes:
        """Receive once, and return the bytes, which are the beginning of those *wanted*; b"" is the end."""
        outcome = self._early.popleft() if self._early else self._received(step.bufsize)
        if isinstance(outcome.error, ConnectionError) and not wanted:
            return b""  # the recording met the end with FIN or RST: which, is a race
        if outcome.error is not None:
            raise self._difference(0, wanted, self._failure(outcome.error))
        data: bytes = outcome.result[0] if isinstance(outcome.result, tuple) else outcome.result
        if not wanted.startswith(data):
            pairs = enumerate(zip(data, wanted, strict=False))
            at = next((at for at, (one, other) in pairs if one != other), len(wanted))
            raise self._difference(at, wanted, _shown(data[at:]))
        return data

    def _received(self, bufsize: int) -> Outcome:
        reading, self._reading = self._reading or self._client.recv(bufsize), None
        return self._wait(reading)

    def _difference(self, at: int, wanted: bytes, got: str) -> Differs:
        expected = _shown(wanted[at:]) if wanted[at:] else "nothing more"
        return Differs(f"the answers differ at byte {self._came + at}: expected {expected}, got {got}")

    def _failure(self, error: BaseException) -> str:
        timeout = self._settings.timeout
        return f"nothing within {timeout:g} s" if isinstance(error, TimeoutError) and timeout else _named(error)

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _until(self, at: float) -> None:
        while not self._fast and (rest := self._began + at - time.monotonic()) > 0:
            time.sleep(min(rest, _LOOK))
            self._idle()

    def _wait(self, future: Future[Outcome]) -> Outcome:
        while not self._done(future, _LOOK):
            pass
        return future.result()

    def _done(self, future: Future[Outcome], seconds: float, other: Future[Outcome] | None = None) -> bool:
        """Wait for *future*, for *other*, or for *seconds*; tell whether *future* is done."""
        wait([future] if other is None else [future, other], seconds, FIRST_COMPLETED)
        self._idle()
        return future.done()


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _shown(data: bytes) -> str:
    return repr(data) if len(data) <= _SHOWN else f"{data[:_SHOWN]!r}…"
