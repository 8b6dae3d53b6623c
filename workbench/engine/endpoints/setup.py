"""What a server and a client do alike before bind or connect."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import NoReturn, TypeVar

from workbench.engine.endpoints.driven import Driven
from workbench.engine.sockets.waker import Cancelled, current
from workbench.engine.state import Outcome
from workbench.model.call.options import membership
from workbench.model.call.settings import FAMILIES, SocketSettings

S = TypeVar("S", bound=SocketSettings)
T = TypeVar("T")
NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
_FIRST_INHERITED = 3
"""SD_LISTEN_FDS_START."""
_LOOK_AGAIN = 1.0
"""Seconds between two looks at work in the background; its end is noticed at once."""


def set_options(endpoint: Driven, settings: SocketSettings) -> None:
    """Make the setsockopt calls that the settings ask for; one that fails is a row in the journal, no more."""
    for option, size in ((socket.SO_RCVBUF, settings.rcvbuf), (socket.SO_SNDBUF, settings.sndbuf)):
        if size is not None:
            endpoint.make("setsockopt", socket.SOL_SOCKET, option, size)
    for arguments in settings.options:
        endpoint.make("setsockopt", *arguments)
    if settings.type == "SOCK_DGRAM" and settings.host == "255.255.255.255":
        endpoint.make("setsockopt", socket.SOL_SOCKET, socket.SO_BROADCAST, 1)


def is_group(settings: SocketSettings) -> bool:
    """Whether the settings name a multicast group."""
    try:
        return settings.type == "SOCK_DGRAM" and ip_address(settings.host.partition("%")[0]).is_multicast
    except ValueError:
        return False


def join_group(endpoint: Driven, settings: SocketSettings) -> Outcome:
    """Join the multicast group that is to be served, unless an option does so on a chosen interface."""
    level, option = (
        (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP)
        if settings.family == "AF_INET6"
        else (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP)
    )
    if any(given[:2] == (level, option) for given in settings.options):
        return Outcome()
    return endpoint.make("setsockopt", level, option, membership(settings.host))


def inherited() -> int | None:
    """Return the descriptor of a listening socket that the one who started us has bound (sd_listen_fds(3)), or None."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS", "0") == "0":
        return None
    return _FIRST_INHERITED


def resolved(endpoint: Driven, settings: S) -> list[S]:
    """Return the settings once for each address that a host's name stands for, in the resolver's order.

    A name that is not known stays: the call that is given it then fails as it would in a program. Raises Cancelled.
    """
    host, port = settings.host, settings.port
    if settings.family == "AF_UNIX" or _is_literal(host):
        return [settings]
    family = socket.AF_UNSPEC if settings.any_family else getattr(socket, settings.family)
    outcome = endpoint.attempt(
        "getaddrinfo", lambda: in_background(lambda: socket.getaddrinfo(host, port, family)), args=(host, port)
    )
    if isinstance(outcome.error, Cancelled):
        raise outcome.error
    found = {(name.name, str(sockaddr[0])): None for name, _, _, _, sockaddr in outcome.result or ()}
    return [replace(settings, family=name, host=host) for name, host in found if name in FAMILIES] or [settings]


def try_each(endpoint: Driven, settings: S, attempt: Callable[[S], Outcome]) -> Outcome:
    """Make *attempt* with one address after another until one goes well; each is another socket of the endpoint."""
    tried = resolved(endpoint, settings)
    for number, one in enumerate(tried, 1):
        outcome = attempt(one)
        if outcome.ok or isinstance(outcome.error, Cancelled) or number == len(tried):
            break
        endpoint.make("close")
    return outcome


def in_background(work: Callable[[], T]) -> T:
    """Do what can't be interrupted, such as a lookup, in a thread that a cancel leaves behind; raises Cancelled."""
    done: list[Callable[[], T]] = []
    waker = current()

    def run() -> None:
        try:
            result = work()
            done.append(lambda: result)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            done.append(partial(_raise, error))
        waker.nudge()

    outer = waker.begin()
    try:
        threading.Thread(target=run, name="lookup", daemon=True).start()
        while not done:
            waker.pause(_LOOK_AGAIN)
    finally:
        waker.end(outer)
    return done[0]()


def _raise(error: BaseException) -> NoReturn:
    raise error


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
