"""serve: a server without the screen."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

import click

from workbench.cli.common import AddressType, Failure, TimeoutType, output_options, socket_options
from workbench.cli.keeping import limit_option, record_options
from workbench.cli.live import LOOK, Output, Printer
from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.responders.registry import FORMS, responder
from workbench.engine.endpoints.responders.responder import NewResponder, UnknownResponder
from workbench.engine.endpoints.server import Server
from workbench.engine.endpoints.setup import first_address
from workbench.model.call.address import Address
from workbench.model.call.settings import ServerSettings, SettingsError
from workbench.model.text.safe import safe

EPILOG = """\b
Examples:
  socket-workbench serve tcp://127.0.0.1:6789 --respond echo
  socket-workbench serve udp://127.0.0.1:8080 --respond upper --recv 16
  socket-workbench serve unix:///tmp/x.sock --respond fixed:hello --once
  socket-workbench serve tcp://[::1]:0 --respond answers.py:reply --format json
"""
_RESPOND = f"What it answers: {FORMS}. FUNCTION takes bytes and returns bytes or None."

_TIMEOUT = "settimeout of the connections: one whose recv times out is closed."
_ACCEPT_TIMEOUT = "settimeout of the listening socket: an accept that times out is made again."


@click.command(epilog=EPILOG)
@click.argument("address", type=AddressType())
@click.option("--respond", default="none", metavar="NAME", help=_RESPOND)
@click.option(
    "--backlog", type=click.IntRange(min=0), default=5, show_default=True, metavar="N", help="What listen gets."
)
@click.option("--timeout", type=TimeoutType(), metavar="S", help=_TIMEOUT)
@click.option("--accept-timeout", type=TimeoutType(), metavar="S", help=_ACCEPT_TIMEOUT)
@click.option(
    "--recv",
    "bufsize",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    metavar="N",
    help="What recv asks for.",
)
@click.option("--max-connections", type=click.IntRange(min=1), metavar="N", help="Accept no more than N at a time.")
@click.option(
    "--once", is_flag=True, help="Leave after the first connection ended, or the first datagram was answered."
)
@click.option("--no-reuse-address", is_flag=True, help="Don't set SO_REUSEADDR.")
@socket_options
@record_options
@limit_option
@output_options
def command(address: Address, respond: str, no_reuse_address: bool, options: Any, once: bool, **others: Any) -> None:
    """Serve at ADDRESS until SIGINT or SIGTERM, and print every call."""
    output = Output.taken_from(others)
    try:
        answer = responder(respond)
        settings = ServerSettings.at(
            first_address(address),
            responder=respond,
            reuse_address=not no_reuse_address,
            options=tuple(options),
            **others,
        )
    except (UnknownResponder, SettingsError) as error:
        raise click.UsageError(str(error)) from None
    serve(settings, address.scheme, answer, output, once=once)


def serve(settings: ServerSettings, scheme: str, answer: NewResponder, output: Output, *, once: bool) -> None:
    """Run a server and print its calls until a signal comes, or with *once* until it has served somebody."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with output.opened() as (recorder, printer):
        bench = Bench(recorder)
        try:
            server = bench.start_server(settings, answer)
            while not server.started.done() and not stop.wait(LOOK):
                pass
            if server.started.done():
                _tell_address(server, printer, settings, scheme)
            while not stop.wait(LOOK):
                printer.print_new()
                _tell_problems(server)
                if once and server.served:
                    break
                server.sweep()
        finally:
            bench.close()
        _tell_problems(server)


def _tell_address(server: Server, printer: Printer, settings: ServerSettings, scheme: str) -> None:
    outcome = server.started.result()
    if not outcome.ok:
        raise Failure(f"cannot listen: {printer.reason(outcome)}")
    print(f"listening on {Address.from_plain(scheme, server.local)}", file=sys.stderr, flush=True)
    if not settings.is_loopback:
        print("warning: not loopback: other machines can reach this server", file=sys.stderr, flush=True)


def _tell_problems(server: Server) -> None:
    while server.problems:
        print(f"socket-workbench: {safe(server.problems.popleft())}", file=sys.stderr, flush=True)
