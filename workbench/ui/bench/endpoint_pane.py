"""What the server pane and the client pane share: a list of endpoints, and what one does with the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.events import Resize
from textual.widgets import Input

from workbench.engine.state import EndpointState
from workbench.model.call.settings import SettingsError, SocketSettings
from workbench.ui.bench import wishes
from workbench.ui.bench.form import Form, Status
from workbench.ui.bench.life_strip import LifeStrip, Standing, steps_of
from workbench.ui.bench.slider import Slider
from workbench.ui.parts.controls import Caption, Choice, Field, Press, Row, Toggle
from workbench.ui.parts.endpoint_list import EndpointList, listens

BROAD = 74
"""Cells from which on two rows stand beside each other."""

HOW_HELP = {
    "send": "once; may take fewer bytes than offered",
    "sendall": "until all of it is gone",
    "sendto": "one datagram to an address",
}


class EndpointPane(Form):
    """`show` draws the endpoints of a moment; what the person wants goes out as messages of `wishes`."""

    ROLES: ClassVar[tuple[str, ...]]
    NOBODY: ClassVar[str]

    def __init__(self, settings: SocketSettings, *, id: str) -> None:
        super().__init__(settings, id=id)
        self.chosen: str | None = None
        """Name of the chosen endpoint."""
        self._states: tuple[EndpointState, ...] = ()
        self._offered: dict[str, int] = {}
        self._now = 0.0

    # --- its rows ---------------------------------------------------------------------------------------------------

    def status_row(self) -> Row:
        """Where the chosen endpoint stands, and the rest of a short send."""
        rest = Press(
            "Send rest", id="send-rest", classes="-good", tooltip="Call send with the bytes that did not go out"
        )
        rest.display = False
        return Row(Status(self.NOBODY, id="status"), rest)

    def recv_row(self, recv: str, auto: bool) -> Row:
        """How many bytes, recv, and whether it receives by itself."""
        n = "n of recv(n), its bufsize: how many bytes one recv takes at most. Enter receives."
        slide = "n from 1 byte to 1 MiB; left halves it, right doubles it"
        return Row(
            Caption("n"),
            self.field("bufsize", n, classes="-short"),
            Slider(int(self._texts["bufsize"]), id="slider", tooltip=slide),
            Press(recv, id="recv", tooltip="Call recv(n) once: it waits if nothing is there, as the timeout says"),
            Toggle("auto", auto, id="auto", tooltip="Receive again and again by itself"),
        )

    def actions_row(self) -> Row:
        """How a connection ends, and every other call."""
        return Row(
            Press("half-close", id="half-close", tooltip="shutdown(SHUT_WR): send FIN, and still receive"),
            Press("close", id="close", tooltip="close(): give the socket back; TCP sends FIN after what is queued"),
            Press("reset", id="reset", tooltip="SO_LINGER 1,0 and close(): TCP sends RST, queued bytes are lost"),
            Press("Call…", id="call", tooltip="Make any call of this socket, with arguments you type"),
        )

    # --- shown by a timer -------------------------------------------------------------------------------------------

    def show(self, states: Iterable[EndpointState], now: float) -> None:
        """Draw the endpoints as they are at *now* (monotonic seconds); cheap enough for 20 times a second."""
        mine = tuple(state for state in states if state.role in self.ROLES)
        before, was = self._states, self.chosen_state
        self._states = mine
        chosen = self.settle(mine, before)
        changed = chosen != self.chosen
        self.chosen = chosen
        self._now = now
        self._draw_strip()
        if mine != before or changed:
            state = self.chosen_state
            self.query_one(EndpointList).show(mine, chosen)
            self.follow(None if changed else was, state)
        if changed and chosen:
            self.post_message(wishes.EndpointChosen(chosen))

    def _draw_strip(self) -> None:
        state = self.chosen_state
        behind = tuple(other for other in self._states[:1] if other is not state and other.role == "server")
        shown = ((state,) if state else ()) + behind
        standing = Standing.of(shown, steps_of(behind or shown, self.ROLES[0]), self._now)
        self.query_one(LifeStrip).show(self.chosen or "", standing)

    @property
    def chosen_state(self) -> EndpointState | None:
        """The state of the chosen endpoint, None while there is none."""
        return next((state for state in self._states if state.name == self.chosen), None)

    def choose(self, name: str) -> None:
        """Choose an endpoint of this pane, as by a click in its list."""
        if name != self.chosen and any(state.name == name for state in self._states):
            self.chosen = name
            self._draw_strip()
            self.query_one(EndpointList).show(self._states, name)
            self.follow(None, self.chosen_state)
            self.post_message(wishes.EndpointChosen(name))

    def settle(self, mine: tuple[EndpointState, ...], before: tuple[EndpointState, ...]) -> str | None:
        """Say which of the endpoints is the chosen one now."""
        raise NotImplementedError

    def status(self, state: EndpointState | None) -> str:
        """Say in a few words how the chosen endpoint does."""
        raise NotImplementedError

    def follow(self, was: EndpointState | None, state: EndpointState | None) -> None:
        """Let the controls show what changed about the chosen endpoint; *was* is None for a newly chosen one."""
        self.query_one("#status", Status).say(self.status(state))
        self.query_one("#send-rest").display = bool(state and state.rest)
        if state is None:
            return
        if not listens(state) and (was is None or was.bufsize != state.bufsize):
            self._show_bufsize(state.bufsize)
        if was is None or (was.type, was.peer) != (state.type, state.peer):
            how = self.query_one("#how", Choice)
            if state.type in ("SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM") and state.peer is None:
                how.value = "sendto"
            elif how.value == "sendto":
                how.value = "sendall"
            self.how_changed()

    def short_send(self, state: EndpointState) -> str:
        """Say how much of a short send went out."""
        rest, offered = len(state.rest), self._offered.get(state.name, 0)
        return f"{offered - rest} of {offered} bytes went out" if rest <= offered else f"{rest} bytes did not go out"

    # --- what the person does ---------------------------------------------------------------------------------------

    def recv(self) -> None:
        """Receive once at the chosen endpoint."""
        self.attempt_at(lambda name: wishes.RecvWanted(name, self.bufsize))

    def send_rest(self) -> None:
        """Send what the last short send left."""
        if (state := self.chosen_state) and state.rest:
            self._offered[state.name] = len(state.rest)
            self.post_message(wishes.SendRestWanted(state.name))

    def half_close(self) -> None:
        """Shut down the sending side of the chosen endpoint."""
        self.attempt_at(wishes.HalfCloseWanted)

    def close(self) -> None:
        """Close the chosen endpoint."""
        self.attempt_at(wishes.CloseWanted)

    def reset(self) -> None:
        """Reset the chosen endpoint."""
        self.attempt_at(wishes.ResetWanted)

    def call(self) -> None:
        """Ask for the dialog of all calls."""
        self.attempt_at(wishes.CallWanted)

    def send_data(self, data: bytes) -> bool:
        """Send bytes at the chosen endpoint as the choice beside it says; tell whether that was possible."""

        def wish(name: str) -> wishes.Wish:
            how = self.value("how")
            to = self.address("to").sockaddr() if how == "sendto" else None
            self._offered[name] = len(data)
            return wishes.SendWanted(name, data, how, to)

        return self.attempt_at(wish)

    def attempt_at(self, wish: Callable[[str], wishes.Wish]) -> bool:
        """Post a wish about the chosen endpoint, or say that there is none."""
        name = self.chosen
        if name is None:
            self.show_error("endpoints", self.NOBODY, focus=False)
            return False
        return self.attempt(lambda: wish(name))

    def toggle_send(self) -> None:
        """Change between send and sendall."""
        how = self.query_one("#how", Choice)
        how.value = "sendall" if how.value == "send" else "send"
        self.how_changed()

    # --- messages of the controls -----------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        self.set_class(self.content_size.width >= BROAD, "-broad")

    def on_press_pressed(self, event: Press.Pressed) -> None:
        """The id of a button is the name of what it does."""
        event.stop()
        getattr(self, str(event.press.id).replace("-", "_"))()

    def on_endpoint_list_chosen(self, event: EndpointList.Chosen) -> None:
        event.stop()
        self.choose(event.name)

    def on_endpoint_list_dropped(self, event: EndpointList.Dropped) -> None:
        event.stop()
        self.post_message(wishes.ForgetWanted(event.name))

    def on_slider_changed(self, event: Slider.Changed) -> None:
        event.stop()
        self.query_one("#bufsize", Field).value = str(event.value)

    def on_toggle_changed(self, event: Toggle.Changed) -> None:
        event.stop()
        if event.toggle.id == "auto" and self.chosen:
            self.post_message(wishes.AutoRecvChanged(self.chosen, event.on))

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        match event.choice.id:
            case "family" | "type":
                self.kind_chosen()
            case "how":
                self.how_changed()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "bufsize":
            # After the form's own handler, which forgets the last complaint.
            self.call_next(self._bufsize_typed)

    def how_changed(self) -> None:
        """Ask for an address where sendto needs one."""
        self.query_one("#to").display = self.value("how") == "sendto"

    def _bufsize_typed(self) -> None:
        try:
            n = self.bufsize
        except SettingsError as error:
            self.show_error("bufsize", str(error), focus=False)
            return
        self.query_one(Slider).value = n
        state = self.chosen_state
        if state is not None and (listens(state) or n != state.bufsize):
            self.post_message(wishes.BufsizeChanged(state.name, n))

    def _show_bufsize(self, n: int) -> None:
        field = self.query_one("#bufsize", Field)
        if not field.has_focus:
            with field.prevent(Input.Changed):
                field.value = str(n)
            self.query_one(Slider).value = n
