"""The bench: server and client at the left, the log and the kernel's queues at the right.

Dialogs are imported when they are asked for: none of them may hold up the first frame.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import TextArea

from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.responders.responder import UnknownResponder
from workbench.engine.state import EndpointState, Inside
from workbench.journal.files import discard
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.model.call.value import PlainAddress
from workbench.model.text.fit import counted
from workbench.ui.bench import wishes
from workbench.ui.bench.carry_out import call, carry_out, closed, until
from workbench.ui.bench.client_pane import ClientPane
from workbench.ui.bench.endpoint_pane import EndpointPane
from workbench.ui.bench.keys import EMPTY, FIRST, KEYS, MANY
from workbench.ui.bench.server_pane import ServerPane
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.kernel.queue_lines import brief
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import Choice, Field, Toggle
from workbench.ui.parts.views import Views
from workbench.ui.session.bridge import Bridge, unfinished
from workbench.ui.session.screen import SessionScreen

PATIENCE = 3.0
"""Seconds that the quick start waits for the server and for the client."""
REST = 5
"""Ticks between two looks at the kernel while no call is made and nothing is chosen anew."""
_UNTOUCHED = "127.0.0.1:6789"
"""What stands in the client's address field at first."""


class BenchScreen(SessionScreen):
    """Draws the bench's endpoints beside its session, and carries out what the panes wish."""

    ABOUT = None
    FIRST_TAB: ClassVar[str] = "Queue"
    IS_LIVE: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    AUTO_FOCUS: ClassVar[str | None] = "#text"

    def __init__(self, bridge: Bridge, *, zone: tzinfo | None = None) -> None:
        super().__init__(bridge, zone=zone, classes="-v-client")
        self._view = self._pane_id = "client"
        self._followed: tuple[str, PlainAddress | None] | None = None
        self._offered = _UNTOUCHED
        self._drawn: object = None

    def above(self) -> Iterable[Widget]:
        yield Views(self._view)

    def beside(self) -> Iterable[Widget]:
        server, client = ServerPane(ServerSettings(responder="echo"), id="server"), ClientPane(id="client")
        yield Vertical(server.add_class("frame"), client.add_class("frame"), id="left")

    def begin(self) -> None:
        self.query_one("#server").border_title = "F2 server"
        self.query_one("#client").border_title = "F3 client"
        self.query_one(LogView).empty = EMPTY
        self._focus(self._view)
        if not self._bridge.keep and (left := unfinished(self._bridge.path)):
            self._offer_unfinished(left)

    @work
    async def _offer_unfinished(self, left: list[Path]) -> None:
        """After a crash: what the last session had written is there, and can be looked at or thrown away."""
        from workbench.ui.session.unfinished import Unfinished

        choice = await self.app.push_screen_wait(Unfinished([path.name for path in left]))
        if choice == "open":
            self.show_session(left[0])
        elif choice == "discard":
            for path in left:
                discard(path)

    def first_keys(self) -> tuple[str, ...]:
        in_log = self.focused is not None and self.query_one("#log-frame") in self.focused.ancestors
        return FIRST["log" if in_log else self._pane_id]

    # --- drawing ----------------------------------------------------------------------------------------------------

    def title_of_log(self) -> str:
        return f"F4 log · {counted(len(self._bridge.journal), 'call')}"

    def draw(self) -> None:
        states, now = self._bridge.endpoints(), time.monotonic()
        stirs = states, self._pane_id, self.pane.chosen, self._bridge.journal.position
        if stirs == self._drawn and self._ticks % REST:
            return
        self._drawn = stirs
        for name in ("server", "client"):  # by their ids: a query by class walks over every widget
            self.query_one(f"#{name}", EndpointPane).show(states, now)
        self.query_one(Views).show(self._view, states, now)
        self._follow_server()
        self._draw_inside(next((state for state in states if state.name == self.pane.chosen), None), now)

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

    # --- who is meant -----------------------------------------------------------------------------------------------

    @property
    def bench(self) -> Bench:
        """The bench whose session this is."""
        bench = self._bridge.bench
        assert bench is not None
        return bench

    @property
    def pane(self) -> EndpointPane:
        """The pane that keys mean: the one that has, or had last, the focus."""
        return self.query_one(f"#{self._pane_id}", EndpointPane)

    def on_descendant_focus(self) -> None:
        nodes = self.focused.ancestors_with_self if self.focused is not None else ()
        pane = next((node for node in nodes if isinstance(node, EndpointPane)), None)
        if pane is not None and pane.id:
            self._pane_id = pane.id

    # --- views ------------------------------------------------------------------------------------------------------

    def action_view_server(self) -> None:
        self._go_to("server")

    def action_view_client(self) -> None:
        self._go_to("client")

    def action_view_log(self) -> None:
        self._go_to("log")

    @on(Views.Chosen)
    def _view_chosen(self, event: Views.Chosen) -> None:
        self._go_to(event.name)

    def _go_to(self, view: str) -> None:
        self.remove_class(f"-v-{self._view}").add_class(f"-v-{view}")
        self._view = view
        self._focus(view)

    def _focus(self, view: str) -> None:
        if view == "log":
            self.query_one(LogView).focus()
        else:
            self._pane_id = view
            first = self.query_one("#server #address" if view == "server" else "#client TextArea")
            self.call_after_refresh(lambda: first.focus() if self._view == view else None)

    # --- keys of the panes ------------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Send from the composer; from the server's line where that is what has been typed into."""
        pane = self.pane
        if isinstance(pane, ServerPane) and pane.text("line"):
            pane.send()
        else:
            self.query_one(ClientPane).send()

    def action_toggle_send(self) -> None:
        self.query_one(ClientPane).toggle_send()

    def action_recv(self) -> None:
        self.pane.recv()

    def action_half_close(self) -> None:
        self.pane.half_close()

    def action_close_endpoint(self) -> None:
        self.pane.close()

    def action_reset(self) -> None:
        self.pane.reset()

    def action_call(self) -> None:
        self.pane.call()

    def action_start_stop(self) -> None:
        self.query_one(ServerPane).toggle()

    def action_connect(self) -> None:
        self.query_one(ClientPane).connect()

    def action_open_many(self) -> None:
        for _ in range(MANY):
            if not self.query_one(ClientPane).connect():
                return

    def action_small_buffers(self) -> None:
        """Set the forms up for short sends: F5 then starts, connects and sends; ctrl+s sends more."""
        server, client = self.query_one(ServerPane), self.query_one(ClientPane)
        for pane, id, text in ((server, "rcvbuf", "4096"), (client, "sndbuf", "4096"), (client, "timeout", "0.3")):
            pane.fill(id, text)
        for pane in (server, client):
            pane.more(True)
        if server.query_one("#auto", Toggle).on:
            server.query_one("#auto", Toggle).action_press()
        client.query_one("#how", Choice).value = "send"
        client.query_one(TextArea).text = "0123456789abcdef" * 4096
        self.notify(
            "64 KiB stand ready, the buffers hold 4: F5 starts, connects and sends; ctrl+s sends more.", timeout=8
        )

    def action_accept(self) -> None:
        self.query_one(ServerPane).accept()

    def action_auto_accept(self) -> None:
        self.query_one("#auto-accept", Toggle).action_press()

    def action_auto_recv(self) -> None:
        self.pane.query_one("#auto", Toggle).action_press()

    def action_plots(self) -> None:
        inspector = self.query_one(Inspector)
        inspector.tab = "Queue" if inspector.tab == "Plot" else "Plot"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave escape to the filter of the log, where that is what it ends."""
        if action == "cancel":
            return not (self.query_one(LogFrame).takes_escape or self.is_inspecting)
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """End the wait of the chosen endpoint; if it does not wait, of any other that a person made wait."""
        waiting = [endpoint for endpoint in self.bench.all() if endpoint.state().pending]
        chosen = self.bench.find(self.pane.chosen or "")
        endpoint = chosen if chosen in waiting else next((one for one in waiting if not one.auto), None)
        by_itself = endpoint is not None and endpoint.auto
        if endpoint is None or not endpoint.cancel():
            self.say("No call is blocked.")
        elif by_itself:
            self.say(f"{endpoint.name} does not go on by itself any more: its auto is off.")

    def action_drop_closed(self) -> None:
        for endpoint in self.bench.all():
            self.bench.forget(endpoint.name)

    def say(self, sentence: str) -> None:
        """Show a sentence for a moment, in place of the one before."""
        self.app.clear_notifications()
        self.notify(sentence, timeout=4, markup=False)

    # --- wishes -----------------------------------------------------------------------------------------------------

    @on(wishes.Wish)
    def _wish(self, wish: wishes.Wish) -> None:
        wish.stop()
        match wish:
            case wishes.StartWanted(settings):
                self._start(settings)
            case wishes.ConnectWanted(settings) if settings.exposes:
                self._connect(settings)
            case wishes.CallWanted(name) if endpoint := self.bench.find(name):
                self._ask_call(endpoint)
            case _:
                self._carry_out(wish)

    def _carry_out(self, wish: wishes.Wish) -> None:
        try:
            if said := carry_out(self.bench, wish):
                self.say(said)
        except UnknownResponder as problem:
            self.query_one(ServerPane).show_error("reply", str(problem))

    @work
    async def _start(self, settings: ServerSettings) -> None:
        """Start the server; an address that others can reach is asked about first."""
        if not settings.is_loopback:
            from workbench.ui.parts.confirm import may_bind

            if not await may_bind(self.app, settings.host, settings.port, settings.type, "Start"):
                return
        try:
            server = self.bench.start_server(settings)
        except UnknownResponder as problem:
            self.query_one(ServerPane).show_error("reply", str(problem))
        except ValueError:
            return  # pressed again before it was seen to run
        else:
            if not (await asyncio.wrap_future(server.started)).ok:
                self.tick()
                self.query_one(ServerPane).say_why(self._bridge.journal)

    @work
    async def _connect(self, settings: ClientSettings) -> None:
        """Open a client whose own address others can send to, once that was agreed to."""
        from workbench.ui.parts.confirm import may_bind

        source = settings.bind
        if source is not None and await may_bind(self.app, source.host, source.port, settings.type):
            self.bench.open_client(settings)

    @work(exclusive=True, group="quick")
    async def action_quick_start(self) -> None:
        """Start the server if none runs, connect a client to it, send what stands in the composer."""
        bench, client_pane = self.bench, self.query_one(ClientPane)
        before = bench.server
        if before is None or not before.running:
            if not self.query_one(ServerPane).start():
                return self.action_view_server()
            if not await until(lambda: bench.server is not before, PATIENCE):
                return None
        server = bench.server
        if server is None or not (await asyncio.wrap_future(server.started)).ok:
            return self.action_view_server()
        client_pane.connect_to(server.settings, server.local)
        clients = len(bench.clients)
        if client_pane.connect() and await until(lambda: len(bench.clients) > clients, PATIENCE):
            client = bench.clients[-1]
            if (await asyncio.wrap_future(client.started)).ok:
                self.tick()
                client_pane.send()
                self._go_to("client")
        return None

    @work
    async def _ask_call(self, endpoint: Endpoint) -> None:
        if endpoint.closed:
            self.say(closed(endpoint))
            return
        from workbench.ui.bench.call_dialog import CallDialog, CallRequest
        from workbench.ui.parts.confirm import may_bind

        wanted = await self.app.push_screen_wait(CallDialog(endpoint.name))
        match wanted:
            case CallRequest("bind", ((str() as host, int() as port, *_),)):
                if not await may_bind(self.app, host, port, endpoint.state().type):
                    return
        if wanted is not None and (said := call(endpoint, wanted.method, *wanted.args)):
            self.say(said)

    def action_experiments(self) -> None:
        from workbench.ui.experiments.list_screen import ExperimentsScreen  # not at the start: it takes its time

        self.app.push_screen(ExperimentsScreen(zone=self._zone))

    @work
    async def action_trace(self) -> None:
        """Trace a program that one names: the bench stays as it is below."""
        from workbench.ui.trace.screen import trace_asked_for  # not at the start: it takes its time

        await trace_asked_for(self.app, self._zone)

    @work
    async def action_new_session(self) -> None:
        """Close every socket and begin anew, after asking."""
        from workbench.ui.parts.confirm import Confirm

        count = len(self._bridge.journal)
        lost = (
            ""
            if self._bridge.keep
            else f" The log of {counted(count, 'call')} is thrown away unless you save it first."
        )
        question = f"Every socket is closed and a new session begins.{lost}"
        if count and not await self.app.push_screen_wait(Confirm(question, "New session")):
            return
        self._bridge.renew()
        self.query_one(LogView).show_journal(self._bridge.journal)
