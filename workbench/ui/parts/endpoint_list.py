"""The list of a server's connections or of the clients: one row each, drawn only where it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.engine.state import EndpointState
from workbench.model.call.address import show
from workbench.model.text.safe import cells, safe

_MENU = " ⋯ "
_STATES = {"ESTABLISHED": "ESTAB", "CLOSE": "CLOSED"}


def listens(state: EndpointState) -> bool:
    """Whether it is a socket that accepts, so that it has no data of its own."""
    return state.role == "server" and state.type in ("SOCK_STREAM", "SOCK_SEQPACKET")


def size(number: int) -> str:
    """Write a number of bytes in at most five cells: 999, 1.2k, 340k, 1.0M."""
    if number < 1000:
        return str(number)
    value, units = float(number), iter("kMGTPE")
    unit = ""
    while value >= 999.5:
        value, unit = value / 1000, next(units)
    return f"{value:.1f}{unit}" if value < 9.95 else f"{value:.0f}{unit}"


def where(state: EndpointState) -> str:
    """Write the other end of an endpoint; of a listener, and where there is none, its own address."""
    if state.peer is not None and state.role != "server":
        return show(state.peer)
    if state.local is None or state.local in ("", ["0.0.0.0", 0]):
        return "no peer" if state.role == "client" else "no address"
    return show(state.local)


def standing(state: EndpointState) -> str:
    """Write the state of an endpoint: of TCP as ss(8) does, else whether it is open."""
    if state.closed and state.tcp_state != "TIME_WAIT":
        return "closed"
    if state.tcp_state:
        return _STATES.get(state.tcp_state, state.tcp_state)
    return "open" if state.socket else "no socket"


def row(state: EndpointState, width: int) -> str:
    """Write one endpoint in *width* cells: where that is too little, arrows for words, then a shorter address."""
    name, address, how = safe(state.name), where(state), safe(standing(state))
    received, sent = size(state.bytes_in), size(state.bytes_out)
    if listens(state):
        return f"{name} {fit(address, width - cells(name) - cells(how) - 2)} {how}"
    line = f"{name} {address} {how} in {received} out {sent}"
    if cells(line) <= width:
        return line
    after = f"{how} ←{received} →{sent}"
    return f"{name} {fit(address, width - cells(name) - cells(after) - 2)} {after}"


def fit(text: str, width: int) -> str:
    """Cut safe text in its middle to *width* cells: its end (a port) says more."""
    if cells(text) <= width:
        return text
    head, tail = "", ""
    for char in reversed(text):
        if cells(tail) + cells(char) > max(1, width - 1) * 2 // 3:
            break
        tail = char + tail
    for char in text:
        if cells(head) + cells(char) + cells(tail) + 1 > width:
            break
        head += char
    return f"{head}…{tail}"


class EndpointList(ScrollView, can_focus=True):
    """Up and down, or a click, choose an endpoint; enter, or a click on its ⋯, asks for its menu; delete drops one."""

    DEFAULT_CSS = """
    EndpointList { height: 1fr; min-height: 2; scrollbar-size-vertical: 1; overflow-x: hidden; }
    EndpointList > .endpoint-list--chosen { text-style: bold; background: $primary 30%; }
    EndpointList:focus > .endpoint-list--chosen { background: $primary; color: $text; }
    EndpointList > .endpoint-list--closed, EndpointList > .endpoint-list--empty { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "endpoint-list--chosen",
        "endpoint-list--closed",
        "endpoint-list--empty",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Previous", show=False),
        Binding("down", "step(1)", "Next", show=False),
        Binding("enter", "menu", "Its actions", show=False),
        Binding("delete", "forget", "Drop a closed one", show=False),
    ]

    @dataclass
    class Chosen(Message):
        name: str

    @dataclass
    class Dropped(Message):
        name: str

    @dataclass
    class MenuWanted(Message):
        """What can be done with the chosen endpoint?"""

    def __init__(self, *, id: str, empty: str, tooltip: str, menu: bool = False) -> None:
        """*menu*: whether there is one of what can be done with an endpoint."""
        super().__init__(id=id)
        self._margin = len(_MENU) if menu else 0
        self.tooltip = tooltip
        self._empty = empty
        self._states: tuple[EndpointState, ...] = ()
        self._rows: tuple[str, ...] = ()
        self.chosen: str | None = None

    def show(self, states: tuple[EndpointState, ...], chosen: str | None) -> None:
        """Draw the endpoints; what is drawn already is left alone."""
        width = self.scrollable_content_region.width
        rows = tuple(row(state, max(20, width - 2 - self._margin)) for state in states)
        self._states = states
        if len(rows) != len(self._rows):
            self.virtual_size = Size(width, len(rows))
        if rows != self._rows or chosen != self.chosen:
            moved = chosen != self.chosen
            self._rows, self.chosen = rows, chosen
            self.refresh()
            if moved:
                self.call_after_refresh(self._reveal)  # before the layout there is nothing to scroll to

    def on_resize(self) -> None:
        self.show(self._states, self.chosen)
        self.call_after_refresh(self._reveal)

    def render_line(self, y: int) -> Strip:
        width, line = self.scrollable_content_region.width, y + self.scroll_offset.y
        style = self.rich_style
        if not self._states:
            text, style = (self._empty if y == 0 else ""), self.get_component_rich_style("endpoint-list--empty")
        elif line >= len(self._states):
            text = ""
        else:
            state = self._states[line]
            here = state.name == self.chosen
            if here or state.closed:
                style = self.get_component_rich_style(f"endpoint-list--{'chosen' if here else 'closed'}")
            text = ("▸ " if here else "  ") + self._rows[line]
            menu = Strip([Segment(_MENU[: self._margin], style)])
            return Strip.join([Strip([Segment(text, style)]).adjust_cell_length(width - self._margin, style), menu])
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def action_step(self, by: int) -> None:
        names = [state.name for state in self._states]
        at = names.index(self.chosen) if self.chosen in names else -by
        if names and 0 <= at + by < len(names):
            self._choose(names[at + by])

    def action_forget(self) -> None:
        for state in self._states:
            if state.name == self.chosen and state.closed:
                self.post_message(self.Dropped(state.name))

    def action_menu(self) -> None:
        if self._states and self._margin:
            self.post_message(self.MenuWanted())

    def on_click(self, event: Click) -> None:
        line = event.y + self.scroll_offset.y
        if line < len(self._states):
            self._choose(self._states[line].name)
            if event.x >= self.scrollable_content_region.width - self._margin:
                self.action_menu()

    def _choose(self, name: str) -> None:
        if name != self.chosen:
            self.chosen = name
            self._reveal()
            self.refresh()
            self.post_message(self.Chosen(name))

    def _reveal(self) -> None:
        names = [state.name for state in self._states]
        if self.chosen in names:
            line, top, height = names.index(self.chosen), self.scroll_offset.y, max(1, self.size.height)
            if not top <= line < top + height:
                self.scroll_to(y=line if line < top else line - height + 1, animate=False)
