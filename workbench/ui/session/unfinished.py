"""What to do about a session that was never closed."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.model.text.safe import safe
from workbench.ui.parts.controls import Press, Row
from workbench.ui.parts.dialog import Dialog

Choice = Literal["open", "discard", "later"]


class Unfinished(Dialog[Choice]):
    """Offers a session that a crash left: look at it, throw it away, or decide another time."""

    DEFAULT_CSS = """
    Unfinished { align: center middle; }
    Unfinished > Vertical {
        width: 64; max-width: 100%; height: auto; border: round $accent; padding: 1 2; background: $surface;
    }
    Unfinished Row { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "answer('open')", "Open", tooltip="Look at what it holds"),
        Binding("d", "answer('discard')", "Discard", tooltip="Throw it away"),
        Binding("l,escape", "answer('later')", "Later", tooltip="Leave it where it is"),
        Binding("right", "app.focus_next", "Next", show=False),
        Binding("left", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        if len(names) == 1:
            self._text = f"A session was not closed: {safe(names[0])}. Every call that returned is in it."
        else:
            self._text = f"{len(names)} sessions were not closed, the last one {safe(names[0])}."
        self._discard = "Discard" if len(names) == 1 else f"Discard all {len(names)}"

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_subtitle = "o opens · d discards · l, escape later"
            yield Static(Content(self._text))
            with Row():
                yield Press("Open", id="open", tooltip="Look at what it holds (o)")
                yield Press(self._discard, id="discard", tooltip="Throw away what was not closed (d)")
                yield Press("Later", id="later", tooltip="Leave it where it is (l, escape)")

    def on_mount(self) -> None:
        self.query_one("#open").focus()

    def action_answer(self, choice: Choice) -> None:
        self.dismiss(choice)

    @on(Press.Pressed)
    def press(self, event: Press.Pressed) -> None:
        """Answer with the button's name."""
        event.stop()
        self.dismiss(event.press.id)  # type: ignore[arg-type]
