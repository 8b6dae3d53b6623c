"""A widget of a few rows, drawn from values that someone else fetched; it draws anew only where they changed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from workbench.model.text.safe import cells
from workbench.ui.parts.style import SEND_LOOKS, SIDE_LOOKS, readable, style_of

Piece = tuple[str, str]
"""A text that went through safe(), and the part of a view that it is: a key of _LOOKS, "" for plain text."""
Line = list[Piece]

PREFIX = "view--"

_LOOKS = {
    "muted": "color: $foreground 65%",
    "strong": "color: $foreground; text-style: bold",
    "call": "color: $foreground; text-style: bold",
    "full": "color: $foreground 80%",
    "rest": "color: $foreground 40%",
    "warning": "color: $text-warning; text-style: bold",
    "error": "color: $text-error; text-style: bold",
    "cut": "color: $foreground; text-style: bold",
    "lost": "color: $text-error; text-style: strike",
    "plot": "color: $foreground 75%",
    "taken": "color: $foreground; background: $foreground 15%; text-style: bold",
    "offset": "color: $foreground 62%",
    "byte": "color: $foreground",
    "byte-dim": "color: $foreground 62%",
    "boundary": "color: $foreground; text-style: bold",
    "code": "color: $foreground; background: $foreground 8%",
    **SIDE_LOOKS,
    **SEND_LOOKS,
}


LOOKS_CSS = (
    "PieceView {\n" + "".join(f"    & > .{PREFIX}{name} {{ {rules}; }}\n" for name, rules in _LOOKS.items()) + "}\n"
)


class PieceView(Widget):
    """Subclasses keep a frozen value, hand it to `keep`, and write it as `lines`."""

    DEFAULT_CSS = "PieceView { height: 1; width: 1fr; }\n" + LOOKS_CSS

    def __init__(self, *, id: str | None = None, tooltip: str | None = None) -> None:
        super().__init__(id=id)
        self.tooltip = tooltip
        self._value: Hashable = None
        self._drawn: list[Strip] | None = None
        self._styles: dict[str, Style] = {}

    def lines(self, width: int, height: int) -> list[Line]:
        """Return what is shown in *height* rows of *width* cells; what is beyond is cut off."""
        raise NotImplementedError

    def keep(self, value: Hashable) -> bool:
        """Draw anew if *value* is another than before; tell whether it is."""
        if value == self._value:
            return False
        self._value = value
        self.redraw()
        return True

    def redraw(self) -> None:
        """Forget what was drawn."""
        self._drawn = None
        self.refresh()

    def text(self) -> list[str]:
        """Return the rows as text."""
        return ["".join(text for text, _ in line).rstrip() for line in self._shown()]

    def _shown(self) -> Sequence[Line]:
        return self.lines(*self.content_size)[: self.content_size.height] if all(self.content_size) else []

    def on_resize(self, event: events.Resize) -> None:
        self._drawn = None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self.redraw()

    def render_line(self, y: int) -> Strip:
        if self._drawn is None:
            self._drawn = [self._strip(line) for line in self._shown()]
        drawn = self._drawn[y] if y < len(self._drawn) else Strip([])
        return drawn.crop_extend(0, self.content_size.width, self.rich_style)

    def _strip(self, line: Line) -> Strip:
        return Strip([Segment(text, self._style(name)) for text, name in line if text])

    def _style(self, name: str) -> Style:
        if (style := self._styles.get(name)) is None:
            style = readable(style_of(self, PREFIX + name) if name else self.rich_style)
            self._styles[name] = style
        return style


def wide(line: Sequence[Piece]) -> int:
    """Return how many cells a line takes."""
    return sum(cells(text) for text, _ in line)


def bar(part: float, width: int, signs: str = "█░") -> Line:
    """Return a bar of *width* cells, filled for 0 … 1; a little is never drawn as nothing, nor as all."""
    filled = round(part * width)
    if 0 < part < 1 and width > 1:
        filled = min(max(filled, 1), width - 1)
    filled = min(max(filled, 0), width)
    return [(signs[0] * filled, "full"), (signs[1] * (width - filled), "rest")]


def amount(count: int) -> str:
    """Write a number of bytes: "65 B", "2.2 KiB", "128 KiB", "6 MiB"."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if value >= 9.95 or value == int(value) else f"{value:.1f} {unit}"


def of_bytes(count: int) -> str:
    """Write a number of bytes with the word: "1 byte", "49 bytes"."""
    return "1 byte" if count == 1 else f"{count} bytes"
