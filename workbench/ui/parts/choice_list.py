"""The list that a Choice opens below itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.model.text.safe import cells, safe
from workbench.ui.parts.dialog import Dialog


class ChoiceList(Dialog[str | None]):
    """The values of a Choice, each with its help; None if the person chose nothing."""

    DEFAULT_CSS = """
    ChoiceList { background: transparent; }
    ChoiceList OptionList { background: $panel; border: none; padding: 0; text-wrap: nowrap; text-overflow: ellipsis; }
    ChoiceList OptionList > .option-list--option { text-wrap: nowrap; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave as it is", show=False)]

    def __init__(self, options: Mapping[str, str], value: str, below: Region) -> None:
        super().__init__()
        self._options = options
        self._value = value
        self._below = below

    def compose(self) -> ComposeResult:
        options = [
            Option(
                Content.assemble(self._padded(name), ("  " + text if text else "", "$foreground 60%")), id=f"v-{name}"
            )
            for name, text in self._options.items()
        ]
        listed = OptionList(*options, compact=True)
        listed.highlighted = list(self._options).index(self._value)
        yield listed

    @property
    def _widest(self) -> int:
        return max(cells(safe(name)) for name in self._options)

    def _padded(self, name: str) -> str:
        return safe(name) + " " * (self._widest - cells(safe(name)))

    def on_mount(self) -> None:
        self._place()

    def on_resize(self) -> None:
        self._place()

    def _place(self) -> None:
        screen = self.app.size
        wide = self._widest + max(len(text) + 2 for text in self._options.values()) + 1
        width, height = min(wide, screen.width), min(len(self._options), screen.height)
        listed = self.query_one(OptionList)
        listed.styles.width, listed.styles.height = width, height
        listed.styles.offset = (
            max(0, min(self._below.x, screen.width - width)),
            max(0, min(self._below.y + 1, screen.height - height)),
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss((event.option.id or "v-")[2:])

    def on_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(None)
