"""The bench: server and client at the left, the log and the kernel's queues at the right.

Dialogs are imported when they are asked for: none of them may hold up the first frame.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.containers import Vertical
from textual.widget import Widget

from workbench.engine.state import EndpointState, Inside
from workbench.journal.files import discard
from workbench.model.call.value import PlainAddress
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.ui.bench.actions import BenchActions
from workbench.ui.bench.client_pane import ClientPane
from workbench.ui.bench.endpoint_pane import EndpointPane
from workbench.ui.bench.first_steps import FirstSteps
from workbench.ui.bench.form import address_text
from workbench.ui.bench.keys import FIRST
from workbench.ui.bench.server_pane import ServerPane
from workbench.ui.bench.waits import waiting
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.kernel.queue_lines import brief
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import Field
from workbench.ui.parts.key_bar import KeyBar
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.parts.titles import entitle
from workbench.ui.parts.views import Views
from workbench.ui.session.bridge import Bridge, unfinished
from workbench.ui.session.file_actions import preferences_of

_RUNNING, _RESTING = 0.1, 0.5
"""Seconds between two looks where nothing has moved: while seconds are counted on the screen, and otherwise."""
_UNTOUCHED = "127.0.0.1:6789"
"""What the client's address field says at first."""


class BenchScreen(BenchActions):
    """Draws the bench's endpoints beside its session, and carries out what the panes wish."""

    ABOUT = None
    FIRST_TAB: ClassVar[str] = "Queue"
    IS_LIVE: ClassVar[bool] = True
    AUTO_FOCUS: ClassVar[str | None] = "#text"

    def __init__(self, bridge: Bridge, *, zone: tzinfo | None = None) -> None:
        super().__init__(bridge, zone=zone, classes="-v-client -first")
        self._view = self._pane_id = "client"
        self._followed: tuple[str, PlainAddress | None] | None = None
        self._offered = _UNTOUCHED
        self._offs: tuple[str, ...] = ()
        self._meant: tuple[object, ...] = ()
        self._next_look = 0.0

    def above(self) -> Iterable[Widget]:
        yield Views(self._view)

    def beside(self) -> Iterable[Widget]:
        left = preferences_of(self.app).left
        self._offered = address_text(left.setup.client)
        server = ServerPane(left.setup.server, id="server")
        client = ClientPane(left.setup.client, left.draft, left.call, left.sent, id="client")
        yield Vertical(server.add_class("frame"), client.add_class("frame"), id="left")

    def in_place_of_log(self) -> Iterable[Widget]:
        yield FirstSteps()

    @cached_property
    def _panes(self) -> tuple[EndpointPane, ...]:
        return tuple(self.query(EndpointPane))

    def begin(self) -> None:
        self._focus(self._view)
        if not self._bridge.keep and (left := unfinished(self._bridge.path)):
            self._offer_unfinished(left)

    @work
    async def _offer_unfinished(self, left: list[Path]) -> None:
        """After a crash: what the last session had written is there, and can be looked at or thrown away."""
        from workbench.ui.parts.ask import Ask
        from workbench.ui.session.unfinished import answers, question

        choice = await self.app.push_screen_wait(Ask(question(left), answers(left), first="open"))
        if choice == "open":
            self.show_session(left[0])
        elif choice == "discard":
            for path in left:
                discard(path)

    def first_keys(self) -> tuple[str, ...]:
        if self.focused is not None and self.query_one("#log-frame") in self.focused.ancestors:
            return FIRST["log"]
        return FIRST[self._pane_id if self.bench.all() else "idle"]

    # --- drawing ----------------------------------------------------------------------------------------------------

    def title_of_log(self) -> str:
        return f"F4 log · {counted(len(self._bridge.journal), 'call')}"

    def draw(self) -> None:
        """Draw at once what moved; where nothing does, look again now and then."""
        now = time.monotonic()
        meant = (self._bridge, self._bridge.journal, self._pane_id, self._view, *self._chosen())
        if not self.bench.moved() and meant == self._meant and now < self._next_look:
            return
        self._meant = meant
        states = self._bridge.endpoints()
        runs = self.query_one(Inspector).tab == "Plot" or any(state.pending and not state.auto for state in states)
        self._next_look = now + (_RUNNING if runs else _RESTING)
        self._draw(states, now)

    def _chosen(self) -> tuple[object, ...]:
        return tuple((pane.chosen, pane.size) for pane in self._panes)

    def _draw(self, states: tuple[EndpointState, ...], now: float) -> None:
        self.set_class(not len(self._bridge.journal) and not states, "-first")
        for pane in self._panes:
            pane.show(states, now)
        server, client = self.query_one(ServerPane), self.query_one(ClientPane)
        for each, key, action in (
            (server, "F7 stop" if server.running else "F7 start", "screen.start_stop"),
            (client, "F8 connect", "screen.connect"),
        ):
            entitle(each, each.title(each.size.width - len(key) - 7), key, action)
        self.query_one(Views).show(self._view, states, now)
        self._follow_server()
        self._draw_inside(next((state for state in states if state.name == self.pane.chosen), None), now)
        self._draw_status(states, now)

    def _draw_status(self, states: tuple[EndpointState, ...], now: float) -> None:
        """Say what waits, and dim the keys that can do nothing now."""
        server = self.bench.server
        if server is not None and server.problems:
            self.notify(safe(server.problems.popleft()), severity="warning", markup=False)
        self.query_one(StatusLine).rest(waiting(states, now))
        keys = self.first_keys()
        offs = (*keys, *map(self.why_not, keys))
        if offs != self._offs:
            self._offs = offs
            self.query_one(KeyBar).look()

    def _follow_server(self) -> None:
        """Let the client's address be the server's, unless a person has typed another one."""
        server = self.bench.server
        if server is None or not server.running or server.local is None:
            return
        at = (server.settings.type, server.local)
        if at == self._followed:
            return
        field = self.query_one("#client #address", Field)
        if field.value in (_UNTOUCHED, self._offered):
            self.query_one(ClientPane).connect_to(server.settings, server.local)
            self._offered = field.value
        self._followed = at

    def _draw_inside(self, state: EndpointState | None, now: float) -> None:
        view, lineage = self.query_one(Inspector), self._bridge.journal.lineage
        if state is None:
            view.show(None, Inside(), (), now, self._hue)
            return
        inside = self.bench.inside(state.name)
        queue = inside.queue
        said = brief(queue, state.bufsize) if queue is not None else ""
        self.query_one(LogFrame).show_now({state.socket: said} if said else {})
        if queue is None:
            view.show(state, inside, (), now, self._hue)
        elif queue.keeps_messages:
            view.show(state, inside, lineage.queued_messages(state.socket, len(queue.messages)), now, self._hue)
        else:
            parts = lineage.queued(state.socket, queue.offset, queue.offset + (queue.total or 0))
            view.show(state, inside, parts, now, self._hue)
            view.count(lineage.cuts(state.socket, view.counted))

    # --- views ------------------------------------------------------------------------------------------------------

    def on_descendant_focus(self) -> None:
        nodes = self.focused.ancestors_with_self if self.focused is not None else ()
        pane = next((node for node in nodes if isinstance(node, EndpointPane)), None)
        if pane is not None and pane.id:
            self._pane_id = pane.id

    def action_view_server(self) -> None:
        self._to_form_or("server")

    def action_view_client(self) -> None:
        self._to_form_or("client")

    def action_view_log(self) -> None:
        self.go_to("log")

    @on(Views.Chosen)
    def _view_chosen(self, event: Views.Chosen) -> None:
        self.go_to(event.name)

    def _to_form_or(self, view: str) -> None:
        """Go to a pane; who is there already goes on to its form, and back."""
        pane = self.query_one(f"#{view}", EndpointPane)
        if pane.has_focus_within and pane.has_class("-work"):
            pane.open_form()
        if not pane.has_class("-form"):
            self.go_to(view)

    def go_to(self, view: str) -> None:
        """Show a view and focus what one needs there."""
        self.remove_class(f"-v-{self._view}").add_class(f"-v-{view}")
        self._view = view
        self._focus(view)

    def _focus(self, view: str) -> None:
        if view == "log":
            self.query_one(FirstSteps if self.has_class("-first") else LogView).focus()
            return
        self._pane_id = view
        works = self.query_one("#server").has_class("-work")
        server = "#server #endpoints" if works else "#server #address"
        first = self.query_one(server if view == "server" else "#client TextArea")
        self.call_after_refresh(lambda: first.focus() if self._view == view else None)
