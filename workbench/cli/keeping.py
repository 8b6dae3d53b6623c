"""The options that say where a session is kept; apart, because the bench needs nothing else of the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from workbench.cli.parsed import Parsed
from workbench.model.call.size import parse_size

F = TypeVar("F", bound=Callable[..., Any])


def limit_option(command: F) -> F:
    """Add --limit."""
    return click.option(
        "--limit", type=Parsed("size", parse_size, "--limit: "), default="1G", show_default=True, metavar="SIZE",
        help="Most bytes of the session file, such as 500M; later calls are counted, not kept.",
    )(command)  # fmt: skip


def record_options(command: F) -> F:
    """Add --record and what to do about a file that is there already."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Begin the --record file anew if it exists."),
        click.option("--append", is_flag=True, help="Add to the --record file if it exists."),
        click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Keep the session there."),
    ):
        command = option(command)
    return command
