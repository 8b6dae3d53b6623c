"""Programs under trace whose output and sockets are shown, rather than printed: the run that a screen follows."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from workbench.engine.kernel.proc_net import TcpEntry, unix_queued
from workbench.engine.kernel.tcp_state import state_name
from workbench.engine.kernel.watch import TcpWatch
from workbench.engine.state import AcceptQueue, EndpointState, Inside, Queue
from workbench.engine.tracing import traced_sockets
from workbench.engine.tracing.launch import UNTIL_LISTENING, Running, Tracing
from workbench.engine.tracing.output import ProgramOutput
from workbench.engine.tracing.programs import Program, why_untraced
from workbench.engine.tracing.stepping import Stepping
from workbench.engine.tracing.traced_sockets import Traced, TracedSockets
from workbench.journal.pages import Doing, LivePages
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder

_PATIENCE = 1.0
"""Seconds that programs have to end when asked to, before they are killed."""
_STEP = 0.01


class TracedRun:
    """Starts programs and follows them. Nothing here waits but `close`, and that for a second or two at most."""

    def __init__(
        self,
        programs: Sequence[Program],
        recorder: Recorder,
        journal: Journal,
        *,
        step: bool = False,
        columns: int = 80,
    ) -> None:
        """*step*: let each call wait; *columns*: of the terminal that the programs print to. Raises OSError."""
        self._recorder, self._journal = recorder, journal
        self._waiting = list(programs)
        self._resources = ExitStack()
        self._live = self._resources.enter_context(LivePages.made(Path(recorder.path)))
        self.stepping = Stepping(Path(recorder.path), every=step)
        self._resources.callback(self.stepping.close)
        self._tracing = Tracing(Path(recorder.path), limit=recorder.limit)
        self._output = ProgramOutput(columns)
        self._resources.callback(self._output.close)
        self._sockets = TracedSockets(journal)
        self._watch = TcpWatch()
        self._doing: list[Doing] = []
        self._next_at = 0.0
        self.problem = ""
        """Why a program could not be started."""

    # --- what goes on -----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Start what is to be started, see what has ended, take in what was recorded."""
        if self._waiting and (time.monotonic() >= self._next_at or self._listening):
            self._start_next()
        ended = [running for running in self._tracing.running if running.code is None and self._tracing.ended(running)]
        if ended:
            self._live.settle(self._recorder, self._journal)
        self._sockets.look()
        self._sockets.close_those_of_ended()
        self._doing = self._live.doing(self._journal)
        self._sockets.take_in(self._doing)
        self.stepping.look_again()
        for held in self.stepping.held():
            self._sockets.take_in_held(held.message)
            self._next_at = time.monotonic() + UNTIL_LISTENING  # a program that is held cannot come to listen

    @property
    def _listening(self) -> bool:
        """Whether a program listens, so that the next one can be started."""
        return any("listen" in sock.done or sock.role == "server" for sock in self._sockets.all)

    def _start_next(self) -> None:
        program = self._waiting.pop(0)
        try:
            self._tracing.start(program, self._output.terminal)
        except OSError as problem:
            self.problem = f"{program.words[0]} cannot be run: {problem.strerror}"
            self._waiting.clear()
        self._next_at = time.monotonic() + UNTIL_LISTENING

    @property
    def runs(self) -> bool:
        """Whether a program runs, or is still to be started."""
        return bool(self._waiting) or any(running.code is None for running in self._tracing.running)

    @property
    def running(self) -> tuple[Running, ...]:
        """The programs that were started, in order."""
        return tuple(self._tracing.running)

    @property
    def code(self) -> int:
        """The first program's exit code; 0 while it runs."""
        return (self._tracing.running[0].code or 0) if self._tracing.running else 0

    def untraced(self) -> list[str]:
        """Return the names of the programs that ended without the probe having got into them."""
        signed_in = self._live.signed_in()
        return [each.program.name for each in self.running if each.code is not None and each.pid not in signed_in]

    def why_untraced(self) -> str:
        """Return why the probe did not get into a program, or could not begin to record there."""
        return why_untraced(self._live.has_room())

    def apart(self) -> list[str]:
        """Return the libraries that the programs use and whose sockets the probe does not see."""
        return self._live.apart()

    def output(self) -> tuple[int, tuple[str, ...]]:
        """Return how many lines the programs have begun, and the last ones."""
        return self._output.lines()

    # --- sockets ----------------------------------------------------------------------------------------------------

    def states(self) -> tuple[EndpointState, ...]:
        """Return what every socket looks like now."""
        sockets = self._sockets.all
        names = traced_sockets.names(sockets)
        pending = traced_sockets.pending(self._doing, time.monotonic())
        return tuple(
            traced_sockets.state(sock, names[sock.key], pending.get(sock.key, ()), self._tcp_state(sock))
            for sock in sockets
        )

    def inside(self, socket: str) -> Inside:
        """Return what is known of a socket's queues: counts, from outside the program; bytes, where its calls wait."""
        sock = self._sockets.find(socket)
        if sock is None or sock.closed:
            return Inside()
        queued, keeps = self._queued(sock), sock.type != "SOCK_STREAM"
        if sock.backlog is not None or "listen" in sock.done:
            queue = None if queued is None else AcceptQueue(queued, sock.backlog or 0)
            return Inside(listens=True, accept=queue)
        total = None if keeps else queued
        stepping = self.stepping
        if peek := stepping.peeked(sock.key) if stepping.rule.every or stepping.held() else None:
            looked, at = peek
            seen = looked.queue(sock.bytes_in)
            newer = total is not None and self._watch.read_at > at  # more may have come since the probe looked
            return Inside(queue=replace(seen, total=max(total or 0, seen.total or 0)) if newer else seen)
        return Inside(queue=Queue(keeps, total=total, offset=sock.bytes_in, foreign=True))

    def _queued(self, sock: Traced) -> int | None:
        """Return the bytes in a stream's receive queue, or the connections in a listener's accept queue."""
        if sock.family == "AF_UNIX":
            return unix_queued(sock.inode) if sock.inode else None
        entry = self._entry(sock)
        return None if entry is None else entry.received

    def _entry(self, sock: Traced) -> TcpEntry | None:
        return self._watch.by_inode().get(sock.inode or -1)

    def _tcp_state(self, sock: Traced) -> str | None:
        if sock.type != "SOCK_STREAM" or sock.family == "AF_UNIX":
            return None
        if sock.closed:
            lingers = sock.peer is not None and self._watch.lingers(sock.local, sock.peer)
            return "TIME_WAIT" if lingers else None
        entry = self._entry(sock)
        return None if entry is None else state_name(entry.state)

    def calling(self, socket: str = "") -> str:
        """Return the line of a program ("file:line") that waits in a call now, else that made the last call.

        *socket*: prefer a call of this one. A call that is held comes before all.
        """
        for held in self.stepping.held():
            return self._journal.text(held.message.writer, held.message.source)
        last = self._journal[len(self._journal) - 1] if len(self._journal) else None
        waiting = sorted(self._doing, key=lambda each: (each.socket == socket, each.started))
        if waiting and waiting[-1].source:
            return waiting[-1].source
        return last.source if last is not None else ""

    # --- the end ----------------------------------------------------------------------------------------------------

    def end(self, number: int = signal.SIGINT) -> None:
        """Send the programs, and those that they started, a signal."""
        self._waiting.clear()
        for running in self.running:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, number)

    def close(self) -> None:
        """End the programs, kill those that don't, and write down which calls did not return."""
        self.stepping.close()
        self.end()
        until = time.monotonic() + _PATIENCE
        while self._tracing.poll() and time.monotonic() < until:
            time.sleep(_STEP)
        self.end(signal.SIGKILL)
        while self._tracing.poll():
            time.sleep(_STEP)
        if not self._closed:
            self._closed = True
            self._live.settle(self._recorder, self._journal)
            self._resources.close()

    _closed = False
