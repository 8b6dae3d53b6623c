"""F1: the screen explained, with every key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from workbench.model.hexdump import SIGNS, Category

WHAT = """\
A bench for real sockets. On the left a server and clients: real ones, that make a real call for each key you press. \
On the right the log: every call as you would write it in Python, what it returned, and the bytes that moved.

F5 does the first round for you: it starts the server, connects a client and sends what stands in the composer. \
Then press ctrl+r to receive, change n, and see what recv leaves behind.

The other side need not be the bench: point any program at the address that the server shows, or connect a client to \
any server.\
"""
LINE = """\
17 ▾ 12:00:00.004213  conn 1  ←  recv(4)  = b'hell'
     4 bytes · 7 left · bytes 0-3 of #12

conn 1 received (←, → sends, • neither) with recv(4). It got 4 bytes, the kernel still holds 7, and these four are \
bytes 0 to 3 of the send in line 12. Below stand the bytes in hex and as text.\
"""
WAITS = """\
A call that blocks runs on a thread of its own; the strip of the pane shows in which step, and for how long. Escape \
ends its wait at once, and the socket is as it was. To make that possible the bench waits with poll(2) and then makes \
the real call: what a call returns, raises and takes is what a plain socket's would.\
"""


class HelpScreen(ModalScreen[None]):
    """Explains the bench and lists its keys, as they are bound."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > Vertical { width: 90; max-width: 100%; height: 90%; border: round $accent; background: $surface; }
    HelpScreen VerticalScroll { padding: 0 2; }
    HelpScreen .heading { text-style: bold; color: $accent; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Close", tooltip="Close the help")]

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "help"
            frame.border_subtitle = "escape closes"
            with VerticalScroll():
                for heading, text in self._chapters():
                    yield Static(Content(heading), classes="heading")
                    yield Static(Content(text))

    def _chapters(self) -> Iterator[tuple[str, str]]:
        about: str | None = getattr(self._below, "ABOUT", None)
        yield "What this is", about or WHAT
        yield "A line of the log", LINE
        yield "Signs in the text column", signs()
        if about is None:
            yield "Calls that block", WAITS
        yield "Keys", "\n".join(self._keys())

    @property
    def _below(self) -> Screen[object]:
        """The screen that is explained."""
        return self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else self.app.screen

    def _keys(self) -> Iterator[str]:
        """Yield a line for each key of the screen below: what it does stands in its tooltip."""
        below = self._below
        seen: set[tuple[str, str]] = set()
        for node in (self.app, below, *below.query("*").results()):
            for key, binding in node._bindings:
                if binding.tooltip and binding.id and (key, binding.id) not in seen:
                    seen.add((key, binding.id))
                    shown = self.app.get_key_display(binding)
                    yield f"{shown:<12} {binding.tooltip}"


def signs() -> str:
    """Say what stands for a byte that is no letter."""
    names = {
        Category.NUL: "NUL",
        Category.SPACE: "white space other than a space",
        Category.CONTROL: "a control character",
        Category.NON_ASCII: "a byte above 7f",
    }
    return "   ".join(f"{SIGNS[category]} {name}" for category, name in names.items() if category in SIGNS)
