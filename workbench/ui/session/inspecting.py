"""A screen with a log and below it the inspector, which is about the call that is selected there."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from textual import on
from textual.screen import Screen

from workbench.journal.reader import Journal
from workbench.model.text.safe import safe
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.preferences import Preferences, PreferencesError

_WHY = "Why"


class Inspecting(Screen[None]):
    """Opens and closes the inspector, and keeps how much the log shows."""

    FIRST_TAB: ClassVar[str] = "Bytes"
    """The tab of the inspector that is shown at first."""
    IS_LIVE: ClassVar[bool] = False
    """Whether there are endpoints to look into."""
    _tab_before = ""

    def inspector(self, journal: Journal, zone: tzinfo | None) -> Inspector:
        """Make the inspector."""
        self._tab_before = self.FIRST_TAB
        return Inspector(journal, self.FIRST_TAB, live=self.IS_LIVE, zone=zone)

    @property
    def preferences(self) -> Preferences:
        """What a person has chosen; where the app keeps nothing, nothing."""
        found = getattr(self.app, "preferences", None)
        return found if isinstance(found, Preferences) else Preferences()

    @on(LogView.DensityChosen)
    def _keep_density(self, event: LogView.DensityChosen) -> None:
        try:
            self.preferences.choose_density(event.name)
        except (OSError, PreferencesError) as problem:
            said = problem.strerror if isinstance(problem, OSError) else str(problem)
            self.notify(f"Not kept for the next start: {safe(said or '')}", severity="warning", markup=False)

    @on(LogView.Selected)
    def _selected(self) -> None:
        self.inspect_call()

    @on(LogView.WhyWanted)
    def _why(self) -> None:
        """Show why the call came out as it did, or what was shown before."""
        inspector = self.query_one(Inspector)
        if inspector.tab != _WHY:
            self._tab_before, inspector.tab = inspector.tab, _WHY
            self.add_class("-inspecting")
        elif inspector.region.area:
            inspector.tab = self._tab_before
            self.remove_class("-inspecting")
        else:
            self.add_class("-inspecting")

    @on(LogView.InspectWanted)
    def action_inspect(self) -> None:
        """Show the inspector; where it is seen already, its next tab."""
        inspector = self.query_one(Inspector)
        if inspector.region.area and (self.has_class("-inspecting") or not self.has_class("-narrow")):
            inspector.action_turn(1)
        self.add_class("-inspecting")

    @on(Inspector.Left)
    def leave_inspector(self) -> None:
        """Go back to the log, with what was there before."""
        self.remove_class("-inspecting")
        self.query_one(LogView).focus()

    @property
    def is_inspecting(self) -> bool:
        """Whether the inspector has the place of something else, which escape gives back."""
        return self.has_class("-inspecting") and self.has_class("-narrow")

    def inspect_call(self) -> None:
        """Let the inspector be about the call that is meant now."""
        frame = self.query_one(LogFrame)
        self.query_one(Inspector).show_call(frame.journal, frame.here)
