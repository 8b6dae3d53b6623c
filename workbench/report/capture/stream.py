"""One connection as TCP segments: handshake, data with its acknowledgements, FIN or RST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.report.capture.frames import ACK, FIN, LARGEST_SEGMENT, PUSH, RST, SYN, SYN_OPTIONS, Host, tcp

_STEP = 2_654_435_761  # 2**32 divided by the golden ratio: first sequence numbers far apart, the same every time


@dataclass(slots=True)
class _Side:
    host: Host
    next: int
    """Sequence number of its next byte."""
    pending: int
    """Calls whose bytes it has still to send."""
    sent: int = 0
    finishing: bool = False
    finished: bool = False


class Stream:
    """A connection from side 0 to side 1; every method yields the frames that it takes, in order.

    A side's FIN waits until its data has gone, whatever the order of the calls: *pending* tells how many pieces each
    side has. The other side acknowledges each piece at once.
    """

    def __init__(self, number: int, hosts: tuple[Host, Host], pending: tuple[int, int]) -> None:
        """*number*: of the connection in its capture, so that one on the same ports as another is not taken for it."""
        firsts = (number * _STEP, number * _STEP + _STEP // 2)
        self._sides = [_Side(*its) for its in zip(hosts, firsts, pending, strict=True)]
        self._opened = self._reset = False

    def sent(self, side: int) -> int:
        """Return how many bytes of data *side* has sent so far."""
        return self._sides[side].sent

    def open(self) -> Iterator[bytes]:
        """Connect, unless that is done."""
        if self._opened:
            return
        self._opened = True
        yield self._segment(0, SYN, options=SYN_OPTIONS)
        yield self._segment(1, SYN | ACK, options=SYN_OPTIONS)
        yield self._segment(0, ACK)

    def data(self, side: int, data: bytes) -> Iterator[bytes]:
        """Send one piece."""
        yield from self.open()
        its = self._sides[side]
        for start in range(0, len(data), LARGEST_SEGMENT):
            part = data[start : start + LARGEST_SEGMENT]
            yield self._segment(side, ACK | (PUSH if start + len(part) == len(data) else 0), part)
        its.sent += len(data)
        its.pending -= 1
        yield self._segment(1 - side, ACK)
        if its.finishing:
            yield from self.finish(side)

    def finish(self, side: int) -> Iterator[bytes]:
        """Send FIN, as close and shutdown do, now or behind the last piece."""
        its = self._sides[side]
        if its.finished or self._reset:
            return
        its.finishing = True
        if its.pending <= 0:
            its.finished = True
            yield from self.open()
            yield self._segment(side, FIN | ACK)
            yield self._segment(1 - side, ACK)

    def reset(self, side: int) -> Iterator[bytes]:
        """Send RST, unless the connection has ended."""
        if not self._reset and not all(its.finished for its in self._sides):
            yield from self.open()
            self._reset = True
            yield self._segment(side, RST | ACK)

    def _segment(self, side: int, flags: int, data: bytes = b"", options: bytes = b"") -> bytes:
        its, other = self._sides[side], self._sides[1 - side]
        frame = tcp(its.host, other.host, its.next, other.next if flags & ACK else 0, flags, data, options)
        its.next += len(data) + bool(flags & (SYN | FIN))
        return frame
