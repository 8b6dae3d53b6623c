"""The log in its frame, and the line that filters it once that is asked for."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.journal.reader import Journal
from workbench.ui.log.view import LogView


class LogFrame(Vertical):
    """Holds a log and its filter, which escape closes before it does anything else."""

    DEFAULT_CSS = "LogFrame { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "close_filter", "Show all", id="log.close_filter", tooltip="End the search and show every call"
        ),
    ]

    def __init__(self, journal: Journal, *, zone: tzinfo | None = None) -> None:
        """Show *journal*; *zone*: of the clock, None for the local one."""
        super().__init__(id="log-frame", classes="frame")
        self._log = LogView(journal, zone=zone, id="log")

    def compose(self) -> ComposeResult:
        yield self._log

    @on(LogView.FilterWanted)
    def _filter(self) -> None:
        from workbench.ui.log.filter import LogFilter  # not at the start: it takes its time

        if opened := self.query(LogFilter):
            opened.first().open()
        else:
            self.mount(LogFilter(self._log), before=0)

    @property
    def takes_escape(self) -> bool:
        """Whether escape is the filter's: it is shown, and has the focus or the log that it filters has."""
        return self.has_focus_within and any(each.display for each in self.query("#filter"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the way out of the filter only while there is one."""
        return self.takes_escape if action == "close_filter" else True

    def action_close_filter(self) -> None:
        from workbench.ui.log.filter import LogFilter

        self.query_one(LogFilter).close()
