"""The client pane: whom to connect to, the clients, the composer, and what one does with the chosen client."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from workbench.engine.state import EndpointState
from workbench.model.call.address import Address, show
from workbench.model.call.payload import Draft
from workbench.model.call.settings import ClientSettings, SocketSettings, parse_buffer
from workbench.model.call.value import PlainAddress
from workbench.ui.bench import wishes
from workbench.ui.bench.composer import Composer
from workbench.ui.bench.endpoint_pane import HOW_HELP, EndpointPane
from workbench.ui.bench.form import Status
from workbench.ui.bench.life_strip import CLIENT, LifeStrip, Standing
from workbench.ui.parts.controls import Caption, Choice, ErrorLine, Field, Pair, Press, Row, Toggle
from workbench.ui.parts.endpoint_list import fit

CONNECT_HELP = {
    "connect": "raises an error if it can't",
    "connect_ex": "returns the error's number instead",
    "none": "a datagram socket, for sendto",
}


class ClientPane(EndpointPane):
    """Posts ConnectWanted and the wishes about one endpoint."""

    DEFAULT_CSS = "ClientPane EndpointList { height: auto; min-height: 1; max-height: 4; }"
    ROLES = ("client",)
    NOBODY = "There is no client yet: F8 connects one."

    def __init__(
        self,
        settings: ClientSettings | None = None,
        draft: Draft | None = None,
        call: str = "sendall",
        sent: Sequence[Draft] = (),
        *,
        id: str = "client",
    ) -> None:
        """*call*: which one sends; *sent*: what was sent before, the oldest first."""
        self._settings = settings or ClientSettings()
        super().__init__(self._settings, id=id)
        self._draft, self._call, self._sent = draft or Draft("Hey~~~"), call, sent
        self._auto_recv = self._settings.auto_recv
        self.border_title = "F3 client"

    @staticmethod
    def texts_of(settings: SocketSettings) -> dict[str, str]:
        source = settings.bind if isinstance(settings, ClientSettings) else None
        return {**EndpointPane.texts_of(settings), "source": "" if source is None else str(source)}

    def compose(self) -> ComposeResult:
        settings = self._settings
        yield self.form_head("connect")
        with Pair(classes="-set"):
            address = "Whom to connect to: host:port, a path, @name, or with a scheme: udp://127.0.0.1:8080"
            yield Row(
                Caption("to"),
                self.field("address", address),
                Press("Connect", id="connect", classes="-good", tooltip="Make one more client: socket, then connect"),
                self.more_press(),
            )
            connect = "Which call connects; none leaves a datagram socket unconnected"
            yield self.kind_row(settings, Choice(CONNECT_HELP, settings.connect, id="connect-by", tooltip=connect))
        yield ErrorLine()
        yield self.list_of_endpoints("The clients: peer, state, bytes in and out")
        with Pair(classes="-live"):
            yield LifeStrip("strip", Standing(CLIENT))
        yield self.status_row()
        yield Composer(self._draft, self._sent, id="composer")
        to = Row(Caption("to"), self.field("to", "Whom sendto sends to: host:port, a path, or @name"), id="to-row")
        to.display = False
        yield to
        yield Row(
            Status("", id="count"),
            Choice(HOW_HELP, self._call, id="how", tooltip="Which call sends (F6)"),
            Press("Send ^s", id="send", classes="-good", tooltip="Send what is in the composer", off=self.NOBODY),
        )
        yield self.recv_row(settings.auto_recv)

    def rare_rows(self) -> list[Widget]:
        return [
            Pair(
                Row(
                    Caption("source"),
                    self.field("source", "Its own address, given to bind before connect: host:port or a path", "any"),
                    Caption("timeout"),
                    self.field(
                        "timeout", "settimeout: none waits for ever, 0 not at all, else seconds", "none", "-short"
                    ),
                ),
                self.buffers_row(),
            ),
            Row(
                Caption("protocol"),
                self.field("protocol", "Protocol number of socket(); 0: the system's choice", classes="-short"),
                Toggle("TCP_NODELAY", self._settings.nodelay, id="nodelay", tooltip="Send small pieces at once (TCP)"),
            ),
        ]

    def settings(self) -> ClientSettings:
        """Read the form, or raise SettingsError."""
        address = self.address()
        return ClientSettings.at(
            address,
            **self.kind(address),
            protocol=self.protocol,
            timeout=self.seconds("timeout"),
            bufsize=self.bufsize,
            rcvbuf=parse_buffer("rcvbuf", self.text("rcvbuf")),
            sndbuf=parse_buffer("sndbuf", self.text("sndbuf")),
            nodelay=self.is_on("nodelay", self._settings.nodelay),
            bind=self._source(),
            connect=self.value("connect-by"),
            auto_recv=self._auto_recv,
        )

    def _source(self) -> Address | None:
        return self.address("source") if self.text("source").strip() else None

    # --- what the person does ---------------------------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What stands in the composer."""
        return self.query_one(Composer).draft

    def use(self, settings: SocketSettings) -> None:
        assert isinstance(settings, ClientSettings)
        switches = {"auto": settings.auto_recv, "nodelay": settings.nodelay}
        kinds = {"family": settings.family, "type": settings.type, "connect-by": settings.connect}
        self._settings = settings
        self.fill_in({**self.texts_of(settings), **kinds, **switches})

    def connect(self) -> bool:
        """Open one more client as the form says; tell whether the form is right."""
        return self.attempt(lambda: wishes.ConnectWanted(self.settings()))

    def connect_to(self, settings: SocketSettings, local: PlainAddress | None) -> None:
        """Fill the form so that the client connects to a server; *local*: the address it really got."""
        address = show(local)
        for anywhere, here in (("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")):
            address = here + address.removeprefix(anywhere) if address.startswith(anywhere) else address
        for id in ("address", "to"):
            self.query_one(f"#{id}", Field).value = address
        self._to_offered = address
        self.query_one("#type", Choice).value = settings.type
        self.derive(settings.family, settings.type)

    def send(self) -> None:
        """Send what stands in the composer, if it is right."""
        composer = self.query_one(Composer)
        if composer.data is None:
            composer.insist()
        elif self.send_data(composer.data):
            composer.sent()

    # --- shown by a timer -------------------------------------------------------------------------------------------

    def settle(self, mine: tuple[EndpointState, ...], before: tuple[EndpointState, ...]) -> str | None:
        known = {state.name for state in before}
        names = [state.name for state in mine]
        if new := [name for name in names if name not in known]:
            return new[-1]
        return self.chosen if self.chosen in names else names[-1] if names else None

    def follow(self, was: EndpointState | None, state: EndpointState | None) -> None:
        super().follow(was, state)
        auto = self.query_one("#auto", Toggle)
        if state is None or state.closed:
            auto.on = self._auto_recv
        elif was is None or was.auto != state.auto:
            auto.on = state.auto

    def status(self, state: EndpointState | None) -> str:
        if state is None or not self.has_class("-work"):
            return ""
        if state.rest:
            return self.short_send(state)
        if state.error:
            return f"{state.last}: {state.error}"
        return "the peer has ended: recv returned b''" if state.ended and not state.closed else ""

    def title(self, width: int) -> str:
        """Say whom the chosen client talks to."""
        state = self.chosen_state
        if state is None or not self.has_class("-work"):
            return "F3 client"
        if state.closed or state.peer is None:
            return "F3 client"
        return f"F3 client to {fit(show(state.peer), width - 13)}"

    def advice(self, errno: str | None) -> str:
        return "Start a server there (F7), or type another address." if errno in ("ECONNREFUSED", "ENOENT") else ""

    # --- messages of the controls -----------------------------------------------------------------------------------

    def on_composer_checked(self, event: Composer.Checked) -> None:
        event.stop()
        self.query_one("#count", Status).say(event.said)

    def on_toggle_changed(self, event: Toggle.Changed) -> None:
        state = self.chosen_state
        if event.toggle.id == "auto" and (state is None or state.closed):
            self._auto_recv = event.on

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        match event.input.id:
            case "to":
                self.send()
            case "bufsize":
                self.recv()
            case _:
                self.connect()

    def derive(self, family: str | None, type: str | None) -> None:
        super().derive(family, type)
        self._type_changed()
        self._to_follows()

    def kind_chosen(self) -> None:
        super().kind_chosen()
        self._type_changed()

    def _type_changed(self) -> None:
        """A datagram socket is left unconnected unless the person wants otherwise; the others connect."""
        connect, loose = self.query_one("#connect-by", Choice), self.value("type") == "SOCK_DGRAM"
        if loose != self._was_loose:
            self._was_loose = loose
            connect.value = "none" if loose else "connect"

    _was_loose = False

    def how_changed(self) -> None:
        shown = self.value("how") == "sendto"
        self.query_one("#to-row").display = shown
        if shown:
            self._to_follows()

    def _to_follows(self) -> None:
        """Let sendto go to the address above until another one is typed."""
        field = self.query_one("#to", Field)
        if field.value in ("", self._to_offered):
            field.value = self._to_offered = self.text("address")

    _to_offered = ""
