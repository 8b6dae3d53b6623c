"""The row above a narrow screen: which view shows, and where server and client stand meanwhile."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from workbench.engine.state import EndpointState
from workbench.model.text.safe import safe

Names = tuple[tuple[str, str], ...]
"""Of views: for the program, and for the person."""
VIEWS: Names = (("server", "F2 server"), ("client", "F3 client"), ("log", "F4 log"))


class Views(Widget):
    """Names the views; a click chooses one."""

    DEFAULT_CSS = "Views { height: 1; background: $panel; padding: 0 1; }"

    class Chosen(Message):
        """A person wants to see the view *name*."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, view: str, names: Names = VIEWS, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view, self._names = view, names
        self._blocked = ""

    def show(self, view: str, states: tuple[EndpointState, ...], now: float) -> None:
        """Show the view that is up, and what is blocked; redraws only what changed."""
        blocked = "   ".join(
            f"{safe(state.name)} [{safe(call.call)} {now - call.since:.0f} s]"
            for state in states
            for call in state.pending
            if not state.auto and now - call.since >= 0.5
        )
        if (view, blocked) != (self._view, self._blocked):
            self._view, self._blocked = view, blocked
            self.refresh()

    def render(self) -> Content:
        parts: list[Content] = []
        for name, label in self._names:
            style = "reverse bold" if name == self._view else ""
            parts += [Content.styled(f" {label} ", style), Content(" ")]
        return Content.assemble(*parts, Content(f"  {self._blocked}"))

    def on_click(self, event: events.Click) -> None:
        at = 0
        for name, label in self._names:
            width = len(label) + 3
            if at <= event.x - 1 < at + width:
                self.post_message(self.Chosen(name))
            at += width
