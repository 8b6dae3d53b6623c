"""How a lens reads: a parser is a generator that asks for bytes, and is resumed once the stream brought them.

Two rules. What a request gives depends on the stream alone, never on how it was cut into pieces. And a request counts
what it takes but keeps only the first bytes of it, so a declared length of 4 GB costs nothing.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache

KEPT = 64  # bytes that a request keeps unless told, enough for a label
DIGITS = b"0123456789"
MOST_DIGITS = 18  # of a length, which then fits into 63 bits
_ENDLESS = 1 << 63


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the stream: its bytes from offset *start* up to *stop*, prefix and delimiter included."""

    start: int
    stop: int
    kind: str
    label: str
    """A short text for a person; it went through safe()."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes *start* up to *stop* that make no frame, and why. *lost*: nothing after them can be cut either."""

    start: int
    stop: int
    reason: str
    lost: bool = False


Found = Frame | Broken


class Cursor:
    """Where a parser stands: *at* bytes of the stream are taken; the frame that it is in began at *start*."""

    __slots__ = ("at", "between", "start", "whole")

    def __init__(self) -> None:
        self.at = self.start = 0
        self.whole: int | None = None
        """The length of the frame, as soon as the stream has told it."""
        self.between = False
        """Whether what is being taken belongs to no frame, such as white space."""

    def begin(self, start: int | None = None) -> None:
        """Begin a frame at *start*, or here."""
        self.start = self.at if start is None else start
        self.whole, self.between = None, False

    def frame(self, kind: str, label: str) -> Frame:
        """Return the frame that ends here."""
        return Frame(self.start, self.at, kind, label)

    def broken(self, reason: str, *, lost: bool = False) -> Broken:
        """Return the bytes since the frame's start as broken."""
        return Broken(self.start, self.at, reason, lost)


class Request(ABC):
    """Bytes that a parser asks for; resumed with the request itself, it finds in it what came."""

    at_end = False
    """Whether the end of the stream fulfils the request."""

    def __init__(self, limit: int = _ENDLESS, keep: int = KEPT) -> None:
        """Ask for *limit* bytes at most and keep the first *keep* of them."""
        self.kept = bytearray()
        self.done = False
        self._left = limit
        self._keep = keep

    def feed(self, data: bytes, at: int) -> int:
        """Take what it wants of *data* from index *at* on; return the index where it stopped."""
        stop = self._stop(data, at, min(len(data), at + self._left))
        self.kept += data[at : min(stop, at + self._keep - len(self.kept))]
        self._left -= stop - at
        self.done = self.done or not self._left
        return stop

    @abstractmethod
    def _stop(self, data: bytes, at: int, upto: int) -> int:
        """Return where to stop, *upto* at the latest; set done if more data would change nothing."""


class Exactly(Request):
    """So many bytes."""

    def _stop(self, data: bytes, at: int, upto: int) -> int:
        return upto


class Rest(Exactly):
    """All up to the end of the stream."""

    at_end = True


class Until(Request):
    """All bytes up to the first of *stops*, that one included."""

    def __init__(self, stops: bytes, limit: int = _ENDLESS, keep: int = KEPT) -> None:
        super().__init__(limit, keep)
        self._pattern = _any_of(stops)

    def _stop(self, data: bytes, at: int, upto: int) -> int:
        if (found := self._pattern.search(data, at, upto)) is None:
            return upto
        self.done = True
        return found.end()


class Span(Request):
    """All bytes that are among *members*, which may be none; it needs the byte after them to know."""

    at_end = True

    def __init__(self, members: bytes, limit: int = _ENDLESS, keep: int = KEPT) -> None:
        super().__init__(limit, keep)
        self._others = _any_of(members, but=True)

    def _stop(self, data: bytes, at: int, upto: int) -> int:
        if (found := self._others.search(data, at, upto)) is None:
            return upto
        self.done = True
        return found.start()


@cache
def _any_of(stops: bytes, but: bool = False) -> re.Pattern[bytes]:
    return re.compile(b"[" + b"^" * but + re.escape(stops) + b"]")


Parser = Generator[Request | Found, Request, None]
"""Yields requests, and what it found; ends where nothing more can be cut."""
