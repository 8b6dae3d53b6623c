from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.panes import Around, settled, state
from workbench.engine.endpoints.responders.registry import RESPONDERS
from workbench.engine.state import PendingCall
from workbench.model.call.settings import ServerSettings
from workbench.ui.bench import wishes
from workbench.ui.bench.server_pane import ServerPane
from workbench.ui.bench.slider import Slider
from workbench.ui.parts.controls import Choice, Field, Press, Toggle
from workbench.ui.parts.endpoint_list import EndpointList, size

SIZES = [(46, 18), (60, 30), (80, 12)]
LISTENING = state(
    "server", done=frozenset({"socket", "bind", "listen"}), pending=(PendingCall("accept", "accept()", 7.0),), auto=True
)


class Server(Around):
    def __init__(self, settings: ServerSettings | None = None) -> None:
        super().__init__(lambda: ServerPane(settings))

    @property
    def pane(self) -> ServerPane:
        return self.query_one(ServerPane)


async def test_start_with_nothing_touched_gives_the_defaults() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.click("#toggle")
        await settled(pilot)
        assert app.wishes == [wishes.StartWanted(ServerSettings())]


@pytest.mark.parametrize("size", SIZES)
async def test_every_field_goes_into_the_settings(size: tuple[int, int]) -> None:
    app = Server()
    async with app.run_test(size=size) as pilot:
        app.pane.more(True)
        await settled(pilot)
        fields = {
            "address": "[::1]:9000",
            "backlog": "8",
            "timeout": "2.5",
            "protocol": "6",
            "rcvbuf": "4KiB",
            "sndbuf": "8192",
            "bufsize": "16",
        }
        for id, text in fields.items():
            app.query_one(f"#{id}", Field).value = text
        for id in ("reuse", "nodelay", "auto-accept", "auto"):
            app.query_one(f"#{id}", Toggle).focus()
            await pilot.press("space")
        app.query_one("#responder").focus()
        names = [kind.name for kind in RESPONDERS]
        await pilot.press(*["left"] * (len(names) - names.index("fixed")))
        app.query_one("#reply", Field).value = "hello\\n"
        await settled(pilot)
        assert app.query_one("#reply").display
        app.query_one("#address").focus()
        await pilot.press("enter")
        await settled(pilot)
        assert app.wishes == [
            wishes.StartWanted(
                ServerSettings(
                    family="AF_INET6",
                    protocol=6,
                    host="::1",
                    port=9000,
                    timeout=2.5,
                    bufsize=16,
                    nodelay=True,
                    rcvbuf=4096,
                    sndbuf=8192,
                    backlog=8,
                    reuse_address=False,
                    responder="fixed",
                    reply="hello\\n",
                    auto_accept=False,
                    auto_recv=False,
                )
            )
        ]


@pytest.mark.parametrize(
    ("typed", "family", "type"),
    [
        ("0.0.0.0:80", "AF_INET", "SOCK_STREAM"),
        ("[::1]:80", "AF_INET6", "SOCK_STREAM"),
        ("udp://127.0.0.1:8080", "AF_INET", "SOCK_DGRAM"),
        ("/tmp/x.sock", "AF_UNIX", "SOCK_STREAM"),
        ("@name", "AF_UNIX", "SOCK_STREAM"),
        ("unix-seqpacket:///tmp/x.sock", "AF_UNIX", "SOCK_SEQPACKET"),
        ("localhost:80", "AF_INET", "SOCK_STREAM"),
    ],
)
async def test_family_and_type_follow_the_address(typed: str, family: str, type: str) -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.query_one("#address", Field).value = typed
        await settled(pilot)
        assert (app.query_one("#family", Choice).value, app.query_one("#type", Choice).value) == (family, type)
        app.pane.start()
        await settled(pilot)
        assert [(wish.settings.family, wish.settings.type) for wish in app.wishes] == [(family, type)]


async def test_a_combination_that_no_system_has_can_be_chosen() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.query_one("#type").focus()
        await pilot.press("left", "enter", "up", "enter")
        await settled(pilot)
        assert app.query_one("#type", Choice).value == "SOCK_RAW"
        await pilot.press("right")
        app.pane.start()
        await settled(pilot)
        assert app.wishes == [wishes.StartWanted(ServerSettings(type="SOCK_RDM"))]


async def test_a_family_chosen_by_hand_changes_an_address_that_does_not_fit() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.query_one("#address", Field).value = "udp://127.0.0.1:8080"
        await settled(pilot)
        app.query_one("#type").focus()
        await pilot.press("left")
        await settled(pilot)
        assert app.pane.text("address") == "127.0.0.1:8080"
        app.query_one("#family").focus()
        await pilot.press("left")
        await settled(pilot)
        assert app.pane.text("address") == "@socket-workbench"
        await pilot.press("left")
        await settled(pilot)
        assert app.pane.text("address") == "[::1]:6789"


