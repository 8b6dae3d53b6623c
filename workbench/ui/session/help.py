"""F1: the screen explained, with every key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Static

from workbench.model.text.hexdump import SIGNS, Category
from workbench.model.text.safe import STAND_IN
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.dialog import Dialog

WHAT = """\
A bench for real sockets. On the left a server and clients: real ones, that make a real call for each key you press. \
On the right the log: every call as you would write it in Python, what it returned, and the bytes that moved.

F5 does the first round for you: it starts the server, connects a client and sends what is in the composer. \
Then press ^r to receive, change n, and see what recv leaves behind.

While nothing runs, the panes are the forms of server and client. What runs takes a row each; ⋯ at its end, or ^o, \
opens the menu of what can be done with it. F2 or F3 pressed once more opens the form for the next start or connect.

The other side need not be the bench: point any program at the address that the server shows, or connect a client to \
any server.\
"""
LINE = """\
#17  +2.338 conn 1   ← recv(4) = 4 bytes · 7 left · bytes 0-3 of #12
     68 65 6c 6c                                      hell

Call 17 of the session returned 2.338 seconds after its start: conn 1 received (←; → sends, • neither) with recv(4). \
It got 4 bytes, the kernel still holds 7, and these four are bytes 0 to 3 of what call 12 sent. The bytes are below, \
in hex and as text, in the colour of the send that they came from. Where a row ends in …, select the call and read \
on in the inspector. Calls in succession that say the same are one row, with a count: ×12.\
"""
LOG_SIGNS = {
    "▌": "the selected call",
    "◆": "moved bytes of the selected one",
    "▸": "there is more: its bytes, or each of the calls in the row (enter)",
    "★": "has a bookmark",
    "✎": "has a note",
    "!": "went wrong",
    "│": "at the left: marked, to be copied; in the hex: here the bytes of the next send or frame begin",
}
MOUSE = """\
Click a call to select it, its ▸ to see more; the wheel scrolls. Drag over text to select it: ^c copies it as it \
stands there, x, c, y and m copy the bytes, or the calls, that it belongs to.\
"""
WAITS = """\
A call that blocks runs on a thread of its own; the strip of the pane shows in which step, and for how long. Escape \
ends its wait at once, and the socket is as it was. To make that possible the bench waits with poll(2) and then makes \
the real call: what a call returns, raises and takes is what a plain socket's would.\
"""


class HelpScreen(Dialog[None]):
    """Explains the bench and lists its keys, as they are bound."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > Vertical { width: 90; max-width: 100%; height: 90%; border: round $accent; background: $surface; }
    HelpScreen VerticalScroll { padding: 0 2; }
    HelpScreen Static { margin-right: 1; }
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
                    yield Static(text if isinstance(text, Table) else Content(text))

    def _chapters(self) -> Iterator[tuple[str, str | Table]]:
        about: str | None = getattr(self._below, "ABOUT", None)
        yield "What this is", about or WHAT
        log = self._below.query(LogView)
        if log:
            yield "A line of the log", LINE
            yield "Signs in the log", table(LOG_SIGNS.items())
            yield "Signs in the text column", table(byte_signs())
            yield "The mouse in the log", MOUSE
        if about is None:
            yield "Calls that block", WAITS
        yield "Keys (^ is ctrl)", table(self._keys(self.app, self._below))
        if log:
            frame = self._below.query_one(LogFrame)
            yield "Keys in the log", table(self._keys(*log, frame))
        others = [node for node in self._below.query("*") if not isinstance(node, LogView | LogFrame)]
        if keys := list(self._keys(*others)):
            yield "More keys", table(keys)

    @property
    def _below(self) -> Screen[object]:
        """The screen that is explained."""
        return self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else self.app.screen

    def _keys(self, *nodes: DOMNode) -> Iterator[tuple[str, str]]:
        """Yield what the keys of the nodes do, as their tooltips say, behind the keys."""
        menu_keys: dict[str, str] = getattr(self._below, "menu_keys", dict)()
        keys: dict[str, list[str]] = {}
        does: dict[str, str] = {}
        for node in nodes:
            for _, binding in node._bindings:
                if binding.tooltip and binding.id:
                    shown = self.app.get_key_display(binding) or menu_keys.get(binding.action, "^p")
                    keys.setdefault(binding.id, [])
                    keys[binding.id] += [shown] if shown not in keys[binding.id] else []
                    does[binding.id] = binding.tooltip
        yield from ((", ".join(keys[id]), does[id]) for id in keys)


def byte_signs() -> Iterator[tuple[str, str]]:
    """Yield what stands for a byte that is no letter, and what it means."""
    names = {
        Category.NUL: "NUL",
        Category.SPACE: "white space other than a space",
        Category.CONTROL: "a control character",
        Category.NON_ASCII: "a byte above 7f, or no character in the encoding chosen",
    }
    yield from ((SIGNS[category], name) for category, name in names.items())
    yield STAND_IN, "the rest of a character of several bytes, or one that cannot be shown"


def table(rows: Iterable[tuple[str, str]]) -> Table:
    """Return a list of signs or keys with their meaning beside them, also where that takes several lines."""
    made = Table.grid(padding=(0, 2, 0, 0))
    for sign, meaning in rows:
        made.add_row(Text(sign, style="bold"), Text(meaning))
    return made
