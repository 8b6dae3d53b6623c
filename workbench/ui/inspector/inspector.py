"""The inspector: a frame with tabs about the selected call, or the newest, and about the endpoint that is driven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from workbench.engine.state import EndpointState, Inside
from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.model.lineage.lineage import Part
from workbench.ui.inspector.registry import TABS
from workbench.ui.inspector.tab import Endpoint, Subject, Tab
from workbench.ui.kernel.history import SampleHistory, Sizes

_REST = 10  # calls of show_call between two drawings while nothing changes: an explanation may still be made anew
_BEFORE_TITLE = 2  # cells of a frame's upper edge before its title


class Inspector(Vertical, can_focus=True):
    """Shows one tab at a time. A tab is made when it is first asked for."""

    DEFAULT_CSS = """
    Inspector { height: 8; }
    Inspector.-large { height: 45%; min-height: 8; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Tab before", id="inspector.tab_before", tooltip="Show the tab before", show=False),
        Binding("right", "turn(1)", "Next tab", id="inspector.next_tab", tooltip="Show the next tab", show=False),
        Binding("escape", "leave", "Back", id="inspector.leave", tooltip="Go back to the log"),
    ]

    tab: reactive[str] = reactive("", init=False)

    class Left(Message):
        """A person is done with the inspector."""

    def __init__(self, journal: Journal, tab: str, *, live: bool, zone: tzinfo | None = None) -> None:
        """Begin with the tab that has that title; *live*: there are endpoints to look into."""
        super().__init__(id="inspector", classes="frame")
        self._tabs: dict[str, Tab] = {}
        self._live = live
        self._subject = Subject(journal, zone=zone)
        self._history, self._sizes = SampleHistory(), Sizes()
        self._endpoint: Endpoint | None = None
        self._findings: Sequence[Finding] = ()
        self.set_reactive(Inspector.tab, tab)
        self._titled: object = None
        self._stirs: object = None
        self._calm = 0

    def on_mount(self) -> None:
        self.watch_tab()

    @property
    def tabs(self) -> tuple[type[Tab], ...]:
        """The tabs that can be chosen here."""
        fit = (kind for kind in TABS if self._live or not kind.IS_LIVE)
        return tuple(kind for kind in fit if self._findings or not kind.NEEDS_FINDINGS)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def show_call(self, journal: Journal, index: int | None) -> None:
        """Be about call *index* of *journal*."""
        stirs = id(journal), index, len(journal), id(self._endpoint), id(self._findings)
        self._calm = self._calm + 1 if stirs == self._stirs else 0
        self._stirs = stirs
        if self._calm % _REST:
            return
        around = self._history, self._sizes, self._subject.zone, self._findings
        self._subject = Subject(journal, index, self._endpoint, *around)
        self._draw()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Be about these findings too; drawn at the next call of show_call."""
        self._findings = findings
        self._titled = None

    def show(
        self,
        state: EndpointState | None,
        inside: Inside,
        parts: Sequence[Part | None] | None,
        now: float,
        hue: Callable[[int], int],
    ) -> None:
        """Be about the endpoint *state* too; drawn at the next call of show_call. *parts*: as QueueView's."""
        if self._endpoint is None or self._endpoint.name != ("" if state is None else state.name):
            self._history.clear()
            self._sizes = Sizes()
        self._endpoint = Endpoint(state, inside, parts, now, hue)
        if state is not None:
            queued = inside.queue.total if inside.queue is not None else None
            unacknowledged = inside.send.unacknowledged if inside.send is not None else None
            self._history.add(now, queued, unacknowledged, state.bytes_in)

    @property
    def counted(self) -> int:
        """How many recvs of the endpoint that is shown have been counted."""
        return self._sizes.recvs

    def count(self, sizes: Sequence[int]) -> None:
        """Count further recvs of the endpoint that is shown, by the bytes they returned."""
        for size in sizes:
            self._sizes.add(size)

    def _draw(self) -> None:
        shown = self._tabs.get(self.tab)
        if shown is None or not shown.is_mounted or not self.display:
            return
        shown.show(self._subject)
        self._entitle(shown.about(self._subject))

    # --- tabs -------------------------------------------------------------------------------------------------------

    def watch_tab(self) -> None:
        kind = next((kind for kind in self.tabs if self.tab == kind.TITLE), self.tabs[0])
        if kind.TITLE not in self._tabs:
            self._tabs[kind.TITLE] = kind()
            self.mount(self._tabs[kind.TITLE])
        for title, tab in self._tabs.items():
            tab.display = title == kind.TITLE
        self.set_class(kind.IS_LARGE, "-large")
        self._entitle("")
        self.call_after_refresh(self._draw)

    def action_turn(self, step: int) -> None:
        """Show the next tab, or the one before; after the last one the first."""
        titles = [kind.TITLE for kind in self.tabs]
        at = titles.index(self.tab) if self.tab in titles else 0
        had_focus = self.has_focus_within
        self.tab = titles[(at + step) % len(titles)]
        if had_focus:
            self.call_after_refresh(self.focus_tab)

    def focus_tab(self) -> None:
        """Give the keys to the tab that is shown, or to the inspector where nothing in it wants them."""
        tab = self._tabs.get(self.tab)
        wanting = next((each for each in tab.query("*") if each.can_focus), None) if tab is not None else None
        (wanting or self).focus()

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def _entitle(self, about: str) -> None:
        """Write the tabs, the one shown in brackets, and what it is about into the frame's upper edge."""
        if (key := (self.tab, about)) == self._titled:
            return
        self._titled = key
        parts = [
            Content.styled(f"[{kind.TITLE}]", "bold") if self.tab == kind.TITLE else Content.styled(kind.TITLE, "dim")
            for kind in self.tabs
        ]
        self.border_title = Content(" ").join([*parts, Content(f"─ {about}" if about else "")])

    def on_click(self, event: events.Click) -> None:
        """Show the tab that is named where the frame was clicked."""
        if event.y != 0:
            return
        at = _BEFORE_TITLE if self.styles.border_left[0] else 1
        for kind in self.tabs:
            width = len(kind.TITLE) + 2 * (self.tab == kind.TITLE)
            if at <= event.x < at + width:
                self.tab = kind.TITLE
            at += width + 1
