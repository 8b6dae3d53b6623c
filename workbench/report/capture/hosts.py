"""The IP address and port of every socket: its own, or one that stands for it where it has none."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import count

from workbench.model.call.value import PlainAddress
from workbench.report.capture.frames import Host

STAND_INS = "2001:db8::/32 and 192.0.2.0/24"
"""Where the addresses come from that stand for others: RFC 3849 and RFC 5737 keep them for documentation."""
_PORT = 20001
"""Their port: one that Wireshark takes for no protocol."""


class Hosts:
    """Gives each address and each socket without an IP address the same host every time."""

    def __init__(self) -> None:
        self._stand_ins: dict[tuple[int, str], Host] = {}
        self._numbers = {4: count(1), 16: count(1)}

    def pair(
        self, one: PlainAddress | None, one_key: str, other: PlainAddress | None, other_key: str
    ) -> tuple[Host, Host]:
        """Return the hosts of two ends by their addresses; the keys tell sockets apart that have no IP address."""
        first, second = _known(one), _known(other)
        if first is not None and second is not None and len(first.ip) != len(second.ip):
            first = None
        size = len((first or second or _ANY).ip)
        first, second = first or self._stand_in(size, one_key), second or self._stand_in(size, other_key)
        return _within(first, second), _within(second, first)

    def _stand_in(self, size: int, key: str) -> Host:
        host = self._stand_ins.get((size, key))
        if host is None:
            number = next(self._numbers[size])
            if size == 16:
                host = Host(b"\x20\x01\x0d\xb8" + number.to_bytes(12, "big"), _PORT)
            else:
                host = Host(bytes((192, 0, 2, 1 + number % 254)), _PORT + number // 254 % 40_000)
            self._stand_ins[size, key] = host
        return host


_ANY = Host(bytes(16), 0)


def is_loopback(ip: bytes) -> bool:
    """Tell whether a packed address is in 127/8, or ::1."""
    return ip[:1] == b"\x7f" if len(ip) == 4 else ip == bytes(15) + b"\x01"


def _known(address: PlainAddress | None) -> Host | None:
    match address:
        case [str() as host, int() as port, *_] if 0 <= port <= 0xFFFF:
            try:
                return Host(ip_address(host.partition("%")[0]).packed, port)
            except ValueError:
                return None
        case _:
            return None


def _within(one: Host, other: Host) -> Host:
    """Return *one*, with the other's address in place of "any" where both must be on this machine."""
    return Host(other.ip, one.port) if not any(one.ip) and is_loopback(other.ip) else one
