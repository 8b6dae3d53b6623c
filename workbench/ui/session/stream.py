"""One connection as a conversation, both directions, followed while it goes on."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.journal.find import Search
from workbench.journal.reader import Journal
from workbench.model.lens.conversation import TEXT, Conversation, Line
from workbench.model.lens.registry import LENSES
from workbench.model.session.query import Query
from workbench.model.text.safe import safe
from workbench.ui.parts.key_bar import KeyBar
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.parts.survivor import Survivor
from workbench.ui.parts.titles import entitle, subtitle

SLICE = 0.02
"""Seconds that one look at the journal may take."""
TICK = 0.05
MOST = 100_000
"""Lines kept on screen; `show --stream` prints all."""

ABOUT = """\
What one end of a connection sent (→) and received (←), in order, with the number of the call at each piece: as \
text, in hex, or cut into frames by a lens. It goes on while the connection does.\
"""


class StreamView(ScrollView, can_focus=True):
    """Draws the lines that are in sight."""

    DEFAULT_CSS = """
    StreamView { height: 1fr; background: $surface; color: $foreground; border: round $primary; }
    StreamView > .stream--sent { color: $text-success; }
    StreamView > .stream--received { color: $text-primary; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"stream--sent", "stream--received"}

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        """Draw *lines*, which may have grown."""
        self.lines = lines
        self.virtual_size = Size(self.scrollable_content_region.width, len(lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        ground = Style(bgcolor=self.rich_style.bgcolor)
        if at >= len(self.lines):
            return Strip.blank(width, ground)
        line = self.lines[at]
        style = self.get_component_rich_style("stream--sent" if line.sent else "stream--received") + ground
        first = at == 0 or self.lines[at - 1].seq != line.seq
        head = f"{_way(line)} {f'#{line.seq}' if first and line.seq else '':<7}"
        return Strip([Segment(head, style + Style(bold=first)), Segment(line.text, style)]).crop_extend(
            0, width, ground
        )


def _way(line: Line) -> str:
    return "→" if line.sent else "←"


class StreamScreen(Survivor, Screen[None]):
    """What one end of a connection sent and received."""

    ABOUT: ClassVar[str] = ABOUT
    """What the help says of this screen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "leave", "Back", id="stream.leave", tooltip="Go back to the log"),
        Binding("t", "show_as('text')", "Text", id="stream.text", tooltip="Show the bytes as text"),
        Binding("h", "show_as('hex')", "Hex", id="stream.hex", tooltip="Show the bytes in hex"),
        Binding("l", "lens(1)", "Next lens", id="stream.lens", tooltip="Cut the bytes into frames by the next lens"),
        Binding("L", "lens(-1)", "Lens before", id="stream.lens_before", tooltip="Cut them by the lens before"),
        Binding("c", "copy", "Copy", id="stream.copy", tooltip="Copy the lines"),
    ]

    def __init__(self, journal: Journal, socket: str, name: str) -> None:
        """Follow the socket with that id; *name*: what it is called."""
        super().__init__()
        self._journal, self._socket, self._called = journal, socket, name
        self.form = TEXT
        self._begin()

    def _begin(self) -> None:
        self._search = Search(self._journal, Query(sockets=(self._socket,)))
        self._conversation = Conversation(self.form)
        self._at = -1
        self.lines: list[Line] = []

    def compose(self) -> ComposeResult:
        yield StreamView()
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(StreamView).focus()
        self.set_interval(TICK, self.tick)
        self.call_after_refresh(self.tick)

    def tick(self) -> None:
        """Read on for a moment, and draw."""
        self._journal.pull(SLICE)
        self._search.step(SLICE)
        until, known = time.monotonic() + SLICE, len(self.lines)
        while len(self.lines) < MOST and time.monotonic() < until:
            call = self._search.next(self._at)
            if call is None:
                break
            self._at = call
            self.lines += self._conversation.feed(self._journal[call])
        view = self.query_one(StreamView)
        if len(self.lines) != known or not view.border_title:
            view.show(self.lines)
        entitle(view, f"{safe(self._called)} · {self.form} · {len(self.lines)} lines")
        subtitle(view, self._state())

    def _state(self) -> str:
        if len(self.lines) >= MOST:
            return "cut here: show --stream prints all"
        if not self._search.done:
            return f"{self._search.position * 100 // max(1, len(self._journal))} % read"
        pending = [f"{_way(line)} {line.text}" for line in self._conversation.end()]
        return " · ".join(pending) if pending or self.lines else "it has sent and received nothing"

    def action_show_as(self, form: str) -> None:
        self.form = form
        self._begin()
        self.query_one(StreamView).scroll_home(animate=False)
        self.query_one(StreamView).show(self.lines)
        self.tick()

    def action_lens(self, step: int) -> None:
        names = list(LENSES)
        at = names.index(self.form) + step if self.form in names else 0 if step > 0 else -1
        self.action_show_as(names[at % len(names)])

    def action_copy(self) -> None:
        if self.lines:
            self.app.copy_to_clipboard("\n".join(line.text for line in self.lines))
            self.notify(f"Copied {len(self.lines)} lines.", timeout=2)

    def action_leave(self) -> None:
        if self.is_current:
            self.app.pop_screen()
