"""A menu: what can be done here, each on a letter; what cannot be done now is dim and says why when chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click, Key
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.model.text.safe import safe
from workbench.ui.parts.dialog import Dialog


@dataclass(frozen=True, slots=True)
class Item:
    """*name*: for the program; *key*: the one that does it without the menu, if there is one; *off*: why not now."""

    letter: str
    name: str
    label: str
    help: str
    key: str = ""
    off: str = ""


class Menu(Dialog[str | None]):
    """Gives the name of the chosen item, or None."""

    DEFAULT_CSS = """
    Menu { align: center middle; background: $background 60%; }
    Menu > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%; border: round $accent; background: $surface;
    }
    Menu OptionList { height: auto; max-height: 100%; border: none; padding: 0 1; background: transparent; }
    Menu OptionList > .option-list--option { text-wrap: nowrap; text-overflow: ellipsis; }
    Menu Static { height: auto; padding: 0 2; color: $text-warning; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Leave", show=False)]

    def __init__(self, title: str, items: Sequence[Item]) -> None:
        super().__init__()
        self._title_shown, self._items = title, items

    def compose(self) -> ComposeResult:
        wide, keys = (max(len(text) for text in texts) for texts in self._columns())
        with Vertical() as box:
            box.border_title = Content(safe(self._title_shown)).markup
            box.border_subtitle = "a letter or enter does it · escape leaves"
            yield OptionList(
                *(Option(self._row(item, wide, keys), id=f"item-{at}") for at, item in enumerate(self._items)),
                compact=True,
            )
            yield Static(id="why", markup=False)

    def _columns(self) -> tuple[list[str], list[str]]:
        return [item.label for item in self._items], [item.key for item in self._items]

    def _row(self, item: Item, wide: int, keys: int) -> Content:
        dim = " dim" if item.off else ""
        return Content.assemble(
            (f" {item.letter} ", f"bold $text-accent{dim}"),
            (f" {item.label:<{wide}}  ", dim.strip()),
            (f"{item.key:<{keys}}  ", f"$text-accent{dim}"),
            (item.off or item.help, f"$foreground 60%{dim}"),
        )

    def on_key(self, event: Key) -> None:
        for item in self._items:
            if event.character == item.letter:
                event.stop()
                self._choose(item)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(self._items[event.option_index])

    def on_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def _choose(self, item: Item) -> None:
        if item.off:
            line = self.query_one("#why", Static)
            line.update(f"Not now: {item.off}")
            line.display = True
        else:
            self.dismiss(item.name)
