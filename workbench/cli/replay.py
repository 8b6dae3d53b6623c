"""replay: a recorded client's bytes again, against a live server."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from workbench.cli.common import ADDRESS, TIMEOUT
from workbench.cli.failure import Failure
from workbench.cli.live import OutputOptions, Printer, Silence, reason, session_options
from workbench.cli.progress import Progress
from workbench.cli.reading import reading
from workbench.cli.send import written_out
from workbench.engine.endpoints.bench import Bench
from workbench.engine.replay.recorded_client import NoClient, RecordedClient, find_client
from workbench.engine.replay.replay import Differs, Replay, settings_for
from workbench.engine.state import Moved
from workbench.model.call.address import Address
from workbench.model.call.settings import SettingsError

EPILOG = """\b
Examples:
  socket-workbench replay recorded.swb tcp://127.0.0.1:6789
  socket-workbench replay recorded.swb tcp://127.0.0.1:6789 --fast --record again.swb
  socket-workbench replay recorded.swb unix:///tmp/x.sock --socket "client 2"
"""


@click.command(epilog=EPILOG)
@click.argument("session", type=click.Path(path_type=Path))
@click.argument("address", type=ADDRESS)
@click.option("--fast", is_flag=True, help="Don't wait for the times of the recording.")
@click.option("--socket", default="", metavar="ID", help="Which client, by id or name; else the first that connected.")
@click.option(
    "--timeout",
    type=TIMEOUT,
    default=5.0,
    metavar="S",
    show_default=True,
    help="Bounds each call: none, 0 or seconds.",
)
@session_options
def command(session: Path, address: Address, fast: bool, socket: str, timeout: float | None, **others: Any) -> None:
    """Send a recorded client's bytes to ADDRESS again, in the same pieces and rhythm, and compare the answers.

    Exit code 1 where they differ; a line on stderr says at which byte. Of a client that spoke TLS, the plain bytes.
    """
    output = OutputOptions.taken_from(others)
    with reading(session) as journal:
        try:
            recorded = find_client(journal, socket)
        except NoClient as error:
            raise Failure(str(error), 2) from None
    replay(recorded, address, timeout, fast, output)


def replay(
    recorded: RecordedClient, address: Address, timeout: float | None, fast: bool, output: OutputOptions
) -> None:
    """Run it, and print every call as it returns."""
    try:
        settings = settings_for(recorded, address, timeout)
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    with output.opened() as (recorder, printer):
        bench = Bench(recorder)
        try:
            moved = partial(_moved, bench)
            progress = Progress(moved, progress=output.progress, stats=output.stats)
            idle = partial(_idle, printer, progress)
            run = Replay(bench, recorded, settings, fast=fast, idle=idle)
            if output.data:
                bench.clients[0].on_data = written_out
            outcome = run.connect()
            if not outcome.ok:
                raise Failure(f"could not connect: {reason(outcome)}")
            run.run()
            progress.end()
        except Differs as difference:
            printer.print_new()
            raise Failure(str(difference)) from None
        finally:
            bench.close()


def _idle(printer: Printer | Silence, progress: Progress) -> None:
    printer.print_new()
    progress.show()


def _moved(bench: Bench) -> Moved:
    return Moved.total(endpoint.moved() for endpoint in bench.all())
