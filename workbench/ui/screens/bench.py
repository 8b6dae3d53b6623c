"""The bench: server and client at the left, the log at the right; the person's wishes carried out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from workbench.engine.endpoint import Endpoint
from workbench.engine.responders import UnknownResponder
from workbench.engine.server import Server
from workbench.engine.session import discard
from workbench.model.address import Address
from workbench.model.endpoint import ServerSettings
from workbench.model.safe import safe
from workbench.ui import wishes
from workbench.ui.bridge import Bridge, suggested_name, unfinished
from workbench.ui.screens.call_dialog import CallDialog
from workbench.ui.screens.confirm import Confirm, exposure
from workbench.ui.screens.prompt import Prompt
from workbench.ui.screens.unfinished import Unfinished
from workbench.ui.widgets.client_pane import ClientPane
from workbench.ui.widgets.controls import Field, Toggle
from workbench.ui.widgets.log_view import LogView
from workbench.ui.widgets.pane import EndpointPane
from workbench.ui.widgets.server_pane import ServerPane
from workbench.ui.widgets.views import Views

TICK = 0.05
"""Seconds between two looks at the journal and the endpoints; every other one is left out under a flood."""
FLOOD = 200
"""Calls in one tick that make a flood."""
PATIENCE = 3.0
"""Seconds that the quick start waits for the server and for the client."""


def _key(key: str, action: str, text: str, help: str, show: bool = True) -> Binding:
    return Binding(key, action, text, id=f"bench.{action}", tooltip=help, show=show, priority=True)


class BenchScreen(Screen[None]):
    """Draws the session of its bridge and carries out what the panes wish."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("f2", "view_server", "Server", "Go to the server", show=False),
        _key("f3", "view_client", "Client", "Go to the client", show=False),
        _key("f4", "view_log", "Log", "Go to the log", show=False),
        _key("f5", "quick_start", "Quick", "Start the server, connect a client, send what stands in the composer"),
        _key("ctrl+s", "send", "Send", "Send what stands in the composer"),
        _key("f6", "toggle_send", "send/all", "Change between send and sendall"),
        _key("ctrl+r", "recv", "recv", "Call recv(n) once at the chosen endpoint"),
        _key("escape", "cancel", "Cancel", "End the wait of the blocked call at the chosen endpoint"),
        _key("f7", "start_stop", "Server", "Start the server, or stop it and close its connections"),
        _key("f8", "connect", "Connect", "Connect one more client"),
        _key("f9", "accept", "accept", "Call accept once"),
        _key("alt+a", "auto_accept", "auto accept", "Let the server accept by itself, or only when told"),
        _key("alt+r", "auto_recv", "auto recv", "Let the chosen endpoint receive by itself, or only when told"),
        _key(
            "ctrl+t", "half_close", "half-close", "shutdown(SHUT_WR) at the chosen endpoint: its peer reads to the end"
        ),
        _key("ctrl+l", "close_endpoint", "close", "Close the chosen endpoint"),
        _key("ctrl+b", "reset", "reset", "Close the chosen endpoint with a TCP reset"),
        _key("ctrl+o", "call", "Call…", "Make any call of the chosen endpoint, with arguments you type"),
        _key("ctrl+n", "new_session", "New", "Close every socket and begin a new session"),
        _key("ctrl+g", "save", "Save", "Save a copy of the session in a file"),
    ]

    def __init__(self, bridge: Bridge, *, zone: tzinfo | None = None) -> None:
        self._view = "client" if bridge.is_live else "log"
        super().__init__(classes=f"-v-{self._view}" if bridge.is_live else f"-v-{self._view} -recording")
        self._bridge = bridge
        self._zone = zone
        self._pane_id = "client"
        self._ticks = 0
        self._new = 0

    def compose(self) -> ComposeResult:
        yield Views(self._view)
        with Horizontal(id="columns"):
            if self._bridge.is_live:
                with Vertical(id="left"):
                    yield ServerPane(ServerSettings(responder="echo"), id="server").add_class("frame")
                    yield ClientPane(id="client").add_class("frame")
            with Vertical(id="right"), Vertical(id="log-frame", classes="frame"):
                yield LogView(self._bridge.journal, zone=self._zone, id="log")
        yield Static(id="tiny")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#log-frame").border_title = "log"
        if self._bridge.is_live:
            self.query_one("#server").border_title = "F2 server"
            self.query_one("#client").border_title = "F3 client"
            self.query_one("#log-frame").border_title = "F4 log"
        self.set_interval(TICK, self.tick)
        self.call_after_refresh(self.tick)
        self._focus(self._view)
        if self._bridge.is_live and not self._bridge.keep and (left := unfinished()):
            self._offer_unfinished(left)

    @work
    async def _offer_unfinished(self, left: list[Path]) -> None:
        """After a crash: what the last session had written is there, and can be looked at or thrown away."""
        choice = await self.app.push_screen_wait(Unfinished([path.name for path in left]))
        if choice == "open":
            self.app.push_screen(BenchScreen(Bridge.recorded(left[0])))
        elif choice == "discard":
            for path in left:
                discard(path)

    def on_resize(self) -> None:
        width, height = self.app.size
        self.query_one("#tiny", Static).update(
            Content(f"The bench wants at least 60 columns and 16 rows;\nthis terminal has {width} and {height}.")
        )

    # --- drawing ----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Take in what was recorded and show how the endpoints stand."""
        self._ticks += 1
        if self._new > FLOOD and self._ticks % 2:
            self._new = 0
            return
        self._new = self._bridge.pull()
        log = self.query_one(LogView)
        log.sync()
        self._show_title()
        if self._bridge.is_live:
            states, now = self._bridge.endpoints(), time.monotonic()
            for pane in self.query(EndpointPane):
                pane.show(states, now)
            self.query_one(Views).show(self._view, states, now)

    def _show_title(self) -> None:
        journal, frame = self._bridge.journal, self.query_one("#log-frame")
        label = "F4 log" if self._bridge.is_live else f"log of {safe(self._bridge.path.name)}"
        title = f"{label} · {len(journal)} calls"
        if not self._bridge.is_live and journal.position < journal.size:
            title += f" · read {journal.position * 100 // max(1, journal.size)} %"
        if frame.border_title != title:
            frame.border_title = title

    # --- who is meant -----------------------------------------------------------------------------------------------

    @property
    def pane(self) -> EndpointPane:
        """The pane that keys mean: the one that has, or had last, the focus."""
        return self.query_one(f"#{self._pane_id}", EndpointPane)

    def on_descendant_focus(self) -> None:
        focused = self.focused
        pane = (
            next((node for node in focused.ancestors_with_self if isinstance(node, EndpointPane)), None)
            if focused
            else None
        )
        if pane is not None and pane.id:
            self._pane_id = pane.id

    def _endpoint(self, name: str | None) -> Endpoint | None:
        bench = self._bridge.bench
        return bench.find(name) if bench is not None and name else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a bench only the log has keys."""
        return self._bridge.is_live or f"bench.{action}" not in _LIVE

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
            self.call_after_refresh(first.focus)

    # --- keys of the panes ------------------------------------------------------------------------------------------

    def action_send(self) -> None:
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

    def action_accept(self) -> None:
        self.query_one(ServerPane).accept()

    def action_auto_accept(self) -> None:
        self.query_one("#auto-accept", Toggle).action_press()

    def action_auto_recv(self) -> None:
        self.pane.query_one("#auto", Toggle).action_press()

    def action_cancel(self) -> None:
        """End the wait of the chosen endpoint; if it does not wait, of any other that does."""
        bench = self._bridge.bench
        if bench is None:
            if len(self.app.screen_stack) > 1:  # a recording that was opened from the bench
                self._bridge.close()
                self.app.pop_screen()
            return
        waiting = [endpoint for endpoint in bench.all() if endpoint.state().pending]
        chosen = self._endpoint(self.pane.chosen)
        endpoint = chosen if chosen in waiting else next((one for one in waiting if not one.auto), None)
        if endpoint is None or not endpoint.cancel():
            self.notify("No call is blocked.", timeout=2)

    # --- wishes -----------------------------------------------------------------------------------------------------

    @on(wishes.Wish)
    def carry_out(self, wish: wishes.Wish) -> None:
        """Do what a pane asks for; every call is made on the endpoint's own thread."""
        wish.stop()
        match wish:
            case wishes.StartWanted(settings):
                self._start(settings)
            case wishes.StopWanted() if self._bridge.bench and self._bridge.bench.server:
                self._bridge.bench.server.stop()
            case wishes.ConnectWanted(settings) if self._bridge.bench:
                self._bridge.bench.open_client(settings)
            case wishes.AutoAcceptChanged(on) if endpoint := self._endpoint("server"):
                endpoint.set_auto(on)
            case wishes.AcceptWanted() if endpoint := self._endpoint("server"):
                endpoint.accept()
            case wishes.EndpointChosen():
                pass
            case wishes.ForgetWanted(name) if self._bridge.bench:
                self._bridge.bench.forget(name)
            case wishes.CallWanted(name) if endpoint := self._endpoint(name):
                self._ask_call(endpoint)
            case _:
                self._at_endpoint(wish)

    def _at_endpoint(self, wish: wishes.Wish) -> None:
        endpoint = self._endpoint(getattr(wish, "name", None))
        if endpoint is None:
            return
        match wish:
            case wishes.SendWanted(_, data, how, to):
                endpoint.send(data, how, to)
            case wishes.SendRestWanted():
                endpoint.send_rest()
            case wishes.RecvWanted(_, n):
                if endpoint.auto:
                    self.notify(f"{endpoint.name} receives by itself: turn auto off to receive by hand", timeout=4)
                else:
                    endpoint.recv(n)
            case wishes.AutoRecvChanged(_, on):
                endpoint.set_auto(on)
            case wishes.BufsizeChanged(_, n):
                endpoint.set_bufsize(n)
            case wishes.HalfCloseWanted():
                endpoint.half_close()
            case wishes.CloseWanted():
                endpoint.close()
            case wishes.ResetWanted():
                endpoint.reset()
            case wishes.CancelWanted():
                endpoint.cancel()

    @work
    async def _start(self, settings: ServerSettings) -> None:
        """Start the server; an address that others can reach is asked about first."""
        exposed = not settings.is_loopback
        if exposed and not await self.app.push_screen_wait(Confirm(exposure(settings), "Start")):
            return
        self._start_now(settings)

    def _start_now(self, settings: ServerSettings) -> None:
        bench = self._bridge.bench
        if bench is None:
            return
        try:
            bench.start_server(settings)
        except UnknownResponder as problem:
            self.query_one(ServerPane).complain("responder", str(problem))
        except ValueError as problem:
            self.notify(str(problem), severity="warning", markup=False)

    @work(exclusive=True, group="quick")
    async def action_quick_start(self) -> None:
        """Start the server if none runs, connect a client to it, send what stands in the composer."""
        bench, server_pane, client_pane = self._bridge.bench, self.query_one(ServerPane), self.query_one(ClientPane)
        if bench is None:
            return None
        if bench.server is None or not bench.server.running:
            before = bench.server
            if not server_pane.start():
                return self.action_view_server()
            if not await _until(lambda: bench.server is not before, PATIENCE):
                return None
        server = bench.server
        if server is None or not (await asyncio.wrap_future(server.started)).ok:
            return self.action_view_log()
        client_pane.query_one("#address", Field).value = _target(server)
        clients = len(bench.clients)
        if client_pane.connect() and await _until(lambda: len(bench.clients) > clients, PATIENCE):
            client = bench.clients[-1]
            if (await asyncio.wrap_future(client.started)).ok:
                self.tick()
                client_pane.send()
        return None

    @work
    async def _ask_call(self, endpoint: Endpoint) -> None:
        wanted = await self.app.push_screen_wait(CallDialog(endpoint.name))
        if wanted is not None:
            endpoint.call(wanted.method, *wanted.args)

    # --- the session ------------------------------------------------------------------------------------------------

    @on(LogView.BookmarkWanted)
    def _bookmark(self, event: LogView.BookmarkWanted) -> None:
        note = self._bridge.journal.notes.get(event.seq)
        self._annotate(event.seq, note.text if note else "", not (note and note.bookmark))

    @on(LogView.NoteWanted)
    @work
    async def _note(self, event: LogView.NoteWanted) -> None:
        note = self._bridge.journal.notes.get(event.seq)
        text = await self.app.push_screen_wait(Prompt(f"Note on line {event.seq}", note.text if note else ""))
        if text is not None:
            self._annotate(event.seq, text, bool(note and note.bookmark))

    def _annotate(self, seq: int, text: str, bookmark: bool) -> None:
        try:
            self._bridge.annotate(seq, text, bookmark=bookmark)
        except OSError as problem:
            self.notify(f"The note was not kept: {problem.strerror}", severity="error", markup=False)

    @work
    async def action_new_session(self) -> None:
        """Close every socket and begin anew, after asking."""
        lost = (
            ""
            if self._bridge.keep
            else f" The log of {len(self._bridge.journal)} calls is thrown away unless you save it first."
        )
        if len(self._bridge.journal) and not await self.app.push_screen_wait(
            Confirm(f"Every socket is closed and a new session begins.{lost}", "New session")
        ):
            return
        self._bridge.renew()
        self.query_one(LogView).show_journal(self._bridge.journal)

    @work
    async def action_save(self) -> None:
        """Copy the session into a file that one names."""
        name = await self.app.push_screen_wait(
            Prompt("Save the session as", suggested_name(self._bridge.path), accept="Save", check=_writable)
        )
        if name is None:
            return
        path = Path(name).expanduser()
        try:
            self._bridge.save(path)
        except OSError as problem:
            self.notify(f"Not saved: {problem.strerror}", severity="error", markup=False)
        else:
            self.notify(f"Saved as {safe(str(path))}", markup=False)


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for something that another task or thread brings about; tell whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(TICK)
    return True


def _target(server: Server) -> str:
    """Write the address of a running server as the client's field takes it."""
    kind = server.settings.family, server.settings.type
    scheme = next((scheme for scheme, known in _SCHEMES.items() if known == kind), "tcp")
    return str(Address.from_plain(scheme, server.local))


_SCHEMES = {
    "udp": ("AF_INET", "SOCK_DGRAM"),
    "unix": ("AF_UNIX", "SOCK_STREAM"),
    "unix-dgram": ("AF_UNIX", "SOCK_DGRAM"),
    "unix-seqpacket": ("AF_UNIX", "SOCK_SEQPACKET"),
}


def _writable(name: str) -> str | None:
    path = Path(name).expanduser()
    if not name.strip():
        return "Type the name of a file."
    if path.exists():
        return f"{safe(path.name)} exists: take another name."
    if not path.parent.is_dir():
        return f"There is no folder {safe(str(path.parent))}."
    return None


_LIVE = frozenset(
    binding.id
    for binding in BenchScreen.BINDINGS
    if isinstance(binding, Binding) and binding.action not in ("view_log", "save", "cancel")
)
