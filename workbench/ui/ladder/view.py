"""A journal's ladder on screen: only the rungs that are seen are followed and drawn, so a million scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.journal.ladder import Ladder
from workbench.journal.reader import Journal
from workbench.model.ladder.rungs import Rung
from workbench.model.ladder.strip import Columns, columns, foot, heading, strip
from workbench.ui.parts.style import SEND_LOOKS, readable, send_look, style_of

if TYPE_CHECKING:
    from workbench.journal.find import Search

PREFIX = "ladder--"
_LOOKS = {
    **dict.fromkeys(("time", "outside", "end", "life", "arrow"), "color: $foreground 60%"),
    **dict.fromkeys(("name", "call"), "color: $foreground; text-style: bold"),
    **dict.fromkeys(("error", "reset", "lost"), "color: $text-error; text-style: bold"),
    **dict.fromkeys(("gap", "wait"), "color: $text-warning"),
    "result": "color: $foreground 80%",
    "queue": "color: $foreground; text-style: bold",
    "cursor": "background: $primary 22%",
    "related": "background: $foreground 12%",
    **SEND_LOOKS,
}
_SLICE = 400  # calls placed at once: a few ms
_STEP = 8  # cells that are scrolled sideways


class LadderView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the ladder of a journal that someone else pulls; call `sync` after each pull."""

    DEFAULT_CSS = (
        "LadderView { height: 1fr; background: $surface; color: $foreground; }\n"
        + "LadderView { overflow-y: scroll; scrollbar-size: 1 1; }\n"
        + "LadderView {\n"
        + "".join(f"    & > .{PREFIX}{name} {{ {rules}; }}\n" for name, rules in _LOOKS.items())
        + "}\n"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", id="ladder.up", show=False),
        Binding("down", "move(1)", "Down", id="ladder.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="ladder.page_up", show=False),
        Binding("pagedown", "page(1)", "Page down", id="ladder.page_down", show=False),
        Binding("home", "first", "First", id="ladder.first", show=False),
        Binding("end,G", "follow", "Follow", id="ladder.follow", tooltip="Go to the last rung and stay at the end"),
        Binding("left", f"sideways(-{_STEP})", "Left", id="ladder.left", show=False),
        Binding("right", f"sideways({_STEP})", "Right", id="ladder.right", show=False),
        Binding(
            "o", "only", "Only this", id="ladder.only", tooltip="Show only the connection of this rung, or all again"
        ),
        Binding("enter", "open_call", "Call", id="ladder.open", tooltip="Show the call of this rung in the log"),
    ]

    selected: reactive[int | None] = reactive(None, init=False)
    """The index in the journal of the call whose rung is selected."""
    following: reactive[bool] = reactive(True, init=False)
    now: reactive[dict[str, str]] = reactive({}, init=False)
    """What lies in the kernel for a socket at this moment, by its id: the last line, as long as there is any."""
    marked: reactive[frozenset[int]] = reactive(frozenset[int](), init=False)
    """Numbers of the calls that findings are about."""

    class Selected(Message):
        """Another call is selected: *index* in the journal."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    class CallWanted(Message):
        """The call *index* is to be shown in the log."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    def __init__(self, journal: Journal, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._styles: dict[tuple[str, str], Style] = {}
        self._hovered: int | None = None
        self._moving = False
        self._take(journal)

    def _take(self, journal: Journal, found: Search | None = None, only: frozenset[str] = frozenset()) -> None:
        self.journal, self._found, self._only = journal, found, only
        self.ladder = Ladder(journal, self._keep if found is not None or only else None)
        self._layout_now: Columns | None = None
        self._seen: dict[int, Rung] = {}
        self._related: frozenset[int] = frozenset()

    # --- taking in -------------------------------------------------------------------------------------------------

    def show(self, journal: Journal, found: Search | None = None) -> None:
        """Show *journal*, or only what was *found* in it, as far as it goes by now; some calls more at each call."""
        if journal is not self.journal or found is not self._found:
            self._take(journal, found, self._only if journal is self.journal else frozenset())
            self.following = True
        known = len(journal) if found is None else found.position
        if self.ladder.taken < known and self.ladder.extend(min(_SLICE, known - self.ladder.taken)):
            self._renew()

    def _keep(self, index: int) -> bool:
        if self._found is not None and not self._found.found[index]:
            return False
        return not self._only or self.journal[index].socket in self._only

    def action_only(self) -> None:
        """Show only the connection of the selected rung, or all again."""
        only = frozenset[str]()
        if not self._only and len(self.ladder):
            only = self.ladder.connection_of(self.journal[self.ladder.index_of(self._number())].socket)
        self._take(self.journal, self._found, only)
        self.show(self.journal, self._found)
        self._renew()
        self.select(self.selected)

    def _renew(self) -> None:
        self._seen.clear()
        self._layout_now = None
        self._resize()
        self.refresh()

    def _columns(self) -> Columns:
        if self._layout_now is None:
            self._layout_now = columns(self.ladder.lifelines(), max(40, self.scrollable_content_region.width))
        return self._layout_now

    def _resize(self) -> None:
        size = Size(self._columns().width, len(self.ladder) + 1 + bool(self.now))
        self._moving = True
        if size != self.virtual_size:
            # Assigning virtual_size would lay the whole screen out again, and only the scrollbar has to know.
            self.set_reactive(ScrollView.virtual_size, size)
            self._scroll_update(size)
        if self.following:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        self._moving = False

    def on_resize(self, event: events.Resize) -> None:
        self._renew()

    def watch_now(self, before: dict[str, str], now: dict[str, str]) -> None:
        if bool(before) != bool(now):
            self._resize()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._moving and self.is_mounted:
            self.following = round(new_value) >= self.max_scroll_y

    # --- drawing ---------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        first = max(0, self.scroll_offset.y + crop.y - 1)
        stop = min(first + crop.height, len(self.ladder))
        if any(number not in self._seen for number in range(first, stop)):
            self._seen = dict(enumerate(self.ladder.rungs(first, stop), first))
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        layout, left = self._columns(), self.scroll_offset.x
        number = self.scroll_offset.y + y - 1
        over = ""
        if y == 0:
            pieces = heading(layout)
        elif self.now and y == self.scrollable_content_region.height - 1:
            pieces = foot(layout, self.now)
        elif (rung := self._seen.get(number)) is not None:
            pieces, over = strip(rung, layout, self.marked), self._highlight(number, rung)
        else:
            said = "No call has a place on the ladder yet." if not len(self.ladder) and y == 1 else ""
            pieces = [(said, "time")]
        drawn = Strip([Segment(text, self._style(part, over)) for text, part in pieces if text])
        return drawn.crop_extend(left, left + self.size.width, self._style("", over))

    def _highlight(self, number: int, rung: Rung) -> str:
        if rung.call.seq - 1 == self.selected:
            return "cursor"
        return "related" if rung.call.seq in self._related or number == self._hovered else ""

    def _style(self, part: str, over: str = "") -> Style:
        kind, _, seq = part.partition(" ")
        name = send_look(self.journal, int(seq)) if kind == "send" else part
        if (style := self._styles.get((name, over))) is None:
            style = style_of(self, PREFIX + name) if name else self.rich_style
            if over:
                style += Style(bgcolor=style_of(self, PREFIX + over).bgcolor)
            self._styles[name, over] = style = readable(style)
        return style

    # --- selecting -------------------------------------------------------------------------------------------------

    def watch_selected(self, index: int | None) -> None:
        self._relate(index)
        if index is not None:
            self.post_message(self.Selected(index))

    def _relate(self, index: int | None) -> None:
        """Light the rungs of the sends that fed a recv, or of the recvs that took a send's bytes."""
        if index is None or index >= len(self.journal):
            related = frozenset[int]()
        else:
            call, lineage = self.journal[index], self.journal.lineage
            pieces = lineage.takers(call) if call.sends else lineage.sources(call) or ()
            related = frozenset(piece.seq for piece in pieces)
        self._related = related
        self.refresh()

    def select(self, index: int | None) -> None:
        """Select the call with that index, and bring its rung into view."""
        self.selected = index
        number = None if index is None else self.ladder.number_of(index)
        if number is not None:
            self._show(number)

    def _show(self, number: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height - 1 - bool(self.now)
        if number < top:
            self.scroll_to(y=number, animate=False)
        elif number >= top + height:
            self.scroll_to(y=number - height + 1, animate=False)

    def _number(self) -> int:
        """Return the number of the selected rung, else of the last one."""
        number = None if self.selected is None else self.ladder.number_of(self.selected)
        return len(self.ladder) - 1 if number is None else number

    def _go(self, number: int) -> None:
        if len(self.ladder):
            number = max(0, min(number, len(self.ladder) - 1))
            self.following = number == len(self.ladder) - 1
            self.selected = self.ladder.index_of(number)
            self._show(number)

    def action_move(self, count: int) -> None:
        """Select the rung so many further: of another call than the one selected."""
        number, now = self._number(), self.selected
        while self.selected is not None and 0 <= number + count < len(self.ladder):
            number += count
            if self.ladder.index_of(number) != now:
                break
        self._go(number)

    def action_page(self, pages: int) -> None:
        self._go(self._number() + pages * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self._go(0)

    def action_follow(self) -> None:
        self._go(len(self.ladder) - 1)

    def action_sideways(self, cells: int) -> None:
        self.scroll_to(x=self.scroll_offset.x + cells, animate=False)

    def action_open_call(self) -> None:
        if self.selected is not None:
            self.post_message(self.CallWanted(self.selected))

    def _under(self, event: events.MouseEvent) -> int | None:
        number = self.scroll_offset.y + event.y - 1
        return number if event.y and 0 <= number < len(self.ladder) else None

    def on_click(self, event: events.Click) -> None:
        number = self._under(event)
        if number is None:
            return
        again = self.selected == self.ladder.index_of(number)
        self._go(number)
        if again and event.chain > 1:
            self.action_open_call()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        number = self._under(event)
        if number != self._hovered:
            self._hovered = number
            self._relate(self.selected if number is None else self.ladder.index_of(number))

    def on_leave(self, event: events.Leave) -> None:
        self._hovered = None
        self._relate(self.selected)
