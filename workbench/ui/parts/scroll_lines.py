"""Lines of pieces that scroll: only those in sight are made."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.ui.parts.piece_view import LOOKS_CSS, PREFIX, Line
from workbench.ui.parts.style import QUIET_SCROLLBAR, readable, style_of


class ScrollLines(ScrollView, can_focus=True):
    """Draws *count* lines, each made by *line* when it is seen."""

    ALLOW_SELECT = True
    DEFAULT_CSS = f"ScrollLines {{ height: 1fr; overflow-x: hidden; {QUIET_SCROLLBAR} }}\n" + LOOKS_CSS.replace(
        "PieceView", "ScrollLines"
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line: Callable[[int], Line] = lambda at: []
        self._styles: dict[str, Style] = {}

    def show(self, count: int, line: Callable[[int], Line], *, from_top: bool = False) -> None:
        """Draw *count* lines; *from_top*: they are about something else than those before."""
        self._line = line
        size = Size(self.scrollable_content_region.width, count)
        if size != self.virtual_size:
            self.set_reactive(ScrollView.virtual_size, size)  # assigned, it would lay out the screen
            self._scroll_update(size)
        if from_top:
            self.scroll_to(y=0, animate=False)
        self.refresh()

    def text(self) -> list[str]:
        """Return all lines as text."""
        return ["".join(text for text, _ in self._line(at)).rstrip() for at in range(self.virtual_size.height)]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        pieces = self._line(at) if at < self.virtual_size.height else []
        strip = Strip([Segment(text, self._style(look)) for text, look in pieces if text])
        return strip.crop_extend(0, width, self.rich_style).apply_offsets(0, at)

    def get_selection(self, selection: object) -> tuple[str, str] | None:
        """Return the text that is selected with the mouse."""
        return selection.extract("\n".join(self.text())), "\n"  # type: ignore[attr-defined]

    def _style(self, look: str) -> Style:
        if (style := self._styles.get(look)) is None:
            style = self._styles[look] = readable(style_of(self, PREFIX + look) if look else self.rich_style)
        return style
