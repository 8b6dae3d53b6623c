"""The tap as a whole: it listens, connects to the target for each client, and forwards."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from random import Random
from typing import Any

from workbench.engine.endpoints.dial import dial
from workbench.engine.endpoints.driven import Driven
from workbench.engine.endpoints.lane import Lane
from workbench.engine.endpoints.setup import set_options, try_each
from workbench.engine.sockets.bench_socket import BenchSocket, SecureSocket, bench_socket_class
from workbench.engine.sockets.declared_socket import DeclaredSocket
from workbench.engine.sockets.waker import POLLIN
from workbench.engine.state import Moved, Outcome
from workbench.engine.tap.channel import Channel
from workbench.engine.tap.datagrams import DatagramTap
from workbench.engine.tap.loop import Loop
from workbench.engine.tap.stream import Stream
from workbench.engine.tap.toxics import NO_TOXICS, Toxics
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.probe.recorder import Recorder

_BREATH = 0.1
"""Seconds until accept is tried again when the system has no descriptor left."""
_CONNECT = 30.0
"""Seconds that a connect to the target may take."""


@dataclass(frozen=True)
class TapSettings:
    """Where it listens, where it forwards to, and what it does to the bytes on their way."""

    listen: ServerSettings
    target: ClientSettings
    up: Toxics = NO_TOXICS
    """From the client to the target."""
    down: Toxics = NO_TOXICS
    """From the target to the client."""
    seed: int | None = None
    bufsize: int = 65536


class Tap:
    """Starts with `start`, works in a thread of its own, and ends with `stop`."""

    def __init__(
        self,
        settings: TapSettings,
        recorder: Recorder | None,
        clock: Callable[[], float] = time.monotonic,
        *,
        kinds: tuple[type[BenchSocket], type[BenchSocket]] | None = None,
    ) -> None:
        """*kinds*: of the sockets towards clients and target, where they are not to be plain ones."""
        self.settings = settings
        self.problems: deque[str] = deque(maxlen=100)
        """What went wrong, a sentence each; the oldest first."""
        self.served = 0
        """How many connections have come and gone."""
        plain = bench_socket_class(recorder)
        self._clock = clock
        self._kind, self._target_kind = kinds or (plain, plain)
        self._loop = Loop(clock)
        self._listener = Driven("tap", "server", 0, clock=clock)
        self._numbers = count(1)
        self._streams: dict[int, Stream] = {}
        self._gone = Moved()
        self._connecting: dict[int, tuple[Lane, Driven, Driven]] = {}
        self._thread = threading.Thread(target=self._loop.run, name="tap", daemon=True)
        self._datagrams: DatagramTap | None = None
        self._paused = False
        self._seed = Random().getrandbits(32) if settings.seed is None else settings.seed

    @property
    def local(self) -> Any:
        """The address it listens at."""
        return self._listener.local

    def moved(self) -> Moved:
        """Return what its sockets towards the clients have moved."""
        now = (stream.client.moved() for stream in tuple(self._streams.values()))
        return Moved.total((self._gone, self._listener.moved(), *now))

    def start(self) -> Outcome:
        """Listen, and begin to forward; what came of it."""
        outcome = try_each(self._listener, self.settings.listen, self._listen_at)
        if not outcome.ok:
            if self._listener.socket is not None:
                self._listener.give_back()
            return outcome
        sock = self._listener.socket
        assert sock is not None
        DeclaredSocket.setblocking(sock, False)
        if self._datagrams is None:
            self._loop.watch(sock.fileno(), POLLIN, lambda events: self._accept())
        self._thread.start()
        return outcome

    def stop(self, timeout: float = 2.0) -> None:
        """Close everything."""
        self._loop.call_soon(self._close)
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._loop.close()

    def _listen_at(self, settings: ServerSettings) -> Outcome:
        listener = self._listener
        outcome = listener.open(self._kind, settings.family, settings.type, settings.protocol)
        if not outcome.ok:
            return outcome
        streams = settings.type in ("SOCK_STREAM", "SOCK_SEQPACKET")
        outcome.result.numbers = self._numbers
        if settings.reuse_address and streams and settings.family != "AF_UNIX":
            listener.make("setsockopt", socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        set_options(listener, settings)
        outcome = listener.make("bind", settings.sockaddr())
        if outcome.ok and streams:
            return listener.make("listen", settings.backlog)
        if outcome.ok:
            self._datagrams = DatagramTap(self._loop, listener, self._kind, self.settings, self._random)
        return outcome

    def _random(self, number: int, direction: str) -> Random:
        return Random(f"{self._seed} {number} {direction}")

    # --- in the tap's thread ----------------------------------------------------------------------------------------

    def _accept(self) -> None:
        outcome = self._listener.make("accept")
        if isinstance(outcome.error, BlockingIOError):
            return
        if not outcome.ok:
            self._pause(outcome)
            return
        if self._paused:
            self._paused = False
            self.problems.append("accept goes on")
        self._begin(outcome.result[0])

    def _begin(self, made: BenchSocket) -> None:
        client = Driven(f"conn {made.number}", "connection", made.number, clock=self._clock)
        client.adopt(made)
        target = Driven(f"target {made.number}", "client", made.number, clock=self._clock)
        lane = Lane(target.name)
        self._connecting[made.number] = lane, client, target
        settings = replace(self.settings.target, timeout=self.settings.target.timeout or _CONNECT)
        try:
            lane.submit(partial(self._connect, client, target, settings, made.number))
        except (OSError, RuntimeError) as error:
            self._connected(made.number, Outcome(error=error))

    def _connect(self, client: Driven, target: Driven, settings: ClientSettings, number: int) -> None:
        """Connect, in a thread of its own: it may take long, and so may TLS."""
        outcome = Outcome()
        try:
            for one in (client, target):
                if one is target and outcome.ok:
                    outcome = dial(target, self._target_kind, settings)
                elif isinstance(one.socket, SecureSocket):
                    outcome = one.attempt("do_handshake", one.socket.start_tls)
                if outcome.ok and isinstance(one.socket, SecureSocket):
                    self.problems.append(f"{one.name}: {one.socket.tls_facts()}")
        except BaseException as error:  # noqa: BLE001 - Cancelled, as the tap ends
            outcome = Outcome(error=error)
        self._loop.call_soon(partial(self._connected, number, outcome))

    def _connected(self, number: int, outcome: Outcome) -> None:
        lane, client, target = self._connecting.pop(number)
        lane.end()
        if outcome.ok:
            up = Channel(self.settings.up, self._random(number, "up"))
            down = Channel(self.settings.down, self._random(number, "down"))
            ended = partial(self._ended, number)
            self._streams[number] = Stream(self._loop, client, target, up, down, self.settings.bufsize, ended)
            return
        self.problems.append(f"{client.name}: could not connect to the target: {outcome.error}")
        with suppress(OSError):
            client.reset_and_give_back()
        if target.socket is not None:
            target.give_back()
        self.served += 1

    def _ended(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._gone = Moved.total((self._gone, stream.client.moved()))
        self.served += 1

    def _pause(self, outcome: Outcome) -> None:
        """Let those who come next wait in the accept queue, until something is given back."""
        sock = self._listener.socket
        assert sock is not None
        if not self._paused:
            self._paused = True
            self.problems.append(f"{outcome.error}: accept pauses; the next ones wait in the accept queue")
        self._loop.forget(sock.fileno())
        again = partial(self._loop.watch, sock.fileno(), POLLIN, lambda events: self._accept())
        self._loop.call_at(self._clock() + _BREATH, again)

    def _close(self) -> None:
        for stream in tuple(self._streams.values()):
            stream.close()
        for lane, client, _ in self._connecting.values():
            lane.end()
            client.give_back()
        if self._datagrams is not None:
            self._datagrams.close()
        if self._listener.socket is not None:
            self._loop.forget(self._listener.socket.fileno())
            self._listener.give_back()
        self._loop.stop()
