"""The server pane: how a server is set up, its connections, and what one does with the chosen one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from workbench.engine.endpoints.responders.registry import BY_NAME, RESPONDERS
from workbench.engine.state import EndpointState
from workbench.journal.reader import Journal
from workbench.model.call.address import show
from workbench.model.call.payload import PayloadError, encode_text
from workbench.model.call.settings import ServerSettings, parse_backlog, parse_buffer, parse_timeout
from workbench.model.words.error_sentence import error_sentence
from workbench.ui.bench import wishes
from workbench.ui.bench.endpoint_pane import HOW_HELP, EndpointPane
from workbench.ui.bench.life_strip import LISTENER, LifeStrip, Standing
from workbench.ui.parts.controls import Caption, Choice, ErrorLine, Field, Pair, Press, Row, Toggle
from workbench.ui.parts.endpoint_list import EndpointList, listens

AT_FAULT = {"socket": "type", "bind": "address"}
"""The field that decides about a call."""
RECENT = 20
"""Calls among which a start that just failed has left its error."""


class ServerPane(EndpointPane):
    """Posts StartWanted, StopWanted, AcceptWanted, AutoAcceptChanged, and the wishes about one endpoint."""

    ROLES = ("server", "connection")
    NOBODY = "not started: Start makes the server"

    def __init__(self, settings: ServerSettings | None = None, *, id: str = "server") -> None:
        self._settings = settings or ServerSettings()
        super().__init__(self._settings, id=id)
        self._texts["backlog"] = str(self._settings.backlog)
        self._auto_accept, self._auto_recv = self._settings.auto_accept, self._settings.auto_recv
        self._by_hand = False
        self.border_title = "server"

    def on_mount(self) -> None:
        self._ask_for_argument()

    def compose(self) -> ComposeResult:
        settings = self._settings
        with Pair():
            yield LifeStrip("strip", Standing(LISTENER))
            yield self.status_row()
        with Pair():
            yield self.kind_row(settings, self.more_press())
            yield Row(Caption("address"), self.field("address", "host:port (port 0: any free one), a path, or @name"))
        with Pair():
            reply = Field(settings.reply, id="reply", tooltip="What the answer needs")
            kinds = {kind.name: kind.what for kind in RESPONDERS}
            answers = "What the server answers to what it receives"
            responder = Choice(kinds, settings.responder, id="responder", label="answers", tooltip=answers)
            yield Row(responder, reply)
            yield Row(
                Press(
                    "Start",
                    "Stop",
                    id="toggle",
                    classes="-good",
                    tooltip="Start: socket, bind, listen. Stop: close all",
                ),
                Press("accept", id="accept", tooltip="Call accept() once: it waits if nobody connects"),
                Toggle(
                    "auto accept", settings.auto_accept, id="auto-accept", tooltip="Accept whoever connects, by itself"
                ),
            )
        yield ErrorLine()
        empty = "Its connections will stand here."
        yield EndpointList(id="endpoints", empty=empty, tooltip="The server and its connections: address, state, bytes")
        with Pair():
            to = self.field("to", "Whom sendto sends to: host:port, a path, or @name", "to: 127.0.0.1:8080")
            to.display = False
            yield Row(
                self.field(
                    "line", r"Text to send, in utf-8; \n \x00 \u20ac are escapes. Enter sends.", r"text to send, \n"
                ),
                to,
                Choice(HOW_HELP, "sendall", id="how", tooltip="Which call sends"),
                Press("send", id="send", tooltip="Send the text to the chosen connection"),
            )
            yield self.recv_row("recv", settings.auto_recv)
        yield self.actions_row()

    def rare_rows(self) -> list[Widget]:
        settings = self._settings
        return [
            Pair(
                Row(
                    Caption("backlog"),
                    self.field("backlog", "listen(backlog): backlog + 1 connections wait for accept, more must retry"),
                    Caption("timeout"),
                    self.field("timeout", "settimeout: none waits for ever, 0 not at all, else seconds"),
                    Caption("protocol"),
                    self.field("protocol", "Protocol number of socket(); 0: the system's choice"),
                ),
                self.buffers_row(),
            ),
            Row(
                Toggle(
                    "SO_REUSEADDR", settings.reuse_address, id="reuse", tooltip="Bind although old connections linger"
                ),
                Toggle("TCP_NODELAY", settings.nodelay, id="nodelay", tooltip="Send small pieces at once (TCP)"),
            ),
        ]

    def settings(self) -> ServerSettings:
        """Read the form, or raise SettingsError."""
        address = self.address()
        return ServerSettings.at(
            address,
            **self.kind(address),
            protocol=self.protocol,
            backlog=parse_backlog(self.text("backlog")),
            timeout=parse_timeout(self.text("timeout")),
            bufsize=self.bufsize,
            rcvbuf=parse_buffer("rcvbuf", self.text("rcvbuf")),
            sndbuf=parse_buffer("sndbuf", self.text("sndbuf")),
            reuse_address=self.is_on("reuse", self._settings.reuse_address),
            nodelay=self.is_on("nodelay", self._settings.nodelay),
            responder=self.value("responder"),
            reply=self.text("reply"),
            auto_accept=self._auto_accept,
            auto_recv=self._auto_recv,
        )

    # --- what the person does ---------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the server has an open socket."""
        return any(state.role == "server" and not state.closed for state in self._states)

    def toggle(self) -> None:
        """Start the server, or stop it."""
        if self.running:
            self.stop()
        else:
            self.start()

    def start(self) -> bool:
        """Start the server as the form says; tell whether the form is right."""
        return self.attempt(lambda: wishes.StartWanted(self.settings()))

    def stop(self) -> None:
        """Stop the server."""
        self.post_message(wishes.StopWanted())

    def accept(self) -> None:
        """Accept one connection."""
        if self.running:
            self.post_message(wishes.AcceptWanted())
        else:
            self.show_error("toggle", self.NOBODY, focus=False)

    def say_why(self, journal: Journal) -> None:
        """Say beside the field at fault why the start failed: the last call of the server that did."""
        last = range(len(journal) - 1, max(-1, len(journal) - RECENT), -1)
        failed = next((call for at in last if (call := journal[at]).name == "server" and call.error), None)
        if failed is not None and failed.error is not None:
            taken = failed.error.errno == "EADDRINUSE" and self.value("family") != "AF_UNIX"
            said = error_sentence(failed) + (". Port 0 takes any free one." if taken else "")
            self.show_error(AT_FAULT.get(failed.call, "toggle"), said, focus=False)

    def send(self) -> None:
        """Send what stands in the field."""
        try:
            data = encode_text(self.text("line"), escapes=True)
        except PayloadError as error:
            self.show_error("line", error.message)
        else:
            self.send_data(data)

    # --- shown by a timer -------------------------------------------------------------------------------------------

    def settle(self, mine: tuple[EndpointState, ...], before: tuple[EndpointState, ...]) -> str | None:
        open_ones = [state.name for state in mine if state.role == "connection" and not state.closed]
        now = next((state for state in mine if state.name == self.chosen), None)
        if now is not None and (self._by_hand or now.name in open_ones):
            return now.name
        self._by_hand = False
        if open_ones:
            return open_ones[-1]
        return now.name if now else mine[0].name if mine else None

    def choose(self, name: str) -> None:
        self._by_hand = True
        super().choose(name)

    def follow(self, was: EndpointState | None, state: EndpointState | None) -> None:
        super().follow(was, state)
        running = self.running
        press = self.query_one("#toggle", Press)
        press.label = "Stop" if running else "Start"
        press.set_class(running, "-stop").set_class(not running, "-good")
        auto, accepts = self.query_one("#auto", Toggle), self.query_one("#auto-accept", Toggle)
        listener = next((one for one in self._states if one.role == "server"), None)
        accepting = listener is not None and running and listens(listener) and "listen" in listener.done
        accepts.on = listener.auto if accepting and listener else self._auto_accept
        receiver = state if state is not None and not state.closed and not listens(state) else None
        if receiver is None:
            auto.on = self._auto_recv
        elif was is None or was.auto != receiver.auto:
            auto.on = receiver.auto

    def status(self, state: EndpointState | None) -> str:
        if state is None:
            return self.NOBODY
        if state.error:
            return f"{state.last}: {state.error}"
        if state.rest:
            return self.short_send(state)
        if state.role == "server":
            doing = "stopped" if state.closed else "listening on" if "listen" in state.done else "bound to"
            return doing if state.closed or state.local is None else f"{doing} {show(state.local)}"
        if state.closed:
            return f"{state.name} is closed"
        if state.ended:
            return "peer ended: recv returned b''"
        return f"{show(state.peer)} → {show(state.local)}" if state.peer is not None else state.name

    # --- messages of the controls -----------------------------------------------------------------------------------

    def on_toggle_changed(self, event: Toggle.Changed) -> None:
        match event.toggle.id:
            case "auto-accept":
                self._auto_accept = event.on
                if self.running:
                    self.post_message(wishes.AutoAcceptChanged(event.on))
            case "auto":
                state = self.chosen_state
                if state is None or state.closed or listens(state):
                    self._auto_recv = event.on

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "responder":
            self._ask_for_argument()
            self._answer_anew()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "reply" and not BY_NAME[self.value("responder")].suffix:
            self._answer_anew()

    def _ask_for_argument(self) -> None:
        """Show the field for what the responder needs, if it needs something."""
        kind, reply = BY_NAME.get(self.value("responder")), self.query_one("#reply", Field)
        reply.display = kind is not None and bool(kind.argument)
        reply.placeholder = kind.argument if kind else ""

    def _answer_anew(self) -> None:
        """A server that runs answers from now on as the form says."""
        if self.running:
            self.post_message(wishes.ResponderChanged(self.value("responder"), self.text("reply")))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        match event.input.id:
            case "line" | "to":
                self.send()
            case "reply" if self.running:
                self._answer_anew()
            case "bufsize":
                self.recv()
            case _ if not self.running:
                self.start()
