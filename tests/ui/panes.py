"""An app around one pane, which keeps what the pane wishes; and endpoint states to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from workbench.engine.state import EndpointState
from workbench.ui.bench.wishes import EndpointChosen, Wish
from workbench.ui.parts.controls import ErrorLine, Press


class Around(App[None]):
    """Mounts what *make* makes and keeps the wishes it posts, in order."""

    CSS = "ServerPane, ClientPane { border: round $primary; padding: 0 1; height: 1fr; }"

    def __init__(self, make: Callable[[], Widget]) -> None:
        super().__init__()
        self._make = make
        self.wishes: list[Wish] = []
        self.chosen: list[str] = []
        self.refused: list[str] = []

    def compose(self) -> ComposeResult:
        yield self._make()

    @on(Wish)
    def keep(self, wish: Wish) -> None:
        if isinstance(wish, EndpointChosen):
            self.chosen.append(wish.name)
        else:
            self.wishes.append(wish)

    @on(Press.Refused)
    def note(self, event: Press.Refused) -> None:
        self.refused.append(event.why)

    def error(self, id: str = "error") -> str:
        """The sentence shown beside the form; empty if none is seen."""
        line = self.query_one(f"#{id}", ErrorLine)
        return line.sentence if line.display else ""

    def picture(self) -> str:
        """The screen as text, line by line."""
        lines = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def settled(pilot: Pilot[Any]) -> None:
    """Let every message find its way: from a control to its pane, from there to the app."""
    for _ in range(3):
        await pilot.pause()


def state(name: str, **others: Any) -> EndpointState:
    """An endpoint as the engine shows it: by its name an open server, connection or client on TCP."""
    role = {"conn": "connection"}.get(name.split()[0], name.split()[0])
    values: dict[str, Any] = {
        "role": role,
        "number": int(name.split()[1]) if " " in name else 0,
        "socket": "4711.3",
        "family": "AF_INET",
        "type": "SOCK_STREAM",
        "local": ["127.0.0.1", 6789],
        "peer": None if role == "server" else ["127.0.0.1", 50312],
        "tcp_state": "LISTEN" if role == "server" else "ESTABLISHED",
        "bytes_in": 0,
        "bytes_out": 0,
        "pending": (),
        "done": frozenset({"socket"}),
        "last": "socket",
        "error": None,
        "closed": False,
        "timeout": None,
        "bufsize": 1024,
        "auto": False,
        "rest": b"",
        "ended": False,
    }
    return EndpointState(name=name, **(values | others))
