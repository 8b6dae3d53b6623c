"""What the kernel says at this moment, asked past the recorder: the other side of every claim."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

STATES = {1: "ESTABLISHED", 2: "SYN_SENT", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT", 7: "CLOSE", 8: "CLOSE_WAIT",
          9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING"}  # fmt: skip


def until(holds: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait until *holds*; tell whether it came about."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def states(port: int) -> set[tuple[int, str]]:
    """Return local port and state of every TCP socket at *port*, as /proc/net/tcp and tcp6 have them."""
    found = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(path):
            continue
        with open(path) as file:
            for line in file.readlines()[1:]:
                _, local, remote, state, *_ = line.split()
                here, there = (int(address.rpartition(":")[2], 16) for address in (local, remote))
                if port in (here, there):
                    found.add((here, STATES.get(int(state, 16), state)))
    return found


def udp_drops(port: int) -> int | None:
    """Return how many datagrams the UDP socket at *port* has dropped; None where nobody has the port."""
    with open("/proc/net/udp") as file:
        for line in file.readlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                return int(fields[-1])
    return None


def state(sock: socket.socket) -> str:
    """Return a TCP socket's state (TCP_INFO)."""
    return STATES[socket.socket.getsockopt(sock, socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]]


def accept_queue(listener: socket.socket) -> tuple[int, int]:
    """Return how many connections wait at a listener, and how many may (TCP_INFO; the most is one more)."""
    info = socket.socket.getsockopt(listener, socket.IPPROTO_TCP, socket.TCP_INFO, 32)
    return struct.unpack_from("II", info, 24)


def queued(sock: socket.socket, which: int = termios.FIONREAD) -> int:
    """Return the bytes in a receive queue; with TIOCOUTQ those sent and not acknowledged."""
    return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), which, bytes(4)))[0])


CAN_CAPTURE = shutil.which("tcpdump") is not None and os.geteuid() == 0


class Capture:
    """tcpdump on the loopback interface, for one port: `flags()` are those of its segments so far, in order."""

    def __init__(self, port: int) -> None:
        self._command = ["tcpdump", "-i", "lo", "-n", "-l", "--immediate-mode", f"tcp port {port}"]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "listening on" in line:
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.communicate()

    def flags(self) -> list[tuple[int, str]]:
        """End the capture; return source port and flags of each segment: (6789, "F."), (6789, "R") …"""
        time.sleep(0.1)  # tcpdump has no word for "nothing more": what is on the way gets this long to arrive
        self._process.terminate()
        text, _ = self._process.communicate()
        return [(int(port), flags) for port, flags in re.findall(r"\.(\d+) > \S+ Flags \[([^\]]+)\]", text)]
