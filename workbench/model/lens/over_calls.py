"""A lens laid over the calls of a session: which frames begin and end in each, and what a naive program makes of it.

Each socket has a lens for either direction. Calls go in by their order in the journal, all of them, since a frame may
have begun many calls ago; the log shows what it likes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.model.call.call import Call
from workbench.model.lens.lens import Lens
from workbench.model.lens.naive import NaiveProgram
from workbench.model.lens.parser import Broken, Found, Frame
from workbench.model.lens.registry import find_format

_NAMED = 3  # that many frames are told one by one, the rest are counted


@dataclass(frozen=True, slots=True)
class Mark:
    """The part of a frame that lies in one call: bytes *start* up to *stop* of the call's data."""

    number: int
    """The frame's number in its direction of the stream, from 1; broken bytes have 0."""
    start: int
    stop: int
    begins: bool
    """Whether the frame's first byte is in this call."""
    ends: bool
    """Whether its last byte is; a call with it completed the frame."""
    found: Found | None
    """The frame, or what is broken; None while it has not ended."""


@dataclass(frozen=True, slots=True)
class Framing:
    """What one call has to do with frames."""

    marks: tuple[Mark, ...]
    """In the order of the bytes."""
    notes: tuple[str, ...]
    """On the frames, for a person; each went through safe()."""
    slip: str = ""
    """What a program does wrong that takes this one recv for one message, with its exception; "" for nothing."""


class FramedLog:
    """Lays one lens over all streams of a session."""

    def __init__(self, lens: str) -> None:
        """*lens*: such as "lines"; raises UnknownLens."""
        self.lens = find_format(lens).name
        self._streams: dict[tuple[str, bool], _Stream] = {}

    def feed(self, call: Call) -> Framing | None:
        """Take in the next call of the session; return what it has to do with frames, None for nothing."""
        if call.peek or not call.socket:
            return None
        if call.datagram:
            return _Stream(self.lens).datagram(call) if call.data else None
        if call.data:
            return self._stream(call, call.receives).add(call)
        if _ends_receiving(call):
            return self._end(call, True)
        return self._end(call, False) if _ends_sending(call) else None

    def _stream(self, call: Call, receives: bool) -> _Stream:
        key = (call.socket, receives)
        if key not in self._streams:
            self._streams[key] = _Stream(self.lens)
        return self._streams[key]

    def _end(self, call: Call, receives: bool) -> Framing | None:
        stream = self._streams.pop((call.socket, receives), None)
        return stream.end(call) if stream else None


class _Stream:
    """One direction of a stream, as one of its ends sees it."""

    def __init__(self, lens: str) -> None:
        self._lens = Lens(lens)
        self._program = NaiveProgram(self._lens.format)
        self._frames = 0
        self._taken = 0
        self._begun = 0  # seq of the call with the first byte of the frame that has not ended
        self._broke = 0  # seq of the call after which nothing can be cut

    def add(self, call: Call) -> Framing:
        """Take in a call that moved bytes."""
        if self._broke:
            return Framing((), (f"not cut into frames: broken since #{self._broke}",))
        return self._framing(call, self._lens.feed(call.data))

    def datagram(self, call: Call) -> Framing:
        """Take in a datagram, whose frames all end with it."""
        return self._framing(call, self._lens.feed(call.data) + self._lens.end("datagram"))

    def end(self, call: Call) -> Framing | None:
        """Take in that the stream has ended."""
        found = self._lens.end()
        return self._framing(call, found) if found else None

    def _framing(self, call: Call, found: Sequence[Found]) -> Framing:
        base, self._taken = self._taken, self._taken + len(call.data)
        marks = tuple(self._marks(found, base, len(call.data)))
        notes = tuple(self._notes(marks))
        slip = self._slip(call.data, marks) if call.receives else ""
        if found:
            self._begun = 0
        if self._lens.pending:
            self._begun = self._begun or call.seq
        if self._lens.lost:
            self._broke = call.seq
        return Framing(marks, notes, slip)

    def _slip(self, data: bytes, marks: Sequence[Mark]) -> str:
        """Say what a naive program does wrong, also where it raises nothing and goes on with what is no message."""
        if slip := self._program.receive(data):
            return slip.text
        if not data or self._program.takes_two or any(isinstance(mark.found, Broken) for mark in marks):
            return ""
        unit = self._lens.format.unit
        if marks and not marks[0].begins:
            return f"one recv taken for one message: a piece of frame {marks[0].number} taken for a whole {unit}"
        return f"one recv taken for one message: {len(marks)} {unit}s taken for one" if len(marks) > 1 else ""

    def _marks(self, found: Sequence[Found], base: int, length: int) -> Iterator[Mark]:
        for one in found:
            number = 0
            if isinstance(one, Frame):
                self._frames += 1
                number = self._frames
            yield Mark(number, max(0, one.start - base), max(0, one.stop - base), one.start >= base, True, one)
        if pending := self._lens.pending:
            yield Mark(self._frames + 1, max(0, pending.start - base), length, pending.start >= base, False, None)

    def _notes(self, marks: Sequence[Mark]) -> Iterator[str]:
        whole = [mark for mark in marks if isinstance(mark.found, Frame)]
        for mark in marks:
            if isinstance(mark.found, Broken):
                since = "" if mark.begins else f", begun in #{self._begun}"
                yield f"broken{_where(mark)}{since}: {mark.found.reason}"
        if len(whole) > _NAMED:
            yield f"{len(whole)} frames end here"
        for mark in whole[:_NAMED]:
            assert isinstance(mark.found, Frame)
            text = f"{mark.found.kind} {mark.found.label}".strip()
            since = "" if mark.begins else f", begun in #{self._begun}, ends here"
            yield f"frame {mark.number}{since}{_where(mark) if len(marks) > 1 else ''}: {text}"
        if len(whole) > _NAMED:
            yield f"and {len(whole) - _NAMED} more"
        if marks and marks[-1].found is None:
            yield self._unfinished(marks[-1])

    def _unfinished(self, mark: Mark) -> str:
        pending = self._lens.pending
        assert pending is not None
        have = "1 byte" if pending.have == 1 else f"{pending.have} bytes"
        count = f"{have} so far" if pending.whole is None else f"{pending.have} of {pending.whole} bytes"
        since = "begins here" if mark.begins else f", begun in #{self._begun}, goes on"
        return f"frame {mark.number}{' ' * mark.begins}{since}{_where(mark) if mark.start else ''}: {count}"


def _where(mark: Mark) -> str:
    """Name the bytes as the column of offsets in a hex dump does."""
    if mark.stop <= mark.start:
        return ""
    return f" at {mark.start:04x}" if mark.stop - mark.start == 1 else f" at {mark.start:04x}-{mark.stop - 1:04x}"


def _ends_receiving(call: Call) -> bool:
    """Whether a recv has returned b"" for the end of the stream (recv(2), RETURN VALUE), or met a reset."""
    if not call.receives or call.unfinished:
        return False
    return call.requested != 0 if call.error is None else call.error.errno == "ECONNRESET"


def _ends_sending(call: Call) -> bool:
    if call.error is not None or call.unfinished:
        return False
    return call.call == "close" or (call.call == "shutdown" and call.args[:1] in (["SHUT_WR"], ["SHUT_RDWR"]))
