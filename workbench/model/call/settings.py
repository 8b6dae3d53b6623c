"""Settings of a server and of a client, checked when they are built, and the parsers of the fields they come from."""

from __future__ import annotations

import math
import re
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self, TypeAlias

from workbench.model.call.address import (
    PORT_LIMIT,
    Address,
    AddressError,
    check_host,
    check_path,
    is_loopback_host,
    unix_sockaddr,
)
from workbench.model.text.fit import quoted

Family: TypeAlias = Literal["AF_INET", "AF_INET6", "AF_UNIX"]
Type: TypeAlias = Literal["SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET", "SOCK_RAW", "SOCK_RDM"]
Connect: TypeAlias = Literal["connect", "connect_ex", "none"]

FAMILIES: tuple[Family, ...] = ("AF_INET", "AF_INET6", "AF_UNIX")
TYPES: tuple[Type, ...] = ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_SEQPACKET", "SOCK_RAW", "SOCK_RDM")
CONNECTS: tuple[Connect, ...] = ("connect", "connect_ex", "none")

INT_LIMIT = 2**31 - 1  # the C int that listen, recv and setsockopt take
TIMEOUT_LIMIT = INT_LIMIT // 1000  # seconds; poll(2) takes milliseconds in an int

_NUMBER = re.compile(r"-?[0-9]+|0[xX][0-9a-fA-F]+")
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_SIZE = re.compile(r"(?P<number>0[xX][0-9a-fA-F]+|[0-9]+) ?(?P<unit>|k|kib|m|mib)", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20}


