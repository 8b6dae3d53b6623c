"""Socket options as typed on the command line: NAME=VALUE."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from ipaddress import ip_address

from workbench.model.text.fit import quoted

_LEVELS = {
    "SO_": socket.SOL_SOCKET,
    "TCP_": socket.IPPROTO_TCP,
    "UDP_": socket.IPPROTO_UDP,
    "UDPLITE_": 136,
    "IPV6_": socket.IPPROTO_IPV6,
    "IP_": 0,
}
"""Level by a name's prefix; IPPROTO_IP is 0, and missing in some builds."""
_LIMIT = 2**31
GROUPS = ("IP_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP")
"""The options that join a multicast group."""


class OptionError(ValueError):
    """One sentence that says what is wrong with NAME=VALUE and shows a right one."""


def parse_option(text: str) -> tuple[int, int, int | bytes]:
    """Return level, option and value for NAME=VALUE, such as SO_RCVBUF=4096.

    The value is a number, or as the option needs it: SO_LINGER=1,0 (on, seconds), SO_RCVTIMEO=0.5 (seconds),
    IP_ADD_MEMBERSHIP=239.1.2.3,127.0.0.1 (group, own address), TCP_CONGESTION=cubic. 0x and more than eight digits, or
    hex:…, are bytes as they are.
    """
    name, equals, value = text.partition("=")
    number = getattr(socket, name, None)
    level = next((level for prefix, level in _LEVELS.items() if name.startswith(prefix)), None)
    if level is None or not isinstance(number, int):
        raise OptionError(f"no socket option {quoted(name)} on this system: write one such as SO_RCVBUF=4096")
    read, what, example = _FORMS.get(name, (_whole, "a whole number", "4096"))
    try:
        if not equals:
            raise ValueError
        return level, int(number), bytes.fromhex(value[4:]) if value.startswith("hex:") else read(value)
    except (ValueError, OSError, struct.error):
        raise OptionError(f"{name} takes {what}, not {quoted(value)}: write {name}={example}") from None


def membership(group: str, own: str = "") -> bytes:
    """Return what IP_ADD_MEMBERSHIP and IPV6_JOIN_GROUP take: a group, and the interface by its address or name."""
    address = ip_address(group.partition("%")[0])
    if address.version == 4:
        return address.packed + (ip_address(own).packed if own else bytes(4))
    name = own or group.partition("%")[2]
    index = int(name) if name.isdigit() else socket.if_nametoindex(name) if name else 0
    return address.packed + struct.pack("@I", index)


def _whole(value: str) -> int:
    whole = int(value, 0)
    if not -_LIMIT <= whole < _LIMIT:
        raise ValueError
    return whole


def _linger(value: str) -> bytes:
    on, _, seconds = value.partition(",")
    return struct.pack("ii", int(on), int(seconds or 0))


def _time(value: str) -> bytes:
    seconds = float(value)
    return struct.pack("@ll", int(seconds), round(seconds % 1 * 1_000_000))


def _group(value: str) -> bytes:
    group, _, own = value.partition(",")
    return membership(group, own)


def _source_group(value: str) -> bytes:
    """Group, own address and source (ip(7), ip_mreq_source)."""
    group, own, source = value.split(",")
    return b"".join(ip_address(one).packed for one in (group, own, source))


def _interface(value: str) -> bytes | int:
    return int(value) if value.isdigit() else ip_address(value).packed


_Form = tuple[Callable[[str], int | bytes], str, str]
_GROUP: _Form = (_group, "a group, and the interface by its address or name", "239.1.2.3,127.0.0.1")
_SOURCE: _Form = (_source_group, "a group, an own address and a source", "232.1.2.3,127.0.0.1,127.0.0.1")
_TEXT: _Form = (str.encode, "a name", "lo")
_TIME: _Form = (_time, "seconds", "0.5")
_FORMS: dict[str, _Form] = {
    "SO_LINGER": (_linger, "on and seconds", "1,0"),
    "SO_RCVTIMEO": _TIME,
    "SO_SNDTIMEO": _TIME,
    "SO_BINDTODEVICE": _TEXT,
    "TCP_CONGESTION": _TEXT,
    "TCP_ULP": _TEXT,
    "IP_ADD_MEMBERSHIP": _GROUP,
    "IP_DROP_MEMBERSHIP": _GROUP,
    "IPV6_JOIN_GROUP": _GROUP,
    "IPV6_LEAVE_GROUP": _GROUP,
    "IP_ADD_SOURCE_MEMBERSHIP": _SOURCE,
    "IP_DROP_SOURCE_MEMBERSHIP": _SOURCE,
    "IP_BLOCK_SOURCE": _SOURCE,
    "IP_UNBLOCK_SOURCE": _SOURCE,
    "IP_MULTICAST_IF": (_interface, "an own address", "127.0.0.1"),
}
"""The options whose value is no number: how it is read, what it is, and an example."""
