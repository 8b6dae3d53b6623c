"""Socket options as typed on the command line: NAME=VALUE."""

from __future__ import annotations

import socket

from workbench.model.text.fit import quoted

_LEVELS = {
    "SO_": socket.SOL_SOCKET,
    "TCP_": socket.IPPROTO_TCP,
    "UDP_": socket.IPPROTO_UDP,
    "IPV6_": socket.IPPROTO_IPV6,
    "IP_": 0,
}
"""Level by a name's prefix; IPPROTO_IP is 0, and missing in some builds."""
_LIMIT = 2**31


class OptionError(ValueError):
    """One sentence that says what is wrong with NAME=VALUE and shows a right one."""


def parse_option(text: str) -> tuple[int, int, int]:
    """Return level, option and value for NAME=VALUE, such as SO_RCVBUF=4096."""
    name, equals, value = text.partition("=")
    number = getattr(socket, name, None)
    level = next((level for prefix, level in _LEVELS.items() if name.startswith(prefix)), None)
    if level is None or not isinstance(number, int):
        raise OptionError(f"no socket option {quoted(name)} on this system: write one such as SO_RCVBUF=4096")
    try:
        whole = int(value, 0)
    except ValueError:
        whole = _LIMIT
    if not equals or not -_LIMIT <= whole < _LIMIT:
        raise OptionError(f"{name} takes a whole number, not {quoted(value)}: write {name}=4096")
    return level, int(number), whole
