"""The same random calls on plain and on waiting sockets: results, errors and durations must be the same."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.waits import KINDS, STREAMS, TIMED_OUT, outcome, pair, reset
from workbench.engine.sockets.waiting_socket import WaitingSocket

SHORT = 0.01
SLACK = 1.0
"""Seconds that a busy machine may add to a wait."""

PEEK, DONTWAIT, WAITALL = socket.MSG_PEEK, socket.MSG_DONTWAIT, socket.MSG_WAITALL


@dataclass(frozen=True)
class Call:
    """One call on one end of the pair, with one number and flags as its arguments."""

    end: int
    name: str
    number: Any = 0
    flags: int = 0

    def on(self, ends: tuple[Any, Any]) -> Any:
        sock, number, flags = ends[self.end], self.number, self.flags
        match self.name:
            case "send" | "sendall":
                return getattr(sock, self.name)(payload(number), flags)
            case "sendmsg":
                return sock.sendmsg([payload(number // 3), payload(number - number // 3)], [], flags)
            case "recv" | "recvfrom":
                return getattr(sock, self.name)(number, flags)
            case "recvmsg":
                return sock.recvmsg(number, 0, flags)
            case "recv_into" | "recvfrom_into":
                buffer = bytearray(number)
                return getattr(sock, self.name)(buffer, 0, flags), bytes(buffer)
            case "recvmsg_into":
                buffers = [bytearray(number // 2), bytearray(number - number // 2)]
                return sock.recvmsg_into(buffers, 0, flags), b"".join(buffers)
            case "reset":
                return reset(sock)
            case "gettimeout" | "getblocking" | "close":
                return getattr(sock, self.name)()
            case _:
                return getattr(sock, self.name)(number)

    def could_block(self, ends: tuple[Any, Any], stream: bool) -> bool:
        """Tell whether the call might wait for ever: nobody else is there to end the wait."""
        sock = ends[self.end]
        if sock.fileno() < 0 or sock.gettimeout() is not None or self.flags & DONTWAIT:
            return False
        poll = select.poll()
        poll.register(sock, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
        ready = dict(poll.poll(0)).get(sock.fileno(), 0)
        if self.name.startswith("send"):
            return not ready & select.POLLOUT or (stream and self.number > 500)
        if self.name.startswith("recv"):
            return not ready & select.POLLIN or bool(self.flags & WAITALL and not ready & select.POLLRDHUP)
        return False


def payload(size: int) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


NAMES = (
    *("send", "sendall", "sendmsg") * 4,
    *("recv", "recvfrom", "recvmsg", "recv_into", "recvfrom_into", "recvmsg_into") * 2,
    *("settimeout", "settimeout", "setblocking", "gettimeout", "getblocking"),
    *("shutdown", "close", "reset"),
)
SIZES = (0, 1, 7, 100, 500, 3000, 9000)
NUMBERS = {
    "settimeout": (None, 0, SHORT, SHORT, -1),
    "setblocking": (False, True),
    "shutdown": (socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR, 9),
}
FLAGS = {"s": (0, 0, 0, DONTWAIT), "r": (0, 0, 0, 0, PEEK, DONTWAIT, PEEK | DONTWAIT, WAITALL)}


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """A call: mostly sends and recvs."""
    name = draw(st.sampled_from(NAMES))
    flags = draw(st.sampled_from(FLAGS[name[0]])) if name.startswith(("send", "recv")) else 0
    return Call(draw(st.integers(0, 1)), name, draw(st.sampled_from(NUMBERS.get(name, SIZES))), flags)


TIMEOUTS = st.sampled_from([None, 0, SHORT])


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    try:
        result = outcome(call)
    except ValueError as error:
        result = str(error)
    return result, time.monotonic() - started


def check(kind: str, calls: list[Call]) -> int:
    """Run the calls on both pairs, and return how many were made."""
    plain, waiting = pair(kind, small=True), pair(kind, WaitingSocket, small=True)
    made = 0
    try:
        for call in calls:
            if call.could_block(plain, kind in STREAMS):
                continue
            expected, seconds = timed(lambda call=call: call.on(plain))
            result, waited = timed(lambda call=call: call.on(waiting))
            if kind == "udp":
                expected, result = no_ports(expected), no_ports(result)
            assert result == expected, call
            assert waited < seconds + SLACK, call
            if expected == TIMED_OUT:
                assert waited >= SHORT, call
            made += 1
    finally:
        for sock in plain + waiting:
            sock.close()
    return made


def no_ports(result: Any) -> Any:
    """Leave out the port, which differs from pair to pair."""
    if isinstance(result, tuple):
        return tuple(no_ports(item) for item in result if not (isinstance(item, int) and item > 20_000))
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_random_calls_end_alike(kind: str) -> None:
    made = 0

    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(TIMEOUTS, TIMEOUTS), st.lists(calls(), min_size=8, max_size=30))
    def run(timeouts: tuple[float | None, float | None], calls: list[Call]) -> None:
        nonlocal made
        made += check(kind, [Call(end, "settimeout", timeouts[end]) for end in (0, 1)] + calls)

    run()
    assert made > 300
