"""The keys at the foot of the screen: whole ones, in as many rows as the screen can spare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Footer
from textual.widgets._footer import FooterKey, FooterLabel, KeyGroup

ROWS = ((34, 3), (28, 2), (0, 1))
"""Height of the screen from which the keys may have so many rows."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A key and what it does, or the keys of a group and what they do."""

    keys: tuple[ActiveBinding, ...]
    shown: tuple[str, ...]
    word: str

    @property
    def cells(self) -> int:
        return len("".join(self.shown)) + len(self.word) + 2


class KeyBar(Footer):
    """Textual's footer, but a key that has no room is left out and not cut: the help lists them all."""

    DEFAULT_CSS = """
    KeyBar { height: auto; min-height: 1; layout: vertical; }
    KeyBar Horizontal { height: 1; }
    KeyBar.-compact FooterKey.-command-palette { dock: right; margin: 0; padding-right: 1; }
    KeyBar.-compact FooterLabel { margin-right: 1; }
    KeyBar.-compact KeyGroup.-compact { padding-left: 0; }
    """
    _room = (0, 0)

    def compose(self) -> ComposeResult:
        if not self._bindings_ready:
            return
        active = self.screen.active_bindings
        palette = self._item(active[self.app.COMMAND_PALETTE_BINDING])
        rows = self._rows(list(self._items(active)), palette.cells + 1)
        for number, row in enumerate(rows, 1):
            with Horizontal():
                for item in row:
                    yield from self._widgets(item)
                if number == len(rows):
                    yield self._key(palette.keys[0], palette.word, "-command-palette")

    def on_resize(self, event: Resize) -> None:
        size = self.app.size
        if (size.width, size.height) != self._room:
            self.call_after_refresh(self.recompose)

    def _items(self, active: dict[str, ActiveBinding]) -> Iterator[_Item]:
        by_action: dict[str, ActiveBinding] = {}
        for each in active.values():
            if each.binding.show:
                by_action.setdefault(each.binding.action, each)
        for group, members in groupby(by_action.values(), lambda each: each.binding.group):
            if group is None:
                yield from map(self._item, members)
            else:
                yield self._item(*members, word=group.description)

    def _item(self, *keys: ActiveBinding, word: str = "") -> _Item:
        shown = tuple(self.app.get_key_display(each.binding) for each in keys)
        return _Item(keys, shown, word or keys[0].binding.description)

    def _rows(self, items: list[_Item], kept: int) -> list[list[_Item]]:
        """Cut the keys into rows; the last one leaves *kept* cells free."""
        self._room = width, height = self.app.size.width, self.app.size.height
        most = next(rows for least, rows in ROWS if height >= least)
        rows: list[list[_Item]] = [[]]
        left = width
        for item in items:
            if item.cells > left and len(rows) < most:
                rows.append([])
                left = width
            if item.cells <= left - (kept if len(rows) == most else 0):
                rows[-1].append(item)
                left -= item.cells
        if left < kept and len(rows) < most:
            rows.append([])
        return rows

    def _widgets(self, item: _Item) -> ComposeResult:
        if len(item.keys) == 1:
            yield self._key(item.keys[0], item.word)
            return
        with KeyGroup(classes="-compact"):
            for each in item.keys:
                yield self._key(each, "", "-grouped")
        yield FooterLabel(item.word)

    def _key(self, each: ActiveBinding, word: str, classes: str = "") -> FooterKey:
        key = FooterKey(
            each.binding.key,
            self.app.get_key_display(each.binding),
            word,
            each.binding.action,
            disabled=not each.enabled,
            tooltip=each.tooltip or each.binding.description,
            classes=classes,
        )
        return key.data_bind(compact=Footer.compact)
