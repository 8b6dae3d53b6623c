"""Programs under trace: their sockets at the left, the log of their calls, what they print and the line that calls."""

from __future__ import annotations

import asyncio
import shlex
import signal
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import tzinfo
from typing import ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from workbench.engine.state import EndpointState
from workbench.engine.tracing.programs import program, unseen
from workbench.engine.tracing.stepping import Held
from workbench.model.call.call import socket_id
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.parts.confirm import Confirm
from workbench.ui.parts.endpoint_list import EndpointList
from workbench.ui.parts.prompt import Prompt
from workbench.ui.parts.titles import entitle
from workbench.ui.parts.views import Views
from workbench.ui.session.screen import TICK, SessionScreen
from workbench.ui.trace.blocked_calls import BlockedCalls
from workbench.ui.trace.bridge import TraceBridge
from workbench.ui.trace.calling_line import CallingLine
from workbench.ui.trace.held_call import HeldCall, Waiting
from workbench.ui.trace.output_view import OutputView

VIEWS = (("sockets", "F2 sockets"), ("source", "F3 source, output"), ("log", "F4 log"))
ABOUT = """\
A Python program that runs unchanged, seen from outside: on the left its sockets, the line of its source that is \
calling and what it prints; on the right the log of its calls, and what lies in the kernel for the chosen \
socket. It has no stdin: a read of it finds the end.

Space stops it before its next call, and lets one call go each time: the row above the queue says which call \
waits, and what the one before left in the queue. F5 runs on. F6 sets where it stops all the same: after a call \
that fails (error), before a call (recv), or before any call of a socket (conn 1).

What bytes lie in a receive queue only the program itself can see: they show while its calls wait; else the \
kernel tells how many there are. Ctrl+c ends the program; so does leaving.\
"""
_PATIENCE = 1.0
"""Seconds that a program has to end before it is killed."""
_LAST_KEYS = ("session_menu", "leave")
_FOCUS = {"sockets": "#sockets", "source": "#output", "log": "#log"}


def _key(key: str, action: str, text: str, help: str, show: bool = True) -> Binding:
    return Binding(key, action, text, id=f"trace.{action}", tooltip=help, show=show, priority=True)


