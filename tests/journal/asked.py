"""What tests of explanations share: sockets that are recorded."""

from __future__ import annotations

import socket
from collections.abc import Callable

from workbench import TracedSocket
from workbench.model.why.why import Why

ANY = ("127.0.0.1", 0)
Asked = Callable[..., Why]


def tcp() -> TracedSocket:
    return TracedSocket(socket.AF_INET, socket.SOCK_STREAM)


def udp() -> TracedSocket:
    made = TracedSocket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(ANY)
    made.settimeout(5)
    return made


def listening(backlog: int = 5, buffer: int = 0) -> TracedSocket:
    made = tcp()
    if buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.bind(ANY)
    made.listen(backlog)
    return made


Pair = tuple[TracedSocket, TracedSocket]
