"""The endpoints of a server: what listens, what was accepted, and the one socket of a datagram server."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.engine.endpoints.conversation import Conversation
from workbench.engine.endpoints.endpoint import AutoReceive, Endpoint
from workbench.engine.endpoints.responders.responder import NewResponder, Responder
from workbench.engine.endpoints.setup import NODELAY
from workbench.engine.sockets.bench_socket import BenchSocket, SecureSocket
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Outcome
from workbench.model.call.settings import ServerSettings

_USED_UP = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
"""Errors of accept(2) after which a server waits until something is given back."""
_PASSING = _USED_UP | {errno.ECONNABORTED}
"""Errors after which it tries again."""
_BREATH = 0.1
"""Seconds before it does, and between two looks at whether there is room for another connection."""
_A_CONNECTION = 3
"""Descriptors that a connection takes: its socket's, and what wakes each of its two lanes."""
_NOT_THEIRS = (Path(__file__).parents[2], Path(os.__file__).parent)
"""Where the frames of a traceback lie that say nothing of a person's own code."""
_PEERS = 1024
"""Senders that a datagram server remembers its part of a conversation with."""


def raised(error: BaseException) -> str:
    """Say what a person's own code raised, and at which of its lines."""
    where = ""
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if not any(folder in file.parents for folder in _NOT_THEIRS):
            where = f" at {file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"the responder raised {type(error).__name__}: {error}{where}"


class ResponderFailed(Exception):
    """What a person's own responder raised."""


class Answering(Endpoint):
    """An endpoint that answers what it receives, in the lane that received it, as a one-threaded server does."""

    def __init__(self, *args: Any, responder: NewResponder, failed: Callable[[str], None], **options: Any) -> None:
        super().__init__(*args, **options)
        self._failed = failed
        self._told_nowhere = False
        self.turns = 0
        """How many times it has received and, where there was an answer, answered."""
        self.answer_with(responder)

    def answer_with(self, responder: NewResponder) -> None:
        """Answer what comes from now on with another responder: each sender's conversation with it begins anew."""
        self._answers = getattr(responder(), "answers", True)
        self._responder_for: Callable[[Any], Responder] = lru_cache(_PEERS)(lambda sender: responder())

    @property
    def only_receives(self) -> bool:
        """Whether the responder says nothing, whatever comes."""
        return not self._answers

    def received(self, outcome: Outcome) -> Outcome:
        """Answer; a responder that raises, or an answer that can't be sent, is an error of this turn."""
        result, sender = outcome.result, None
        if isinstance(result, tuple):
            result, sender = result
        if isinstance(outcome.error, TimeoutError):
            reply = self._ask(sender, lambda responder: responder.silence())
        elif outcome.ok and not self.ended:
            reply = self._ask(sender, lambda responder: responder.answer(result))
        else:
            return outcome
        answered = self._answer(reply, sender)
        self.turns += outcome.ok
        return Outcome(outcome.result, outcome.error or answered.error)

    def _answer(self, reply: Outcome, sender: Any) -> Outcome:
        if not reply.ok or reply.result is None:
            return reply
        if self.peer is not None:
            return self.make("sendall", reply.result)
        if sender:
            return self.make("sendto", reply.result, sender)
        return self._nowhere()

    def _nowhere(self) -> Outcome:
        """Say once why there is no answer: the sender of a UNIX datagram that is not bound has no address."""
        if not self._told_nowhere:
            self._told_nowhere = True
            self._failed(
                f"{self.name}: no answer, as the sender has no address: bind the client's socket (its source) to a path"
            )
        return Outcome()

    def _ask(self, sender: Any, question: Callable[[Responder], bytes | None]) -> Outcome:
        """A responder may be a person's own function: what it raises ends its turn, not the server."""
        try:
            reply = question(self._responder_for(sender))
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self._failed(f"{self.name}: {raised(error)}")
            return Outcome(error=ResponderFailed())
        if reply is None or isinstance(reply, bytes | bytearray | memoryview):
            return Outcome(reply)
        advice = ": write .encode() behind it" if isinstance(reply, str) else ""
        self._failed(f"{self.name}: the responder returned {type(reply).__name__}, not bytes or None{advice}")
        return Outcome(error=ResponderFailed())


