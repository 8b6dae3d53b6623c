"""A dialog with one line to type: a note, or a file's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from workbench.ui.widgets.controls import ErrorLine, Field, Press, Row


class Prompt(ModalScreen[str | None]):
    """Asks for one line; gives it, or None. *check* returns a sentence where the line will not do."""

    DEFAULT_CSS = """
    Prompt { align: center middle; }
    Prompt > Vertical {
        width: 64; max-width: 100%; height: auto; border: round $accent; padding: 1 2; background: $surface;
    }
    Prompt Field { width: 1fr; margin: 1 0 0 0; }
    Prompt Row { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Cancel", tooltip="Leave without a change")]

    def __init__(
        self, question: str, value: str = "", *, accept: str = "OK", check: Callable[[str], str | None] = lambda _: None
    ) -> None:
        super().__init__()
        self._question, self._value, self._accept, self._check = question, value, accept, check

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(self._question))
            yield Field(self._value, id="line", tooltip="Enter accepts, escape leaves")
            yield ErrorLine()
            with Row():
                yield Press(self._accept, id="accept", tooltip="Accept what stands in the field")
                yield Press("Cancel", id="cancel", tooltip="Leave without a change")

    def on_mount(self) -> None:
        self.query_one("#line", Field).focus()

    @on(Input.Submitted)
    def accept(self) -> None:
        """Give what was typed, unless it will not do."""
        text = self.query_one("#line", Field).value
        problem = self._check(text)
        if problem:
            self.query_one(ErrorLine).say(problem)
        else:
            self.dismiss(text)

    @on(Press.Pressed)
    def press(self, event: Press.Pressed) -> None:
        """Accept or leave."""
        if event.press.id == "accept":
            self.accept()
        else:
            self.dismiss(None)
