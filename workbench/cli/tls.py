"""What the commands share that speak TLS: its options, and what is told of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.common import F
from workbench.engine.sockets.bench_socket import BenchSocket, bench_socket_class
from workbench.model.call.address import Address
from workbench.probe.recorder import Recorder

if TYPE_CHECKING:
    from workbench.engine.sockets.tls_socket import Tls

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def client_options(command: F) -> F:
    """Add how a client speaks TLS."""
    for option in (
        click.option("--server-name", default="", metavar="NAME", help="tls: the name to ask for and to check."),
        click.option("--insecure", is_flag=True, help="tls: take any certificate."),
        click.option("--ca", type=_FILE, metavar="FILE", help="tls: trust these authorities, not the system's."),
    ):
        command = option(command)
    return command


def server_options(command: F) -> F:
    """Add how a server speaks TLS."""
    for option in (
        click.option("--key", type=_FILE, metavar="FILE", help="tls: its private key."),
        click.option("--cert", type=_FILE, metavar="FILE", help="tls: the certificate; else a throw-away one."),
    ):
        command = option(command)
    return command


def alpn_option(command: F) -> F:
    """Add --alpn."""
    return click.option("--alpn", multiple=True, metavar="NAME", help="tls: offer this protocol; repeatable.")(command)


def client_side(address: Address, options: dict[str, Any]) -> Tls | None:
    """Take a client's options; None for another scheme than tls. Raises UsageError."""
    given = {name: options.pop(name) for name in ("ca", "insecure", "server_name")}
    alpn = options.pop("alpn", ())
    if address.scheme != "tls":
        _refuse(given, address)
        return None
    from workbench.engine.sockets.certificates import CertificateError, client_tls

    try:
        return client_tls(address.host, **given, alpn=alpn)
    except CertificateError as error:
        raise click.UsageError(str(error)) from None


def warn(side: Tls | None) -> None:
    """Say where a client takes any certificate."""
    if side is not None and not side.context.check_hostname:
        say(f"warning: --insecure: the certificate of {side.server_name} is not checked, so anybody may answer")


def socket_class(recorder: Recorder | None, side: Tls | None) -> type[BenchSocket]:
    """Return the class of a side's sockets."""
    if side is None:
        return bench_socket_class(recorder)
    from workbench.engine.sockets.tls_socket import tls_socket_class

    return tls_socket_class(recorder, side)


def server_side(address: Address, options: dict[str, Any]) -> ServerSide:
    """Take a server's options; raises UsageError."""
    given = {name: options.pop(name) for name in ("cert", "key")}
    alpn = options.pop("alpn", ())
    if address.scheme != "tls":
        _refuse(given, address)
        return ServerSide(None)
    from workbench.engine.sockets.certificates import CertificateError, server_tls

    try:
        return ServerSide(*server_tls(given["cert"], given["key"], alpn=alpn))
    except CertificateError as error:
        raise click.UsageError(str(error)) from None


@dataclass(frozen=True)
class ServerSide:
    """How a server speaks TLS, if it does, and the authority of its throw-away certificate, in PEM."""

    tls: Tls | None
    authority: bytes = b""

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Keep the authority in a file meanwhile, and say where, so that clients can trust it."""
        if not self.authority:
            yield
            return
        with NamedTemporaryFile(prefix="socket-workbench-", suffix=".pem") as file:
            file.write(self.authority)
            file.flush()
            say(f"a throw-away certificate for localhost, 127.0.0.1 and ::1: clients trust it with --ca {file.name}")
            yield


def say(sentence: str) -> None:
    """Say something on stderr."""
    print(f"socket-workbench: {sentence}", file=sys.stderr, flush=True)


def _refuse(given: dict[str, Any], address: Address) -> None:
    for name, value in given.items():
        if value:
            raise click.UsageError(f"--{name.replace('_', '-')} is for tls:// addresses, not for {address.scheme}://")
