"""What the server pane and the client pane share: a list of endpoints, and what one does with the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from textual.events import Resize
from textual.widgets import Input

from workbench.engine.state import EndpointState
from workbench.journal.reader import Journal
from workbench.model.call.settings import SettingsError, SocketSettings
from workbench.model.words.error_sentence import error_sentence
from workbench.ui.bench import wishes
from workbench.ui.bench.carry_out import cannot_read, closed
from workbench.ui.bench.form import Form, Status
from workbench.ui.bench.life_strip import LifeStrip, Standing, steps_of
from workbench.ui.bench.slider import Slider
from workbench.ui.parts.controls import Caption, Choice, Field, Press, Row, Toggle
from workbench.ui.parts.endpoint_list import EndpointList, listens

AT_FAULT = {"socket": "type", "bind": "address", "connect": "address", "connect_ex": "address"}
"""The field that decides about a call."""
RECENT = 40
"""Calls among which a start that just failed has left its error."""
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
        self._auto_recv = False
        """Whether the endpoints to come receive by themselves."""
        self.chosen: str | None = None
        """Name of the chosen endpoint."""
        self._states: tuple[EndpointState, ...] = ()
        self._offered: dict[str, int] = {}
        self._now = 0.0

    def on_mount(self) -> None:
        self.follow(None, None)

    # --- its rows ---------------------------------------------------------------------------------------------------

    def status_row(self) -> Row:
        """What is to be said of the chosen endpoint, if anything is: an error, an end, the rest of a short send."""
        rest = Press(
            "Send rest", id="send-rest", classes="-good", tooltip="Call send with the bytes that did not go out"
        )
        row = Row(Status("", id="status"), rest, id="status-row")
        rest.display = row.display = False
        return row

    def recv_row(self, auto: bool) -> Row:
        """How many bytes, recv, and whether it receives by itself."""
        n = "n of recv(n), its bufsize: how many bytes one recv takes at most. Enter receives."
        slide = "n from 1 byte to 1 MiB; left halves it, right doubles it"
        return Row(
            Caption("recv n"),
            self.field("bufsize", n, classes="-short"),
            Slider(int(self._texts["bufsize"]), id="slider", tooltip=slide),
            Press(
                "recv ^r",
                id="recv",
                tooltip="Call recv(n) once: it waits if nothing is there, as the timeout says",
                off=self.NOBODY,
            ),
            Toggle("auto", auto, id="auto", tooltip="Receive again and again by itself"),
        )

    def list_of_endpoints(self, tooltip: str) -> EndpointList:
        """Its endpoints, a row each; ⋯ leads to what can be done with one."""
        return EndpointList(id="endpoints", empty="", tooltip=tooltip, menu=True)

    def form_head(self, next_time: str) -> Row:
        """What the form opened on its own is for, and the way back."""
        return Row(
            Caption(f"For the next {next_time}"),
            Press("Done", id="done", tooltip="Back to what runs; what you filled in stays for the next time"),
            classes="-alone",
        )

    # --- its form ---------------------------------------------------------------------------------------------------

    def contents(self) -> dict[str, str | bool]:
        """Return what the form says; the switch of receiving by itself as it is for endpoints to come."""
        return {**super().contents(), "auto": self._auto_recv}

    def fill_in(self, contents: Mapping[str, str | bool]) -> None:
        super().fill_in(contents)
        if "auto" in contents:
            self._auto_recv = bool(contents["auto"])

    # --- shown by a timer -------------------------------------------------------------------------------------------

    def show(self, states: Iterable[EndpointState], now: float) -> None:
        """Draw the endpoints as they are at *now* (monotonic seconds); cheap enough for 20 times a second."""
        mine = tuple(state for state in states if state.role in self.ROLES)
        self._turn(mine)
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

    def _turn(self, mine: tuple[EndpointState, ...]) -> None:
        """Show the set-up while nothing runs, else what runs."""
        works = any(not state.closed for state in mine)
        if works != self.has_class("-work"):
            self.remove_class("-form").set_class(works, "-work")
        self.set_class(bool(mine), "-some")

    def open_form(self, show: bool | None = None) -> None:
        """Open the form for the next time on its own, or close it; while nothing runs it is there anyway."""
        show = not self.has_class("-form") if show is None else show
        self.set_class(show and self.has_class("-work"), "-form")
        if show:
            self.call_after_refresh(self.query_one("#address").focus)

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
        said = self.status(state)
        self.query_one("#status", Status).say(said)
        self.query_one("#status-row").display = bool(said)
        self.query_one("#send-rest").display = bool(state and state.rest)
        for id in ("recv", "send"):
            self.query_one(f"#{id}", Press).off = self.why_not(id)
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

    def why_not(self, action: str) -> str:
        """Say why something cannot be done with the chosen endpoint now; empty if it can."""
        state = self.chosen_state
        if state is None:
            return self.NOBODY
        if action == "recv":
            return cannot_read(state, "recv")
        if state.closed:
            return closed(state.name)
        if action == "send" and listens(state):
            return f"{state.name} listens: choose one of its connections to send to a client."
        return ""

    def title(self, width: int) -> str:
        """Write what stands in the frame of the pane before its key, in *width* cells."""
        raise NotImplementedError

    def short_send(self, state: EndpointState) -> str:
        """Say how much of a short send went out."""
        rest, offered = len(state.rest), self._offered.get(state.name, 0)
        return f"{offered - rest} of {offered} bytes went out" if rest <= offered else f"{rest} bytes did not go out"

    # --- what the person does ---------------------------------------------------------------------------------------

    def recv(self) -> None:
        """Receive once at the chosen endpoint."""
        self.attempt_at(lambda name: wishes.RecvWanted(name, self.bufsize))

    def use(self, settings: SocketSettings) -> None:
        """Fill in the form as *settings* say."""
        raise NotImplementedError

    def send(self) -> None:
        """Send what has been typed."""
        raise NotImplementedError

    def send_rest(self) -> None:
        """Send what the last short send left."""
        if (state := self.chosen_state) and state.rest:
            self._offered[state.name] = len(state.rest)
            self.post_message(wishes.SendRestWanted(state.name))

    def more_about(self) -> None:
        """Open the form for the next time."""
        self.open_form(True)

    def done(self) -> None:
        """Close it again."""
        self.open_form(False)

    def say_why(self, journal: Journal, name: str) -> None:
        """Say beside the field at fault why a start failed: the last call of *name* that did."""
        last = range(len(journal) - 1, max(-1, len(journal) - RECENT), -1)
        failed = next((call for at in last if (call := journal[at]).name == name and call.error), None)
        if failed is not None and failed.error is not None:
            said = error_sentence(failed)
            advice = self.advice(failed.error.errno)
            self.show_error(AT_FAULT.get(failed.call, "address"), f"{said}. {advice}" if advice else said, focus=False)

    def advice(self, errno: str | None) -> str:
        """Say what one can do about an error of the start; empty where nothing is known."""
        raise NotImplementedError

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
            self.post_message(Press.Refused(self.NOBODY))
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

    def on_endpoint_list_menu_wanted(self, event: EndpointList.MenuWanted) -> None:
        event.stop()
        self.post_message(wishes.MenuWanted())

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
        raise NotImplementedError

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
