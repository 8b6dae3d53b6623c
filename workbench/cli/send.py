"""send: connect, send, and receive until the peer ends."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import tls
from workbench.cli.common import ADDRESS, NO_PAUSE, TIMEOUT, Failure, Pause, pause, socket_options
from workbench.cli.expected import Expected
from workbench.cli.limits import raise_descriptor_limit
from workbench.cli.live import LOOK, OutputOptions, Printer, Silence, session_options
from workbench.cli.parsed import Parsed
from workbench.cli.payloads import STDIN, Lines, OrderedPayloads, payload_options, read_payload
from workbench.cli.progress import Progress
from workbench.cli.talk import Talk, Wishes
from workbench.cli.tls import socket_class
from workbench.engine.state import Moved
from workbench.model.call.address import Address
from workbench.model.call.checksum import CHECKSUMS
from workbench.model.call.settings import ClientSettings, SettingsError
from workbench.model.text.fit import duration_text
from workbench.model.text.safe import safe

if TYPE_CHECKING:
    from workbench.engine.sockets.tls_socket import Tls

_PATIENCE = 2.0
"""Seconds that an ended talk has to close its socket."""
EPILOG = """\b
Examples:
  socket-workbench send tcp://127.0.0.1:6789 --text hello --recv 4
  socket-workbench send tcp://127.0.0.1:6789 --json '{"op": "add"}' --text "second call"
  socket-workbench send tcp://127.0.0.1:25 --escapes --text 'EHLO me\\r\\n' --expect 250
  socket-workbench send udp://127.0.0.1:8080 --hex "de ad be ef" --recv-count 1
  echo hello | socket-workbench send unix:///tmp/x.sock - --half-close
"""


_EXPECTED = Parsed("text", Expected, "--expect: ")
_WAIT = pause("--wait")


@click.command(cls=OrderedPayloads, epilog=EPILOG)
@click.argument("address", type=ADDRESS)
@payload_options
@click.option("--call", "how", type=click.Choice(["send", "sendall", "sendto"]), default="sendall", show_default=True)
@click.option(
    "--recv",
    "bufsize",
    type=click.IntRange(min=0),
    default=1024,
    show_default=True,
    metavar="N",
    help="What recv asks for.",
)
@click.option(
    "--recv-count",
    type=click.IntRange(min=0),
    metavar="K",
    help="Receive K times after each round of sends, then leave; exit 1 where fewer came.",
)
@click.option(
    "--expect",
    type=_EXPECTED,
    metavar="TEXT|0xHEX|/RE/",
    help="Receive until this came; exit 1 where it did not.",
)
@click.option(
    "--timeout",
    type=TIMEOUT,
    default=5.0,
    metavar="S",
    show_default=True,
    help="Bounds each call: none, 0 or seconds.",
)
@click.option("--deadline", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Bounds the whole.")
@click.option("--bind", type=ADDRESS, metavar="ADDRESS", help="The client's own address.")
@click.option("--half-close", is_flag=True, help="shutdown(SHUT_WR) after the last send.")
@click.option("--reset", is_flag=True, help="End with RST instead of FIN.")
@click.option("--repeat", type=click.IntRange(min=1), metavar="N", help="Send all of it N times.")
@click.option(
    "--every",
    type=pause("--every"),
    metavar="S[~JITTER]",
    help="Seconds between the rounds; without --repeat they go on until the peer ends, --deadline or ctrl+c.",
)
@click.option("--wait", type=_WAIT, default=NO_PAUSE, metavar="S[~JITTER]", help="Seconds between the messages.")
@click.option("--clients", type=click.IntRange(min=1), default=1, metavar="N", help="So many at once, each the same.")
@tls.client_options
@tls.alpn_option
@socket_options
@session_options
@click.pass_context
def command(
    context: click.Context,
    /,
    address: Address,
    how: str,
    options: Any,
    escapes: bool,
    line_end: str | None,
    checksum: str | None,
    deadline: float | None,
    clients: int,
    every: Pause | None,
    repeat: int | None,
    **others: Any,
) -> None:
    """Connect to ADDRESS, send, and receive until the peer ends or --timeout passes; print every call.

    Exit code 1 where it could not, where fewer recvs came than --recv-count or not what --expect says, or nothing at
    all before the timeout.
    """
    output = OutputOptions.taken_from(others)
    payloads = [read_payload(*given, escapes=escapes, line_end=line_end) for given in context.meta["payloads"]]
    if checksum is not None:
        payloads = [data if data is STDIN else data + CHECKSUMS[checksum](data) for data in payloads]
    if clients > 1 and STDIN in payloads:
        raise click.UsageError("- can't be shared among several --clients: use --file -")
    secured = tls.client_side(address, others)
    bind: Address | None = others["bind"]
    if bind is not None and bind.scheme != address.scheme:
        raise click.UsageError(f"--bind is a {bind.scheme} address, the target a {address.scheme} one: write two alike")
    try:
        settings = ClientSettings.at(
            address,
            connect="none" if how == "sendto" else "connect",
            options=tuple(options),
            **{name: others.pop(name) for name in ("timeout", "bufsize", "bind")},
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    rounds = repeat if repeat is not None or every is None else None
    wishes = Wishes(how=how, repeat=rounds or (None if every else 1), every=every or NO_PAUSE, **others)
    tls.warn(secured)
    lines = Lines(line_end)
    talks = [
        Talk(
            number, settings, wishes if wishes.expect is None else replace(wishes, expect=wishes.expect.again()),
            payloads, lines, on_data=written_out if output.data else None,
        )
        for number in range(1, clients + 1)
    ]  # fmt: skip
    if STDIN in payloads:
        lines.start()
    send(talks, output, deadline, secured)


def written_out(data: bytes) -> None:
    """Write received bytes to stdout as they are; who does not read them holds the peer up, as in a pipe."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def send(talks: list[Talk], output: OutputOptions, deadline: float | None, side: Tls | None = None) -> None:
    """Run the talks and print their calls; raises Failure where the answer is no."""
    raise_descriptor_limit()
    until = None if deadline is None else time.monotonic() + deadline
    with output.opened() as (recorder, printer):
        kind = socket_class(recorder, side)
        moved = partial(_moved, talks)
        progress = Progress(moved, progress=output.progress, stats=output.stats)
        try:
            for talk in talks:
                talk.start(kind)
            _wait(talks, printer, progress, until, deadline)
        finally:
            for talk in talks:
                talk.end()
            closing = time.monotonic() + _PATIENCE
            for talk in talks:
                talk.wait(max(0.0, closing - time.monotonic()))
    failed = [talk.no for talk in talks if talk.no]
    if failed:
        raise Failure(failed[0] if len(talks) == 1 else f"{len(failed)} of {len(talks)} clients: {failed[0]}")


def _wait(
    talks: list[Talk], printer: Printer | Silence, progress: Progress, until: float | None, deadline: float | None
) -> None:
    """Print until all are done; those that the deadline finds at it are ended."""
    for talk in talks:
        while not talk.wait(LOOK):
            printer.print_new()
            _tell(talk)
            progress.show()
            if until is not None and time.monotonic() >= until:
                for late in talks:
                    late.end(f"the deadline of {duration_text(deadline or 0)} passed")
                until = None
        _tell(talk)
    progress.end([seconds for talk in talks for seconds in talk.round_trips])


def _moved(talks: list[Talk]) -> Moved:
    return Moved.total(talk.client.moved() for talk in talks)


def _tell(talk: Talk) -> None:
    """Say once what there is to say of a connection."""
    if talk.told:
        tls.say(safe(talk.told))
        talk.told = ""
