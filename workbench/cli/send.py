"""send: connect, send, and receive until the peer ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import click

from workbench.cli.common import AddressType, F, Failure, TimeoutType, output_options, socket_options
from workbench.cli.keeping import limit_option, record_options
from workbench.cli.live import LOOK, Output, Printer
from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.client import Client
from workbench.engine.endpoints.setup import first_address
from workbench.engine.state import Outcome
from workbench.model.call.address import Address
from workbench.model.call.payload import PayloadError, encode_json, parse_hex
from workbench.model.call.settings import ClientSettings, SettingsError

_PAYLOADS = ("--text", "--json", "--hex", "--file")
EPILOG = """\b
Examples:
  socket-workbench send tcp://127.0.0.1:6789 --text hello --recv 4
  socket-workbench send tcp://127.0.0.1:6789 --json '{"op": "add"}' --text "second call"
  socket-workbench send udp://127.0.0.1:8080 --hex "de ad be ef" --recv-count 1
  echo hello | socket-workbench send unix:///tmp/x.sock - --half-close
"""


class OrderedPayloads(click.Command):
    """Keeps --text, --json, --hex, --file and - in the order they were given, which click's own options don't."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take the payloads out of *args* first."""
        rest: list[str] = []
        payloads: list[tuple[str, str]] = []
        others = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        words = iter(args)
        for word in words:
            name, equals, value = word.partition("=")
            if word == "--":
                rest += [word, *words]
            elif word == "-":
                payloads.append(("--file", "-"))
            elif name in _PAYLOADS:
                given = value if equals else next(words, None)
                if given is None:
                    raise click.UsageError(f"{name} needs a value")
                payloads.append((name, given))
            elif word in others:
                rest += [word, *([] if (argument := next(words, None)) is None else [argument])]
            else:
                rest.append(word)
        context.meta["payloads"] = payloads
        return super().parse_args(context, rest)


def _payload_option(name: str, help: str, metavar: str) -> Callable[[F], F]:
    """Declare a payload option for --help; OrderedPayloads has taken it before click sees it."""
    return click.option(name, expose_value=False, metavar=metavar, help=help)


@click.command(cls=OrderedPayloads, epilog=EPILOG)
@click.argument("address", type=AddressType())
@_payload_option("--text", "Send this text as UTF-8; this and the next three are repeatable, one call each.", "T")
@_payload_option("--json", "Send this JSON as typed, checked first.", "J")
@_payload_option("--hex", "Send these bytes: de ad be ef, deadbeef or 0xde,0xad.", "H")
@_payload_option("--file", "Send a file in one call; - is standard input, and may stand alone.", "F")
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
    help="Receive K times after each round of sends, then leave.",
)
@click.option(
    "--timeout",
    type=TimeoutType(),
    default=5.0,
    metavar="S",
    show_default=True,
    help="Bounds each call: none, 0 or seconds.",
)
@click.option("--bind", type=AddressType(), metavar="ADDRESS", help="The client's own address.")
@click.option("--half-close", is_flag=True, help="shutdown(SHUT_WR) after the last send.")
@click.option("--reset", is_flag=True, help="End with RST instead of FIN.")
@click.option("--repeat", type=click.IntRange(min=1), default=1, metavar="N", help="Send all of it N times.")
@click.option("--every", type=click.FloatRange(min=0), default=0.0, metavar="S", help="Seconds between the rounds.")
@socket_options
@record_options
@limit_option
@output_options
@click.pass_context
def command(context: click.Context, /, address: Address, how: str, options: Any, **others: Any) -> None:
    """Connect to ADDRESS, send, and receive until the peer ends or --timeout passes; print every call."""
    output = Output.taken_from(others)
    payloads = [_payload(*given) for given in context.meta["payloads"]]
    bind: Address | None = others["bind"]
    if bind is not None and bind.scheme != address.scheme:
        raise click.UsageError(f"--bind is a {bind.scheme} address, the target a {address.scheme} one: write two alike")
    try:
        settings = ClientSettings.at(
            first_address(address),
            connect="none" if how == "sendto" else "connect",
            options=tuple(options),
            **{name: others.pop(name) for name in ("timeout", "bufsize", "bind")},
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    with output.opened() as (recorder, printer):
        bench = Bench(recorder)
        try:
            Talk(bench.open_client(settings), printer, how).run(payloads, **others)
        finally:
            bench.close()


def _payload(kind: str, given: str) -> bytes:
    try:
        match kind:
            case "--json":
                return encode_json(given, compact=False, newline=False)
            case "--hex":
                return parse_hex(given)
            case "--file":
                return sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
            case _:
                return given.encode("utf-8", "surrogateescape")
    except PayloadError as error:
        raise click.UsageError(f"{kind}: {error}") from None
    except OSError as error:
        raise click.UsageError(f"{kind} {given}: {error.strerror}") from None


class Talk:
    """One run of send: each step waits for its call while the log is printed."""

    def __init__(self, client: Client, printer: Printer, how: str) -> None:
        self._client, self._printer, self._how = client, printer, how
        self._to = client.settings.sockaddr() if how == "sendto" else None

    def run(
        self,
        payloads: list[bytes],
        *,
        recv_count: int | None,
        half_close: bool,
        reset: bool,
        repeat: int,
        every: float,
    ) -> None:
        """Do it all; raises Failure where the answer is no."""
        self._expect(self._client.started, "could not connect")
        for round_number in range(1, repeat + 1):
            for data in payloads:
                self._expect(self._client.send(data, self._how, self._to), "could not send")
            if half_close and round_number == repeat:
                self._expect(self._client.half_close(), "could not shut down")
            if recv_count is not None:
                self._receive(recv_count)
            if round_number < repeat:
                time.sleep(every)
        if recv_count is None:
            self._receive(None)
        self._outcome(self._client.reset() if reset else self._client.close())

    def _receive(self, times: int | None) -> None:
        """Receive *times*, or until the end; a recv that timed out ends it too."""
        done = 0
        while (times is None or done < times) and not self._client.ended:
            outcome = self._outcome(self._client.recv())
            if isinstance(outcome.error, TimeoutError | BlockingIOError):
                return
            self._check(outcome, "could not receive")
            done += 1

    def _expect(self, future: Future[Outcome], otherwise: str) -> None:
        self._check(self._outcome(future), otherwise)

    def _outcome(self, future: Future[Outcome]) -> Outcome:
        """Return what came of a call, printing what comes meanwhile."""
        while True:
            try:
                outcome = future.result(LOOK)
                self._printer.print_new()
                return outcome
            except TimeoutError:
                self._printer.print_new()

    def _check(self, outcome: Outcome, otherwise: str) -> None:
        if not outcome.ok:
            raise Failure(f"{otherwise}: {self._printer.reason(outcome)}")
