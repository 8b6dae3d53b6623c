"""A dialog with one line to type: a note, or a file's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static

from workbench.model.text.safe import safe
from workbench.ui.parts.controls import ErrorLine, Field, Press, Row
from workbench.ui.parts.dialog import Dialog

_MOST = 5000  # entries of a folder that are looked at


class PathSuggester(Suggester):
    """Completes the name of a file as it is typed."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first file or folder whose name begins so; names that would not be drawn as they are are left."""
        folder, slash, begin = value.rpartition("/")
        if not value.strip():
            return None
        try:
            with os.scandir(Path(folder + slash).expanduser() if slash else ".") as entries:
                known = [f"{entry.name}/" if entry.is_dir() else entry.name for entry in islice(entries, _MOST)]
        except (OSError, RuntimeError, ValueError):
            return None
        fitting = sorted(name for name in known if name.startswith(begin) and safe(name) == name)
        return f"{folder}{slash}{fitting[0]}" if fitting else None


class Prompt(Dialog[str | None]):
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
        self,
        question: str,
        value: str = "",
        *,
        accept: str = "OK",
        check: Callable[[str], str | None] = lambda _: None,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__()
        self._suggester = suggester
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
        field = self.query_one("#line", Field)
        field.suggester = self._suggester
        field.focus()

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