class SettingsError(ValueError):
    """Why one setting can't be: field is its name, the text one sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """What a server and a client have in common. Any family goes with any type: refusing is the system's part."""

    family: Family = "AF_INET"
    """Address family: AF_INET, AF_INET6 or AF_UNIX."""

    type: Type = "SOCK_STREAM"
    """Socket type: SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW or SOCK_RDM."""

    protocol: int = 0
    """Protocol number; 0 lets the system choose."""

    host: str = "127.0.0.1"
    """IP address (no brackets) or name; not used with AF_UNIX."""

    port: int = 6789
    """0..65535, a server's 0 lets the kernel choose; not used with AF_UNIX."""

    path: str = ""
    """Path, or "@name" for an abstract one; only used with AF_UNIX."""

    _: KW_ONLY

    timeout: float | None = None
    """What settimeout gets: None waits for ever, 0 never waits, else seconds."""

    bufsize: int = 1024
    """How many bytes one recv asks for."""

    nodelay: bool = False
    """Whether TCP_NODELAY is set."""

    rcvbuf: int | None = None
    """SO_RCVBUF in bytes, of which the kernel makes twice as much (socket(7)); None leaves it alone."""

    sndbuf: int | None = None
    """SO_SNDBUF in bytes, as rcvbuf."""

    options: tuple[tuple[int, int, int | bytes], ...] = ()
    """Further setsockopt calls, made before bind or connect: level, option, value."""

    any_family: bool = False
    """Whether a name's addresses of the other internet family are tried too."""

    def __post_init__(self) -> None:
        _check_choice("family", self.family, FAMILIES)
        _check_choice("type", self.type, TYPES)
        _check_range("protocol", self.protocol, 0, INT_LIMIT)
        _check_range("port", self.port, 0, PORT_LIMIT)
        _check_timeout("timeout", self.timeout)
        _check_range("bufsize", self.bufsize, 0, INT_LIMIT)
        for field, size in (("rcvbuf", self.rcvbuf), ("sndbuf", self.sndbuf)):
            if size is not None:
                _check_range(field, size, 0, INT_LIMIT)
        field, check = ("path", check_path) if self.family == "AF_UNIX" else ("host", check_host)
        try:
            check(getattr(self, field))
        except AddressError as error:
            raise SettingsError(field, str(error)) from None

    @classmethod
    def at(cls, address: Address, **others: Any) -> Self:
        """Give settings for an address; of a host that is a name, each address unless others say the family."""
        family, kind = address.kind
        where = {"path": address.path} if address.is_unix else {"host": address.host, "port": address.port}
        any_family = family is None and "family" not in others
        return cls(**{"family": family or "AF_INET", "type": kind, "any_family": any_family, **where, **others})

    @property
    def is_loopback(self) -> bool:
        """Whether no other machine can reach the address."""
        return self.family == "AF_UNIX" or is_loopback_host(self.host)

    def sockaddr(self) -> tuple[str, int] | str:
        """Give what Python's bind and connect take."""
        return unix_sockaddr(self.path) if self.family == "AF_UNIX" else (self.host, self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings(SocketSettings):
    """How a server is set up and what it does by itself."""

    backlog: int = 5
    """What listen gets; backlog + 1 connections complete before the first accept."""

    accept_timeout: float | None = None
    """Declared timeout of the listening socket in seconds, as `timeout` is that of the sockets it accepts."""

    reuse_address: bool = True
    """Whether SO_REUSEADDR is set before bind."""

    responder: str = "none"
    """Name of what the server answers; "none" only receives."""

    reply: str = ""
    """The argument of a responder that takes one, such as the text that "fixed" answers."""

    auto_accept: bool = True
    """Whether it accepts by itself, or one connection a key."""

    auto_recv: bool = True
    """Whether its connections receive by themselves, or once a key."""

    max_connections: int | None = None
    """How many connections it has at a time, accepting by itself; None for no limit."""

    def __post_init__(self) -> None:
        SocketSettings.__post_init__(self)
        _check_range("backlog", self.backlog, 0, INT_LIMIT)
        _check_timeout("accept_timeout", self.accept_timeout)
        if not self.responder:
            raise SettingsError("responder", 'responder is empty: write "none" to only receive')


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings(SocketSettings):
    """How a client is set up and how it connects."""

    bind: Address | None = None
    """Its own address (source address); None lets the kernel choose."""

    connect: Connect = "connect"
    """Which call connects: connect raises an error, connect_ex returns its number; "none" leaves it unconnected."""

    auto_recv: bool = False
    """Whether it receives by itself, or once a key."""

    def __post_init__(self) -> None:
        SocketSettings.__post_init__(self)
        _check_choice("connect", self.connect, CONNECTS)

    @property
    def exposes(self) -> bool:
        """Whether other machines can send to it: a datagram socket bound elsewhere than to loopback."""
        return self.bind is not None and not self.bind.is_loopback and self.type != "SOCK_STREAM"


def parse_timeout(text: str, field: str = "timeout") -> float | None:
    """Read "none", 0 or seconds."""
    word = text.strip()
    if word.lower() == "none":
        return None
    if not _SECONDS.fullmatch(word):
        raise SettingsError(field, f'{field} is "none", 0 or seconds such as 2.5, not {quoted(text)}')
    seconds = float(word)
    _check_timeout(field, seconds)
    return seconds


def parse_backlog(text: str, field: str = "backlog") -> int:
    """Read a backlog, 0 or more."""
    return parse_number(field, text, 0, INT_LIMIT)


def parse_bufsize(text: str, field: str = "bufsize") -> int:
    """Read a number of bytes such as 1024, 0x400, 1k, 4KiB or 1MiB."""
    size = _SIZE.fullmatch(text.strip())
    if size is None or len(size["number"]) > 20:
        raise SettingsError(field, f"{field} is a number of bytes such as 1024, 4KiB or 0x400, not {quoted(text)}")
    bytes_asked = _integer(size["number"]) * _UNITS[size["unit"][:1].lower()]
    _check_range(field, bytes_asked, 0, INT_LIMIT)
    return bytes_asked


def parse_buffer(field: str, text: str) -> int | None:
    """Read SO_RCVBUF or SO_SNDBUF: a number of bytes, or nothing (or "default") to leave it alone."""
    return None if text.strip().lower() in ("", "default") else parse_bufsize(text, field)


def parse_number(field: str, text: str, low: int, high: int) -> int:
    """Read a whole number, decimal or 0x…, in low..high."""
    word = text.strip()
    if not _NUMBER.fullmatch(word) or len(word) > 20 or not low <= _integer(word) <= high:
        raise SettingsError(field, f"{field} is a number from {low} to {high}, not {quoted(text)}")
    return _integer(word)


def _integer(digits: str) -> int:
    return int(digits, 16 if digits[:2] in ("0x", "0X") else 10)


def _check_choice(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingsError(field, f"{field} is one of {', '.join(known)}, not {quoted(str(value))}")


def _check_range(field: str, value: int, low: int, high: int) -> None:
    if not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(field, f"{field} is a number from {low} to {high}, not {quoted(str(value))}")


def _check_timeout(field: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and 0 <= value <= TIMEOUT_LIMIT):
        raise SettingsError(field, f"{field} is at least 0 and at most {TIMEOUT_LIMIT} seconds, not {value}")
