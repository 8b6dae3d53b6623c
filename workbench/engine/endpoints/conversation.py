"""A connection as a person's own function speaks with it: `def serve(conn)`, in a thread of its own."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

from workbench.engine.endpoints.driven import Driven
from workbench.engine.sockets.waker import current
from workbench.engine.state import Outcome

_MOST = 1 << 20
"""Bytes that `until` looks through by default."""


class Conversation:
    """One connection, from accept to its end. Each call here is one or more real ones; what fails raises OSError.

    It is closed when the function returns, unless that has been done before.
    """

    def __init__(self, endpoint: Driven) -> None:
        self._endpoint = endpoint
        self._rest = b""

    @property
    def number(self) -> int:
        """Its number among the connections of this server, from 1."""
        return self._endpoint.number

    @property
    def peer(self) -> Any:
        """The peer's address as the JSON of a call has it: [host, port], a path, or "" where it has none."""
        return self._endpoint.peer

    # --- receiving --------------------------------------------------------------------------------------------------

    def recv(self, most: int | None = None) -> bytes:
        """Return what is there, waiting for some: at most *most* bytes (else --recv N); b"" at the end."""
        if self._rest:
            taken, self._rest = self._rest[:most], self._rest[len(self._rest[:most]) :]
            return taken
        outcome = self._endpoint.receive_once(most)
        return bytes(_result(outcome))

    def until(self, end: bytes, most: int = _MOST) -> bytes:
        """Return the bytes up to and with *end*; EOFError where the peer ends before, ValueError after *most* bytes."""
        data = b""
        while (at := data.find(end)) < 0:
            if len(data) > most:
                raise ValueError(f"{end!r} did not come within {most} bytes")
            data += self._more(f"{end!r}")
        at += len(end)
        self._rest = data[at:] + self._rest
        return data[:at]

    def line(self) -> str:
        """Return the next line without its end, as text."""
        return self.until(b"\n").decode("utf-8", "backslashreplace").rstrip("\r\n")

    def exactly(self, size: int) -> bytes:
        """Return *size* bytes; EOFError where the peer ends before."""
        data = b""
        while len(data) < size:
            data += self._more(f"{size} bytes")
        self._rest = data[size:] + self._rest
        return data[:size]

    def __iter__(self) -> Iterator[bytes]:
        """Yield what comes, recv by recv, until the end."""
        while data := self.recv():
            yield data

    def _more(self, wanted: str) -> bytes:
        data = self.recv()
        if not data:
            raise EOFError(f"the peer ended before {wanted} came")
        return data

    # --- sending ----------------------------------------------------------------------------------------------------

    def send(self, data: bytes | str) -> None:
        """Send all of it, with one sendall; text as UTF-8."""
        _result(self._endpoint.make("sendall", data.encode() if isinstance(data, str) else data))

    def pieces(self, data: bytes | str, *sizes: int, pause: float = 0.0) -> None:
        """Send it in pieces of these sizes, the last one again and again, with *pause* seconds between them."""
        left = data.encode() if isinstance(data, str) else bytes(data)
        if not all(size > 0 for size in sizes):
            raise ValueError("a piece has at least one byte")
        turn = 0
        while left:
            size = sizes[min(turn, len(sizes) - 1)] if sizes else 1
            self.send(left[:size])
            left, turn = left[size:], turn + 1
            if left and pause:
                self.sleep(pause)

    # --- time and ends ----------------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Do nothing for so long; stopping the server ends it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            current().pause(left)

    def timeout(self, seconds: float | None) -> None:
        """Call settimeout: what waits longer raises TimeoutError."""
        _result(self._endpoint.make("settimeout", seconds))

    def half_close(self) -> None:
        """Call shutdown(SHUT_WR): the peer reads to the end, and may still send."""
        _result(self._endpoint.make("shutdown", socket.SHUT_WR))

    def close(self) -> None:
        """Close it."""
        if not self._endpoint.closed:
            self._endpoint.give_back()

    def reset(self) -> None:
        """Close it with RST instead of FIN."""
        if not self._endpoint.closed:
            self._endpoint.reset_and_give_back()


def _result(outcome: Outcome) -> Any:
    if outcome.error is not None:
        raise outcome.error
    return outcome.result
