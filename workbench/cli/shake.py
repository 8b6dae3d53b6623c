"""shake: run programs again and again, their calls made to do what they legally may, until one fails."""

from __future__ import annotations

import shlex
import sys
import time
from contextlib import closing
from io import StringIO
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import click

from workbench.cli.common import Failure
from workbench.cli.trace import Command, programs_of
from workbench.engine.shaking.shake import Found, Settings, Shaking, Unfit, injection_of
from workbench.journal.checking import check
from workbench.journal.files import fresh_path, sessions_folder
from workbench.journal.reader import Journal
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.probe.rules import Injection, RuleError
from workbench.report.findings.text import write
from workbench.report.text import TextReport

EPILOG = """\b
Examples:
  socket-workbench shake client.py 127.0.0.1 6789
  socket-workbench shake --with server.py --with client.py
  socket-workbench shake --runs 100 --seed 7 -m pytest -x tests
  socket-workbench shake --replay 'recv:max=1:socket=conn 1:when=2:program=server.py' --with server.py --with client.py

\b
A run fails with another exit code, an uncaught exception, or a hang; with --same-output also with another output.
Exit code 0: it held; 1: a failure was found; 2: wrong use, or the clean run fails.
"""
_BAR = 20
_TRACEBACK = 30


class ShakeCommand(Command):
    """Everything from PROGRAM on is the program's."""

    values = (*Command.values, "--runs", "--timeout", "--replay", "--jobs")


@click.command(cls=ShakeCommand, epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[--] PROGRAM ARG…", type=click.UNPROCESSED)
@click.option("--runs", type=click.IntRange(1), default=25, show_default=True, metavar="N", help="How many runs.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N", help="Of the plans.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Seconds after which a run hangs; else 10, or 5 times the clean run.",
)
@click.option("--errors", is_flag=True, help="Let calls fail too, as they might with a real network.")
@click.option("--same-output", is_flag=True, help="Another output is a failure too.")
@click.option("--replay", metavar="TOKEN", help="Run once under the injections that a failure was told with.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Runs at once, where the programs' ports allow it.",
)
@click.option("--with", "beside", multiple=True, metavar="PROGRAM", help="Another program beside it; repeatable.")
def command(words: tuple[str, ...], replay: str | None, beside: tuple[str, ...], **options: float) -> None:  # fmt: skip
    """Run PROGRAM under many injections: recv returns less, send takes less, calls wait. Tell the first failure.

    The failure is confirmed and then shrunk to the fewest and smallest injections.
    """
    programs = list(programs_of(words, beside))
    settings = Settings(**options)  # type: ignore[arg-type]
    try:
        injection = None if replay is None else injection_of(replay)
    except RuleError as problem:
        raise Failure(f"--replay: {problem}", 2) from None
    with TemporaryDirectory(prefix="shake-") as folder, Bar(settings.runs) as progress:
        shaking = Shaking(programs, Path(folder), settings, progress)
        try:
            shaking.begin()
            found = _replayed(shaking, injection) if injection is not None else shaking.find()
        except Unfit as problem:
            raise Failure(safe(str(problem)), 2) from None
        progress("", 0)
        if found is None:
            _held(shaking, replay)
            return
        _tell(found, shaking, words, beside)
    sys.exit(1)


def _replayed(shaking: Shaking, injection: Injection) -> Found | None:
    outcome = shaking.run(injection)
    if (failure := shaking.failure(outcome)) is None:
        return None
    return Found(
        outcome,
        failure,
        tuple(rule.text for rule in injection.rules),
        tuple(outcome.injected),
        0,
        (1, 1),
        injection.seed,
    )


def _held(shaking: Shaking, replay: str | None) -> None:
    runs = counted(1 if replay else shaking.settings.runs, "run")
    clean = shaking.clean
    if clean is not None and not (
        clean.seen.receives or clean.seen.sends or clean.seen.sendall or clean.seen.datagrams
    ):
        print("it makes no socket calls that could be shaken")
        return
    slow = f"; {counted(shaking.slow, 'run')} went on too long to tell" if shaking.slow else ""
    print(f"held: {runs}, no failure{slow}" if replay is None else "held: it does not fail under these injections")


def _tell(found: Found, shaking: Shaking, words: tuple[str, ...], beside: tuple[str, ...]) -> None:
    """Tell a failure: in one sentence, with its call, traceback, findings, session and token."""
    outcome, out = found.outcome, sys.stdout
    kept = fresh_path(sessions_folder())
    copyfile(outcome.session, kept)
    which = f"  (run {found.number} of {shaking.settings.runs})" if found.number else ""
    print(f"{safe(found.failure.sentence)}{which}")
    if len(found.injected) <= 3:
        deeds = " and ".join(one.sentence() for one in found.injected)
        print(f"fails when {deeds}" if deeds else "fails without an injected call")
    else:
        first = found.injected[0].sentence()
        print(f"fails when {counted(len(found.injected), 'call')} are injected; the first: {first}")
    if found.rate[0] < found.rate[1]:
        print(f"failed {found.rate[0]} of {found.rate[1]} times under these injections: threads or timing matter too")
    with closing(Journal(kept)) as journal:
        journal.pull()
        for one in found.injected[:3]:
            report = StringIO()
            TextReport(report, journal, most=64).write(one.call)
            print(f"\n{report.getvalue()}", end="")
        for name, text in outcome.tracebacks():
            lines = [safe(line) for line in text.splitlines()]
            print(f"\n{safe(name)}:", *lines[-_TRACEBACK:], sep="\n  ")
        if wanted := [each for each in check(journal) if each.severity != "note"]:
            print()
            write(out, wanted, journal)
    print(f"\nsession  {kept}")
    programs = [part for text in beside for part in ("--with", shlex.quote(text))] + list(map(shlex.quote, words))
    again = ["--same-output"] if shaking.settings.same_output else []
    print(f"replay   socket-workbench shake {' '.join([*again, '--replay', shlex.quote(found.token), *programs])}")


class Bar:
    """Tells on a terminal how far it has come."""

    def __init__(self, runs: int) -> None:
        self._runs, self._began, self._told = runs, time.monotonic(), False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *raised: object) -> None:
        self("", 0)

    def __call__(self, phase: str, number: int) -> None:
        """Show the *number*th run of a *phase*; wipe it out for ""."""
        if not sys.stderr.isatty():
            return
        if not phase:
            text = "\r\x1b[K" if self._told else ""
        else:
            full = _BAR * min(number, self._runs) // self._runs if phase == "shaking" else 0
            bar = (
                f"{'█' * full}{'░' * (_BAR - full)} {number}/{self._runs}" if phase == "shaking" else str(number or "")
            )
            text = f"\r{phase} {bar}  {time.monotonic() - self._began:.0f} s\x1b[K"
        self._told = bool(phase)
        print(text, end="", file=sys.stderr, flush=True)
