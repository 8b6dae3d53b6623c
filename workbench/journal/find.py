"""Finding calls in a session: in slices, so that a screen stays alive, and while the session still grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from workbench.journal.reader import Journal
from workbench.model.call.call import SENT, socket_id
from workbench.model.session.query import Needle, Query
from workbench.probe.format import DATAGRAM, OUT_OF_BAND, PEEK, Head

_SLICE = 1 << 16  # calls judged by their marks at once
_LOOKS = 64  # calls read between two looks at the clock
_FLOWS = 4096  # directions of streams whose last bytes are kept
_APART = DATAGRAM | PEEK | OUT_OF_BAND


@dataclass(slots=True)
class _Piece:
    """The end of a call's bytes, with which another call's can go on; *found*: which needles the call holds."""

    call: int
    data: bytes
    fits: bool
    found: int


@dataclass(slots=True)
class _Tails:
    """The last calls of each direction of a stream, as far back as a needle can reach."""

    reach: int
    pieces: dict[tuple[tuple[int, int], bool], list[_Piece]] = field(default_factory=dict)

    def add(self, flow: tuple[tuple[int, int], bool], piece: _Piece) -> None:
        kept, room = [piece], self.reach - len(piece.data)
        for before in reversed(self.pieces.get(flow, ())):
            if room <= 0:
                break
            kept.append(before)
            room -= len(before.data)
        self.pieces.pop(flow, None)
        self.pieces[flow] = kept[::-1]
        if len(self.pieces) > _FLOWS:
            del self.pieces[next(iter(self.pieces))]


class Search:
    """Which calls of a journal a query means: `found[i]` is 1 for those up to `position`, else 0.

    Bytes that lie across several calls of a stream are found too: each of these calls is meant, so that one before
    *position* can still be found; `revised` counts how often that was.
    """

    def __init__(self, journal: Journal, query: Query) -> None:
        self.query = query
        self.position = 0
        self.found = bytearray()
        self.revised = 0
        self.journal = journal
        self._all = (1 << len(query.needles)) - 1
        self._tails = _Tails(max((needle.reach for needle in query.needles), default=0))

    @property
    def done(self) -> bool:
        """Whether all calls that the journal holds now were looked at."""
        return self.position >= len(self.journal)

    def step(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> bool:
        """Go on for about *seconds*, or to the end; tell whether the end is reached."""
        until = None if seconds is None else clock() + seconds
        while not self.done and (until is None or clock() < until):
            stop = min(self.position + _SLICE, len(self.journal))
            likely = self.journal.marks[self.position : stop].translate(self.query.worth_reading)
            if self.query.marks_tell:
                self.found += likely
                self.position = stop
            else:
                self._look(likely, until, clock)
        return self.done

    def next(self, call: int, direction: int = 1) -> int | None:
        """Return the next call after *call* that was found, or the one before it with *direction* -1."""
        place = self.found.find(1, call + 1) if direction > 0 else self.found.rfind(1, 0, max(0, call))
        return None if place < 0 else place

    def count(self) -> int:
        """Return how many calls were found so far."""
        return self.found.count(1)

    def _look(self, likely: bytearray, until: float | None, clock: Callable[[], float]) -> None:
        """Read those calls from *position* on that are *likely* meant."""
        begin, stop = self.position, self.position + len(likely)
        self.found += bytes(len(likely))
        at = likely.find(1)
        for number, (call, head, data) in enumerate(self.journal.heads(begin + at if at >= 0 else stop, stop)):
            self.position = call
            if number % _LOOKS == _LOOKS - 1 and until is not None and clock() >= until:
                del self.found[call:]
                return
            if likely[call - begin]:
                self._judge(call, head, data)
        self.position = stop

    def _judge(self, call: int, head: Head, data: bytes) -> None:
        journal, query = self.journal, self.query
        mark = journal.marks[call]
        socket = socket_id(*head.socket), journal.name_of(head) if query.sockets else ""
        fits = query.fits(head.code, mark, journal.time_of(head), socket)
        if fits and query.asks_error and (query.errors or not head.errno):  # Cancelled has no errno: seldom read
            fits = query.means_error(journal[call])
        if not query.needles:
            self.found[call] = fits
            return
        held = sum(1 << bit for bit, needle in enumerate(query.needles) if needle.pattern.search(data))
        if held == self._all and fits:
            self.found[call] = 1
        if self._tails.reach and data and not head.flags & _APART:
            self._across(_Piece(call, data, fits, held), (head.socket, mark & SENT != 0))

    def _across(self, piece: _Piece, flow: tuple[tuple[int, int], bool]) -> None:
        """Find the needles that begin in earlier calls of the stream and end in this one."""
        before = self._tails.pieces.get(flow, [])
        for bit, needle in enumerate(self.query.needles):
            joined = b"".join(each.data for each in before)[-needle.reach :] if needle.reach else b""
            if joined:
                for start in _starts(needle, joined, piece.data):
                    self._mark(before, start, 1 << bit)
                    piece.found |= 1 << bit
        if piece.fits and piece.found == self._all:
            self.found[piece.call] = 1
        piece.data = piece.data[-self._tails.reach :]
        self._tails.add(flow, piece)

    def _mark(self, before: list[_Piece], reached: int, bit: int) -> None:
        """Let the calls that hold the last *reached* bytes before this call have the needle too."""
        for piece in reversed(before):
            if reached <= 0:
                return
            reached -= len(piece.data)
            piece.found |= bit
            if piece.fits and piece.found == self._all and not self.found[piece.call]:
                self.found[piece.call] = 1
                self.revised += 1


def _starts(needle: Needle, before: bytes, data: bytes) -> Iterator[int]:
    """Yield how many bytes before *data* each match begins that ends in it."""
    border = len(before)
    window = before + data[: needle.reach]
    found = needle.pattern.search(window)
    while found is not None:
        if found.start() < border < found.end():
            yield border - found.start()
        found = needle.pattern.search(window, found.start() + 1)
