"""The log in its frame, the line that filters it, and in its place, when it is asked for, the ladder of its calls."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widget import Widget

from workbench.journal.reader import Journal
from workbench.ui.log.rows import Density
from workbench.ui.log.view import DENSITIES, LogView

if TYPE_CHECKING:
    from workbench.ui.ladder.view import LadderView


class LogFrame(Vertical):
    """Holds a log and its filter, which escape closes before it does anything else."""

    DEFAULT_CSS = "LogFrame { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "close_filter", "Show all", id="log.close_filter", tooltip="End the search and show every call"
        ),
        Binding(
            "d",
            "turn_ladder",
            "Ladder",
            id="log.ladder",
            tooltip="Draw the calls of both sides along their lifelines, or show the log again",
        ),
    ]

    ladder_shown: reactive[bool] = reactive(False, init=False)

    def __init__(
        self,
        journal: Journal,
        *others: Widget,
        zone: tzinfo | None = None,
        density: str | None = None,
    ) -> None:
        """Show *journal*; *zone*: of the clock, None for the local one; *density*: the name of one, None as shipped.

        *others*: what may stand in its place.
        """
        super().__init__(id="log-frame", classes="frame")
        self._others = others
        self._log = LogView(journal, zone=zone, density=DENSITIES.get(density or "", Density.BYTES), id="log")

    def compose(self) -> ComposeResult:
        yield self._log
        yield from self._others

    def sync(self) -> None:
        """Show what the journal has taken in since; call it after each pull."""
        self._log.sync()
        if self.ladder_shown:
            self._show_ladder()

    def show_now(self, queues: dict[str, str]) -> None:
        """Show at the foot of the ladder what lies in the kernel for sockets at this moment, by their ids."""
        if self.ladder_shown:
            self._ladder.now = queues

    @property
    def journal(self) -> Journal:
        """The journal that is shown."""
        return self._log.journal

    @property
    def here(self) -> int | None:
        """The call that is meant: the one selected in what is shown, else the newest; None while there is none."""
        chosen = self._ladder.selected if self.ladder_shown else None
        return self._log.here if chosen is None else chosen

    def watch_ladder_shown(self, shown: bool) -> None:
        ladder = self._ladder
        had_focus = self.has_focus_within
        self._log.display, ladder.display = not shown, shown
        if shown:
            self._show_ladder()
            ladder.call_after_refresh(ladder.select, self._log.selected)
            if had_focus:
                ladder.focus()
        else:
            if ladder.selected is not None:
                self._log.show_index(ladder.selected)
            if had_focus:
                self._log.focus()

    @property
    def _ladder(self) -> LadderView:
        """The ladder, which is made when it is first asked for."""
        from workbench.ui.ladder.view import LadderView  # not at the start: it takes its time

        if made := self.query(LadderView):
            return made.first()
        ladder = LadderView(self._log.journal, id="ladder")
        self.mount(ladder, after=self._log)
        return ladder

    def _show_ladder(self) -> None:
        """Let the ladder show what the log shows: the same journal, and what was found."""
        self._ladder.show(self._log.journal, self._log.found)
        self._ladder.marked = self._log.marked

    def show_ladder(self) -> None:
        """Show the ladder, with the call selected that is selected in the log."""
        self.ladder_shown = True

    def action_turn_ladder(self) -> None:
        self.ladder_shown = not self.ladder_shown

    def on_ladder_view_selected(self, event: LadderView.Selected) -> None:
        self.post_message(LogView.Selected(event.index))

    def on_ladder_view_call_wanted(self, event: LadderView.CallWanted) -> None:
        self.ladder_shown = False
        self._log.show_index(event.index)

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
