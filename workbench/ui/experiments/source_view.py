"""The source of a script, with the lines marked that run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.model.text.safe import cells, safe


class SourceView(ScrollView, can_focus=True):
    """Draws lines of Python, from *first* on, under the numbers that they have in the file."""

    DEFAULT_CSS = """
    SourceView { height: 1fr; background: $surface; color: $foreground; scrollbar-size: 1 1; overflow-x: auto; }
    SourceView > .source--number { color: $foreground 50%; }
    SourceView > .source--comment { color: $foreground 70%; text-style: italic; }
    SourceView > .source--running { background: $accent 30%; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"source--number", "source--comment", "source--running"}

    def __init__(self, source: str, first: int = 1, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[str] = []
        self._first = first
        self._take(source)
        self.running: frozenset[int] = frozenset()
        """The numbers of the lines that are marked."""

    def _take(self, source: str) -> None:
        self._lines = [safe(line.expandtabs(4)) for line in source.split("\n")]

    def show(self, source: str) -> None:
        """Show another source of as many lines."""
        self._take(source)
        self.running = frozenset()
        self.refresh()

    def on_mount(self) -> None:
        wide = max(map(cells, self._lines[self._first - 1 :]), default=0) + 6
        self.virtual_size = Size(wide, len(self._lines) - self._first + 1)

    def mark(self, running: Iterable[int]) -> None:
        """Mark these lines, and scroll so that the first of them is seen."""
        lines = frozenset(running)
        if lines == self.running:
            return
        self.running = lines
        self._reveal()
        self.refresh()

    def on_resize(self) -> None:
        self._reveal()

    def _reveal(self) -> None:
        """Scroll to the first marked line, unless it is seen."""
        if not self.running:
            return
        at, top, room = min(self.running) - self._first, self.scroll_offset.y, max(1, self.size.height)
        if not top <= at < top + room - 1:
            self.scroll_to(y=max(0, at - room // 2), animate=False)

    def render_line(self, y: int) -> Strip:
        number = self._first + self.scroll_offset.y + y
        style, width = self.rich_style, self.size.width
        if number > len(self._lines):
            return Strip.blank(width, style)
        text, running = self._lines[number - 1], number in self.running
        if running:
            style += self.get_component_rich_style("source--running")
        elif text.lstrip().startswith("#"):
            style += self.get_component_rich_style("source--comment")
        muted = style if running else style + self.get_component_rich_style("source--number")
        head = Segment(f"{'▶' if running else ' '}{number:>3} ", muted)
        left = self.scroll_offset.x
        body = Strip([Segment(text, style)]).crop_extend(left, left + max(0, width - 5), style)
        return Strip.join([Strip([head]), body])
