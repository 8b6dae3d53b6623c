"""The log: every call of a session, with a cursor, marks, folds, and what can be done with the call under it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, get_args

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from workbench.journal.reader import Journal
from workbench.model.text.hexdump import TextEncoding
from workbench.model.words.as_python import TimeMode
from workbench.ui.log import clipboard, lens_marks
from workbench.ui.log.copying import Copying
from workbench.ui.log.keys import KEYS
from workbench.ui.log.related import Related
from workbench.ui.log.rows import FEW, Density, LineKind

if TYPE_CHECKING:
    from workbench.journal.find import Search

_FAILED = re.compile(rb"[\x04-\x07\x0c-\x0f]")  # marks with the bit FAILED, without REPEATED
_TIMES: tuple[TimeMode, ...] = get_args(TimeMode)
DENSITIES = {"row": Density.HEAD, "bytes": Density.BYTES, "everything": Density.ALL}
"""The densities by their names in the settings."""
_SHOWS = {
    Density.HEAD: "one row for each call",
    Density.BYTES: f"each call with its first {FEW} rows of bytes",
    Density.ALL: "everything",
}
_ENCODINGS: tuple[TextEncoding, ...] = get_args(TextEncoding)
_TIME_NAMES = {"clock": "clock time", "start": "seconds since the start", "delta": "seconds since the line before"}


class LogView(Copying):
    """The log of a journal. The app pulls the journal and calls sync(); the widget itself writes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    selected: reactive[int | None] = reactive(None, init=False)

    class Selected(Message):
        """Another call is selected: *index* in the journal."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class NoteWanted(Message):
        """A person wants to write a note on call *seq*."""

        def __init__(self, seq: int) -> None:
            super().__init__()
            self.seq = seq

    class BookmarkWanted(Message):
        """A person wants call *seq* to have a bookmark, or not to have it any more."""

        def __init__(self, seq: int) -> None:
            super().__init__()
            self.seq = seq

    class FilterWanted(Message):
        """A person wants to write which calls to see."""

    class StreamWanted(Message):
        """A person wants to see what the socket of call *index* sent and received."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class WhyWanted(Message):
        """A person asks why call *index* of the journal came out as it did."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class DensityChosen(Message):
        """A person wants to see more or less of every call: *name* as in DENSITIES."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class InspectWanted(Message):
        """A person wants to see another side of the selected call."""

    hits: Search | None = None
    """What was found last."""
    marked: frozenset[int] = frozenset()
    """Numbers of the calls that findings are about."""
    _height = 0
    _marked_from: int | None = None
    _marked: frozenset[int] = frozenset()

    def _take(self, journal: Journal) -> None:
        super()._take(journal)
        self._related = Related(journal)

    # --- the cursor ------------------------------------------------------------------------------------------------

    @property
    def last(self) -> int | None:
        """The call shown last, None while there is none."""
        return self.rows.step(self.rows.laid_out - 1, len(self.rows)) if len(self.rows) else None

    @property
    def here(self) -> int | None:
        """The call that keys mean: the selected one, or the last while none is."""
        return self.last if self.selected is None else self.selected

    def sync(self) -> int:
        """Show what the journal has taken in since; return how many calls are new. Call it after each pull."""
        on_last = self.following and self.selected is not None and self.selected == self.last
        new = super().sync()
        if new and self._related.sync():
            self.refresh()
        if new and on_last and not self._marked:
            self.selected = self.last
        return new

    def show_journal(self, journal: Journal) -> None:
        """Show another journal from its end on."""
        self._unmark()
        self.selected = None
        super().show_journal(journal)

    def show_found(self, found: Search | None) -> None:
        """Show only what a search has found, and more as it goes on; None shows all again."""
        super().show_found(found)
        self.hits = found or self.hits
        if self.selected is not None and self.rows.entry(self.selected) is not None:
            self._reveal(self.selected)

    def show_marked(self, marked: frozenset[int]) -> None:
        """Mark the calls with these numbers, which findings are about."""
        self.marked = marked
        self.lines.marked = marked
        self._cache.clear()
        self.refresh()

    def show_index(self, index: int) -> None:
        """Select call *index* and scroll to it; one that is not shown is not gone to."""
        if self.rows.entry(index) is None:
            return
        self.selected = index
        self.following = index == self.last and not self.paused
        self._reveal(index)

    def watch_selected(self, selected: int | None) -> None:
        self._related.choose(selected)
        self.refresh()
        if selected is not None:
            self.post_message(self.Selected(selected))

    def highlight(self, call: int) -> str:
        if call == self.selected:
            return "cursor"
        return "marked" if call in self._marked else "related" if call in self._related else ""

    def targets(self) -> list[int]:
        calls = self.selected_calls() or sorted(self._marked, key=self.rows.line)
        return (calls or ([] if self.here is None else [self.here]))[: clipboard.MOST]

    def _reveal(self, index: int) -> None:
        """Scroll as little as needed for the call to be seen, its head at the top if it is higher than the screen."""
        first = self.rows.line(index)
        stop = first + self.rows.height(index)
        room = self._room
        top = self.scroll_offset.y
        if first < top or stop - first >= room:
            top = first
        elif stop > top + room:
            top = stop - room
        if not self.following:
            self._resize_lines(top)

    @property
    def _room(self) -> int:
        """Lines of the screen that show calls."""
        return max(1, self.size.height - bool(self.banner()))

    def on_resize(self, event: events.Resize) -> None:
        """Keep the selected call in sight, as when the inspector opens below it."""
        seen = self._is_seen(self.selected)
        super().on_resize(event)
        self._height = self.size.height
        if seen and self.selected is not None:
            self._reveal(self.selected)

    def _is_seen(self, call: int | None) -> bool:
        if call is None or self.rows.entry(call) is None:
            return False
        return self.scroll_offset.y <= self.rows.line(call) < self.scroll_offset.y + self._height

    def _unmark(self) -> None:
        self._marked_from, self._marked = None, frozenset()

    def action_move(self, count: int) -> None:
        if self.last is not None:
            self._unmark()
            self.show_index(self.last if self.selected is None else self.rows.step(self.selected, count))

    def action_mark(self, count: int) -> None:
        here = self.here
        if here is None:
            return
        begin = here if self._marked_from is None else self._marked_from
        self.show_index(self.rows.step(here, count))
        low, high = sorted((begin, self.rows.step(here, count)), key=self.rows.line)
        marked = [low]
        while marked[-1] != high and len(marked) < clipboard.MOST:
            marked.append(self.rows.step(marked[-1], 1))
        self._marked_from, self._marked = begin, frozenset(marked)

    def action_page(self, direction: int) -> None:
        if self.last is None:
            return
        self._unmark()
        top = self.scroll_offset.y
        target = max(0, min(top + direction * (self._room - 1), self.max_scroll_y))
        if target == top:
            (self.action_follow if direction > 0 else self.action_first)()
            return
        self.following = False
        self._resize_lines(target)
        call, within = self.rows.locate(min(target, self.rows.lines - 1))
        below = self.rows.step(call, 1)
        self.selected = below if within and self.rows.line(below) < target + self._room else call

    def action_first(self) -> None:
        if self.last is not None:
            self._unmark()
            self.show_index(self.rows.step(0, -len(self.rows)))

    def action_follow(self) -> None:
        self._unmark()
        self.selected = self.last
        self.following = True
        self._resize_lines()

    def action_pause(self) -> None:
        self.paused = not self.paused

    # --- folding ---------------------------------------------------------------------------------------------------

    def action_cycle_density(self) -> None:
        if self.here is not None:
            self.cycle_density(self.here)

    def cycle_density(self, index: int) -> None:
        """Fold or unfold a call; of a long one show all bytes first."""
        with self._held():
            self.rows.cycle_density(index)
        self._reveal(index)

    def action_next_density(self) -> None:
        self.density = Density((self.density + 1) % len(Density))
        self.notify(f"The log shows {_SHOWS[self.density]}.", timeout=2)
        self.post_message(self.DensityChosen(next(name for name, each in DENSITIES.items() if each is self.density)))
        if self.selected is not None:
            self._reveal(self.selected)

    def on_click(self, event: events.Click) -> None:
        line = self.scroll_offset.y + event.y
        if self.text_selection is not None or line >= self.rows.lines:
            return
        if self.banner() and event.y == self.size.height - 1:
            (self.action_pause if self.paused else self.action_follow)()
            return
        index, within = self.rows.locate(line)
        self._unmark()
        self.show_index(index)
        if self.rows.part(index, within)[0] is LineKind.MORE or (within == 0 and event.x <= 1):
            self.cycle_density(index)

    # --- errors, bookmarks, notes ----------------------------------------------------------------------------------

    def action_next_error(self) -> None:
        marks = self.journal.marks
        here = -1 if self.selected is None else self.selected
        while found := _FAILED.search(marks, here + 1, self.rows.laid_out):
            here = found.start()
            if self._went_wrong(here):
                return self._go(here)
        return self.notify("No call after this one failed.")

    def action_previous_error(self) -> None:
        before = self.journal.marks[: self.rows.laid_out if self.selected is None else self.selected]
        for found in _FAILED.finditer(before[::-1]):
            here = len(before) - 1 - found.start()
            if self._went_wrong(here):
                return self._go(here)
        return self.notify("No call before this one failed.")

    def _went_wrong(self, index: int) -> bool:
        """Whether a call that failed is shown, and was not just cancelled."""
        return self.rows.entry(index) is not None and not self.journal[index].cancelled

    def action_filter(self) -> None:
        self.post_message(self.FilterWanted())

    def action_next_hit(self, direction: int) -> None:
        if self.hits is None:
            return self.action_filter()
        here = (-1 if direction > 0 else self.rows.laid_out) if self.selected is None else self.selected
        found = self.hits.next(here, direction)
        while found is not None and self.rows.entry(found) is None:
            found = self.hits.next(found, direction)
        if found is None:
            yet = "" if self.hits.done else " yet: the search goes on"
            return self.notify(f"No call {'after' if direction > 0 else 'before'} this one was found{yet}.")
        return self._go(found)

    def action_next_bookmark(self) -> None:
        seqs = sorted(seq for seq, note in self.journal.notes.items() if note.bookmark)
        calls = [seq - 1 for seq in seqs if self.rows.entry(seq - 1) is not None]
        if not calls:
            return self.notify("No call has a bookmark.")
        here = -1 if self.selected is None else self.selected
        return self._go(next((call for call in calls if call > here), calls[0]))

    def _go(self, index: int) -> None:
        self._unmark()
        if self.rows.is_hidden(index):
            self.cycle_density(index)
        self.show_index(index)

    def action_toggle_bookmark(self) -> None:
        for index in self.targets()[:1]:
            self.post_message(self.BookmarkWanted(index + 1))

    def action_edit_note(self) -> None:
        for index in self.targets()[:1]:
            self.post_message(self.NoteWanted(index + 1))

    # --- related calls, why -------------------------------------------------------------------------------------------

    def action_related(self, direction: int) -> None:
        if self.selected is None and self.last is not None:
            self.selected = self.last
        call = self._related.step(self.rows, self.selected, direction)
        if call is None:
            moved = self.selected is not None and self.journal[self.selected].data
            why = "No other call in the log moved these bytes." if moved else "This call moved no bytes."
            self.notify(why, timeout=3)
        else:
            self._go(call)

    def action_follow_stream(self) -> None:
        for index in self.targets()[:1]:
            self.post_message(self.StreamWanted(index))

    def action_ask_why(self) -> None:
        for index in self.targets()[:1]:
            self.post_message(self.WhyWanted(index))

    def action_inspect(self) -> None:
        self.post_message(self.InspectWanted())

    # --- how it looks ----------------------------------------------------------------------------------------------

    def action_next_time(self) -> None:
        self.time_mode = _TIMES[(_TIMES.index(self.time_mode) + 1) % len(_TIMES)]
        self.notify(f"Time: {_TIME_NAMES[self.time_mode]}", timeout=2)

    def action_next_encoding(self) -> None:
        self.encoding = _ENCODINGS[(_ENCODINGS.index(self.encoding) + 1) % len(_ENCODINGS)]
        self.notify(f"Text column: {self.encoding.upper()}", timeout=2)

    def action_choose_lens(self) -> None:
        from workbench.ui.parts.choice_list import ChoiceList

        now = self.lens if self.lens in lens_marks.CHOICES else lens_marks.ANY_SIZE
        self.app.push_screen(ChoiceList(lens_marks.CHOICES, now, Region(*self.region.offset, 0, 0)), self._take_lens)

    def _take_lens(self, lens: str | None) -> None:
        from workbench.ui.parts.prompt import Prompt

        if lens == lens_marks.ANY_SIZE:
            size = self.lens.removeprefix("fixed-") if self.lens not in lens_marks.CHOICES else "16"
            prompt = Prompt("Bytes of a block", size, accept="Cut", check=lens_marks.problem_of_size)
            self.app.push_screen(prompt, lambda text: self._take_lens(text and f"fixed-{text}"))
        elif lens is not None:
            self.lens = lens
            self.notify(f"Lens: {lens_marks.what(lens)}", timeout=3)

    def action_toggle_json(self) -> None:
        self.json = not self.json
        self.notify(f"JSON check: {'on' if self.json else 'off'}", timeout=2)
