"""One run of the programs under injections: started, watched, ended where they hang, and what came of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.engine.shaking.injected import Injected, injected
from workbench.engine.shaking.plans import Seen
from workbench.engine.tracing.launch import UNTIL_LISTENING, traced_environment
from workbench.engine.tracing.programs import Program
from workbench.journal.files import record_to
from workbench.journal.pages import LivePages
from workbench.journal.reader import Journal
from workbench.probe.rules import Injection

_LOOK = 0.02
_IDLE = 1.5
"""Seconds without a call after which a server that only accepts is asked to end, if another program has ended."""
_PATIENCE = 4
"""That many times as long a run may take whose calls go on: it is slow, and does not hang."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run hangs: after *seconds*, without a call in the last *quiet* ones."""

    seconds: float
    quiet: float


@dataclass(slots=True)
class Outcome:
    """What came of a run: exit codes and output of the programs in order; *hangs*: the calls that never returned."""

    session: Path
    names: list[str]
    codes: list[int | None]
    """None: it was a server that still accepted when the others had ended."""
    out: list[bytes]
    err: list[bytes]
    seconds: float
    hangs: list[str] = field(default_factory=list)
    slow: bool = False
    quiet: float = 0.0
    """The longest time without a call, in seconds."""
    injected: list[Injected] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    def tracebacks(self) -> list[tuple[str, str]]:
        """Return each program's name with the last traceback that it printed, where it printed one."""
        return [(name, text) for name, err in zip(self.names, self.err, strict=True) if (text := last_traceback(err))]


def last_traceback(printed: bytes) -> str:
    """Return the last traceback in what a program printed: from its first line to the exception's."""
    lines = printed.decode("utf-8", "replace").splitlines()
    starts = [place for place, line in enumerate(lines) if line.strip().startswith("Traceback (most recent call last)")]
    if not starts:
        return ""
    kept = [lines[starts[-1]]]
    for line in lines[starts[-1] + 1 :]:
        kept.append(line)
        if line and not line.startswith((" ", "\t")):
            break
    return "\n".join(kept)


def run(programs: Sequence[Program], injection: Injection | None, session: Path, limits: Limits) -> Outcome:
    """Run *programs* once, recording into *session*; raises OSError where one can't be started."""
    recorder = record_to(session)
    try:
        with closing(Journal(session)) as journal, LivePages.made(session) as live:
            environment = traced_environment(session, injection=injection)
            with _started(programs, environment, session, journal) as running:
                outcome = _watched(running, programs, session, journal, live, limits)
            live.settle(recorder, journal)
            journal.pull()
            outcome.injected = list(injected(journal, injection))
            for call in journal.calls(0, len(journal)):
                outcome.seen.take(call)
            return outcome
    finally:
        recorder.close()


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    dismissed: bool = False


@contextmanager
def _started(
    programs: Sequence[Program], environment: dict[str, str], session: Path, journal: Journal
) -> Iterator[list[_Running]]:
    running: list[_Running] = []
    try:
        for number, program in enumerate(programs):
            out, err = (session.with_suffix(f".{number}.{kind}") for kind in ("out", "err"))
            with out.open("wb") as printed, err.open("wb") as complained:
                process = subprocess.Popen(
                    program.words, env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=complained,
                    start_new_session=True,
                )  # fmt: skip
            running.append(_Running(process, out, err))
            if program is not programs[-1]:
                _until_listening(process, journal)
        yield running
    finally:
        for each in running:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


def _until_listening(process: subprocess.Popen[bytes], journal: Journal) -> None:
    """Give a server that others are to connect to the time to listen."""
    until, before = time.monotonic() + UNTIL_LISTENING, 0
    while time.monotonic() < until and process.poll() is None:
        journal.pull()
        if any(call.call == "listen" or call.datagram for call in journal.calls(before, len(journal))):
            return
        before = len(journal)
        time.sleep(_LOOK)


def _watched(
    running: list[_Running],
    programs: Sequence[Program],
    session: Path,
    journal: Journal,
    live: LivePages,
    limits: Limits,
) -> Outcome:
    """Wait until the programs have ended, or hang."""
    began = grew = time.monotonic()
    hangs: list[str] = []
    slow, calls, quiet = False, -1, 0.0
    while any(each.process.poll() is None for each in running):
        time.sleep(_LOOK)
        journal.pull()
        now = time.monotonic()
        if len(journal) != calls:
            calls, quiet, grew = len(journal), max(quiet, now - grew), now
        if now - grew > _IDLE and any(each.process.poll() is not None for each in running):
            _dismiss(running, journal, live)
        if now - began > limits.seconds:
            slow = now - grew < limits.quiet
            if not slow or now - began > limits.seconds * _PATIENCE:
                hangs = [] if slow else _waits(running, programs, journal, live)
                break
    codes = [None if each.dismissed else _code(each.process) for each in running]
    return Outcome(
        session, [program.name for program in programs], codes,
        [each.out.read_bytes() for each in running], [each.err.read_bytes() for each in running],
        time.monotonic() - began, hangs, slow and not hangs and any(each.process.poll() is None for each in running),
        quiet,
    )  # fmt: skip


def _dismiss(running: list[_Running], journal: Journal, live: LivePages) -> None:
    """Ask servers to end that do nothing but accept."""
    doing = live.doing(journal)
    for each in running:
        calls = {one.call for one in doing if one.pid == each.process.pid}
        if each.process.poll() is None and calls == {"accept"}:
            each.dismissed = True
            each.process.terminate()


def _waits(running: list[_Running], programs: Sequence[Program], journal: Journal, live: LivePages) -> list[str]:
    """Say of each program that still runs what it waits for."""
    doing, told = live.doing(journal), []
    for each, program in zip(running, programs, strict=True):
        if each.process.poll() is not None:
            continue
        own = [one for one in doing if one.pid == each.process.pid]
        for one in own:
            asked = "" if one.requested is None else str(one.requested)
            told.append(f"{program.name} waits in {one.call}({asked}) at {one.source}, on {one.name or 'a socket'}")
        if not own:
            told.append(f"{program.name} runs on, in no socket call")
    return told


def _code(process: subprocess.Popen[bytes]) -> int | None:
    code = process.poll()
    return None if code is None else 128 - code if code < 0 else code
