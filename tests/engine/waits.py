"""What the tests of waiting sockets share: pairs of sockets, and calls that are blocked in a thread of their own."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.engine.sockets.waiting_socket import Cancelled, Waker

KINDS = ("tcp", "udp", "unix", "unix-dgram", "unix-seqpacket")
STREAMS = ("tcp", "unix")
SMALL = 4096

AGAIN = ("BlockingIOError", errno.EAGAIN, "[Errno 11] Resource temporarily unavailable")
TIMED_OUT = ("TimeoutError", None, "timed out")
RESET = ("ConnectionResetError", errno.ECONNRESET, "[Errno 104] Connection reset by peer")
BROKEN = ("BrokenPipeError", errno.EPIPE, "[Errno 32] Broken pipe")
REFUSED = ("ConnectionRefusedError", errno.ECONNREFUSED, "[Errno 111] Connection refused")


def pair(kind: str, make: type[socket.socket] = socket.socket, small: bool = False) -> tuple[Any, Any]:
    """Two connected sockets of the class `make`; `small`: with the smallest useful buffers."""
    if kind == "tcp":
        with make() as listener:
            if small:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            one = make()
            if small:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
            one.connect(listener.getsockname())
            other = listener.accept()[0]
    elif kind == "udp":
        one, other = make(type=socket.SOCK_DGRAM), make(type=socket.SOCK_DGRAM)
        for end in one, other:
            end.bind(("127.0.0.1", 0))
        one.connect(other.getsockname())
        other.connect(one.getsockname())
    else:
        type_ = {"unix": socket.SOCK_STREAM, "unix-dgram": socket.SOCK_DGRAM}.get(kind, socket.SOCK_SEQPACKET)
        one, other = (
            make(socket.AF_UNIX, type_, 0, plain.detach()) for plain in socket.socketpair(socket.AF_UNIX, type_)
        )
        if small:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    return one, other


def listener(make: type[socket.socket] = socket.socket, backlog: int = 5) -> Any:
    """A TCP listener on a port of its own."""
    sock = make()
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock


def nobody() -> tuple[str, int]:
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        host, port = sock.getsockname()
        return host, port


def reset(sock: socket.socket) -> None:
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()


def outcome(call: Callable[[], Any]) -> Any:
    """What a call returned, or the type, errno and message of what it raised."""
    try:
        return call()
    except OSError as error:
        return type(error).__name__, error.errno, str(error)


def fill(sock: socket.socket, size: int = 2000) -> int:
    """Send until no more goes in, and return how many bytes did."""
    timeout, sent = sock.gettimeout(), 0
    sock.setblocking(False)
    try:
        while True:
            sent += sock.send(bytes(size))
    except BlockingIOError:
        sock.settimeout(timeout)
        return sent


class Blocked:
    """A call in a thread of its own, once it waits in the kernel (or has returned at once)."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.waker = Waker()
        self._call = call
        self._outcome: list[Any] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 5
        while self._thread.is_alive() and not self.waits():
            assert time.monotonic() < deadline, "neither returned nor waits"
            time.sleep(0.001)

    def _run(self) -> None:
        with self.waker.installed():
            try:
                self._outcome.append(outcome(self._call))
            except Cancelled as cancelled:
                self._outcome.append(cancelled)
        self.waker.close()

    def waits(self) -> bool:
        """Tell whether the thread sleeps in a system call that is not Python's own lock."""
        try:
            place = Path(f"/proc/self/task/{self._thread.native_id}/wchan").read_text()
        except OSError:
            return False
        return place not in ("", "0") and not place.startswith("futex")

    def outcome(self, timeout: float = 5) -> Any:
        """What the call returned or raised, as the function `outcome` gives it; an exception of ours as itself."""
        self._thread.join(timeout)
        assert self._outcome, f"still blocked after {timeout} s"
        return self._outcome[0]

    def done(self) -> bool:
        """Tell whether the call is over."""
        return not self._thread.is_alive()