@pytest.mark.parametrize(
    ("id", "text", "sentence"),
    [
        ("address", "127.0.0.1:99999", "port 99999 is not from 0 to 65535: write 6789, or 0 to let the kernel choose"),
        ("address", "not a host:1", 'host "not a host" is neither an IP address nor a name'),
        ("address", "[/nope]\x1b[2J:1", 'host "/nope" in brackets is not an IPv6 address'),
        ("address", "unix:///" + "x" * 200, "path is 201 bytes long, at most 107 fit"),
        ("timeout", "abc", 'timeout is "none", 0 or seconds such as 2.5, not "abc"'),
        ("backlog", "-1", 'backlog is a number from 0 to 2147483647, not "-1"'),
        ("rcvbuf", "many", "rcvbuf is a number of bytes"),
    ],
)
async def test_bad_input_is_said_below_the_field_which_keeps_its_text(id: str, text: str, sentence: str) -> None:
    app = Server()
    async with app.run_test(size=(80, 30)) as pilot:
        app.pane.more(True)
        await settled(pilot)
        field = app.query_one(f"#{id}", Field)
        field.value = text
        await settled(pilot)
        app.pane.toggle()
        await settled(pilot)
        assert app.wishes == []
        assert sentence in app.error()
        assert (field.value, field.has_focus, field.has_class("-wrong")) == (text, True, True)
        line = app.query_one("#error")
        assert 0 < line.region.y - field.region.y <= 2
        assert "\x1b" not in app.picture()
        field.value = app.pane._texts[id]
        await settled(pilot)
        assert app.error() == ""
        app.pane.toggle()
        await settled(pilot)
        assert app.wishes == [wishes.StartWanted(ServerSettings())]


async def test_a_fault_in_a_hidden_field_shows_it() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane._texts["rcvbuf"] = "abc"
        app.pane.start()
        await settled(pilot)
        await settled(pilot)
        assert 'not "abc"' in app.error()
        assert app.query_one("#rcvbuf").has_focus


async def test_start_becomes_stop_while_the_server_runs_and_one_can_accept() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.click("#accept")
        await settled(pilot)
        assert app.wishes == []
        assert app.refused == ["No server runs: F7 starts it."]
        by_hand = replace(LISTENING, auto=False, pending=())
        app.pane.show([by_hand], 8.0)
        await settled(pilot)
        assert app.query_one("#toggle", Press).label == "Stop F7"
        await pilot.click("#accept")
        await pilot.click("#auto-accept")
        await pilot.click("#toggle")
        await settled(pilot)
        assert app.wishes == [wishes.AcceptWanted(), wishes.AutoAcceptChanged(True), wishes.StopWanted()]
        app.pane.show([state("server", closed=True)], 9.0)
        assert app.query_one("#toggle", Press).label == "Start F7"
        assert app.query_one("#auto-accept", Toggle).on


async def test_a_server_that_stops_leaves_the_switches_as_the_person_set_them() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([LISTENING], 8.0)
        app.pane.show([state("server", auto=False, done=LISTENING.done)], 8.1)
        assert not app.query_one("#auto-accept", Toggle).on
        app.pane.show([state("server", auto=False, done=LISTENING.done, closed=True)], 8.2)
        assert app.query_one("#auto-accept", Toggle).on
        app.pane.start()
        await settled(pilot)
        assert app.wishes == [wishes.StartWanted(ServerSettings())]


async def test_port_0_shows_the_port_it_got() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]):
        app.pane.show([state("server", done=LISTENING.done, local=["127.0.0.1", 40123])], 0)
        assert app.pane.title(40) == "F2 server 127.0.0.1:40123"
        assert app.pane.title(24) == "F2 server 127.0….1:40123"
        app.pane.show([state("server", last="bind", error="OSError (EADDRINUSE)", closed=True)], 0)
        assert app.pane.title(40) == "F2 server"


async def test_the_strip_shows_the_blocked_calls_and_their_seconds() -> None:
    app = Server()
    async with app.run_test(size=SIZES[1]) as pilot:
        conn = state("conn 1", done=frozenset({"recv"}), pending=(PendingCall("recv", "recv(1024)", 4.8),))
        app.pane.show([LISTENING, conn], 8.0)
        await settled(pilot)
        assert "socket›bind›listen›accept›recv 3.2 s›send›close" in app.picture()
        app.pane.show([LISTENING, conn], 8.5)
        await settled(pilot)
        assert "accept›recv 3.7 s›send" in app.picture()
        await pilot.click("#strip")
        await settled(pilot)
        assert app.wishes == [wishes.CancelWanted("conn 1")]


