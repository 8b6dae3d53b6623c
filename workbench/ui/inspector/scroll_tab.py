"""A tab of lines about one call."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from textual import events
from textual.app import ComposeResult

from workbench.ui.inspector.tab import Subject, Tab
from workbench.ui.parts.piece_view import Line
from workbench.ui.parts.scroll_lines import ScrollLines

Lines = tuple[int, Callable[[int], Line]]
"""How many lines there are, and what makes each."""


class ScrollTab(Tab):
    """Subclasses say in `key` what their lines depend on, and in `lines` what these are."""

    def __init__(self) -> None:
        super().__init__()
        self._subject: Subject | None = None
        self._key: Hashable = None

    def compose(self) -> ComposeResult:
        yield ScrollLines()

    def key(self, subject: Subject) -> Hashable:
        """Return what the lines depend on: they are made anew where it is another than before."""
        return id(subject.journal), subject.index, len(subject.journal)

    def lines(self, subject: Subject, width: int) -> Lines:
        """Return the lines, *width* cells wide."""
        raise NotImplementedError

    def show(self, subject: Subject) -> None:
        key, before = self.key(subject), self._subject
        if key != self._key:
            another = before is None or (before.journal, before.index) != (subject.journal, subject.index)
            self._key, self._subject = key, subject
            self._draw(from_top=another)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self, *, from_top: bool = False) -> None:
        view = self.query_one(ScrollLines)
        width = view.scrollable_content_region.width
        if self._subject is not None and width:
            view.show(*self.lines(self._subject, width), from_top=from_top)


def nothing(text: str) -> Lines:
    """Return one line that says why there are no more."""
    return 1, lambda at: [(text, "muted")]
