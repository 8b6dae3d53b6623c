"""Why a call came out as it did, what comes next, and the call in Python."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from workbench.journal.neighbours import explain
from workbench.model.text.fit import wrap
from workbench.ui.inspector.scroll_tab import Lines, ScrollTab, nothing
from workbench.ui.inspector.tab import Subject
from workbench.ui.parts.piece_view import Line

_AGAIN = 1.0
"""Seconds after which an explanation is made anew where more calls came: it can depend on them."""
_MOST_LINES = 12

if TYPE_CHECKING:
    from workbench.model.why.why import Why


class WhyTab(ScrollTab):
    """The explanation of the call."""

    TITLE: ClassVar[str] = "Why"
    IS_LARGE: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_python", "Copy Python", id="why.copy_python", tooltip="Copy the call as lines of Python"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._why: Why | None = None
        self._seen = (0, 0.0)

    def key(self, subject: Subject) -> Hashable:
        now, (calls, made) = time.monotonic(), self._seen
        if len(subject.journal) != calls and now - made >= _AGAIN:
            self._seen = len(subject.journal), now
        return id(subject.journal), subject.index, self._seen

    def lines(self, subject: Subject, width: int) -> Lines:
        if subject.index is None:
            self._why = None
            return nothing("No call yet.")
        self._why = explain(subject.journal, subject.index)
        lines = list(_lines(self._why, width))
        return len(lines), lines.__getitem__

    def action_copy_python(self) -> None:
        if self._why is not None:
            self.app.copy_to_clipboard("\n".join(self._why.python))
            self.notify("Copied the lines of Python.", timeout=2)


def _lines(why: Why, width: int) -> Iterator[Line]:
    yield from _wrapped(why.title, width, "strong")
    for sentence in why.sentences:
        yield from _wrapped(sentence, width, "")
    yield from _wrapped(f"Next: {why.next}", width, "")
    yield []
    for line in why.python:
        yield [("  ", ""), (line, "code")]
    yield [(f"See {why.source}", "muted")]


def _wrapped(text: str, width: int, look: str) -> Iterator[Line]:
    yield from ([(line, look)] for line in wrap(text, width, _MOST_LINES))
