"""The options that say where a session is kept; apart, because the bench needs nothing else of the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def record_options(command: F) -> F:
    """Add --record and what to do about a file that is there already."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Begin the --record file anew if it exists."),
        click.option("--append", is_flag=True, help="Add to the --record file if it exists."),
        click.option("--record", type=click.Path(path_type=Path, dir_okay=False), help="Keep the session there."),
    ):
        command = option(command)
    return command