class TraceScreen(SessionScreen):
    """Follows the programs of its bridge, and ends them with it."""

    FIRST_TAB: ClassVar[str] = "Queue"
    IS_LIVE: ClassVar[bool] = True
    ABOUT: ClassVar[str] = ABOUT
    """What the help says of this screen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,f8", "step", "Step", id="trace.step", tooltip="Let this call go, and stop before the next one"),
        _key("f5", "run_on", "Run on", "Let every call go, until a stop"),
        _key("f6", "stops", "Stops…", "Stop at errors, at a call's name, or at a socket"),
        _key("ctrl+c", "end", "End it", "End the program, as ctrl+c in its terminal would; once more: kill it"),
        Binding("escape", "leave", "Back", id="trace.leave", tooltip="Go back, ending the program if it still runs"),
        _key("f2", "view('sockets')", "Sockets", "Go to the program's sockets", show=False),
        _key("f3", "view('source')", "Source", "Go to the program's source and what it prints", show=False),
        _key("f4", "view('log')", "Log", "Go to the log", show=False),
    ]

    def __init__(self, bridge: TraceBridge, *, zone: tzinfo | None = None) -> None:
        super().__init__(bridge, zone=zone, classes="-v-sockets")
        self._traced = bridge
        self._view = "sockets"
        self._chosen = ""
        self._held: Held | None = None
        self._reported: set[int] = set()
        self._apart: set[str] = set()
        self._asked_to_end = False

    def first_keys(self) -> tuple[str, ...]:
        return ("step", "run_on", "stops", "end", *(("ask_why", "filter") if self._view == "log" else ()), *_LAST_KEYS)

    def above(self) -> Iterable[Widget]:
        yield Views(self._view, VIEWS)

    def beside(self) -> Iterable[Widget]:
        sockets = EndpointList(
            id="sockets", empty="no socket yet", tooltip="The program's sockets: up and down choose one"
        )
        frames = {
            "sockets": Vertical(sockets, BlockedCalls(id="blocked")),
            "source": Vertical(CallingLine(id="source")),
            "output": Vertical(OutputView(id="output")),
        }
        for name, frame in frames.items():
            frame.id = f"{name}-frame"
            frame.add_class("frame")
        frames["source"].border_title, frames["output"].border_title = "F3 source", "output"
        yield Vertical(*frames.values(), id="left")

    def below(self) -> Iterable[Widget]:
        yield HeldCall(id="held")

    def begin(self) -> None:
        self.query_one("#sockets").focus()
        for each in self._traced.programs:
            if each.untraced:
                self._say(f"{each.name} runs untraced: {each.untraced}")

    def _say(self, sentence: str) -> None:
        self.notify(safe(sentence), severity="warning", timeout=10, markup=False)

    # --- drawing ----------------------------------------------------------------------------------------------------

    def title_of_log(self) -> str:
        return f"F4 log · {counted(len(self._bridge.journal), 'call')}"

    def draw(self) -> None:
        run, now = self._traced.run, time.monotonic()
        run.look()
        self._draw_held()
        states = run.states()
        chosen = self._choose(states)
        self.query_one(Views).show(self._view, states, now)
        self.query_one(BlockedCalls).show(states, now)
        self.query_one(EndpointList).show(states, chosen.name if chosen else None)
        self._draw_inside(chosen, now)
        self.query_one(CallingLine).show(run.calling(self._chosen), held=self._held is not None)
        self.query_one(OutputView).show(*run.output())
        self._entitle()
        self._tell_ended()

    def _choose(self, states: tuple[EndpointState, ...]) -> EndpointState | None:
        """Return the chosen socket; where there is none any more, the first one."""
        found = next((state for state in states if state.socket == self._chosen), None)
        if found is None and states:
            found = states[0]
            self._chosen = found.socket
        return found

    def _draw_held(self) -> None:
        """Show the call that waits, and go to its socket when it is another one than before."""
        stepping, journal = self._traced.run.stepping, self._bridge.journal
        held = stepping.held()
        first = held[0] if held else None
        if first is not self._held:
            self._held = first
            if first is not None and first.message.socket[1]:
                self._chosen = socket_id(*first.message.socket)
        message = None if first is None else first.message
        source = "" if message is None else journal.text(message.writer, message.source)
        self.query_one(HeldCall).show(Waiting(stepping.rule, message, source, max(0, len(held) - 1), stepping.last()))

    def _draw_inside(self, state: EndpointState | None, now: float) -> None:
        view, lineage = self.query_one(Inspector), self._bridge.journal.lineage
        inside = self._traced.run.inside(self._chosen)
        queue = inside.queue
        if state is None or queue is None or not queue.head:
            view.show(state, inside, (), now, self._hue)
        else:
            parts = lineage.queued(state.socket, queue.offset, queue.offset + (queue.total or 0))
            view.show(state, inside, parts, now, self._hue)

    def _entitle(self) -> None:
        codes = [each.code for each in self._traced.run.running]
        how = " · ".join("running" if code is None else f"exit code {code}" for code in codes) or "not started"
        entitle(self.query_one("#sockets-frame"), f"F2 {safe(self._traced.name)} · {how}")

    def _tell_ended(self) -> None:
        """Say how a program ended, once."""
        run = self._traced.run
        for running in run.running:
            if running.code is not None and running.pid not in self._reported:
                self._reported.add(running.pid)
                self.notify(f"{safe(running.program.name)} ended with exit code {running.code}", markup=False)
                if running.program.name in run.untraced() and not running.program.untraced:
                    self._say(f"{running.program.name} ran untraced: {run.why_untraced()}")
        for library in run.apart():
            if library not in self._apart:
                self._apart.add(library)
                self._say(unseen(library))
        if run.problem:
            self._say(run.problem)
            run.problem = ""

    # --- choosing ---------------------------------------------------------------------------------------------------

    @on(EndpointList.Chosen)
    def _socket_chosen(self, event: EndpointList.Chosen) -> None:
        states = self._traced.run.states()
        self._chosen = next((state.socket for state in states if state.name == event.name), "")
        self.tick()

    @on(Views.Chosen)
    def _view_chosen(self, event: Views.Chosen) -> None:
        self.action_view(event.name)

    def action_view(self, view: str) -> None:
        self.remove_class(f"-v-{self._view}").add_class(f"-v-{view}")
        self._view = view
        self.call_after_refresh(self.query_one(_FOCUS[view]).focus)

    # --- step -------------------------------------------------------------------------------------------------------

    def action_step(self) -> None:
        """Let the call go that waits; where none does, stop before the next one."""
        stepping = self._traced.run.stepping
        stepping.rule = replace(stepping.rule, every=True)
        stepping.release(stepping.held()[:1])
        self.tick()

    def action_run_on(self) -> None:
        stepping = self._traced.run.stepping
        stepping.rule = replace(stepping.rule, every=False)
        stepping.release(stepping.held())
        self.tick()

    @work(exclusive=True, group="stops")
    async def action_stops(self) -> None:
        """Ask where the program is to stop."""
        stepping = self._traced.run.stepping
        question = "Stop at: error, a call such as recv, a socket such as conn 1; commas between, empty for nowhere"
        line = await self.app.push_screen_wait(Prompt(question, ", ".join(sorted(stepping.rule.stops)), accept="Set"))
        if line is not None:
            stops = frozenset(stop for word in line.split(",") if (stop := " ".join(word.split())))
            stepping.rule = replace(stepping.rule, stops=stops)

    # --- the end ----------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="end")
    async def action_end(self) -> None:
        """End the program, after asking; where it was asked to end already and goes on, kill it."""
        run = self._traced.run
        if not run.runs:
            self.notify("The program has ended.", timeout=2)
        elif self._asked_to_end:
            run.end(signal.SIGKILL)
        elif await self.app.push_screen_wait(Confirm(f"End {safe(self._traced.name)}?", "End")):
            self._asked_to_end = True
            run.end()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action == "leave" or super().check_action(action, parameters)

    def action_leave(self) -> None:
        if self.is_inspecting:
            self.leave_inspector()
        else:
            self._leave()

    @work(exclusive=True, group="end")
    async def _leave(self) -> None:
        """Go back to the screen below, or leave where there is none; a program that runs is ended, after asking."""
        run = self._traced.run
        if run.runs:
            if not await self.app.push_screen_wait(Confirm(f"End {safe(self._traced.name)} and leave?", "End")):
                return
            run.end()
            for _ in range(int(_PATIENCE / TICK)):
                if run.runs:
                    await asyncio.sleep(TICK)
        if self.is_first:
            self.app.exit()
        elif self.is_current:
            self.app.pop_screen()

    @property
    def is_first(self) -> bool:
        """Whether there is no screen to go back to."""
        return self.app.screen_stack[0] is self

    def on_unmount(self) -> None:
        self._bridge.close()


async def trace_asked_for(app: App[None], zone: tzinfo | None) -> None:
    """Ask which program is to be traced, and show it."""
    question = "Trace a program: script.py, -m module, or python … of any interpreter, with its arguments"
    line = await app.push_screen_wait(Prompt(question, accept="Trace", check=_no_program))
    if line is None:
        return
    try:
        bridge = TraceBridge([program(shlex.split(line))])
    except OSError as problem:
        app.notify(f"The session cannot be recorded: {safe(str(problem.strerror))}", severity="error", markup=False)
    else:
        app.push_screen(TraceScreen(bridge, zone=zone))


def _no_program(line: str) -> str | None:
    """Say why a line names no program; None if it does."""
    try:
        words = shlex.split(line)
        if words:
            program(words)
    except ValueError as problem:  # NoProgram, or a quote without its end
        return safe(str(problem))
    return None if words else "Type a program, such as server.py."
