"""The log's lines on screen: laid out, drawn when they are seen, scrolled and selected as text.

Nothing is read of a call before one of its lines is drawn, so a million calls cost what a screenful does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from workbench.journal.reader import RECEIVED, SENT, Journal, Note
from workbench.model.text.fit import counted
from workbench.model.text.hexdump import TextEncoding
from workbench.model.text.safe import cells
from workbench.model.words.as_python import TimeMode
from workbench.ui.log import lens_marks
from workbench.ui.log.lines import LogLines, Look
from workbench.ui.log.rows import Density, Layout, LineKind, Rows, displaced
from workbench.ui.log.style import CSS, PREFIX
from workbench.ui.parts.piece_view import Piece
from workbench.ui.parts.style import CLEAR, READABLE, readable, style_of

if TYPE_CHECKING:
    from workbench.journal.find import Search

WIDE = 128
"""Cells from which on annotations stand beside the call."""
SIXTEEN = 71
"""Cells that 16 bytes a line take."""
_NEAR = 8  # a send is put before its recv if that is among so many calls before it
_BLOCK = 64
_MOST_LINES = 100_000
_STEP = 100_000  # calls laid out at once: some 20 ms


class LogCanvas(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws a journal's calls and follows its end."""

    ALLOW_SELECT = True
    DEFAULT_CSS = CSS

    time_mode: reactive[TimeMode] = reactive("start", init=False)
    encoding: reactive[TextEncoding] = reactive("ascii", init=False)
    json: reactive[bool] = reactive(False, init=False)
    density: reactive[Density] = reactive(Density.BYTES, init=False)
    lens: reactive[str] = reactive(lens_marks.NONE, init=False)
    following: reactive[bool] = reactive(True, init=False)
    paused: reactive[bool] = reactive(False, init=False)

    def __init__(
        self,
        journal: Journal,
        *,
        zone: tzinfo | None = None,
        density: Density = Density.BYTES,
        id: str | None = None,
    ) -> None:
        """Show *journal*, which someone else pulls; *zone*: of the clock, None for the local one."""
        super().__init__(id=id)
        self.set_reactive(LogCanvas.density, density)
        self.empty: tuple[str, ...] = ("No calls yet.",)
        """Lines of a log without a call."""
        self._look = Look(zone=zone)
        self._cache: LRUCache[object, Strip] = LRUCache(1024)
        self._styles: dict[tuple[str, str], Style] = {}
        self._moving = False
        self._take(journal)

    def _take(self, journal: Journal) -> None:
        self.journal = journal
        self.rows = Rows(journal.lengths, journal.marks, Layout(density=self.density))
        self.lines = LogLines(journal, self.rows, self._look)
        self._lay_lens()
        self._notes: dict[int, Note] = {}
        self._settled: dict[int, int] = {}
        self._left_end_at = 0
        self._found: Search | None = None
        self._revised = 0
        self._all_rows = self.rows
        self._cache.clear()

    # --- taking in -------------------------------------------------------------------------------------------------

    def sync(self) -> int:
        """Show what the journal has taken in since; return how many calls are new. Call it after each pull."""
        noted = self._notes != self.journal.notes
        if noted:
            self._notes = dict(self.journal.notes)
            self.rows.note(self.lines.note_lines())
            self._cache.clear()
        if self._found is not None and self._found.revised != self._revised:
            self.show_found(self._found)
        if self.lines.lens is not None and self.lines.lens.advance():
            self._cache.clear()
            self.refresh()
        new = self._ready() - self.rows.laid_out
        if new and self.paused:
            self.refresh()
        elif new:
            self.rows.extend(self.rows.laid_out + new)
        if noted or (new and not self.paused):
            self._resize_lines()
            self.refresh()
        return 0 if self.paused else new

    def show_journal(self, journal: Journal) -> None:
        """Show another journal from its end on."""
        self._take(journal)
        self.following, self.paused = True, False
        self._relayout()
        self.sync()
        self.refresh()

    def show_only(self, keep: Callable[[int], bool] | None) -> None:
        """Leave out the calls whose index *keep* rejects; None shows all again."""
        with self._held(whole=True):
            self.rows.show_only(keep)
            self._settled.clear()

    @property
    def found(self) -> Search | None:
        """The search whose finds are all that is shown; None where every call is."""
        return self._found

    def show_found(self, found: Search | None) -> None:
        """Show only what a search has found, and more as it goes on; None shows all again."""
        self._found, self._revised = found, found.revised if found is not None else 0
        with self._held(whole=True):
            rows = self._all_rows
            rows.close_all()
            if found is not None:
                rows = Rows(self.journal.lengths, self.journal.marks, self.rows.layout, found.found.__getitem__)
            elif rows.layout != self.rows.layout:
                rows.rebuild(self.rows.layout)
            self.rows = self.lines.rows = rows
            rows.note(self.lines.note_lines())
            rows.extend(self._ready())
            self._settled.clear()

    def _ready(self) -> int:
        """Return up to which call the rows can be laid out now: not too many at once."""
        known = len(self.journal) if self._found is None else self._found.position
        return min(known, self.rows.laid_out + _STEP)

    # --- layout ----------------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self._relayout()

    def watch_density(self) -> None:
        self._relayout()

    def _relayout(self) -> None:
        """Lay the lines out for the widget's width, and keep the call at the top where it is."""
        width = self.scrollable_content_region.width
        layout = Layout(
            per_line=16 if width >= SIXTEEN else 8,
            beside=width >= WIDE,
            density=self.density,
        )
        self._draw_as(width=max(1, width - 1))
        with self._held():
            if layout != self.rows.layout:
                self.rows.rebuild(layout)
                self._settled.clear()
            self.rows.note(self.lines.note_lines())

    @contextmanager
    def _held(self, *, whole: bool = False) -> Iterator[None]:
        """Keep the call at the top of the screen there while lines come or go; *whole*: from its head on."""
        top = self.scroll_offset.y
        held = self.rows.locate(top) if top < self.rows.lines else None
        yield
        self._cache.clear()
        if held is None or self.following:
            self._resize_lines()
        else:
            call, within = held
            shown = not whole and self.rows.entry(call) is not None
            within = max(0, min(within, self.rows.height(call) - 1)) if shown else 0
            self._resize_lines(self.rows.line(call) + within)
        self.refresh()

    def _resize_lines(self, top: int | None = None) -> None:
        """Tell the scrollbar how many lines there are, and go to the end when following, or to line *top*."""
        size = Size(self.scrollable_content_region.width, self.rows.lines + self.paused)
        self._moving = True
        if size != self.virtual_size:
            # Assigning virtual_size would lay the whole screen out again, and only the scrollbar has to know.
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)
        if self.following:
            top = self.max_scroll_y
        if top is not None:
            self.scroll_to(y=top, animate=False)
        self._moving = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._moving and self.is_mounted:
            self.following = round(new_value) >= self.max_scroll_y

    def watch_following(self, following: bool) -> None:
        self._left_end_at = self.rows.laid_out
        if following:
            self._resize_lines()
        self.refresh()

    def watch_paused(self, paused: bool) -> None:
        self.sync()
        self._resize_lines()
        self.refresh()

    def _draw_as(self, **changes: object) -> None:
        self._look = self.lines.look = replace(self._look, **changes)  # type: ignore[arg-type]
        self._cache.clear()
        self.refresh()

    def watch_time_mode(self, mode: TimeMode) -> None:
        self._draw_as(time=mode)

    def watch_encoding(self, encoding: TextEncoding) -> None:
        self._draw_as(encoding=encoding)

    def watch_lens(self) -> None:
        self._lay_lens()
        self._cache.clear()
        self.refresh()

    def _lay_lens(self) -> None:
        self.lines.lens = lens_marks.LensMarks(self.journal, self.lens) if self.lens != lens_marks.NONE else None

    def watch_json(self, json: bool) -> None:
        self._draw_as(json=json)

    # --- drawing ---------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self._cache.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        top = self.scroll_offset.y + crop.y
        stop = min(top + crop.height, self.rows.lines)
        self._settle(top, stop)
        self._fit_names(top, stop)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if y == self.size.height - 1 and (banner := self.banner()):
            return self._wide([Segment(f" {banner}", self._style("banner"))], "banner")
        line = self.scroll_offset.y + y
        if line >= self.rows.lines:
            said = self._nothing()[y : y + 1] if not self.rows.lines else []
            return self._wide([Segment(f" {''.join(said)}", self._style("more"))])
        strip = self._strip(*self.rows.locate(line))
        if (selection := self.text_selection) is not None and (span := selection.get_span(line)) is not None:
            strip = self._selected(strip, *span)
        return strip.apply_offsets(0, line)

    def banner(self) -> str:
        """Return what the last line of the screen says of calls that it does not show; "" for nothing."""
        if self.paused:
            return f"paused · {counted(len(self.journal) - self.rows.laid_out, 'call')} since · p goes on"
        new = self.rows.laid_out - self._left_end_at
        return f"↓ {counted(new, 'new call')} · End follows" if new and not self.following else ""

    def _nothing(self) -> Sequence[str]:
        """Say why there is no line."""
        if self._found is None or not len(self.journal):
            return self.empty
        return ["No call was found: escape shows all." if self._found.done else "Searching …"]

    def highlight(self, call: int) -> str:
        """Return the component class that a call is drawn over: "cursor", "marked", "related" or ""."""
        return ""

    def _settle(self, first: int, stop: int) -> None:
        """Have the sends among these lines stand before the recvs that took their bytes, even if recorded after."""
        if first >= stop:
            return
        entries = [self.rows.entry(self.rows.locate(line)[0]) or 0 for line in (first, stop - 1)]
        for block in range(max(0, min(entries) - _NEAR) // _BLOCK, (max(entries) + _NEAR) // _BLOCK + 1):
            begin, end = max(0, block * _BLOCK - _NEAR), min(len(self.rows), (block + 1) * _BLOCK + _NEAR)
            if self._settled.get(block) == end:
                continue
            self._settled[block] = end
            if runs := displaced(begin, end, self._before):
                self.rows.reorder(runs)
                self._cache.clear()

    def _fit_names(self, first: int, stop: int) -> None:
        """Have the column of names hold those of the calls on these lines: longer ones shift what was drawn."""
        if self.lines.widen({self.rows.locate(line)[0] for line in range(first, stop)}):
            self._cache.clear()
            self.refresh()

    def _before(self, entry: int) -> int:
        """Return the entry of the first recv that took a send's bytes if recorded shortly before it, else its own."""
        index = self.rows.call(entry)
        if not (self.journal.marks[index] & SENT and self.journal.lengths[index]):
            return entry
        takers = self.journal.lineage.takers(self.journal[index])
        taker = self.rows.entry(min((part.seq for part in takers), default=index + 1) - 1)
        return taker if taker is not None and entry - _NEAR <= taker < entry else entry

    def _strip(self, index: int, within: int) -> Strip:
        over = self.highlight(index)
        key = (index, within, over)
        if (strip := self._cache.get(key)) is not None:
            return strip
        bar: Piece = {"cursor": ("▌", "bar"), "marked": ("│", "bar"), "related": ("◆", "bar")}.get(over, (" ", ""))
        pieces = [bar, *self.lines.pieces(index, within)]
        segments = [Segment(text, self._style(name, over)) for text, name in pieces if text]
        strip = self._wide(segments, over)
        part = self.rows.part(index, within)[0]
        may_change = self.rows.layout.beside or part in (LineKind.HEAD, LineKind.ANNOTATION)
        may_change |= part is LineKind.BYTES and bool(self.journal.marks[index] & RECEIVED)
        if not may_change or self.lines.is_final(index):
            self._cache[key] = strip
        return strip

    def _wide(self, segments: list[Segment], over: str = "") -> Strip:
        """Return a line as wide as the widget; *over* says what fills its rest."""
        return Strip(segments).crop_extend(0, self._look.width + 1, self._style(over))

    def _style(self, name: str, over: str = "") -> Style:
        """Return a component's style on the background of *over*, "" being the widget itself."""
        if (style := self._styles.get((name, over))) is None:
            style = style_of(self, PREFIX + name) if name else self.rich_style
            if over:
                style += Style(bgcolor=self._style(over).bgcolor)
            clear = name.startswith(("send", "byte", "call")) and not name.endswith("-dim")
            self._styles[name, over] = style = readable(style, CLEAR if clear else READABLE)
        return style

    def _selected(self, strip: Strip, start: int, stop: int) -> Strip:
        """Show the strip's characters start to stop (-1: to its end) as selected with the mouse."""
        text = strip.text
        end = strip.cell_length
        left = min(end, cells(text[:start]))
        right = end if stop == -1 else min(end, cells(text[:stop]))
        if left >= right:
            return strip
        style = Style(bgcolor=self.screen.get_component_rich_style("screen--selection").bgcolor)
        before, middle, after = strip.crop(0, left), strip.crop(left, right), strip.crop(right, end)
        middle = Strip(Segment.apply_style(middle, post_style=style), middle.cell_length)
        return Strip.join([before, middle, after])

    # --- selecting text --------------------------------------------------------------------------------------------

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first, last = self._selected_lines(selection)
        texts = []
        for line in range(first, last + 1):
            span = selection.get_span(line) or (0, 0)
            text = " " + self.lines.plain(*self.rows.locate(line))
            texts.append(text[span[0] : None if span[1] == -1 else span[1]])
        return "\n".join(texts), "\n"

    def selected_calls(self) -> list[int]:
        """Return the calls that text is selected of, in the order shown."""
        if self.text_selection is None:
            return []
        first, last = self._selected_lines(self.text_selection)
        return list(dict.fromkeys(self.rows.locate(line)[0] for line in range(first, last + 1)))

    def _selected_lines(self, selection: Selection) -> tuple[int, int]:
        first = selection.start.y if selection.start else 0
        last = min(selection.end.y if selection.end else self.rows.lines, self.rows.lines - 1)
        return first, min(last, first + _MOST_LINES)
