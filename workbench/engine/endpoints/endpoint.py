"""An endpoint: a real socket that a person drives, call by call.

It has two lanes, as a program with a reader and a writer thread has: accept and recv wait in one, everything else in
the other, so that a blocked recv does not keep one from sending. Every action returns at once with a Future; what
happened stands in the journal, written before the Future is done.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from workbench.engine.endpoints.driven import NO_LINGER, READS, Driven
from workbench.engine.endpoints.lane import Lane
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Closed, Outcome

__all__ = ["Endpoint", "Outcome"]

_PATIENCE = 5.0
"""Seconds that a close waits for the reading lane, which only a responder that does not return can hold up."""


@dataclass(slots=True)
class AutoReceive:
    """One stretch of receiving by itself: turned off for good, so that its end can't end the stretch after it."""

    on: bool


class Endpoint(Driven):
    """A socket with its lanes. Only the lanes make its calls."""

    def __init__(self, name: str, role: str, number: int, *, bufsize: int = 1024, clock: Callable[[], float]) -> None:
        super().__init__(name, role, number, bufsize=bufsize, clock=clock)
        self._reading = Lane(f"{name} recv" if role == "client" else name)
        self._writing = Lane(name if role == "client" else f"{name} send")
        self._receiving = AutoReceive(on=False)
        self._closing: Future[Outcome] | None = None

    # --- what a person does -----------------------------------------------------------------------------------------

    def call(self, method: str, *args: Any) -> Future[Outcome]:
        """Make one call of the socket by the name of its method."""
        match method:
            case "close":
                return self.close()
            case "accept":
                return self.accept()
            case _:
                return self.submit(lambda: self.make(method, *args), reads=method in READS)

    def send(self, data: bytes, how: str = "send", to: Any = None) -> Future[Outcome]:
        """Send *data* with send, sendall or sendto (to the Python address *to*)."""
        return self.submit(lambda: self.make(how, data, *(() if to is None else (to,))))

    def send_rest(self) -> Future[Outcome]:
        """Send what the last short send did not take."""
        return self.submit(lambda: self.make("send", self._tally.rest))

    def recv(self, bufsize: int | None = None) -> Future[Outcome]:
        """Receive once, at most *bufsize* bytes (else the endpoint's own); recvfrom where messages have senders."""
        return self.submit(lambda: self.received(self.receive_once(bufsize)), reads=True)

    def accept(self) -> Future[Outcome]:
        """Accept one connection."""
        return self.submit(self.accept_one, reads=True)

    def half_close(self) -> Future[Outcome]:
        """Shut down the sending side: the peer reads to the end, and may still answer."""
        return self.submit(lambda: self.make("shutdown", socket.SHUT_WR))

    def close(self) -> Future[Outcome]:
        """Cancel what is blocked, then close; a path that its bind has made is removed."""
        return self._end(())

    def reset(self) -> Future[Outcome]:
        """Close with SO_LINGER 1,0, which makes TCP send RST."""
        return self._end((("setsockopt", *NO_LINGER),))

    def cancel(self) -> bool:
        """Cancel the blocked calls, and stop acting by itself; tell whether any was blocked."""
        self._receiving.on = False
        blocked = [lane.cancel() for lane in (self._reading, self._writing)]
        return any(blocked)

    def set_bufsize(self, bufsize: int) -> None:
        """Set what the next recv asks for."""
        self.bufsize = bufsize

    @property
    def auto(self) -> bool:
        """Whether it receives (a listener: accepts) by itself."""
        return self._receiving.on and not self.ending

    def set_auto(self, on: bool) -> None:
        """Let it receive (a listener: accept) by itself, or only on demand; turning it off ends its own wait."""
        if on and not self.auto:
            receiving = self._receiving = AutoReceive(on=True)
            self.submit(lambda: self.receive_by_itself(receiving), reads=True)
        elif not on and self.auto:
            self._receiving.on = False
            self._reading.cancel()

    # --- in the reading lane ----------------------------------------------------------------------------------------

    def accept_one(self) -> Outcome:
        """Accept; nobody drives what a socket accepts that is no server's, so it is closed again."""
        outcome = self.make("accept")
        if outcome.ok:
            outcome.result[0].close()
        return outcome

    def received(self, outcome: Outcome) -> Outcome:
        """Do something about what `receive_once` returned; return the outcome, with the error that this raised."""
        return outcome

    def receive_by_itself(self, receiving: AutoReceive) -> Outcome:
        """Receive until the end, an error or the person says so."""
        outcome = Outcome()
        try:
            while receiving.on and not self.ending:
                drained = self.drain(lambda _: receiving.on and not self.ending) if self.only_receives else None
                if drained is None:
                    with self._reading.reachable():
                        if not receiving.on:
                            break
                        self.wait_for_turn()
                        outcome = self.receive_once()
                outcome = drained or self.received(outcome)
                if not self.goes_on(outcome):
                    break
        except Cancelled as cancelled:
            outcome = Outcome(error=cancelled)
        receiving.on = False
        return outcome

    @property
    def only_receives(self) -> bool:
        """Whether nothing is to be done about what comes, so that it need not be looked at one by one."""
        return False

    def wait_for_turn(self) -> None:
        """Wait where the call itself would not: without a timeout, calling again and again would spin."""
        if self.polls and self._socket is not None:
            self._socket.wait_readable()

    def goes_on(self, outcome: Outcome) -> bool:
        """Whether it receives again by itself after this outcome; it may wait a little."""
        return (outcome.ok and not self.ended) or isinstance(outcome.error, BlockingIOError)

    # --- the lanes --------------------------------------------------------------------------------------------------

    def submit(self, work: Callable[[], Outcome], *, reads: bool = False) -> Future[Outcome]:
        """Do *work* in one of the lanes. Whatever it raises is its outcome: the Future itself never fails."""
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()  # nobody cancels the Future: `cancel` cancels the call

        def job() -> None:
            try:
                outcome = work()
            except BaseException as error:  # noqa: BLE001 - nothing may end the lane, and nothing may vanish
                outcome = Outcome(error=error)
            future.set_result(outcome)

        try:
            if not (self._reading if reads else self._writing).submit(job):
                future.set_result(Outcome(error=Closed(f"{self.name} is closed")))
        except (OSError, RuntimeError) as error:  # no descriptor, or no thread, left for the lane
            future.set_result(Outcome(error=error))
        return future

    def _end(self, before: tuple[tuple[Any, ...], ...]) -> Future[Outcome]:
        """Close in the writing lane once the reading one is gone: nobody may wait on a descriptor given back."""

        def closing() -> Outcome:
            self._reading.join(_PATIENCE)
            for method, *args in before:
                self.make(method, *args)
            return self.give_back()

        if self._closing is None:
            self.ending = True
            self._reading.end()
            try:
                self._writing.start()
                self._closing = self.submit(closing)
            except (OSError, RuntimeError):  # as in submit; then the caller closes, as no other call can be under way
                self._closing = Future()
                self._closing.set_result(closing())
            self._writing.end()
        return self._closing

    def join(self, timeout: float) -> bool:
        """Wait until both lanes are gone."""
        until = time.monotonic() + timeout
        gone = [lane.join(max(0.0, until - time.monotonic())) for lane in (self._reading, self._writing)]
        return all(gone)