async def test_a_narrow_strip_leaves_out_what_is_long_past() -> None:
    app = Server()
    async with app.run_test(size=(46, 18)) as pilot:
        app.pane.show([replace(LISTENING, auto=False)], 1234.5)
        await settled(pilot)
        assert "…listen›accept 1227.5 s›recv›send›close" in app.picture()


async def test_the_connections_are_listed_and_one_is_chosen_by_mouse_and_keys() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        conns = [
            state("conn 1", bytes_in=3, bytes_out=1234),
            state("conn 2", peer=["127.0.0.1", 50314], closed=True),
        ]
        app.pane.show([LISTENING, *conns, state("client 1")], 8.0)
        await settled(pilot)
        picture = app.picture()
        assert "  server 127.0.0.1:6789 LISTEN" in picture
        assert "▸ conn 1 127.0.0.1:50312 ESTAB ←3 →1.2k" in picture
        assert "  conn 2 127.0.0.1:50314 closed ←0 →0" in picture
        assert "client" not in picture
        await pilot.click("#endpoints", offset=(5, 2))
        await pilot.press("up", "up", "up", "delete", "down", "down", "delete")
        await settled(pilot)
        assert app.chosen == ["conn 1", "conn 2", "conn 1", "server", "conn 1", "conn 2"]
        assert app.wishes == [wishes.ForgetWanted("conn 2")]


async def test_the_newest_open_connection_is_chosen_unless_a_person_chose() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        one, two, three = state("conn 1"), state("conn 2"), state("conn 3")
        gone = state("conn 1", closed=True)
        for states in ([LISTENING], [LISTENING, one], [LISTENING, one, two], [LISTENING, gone, two], [LISTENING, two]):
            app.pane.show(states, 8.0)
        await settled(pilot)
        assert app.chosen == ["server", "conn 1", "conn 2"]
        app.pane.choose("server")
        app.pane.show([LISTENING, two, three], 8.0)
        await settled(pilot)
        assert app.chosen[3:] == ["server"]


async def test_everything_one_can_do_with_the_chosen_connection() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([LISTENING, state("conn 1")], 8.0)
        app.query_one("#line").focus()
        app.query_one("#line", Field).value = r"hi\x00\u20ac"
        await pilot.press("enter")
        app.query_one("#how").focus()
        await pilot.press("left")
        await pilot.click("#send")
        for id in ("recv", "auto"):
            await pilot.click(f"#{id}")
        app.query_one("#endpoints").focus()
        await pilot.press("enter")
        name, data = "conn 1", b"hi\0\xe2\x82\xac"
        assert app.wishes == [
            wishes.SendWanted(name, data, "sendall"),
            wishes.SendWanted(name, data, "send"),
            wishes.RecvWanted(name, 1024),
            wishes.AutoRecvChanged(name, True),
            wishes.MenuWanted(),
        ]


async def test_without_a_server_nothing_is_asked_for() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.click("#recv")
        await pilot.click("#accept")
        await settled(pilot)
        assert app.refused == ["No server runs: F7 starts it."] * 2
        assert app.wishes == []


async def test_what_cannot_be_done_now_is_dim_and_says_why() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([replace(LISTENING, auto=True)], 8.0)
        await settled(pilot)
        recv, accept = app.query_one("#recv", Press), app.query_one("#accept", Press)
        assert recv.has_class("-off")
        assert accept.off == "server accepts by itself: turn auto accept off to accept by hand."
        app.pane.show([replace(LISTENING, auto=False, pending=()), state("conn 1")], 8.0)
        app.pane.choose("conn 1")
        await settled(pilot)
        assert (recv.off, accept.off) == ("", "")
        assert not recv.has_class("-off")
        app.pane.show([replace(LISTENING, auto=False, pending=()), state("conn 1", auto=True)], 8.0)
        assert recv.off == "conn 1 receives by itself: turn auto off to receive by hand."


async def test_accepting_by_hand_keeps_the_listener_chosen() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]):
        by_hand = replace(LISTENING, auto=False, pending=())
        app.pane.show([by_hand], 8.0)
        app.pane.show([by_hand, state("conn 1")], 8.1)
        assert app.pane.chosen == "server"
        by_itself = replace(LISTENING, auto=True)
        app.pane.show([by_itself, state("conn 1"), state("conn 2")], 8.2)
        assert app.pane.chosen == "conn 2"


async def test_the_timeouts_of_listener_and_connections_are_two_fields() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.more(True)
        await settled(pilot)
        await pilot.click("#timeout")
        await pilot.press("2")
        settings = app.pane.settings()
        assert (settings.timeout, settings.accept_timeout) == (2.0, None)
        await pilot.click("#accept-timeout")
        await pilot.press("3")
        assert app.pane.settings().accept_timeout == 3.0


