"""Calls to lines on screen, and back.

A call takes a head line, the lines of a person's note, and its bytes in hex; a run of calls that say the same takes one
line for all. How many lines that is follows from the journal's index alone (lengths and marks), so a million calls are
laid out without reading one. Lines are prefix sums, of every sixteenth call since the others are soon counted; what
differs from the plain layout, a call shown in another density or with a note, is kept apart, since it is rare. Whoever
draws asks here which call is on a line, and nowhere else.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from itertools import accumulate, islice, takewhile

from workbench.model.call.call import REPEATED
from workbench.ui.log.folds import Folds

FEW = 3
"""Hex lines shown of one call, unless all of them are asked for."""
_REPEATED = re.compile(rb"[\x10-\x1f]")  # marks with the bit REPEATED
_TOLD = ~REPEATED
_BLOCK = 16
_SLICE = 1 << 16


class LineKind(Enum):
    """What a line of a call shows."""

    HEAD = auto()
    ANNOTATION = auto()
    NOTE = auto()
    BYTES = auto()
    MORE = auto()


class Density(IntEnum):
    """How much is shown of a call."""

    HEAD = 0
    """Its head line."""
    BYTES = 1
    """The first bytes below it."""
    ALL = 2
    """All of its bytes, and its whole annotation; of calls that repeat the one before, each."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How calls become lines. *per_line*: bytes a hex line; *beside*: annotations have a column at the right."""

    per_line: int = 16
    beside: bool = False
    density: Density = Density.BYTES


