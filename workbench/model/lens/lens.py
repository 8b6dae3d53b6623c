"""Lenses: ways to cut one direction of a stream into frames, however it came in pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workbench.model.lens.formats import delimited, fixed, header_json, length_text, netstring, packed
from workbench.model.lens.http import http
from workbench.model.lens.json_texts import json_texts
from workbench.model.lens.parser import Broken, Cursor, Found, Frame, Parser, Request

__all__ = [
    "LENSES",
    "LENS_NAMES",
    "Broken",
    "Format",
    "Found",
    "Frame",
    "Lens",
    "Pending",
    "UnknownLens",
    "find_format",
]


class UnknownLens(ValueError):
    """No lens goes by that name; the message says which ones there are."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of a stream: its *name*, what it calls a frame, and what makes its parser."""

    name: str
    unit: str
    parser: Callable[[Cursor], Parser]
    what: str
    """One line for a list of lenses."""


@dataclass(frozen=True, slots=True)
class Pending:
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
    def pending(self) -> Pending | None:
        """The frame that has begun and not ended, if there is one."""
        cursor = self._cursor
        if self._request is None or cursor.between or cursor.at == cursor.start:
            return None
        return Pending(cursor.start, cursor.at - cursor.start, cursor.whole)

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
            stop = self._request.take(data, at)
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


def find_format(name: str) -> Format:
    """Return the format of that name, such as "lines" or "fixed-16", also written "fixed(16)"; raises UnknownLens."""
    if name in LENSES:
        return LENSES[name]
    if found := re.fullmatch(r"fixed(?:-([1-9]\d{0,8})|\(([1-9]\d{0,8})\))", name, re.ASCII):
        size = found[1] or found[2]
        return Format(f"fixed-{size}", "block", fixed(int(size)), f"blocks of {size} bytes")
    raise UnknownLens(f"there is no lens {name!r}: there are {', '.join(LENS_NAMES)}")


def _packed_formats() -> Iterator[Format]:
    for width in (1, 2, 4):
        bits = width * 8
        what = f"the length in {width} byte{'s' * (width > 1)}{{}}, then the data"
        big, little = ", big endian" * (width > 1), ", little endian"
        yield Format(f"length-u{bits}", "message", packed(width, False), what.format(big))
        if width > 1:
            yield Format(f"length-u{bits}be", "message", packed(width, False), what.format(big))
            yield Format(f"length-u{bits}le", "message", packed(width, True), what.format(little))


LENSES = {
    format.name: format
    for format in (
        Format("lines", "line", delimited(b"\n", "line"), r"lines, each ending with \n"),
        Format("nul", "text", delimited(b"\0", "text"), r"texts, each ending with \0"),
        *_packed_formats(),
        Format("length-text", "message", length_text, r"the length in digits (and \n), then the data"),
        Format("netstring", "netstring", netstring, "netstrings: 5:hello,"),
        Format("json", "JSON text", json_texts, "JSON texts one after another"),
        Format("header-json", "file", header_json(False), "u32 length of a JSON header with the size, header, body"),
        Format("header-json-le", "file", header_json(True), "the same with a little-endian length"),
        Format("http", "message", http, "HTTP/1 requests or responses"),
    )
}
"""The formats by name; "fixed-N" stands for any N."""

LENS_NAMES = (*LENSES, "fixed-N")