class Connection(Answering):
    """An accepted connection. By itself it receives and answers until the end or an error, then closes."""

    def begin(self, settings: ServerSettings) -> None:
        """Set it up by the server's settings, then receive; OSError or RuntimeError where there's no lane for it."""

        def work() -> Outcome:
            if settings.nodelay:
                self.make("setsockopt", *NODELAY)
            if settings.timeout is not None:
                self.make("settimeout", settings.timeout)
            outcome = self._secure()
            if outcome.ok:
                self.set_auto(settings.auto_recv)
            else:
                self.close()
            return outcome

        self._reading.start()
        self.submit(work, reads=True)

    def _secure(self) -> Outcome:
        """Shake hands, where the socket speaks TLS."""
        sock = self._socket
        if not isinstance(sock, SecureSocket):
            return Outcome()
        outcome = self.attempt("do_handshake", sock.start_tls)
        if not isinstance(outcome.error, Cancelled):
            self._failed(f"{self.name}: {sock.tls_facts() if outcome.ok else f'no TLS handshake: {outcome.error}'}")
        return outcome

    def receive_by_itself(self, receiving: AutoReceive) -> Outcome:
        """Receive and answer, or let the responder speak; a connection that was only asked to stop stays open."""
        converse = getattr(self._responder_for(None), "converse", None)
        outcome = super().receive_by_itself(receiving) if converse is None else self._converse(converse, receiving)
        if self.ended or not (outcome.ok or isinstance(outcome.error, Cancelled)):
            self.close()
        return outcome

    def _converse(self, converse: Callable[[Conversation], object], receiving: AutoReceive) -> Outcome:
        """Let a person's own function speak with the peer; what it raises costs this connection."""
        try:
            with self._reading.reachable():
                converse(Conversation(self))
            outcome = Outcome(error=ResponderFailed())  # it has said all: the connection is closed
        except Cancelled as cancelled:
            outcome = Outcome(error=cancelled)
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self._failed(f"{self.name}: {raised(error)}")
            outcome = Outcome(error=ResponderFailed())
        receiving.on = False
        return outcome


class DatagramServer(Answering):
    """The one socket of a datagram server, which receives from whoever sends. An error does not stop it."""

    def goes_on(self, outcome: Outcome) -> bool:
        """Only the person stops it."""
        if isinstance(outcome.error, OSError) and not isinstance(outcome.error, TimeoutError | BlockingIOError):
            self._reading.pause(_BREATH)
        return not isinstance(outcome.error, Cancelled) and not self.ending


class Listener(Endpoint):
    """A listening socket. *accepted* is called with each new socket, in the lane that accepted it.

    By itself it accepts only while *may_accept* holds: the next connections wait in the kernel's queue. So they do
    while the system has no descriptor or thread left, which it reports to *failed*.
    """

    def __init__(
        self,
        *args: Any,
        accepted: Callable[[BenchSocket], None],
        may_accept: Callable[[], bool],
        failed: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._accepted, self._may_accept, self._failed = accepted, may_accept, failed
        self._paused = False

    def accept_one(self) -> Outcome:
        """Accept a connection and let it begin; one that there is no descriptor or thread for waits until there is."""
        outcome = self.make("accept")
        if outcome.ok:
            self._begin(outcome.result[0])
        return outcome

    def _begin(self, made: BenchSocket) -> None:
        while True:
            try:
                self._accepted(made)
                break
            except (OSError, RuntimeError) as error:
                self._tell_pause(error)
            try:
                self._reading.pause(_BREATH)
            except Cancelled:
                made.close()
                raise
        if self._paused:
            self._paused = False
            self._failed("accept goes on")

    def _tell_pause(self, error: BaseException) -> None:
        if not self._paused:
            self._paused = True
            why = error.strerror if isinstance(error, OSError) else error
            self._failed(f"{why}: accept pauses until a connection ends; the next ones wait in the accept queue")

    def receive_once(self, bufsize: int | None = None) -> Outcome:
        """Accepting is a listener's way to receive."""
        return self.accept_one()

    def wait_for_turn(self) -> None:
        """Wait for room first."""
        while not self._may_accept() or (self._paused and not self._has_descriptors()):
            self._reading.pause(_BREATH)
        super().wait_for_turn()

    def goes_on(self, outcome: Outcome) -> bool:
        """Whether the next accept may go better; a timeout is no reason to stop."""
        number = outcome.error.errno if isinstance(outcome.error, OSError) else None
        if number in _USED_UP:
            assert outcome.error is not None
            self._tell_pause(outcome.error)
            self._reading.pause(_BREATH)
        return super().goes_on(outcome) or isinstance(outcome.error, TimeoutError) or number in _PASSING

    def _has_descriptors(self) -> bool:
        """Whether as many are free as a connection takes."""
        taken: list[int] = []
        with suppress(OSError):
            while len(taken) < _A_CONNECTION and self._socket is not None:
                taken.append(os.dup(self._socket.fileno()))
        for number in taken:
            os.close(number)
        return len(taken) == _A_CONNECTION
