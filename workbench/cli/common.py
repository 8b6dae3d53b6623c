"""What the commands share: options, a session to record into, and the journal printed while it grows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from workbench.engine.session import SessionExists, discard, fresh_path, record_to, sessions_folder
from workbench.journal.reader import Journal
from workbench.model.address import Address, AddressError
from workbench.model.endpoint import SettingsError, parse_timeout
from workbench.model.options import OptionError, parse_option
from workbench.model.safe import safe
from workbench.probe.record import Recorder
from workbench.report.copy import Report, copy
from workbench.report.jsonl import JsonReport
from workbench.report.text import TextReport

F = TypeVar("F", bound=Callable[..., Any])


class Failure(Exception):
    """The command ran and the answer is no, or it can't run: one sentence, and the exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(safe(sentence))
        self.code = code


class AddressType(click.ParamType[Address]):
    """An address such as tcp://127.0.0.1:6789."""

    name = "address"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Address:
        """Return the Address, or fail with the sentence that says what is wrong."""
        try:
            return value if isinstance(value, Address) else Address.parse(value)
        except AddressError as error:
            raise click.UsageError(str(error)) from None


class TimeoutType(click.ParamType[float | None]):
    """Seconds, 0, or none."""

    name = "seconds"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> float | None:
        """Return seconds or None."""
        try:
            return parse_timeout(value) if isinstance(value, str) else value
        except SettingsError as error:
            raise click.UsageError(str(error)) from None


class OptionType(click.ParamType[tuple[int, int, int]]):
    """A socket option such as SO_RCVBUF=4096."""

    name = "name=value"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[int, int, int]:
        """Return level, option and value."""
        try:
            return parse_option(value) if isinstance(value, str) else value
        except OptionError as error:
            raise click.UsageError(str(error)) from None


def output_options(command: F) -> F:
    """Add --format."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="The annotated log, or one JSON object a call.",
    )(command)


def record_options(command: F) -> F:
    """Add --record and what to do about a file that is there already."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Begin the --record file anew if it exists."),
        click.option("--append", is_flag=True, help="Add to the --record file if it exists."),
        click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Keep the session there."),
    ):
        command = option(command)
    return command


def socket_options(command: F) -> F:
    """Add --option."""
    return click.option(
        "--option",
        "options",
        type=OptionType(),
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a socket option, such as SO_RCVBUF=4096; repeatable.",
    )(command)


@contextmanager
def recording(path: Path | None, append: bool, overwrite: bool) -> Iterator[Recorder]:
    """Give a recorder for the command's calls; the session is kept only where *path* says so."""
    try:
        where = path or fresh_path(sessions_folder())
        recorder = record_to(where, append=append, overwrite=overwrite)
    except SessionExists as error:
        raise Failure(str(error), 2) from None
    except OSError as error:
        raise Failure(f"the session cannot be recorded: {error.filename}: {error.strerror}", 2) from None
    try:
        yield recorder
    finally:
        recorder.close()
        if recorder.lost:
            print(f"socket-workbench: {recorder.lost} calls were not kept (full disk)", file=sys.stderr)
        if path is None:
            discard(where)


def new_report(journal: Journal, form: str, *, width: int = 16, live: bool = False) -> Report:
    """Return what prints calls on stdout; colour only on a terminal, never with NO_COLOR."""
    if form == "json":
        return JsonReport(sys.stdout.buffer, journal)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return TextReport(sys.stdout, journal, width=width, colour=colour, live=live)


@dataclass
class Printer:
    """Prints the calls of a journal as they come."""

    journal: Journal
    report: Report
    printed: int = 0

    def print_new(self) -> None:
        """Print the calls that were added."""
        self.journal.pull()
        self.printed = copy(self.journal, self.report, self.printed)


@contextmanager
def printed(recorder: Recorder, form: str) -> Iterator[Printer]:
    """Give a Printer for what comes into the session from now on."""
    journal = Journal(recorder.path)
    try:
        journal.pull()
        printer = Printer(journal, new_report(journal, form, live=True), len(journal))
        try:
            yield printer
        finally:
            printer.print_new()
    finally:
        journal.close()
