"""send: connect, send, and receive until the peer ends."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from workbench.cli.common import (
    AddressType,
    F,
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
from workbench.engine.client import Client
from workbench.engine.endpoint import Outcome
from workbench.engine.setup import family_of
from workbench.engine.waker import Cancelled
from workbench.model.address import Address
from workbench.model.endpoint import INT_LIMIT, ClientSettings
from workbench.model.explain import error_sentence
from workbench.model.payload import PayloadError, encode_json, parse_hex

_LOOK = 0.02
"""Seconds between two looks at the journal."""
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
@click.option("--recv", "bufsize", type=click.IntRange(0, INT_LIMIT), default=1024, show_default=True, help="bufsize.")
@click.option("--recv-count", type=click.IntRange(min=0), help="Receive this many times after each round of sends.")
@click.option("--timeout", type=TimeoutType(), default=5.0, show_default=True, help="Bounds each call; none, 0, or s.")
@click.option("--bind", type=AddressType(), help="The client's own address.")
@click.option("--half-close", is_flag=True, help="shutdown(SHUT_WR) after the last send.")
@click.option("--reset", is_flag=True, help="End with RST instead of FIN.")
@click.option("--repeat", type=click.IntRange(min=1), default=1, help="Send all of it this many times.")
@click.option("--every", type=click.FloatRange(min=0), default=0.0, metavar="S", help="Seconds between repetitions.")
@socket_options
@record_options
@output_options
@click.pass_context
def command(context: click.Context, /, address: Address, how: str, options: Any, **others: Any) -> None:
    """Connect to ADDRESS, send, and receive until the peer ends or --timeout passes; print every call."""
    payloads = [_payload(*given) for given in context.meta["payloads"]]
    settings = ClientSettings.at(
        address,
        family=family_of(address),
        connect="none" if how == "sendto" else "connect",
        timeout=others.pop("timeout"),
        bufsize=others.pop("bufsize"),
        bind=others.pop("bind"),
        options=tuple(options),
    )
    keep = {name: others.pop(name) for name in ("record", "append", "overwrite")}
    form = others.pop("form")
    with recording(**_renamed(keep)) as recorder, printed(recorder, form) as printer:
        bench = Bench(recorder)
        try:
            client = bench.open_client(settings)
            talk = Talk(client, printer, settings, how)
            talk.run(payloads, **others)
        finally:
            bench.close()


def _renamed(keep: dict[str, Any]) -> dict[str, Any]:
    return {"path": keep["record"], "append": keep["append"], "overwrite": keep["overwrite"]}


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

    def __init__(self, client: Client, printer: Printer, settings: ClientSettings, how: str) -> None:
        self._client, self._printer, self._how = client, printer, how
        self._to = settings.sockaddr() if how == "sendto" else None

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
        self._expect(self._wait(self._client.started), "could not connect")
        for round_number in range(repeat):
            if round_number and every:
                threading.Event().wait(every)
            for data in payloads:
                self._expect(self._wait(self._client.send(data, self._how, self._to)), "could not send")
            if half_close and round_number == repeat - 1:
                self._expect(self._wait(self._client.half_close()), "could not shut down")
            if recv_count is not None:
                self._receive(recv_count)
        if recv_count is None:
            self._receive(None)
        self._wait(self._client.reset() if reset else self._client.close())

    def _receive(self, times: int | None) -> None:
        """Receive *times*, or until the end; a recv that timed out ends it too."""
        done = 0
        while times is None or done < times:
            outcome = self._wait(self._client.recv())
            if isinstance(outcome.error, (TimeoutError, BlockingIOError)) or self._client.ended:
                return
            self._expect(outcome, "could not receive")
            done += 1

    def _wait(self, future: Any) -> Outcome:
        """Return the outcome, printing what comes meanwhile."""
        while not future.done():
            try:
                future.result(_LOOK)
            except TimeoutError:
                self._printer.print_new()
        self._printer.print_new()
        outcome: Outcome = future.result()
        return outcome

    def _expect(self, outcome: Outcome, otherwise: str) -> None:
        if outcome.ok or isinstance(outcome.error, Cancelled):
            return
        journal = self._printer.journal
        failed = next((journal[i] for i in reversed(range(len(journal))) if journal[i].error is not None), None)
        reason = error_sentence(failed) if failed is not None else str(outcome.error)
        raise Failure(f"{otherwise}: {reason}")
