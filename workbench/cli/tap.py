"""tap: forward between real clients and a real server, with every call of both sides in the log."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import tls
from workbench.cli.common import ADDRESS, F, Failure
from workbench.cli.limits import raise_descriptor_limit
from workbench.cli.live import LOOK, OutputOptions, reason, unlimited_session_options
from workbench.cli.progress import Progress
from workbench.engine.tap.tap import Tap, TapSettings
from workbench.engine.tap.toxics import TOXICS, ToxicError, Toxics, read_toxic
from workbench.model.call.address import Address
from workbench.model.call.settings import ClientSettings, ServerSettings, SettingsError
from workbench.model.text.safe import safe

if TYPE_CHECKING:
    from workbench.engine.sockets.tls_socket import Tls

EPILOG = """\b
Examples:
  socket-workbench tap tcp://127.0.0.1:6380 tcp://127.0.0.1:6379
  socket-workbench tap tcp://127.0.0.1:8081 tcp://localhost:8080 --latency 100~20 --down --rate 64k
  socket-workbench tap tcp://127.0.0.1:8081 tcp://127.0.0.1:8080 --slice 1-3 --seed 7 --record sliced.swb
  socket-workbench tap udp://127.0.0.1:5300 udp://127.0.0.1:53 --up --drop 20 --quiet
"""


class Command(click.Command):
    """Takes the toxics out of the words in their order: --up and --down say which way those meant go that follow."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take them out of *args* first."""
        rest: list[str] = []
        ways: dict[str, dict[str, Any]] = {"up": {}, "down": {}}
        meant = ("up", "down")
        words = iter(args)
        for word in words:
            name, equals, value = word.partition("=")
            if word in ("--up", "--down"):
                meant = (word[2:],)  # type: ignore[assignment]
            elif name in TOXICS:
                given = value if equals else next(words, None)
                if given is None:
                    raise click.UsageError(f"{name} needs a value, such as {TOXICS[name].example}")
                try:
                    fields = read_toxic(name, given)
                except ToxicError as error:
                    raise click.UsageError(str(error)) from None
                for way in meant:
                    ways[way].update(fields)
            else:
                rest.append(word)
        context.meta["toxics"] = {way: Toxics(**fields) for way, fields in ways.items()}
        return super().parse_args(context, rest)


def _toxic_options(command: F) -> F:
    """Declare the toxics for --help; Command has taken them before click sees them."""
    declared: list[Callable[[F], F]] = [
        click.option(name, expose_value=False, metavar=toxic.metavar, help=toxic.help)
        for name, toxic in reversed(TOXICS.items())
    ]
    what = "What follows is for the bytes {}."
    declared += [
        click.option("--down", is_flag=True, expose_value=False, help=what.format("from TARGET")),
        click.option("--up", is_flag=True, expose_value=False, help=what.format("to TARGET")),
    ]
    for option in declared:
        command = option(command)
    return command


@click.command(cls=Command, epilog=EPILOG)
@click.argument("listen", type=ADDRESS)
@click.argument("target", type=ADDRESS)
@_toxic_options
@click.option("--seed", type=int, metavar="N", help="Let chance be the same each time.")
@click.option(
    "--recv", "bufsize", type=click.IntRange(min=1), default=65536, show_default=True, metavar="N",
    help="What recv asks for.",
)  # fmt: skip
@click.option("--backlog", type=click.IntRange(min=0), default=128, show_default=True, metavar="N", help="For listen.")
@click.option("--once", is_flag=True, help="Leave after the first connection ended.")
@click.option("--deadline", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Leave after so long.")
@tls.client_options
@tls.server_options
@unlimited_session_options
@click.pass_context
def command(
    context: click.Context, /, listen: Address, target: Address, seed: int | None, bufsize: int, backlog: int,
    once: bool, deadline: float | None, **others: Any,
) -> None:  # fmt: skip
    """Forward LISTEN to TARGET until SIGINT or SIGTERM, and print every call of both sides.

    It passes on half-closes, resets, back-pressure and the borders of messages as they are, unless told to make them
    worse. Toxics are for both ways, or for those that --up or --down names before them.
    """
    output = OutputOptions.taken_from(others)
    towards_target = tls.client_side(target, others)
    towards_clients = tls.server_side(listen, others)
    if output.data:
        raise click.UsageError("--data: a tap receives from two sides; record it and use show --stream")
    if others:
        raise click.UsageError(f"{next(iter(others))} has no meaning here")
    if listen.kind[1] != target.kind[1]:
        raise click.UsageError(f"{listen.scheme} can't be forwarded to {target.scheme}: take two of a kind")
    try:
        settings = TapSettings(
            ServerSettings.at(listen, backlog=backlog), ClientSettings.at(target), seed=seed, bufsize=bufsize,
            **context.meta["toxics"],
        )  # fmt: skip
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    sides = (towards_clients, towards_target)
    run(settings, listen.scheme, target, output, sides, once=once, deadline=deadline)


def run(
    settings: TapSettings,
    scheme: str,
    target: Address,
    output: OutputOptions,
    sides: tuple[tls.ServerSide, Tls | None],
    *,
    once: bool,
    deadline: float | None,
) -> None:
    """Forward until a signal comes."""
    raise_descriptor_limit()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    until = None if deadline is None else time.monotonic() + deadline
    with output.opened() as (recorder, printer), ExitStack() as stack:
        kinds = (tls.socket_class(recorder, sides[0].tls), tls.socket_class(recorder, sides[1]))
        tap = Tap(settings, recorder, kinds=kinds)
        outcome = tap.start()
        if not outcome.ok:
            raise Failure(f"cannot listen: {reason(outcome)}")
        print(f"listening on {Address.from_plain(scheme, tap.local)}, for {target}", file=sys.stderr, flush=True)
        if not settings.listen.is_loopback:
            print("warning: not loopback: other machines can reach this tap", file=sys.stderr, flush=True)
        progress = Progress(tap.moved, progress=output.progress, stats=output.stats)
        stack.enter_context(sides[0].announced())
        tls.warn(sides[1])
        try:
            while not stop.wait(LOOK) and (until is None or time.monotonic() < until) and not (once and tap.served):
                printer.print_new()
                progress.show()
                _tell_problems(tap)
            progress.end()
        finally:
            tap.stop()
        _tell_problems(tap)


def _tell_problems(tap: Tap) -> None:
    while tap.problems:
        print(f"socket-workbench: {safe(tap.problems.popleft())}", file=sys.stderr, flush=True)
