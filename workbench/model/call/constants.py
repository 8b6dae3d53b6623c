"""Numbers of the socket module by name: how a programmer wrote an argument, from what the system was given."""

from __future__ import annotations

import socket
import sys

from workbench.model.call.value import Value


def _named(prefix: str, but: str = "\0") -> dict[int, str]:
    """Return number to name for the module's constants with *prefix*; of two with one number the shorter name."""
    found = (
        (name, value) for name, value in vars(socket).items() if name.startswith(prefix) and not name.startswith(but)
    )
    return {int(value): name for name, value in sorted(found, key=lambda item: -len(item[0])) if isinstance(value, int)}


FAMILIES = _named("AF_", but="AF_ROUTE")  # another name of AF_NETLINK
TYPES = _named("SOCK_")
PROTOCOLS = _named("IPPROTO_")
HOWS = _named("SHUT_")
FLAGS = _named("MSG_")
LEVELS = {**PROTOCOLS, **_named("SOL_")} | {0: "IPPROTO_IP", 6: "IPPROTO_TCP", 17: "IPPROTO_UDP", 41: "IPPROTO_IPV6"}
OPTIONS = {
    "SOL_SOCKET": "SO_",
    "IPPROTO_TCP": "TCP_",
    "IPPROTO_IP": "IP_",
    "IPPROTO_IPV6": "IPV6_",
    "IPPROTO_UDP": "UDP_",
    "IPPROTO_UDPLITE": "UDPLITE_",
}
_LINUX = {
    "SOL_SOCKET": {29: "SO_TIMESTAMP", 46: "SO_BUSY_POLL", 62: "SO_BINDTOIFINDEX"},
    "IPPROTO_TCP": {
        14: "TCP_MD5SIG", 19: "TCP_REPAIR", 24: "TCP_TIMESTAMP", 26: "TCP_CC_INFO", 27: "TCP_SAVE_SYN",
        28: "TCP_SAVED_SYN", 30: "TCP_FASTOPEN_CONNECT", 31: "TCP_ULP", 36: "TCP_INQ", 37: "TCP_TX_DELAY",
    },
    "IPPROTO_IP": {8: "IP_PKTINFO", 10: "IP_MTU_DISCOVER", 11: "IP_RECVERR", 15: "IP_FREEBIND"},
    "IPPROTO_UDP": {1: "UDP_CORK", 103: "UDP_SEGMENT", 104: "UDP_GRO"},
}  # fmt: skip
"""Names of options on Linux that the socket module lacks, in older releases or altogether (linux/tcp.h, linux/in.h)."""
_OPTION_NAMES = {
    level: (_LINUX.get(level, {}) if sys.platform == "linux" else {}) | _named(prefix)
    for level, prefix in OPTIONS.items()
}


def name_of(table: dict[int, str], value: Value) -> Value:
    """Return the constant's name, or *value* itself where the table has none."""
    return table.get(value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def name_type(value: Value) -> Value:
    """Return a socket type's name; flags such as SOCK_NONBLOCK are kept behind a bar."""
    if not isinstance(value, int) or value in TYPES:
        return name_of(TYPES, value)
    extra = [flag for flag in ("SOCK_NONBLOCK", "SOCK_CLOEXEC") if value & getattr(socket, flag, 0)]
    rest = value & ~sum(getattr(socket, flag) for flag in extra)
    if not extra:
        return value
    return " | ".join([str(name_of(TYPES, rest)), *extra])


def name_flags(value: Value) -> Value:
    """Return the flags of a send or recv as written in Python, such as "MSG_PEEK | MSG_DONTWAIT"."""
    if not isinstance(value, int) or value <= 0:
        return value
    names = [name for bit, name in sorted(FLAGS.items()) if bit & value and bit.bit_count() == 1]
    rest = value & ~sum(bit for bit in FLAGS if bit & value and bit.bit_count() == 1)
    return " | ".join([*names, hex(rest)] if rest else names)


def name_option(level: Value, option: Value) -> list[Value]:
    """Return level and option of setsockopt by name."""
    level = name_of(LEVELS, level)
    options = _OPTION_NAMES.get(level, {}) if isinstance(level, str) else {}
    return [level, name_of(options, option)]


def name_arguments(call: str, args: list[Value]) -> list[Value]:
    """Return *args* with the constants that *call* takes by their names; the rest as it is."""
    match call, args:
        case (("socket" | "socketpair"), [family, kind, *rest]):
            return [name_of(FAMILIES, family), name_type(kind), *rest]
        case "fromfd", [fd, family, kind, *rest]:
            return [fd, name_of(FAMILIES, family), name_type(kind), *rest]
        case (("setsockopt" | "getsockopt"), [level, option, *rest]):
            return [*name_option(level, option), *rest]
        case "shutdown", [how]:
            return [name_of(HOWS, how)]
        case _:
            return args
