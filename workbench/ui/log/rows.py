"""Calls to lines on screen, and back.

A call takes a head line, an annotation line, the lines of a person's note, and its bytes in hex. How many lines that
is follows from the journal's index alone (lengths and marks), so a million calls are laid out without reading one.
Lines are prefix sums, of every sixteenth call since the others are soon counted; what differs from the plain layout, a
call that is folded, has a note or is told whole, is kept apart, since it is rare. Whoever draws asks here which call
stands on a line, and nowhere else.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import accumulate, islice, takewhile

from workbench.model.call.call import FAILED

CAP = 64
"""Hex lines drawn of one call, unless all of them are asked for."""
_BLOCK = 16
_SLICE = 1 << 16


class LineKind(Enum):
    """What a line of a call shows."""

    HEAD = auto()
    ANNOTATION = auto()
    NOTE = auto()
    BYTES = auto()
    MORE = auto()


@dataclass(frozen=True, slots=True)
class Layout:
    """How calls become lines. *per_line*: bytes a hex line; *beside*: annotations stand at the right of the bytes.

    A call that failed, or moved none, has its annotation below its head even then: it has no lines to stand beside.
    """

    per_line: int = 16
    beside: bool = False
    folded: bool = False


class Rows:
    """The lines of a journal's calls.

    A call is named by its index in the journal. Calls that *keep* rejects are left out; the others stand in the
    journal's order, but for the runs that reorder() was told of.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        marks: Sequence[int],
        layout: Layout = Layout(),
        keep: Callable[[int], object] | None = None,
    ) -> None:
        """*lengths*: bytes of each call; *marks*: as in call.py, not 0 where it is annotated. Both may grow."""
        self._lengths, self._marks = lengths, marks
        self.layout = layout
        self.keep = keep
        self._notes: Mapping[int, int] = {}
        self._toggled: set[int] = set()
        self._whole: set[int] = set()
        self.annotation_heights: Mapping[int, int] = {}
        self._begin()

    def _begin(self) -> None:
        self.taken = self._lines = 0
        self._starts = array("q")  # the first line of every 16th call shown
        self._calls: array[int] | None = None if self.keep is None else array("I")
        self._runs: dict[int, tuple[int, ...]] = {}
        self._place_extra()

    # --- building --------------------------------------------------------------------------------------------------

    def extend(self, stop: int) -> None:
        """Take in the journal's calls up to index *stop*, exclusive."""
        begin, stop = self.taken, max(stop, self.taken)
        for first in range(begin, stop, _SLICE):  # so that what is made in between stays small
            self._extend(first, min(first + _SLICE, stop))
        if any(begin <= call < stop for call in self._notes):
            self._place_extra()

    def _extend(self, begin: int, stop: int) -> None:
        shown, self.taken = len(self), stop
        if self.keep is None or self._calls is None:
            heights = self._plain_heights(begin, stop)
        else:
            kept = [call for call in range(begin, stop) if self.keep(call)]
            self._calls.extend(kept)
            heights = [self._plain(call) for call in kept]
        *starts, self._lines = accumulate(heights, initial=self._lines)
        self._starts.extend(starts[-shown % _BLOCK :: _BLOCK])

    def rebuild(self, layout: Layout | None = None) -> None:
        """Lay all calls out anew, in *layout* or after *keep* changed; to fold or unfold all forgets single ones."""
        stop = self.taken
        if layout is not None:
            if layout.folded != self.layout.folded:
                self._toggled, self._whole = set(), set()
            self.layout = layout
        self._begin()
        self.extend(stop)
        self._place_extra()

    def note(self, lines: Mapping[int, int]) -> None:
        """Say which calls have a note of a person, and how many lines it takes."""
        self._notes = lines
        self._place_extra()

    def set_annotation_heights(self, lines: Mapping[int, int]) -> None:
        """Give the annotations of these calls so many lines below their heads; of all others one, or none."""
        self.annotation_heights = lines
        self._place_extra()

    def toggle_fold(self, call: int) -> None:
        """Open a folded call; show all bytes of one that shows a part; fold any other that can be."""
        if self.is_folded(call):
            self._toggled ^= {call}
        elif self.part(call, self.height(call) - 1)[0] is LineKind.MORE:
            self._whole.add(call)
        elif self.can_fold(call):
            self._whole.discard(call)
            self._toggled ^= {call}
        self._place_extra()

    def reorder(self, runs: Iterable[tuple[int, ...]]) -> None:
        """Show each run of entries (see displaced) in the order given."""
        for run in runs:
            self._runs.update(dict.fromkeys(run, run))

    def _plain_heights(self, begin: int, stop: int) -> list[int]:
        per_line, below = self.layout.per_line, not self.layout.beside
        if self.layout.folded:
            return [1] * (stop - begin)
        most = CAP * per_line
        return [
            1
            + (mark != 0 and (below or not length or mark & FAILED != 0))
            + (-(-length // per_line) if length <= most else CAP + 1)
            for length, mark in zip(self._lengths[begin:stop], self._marks[begin:stop], strict=True)
        ]

    def _plain(self, call: int) -> int:
        return self._plain_heights(call, call + 1)[0]

    def _place_extra(self) -> None:
        """Sum up by how many lines single calls differ from the plain layout."""
        extra = []
        for call in self._toggled | self._whole | self._notes.keys() | self.annotation_heights.keys():
            entry = self.entry(call)
            difference = 0 if entry is None else self.height(call) - self._plain(call)
            if entry is not None and difference:
                extra.append((entry, difference))
        extra.sort()
        self._extra_at = [entry for entry, _ in extra]
        self._extra_sums = list(accumulate((difference for _, difference in extra), initial=0))

    # --- one call --------------------------------------------------------------------------------------------------

    def is_folded(self, call: int) -> bool:
        """Whether only the call's head line shows though it has more."""
        return self.can_fold(call) and self.layout.folded != (call in self._toggled)

    def annotated(self, call: int) -> int:
        """Return how many lines below the head the call's annotation takes, where the call is not folded."""
        if call in self.annotation_heights:
            return self.annotation_heights[call]
        mark = self._marks[call]
        return int(mark != 0 and (not self.layout.beside or not self._lengths[call] or mark & FAILED != 0))

    def can_fold(self, call: int) -> bool:
        """Whether the call has more than its head line."""
        return bool(self._lengths[call] or call in self._notes or self.annotated(call))

    def height(self, call: int) -> int:
        """Return how many lines the call takes."""
        if self.is_folded(call):
            return 1
        return 1 + self.annotated(call) + self._notes.get(call, 0) + min(self.hex_lines(call), self._limit(call) + 1)

    def hex_lines(self, call: int) -> int:
        """Return how many lines all the call's bytes would take."""
        return -(-self._lengths[call] // self.layout.per_line)

    def part(self, call: int, line: int) -> tuple[LineKind, int]:
        """Return what line *line* of the call shows, and which of its lines of that kind it is, counted from 0."""
        if line == 0:
            return LineKind.HEAD, 0
        annotated = self.annotated(call)
        if line <= annotated:
            return LineKind.ANNOTATION, line - 1
        line -= 1 + annotated
        noted = self._notes.get(call, 0)
        if line < noted:
            return LineKind.NOTE, line
        line -= noted
        return (LineKind.BYTES, line) if line < self._limit(call) else (LineKind.MORE, 0)

    def hidden(self, call: int) -> int:
        """Return how many of the call's bytes its MORE line stands for."""
        return max(0, self._lengths[call] - self._limit(call) * self.layout.per_line)

    def _limit(self, call: int) -> int:
        return self.hex_lines(call) if call in self._whole else CAP

    # --- lines to calls, and back ----------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return how many calls are shown."""
        return self.taken if self._calls is None else len(self._calls)

    @property
    def lines(self) -> int:
        """How many lines there are in all."""
        return self._lines + self._extra_sums[-1]

    def locate(self, line: int) -> tuple[int, int]:
        """Return the call that line *line* belongs to and which of its lines it is; IndexError beyond the last."""
        if not 0 <= line < self.lines:
            raise IndexError(line)
        if self._extra_at:
            first = (bisect_right(range(len(self._starts)), line, key=self._block_start) - 1) * _BLOCK
        else:
            first = (bisect_right(self._starts, line) - 1) * _BLOCK
        lines = accumulate(self._heights(first, first + _BLOCK), initial=self._block_start(first // _BLOCK))
        entry = first - 1 + sum(1 for _ in takewhile(lambda start: start <= line, islice(lines, len(self) - first)))
        run = self._runs.get(entry, (entry,))
        line -= self._start(min(run))
        for entry in run:
            height = self.height(self.call(entry))
            if line < height:
                break
            line -= height
        return self.call(entry), line

    def line(self, call: int) -> int:
        """Return the line of the call's head; of one that is not shown, where it would stand."""
        entry = self.entry(call)
        if entry is None:
            return self._start(len(self) if self._calls is None else bisect_left(self._calls, call))
        run = self._runs.get(entry, (entry,))
        before = run[: run.index(entry)]
        return self._start(min(run)) + sum(self.height(self.call(each)) for each in before)

    def step(self, call: int, count: int) -> int:
        """Return the call that stands *count* places after *call* (before it, if negative), or the outermost one."""
        entry = self.entry(call)
        place = bisect_left(self._calls or (), call) if entry is None else self._place(entry)
        return self.call(self._at(max(0, min(place + count, len(self) - 1))))

    def entry(self, call: int) -> int | None:
        """Return the call's number among the calls shown, in the journal's order; None where it is not shown."""
        if self._calls is None:
            return call if 0 <= call < self.taken else None
        entry = bisect_left(self._calls, call)
        return entry if entry < len(self._calls) and self._calls[entry] == call else None

    def call(self, entry: int) -> int:
        """Return the index in the journal of the call with that number among those shown."""
        return entry if self._calls is None else self._calls[entry]

    def _place(self, entry: int) -> int:
        run = self._runs.get(entry)
        return entry if run is None else min(run) + run.index(entry)

    def _at(self, place: int) -> int:
        run = self._runs.get(place)
        return place if run is None else run[place - min(run)]

    def _start(self, entry: int) -> int:
        """Return the first line of an entry as if no run were reordered: also right for the first of a run."""
        block = entry // _BLOCK
        if block == len(self._starts):
            return self.lines
        return self._block_start(block) + sum(self._heights(block * _BLOCK, entry))

    def _block_start(self, block: int) -> int:
        return self._starts[block] + self._extra_sums[bisect_left(self._extra_at, block * _BLOCK)]

    def _heights(self, begin: int, stop: int) -> list[int]:
        """Return how many lines each of the entries from *begin* up to *stop* takes."""
        stop = min(stop, len(self))
        if self._calls is None:
            heights = self._plain_heights(begin, stop)
        else:
            heights = [self._plain(call) for call in self._calls[begin:stop]]
        for at in range(bisect_left(self._extra_at, begin), bisect_left(self._extra_at, stop)):
            entry = self._extra_at[at]
            heights[entry - begin] += self._extra_sums[at + 1] - self._extra_sums[at]
        return heights


def displaced(first: int, stop: int, before: Callable[[int], int]) -> list[tuple[int, ...]]:
    """Return the runs of entries within first … stop-1 that must be shown in another order than the journal's.

    *before* gives the entry before which one has to stand, or itself: of a send, the first recv that took its bytes,
    as that can be recorded earlier. The send moves, not the recv: what its own thread did stands before both.
    """
    keys = {entry: entry if (ahead := before(entry)) < first else min(entry, ahead) for entry in range(first, stop)}
    order = sorted(keys, key=lambda entry: (keys[entry], keys[entry] == entry, entry))
    runs, begin, furthest = [], first, first
    for place, entry in enumerate(order, first):
        furthest = max(furthest, entry)
        if furthest == place:
            if place > begin:
                runs.append(tuple(order[begin - first : place + 1 - first]))
            begin = place + 1
    return runs
