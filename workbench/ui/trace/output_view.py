"""What traced programs print, line by line, following the end."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.model.text.safe import cells, safe


class OutputView(ScrollView, can_focus=True):
    """Draws the last lines of an output, however much there was; long lines can be scrolled."""

    DEFAULT_CSS = """
    OutputView { height: 1fr; min-height: 1; background: $surface; scrollbar-size: 1 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tooltip = "What the program prints on stdout and stderr. It has no stdin: a read of it finds the end."
        self._lines: Sequence[str] = ()
        self._shown: tuple[int, str] = (0, "")

    def show(self, count: int, lines: Sequence[str]) -> None:
        """Show the last *lines* of *count*; costs nothing where nothing was printed."""
        now = (count, lines[-1] if lines else "")
        if now == self._shown:
            return
        self._shown = now
        # The cursor's line, after the last line break, is no line yet.
        self._lines = lines[:-1] if lines and not lines[-1] else lines
        follows = self.scroll_offset.y >= self.max_scroll_y
        # A line's cells are counted only where it is long.
        wide = max((cells(safe(line)) if len(line) > 40 else 80 for line in self._lines), default=0)
        self.virtual_size = Size(wide if wide > 80 else 0, len(self._lines))
        if follows:
            self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.refresh()

    def text(self) -> str:
        """Return what is kept of the output."""
        return "\n".join(self._lines)

    def render_line(self, y: int) -> Strip:
        style, width, left = self.rich_style, self.size.width, self.scroll_offset.x
        line = y + self.scroll_offset.y
        text = safe(self._lines[line]) if line < len(self._lines) else ""
        return Strip([Segment(text, style)]).crop_extend(left, left + width, style)
