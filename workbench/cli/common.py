"""What the commands share: types of arguments, options, and how calls are printed."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from workbench.cli.failure import Failure as Failure
from workbench.model.call.address import Address, AddressError
from workbench.model.call.options import OptionError, parse_option
from workbench.model.call.settings import SettingsError, parse_timeout

if TYPE_CHECKING:
    from workbench.journal.reader import Journal
    from workbench.report.feed import Report

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


@dataclass(frozen=True)
class Pause:
    """Seconds between two things, give or take the jitter."""

    seconds: float = 0.0
    jitter: float = 0.0

    def draw(self) -> float:
        """Return how long this one is."""
        return max(0.0, self.seconds + (random.uniform(-self.jitter, self.jitter) if self.jitter else 0.0))


NO_PAUSE = Pause()


class PauseType(click.ParamType[Pause]):
    """Seconds, and how much more or less: 1.5 or 1~0.2."""

    name = "seconds"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Pause:
        """Return the pause."""
        if isinstance(value, Pause):
            return value
        seconds, _, jitter = value.partition("~")
        try:
            return Pause(*(parse_timeout(word) or 0.0 for word in (seconds, jitter or "0")))
        except SettingsError:
            name = parameter.opts[0] if parameter else "a pause"
            raise click.UsageError(f"{name} takes seconds, and how much more or less: 1.5 or 1~0.2") from None


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


def coloured(out: Any) -> bool:
    """Whether to use colour on a stream: only on a terminal that has it, never with NO_COLOR."""
    return bool(out.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def new_report(journal: Journal, form: str, *, live: bool = False, **look: Any) -> Report:
    """Return what prints calls on stdout; *look*: of a TextReport."""
    if form == "json":
        from workbench.report.jsonl import JsonReport

        return JsonReport(sys.stdout.buffer, journal)
    from workbench.report.text import TextReport

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # arrows and dots where the terminal knows ASCII alone
    return TextReport(sys.stdout, journal, colour=coloured(sys.stdout), live=live, **look)
