"""The keys at the foot of the screen: one row of those that matter here, then the way to all the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from textual.binding import ActiveBinding
from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

MOST = 8
"""Keys beside those that lead to all the others."""
_WAYS = {"help": "help", "command_palette": "all"}
"""Actions that lead to all the others, and what they are called here."""
_GAP = 2
_NOT_NOW = "not now"


@dataclass(frozen=True, slots=True)
class Item:
    """A key, or the keys of a group, and what they do; *off*: why that cannot be done now."""

    keys: tuple[str, ...]
    """As Textual names them."""
    shown: tuple[str, ...]
    word: str
    off: str = ""

    @property
    def cells(self) -> int:
        return len("/".join(self.shown)) + 1 + len(self.word)


class KeyBar(Widget):
    """A key that has no room is left out, not cut; one that can do nothing now is dim, and says why when pressed."""

    DEFAULT_CSS = "KeyBar { height: 1; padding: 0 1; background: $footer-background; }"

    def __init__(self) -> None:
        super().__init__()
        self._items: tuple[Item, ...] = ()
        self._ways: tuple[Item, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.look())
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """Draw the keys anew if others matter now."""
        if not self.screen.is_mounted:
            return
        active = self.screen.active_bindings
        found = tuple(_items(self, active)), tuple(_ways(self, active))
        if found != (self._items, self._ways):
            self._items, self._ways = found
            self.refresh()

    @property
    def shown(self) -> list[Item]:
        """What there is room for, from left to right; the ways to all the others come last."""
        left = self.content_size.width - sum(way.cells + _GAP for way in self._ways)
        fitting = []
        for item in self._items[:MOST]:
            if item.cells + _GAP <= left:
                left -= item.cells + _GAP
                fitting.append(item)
        return [*fitting, *self._ways]

    def render(self) -> Content:
        return Content(" " * _GAP).join(map(_drawn, self.shown))

    def on_click(self, event: Click) -> None:
        at = event.get_content_offset(self)
        place = 0
        for item in self.shown:
            if at is not None and place <= at.x < place + item.cells:
                self.app.simulate_key(_clicked(item, at.x - place))
            place += item.cells + _GAP


def _drawn(item: Item) -> Content:
    dim = " dim" if item.off else ""
    keys = Content("/").join(Content.styled(key, f"bold $footer-key-foreground{dim}") for key in item.shown)
    return Content.assemble(keys, " ", (item.word, f"$footer-description-foreground{dim}"))


def _clicked(item: Item, at: int) -> str:
    """Return the key of a group that was clicked; a click on the word means the first one."""
    for key, shown in zip(item.keys, item.shown, strict=True):
        if at <= len(shown):
            return key
        at -= len(shown) + 1
    return item.keys[0]


def _items(bar: KeyBar, active: dict[str, ActiveBinding]) -> Iterator[Item]:
    """Yield the screen's first keys in its order; of a screen that names none, those shown of what has the focus."""
    by_action: dict[str, ActiveBinding] = {}
    for each in active.values():
        by_action.setdefault(each.binding.action, each)
    first_keys = getattr(bar.screen, "first_keys", None)
    first: tuple[str, ...] = first_keys() if first_keys is not None else ()
    if first:
        chosen = [by_action[action] for action in first if action in by_action]
    else:
        chosen = [each for action, each in by_action.items() if each.binding.show and action not in _WAYS]
    for group, members in groupby(chosen, lambda each: each.binding.group):
        if group is None:
            yield from (_item(bar, each) for each in members)
        else:
            yield _item(bar, *members, word=group.description.lower())


def _ways(bar: KeyBar, active: dict[str, ActiveBinding]) -> Iterator[Item]:
    for action, word in _WAYS.items():
        if found := next((each for each in active.values() if each.binding.action == action), None):
            yield _item(bar, found, word=word)


def _item(bar: KeyBar, *members: ActiveBinding, word: str = "") -> Item:
    binding = members[0].binding
    why_not = getattr(bar.screen, "why_not", None)
    return Item(
        tuple(each.binding.key for each in members),
        tuple(bar.app.get_key_display(each.binding) for each in members),
        word or binding.description,
        (why_not(binding.action) if why_not is not None else "") or ("" if members[0].enabled else _NOT_NOW),
    )


def shown_on(screen: Screen[object]) -> list[str]:
    """Return the words of the keys that a screen shows, as tests read them."""
    return [item.word for item in screen.query_one(KeyBar).shown]
