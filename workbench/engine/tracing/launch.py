"""Runs other Python programs with the probe in them, and keeps out of their way.

The program's stdin, stdout, stderr and terminal are its own, and so are the signals: those that the terminal sends to
the whole group reach it anyway, those that someone sends to us are passed on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engine.tracing.programs import Program
from workbench.probe import bootstrap
from workbench.probe.rules import Injection

INJECTED = Path(bootstrap.__file__).parent / "inject"
"""What goes in front of PYTHONPATH: a folder with nothing but a sitecustomize."""
UNTIL_LISTENING = 1.0
"""Seconds to wait for a program to listen before the next one beside it is started."""
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_BY_KERNEL = 0x80
"""si_code of a signal that the terminal sent (sigaction(2))."""


@dataclass(slots=True)
class Running:
    """A program that was started; *code* is its exit code once it has ended, 128+N if signal N ended it."""

    program: Program
    pid: int
    code: int | None = None


class Tracing:
    """Programs that run beside each other and write one session."""

    def __init__(
        self,
        session: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        limit: int | None = None,
        injection: Injection | None = None,
    ) -> None:
        """*session*: the file they write; it has to exist. *limit*: the bytes that it may have.

        *injection*: what their calls are made to do.
        """
        self.running: list[Running] = []
        self._environment = traced_environment(session, environment, limit=limit, injection=injection)
        self._mask: set[int] = set()
        self._waited: set[int] = set()

    def start(self, program: Program, terminal: int | None = None) -> Running:
        """Start a program; raises OSError where the system refuses to.

        *terminal*: a descriptor that it is to print to; then it has no stdin, and a session of its own (setsid(2)).
        """
        apart: dict[str, Any] = {}
        if terminal is not None:
            prints = [(os.POSIX_SPAWN_DUP2, terminal, number) for number in (1, 2)]
            apart = {"setsid": True, "file_actions": [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), *prints]}
        pid = os.posix_spawn(
            program.words[0],
            program.words,
            self._environment,
            setsigmask=self._mask,
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # which Python ignores in itself
            **apart,
        )
        self.running.append(Running(program, pid))
        return self.running[-1]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hold back the signals that are the programs', so that `look` can pass them on.

        Those that we ignore too: the programs may have handlers for them.
        """
        self._waited = {*_PASSED_ON, signal.SIGCHLD}
        before = self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, self._waited))
        try:
            yield
        finally:
            while signal.sigtimedwait(self._waited, 0):
                pass
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def look(self, seconds: float) -> bool:
        """While watching, wait up to *seconds* for a signal or a program's end; tell whether any program still runs."""
        arrived = signal.sigtimedwait(self._waited, seconds)
        while arrived is not None:
            if arrived.si_signo != signal.SIGCHLD and arrived.si_code != _BY_KERNEL:
                self.signal(arrived.si_signo)
            arrived = signal.sigtimedwait(self._waited, 0)
        return self.poll()

    def poll(self) -> bool:
        """Take in which programs have ended, without waiting; tell whether any still runs."""
        return sum(not self.ended(running) for running in self.running) > 0

    def ended(self, running: Running) -> bool:
        """Tell whether a program has ended, and take in its exit code."""
        if running.code is None:
            running.code = _exit_code(running.pid)
        return running.code is not None

    def signal(self, number: int) -> None:
        """Send a signal to the programs that run."""
        for running in self.running:
            if running.code is None:
                os.kill(running.pid, number)


def _exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def traced_environment(
    session: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    limit: int | None = None,
    injection: Injection | None = None,
) -> dict[str, str]:
    """Return *environment* as a program gets it that is to write its socket calls into *session*.

    *limit*: the bytes that the session may have. *injection*: what the calls are made to do.
    """
    own = environment.get("PYTHONPATH")
    return {
        **environment,
        bootstrap.SESSION: str(session.absolute()),
        **({} if limit is None else {bootstrap.LIMIT: str(limit)}),
        **({bootstrap.INJECT: str(injection)} if injection and injection.rules else {}),
        "PYTHONPATH": f"{INJECTED}{os.pathsep}{own}" if own else str(INJECTED),
    }
