"""w: why a call came out as it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.model.why.why import Why
from workbench.ui.parts.dialog import Dialog


class WhyScreen(Dialog[None]):
    """Shows an explanation."""

    DEFAULT_CSS = """
    WhyScreen { align: center middle; }
    WhyScreen > Vertical {
        width: 84; max-width: 100%; height: auto; max-height: 100%;
        border: round $accent; border-title-style: bold; background: $surface;
    }
    WhyScreen VerticalScroll { height: auto; max-height: 100%; padding: 0 2; }
    WhyScreen Static { width: 1fr; }
    WhyScreen .call { text-style: bold; color: $text-accent; }
    WhyScreen .sentence { margin-top: 1; }
    WhyScreen .heading { margin-top: 1; color: $text-muted; }
    WhyScreen .python { background: $boost; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,w,enter", "dismiss", "Close", tooltip="Close the explanation"),
        Binding("y", "copy", "Copy Python", tooltip="Copy the lines of Python"),
    ]

    def __init__(self, why: Why) -> None:
        super().__init__()
        self._why = why

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "why?"
            frame.border_subtitle = "escape closes · y copies the Python"
            with VerticalScroll():
                for text, part in self._parts():
                    yield Static(Content(text), classes=part)

    def _parts(self) -> Iterator[tuple[str, str]]:
        yield self._why.title, "call"
        for sentence in self._why.sentences:
            yield sentence, "sentence"
        yield "What comes next", "heading"
        yield self._why.next, ""
        yield "In Python", "heading"
        yield "\n".join(self._why.python), "python"
        yield f"See {self._why.source}", "heading"

    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(self._why.python))
        self.notify("Copied the lines of Python.", timeout=2)
