"""What a server and a client do alike before bind or connect."""

from __future__ import annotations

import socket
from dataclasses import replace
from ipaddress import ip_address
from typing import TypeVar

from workbench.engine.endpoint import Endpoint
from workbench.model.address import Address
from workbench.model.endpoint import Family, SocketSettings

S = TypeVar("S", bound=SocketSettings)
NODELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def set_options(endpoint: Endpoint, settings: SocketSettings) -> None:
    """Make the setsockopt calls that the settings ask for; one that fails is a row in the journal, no more."""
    for option, size in ((socket.SO_RCVBUF, settings.rcvbuf), (socket.SO_SNDBUF, settings.sndbuf)):
        if size is not None:
            endpoint.make("setsockopt", socket.SOL_SOCKET, option, size)
    for arguments in settings.options:
        endpoint.make("setsockopt", *arguments)


def resolved(settings: S) -> S:
    """Return the settings with a host's name replaced by its first address of their family.

    A name that is not known stays: the call that is given it then fails as it would in a program.
    """
    if settings.family == "AF_UNIX" or _is_literal(settings.host):
        return settings
    family = getattr(socket, settings.family)
    try:
        found = socket.getaddrinfo(settings.host, settings.port, family)
    except (OSError, UnicodeError):
        return settings
    return replace(settings, host=str(found[0][4][0]))


def family_of(address: Address) -> Family:
    """Return the family of an address: of a host's name, that of the first result of getaddrinfo(3)."""
    family = address.kind[0]
    if family is None:
        try:
            first = socket.getaddrinfo(address.host, address.port)[0][0]
        except (OSError, UnicodeError):
            return "AF_INET"
        return "AF_INET6" if first == socket.AF_INET6 else "AF_INET"
    return family  # type: ignore[return-value]


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
