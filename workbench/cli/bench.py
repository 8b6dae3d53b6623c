"""The bench itself: the command that runs where none is named."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.failure import Failure
from workbench.cli.keeping import limit_option, record_options


@click.command(hidden=True, context_settings={"ignore_unknown_options": False})
@click.argument("session", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@record_options
@limit_option
def command(session: Path | None, record: Path | None, append: bool, overwrite: bool, limit: int) -> None:
    """Open the bench; with SESSION, that recording."""
    from workbench.ui import run

    problem = run(session, record=record, append=append, overwrite=overwrite, limit=limit)
    if problem:
        raise Failure(problem, 2)
