"""serve: a server without the screen."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any

import click

from workbench.cli import tls
from workbench.cli.common import ADDRESS, TIMEOUT, Failure, socket_options
from workbench.cli.limits import raise_descriptor_limit
from workbench.cli.live import LOOK, OutputOptions, reason, session_options
from workbench.cli.progress import Progress
from workbench.cli.send import written_out
from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.responders.conversing import Conversing
from workbench.engine.endpoints.responders.framed import framed
from workbench.engine.endpoints.responders.registry import FORMS, responder
from workbench.engine.endpoints.responders.responder import NewResponder, UnknownResponder
from workbench.engine.endpoints.server import Server
from workbench.engine.sockets.queued_socket import memory_of
from workbench.model.call.address import Address
from workbench.model.call.settings import ServerSettings, SettingsError
from workbench.model.lens.registry import LENS_NAMES, UnknownLens
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe

EPILOG = """\b
Examples:
  socket-workbench serve tcp://127.0.0.1:6789 --respond echo
  socket-workbench serve udp://127.0.0.1:8080 --respond upper --recv 16
  socket-workbench serve unix:///tmp/x.sock --respond fixed:hello --once
  socket-workbench serve tcp://[::1]:0 --respond answers.py:reply --format json
  socket-workbench serve tcp://127.0.0.1:6789 --quiet --record upload.swb
"""
_RESPOND = f"What it answers: {FORMS}. FUNCTION(request) returns bytes or None, FUNCTION(conn) speaks."


@click.command(epilog=EPILOG)
@click.argument("address", type=ADDRESS)
@click.option("--respond", default="none", metavar="NAME", help=_RESPOND)
@click.option(
    "--backlog", type=click.IntRange(min=0), default=128, show_default=True, metavar="N", help="What listen gets."
)
@click.option(
    "--timeout",
    type=TIMEOUT,
    metavar="S",
    help="settimeout of the connections: one whose recv times out is closed. Of a datagram server, its socket's.",
)
@click.option("--accept-timeout", type=TIMEOUT, metavar="S", help="settimeout of the listening socket.")
@click.option(
    "--recv",
    "bufsize",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    metavar="N",
    help="What recv asks for.",
)
@click.option("--lens", default="", metavar="NAME", help=f"A request is one frame: {', '.join(LENS_NAMES)}.")
@click.option("--max-connections", type=click.IntRange(min=1), metavar="N", help="Accept no more than N at a time.")
@click.option(
    "--once", is_flag=True, help="Leave after the first connection ended, or the first datagram was answered."
)
@click.option("--deadline", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Leave after so long.")
@click.option("--no-reuse-address", is_flag=True, help="Don't set SO_REUSEADDR.")
@tls.server_options
@tls.alpn_option
@socket_options
@session_options
def command(
    address: Address,
    respond: str,
    no_reuse_address: bool,
    options: Any,
    once: bool,
    deadline: float | None,
    lens: str,
    **others: Any,
) -> None:
    """Serve at ADDRESS until SIGINT or SIGTERM, and print every call."""
    output = OutputOptions.taken_from(others)
    secured = tls.server_side(address, others)
    try:
        answer = responder(respond)
        if address.kind[1] == "SOCK_DGRAM" and isinstance(answer(), Conversing):
            raise UnknownResponder(f"{respond} speaks with a connection, and {address.scheme} has none")
        answer = framed(answer, lens) if lens else answer
        settings = ServerSettings.at(
            address, responder=respond, reuse_address=not no_reuse_address, options=tuple(options), **others
        )
    except (UnknownResponder, UnknownLens, SettingsError) as error:
        raise click.UsageError(str(error)) from None
    Serving(settings, address.scheme, answer, output, secured).run(once=once, deadline=deadline)


class Serving:
    """A server that runs until a signal comes, and what is told of it."""

    def __init__(
        self,
        settings: ServerSettings,
        scheme: str,
        answer: NewResponder,
        output: OutputOptions,
        secured: tls.ServerSide,
    ) -> None:
        self._settings, self._scheme, self._answer, self._output = settings, scheme, answer, output
        self._secured = secured
        self._stop = threading.Event()
        self._dropped = 0

    def run(self, *, once: bool, deadline: float | None) -> None:
        """Serve; with *once* until somebody was served, with *deadline* for so many seconds at most."""
        raise_descriptor_limit()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        until = None if deadline is None else time.monotonic() + deadline
        with self._output.opened() as (recorder, printer), ExitStack() as stack:
            bench = Bench(recorder, kind=tls.socket_class(recorder, self._secured.tls))
            try:
                server = bench.start_server(self._settings, self._answer)
                if self._output.data:
                    server.on_data = written_out
                while not server.started.done() and not self._stop.wait(LOOK):
                    pass
                if server.started.done():
                    self._tell_address(server)
                    stack.enter_context(self._secured.announced())
                progress = Progress(server.moved, progress=self._output.progress, stats=self._output.stats)
                while not self._stop.wait(LOOK) and (until is None or time.monotonic() < until):
                    printer.print_new()
                    progress.show()
                    self._tell_problems(server)
                    if once and server.served:
                        break
                    server.sweep()
                progress.end()
                self._tell_drops(server)
            finally:
                bench.close()
            self._tell_problems(server)

    def _tell_address(self, server: Server) -> None:
        outcome = server.started.result()
        if not outcome.ok:
            raise Failure(f"cannot listen: {reason(outcome)}")
        assert server.local is not None  # it was bound
        print(f"listening on {Address.from_plain(self._scheme, server.local)}", file=sys.stderr, flush=True)
        if not self._settings.is_loopback:
            print("warning: not loopback: other machines can reach this server", file=sys.stderr, flush=True)

    def _tell_problems(self, server: Server) -> None:
        while server.problems:
            _say(safe(server.problems.popleft()))
        self._tell_drops(server)

    def _tell_drops(self, server: Server) -> None:
        """Tell of datagrams that the kernel threw away since the last look, as the receive queue was full."""
        sock = server.listener.socket
        if server.listens or sock is None or sock.fileno() < 0:
            return
        dropped = (memory_of(sock) or (0,))[-1] & 0xFFFFFFFF
        if dropped > self._dropped:
            new, self._dropped = dropped - self._dropped, dropped
            _say(
                f"{counted(new, 'datagram')} dropped, as the receive queue was full: --option SO_RCVBUF=N asks for more"
            )


def _say(sentence: str) -> None:
    print(f"socket-workbench: {sentence}", file=sys.stderr, flush=True)
