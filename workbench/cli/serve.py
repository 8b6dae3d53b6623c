"""serve: a server without the screen."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import click

from workbench.cli.common import (
    AddressType,
    Failure,
    Printer,
    TimeoutType,
    output_options,
    printed,
    record_options,
    recording,
    socket_options,
)
from workbench.engine.bench import Bench
from workbench.engine.responders import NAMES, UnknownResponder, responder
from workbench.engine.server import Server
from workbench.engine.setup import family_of
from workbench.model.address import Address
from workbench.model.endpoint import INT_LIMIT, ServerSettings
from workbench.model.explain import error_sentence

_LOOK = 0.02
"""Seconds between two looks at the journal."""
EPILOG = """\b
Examples:
  socket-workbench serve tcp://127.0.0.1:6789 --respond echo
  socket-workbench serve udp://127.0.0.1:8080 --respond upper --recv 16
  socket-workbench serve unix:///tmp/x.sock --respond fixed:hello --once
  socket-workbench serve tcp://[::1]:0 --respond answers.py:reply --format json
"""


@click.command(epilog=EPILOG)
@click.argument("address", type=AddressType())
@click.option("--respond", default="none", metavar="NAME", help=f"{', '.join(NAMES)}, fixed:TEXT or FILE.py:FUNCTION.")
@click.option("--backlog", type=click.IntRange(0, INT_LIMIT), default=5, show_default=True, help="What listen gets.")
@click.option("--timeout", type=TimeoutType(), default=None, help="settimeout on listener and connections.")
@click.option("--recv", "bufsize", type=click.IntRange(1, INT_LIMIT), default=1024, show_default=True, help="bufsize.")
@click.option("--max-connections", type=click.IntRange(min=1), help="Accept no more than this many at a time.")
@click.option("--once", is_flag=True, help="Leave after the first connection ended.")
@click.option("--no-reuse-address", is_flag=True, help="Don't set SO_REUSEADDR.")
@socket_options
@record_options
@output_options
def command(address: Address, respond: str, no_reuse_address: bool, options: Any, **others: Any) -> None:
    """Serve at ADDRESS until SIGINT or SIGTERM, and print every call."""
    try:
        responder(respond)
    except UnknownResponder as error:
        raise click.UsageError(str(error)) from None
    wanted = {name: others.pop(name) for name in ("backlog", "timeout", "bufsize", "max_connections")}
    settings = ServerSettings.at(
        address,
        family=family_of(address),
        responder=respond,
        reuse_address=not no_reuse_address,
        options=tuple(options),
        **wanted,
    )
    serve(settings, address.scheme, **others)


def serve(
    settings: ServerSettings, scheme: str, *, once: bool, form: str, record: Path | None, append: bool, overwrite: bool
) -> None:
    """Run a server and print its calls until a signal comes, or with *once* until a connection has ended."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with recording(record, append, overwrite) as recorder, printed(recorder, form) as printer:
        bench = Bench(recorder)
        try:
            server = bench.start_server(settings)
            _until_listening(server, printer, settings, scheme)
            while not stop.wait(_LOOK):
                printer.print_new()
                if once and server.served:
                    break
        finally:
            bench.close()


def _until_listening(server: Server, printer: Printer, settings: ServerSettings, scheme: str) -> None:
    outcome = server.started.result()
    if not outcome.ok:
        printer.print_new()
        calls = (printer.journal[index] for index in reversed(range(len(printer.journal))))
        failed = next((call for call in calls if call.error is not None), None)
        reason = error_sentence(failed) if failed is not None else str(outcome.error)
        raise Failure(f"cannot listen: {reason}")
    print(f"listening on {Address.from_plain(scheme, server.local)}", file=sys.stderr, flush=True)
    if not settings.is_loopback:
        print("warning: not loopback: other machines can reach this server", file=sys.stderr, flush=True)
