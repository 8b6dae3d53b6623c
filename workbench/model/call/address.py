"""Addresses as a person types them, as Python takes them, and as the JSON of a call writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

from workbench.model.call.value import PlainAddress
from workbench.model.text.fit import quoted
from workbench.model.text.safe import safe

PATH_LIMIT = 107  # unix(7): sun_path has 108 bytes, one of them a NUL
PORT_LIMIT = 65535

_TYPES = {
    "tcp": "SOCK_STREAM",
    "tls": "SOCK_STREAM",
    "udp": "SOCK_DGRAM",
    "unix": "SOCK_STREAM",
    "unix-dgram": "SOCK_DGRAM",
    "unix-seqpacket": "SOCK_SEQPACKET",
}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PORT = re.compile(r"[0-9]{1,9}")


class AddressError(ValueError):
    """One sentence that names the part of an address at fault and shows a right one."""


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint's address: host and port for tcp and udp, path ("@name" for an abstract one) for the unix schemes."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    def __post_init__(self) -> None:
        if self.scheme not in _TYPES:
            known = ", ".join(_TYPES)
            raise AddressError(f"scheme {quoted(self.scheme)} is none of {known}: write tcp://127.0.0.1:6789")
        if self.is_unix:
            check_path(self.path)
        else:
            check_host(self.host)
            check_port(self.port)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one of the forms of "Addresses" in the help, or raise AddressError."""
        scheme, mark, rest = text.partition("://")
        if not mark:
            raise AddressError(
                f"address {quoted(text)} has no scheme: write tcp://127.0.0.1:6789 or unix:///tmp/x.sock"
            )
        if scheme in ("tcp", "tls", "udp"):
            host, port = _split_host(rest, scheme)
            return cls(scheme, host=host, port=port)
        return cls(scheme, path=rest)

    @classmethod
    def from_plain(cls, scheme: str, plain_address: PlainAddress) -> Self:
        """Give the Address of what plain() returned, such as a listener's own name after it was bound to port 0."""
        match plain_address:
            case str():
                return cls(scheme, path=plain_address)
            case [_, int() as port, *_]:
                return cls(scheme, host=_host_with_scope(plain_address), port=port)
        raise AddressError(f"{show(plain_address)} has no port")

    def __str__(self) -> str:
        if self.is_unix:
            return f"{self.scheme}://{self.path}"
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def is_unix(self) -> bool:
        return self.scheme.startswith("unix")

    @property
    def kind(self) -> tuple[str | None, str]:
        """Family and type, such as ("AF_INET", "SOCK_STREAM"); the family is None where a name has to be resolved."""
        return "AF_UNIX" if self.is_unix else family_of(self.host), _TYPES[self.scheme]

    @property
    def is_loopback(self) -> bool:
        """Whether no other machine can reach it; of names only localhost counts."""
        return self.is_unix or is_loopback_host(self.host)

    def sockaddr(self) -> tuple[str, int] | str:
        """Give what Python's bind and connect take."""
        return unix_sockaddr(self.path) if self.is_unix else (self.host, self.port)


def check_host(host: str) -> None:
    """Raise AddressError unless host is an IP address (no brackets) or a name of letters, digits, "-", "." and "_"."""
    if not host:
        raise AddressError("host is missing: write 127.0.0.1 for this machine alone, 0.0.0.0 for every interface")
    if family_of(host) is None and not _NAME.fullmatch(host):
        wanted = 'an IP address nor a name of letters, digits, "-", "." and "_"'
        raise AddressError(f"host {quoted(host)} is neither {wanted}: write 127.0.0.1, ::1 or localhost")


def check_port(port: int) -> None:
    """Raise AddressError unless port is in 0..65535."""
    if not 0 <= port <= PORT_LIMIT:
        raise AddressError(f"port {port} is not from 0 to {PORT_LIMIT}: write 6789, or 0 to let the kernel choose")


