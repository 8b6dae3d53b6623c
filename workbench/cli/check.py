"""check: what is wrong with a program, as its session tells."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import TextIO

import click

from workbench.cli.common import Failure
from workbench.cli.keeping import limit_option, record_options
from workbench.cli.live import session_recorder
from workbench.cli.reading import reading
from workbench.cli.trace import Command, programs_of, trace
from workbench.journal.checking import Check
from workbench.journal.files import is_session
from workbench.model.findings.finding import Finding
from workbench.model.findings.rules import RULES
from workbench.model.findings.selection import Ignored, Selection, SelectionError, rule_named
from workbench.report.findings import FORMS
from workbench.report.findings.settings import settings

EPILOG = """\b
Examples:
  socket-workbench check recorded.swb
  socket-workbench check --with server.py --with client.py
  socket-workbench check --strict --ignore no-reuseaddr --ignore closed-unread@client.py:12 recorded.swb
  socket-workbench check --format sarif -o findings.sarif -- pytest tests
  socket-workbench check --explain short-recv
  socket-workbench check --list

\b
Settings stand in the nearest pyproject.toml:
  [tool.socket-workbench]
  ignore = ["no-reuseaddr", "closed-unread@client.py"]
  severity = { delayed-ack = "error" }
"""
_PROGRESS = 1.0  # seconds after which a terminal is told how far it is
_SLICE = 0.1
_PARAGRAPH = 100


class CheckCommand(Command):
    """Options may stand behind a SESSION; everything behind a PROGRAM is the program's."""

    values = (*Command.values, "--select", "--ignore", "--explain")

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put a SESSION behind the options."""
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] not in ("-m", "--"):
            at += 2 if args[at] in self.values else 1
        if at < len(args) and args[at] != "--" and _is_session(args[at]):
            args = [*args[:at], *args[at + 1 :], args[at]]
        return super().parse_args(context, args)


@click.command(cls=CheckCommand, epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="SESSION | [--] PROGRAM ARG…", type=click.UNPROCESSED)
@click.option("--strict", is_flag=True, help="Exit code 1 for warnings too.")
@click.option("--select", multiple=True, metavar="RULE", help="Only this rule; repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE[@FILE[:LINE]]", help="Not this rule, or not there; repeatable.")
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="text", show_default=True, help="Written as.")
@click.option("--explain", metavar="RULE", help="Say what a rule looks for, why, and when it is quiet.")
@click.option("--list", "listing", is_flag=True, help="Name the rules.")
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the findings to this file.")
@click.option("--with", "beside", multiple=True, metavar="PROGRAM", help="Another program beside it; repeatable.")
@record_options
@limit_option
def command(
    words: tuple[str, ...],
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    explain: str | None,
    listing: bool,
    out: Path | None,
    beside: tuple[str, ...],
    record: Path | None,
    limit: int,
    **keep: bool,
) -> None:
    """Say what is wrong with a program: of a recorded SESSION, or of a PROGRAM that is run and traced.

    Exit code 0: no error was found; 1: some were; 2: unreadable or wrong use. A PROGRAM's own failure comes first; its
    findings are written on stderr, those of a SESSION on stdout.
    """
    try:
        selection = settings(Path.cwd()).joined(
            Selection(frozenset(map(rule_named, select)), tuple(map(Ignored.parse, ignore)))
        )
        if explain is not None:
            return _explain(rule_named(explain))
    except SelectionError as problem:
        raise Failure(str(problem), 2) from None
    if listing:
        return _list()
    if not words and not beside:
        raise click.UsageError("name a SESSION, or a PROGRAM to run: script.py, -m module, python …")
    if len(words) == 1 and not beside and _is_session(words[0]):
        if record or any(keep.values()):
            raise click.UsageError("--record is about a PROGRAM that is run, and this is a session")
        with _written(out, sys.stdout) as file:
            found = _check(Path(words[0]), selection, form, file)
        code = 0
    else:
        programs = list(programs_of(words, beside))
        with session_recorder(record, limit=limit, **keep) as recorder:
            code = trace(programs, recorder, None)
            with _written(out, sys.stderr) as file:
                found = _check(Path(recorder.path), selection, form, file, growing=True)
    grave = ("error", "warning") if strict else ("error",)
    sys.exit(code or int(any(finding.severity in grave for finding in found)))


def _is_session(word: str) -> bool:
    """Whether a word names a session, or nothing that could be run: then reading it says what is wrong."""
    path = Path(word)
    try:
        return is_session(path) if path.is_file() else path.suffix == ".swb" or path.is_dir()
    except OSError:
        return True


def _check(session: Path, selection: Selection, form: str, out: TextIO, *, growing: bool = False) -> list[Finding]:
    """Write what is found in *session*; *growing*: its end is not written yet, and nobody misses it."""
    with reading(session, quiet=growing) as journal:
        checking = Check(journal)
        begun, told = time.monotonic(), False
        while not checking.step(_SLICE):
            if sys.stderr.isatty() and time.monotonic() - begun > _PROGRESS:
                told = True
                share = checking.position * 100 // len(journal)
                print(f"\rchecking: {share} % of {len(journal)} calls", end="", file=sys.stderr, flush=True)
        if told:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        found = selection.of(checking.findings())
        FORMS[form](out, found, journal)
        out.flush()
    return found


@contextmanager
def _written(out: Path | None, otherwise: TextIO) -> Iterator[TextIO]:
    if out is None:
        if hasattr(otherwise, "reconfigure"):
            otherwise.reconfigure(errors="backslashreplace")
        yield otherwise
    else:
        with out.open("w", encoding="utf-8", errors="backslashreplace") as file:
            yield file


def _list() -> None:
    wide = max(map(len, RULES))
    for id, rule in RULES.items():
        click.echo(f"{id:<{wide}}  {rule.severity:<7}  {rule.title}")


def _explain(id: str) -> None:
    rule = RULES[id]
    click.echo(f"{id} ({rule.severity}): {rule.title}\n")
    click.echo(fill(" ".join(rule.text.split()), _PARAGRAPH) + "\n")
    click.echo(fill(rule.remedy, _PARAGRAPH))
    if rule.experiment:
        click.echo(f"\nsocket-workbench run {rule.experiment} shows it.")
