"""The server pane: how a server is set up, its connections, and what one does with the chosen one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from workbench.engine.endpoints.responders.registry import BY_NAME, RESPONDERS
from workbench.engine.state import EndpointState
from workbench.model.call.address import show
from workbench.model.call.payload import PayloadError, encode_text
from workbench.model.call.settings import ServerSettings, SocketSettings, parse_backlog, parse_buffer
from workbench.ui.bench import wishes
from workbench.ui.bench.carry_out import cannot_read
from workbench.ui.bench.endpoint_pane import HOW_HELP, EndpointPane
from workbench.ui.bench.form import seconds_text
from workbench.ui.bench.life_strip import LISTENER, LifeStrip, Standing
from workbench.ui.parts.controls import Caption, Choice, ErrorLine, Field, Pair, Press, Row, Toggle
from workbench.ui.parts.endpoint_list import fit, listens


class ServerPane(EndpointPane):
    """Posts StartWanted, StopWanted, AcceptWanted, AutoAcceptChanged, and the wishes about one endpoint."""

    ROLES = ("server", "connection")
    NOBODY = "No server runs: F7 starts it."

    def __init__(self, settings: ServerSettings | None = None, *, id: str = "server") -> None:
        self._settings = settings or ServerSettings()
        super().__init__(self._settings, id=id)
        self._auto_accept, self._auto_recv = self._settings.auto_accept, self._settings.auto_recv
        self._by_hand = False
        self.border_title = "F2 server"

    def on_mount(self) -> None:
        self._ask_for_argument()

    @staticmethod
    def texts_of(settings: SocketSettings) -> dict[str, str]:
        texts = EndpointPane.texts_of(settings)
        if isinstance(settings, ServerSettings):
            texts["backlog"] = str(settings.backlog)
            texts["accept-timeout"] = seconds_text(settings.accept_timeout)
        return texts

    def compose(self) -> ComposeResult:
        settings = self._settings
        yield self.form_head("start")
        with Pair(classes="-set"):
            yield self.kind_row(settings, self.more_press())
            yield Row(Caption("address"), self.field("address", "host:port (port 0: any free one), a path, or @name"))
        with Pair(classes="-both"):
            yield Row(
                Caption("backlog"),
                self.field("backlog", "listen(backlog): backlog + 1 connections wait for accept, more must retry"),
                Caption("timeout"),
                self.field("timeout", "Of each connection: none waits for ever, 0 not at all, else seconds", "none"),
                classes="-set",
            )
            reply = Field(settings.reply, id="reply", tooltip="What the answer needs")
            kinds = {kind.name: kind.what for kind in RESPONDERS}
            answers = "What the server answers to what it receives"
            responder = Choice(kinds, settings.responder, id="responder", label="answers", tooltip=answers)
            more = Press("settings…", id="more-about", classes="-live", tooltip="Fill in the form for the next start")
            yield Row(responder, reply, more)
        yield Row(
            Press(
                *("Start F7", "Stop F7"),
                id="toggle",
                classes="-good",
                tooltip="Start: socket, bind, listen. Stop: close all",
            ),
            Press("accept F9", id="accept", tooltip="Call accept() once: it waits if nobody connects", off=self.NOBODY),
            Toggle("auto accept", settings.auto_accept, id="auto-accept", tooltip="Accept whoever connects, by itself"),
        )
        yield ErrorLine()
        yield self.list_of_endpoints("The server and its connections: address, state, bytes")
        with Pair(classes="-live"):
            yield LifeStrip("strip", Standing(LISTENER))
        yield self.status_row()
        with Pair():
            to = self.field("to", "Whom sendto sends to: host:port, a path, or @name", "to: 127.0.0.1:8080")
            to.display = False
            yield Row(
                self.field(
                    "line", r"Text to send, in utf-8; \n \x00 \u20ac are escapes. Enter sends.", r"text to send, \n"
                ),
                to,
                Choice(HOW_HELP, "sendall", id="how", tooltip="Which call sends"),
                Press("send", id="send", tooltip="Send the text to the chosen connection", off=self.NOBODY),
                classes="-live",
            )
            yield self.recv_row(settings.auto_recv)

    def rare_rows(self) -> list[Widget]:
        settings = self._settings
        return [
            Pair(
                Row(
                    Caption("accept timeout"),
                    self.field(
                        "accept-timeout",
                        "Of the listening socket: none waits for ever, 0 not at all, else seconds",
                        "none",
                    ),
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
            timeout=self.seconds("timeout"),
            accept_timeout=self.seconds("accept-timeout"),
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

    def use(self, settings: SocketSettings) -> None:
        assert isinstance(settings, ServerSettings)
        switches = {"auto-accept": settings.auto_accept, "auto": settings.auto_recv}
        kinds = {"family": settings.family, "type": settings.type, "responder": settings.responder}
        rare = {"reuse": settings.reuse_address, "nodelay": settings.nodelay}
        self._settings = settings
        self.fill_in({**self.texts_of(settings), **kinds, **switches, **rare, "reply": settings.reply})
        self._ask_for_argument()

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
            self.post_message(Press.Refused(self.NOBODY))

    def advice(self, errno: str | None) -> str:
        taken = errno == "EADDRINUSE" and self.value("family") != "AF_UNIX"
        return "Port 0 takes any free one." if taken else ""

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
        if now is not None and listens(now) and not now.closed and not now.auto:
            return now.name  # accepting by hand, one wants to see the queue shrink
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
        press.label = "Stop F7" if running else "Start F7"
        press.set_class(running, "-stop").set_class(not running, "-good")
        auto, accepts = self.query_one("#auto", Toggle), self.query_one("#auto-accept", Toggle)
        self.query_one("#accept", Press).off = self.why_not("accept")
        listener = self._listener
        accepting = listener is not None and running and listens(listener) and "listen" in listener.done
        accepts.on = listener.auto if accepting and listener else self._auto_accept
        receiver = state if state is not None and not state.closed and not listens(state) else None
        if receiver is None:
            auto.on = self._auto_recv
        elif was is None or was.auto != receiver.auto:
            auto.on = receiver.auto

    def why_not(self, action: str) -> str:
        if action != "accept":
            return super().why_not(action)
        listener = self._listener
        if listener is None or listener.closed:
            return self.NOBODY
        return cannot_read(listener, "accept") if listens(listener) else "A datagram server has nothing to accept."

    @property
    def _listener(self) -> EndpointState | None:
        return next((one for one in self._states if one.role == "server"), None)

    def status(self, state: EndpointState | None) -> str:
        if state is None or not self.has_class("-work"):
            return ""
        if state.rest:
            return self.short_send(state)
        if state.error:
            return f"{state.last}: {state.error}"
        return "the peer has ended: recv returned b''" if state.ended and not state.closed else ""

    def title(self, width: int) -> str:
        """Say where the server listens."""
        listener = self._listener
        if listener is None or listener.closed or listener.local is None:
            return "F2 server"
        return f"F2 server {fit(show(listener.local), width - 10)}"

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

    def how_changed(self) -> None:
        """Ask for an address where sendto needs one."""
        self.query_one("#to").display = self.value("how") == "sendto"

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
