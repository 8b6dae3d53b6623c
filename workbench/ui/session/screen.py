"""A session on screen: its log, what is asked about a line, and what is done with the file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import ScreenResume
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import Press
from workbench.ui.parts.key_bar import KeyBar
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.parts.style import send_hue
from workbench.ui.parts.titles import entitle, subtitle
from workbench.ui.parts.unbound import unbound
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.file_actions import FileActions
from workbench.ui.session.inspecting import Inspecting
from workbench.ui.session.watch import Watch

TICK = 0.05
"""Seconds between two looks at the journal; every other one is left out under a flood."""
FLOOD = 200
"""Calls in one tick that make a flood."""
LOG_KEYS = (
    *(
        "turn_ladder",
        "open_call",
        "only",
        "ask_why",
        "cycle_density",
        "next_density",
        "filter",
        "next_error",
        "inspect",
    ),
)
"""Actions of the log that the foot of the screen shows."""
_BAR = 24
_SOON = 1 << 20  # bytes that are read before one sees a bar
_CALM = 20  # ticks between two looks at a file that does not grow

ABOUT = """\
A session that was recorded, or that a program is writing just now: every call as you would write it in Python, what \
it returned, and the bytes that moved. Nothing is called here. Notes and bookmarks are written into the file.\
"""


class SessionScreen(FileActions, Inspecting):
    """Shows the session of its bridge: a recording, or what a program is writing just now."""

    class ExperimentWanted(Message):
        """A person wants to run the experiment of that name."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    ABOUT: ClassVar[str | None] = ABOUT
    """What the help says of this screen; None where it is the bench."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "exclamation_mark",
            "findings",
            "Findings",
            id="session.findings",
            show=False,
            tooltip="List what is wrong with the program, with the calls that prove it and what to do",
        ),
        Binding(
            "i",
            "next_finding(1)",
            "Next finding",
            id="session.next_finding",
            show=False,
            tooltip="Select the next call that a finding is about",
        ),
        Binding(
            "I",
            "next_finding(-1)",
            "Previous finding",
            id="session.previous_finding",
            show=False,
            tooltip="Select the call before that a finding is about",
        ),
        unbound("inspect", "inspector…", "Show the inspector, or its next tab", id="session.inspect"),
        Binding("escape", "leave", "back", id="session.leave", tooltip="Go back to the bench"),
    ]

    def __init__(self, bridge: Bridge, *, zone: tzinfo | None = None, classes: str = "-recording -v-log") -> None:
        """Show *bridge*'s session; *zone*: of the log's clock, None for the local one."""
        super().__init__(classes=classes)
        self._bridge = bridge
        self._zone = zone
        self._ticks = self._new = 0
        self._watch = Watch()

    AUTO_FOCUS: ClassVar[str | None] = None

    def compose(self) -> ComposeResult:
        # Textual would set the classes of this size after the first layout, and style every widget twice.
        app, (width, height) = self.app, self.app.size
        for cells, breakpoints in ((width, app.HORIZONTAL_BREAKPOINTS), (height, app.VERTICAL_BREAKPOINTS)):
            self.add_class(max((least, name) for least, name in breakpoints or () if cells >= least)[1])
        yield from self.above()
        with Horizontal(id="columns"):
            yield from self.beside()
            with Vertical(id="right"):
                density = self.preferences.density
                yield LogFrame(self._bridge.journal, *self.in_place_of_log(), zone=self._zone, density=density)
                yield from self.below()
                yield self.inspector(self._bridge.journal, self._zone)
        yield Static(id="tiny")
        yield StatusLine()
        yield KeyBar()

    def first_keys(self) -> tuple[str, ...]:
        """Name the actions whose keys stand at the foot of the screen, at most eight."""
        return (*LOG_KEYS, "session_menu", "leave")

    def in_place_of_log(self) -> Iterable[Widget]:
        """Give what stands in the frame of the log while there is none."""
        return ()

    def above(self) -> Iterable[Widget]:
        """Give what stands above the columns."""
        return ()

    def beside(self) -> Iterable[Widget]:
        """Give what stands to the left of the log."""
        return ()

    def below(self) -> Iterable[Widget]:
        """Give what stands below the log."""
        return ()

    def on_screen_resume(self, event: ScreenResume) -> None:
        if not self._ticks:  # each widget is styled as it is mounted: not once more
            event.refresh_styles = False

    def on_mount(self) -> None:
        self._left = False
        self._ticking = self.set_interval(TICK, self.tick)
        self.tick()
        self.begin()

    def begin(self) -> None:
        """Do what is to be done once the screen is there."""
        self.query_one(LogView).focus()

    def on_resize(self) -> None:
        width, height = self.app.size
        self.query_one("#tiny", Static).update(
            Content(f"The bench wants at least 60 columns and 16 rows;\nthis terminal has {width} and {height}.")
        )

    # --- drawing ----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take in what was recorded, and draw."""
        self._ticks += 1
        if self._new > FLOOD and self._ticks % 2 and not self.has_class("-recording"):
            self._new = 0
            return
        before = self._bridge.journal.position
        self._new = self._bridge.pull()
        moved = self._bridge.journal.position > before
        frame = self.query_one(LogFrame)
        frame.sync()
        if self._watch.tick(self._bridge.journal, self._grows):
            self.query_one(LogView).show_marked(self._watch.marked)
            self.query_one(Inspector).show_findings(self._watch.findings if self._watch.marked else ())
        entitle(frame, self.title_of_log() + self._watch.told)
        if moved or self._ticks % _CALM == 1:
            state = self.state_of_file(moved)
            subtitle(frame, state)
            frame.set_class(bool(state), "-told")
        self.draw()
        self.inspect_call()

    def _grows(self) -> bool:
        """Whether calls may come yet."""
        return not self._bridge.journal.ended and self._bridge.being_written()

    def draw(self) -> None:
        """Draw what stands around the log."""

    def _hue(self, seq: int) -> int:
        return send_hue(self._bridge.journal, seq)

    def title_of_log(self) -> str:
        """Say what the log shows, and how much of it has been read."""
        return f"log of {safe(self._bridge.path.name)} · {counted(len(self._bridge.journal), 'call')}"

    def state_of_file(self, moved: bool) -> str:
        """Say how much of the file has been read, then what is wrong with it; *moved*: the last pull got on."""
        journal = self._bridge.journal
        if moved and (left := journal.size - journal.position) > _SOON:
            done = journal.position * _BAR // (journal.position + left)
            percent = journal.position * 100 // (journal.position + left)
            return f"{'━' * done}{'─' * (_BAR - done)} {percent} % read"
        if not self.has_class("-recording"):
            return self._bridge.fullness()
        if journal.ended or not self._bridge.being_written():
            return " · ".join(journal.problems())
        return "being written just now: new calls are shown as they come"

    # --- a line of the log ------------------------------------------------------------------------------------------

    @on(LogView.StreamWanted)
    def _stream(self, event: LogView.StreamWanted) -> None:
        from workbench.ui.session.stream import StreamScreen

        call = self._bridge.journal[event.index]
        self.app.push_screen(StreamScreen(self._bridge.journal, call.socket, call.name))

    @on(LogView.BookmarkWanted)
    def _bookmark(self, event: LogView.BookmarkWanted) -> None:
        note = self._bridge.journal.notes.get(event.seq)
        self._annotate(event.seq, note.text if note else "", not (note and note.bookmark))

    @on(LogView.NoteWanted)
    @work
    async def _note(self, event: LogView.NoteWanted) -> None:
        from workbench.ui.parts.prompt import Prompt

        note = self._bridge.journal.notes.get(event.seq)
        text = await self.app.push_screen_wait(Prompt(f"Note on line {event.seq}", note.text if note else ""))
        if text is not None:
            self._annotate(event.seq, text, bool(note and note.bookmark))

    def _annotate(self, seq: int, text: str, bookmark: bool) -> None:
        try:
            self._bridge.annotate(seq, text, bookmark=bookmark)
        except OSError as problem:
            self.notify(f"The note was not kept: {problem.strerror}", severity="error", markup=False)

    @on(Press.Refused)
    def _refused(self, event: Press.Refused) -> None:
        self.notify(event.why, markup=False)

    # --- what is wrong ----------------------------------------------------------------------------------------------

    def action_next_finding(self, step: int) -> None:
        log = self.query_one(LogView)
        seq = self._watch.beside(0 if log.selected is None else log.selected + 1, step)
        if seq is None:
            self.notify("No rule has found anything wrong so far.", timeout=3)
        else:
            log.show_index(seq - 1)

    @work
    async def action_findings(self) -> None:
        """List the findings; go to a call of one, or run its experiment."""
        from workbench.ui.session.findings import FindingsScreen

        found = self._watch.findings
        if not found:
            self.notify("No rule has found anything wrong so far.", timeout=3)
            return
        here = self.query_one(LogView).selected
        first = next((place for place, each in enumerate(found) if here is not None and here + 1 in each.calls), 0)
        chosen = await self.app.push_screen_wait(FindingsScreen(found, self._bridge.journal, first))
        if isinstance(chosen, int):
            self.query_one(LogView).show_index(chosen - 1)
        elif chosen is not None:
            self.post_message(self.ExperimentWanted(chosen))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no way back from the first screen."""
        return self.is_inspecting or len(self.app.screen_stack) > 1 if action == "leave" else True

    def action_leave(self) -> None:
        if self.is_inspecting:
            return self.leave_inspector()
        self._left = True
        self._ticking.stop()
        if self.is_current:
            self.app.pop_screen()
        return None

    def on_unmount(self) -> None:
        if self._left:  # not before: until then the log may be drawn once more
            self._bridge.close()