async def test_a_wrong_escape_or_destination_is_said_below_its_field() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([state("server", type="SOCK_DGRAM", tcp_state=None, bufsize=2048)], 8.0)
        await settled(pilot)
        assert app.query_one("#how", Choice).value == "sendto"
        assert app.query_one("#bufsize", Field).value == "2048"
        app.query_one("#line", Field).value = r"\q"
        await pilot.click("#send")
        await settled(pilot)
        assert r"escape \q at 1:1" in app.error()
        app.query_one("#line", Field).value = "hi"
        app.query_one("#to", Field).value = "nowhere"
        await settled(pilot)
        await pilot.click("#send")
        await settled(pilot)
        assert "port is missing" in app.error()
        assert app.wishes == []
        app.query_one("#to", Field).value = "127.0.0.1:8080"
        await settled(pilot)
        await pilot.click("#send")
        await settled(pilot)
        assert app.wishes == [wishes.SendWanted("server", b"hi", "sendto", ("127.0.0.1", 8080))]


async def test_field_and_slider_of_n_go_together_and_follow_the_connection() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([LISTENING, state("conn 1", bufsize=16), state("conn 2", bufsize=64)], 8.0)
        field, slider = app.query_one("#bufsize", Field), app.query_one(Slider)
        assert (field.value, slider.value) == ("64", 64)
        app.pane.choose("conn 1")
        app.pane.choose("server")
        assert (field.value, slider.value) == ("16", 16), "a listener has no bufsize of its own"
        app.pane.choose("conn 1")
        await settled(pilot)
        assert app.wishes == []
        slider.focus()
        await pilot.press("right")
        await settled(pilot)
        assert field.value == "32"
        field.focus()
        await pilot.press("end", "0")
        await settled(pilot)
        assert slider.value == 320
        assert app.wishes == [wishes.BufsizeChanged("conn 1", 32), wishes.BufsizeChanged("conn 1", 320)]
        await pilot.press("x")
        await settled(pilot)
        assert app.error() == 'bufsize is a number of bytes such as 1024, 4KiB or 0x400, not "320x"'
        await pilot.press("enter")
        await settled(pilot)
        assert len(app.wishes) == 2
        await pilot.press("backspace", "enter")
        await settled(pilot)
        assert app.error() == ""
        assert app.wishes[-1] == wishes.RecvWanted("conn 1", 320)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names_and_addresses_are_drawn_harmless(size: tuple[int, int]) -> None:
    app = Server()
    async with app.run_test(size=size) as pilot:
        peer = "/tmp/[/nope]\x1b[2J[@click=app.quit]"
        hostile = state("conn 1", family="AF_UNIX", peer=peer, error="[/nope]", last="send", tcp_state=None)
        app.pane.show([LISTENING, hostile], 8.0)
        await settled(pilot)
        picture = app.picture()
        assert "send: [/nope]" in picture
        assert "\x1b" not in picture


async def test_showing_the_same_again_lays_out_and_draws_nothing() -> None:
    app = Server()
    async with app.run_test(size=SIZES[0]) as pilot:
        states = [LISTENING, *(state(f"conn {number}", bytes_in=number) for number in range(1, 50))]
        app.pane.show(states, 8.0)
        await settled(pilot)
        drawn: list[str] = []
        for widget in app.pane.query("*"):
            widget.refresh = lambda *_, widget=widget, **options: drawn.append(f"{widget.id} {options}") or widget
        app.pane.show(list(states), 8.04)
        assert drawn == []
        app.pane.show([*states[:-1], state("conn 49", bytes_in=50)], 8.1)
        assert [name.split()[0] for name in drawn] == ["endpoints"]
        assert not any("layout" in name for name in drawn)
        drawn.clear()
        app.pane.show([*states[:-1], state("conn 49", bytes_in=50, timeout=5.0)], 8.1)
        assert drawn == []


def test_sizes_take_five_cells_at_most() -> None:
    assert [size(n) for n in (0, 999, 1000, 1234, 9949, 9950, 340_000, 999_499, 999_500, 10**9)] == (
        ["0", "999", "1.0k", "1.2k", "9.9k", "10k", "340k", "999k", "1.0M", "1.0G"]
    )


async def test_every_control_has_a_tooltip_and_a_place_in_the_focus_order() -> None:
    app = Server()
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.more(True)
        app.pane.show([state("server", closed=True)], 0)
        await settled(pilot)
        controls = list(app.screen.focus_chain)
        assert len(controls) > 15
        assert [widget.id for widget in controls if not widget.tooltip] == []
        assert controls == sorted(controls, key=lambda widget: (widget.region.y, widget.region.x))
        assert app.query_one(EndpointList) in controls
