"""What the keys of the bench do, what its menus offer, and what the panes wish, carried out."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType

from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.client import Client
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.responders.responder import UnknownResponder
from workbench.engine.endpoints.server import Server
from workbench.model.call.address import show
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.model.text.fit import counted
from workbench.ui.bench import wishes
from workbench.ui.bench.carry_out import call, carry_out, closed, until
from workbench.ui.bench.client_pane import ClientPane
from workbench.ui.bench.endpoint_pane import EndpointPane
from workbench.ui.bench.keys import (
    CLIENT_MENU,
    CONNECTION_MENU,
    KEYS,
    MANY,
    SERVER_MENU,
    SESSION_MENU,
    WORDS,
)
from workbench.ui.bench.server_pane import ServerPane
from workbench.ui.bench.set_ups import SetUps
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import Toggle

PATIENCE = 3.0
"""Seconds that the quick start waits for the server and for the client."""


class BenchActions(SetUps):
    """Carries out what a person wants of the bench's sockets."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    MENU = (*SetUps.MENU, *SESSION_MENU)
    WORDS = WORDS
    _pane_id = "client"

    def go_to(self, view: str) -> None:
        """Show a view and focus what one needs there."""
        raise NotImplementedError

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

    def why_not(self, action: str) -> str:
        match action:
            case "recv" | "half_close" | "close_endpoint" | "reset" | "call":
                return self.pane.why_not(action)
            case "send":
                return self._sender.why_not(action)
            case "accept":
                return self.query_one(ServerPane).why_not(action)
            case "auto_recv" | "endpoint_menu" if self.pane.chosen is None:
                return self.pane.NOBODY
            case "cancel" if not any(endpoint.state().pending for endpoint in self.bench.all()):
                return "No call is blocked."
        return ""

    @property
    def _sender(self) -> EndpointPane:
        """The composer's pane; the server's where something has been typed into its line."""
        pane = self.pane
        return pane if isinstance(pane, ServerPane) and pane.text("line") else self.query_one(ClientPane)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave escape to the filter of the log or an open form, where that is what it ends."""
        if action == "cancel":
            return not (self.query_one(LogFrame).takes_escape or self.is_inspecting)
        return super().check_action(action, parameters)

    def menu_keys(self) -> dict[str, str]:
        menus = (*SERVER_MENU, *CLIENT_MENU)
        return {**super().menu_keys(), **{action: f"^o {letter}" for action, letter in menus}}

    # --- keys of the panes ------------------------------------------------------------------------------------------

    def action_send(self) -> None:
        self._sender.send()

    def action_toggle_send(self) -> None:
        client = self.query_one(ClientPane)
        client.toggle_send()
        self.notify(f"The composer's call is {client.value('how')}.", markup=False)

    def action_recv(self) -> None:
        self.pane.recv()

    def action_half_close(self) -> None:
        self.pane.attempt_at(wishes.HalfCloseWanted)

    def action_close_endpoint(self) -> None:
        self.pane.attempt_at(wishes.CloseWanted)

    def action_reset(self) -> None:
        self.pane.attempt_at(wishes.ResetWanted)

    def action_start_stop(self) -> None:
        self.query_one(ServerPane).toggle()

    def action_connect(self) -> None:
        self.query_one(ClientPane).connect()

    def action_open_many(self) -> None:
        for _ in range(MANY):
            if not self.query_one(ClientPane).connect():
                return

    def action_accept(self) -> None:
        self.query_one(ServerPane).accept()

    def action_auto_accept(self) -> None:
        self.query_one("#auto-accept", Toggle).action_press()

    def action_auto_recv(self) -> None:
        self.pane.query_one("#auto", Toggle).action_press()

    def action_plots(self) -> None:
        inspector = self.query_one(Inspector)
        inspector.tab = "Queue" if inspector.tab == "Plot" else "Plot"

    def action_server_settings(self) -> None:
        self.query_one(ServerPane).open_form(True)

    def action_client_settings(self) -> None:
        self.query_one(ClientPane).open_form(True)

    def action_cancel(self) -> None:
        """End the wait of the chosen endpoint; if it does not wait, of any other that a person made wait."""
        if forms := [pane for pane in self.query(EndpointPane) if pane.has_class("-form")]:
            for pane in forms:
                pane.open_form(False)
            return
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

    def action_endpoint_menu(self) -> None:
        """Offer what can be done with the chosen endpoint."""
        state = self.pane.chosen_state
        if state is not None:
            menus = {"server": SERVER_MENU, "connection": CONNECTION_MENU, "client": CLIENT_MENU}
            menu = CONNECTION_MENU if state.role == "server" and self.pane.why_not("accept") else menus[state.role]
            self.open_menu(state.name, self.items(menu))

    def say(self, sentence: str) -> None:
        """Show a sentence in the status line."""
        self.notify(sentence, markup=False)

    # --- wishes -----------------------------------------------------------------------------------------------------

    @on(wishes.Wish)
    def _wish(self, wish: wishes.Wish) -> None:
        wish.stop()
        match wish:
            case wishes.StartWanted(settings):
                self._start(settings)
            case wishes.ConnectWanted(settings):
                self._connect(settings)
            case wishes.MenuWanted():
                self.action_endpoint_menu()
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
        if server := self._begin(settings):
            await self._started(server)

    def _begin(self, settings: ServerSettings) -> Server | None:
        try:
            return self.bench.start_server(settings)
        except UnknownResponder as problem:
            self.query_one(ServerPane).show_error("reply", str(problem))
        except ValueError:
            pass  # pressed again before it was seen to run
        return None

    async def _started(self, server: Server) -> bool:
        """Wait for what comes of a start, and say why where it failed."""
        if (await asyncio.wrap_future(server.started)).ok:
            return True
        self.tick()
        self.query_one(ServerPane).say_why(self._bridge.journal, "server")
        return False

    @work
    async def _connect(self, settings: ClientSettings) -> None:
        """Open a client; one whose own address others can send to once that was agreed to."""
        source = settings.bind
        if settings.exposes and source is not None:
            from workbench.ui.parts.confirm import may_bind

            if not await may_bind(self.app, source.host, source.port, settings.type):
                return
        await self._connected(self.bench.open_client(settings))

    async def _connected(self, client: Client) -> bool:
        """Wait for what comes of a connect, and say why where it failed."""
        outcome = await asyncio.wrap_future(client.started)
        self.tick()
        if not outcome.ok and isinstance(outcome.error, OSError):
            self.query_one(ClientPane).say_why(self._bridge.journal, client.name)
        return outcome.ok

    # --- quick start ------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="quick")
    async def action_quick_start(self) -> None:
        """Start the server if none runs, connect a client to it, send what is in the composer."""
        bench, client_pane = self.bench, self.query_one(ClientPane)
        if (bench.server is None or not bench.server.running) and not await self._quick_server():
            return self.go_to("server")
        server = bench.server
        if server is None or not (await asyncio.wrap_future(server.started)).ok:
            return None
        client_pane.connect_to(server.settings, server.local)
        clients = len(bench.clients)
        if client_pane.connect() and await until(lambda: len(bench.clients) > clients, PATIENCE):
            client = bench.clients[-1]
            if (await asyncio.wrap_future(client.started)).ok:
                self.tick()
                client_pane.send()
                self.go_to("client")
        return None

    async def _quick_server(self) -> bool:
        """Start the server as its form says; where its port is in use, on one that is free."""
        pane, before = self.query_one(ServerPane), self.bench.server
        if not pane.start() or not await until(lambda: self.bench.server is not before, PATIENCE):
            return False
        server = self.bench.server
        if server is None:
            return False
        outcome = await asyncio.wrap_future(server.started)
        if outcome.ok:
            return True
        settings = server.settings
        if getattr(outcome.error, "errno", None) != errno.EADDRINUSE or settings.family == "AF_UNIX":
            return False
        again = self._begin(replace(settings, port=0))
        if again is None or not await self._started(again):
            return False
        pane.clear_error()
        self.notify(f"Port {settings.port} is in use: the server took {show(again.local)} instead.", markup=False)
        return True

    # --- other screens ----------------------------------------------------------------------------------------------

    def action_call(self) -> None:
        """Make any call of the chosen endpoint."""
        if endpoint := self.bench.find(self.pane.chosen or ""):
            self._ask_call(endpoint)

    @work
    async def _ask_call(self, endpoint: Endpoint) -> None:
        if endpoint.closed:
            self.say(closed(endpoint.name))
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
