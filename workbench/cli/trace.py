"""trace: run a Python program and log its socket calls."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from workbench.cli.common import Failure, coloured, output_options
from workbench.cli.injecting import inject_options, injection
from workbench.cli.keeping import limit_option, record_options
from workbench.cli.live import OrderedPrinter, Printer, session_recorder
from workbench.cli.waits import Waits
from workbench.engine.tracing.launch import UNTIL_LISTENING, Running, Tracing
from workbench.engine.tracing.programs import NoProgram, Program, program, unseen, why_untraced
from workbench.journal.checking import Check
from workbench.journal.pages import LivePages
from workbench.journal.reader import Journal
from workbench.model.text.safe import safe
from workbench.model.words.about import not_kept
from workbench.probe.recorder import Recorder
from workbench.probe.rules import Injection, Rule
from workbench.report.feed import Report
from workbench.report.findings.counts import counts
from workbench.report.jsonl import JsonReport
from workbench.report.text import TextReport

_CHECKED = 5.0
"""Seconds that the end of a trace may take to look for what is wrong."""
_LOOK = 0.05
"""Seconds between two looks at the journal."""
EPILOG = """\b
Examples:
  socket-workbench trace server.py
  socket-workbench trace -o session.swb .venv/bin/python client.py 127.0.0.1 6789
  socket-workbench trace -m http.server 8000
  socket-workbench trace --with server.py --with client.py
  socket-workbench trace --tui --step server.py
  socket-workbench trace --inject recv:max=1 --inject 'accept:delay=1s:when=2' server.py
"""


class Command(click.Command):
    """Takes everything from PROGRAM on as it stands: -m is the program's, not an option of ours."""

    values: tuple[str, ...] = ("-o", "--record", "--with", "--format", "--limit", "--bytes", "--inject", "--seed")
    """Options that take a value."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put -- in front of a -m that is the program."""
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] not in ("-m", "--"):
            at += 2 if args[at] in self.values else 1
        if args[at : at + 1] == ["-m"]:
            args = [*args[:at], "--", *args[at:]]
        return super().parse_args(context, args)


@click.command(cls=Command, epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[--] PROGRAM ARG…", type=click.UNPROCESSED)
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="As --record, and print nothing.")
@click.option("--with", "beside", multiple=True, metavar="PROGRAM", help="Another program beside it; repeatable.")
@click.option("--tui", is_flag=True, help="Show its sockets, calls, source and output on a screen.")
@click.option("--step", is_flag=True, help="With --tui: each call waits until you let it go.")
@click.option(
    "--bytes",
    "most",
    type=click.IntRange(0),
    default=1024,
    show_default=True,
    metavar="N",
    help="Print so many bytes of a call; the session has them all.",
)
@inject_options
@record_options
@limit_option
@output_options
def command(
    words: tuple[str, ...],
    out: Path | None,
    beside: tuple[str, ...],
    tui: bool,
    step: bool,
    record: Path | None,
    form: str,
    limit: int,
    most: int,
    rules: tuple[Rule, ...],
    seed: int,
    **keep: bool,
) -> None:
    """Run PROGRAM unchanged and log its socket calls on stderr.

    PROGRAM is script.py, -m module, python … of any interpreter, or a file whose first line names Python.
    """
    programs = list(programs_of(words, beside))
    if out and record:
        raise click.UsageError("-o and --record both name the session: give one")
    if step and not tui:
        raise click.UsageError("--step needs --tui: a call waits until a person on the screen lets it go")
    if tui and rules:
        raise click.UsageError("--inject goes without --tui: record with -o FILE, and open FILE")
    if tui:
        sys.exit(_on_screen(programs, out or record, step, limit=limit, **keep))
    with session_recorder(out or record, limit=limit, **keep) as recorder:
        code = trace(programs, recorder, None if out else form, most, injection(rules, seed))
        if out or form != "json":
            _tell_findings(Path(recorder.path), out or record)
    sys.exit(code)


def _tell_findings(session: Path, kept: Path | None) -> None:
    """Say how many errors and warnings there are, and where they can be read; nothing where there are none."""
    with closing(Journal(session)) as journal:
        journal.pull()
        checking = Check(journal)
        if not checking.step(_CHECKED):
            how = f"socket-workbench check {shlex.quote(str(kept))}" if kept else "trace with -o FILE, and check FILE,"
            return _say(f"{how} says what is wrong with a session as long as this one")
        grave = [each for each in checking.findings() if each.severity != "note"]
    if grave:
        how = shlex.quote(str(kept)) if kept else "PROGRAM says which, or -o FILE keeps a session for it"
        print(f"{counts(grave)}: socket-workbench check {how}", file=sys.stderr, flush=True)
    return None


