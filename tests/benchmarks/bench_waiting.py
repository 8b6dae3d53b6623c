"""What it costs that a socket's waits can be cancelled: python tests/bench/bench_waiting.py prints the ratios."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.engine.waits import pair
from workbench.engine.sockets.waiting_socket import WaitingSocket, Waker

ROUNDS = 20_000
FLOOD = 1 << 28


def best(run: Callable[[], Any], times: int = 5) -> float:
    """Seconds of the fastest run."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def one_thread(make: type[socket.socket], kind: str, timeout: float | None) -> float:
    """Microseconds of a send and the recv of its bytes, both of which find all they need."""
    one, other = pair(kind, make)
    one.settimeout(timeout)
    other.settimeout(timeout)

    def run() -> None:
        for _ in range(ROUNDS):
            one.send(b"x" * 100)
            other.recv(1024)

    return best(run) / ROUNDS * 1e6


def ping_pong(make: type[socket.socket], kind: str, timeout: float | None) -> float:
    """Microseconds of a round between two threads, in which both recvs have to wait."""
    one, other = pair(kind, make)
    for sock in one, other:
        sock.settimeout(timeout)

    def answer() -> None:
        with Waker().installed():
            while data := other.recv(1024):
                other.send(data)

    def run() -> None:
        for _ in range(ROUNDS // 4):
            one.send(b"x" * 100)
            one.recv(1024)

    thread = threading.Thread(target=answer)
    thread.start()
    with Waker().installed():
        microseconds = best(run) / (ROUNDS // 4) * 1e6
    other.settimeout(1)
    one.shutdown(socket.SHUT_RDWR) if "dgram" not in kind else one.send(b"")
    thread.join()
    return microseconds


def flood(make: type[socket.socket], kind: str, timeout: float | None) -> float:
    """Microseconds per 64 KiB of one sendall to a thread that receives all of it."""
    one, other = pair(kind, make)
    data = bytes(FLOOD)
    for sock in one, other:
        sock.settimeout(timeout)

    def receive() -> None:
        left = FLOOD
        while left:
            left -= len(other.recv(1 << 16))

    def run() -> None:
        thread = threading.Thread(target=receive)
        thread.start()
        one.sendall(data)
        thread.join()

    return best(run, 3) / (FLOOD >> 16) * 1e6


def main() -> None:
    print(f"{'':44}{'plain':>9}{'waiting':>9}{'ratio':>7}")
    for measure, kinds in (
        (one_thread, ("tcp", "unix", "udp")),
        (ping_pong, ("tcp", "unix")),
        (flood, ("tcp", "unix")),
    ):
        for kind in kinds:
            for timeout in None, 5.0:
                plain, waiting = (measure(make, kind, timeout) for make in (socket.socket, WaitingSocket))
                title = f"{measure.__name__}, {kind}, timeout {timeout}"
                print(f"{title:44}{plain:6.2f} µs{waiting:6.2f} µs{waiting / plain:7.2f}")


if __name__ == "__main__":
    main()
