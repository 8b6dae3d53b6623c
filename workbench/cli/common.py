"""What the commands share: types of arguments, options, and how calls are printed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from workbench.cli.failure import Failure as Failure
from workbench.journal.reader import Journal
from workbench.model.call.address import Address, AddressError
from workbench.model.call.options import OptionError, parse_option
from workbench.model.call.settings import SettingsError, parse_timeout
from workbench.report.feed import Report
from workbench.report.jsonl import JsonReport
from workbench.report.text import TextReport

F = TypeVar("F", bound=Callable[..., Any])


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


def new_report(journal: Journal, form: str, *, width: int = 16, live: bool = False, lens: str = "") -> Report:
    """Return what prints calls on stdout; colour only on a terminal, never with NO_COLOR."""
    if form == "json":
        return JsonReport(sys.stdout.buffer, journal)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # arrows and dots where the terminal knows ASCII alone
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return TextReport(sys.stdout, journal, width=width, colour=colour, live=live, lens=lens)
