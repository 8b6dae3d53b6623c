"""What changed over time at one endpoint, and how a stream was cut into recvs: numbers for small plots."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

SAMPLES = 600
"""Samples that are kept: half a minute at 20 a second."""


class Sample(NamedTuple):
    """Bytes in the receive queue and in the send queue at *time* (s), and bytes that recv returned since the last one.

    None where the system does not tell.
    """

    time: float
    queued: int | None
    unacknowledged: int | None
    received: int


@dataclass(slots=True)
class SampleHistory:
    """The last samples of one endpoint. *received_in_all* is its `EndpointState.bytes_in`."""

    capacity: int = SAMPLES
    samples: deque[Sample] = field(default_factory=deque)
    _received: int = -1

    def add(self, time: float, queued: int | None, unacknowledged: int | None, received_in_all: int) -> None:
        """Append a sample, and drop the oldest where there are too many."""
        received = 0 if self._received < 0 else max(0, received_in_all - self._received)
        self._received = received_in_all
        self.samples.append(Sample(time, queued, unacknowledged, received))
        while len(self.samples) > self.capacity:
            self.samples.popleft()

    def clear(self) -> None:
        """Forget all, as for another endpoint."""
        self.samples.clear()
        self._received = -1


def peaks(values: Iterable[int | None], columns: int) -> list[int | None]:
    """Return the largest value of each of *columns* spans, so that no peak is lost; fewer values are not stretched."""
    found = list(values)
    if columns <= 0:
        return []
    if len(found) <= columns:
        return found
    edges = [index * len(found) // columns for index in range(columns + 1)]
    spans = (found[begin:stop] for begin, stop in pairwise(edges))
    return [max((value for value in span if value is not None), default=None) for span in spans]


class Bucket(NamedTuple):
    """How many *recvs* returned *low* to *high* bytes."""

    low: int
    high: int
    recvs: int


@dataclass(slots=True)
class Sizes:
    """How a stream was cut: its recvs by size, in powers of two. 0 stands apart: the end of the stream."""

    _counts: Counter[int] = field(default_factory=Counter)
    recvs: int = 0
    bytes: int = 0
    largest: int = 0

    def add(self, length: int) -> None:
        """Count a recv that returned *length* bytes."""
        self._counts[length.bit_length()] += 1
        self.recvs += 1
        self.bytes += length
        self.largest = max(self.largest, length)

    def buckets(self) -> tuple[Bucket, ...]:
        """Return the buckets from the smallest to the largest recv, empty ones between them included."""
        sized = sorted(bits for bits in self._counts if bits)
        zero = [Bucket(0, 0, self._counts[0])] if self._counts[0] else []
        if not sized:
            return tuple(zero)
        return (
            *zero,
            *(Bucket(1 << bits - 1, (1 << bits) - 1, self._counts[bits]) for bits in range(sized[0], sized[-1] + 1)),
        )