def _on_screen(programs: list[Program], record: Path | None, step: bool, *, limit: int, **keep: bool) -> int:
    from workbench.ui import run_trace

    code, problem = run_trace(programs, record=record, limit=limit, step=step, **keep)
    if problem:
        raise Failure(problem, code)
    return code


def programs_of(words: tuple[str, ...], beside: tuple[str, ...]) -> Iterable[Program]:
    if "--with" in words[1:] and not beside:
        _say(f"--with goes to {words[0]}, as all does that stands behind PROGRAM: write it before, --with … {words[0]}")
    commands = ([list(words)] if words else []) + [shlex.split(text) for text in beside]
    if not commands:
        raise click.UsageError("name a PROGRAM: script.py, -m module, python … or a Python script")
    for number, command in enumerate(commands):
        try:
            if not command:
                raise NoProgram(f"--with '{beside[number - len(commands)]}' names no program")
            yield program(command)
        except NoProgram as problem:
            raise Failure(str(problem), 2) from None


def trace(
    programs: list[Program],
    recorder: Recorder,
    form: str | None,
    most: int | None = None,
    injection: Injection | None = None,
) -> int:
    """Run *programs* until all have ended and return the first one's exit code.

    *form* None prints no calls; *most*: bytes of a call that the text shows; *injection*: what calls are made to do.
    """
    journal = Journal(recorder.path)
    journal.pull()
    begin = len(journal)
    report = _Nothing() if form is None else _report(journal, form, most)
    printer = (OrderedPrinter if report.by_cause else Printer)(journal, report, begin)
    tracing = Tracing(Path(recorder.path), limit=recorder.limit, injection=injection)
    with LivePages.made(Path(recorder.path)) as live, tracing.watching():
        for described in programs:
            if described.untraced:
                _say(f"{described.name} runs untraced: {described.untraced}")
            running = _started(tracing, described)
            if described is not programs[-1]:
                _until_listening(tracing, printer, running)
        waits = Waits(live, journal)
        while tracing.look(_LOOK):
            _print(printer.print_new, printer)
            for sentence in waits.sentences() if report.by_cause else ():
                _say(sentence)
        signed_in, lost, failed, apart = live.signed_in(), live.lost(), len(live.untraced()), live.apart()
        why = why_untraced(live.has_room())
        live.settle(recorder, journal)
        _print(printer.print_rest, printer)
    if lost:
        _say(not_kept(lost))
    if failed:
        _say(f"{failed} of the processes ran untraced: the probe failed in them, or could not open the session")
    for library in apart:
        _say(unseen(library))
    for running in tracing.running:
        _sum_up(running, "" if running.pid in signed_in else why, len(journal) > begin)
    journal.close()
    return tracing.running[0].code or 0


def _print(what: Callable[[], None], printer: Printer) -> None:
    """Print; where stderr is gone, the program goes on all the same."""
    try:
        what()
    except OSError:
        printer.report = _Nothing()


def _started(tracing: Tracing, described: Program) -> Running:
    try:
        return tracing.start(described)
    except OSError as problem:
        tracing.signal(15)
        raise Failure(f"{described.words[0]} cannot be run: {problem.strerror}", 2) from None


def _until_listening(tracing: Tracing, printer: Printer, running: Running) -> None:
    """Give a server that others are to connect to the time to listen."""
    for _ in range(int(UNTIL_LISTENING / _LOOK)):
        before = len(printer.journal)
        tracing.look(_LOOK)
        _print(printer.print_new, printer)
        calls = (printer.journal[index] for index in range(before, len(printer.journal)))
        if running.code is not None or any(call.call == "listen" or call.datagram for call in calls):
            return


def _sum_up(running: Running, untraced: str, called: bool) -> None:
    name = running.program.name
    if untraced:
        if not running.program.untraced:
            _say(f"{name} ran untraced: {untraced}")
    elif running.code and not called:
        _say(f"{name} ended with exit code {running.code} before its first socket call")


def _say(sentence: str) -> None:
    print(f"socket-workbench: {safe(sentence)}", file=sys.stderr, flush=True)


def _report(journal: Journal, form: str, most: int | None) -> Report:
    if form == "json":
        return JsonReport(sys.stderr.buffer, journal)
    return TextReport(sys.stderr, journal, colour=coloured(sys.stderr), live=True, most=most)


class _Nothing:
    """A report that nobody wants."""

    by_cause = False

    def write(self, call: Any) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""
