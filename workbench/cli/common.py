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
from workbench.cli.parsed import Parsed
from workbench.model.call.address import Address
from workbench.model.call.options import parse_option
from workbench.model.call.settings import SettingsError, parse_timeout

if TYPE_CHECKING:
    from workbench.journal.reader import Journal
    from workbench.report.feed import Report

F = TypeVar("F", bound=Callable[..., Any])


ADDRESS = Parsed("address", Address.parse)
TIMEOUT = Parsed("seconds", parse_timeout)
OPTION = Parsed("name=value", parse_option)


@dataclass(frozen=True)
class Pause:
    """Seconds between two things, give or take the jitter."""

    seconds: float = 0.0
    jitter: float = 0.0

    def draw(self) -> float:
        """Return how long this one is."""
        return max(0.0, self.seconds + (random.uniform(-self.jitter, self.jitter) if self.jitter else 0.0))


NO_PAUSE = Pause()


def _pause(text: str) -> Pause:
    seconds, _, jitter = text.partition("~")
    try:
        return Pause(*(parse_timeout(word) or 0.0 for word in (seconds, jitter or "0")))
    except SettingsError:
        raise ValueError("takes seconds, and how much more or less: 1.5 or 1~0.2") from None


def pause(option: str) -> Parsed[Pause]:
    """Return the type of an option that takes seconds, and how much more or less."""
    return Parsed("seconds", _pause, f"{option} ")


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
        type=OPTION,
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