class Rows:
    """The lines of a journal's calls.

    A call is named by its index in the journal. Calls that *keep* rejects are left out; the others are in the
    journal's order, but for the runs that reorder() was given.
    """

    def __init__(
        self,
        lengths: array[int],
        marks: bytearray,
        layout: Layout = Layout(),
        keep: Callable[[int], object] | None = None,
    ) -> None:
        """*lengths*: bytes of each call; *marks*: as in call.py, not 0 where it is annotated. Both may grow."""
        self._lengths, self._marks = lengths, marks
        self.layout = layout
        self.keep = keep
        self._notes: Mapping[int, int] = {}
        self._densities: dict[int, Density] = {}
        self._begin()

    def _begin(self) -> None:
        self.laid_out = self._lines = 0
        self._starts = array("q")  # the first line of every 16th call shown
        self._calls: array[int] | None = None if self.keep is None else array("I")
        self._runs: dict[int, tuple[int, ...]] = {}
        self.folds = Folds()
        self._place_extra()

    # --- building --------------------------------------------------------------------------------------------------

    def extend(self, stop: int) -> None:
        """Lay out the journal's calls up to index *stop*, exclusive."""
        begin, stop = self.laid_out, max(stop, self.laid_out)
        for first in range(begin, stop, _SLICE):  # so that what is made in between stays small
            self._extend(first, min(first + _SLICE, stop))
        if any(begin <= call < stop for call in self._notes):
            self._place_extra()

    def _extend(self, begin: int, stop: int) -> None:
        shown, self.laid_out = len(self), stop
        if self.keep is None or self._calls is None:
            heights = self._open_heights(begin, stop)
        else:
            kept = [call for call in range(begin, stop) if self.keep(call)]
            self._calls.extend(kept)
            heights = [self._open_height(call) for call in kept]
        if self.layout.density is not Density.ALL:
            for entry in self._repeats(shown, begin, stop):
                self.folds.add(entry)
                heights[entry - shown] = int(self.folds.is_open(entry))
        *starts, self._lines = accumulate(heights, initial=self._lines)
        self._starts.extend(starts[-shown % _BLOCK :: _BLOCK])

    def _repeats(self, shown: int, begin: int, stop: int) -> Iterable[int]:
        """Return the entries from *shown* on, of calls *begin* to *stop*, that repeat the one shown before them."""
        if self._calls is None:
            return (found.start() for found in _REPEATED.finditer(self._marks, max(1, begin), stop))
        return (
            entry
            for entry in range(max(1, shown), len(self._calls))
            if self._marks[self._calls[entry]] & REPEATED and self._calls[entry - 1] == self._calls[entry] - 1
        )

    def rebuild(self, layout: Layout | None = None) -> None:
        """Lay all calls out anew, in *layout*; another density than before holds for every call."""
        if layout is not None:
            if layout.density != self.layout.density:
                self._densities, self.folds.opened = {}, set()
            self.layout = layout
        stop, opened = self.laid_out, self.folds.opened
        self._begin()
        self.folds.opened = opened
        self.extend(stop)
        self._place_extra()

    def show_only(self, keep: Callable[[int], object] | None) -> None:
        """Leave out the calls that *keep* rejects."""
        self.keep, self.folds.opened = keep, set()
        self.rebuild()

    def note(self, lines: Mapping[int, int]) -> None:
        """Say which calls have a note of a person, and how many lines it takes."""
        self._notes = lines
        self._place_extra()

    def cycle_density(self, call: int) -> None:
        """Show more of a call, or after the most its head alone; of calls folded into one line show each, or fold them.

        What would change nothing is left out.
        """
        entry = self.entry(call)
        if entry is not None and (head := self.folds.head(entry)) is not None:
            self.folds.opened ^= {head}
            return self.rebuild()
        before = self.height(call)
        for _ in Density:
            self._densities[call] = Density((self.density(call) + 1) % len(Density))
            if self.height(call) != before:
                break
        return self._place_extra()

    def close_all(self) -> None:
        """Show every call in the density of the layout again."""
        self._densities = {}
        self._place_extra()

    def reorder(self, runs: Iterable[tuple[int, ...]]) -> None:
        """Show each run of entries (see displaced) in the order given."""
        for run in runs:
            self._runs.update(dict.fromkeys(run, run))

    def _open_heights(self, begin: int, stop: int) -> list[int]:
        """Return how many lines each of the calls takes in the layout's density, unless it is folded."""
        per_line, layout = self.layout.per_line, self.layout
        lengths = self._lengths[begin:stop]
        match layout.density:
            case Density.HEAD:
                return [1] * (stop - begin)
            case Density.BYTES:
                most = FEW * per_line
                return [
                    (1 if not length else 1 - -length // per_line if length <= most else FEW + 2) for length in lengths
                ]
            case Density.ALL if layout.beside:
                return [1 - -length // per_line for length in lengths]
            case Density.ALL:
                marks = self._marks[begin:stop]
                return [
                    1 + (mark & _TOLD != 0) - -length // per_line for length, mark in zip(lengths, marks, strict=True)
                ]

    def _open_height(self, call: int) -> int:
        return self._open_heights(call, call + 1)[0]

    def _plain(self, entry: int) -> int:
        """Return how many lines an entry takes where neither a density of its own nor a note changes that."""
        return 0 if self.folds.hides(entry) else self._open_height(self.call(entry))

    def _place_extra(self) -> None:
        """Sum up by how many lines single calls differ from the plain layout."""
        extra = []
        for call in self._densities.keys() | self._notes.keys():
            entry = self.entry(call)
            difference = 0 if entry is None else self.height(call) - self._plain(entry)
            if entry is not None and difference:
                extra.append((entry, difference))
        extra.sort()
        self._extra_at = [entry for entry, _ in extra]
        self._extra_sums = list(accumulate((difference for _, difference in extra), initial=0))

    # --- one call --------------------------------------------------------------------------------------------------

    def density(self, call: int) -> Density:
        """Return how much is shown of a call."""
        return self._densities.get(call, self.layout.density)

    def is_hidden(self, call: int) -> bool:
        """Whether a call shown among others is folded into the line of one before it, and has no note."""
        entry = self.entry(call)
        return entry is not None and self.folds.hides(entry) and call not in self._notes

    def repeats(self, call: int) -> int:
        """Return how many calls are folded into the line of this one, itself among them; 1 where there are no more."""
        entry = self.entry(call)
        return 1 if entry is None else 1 + self.folds.size(entry)

    def shows_less(self, call: int) -> bool:
        """Whether only the call's head shows though it moved bytes, or others are folded into its line."""
        return self.repeats(call) > 1 or bool(self._lengths[call] and self.density(call) is Density.HEAD)

    def is_annotated_below(self, call: int) -> bool:
        """Whether the call's annotation has a line below its head."""
        everything = self.layout.density is self.density(call) is Density.ALL
        return everything and not self.layout.beside and self.is_annotated(call)

    def is_annotated(self, call: int) -> bool:
        """Whether there is more to say of the call than itself."""
        return self._marks[call] & _TOLD != 0

    def height(self, call: int) -> int:
        """Return how many lines the call takes."""
        noted = self._notes.get(call, 0)
        if not noted and self.is_hidden(call):
            return 0
        shown = self._shown(call)
        return 1 + self.is_annotated_below(call) + noted + shown + (shown > 0 and shown < self.hex_lines(call))

    def hex_lines(self, call: int) -> int:
        """Return how many lines all the call's bytes would take."""
        return -(-self._lengths[call] // self.layout.per_line)

    def _shown(self, call: int) -> int:
        """Return how many lines of its bytes are shown."""
        lines = self.hex_lines(call)
        match self.density(call):
            case Density.HEAD:
                return 0
            case Density.BYTES:
                return min(lines, FEW)
            case Density.ALL:
                return lines

    def part(self, call: int, line: int) -> tuple[LineKind, int]:
        """Return what line *line* of the call shows, and which of its lines of that kind it is, counted from 0."""
        if line == 0:
            return LineKind.HEAD, 0
        line -= 1
        if self.is_annotated_below(call):
            if line == 0:
                return LineKind.ANNOTATION, 0
            line -= 1
        noted = self._notes.get(call, 0)
        if line < noted:
            return LineKind.NOTE, line
        line -= noted
        return (LineKind.BYTES, line) if line < self._shown(call) else (LineKind.MORE, 0)

    def hidden(self, call: int) -> int:
        """Return how many hex lines the call's MORE line stands for."""
        return self.hex_lines(call) - self._shown(call)

    # --- lines to calls, and back ----------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return how many calls are shown, those that are folded among them."""
        return self.laid_out if self._calls is None else len(self._calls)

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
        """Return the line of the call's head; of one that is not shown, where it would be."""
        entry = self.entry(call)
        if entry is None:
            return self._start(len(self) if self._calls is None else bisect_left(self._calls, call))
        run = self._runs.get(entry, (entry,))
        before = run[: run.index(entry)]
        return self._start(min(run)) + sum(self.height(self.call(each)) for each in before)

    def step(self, call: int, count: int) -> int:
        """Return the call shown *count* places after *call* (before it, if negative), or the outermost one.

        Where that one is folded into the line of another, the next one that is not, else the one with the line.
        """
        entry = self.entry(call)
        place = bisect_left(self._calls or (), call) if entry is None else self._place(entry)
        entry = self._at(max(0, min(place + count, len(self) - 1)))
        if not self.is_hidden(self.call(entry)):
            return self.call(entry)
        behind = self.folds.stop(entry)
        return self.call(behind if count > 0 and behind < len(self) else self.folds.start(entry))

    def entry(self, call: int) -> int | None:
        """Return the call's number among the calls shown, in the journal's order; None where it is not shown."""
        if self._calls is None:
            return call if 0 <= call < self.laid_out else None
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
            heights = self._open_heights(begin, stop)
        else:
            heights = [self._open_height(call) for call in self._calls[begin:stop]]
        if self.folds.any_in(begin, stop):
            heights = [0 if self.folds.hides(begin + at) else height for at, height in enumerate(heights)]
        for at in range(bisect_left(self._extra_at, begin), bisect_left(self._extra_at, stop)):
            entry = self._extra_at[at]
            heights[entry - begin] += self._extra_sums[at + 1] - self._extra_sums[at]
        return heights


def displaced(first: int, stop: int, before: Callable[[int], int]) -> list[tuple[int, ...]]:
    """Return the runs of entries within first … stop-1 that must be shown in another order than the journal's.

    *before* gives the entry before which one has to be, or itself: of a send, the first recv that took its bytes,
    as that can be recorded earlier. The send moves, not the recv: what its own thread did comes before both.
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