def check_path(path: str) -> None:
    """Raise AddressError unless path ("@name": abstract, the "@" not counted) fits into a UNIX address, see unix(7)."""
    if path in ("", "@"):
        raise AddressError("path is empty: write /tmp/x.sock, or @name for an abstract one")
    if "\0" in path:
        raise AddressError(f"path {quoted(path)} has a NUL in it: write /tmp/x.sock, or @name for an abstract one")
    try:
        length = len(path.removeprefix("@").encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise AddressError(f"path {quoted(path)} is not text that utf-8 can encode: write /tmp/x.sock") from None
    if length > PATH_LIMIT:
        raise AddressError(
            f"path is {length} bytes long, at most {PATH_LIMIT} fit: write a short one such as /tmp/x.sock"
        )


def family_of(host: str) -> str | None:
    """Return "AF_INET" or "AF_INET6" for an IP address, None for anything else."""
    address = _ip(host)
    return None if address is None else f"AF_INET{'6' if address.version == 6 else ''}"


def is_loopback_host(host: str) -> bool:
    """Tell whether host is in 127/8, ::1 or localhost."""
    match _ip(host):
        case IPv4Address() as address:
            return address.is_loopback
        case IPv6Address() as address:
            return (address.ipv4_mapped or address).is_loopback
        case _:
            return host.lower() == "localhost"


def unix_sockaddr(path: str) -> str:
    """Give what Python takes for a UNIX path: "@name" becomes a NUL and the name, see unix(7) "abstract"."""
    return "\0" + path[1:] if path.startswith("@") else path


def plain(sockaddr: object, family: int | None = None) -> PlainAddress:
    """Give the JSON form of an address that Python returned or took: [host, port], path, "@name", or "" for unnamed.

    CPython returns None for a peer without a name and bytes for an abstract one (socketmodule.c, makesockaddr). The
    form itself tells the families apart, so family stands only where a caller has it at hand.
    """
    match sockaddr:
        case tuple() | list():
            return [part if isinstance(part, (str, int)) else _plain_part(part) for part in sockaddr]
        case bytes() | bytearray():
            return _plain_path(bytes(sockaddr).decode("utf-8", "surrogateescape"))
        case str():
            return _plain_path(sockaddr)
        case None:
            return ""
        case _:
            return str(sockaddr)


def _plain_part(part: object) -> str:
    return bytes(part).hex(":") if isinstance(part, bytes | bytearray) else str(part)


def port_or_path(sockaddr: object) -> int | str | None:
    """Return what an address differs by from others on the same host: its port, or its path."""
    match None if sockaddr is None else plain(sockaddr):
        case [_, int() as port, *_]:
            return port
        case str() as path:
            return path
        case _:
            return None


def show(plain_address: PlainAddress | None) -> str:
    """Write an address that plain() gave for a screen: 127.0.0.1:6789, [::1]:80, /tmp/x, @name, unnamed, not known."""
    match plain_address:
        case None:
            return "not known"
        case "":
            return "unnamed"
        case str():
            return safe(plain_address)
        case [str() as host, int() as port, *rest] if not rest or ":" in host:
            return safe(f"{_bracketed(_host_with_scope(plain_address))}:{port}")
        case _:
            return safe(", ".join(map(str, plain_address)))


def _split_host(rest: str, scheme: str) -> tuple[str, int]:
    example = f"{scheme}://127.0.0.1:6789"
    if bracketed := re.fullmatch(r"\[([^\]]*)\](.*)", rest, re.DOTALL):
        host, tail = bracketed.groups()
        if family_of(host) != "AF_INET6":
            raise AddressError(f"host {quoted(host)} in brackets is not an IPv6 address: write {scheme}://[::1]:6789")
        mark, port = tail[:1], tail[1:]
    else:
        host, mark, port = rest.rpartition(":")
        if ":" in host or family_of(rest) == "AF_INET6":
            raise AddressError(f"host {quoted(rest)} needs brackets if it is IPv6: write {scheme}://[::1]:6789")
    if not rest:
        raise AddressError(f"address is empty: write {example}")
    if mark != ":" and _PORT.fullmatch(rest):
        raise AddressError(f"host is missing before {quoted(rest)}: write {scheme}://127.0.0.1:{rest}")
    if mark != ":":
        raise AddressError(f"port is missing after {quoted(rest)}: write {example}")
    if not _PORT.fullmatch(port):
        raise AddressError(f"port {quoted(port)} is not a number from 0 to {PORT_LIMIT}: write {example}")
    return host, int(port)


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = IPv6Address(host) if ":" in host else IPv4Address(host)
    except ValueError:
        return None
    scope = getattr(address, "scope_id", None)
    return address if scope is None or _NAME.fullmatch(scope) else None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _host_with_scope(address: list[str | int]) -> str:
    host, scope = str(address[0]), address[3] if len(address) > 3 else 0
    return f"{host}%{scope}" if scope and ":" in host and "%" not in host else host


def _plain_path(path: str) -> str:
    if path.startswith("\0"):
        return "@" + path[1:]
    return "./" + path if path.startswith("@") else path  # a file of that name, which is not the abstract one
