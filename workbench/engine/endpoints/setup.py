"""What a server and a client do alike before bind or connect."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import TypeVar

from workbench.engine.endpoints.driven import Driven
from workbench.engine.sockets.waker import Cancelled, current
from workbench.model.call.address import Address
from workbench.model.call.settings import SocketSettings

S = TypeVar("S", bound=SocketSettings)
T = TypeVar("T")
NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_LOOK_AGAIN = 1.0
"""Seconds between two looks at work in the background; its end is told at once."""


def set_options(endpoint: Driven, settings: SocketSettings) -> None:
    """Make the setsockopt calls that the settings ask for; one that fails is a row in the journal, no more."""
    for option, size in ((socket.SO_RCVBUF, settings.rcvbuf), (socket.SO_SNDBUF, settings.sndbuf)):
        if size is not None:
            endpoint.make("setsockopt", socket.SOL_SOCKET, option, size)
    for arguments in settings.options:
        endpoint.make("setsockopt", *arguments)


def resolved(endpoint: Driven, settings: S) -> S:
    """Return the settings with a host's name replaced by its first address of their family; raises Cancelled.

    A name that is not known stays: the call that is given it then fails as it would in a program.
    """
    host, port = settings.host, settings.port
    if settings.family == "AF_UNIX" or _is_literal(host):
        return settings
    family = getattr(socket, settings.family)
    outcome = endpoint.attempt(
        "getaddrinfo", lambda: in_background(lambda: socket.getaddrinfo(host, port, family)), args=(host, port)
    )
    if isinstance(outcome.error, Cancelled):
        raise outcome.error
    return replace(settings, host=str(outcome.result[0][4][0])) if outcome.ok else settings


def first_address(address: Address) -> Address:
    """Return an address with a host's name replaced by the first result of getaddrinfo(3), if there is one."""
    if address.is_unix or _is_literal(address.host):
        return address
    with suppress(OSError, UnicodeError):
        return replace(address, host=str(socket.getaddrinfo(address.host, address.port)[0][4][0]))
    return address


def in_background(work: Callable[[], T]) -> T:
    """Do what can't be interrupted, such as a lookup, in a thread that a cancel leaves behind; raises Cancelled."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            future.set_exception(error)

    waker = current()
    outer = waker.begin()
    try:
        future.add_done_callback(lambda _: waker.nudge())
        threading.Thread(target=run, name="lookup", daemon=True).start()
        while not future.done():
            waker.pause(_LOOK_AGAIN)
    finally:
        waker.end(outer)
    return future.result()


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
