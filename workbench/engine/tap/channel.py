"""One direction of a tapped connection: what waits to be sent, and when each piece is due. It knows no sockets."""

from __future__ import annotations

from collections import deque
from random import Random

from workbench.engine.tap.toxics import Toxics

_ROOM = 1 << 18
"""Bytes that may wait before no more are received: what is beyond waits in the kernel, and holds the sender up."""
_TICK = 0.02
"""Seconds in which a limited rate lets a piece pass."""
_SWAP = 0.05
"""Seconds that a datagram waits for the one that is to overtake it."""


class Channel:
    """The pieces of a stream in order. Times are the caller's monotonic seconds."""

    def __init__(self, toxics: Toxics, random: Random) -> None:
        self.toxics, self._random = toxics, random
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._size = self._fed = self._sent = 0
        self._last_due = self._free_at = 0.0
        self._merging_since: float | None = None
        self.ended = False
        """Whether no more is fed."""

    @property
    def has_room(self) -> bool:
        """Whether more may be fed."""
        return self._size < _ROOM and not self.stalled and not self.ended

    @property
    def stalled(self) -> bool:
        """Whether nothing passes any more."""
        return self.toxics.stall_after is not None and self._fed >= self.toxics.stall_after

    @property
    def cut(self) -> bool:
        """Whether the bytes that may pass have passed."""
        return self.toxics.limit is not None and self._sent >= self.toxics.limit

    @property
    def resets(self) -> bool:
        """Whether the bytes have passed after which the connection is reset."""
        return self.toxics.reset_after is not None and self._sent >= self.toxics.reset_after

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def feed(self, data: bytes, now: float) -> None:
        """Take in what was received."""
        toxics, empty = self.toxics, not data
        for most in (toxics.limit, toxics.reset_after, toxics.stall_after):
            if most is not None:
                data = data[: max(0, most - self._fed)]
        self._fed += len(data)
        self._size += len(data)
        if toxics.merge and self._waiting and self._merging_since is not None:
            due, before = self._waiting.pop()
            self._waiting.append((due, before + data))
            return
        for piece in self._cut(data) if not toxics.merge else [data]:
            if piece or empty:
                self._waiting.append((self._due(piece, now), piece))
        self._merging_since = now if toxics.merge and data else None

    def _cut(self, data: bytes) -> list[bytes]:
        toxics, pieces, at = self.toxics, [], 0
        most = max(1, int(toxics.rate * _TICK)) if toxics.rate else len(data)
        if toxics.slice is None and most >= len(data):
            return [data]
        while at < len(data):
            size = self._random.randint(*toxics.slice) if toxics.slice else most
            pieces.append(data[at : at + size])
            at += size
        return pieces

    def _due(self, piece: bytes, now: float) -> float:
        """Return when a piece is to be sent: never before the one ahead of it."""
        toxics = self.toxics
        if not toxics.delays:
            return now
        delay = toxics.latency + (self._random.uniform(-toxics.jitter, toxics.jitter) if toxics.jitter else 0.0)
        due = max(self._last_due, now + max(0.0, delay) + toxics.merge)
        if toxics.rate:
            due = max(due, self._free_at)
            self._free_at = due + len(piece) / toxics.rate
        self._last_due = due
        return due

    def next_due(self) -> float | None:
        """Return when the first piece is due; None where nothing waits."""
        return self._waiting[0][0] if self._waiting else None

    def head(self, now: float) -> bytes | None:
        """Return the piece to send now, if one is due."""
        if not self._waiting or self._waiting[0][0] > now:
            return None
        self._merging_since = self._merging_since if len(self._waiting) > 1 else None
        return self._waiting[0][1]

    def sent(self, size: int) -> None:
        """Take away the first bytes of the piece, which have been sent."""
        due, piece = self._waiting.popleft()
        self._size -= size
        self._sent += size
        if size < len(piece):
            self._waiting.appendleft((due, piece[size:]))


class Datagrams:
    """The datagrams of one sender in one direction: each stays whole, and may be lost, doubled or overtaken."""

    def __init__(self, toxics: Toxics, random: Random) -> None:
        self._toxics, self._random = toxics, random
        self._waiting: list[tuple[float, int, bytes]] = []
        self._number = 0
        self._free_at = self._last_due = 0.0
        self._held: bytes | None = None

    def feed(self, data: bytes, now: float) -> None:
        """Take in a datagram."""
        toxics, draw = self._toxics, self._random.random
        if toxics.drop and draw() < toxics.drop:
            return
        copies = 2 if toxics.dup and draw() < toxics.dup else 1
        overtaken, self._held = self._held, None
        if toxics.reorder and overtaken is None and draw() < toxics.reorder:
            self._held = data
            self._put(data, now + _SWAP, copies)
            return
        self._put(data, now, copies)
        if overtaken is not None:
            self._waiting = [one for one in self._waiting if one[2] is not overtaken]
            self._put(overtaken, now, 1)

    def _put(self, data: bytes, now: float, copies: int) -> None:
        toxics = self._toxics
        for _ in range(copies):
            jitter = self._random.uniform(-toxics.jitter, toxics.jitter) if toxics.jitter else 0.0
            due = now + max(0.0, toxics.latency + jitter)
            if toxics.rate:
                due = max(due, self._free_at)
                self._free_at = due + len(data) / toxics.rate
            self._number += 1
            self._waiting.append((due, self._number, data))
        self._waiting.sort(key=lambda one: one[:2])

    def next_due(self) -> float | None:
        """Return when the next datagram is due."""
        return self._waiting[0][0] if self._waiting else None

    def take_due(self, now: float) -> list[bytes]:
        """Take out those that are to be sent now."""
        due = [data for when, _, data in self._waiting if when <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        if self._held is not None and any(data is self._held for data in due):
            self._held = None
        return due
