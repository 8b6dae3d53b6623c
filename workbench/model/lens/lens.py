"""Lenses: ways to cut one direction of a stream into frames, however it came in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.model.lens.parser import Cursor, Found, Request
from workbench.model.lens.registry import find_format


@dataclass(frozen=True, slots=True)
class PartialFrame:
    """A frame that has begun and not ended: *have* bytes of *whole*, which is None where the stream has not told it."""

    start: int
    have: int
    whole: int | None


class Lens:
    """Cuts one direction of a stream into frames; what it keeps of it is bounded, whatever lengths it declares."""

    def __init__(self, name: str) -> None:
        """Begin at offset 0 of a stream in format *name*; raises UnknownLens."""
        self.format = find_format(name)
        self._cursor = Cursor()
        self._parser = self.format.parser(self._cursor)
        self._request: Request | None = None
        self._begun = self._ended = False

    def feed(self, data: bytes) -> list[Found]:
        """Take in the next piece of the stream, of any length; return what ends or breaks with it."""
        if self._ended:
            return []
        return list(self._feed(data))

    def end(self, what: str = "stream") -> list[Found]:
        """Take in that the stream has ended; return the frame that ends with it, or what is left of one as Broken.

        *what*: what has ended, for the words; the lens of a single datagram ends with it.
        """
        if self._ended:
            return []
        found = self.feed(b"")
        while self._request is not None and self._request.at_end:
            found += self._resume()
            found += self._feed(b"")
        if pending := self.pending:
            have = "1 byte" if pending.have == 1 else f"{pending.have} bytes"
            count = have if pending.whole is None else f"{pending.have} of {pending.whole} bytes"
            found.append(self._cursor.broken(f"the {what} ends inside a {self.format.unit}, after {count}"))
        self._ended, self._request = True, None
        self._parser.close()
        return found

    @property
    def pending(self) -> PartialFrame | None:
        """The frame that has begun and not ended, if there is one."""
        cursor = self._cursor
        if self._request is None or cursor.between or cursor.at == cursor.start:
            return None
        return PartialFrame(cursor.start, cursor.at - cursor.start, cursor.whole)

    @property
    def lost(self) -> bool:
        """Whether a broken frame has made it impossible to cut what follows."""
        return self._begun and self._request is None and not self._ended

    def _feed(self, data: bytes) -> Iterator[Found]:
        if not self._begun:
            self._begun = True
            yield from self._resume()
        at = 0
        while self._request is not None:
            stop = self._request.feed(data, at)
            self._cursor.at += stop - at
            at = stop
            if not self._request.done:
                return
            yield from self._resume()

    def _resume(self) -> Iterator[Found]:
        """Run the parser up to its next request."""
        request, self._request = self._request, None
        try:
            step = next(self._parser) if request is None else self._parser.send(request)
            while not isinstance(step, Request):
                self._cursor.begin()
                yield step
                step = next(self._parser)
            self._request = step
        except StopIteration:
            return
