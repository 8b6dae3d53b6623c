"""A question with yes or no, for what can't be taken back or lets others in."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.model.call.address import is_loopback_host
from workbench.model.text.safe import safe
from workbench.ui.parts.controls import Press, Row
from workbench.ui.parts.dialog import Dialog


class Confirm(Dialog[bool]):
    """Asks a question (plain text); True if the person said yes. "No" has the focus."""

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical {
        width: 64; max-width: 100%; height: auto; max-height: 100%;
        border: round $warning; padding: 1 2; background: $surface;
    }
    Confirm Row { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "dismiss(False)", "No", tooltip="Leave everything as it is"),
        Binding("y", "dismiss(True)", "Yes", tooltip="Do it"),
        Binding("left,right", "app.focus_next", "The other", show=False),
    ]

    def __init__(self, question: str, accept: str = "Yes") -> None:
        super().__init__()
        self._question, self._accept = question, accept

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_subtitle = "y does it · n, escape leave it"
            yield Static(Content(safe(self._question, newline="\n")))
            with Row():
                yield Press(self._accept, id="yes", classes="-stop", tooltip="Do it (y)")
                yield Press("Cancel", id="no", tooltip="Leave everything as it is (n, escape)")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_press_pressed(self, event: Press.Pressed) -> None:
        self.dismiss(event.press.id == "yes")


async def may_bind(app: App[None], host: str, port: int, type: str, accept: str = "Bind") -> bool:
    """Whether a socket may take this address: on loopback at once, elsewhere after a question."""
    return is_loopback_host(host) or await app.push_screen_wait(Confirm(exposure(host, port, type), accept))


def exposure(host: str, port: int, type: str) -> str:
    """Say what becomes reachable, and by whom, when a socket of that *type* binds elsewhere than to loopback."""
    what = f"Port {port}" if port else "A free port"
    of = "every address of this machine" if host in ("", "0.0.0.0", "::") else host
    doing = "connect to it and send to it" if type in ("SOCK_STREAM", "SOCK_SEQPACKET") else "send to it"
    return f"{what} will be open on {of}: any machine that can reach this one can {doing}."
