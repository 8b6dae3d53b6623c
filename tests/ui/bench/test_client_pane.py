from __future__ import annotations

import pytest

from tests.ui.panes import Around, settled, state
from workbench.engine.state import PendingCall
from workbench.model.call.address import Address
from workbench.model.call.payload import Draft
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.ui.bench import wishes
from workbench.ui.bench.client_pane import ClientPane
from workbench.ui.bench.composer import Composer
from workbench.ui.bench.form import Status
from workbench.ui.bench.json_area import JsonArea
from workbench.ui.parts.controls import Choice, Field, Toggle

SIZES = [(46, 22), (60, 30), (80, 14)]
LOOSE = {"type": "SOCK_DGRAM", "peer": None, "tcp_state": None, "local": ["0.0.0.0", 0]}


class Client(Around):
    def __init__(self, draft: Draft | None = None) -> None:
        super().__init__(lambda: ClientPane(draft=draft))

    @property
    def pane(self) -> ClientPane:
        return self.query_one(ClientPane)


async def test_connect_with_nothing_touched_gives_the_defaults() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.click("#connect")
        await settled(pilot)
        assert app.wishes == [wishes.ConnectWanted(ClientSettings())]


@pytest.mark.parametrize("size", SIZES)
async def test_every_field_goes_into_the_settings(size: tuple[int, int]) -> None:
    app = Client()
    async with app.run_test(size=size) as pilot:
        app.pane.more(True)
        await settled(pilot)
        fields = {
            "address": "localhost:80",
            "source": "127.0.0.2:0",
            "timeout": "5",
            "protocol": "6",
            "rcvbuf": "1k",
            "sndbuf": "2k",
            "bufsize": "7",
        }
        for id, text in fields.items():
            app.query_one(f"#{id}", Field).value = text
        app.query_one("#connect-by").focus()
        await pilot.press("right")
        for id in ("nodelay", "auto"):
            app.query_one(f"#{id}", Toggle).focus()
            await pilot.press("space")
        app.query_one("#address").focus()
        await pilot.press("enter")
        await settled(pilot)
        assert app.wishes == [
            wishes.ConnectWanted(
                ClientSettings(
                    host="localhost",
                    port=80,
                    protocol=6,
                    timeout=5.0,
                    bufsize=7,
                    nodelay=True,
                    rcvbuf=1024,
                    sndbuf=2048,
                    bind=Address("tcp", "127.0.0.2", 0),
                    connect="connect_ex",
                    auto_recv=True,
                )
            )
        ]


async def test_a_datagram_socket_is_left_unconnected_unless_one_wants_otherwise() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.query_one("#address", Field).value = "udp://127.0.0.1:8080"
        await settled(pilot)
        app.pane.connect()
        app.query_one("#connect-by").focus()
        await pilot.press("right")
        app.query_one("#address", Field).value = "udp://127.0.0.1:8081"
        await settled(pilot)
        app.pane.connect()
        app.query_one("#address", Field).value = "@name"
        await settled(pilot)
        app.query_one("#type").focus()
        await pilot.press("left")
        app.pane.connect()
        await settled(pilot)
        assert app.wishes == [
            wishes.ConnectWanted(ClientSettings(type="SOCK_DGRAM", port=8080, connect="none")),
            wishes.ConnectWanted(ClientSettings(type="SOCK_DGRAM", port=8081, connect="connect")),
            wishes.ConnectWanted(ClientSettings(family="AF_UNIX", path="@name", connect="connect")),
        ]


@pytest.mark.parametrize(
    ("id", "text", "sentence"),
    [
        ("address", "127.0.0.1", 'port is missing after "127.0.0.1"'),
        ("address", "http://127.0.0.1:80", 'scheme "http" is none of'),
        ("source", "x:y", 'port "y" is not a number'),
        ("timeout", "-1", "timeout is"),
        ("sndbuf", "x", "sndbuf is"),
    ],
)
async def test_bad_input_is_said_and_kept(id: str, text: str, sentence: str) -> None:
    app = Client()
    async with app.run_test(size=(46, 26)) as pilot:
        app.pane.more(True)
        await settled(pilot)
        field = app.query_one(f"#{id}", Field)
        field.value = text
        await pilot.click("#connect")
        await settled(pilot)
        assert app.wishes == []
        assert sentence in app.error()
        assert (field.value, field.has_focus) == (text, True)


async def test_several_clients_are_listed_and_the_new_one_is_chosen() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        one, two = state("client 1"), state("client 2", peer=["127.0.0.1", 9], bytes_out=7)
        app.pane.show([state("server"), one], 0)
        app.pane.show([state("server"), one, two], 0)
        await settled(pilot)
        assert "▸ client 2 127.0.0.1:9 ESTAB in 0 out 7" in app.picture()
        await pilot.click("#endpoints", offset=(5, 0))
        await settled(pilot)
        assert "▸ client 1 127.0.0.1:50312 ESTAB ←0 →0" in app.picture()
        app.pane.show([two], 0)
        await settled(pilot)
        assert app.chosen == ["client 1", "client 2", "client 1", "client 2"]


async def test_send_takes_the_draft_and_the_call_chosen() -> None:
    app = Client(Draft('{"a": 1}', "JSON", compact=True))
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([state("client 1")], 0)
        await pilot.click("#send")
        app.pane.toggle_send()
        app.pane.send()
        app.pane.toggle_send()
        app.pane.send()
        await settled(pilot)
        assert app.wishes == [wishes.SendWanted("client 1", b'{"a":1}', how) for how in ("sendall", "send", "sendall")]


async def test_nothing_is_sent_without_a_client_or_with_a_wrong_draft() -> None:
    app = Client(Draft("{", "JSON"))
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([state("client 1")], 0)
        app.pane.send()
        app.pane.show([], 0)
        app.query_one(Composer).draft = Draft("Hey~~~")
        await settled(pilot)
        await pilot.click("#send")
        await settled(pilot)
        assert app.wishes == []
        assert app.refused == ["There is no client yet: F8 connects one."]
        assert app.query_one(JsonArea).text == "Hey~~~"


async def test_only_what_was_sent_is_in_the_history() -> None:
    app = Client(Draft("sent"))
    async with app.run_test(size=SIZES[0]) as pilot:
        area = app.query_one(JsonArea)
        app.pane.send()
        area.text = "not sent yet"
        area.focus()
        await pilot.press("up")
        await settled(pilot)
        assert area.text == "not sent yet"
        app.pane.show([state("client 1")], 0)
        app.pane.send()
        area.text = "something else"
        await pilot.press("up")
        await settled(pilot)
        assert area.text == "not sent yet"
        await pilot.press("up")
        await settled(pilot)
        assert area.text == "not sent yet"
        await pilot.press("down")
        await settled(pilot)
        assert area.text == "something else"


async def test_sendto_goes_to_the_address_above_until_another_one_is_typed() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        address, to = app.query_one("#address", Field), app.query_one("#to", Field)
        for text in ("udp://127.0.0.1:8080", "127.0.0.1:9090"):
            address.value = text
            await settled(pilot)
            assert to.value == text
        to.value = "127.0.0.1:7070"
        address.value = "127.0.0.1:6060"
        await settled(pilot)
        assert to.value == "127.0.0.1:7070"


async def test_sendto_for_an_unconnected_datagram_socket_asks_for_an_address() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.query_one("#address", Field).value = "udp://127.0.0.1:8080"
        await settled(pilot)
        app.pane.show([state("client 1", **LOOSE)], 0)
        await settled(pilot)
        assert app.query_one("#how", Choice).value == "sendto"
        await pilot.click("#send")
        app.query_one("#to", Field).value = "127.0.0.1:nine"
        await pilot.click("#send")
        await settled(pilot)
        assert 'port "nine" is not a number' in app.error()
        assert app.wishes == [wishes.SendWanted("client 1", b"Hey~~~", "sendto", ("127.0.0.1", 8080))]
        app.pane.show([state("client 1", **(LOOSE | {"peer": ["127.0.0.1", 8080]}))], 0)
        await settled(pilot)
        assert app.query_one("#how", Choice).value == "sendall"
        assert not app.query_one("#to-row").display


async def test_a_short_send_says_how_much_went_out_and_offers_the_rest() -> None:
    app = Client(Draft("hello world"))
    async with app.run_test(size=SIZES[0]) as pilot:
        status, rest = app.query_one("#status", Status), app.query_one("#send-rest")
        app.pane.show([state("client 1")], 0)
        await settled(pilot)
        assert (status.said, rest.display) == ("", False)
        app.pane.send()
        app.pane.show([state("client 1", rest=b"orld")], 0)
        await settled(pilot)
        assert (status.said, rest.display) == ("7 of 11 bytes went out", True)
        await pilot.click("#send-rest")
        await settled(pilot)
        assert app.wishes[1:] == [wishes.SendRestWanted("client 1")]
        app.pane.show([state("client 1", rest=b"d")], 0)
        assert status.said == "3 of 4 bytes went out"
        app.pane.show([state("client 1")], 0)
        assert not rest.display


async def test_everything_one_can_do_with_the_chosen_client() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([state("client 1", bufsize=4)], 0)
        for id in ("recv", "auto"):
            await pilot.click(f"#{id}")
        await pilot.click("#endpoints", offset=(app.query_one("#endpoints").size.width - 2, 0))
        name = "client 1"
        assert app.wishes == [
            wishes.RecvWanted(name, 4),
            wishes.AutoRecvChanged(name, True),
            wishes.MenuWanted(),
        ]


async def test_the_switch_shows_what_the_client_does() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        auto = app.query_one("#auto", Toggle)
        app.pane.show([state("client 1", auto=True)], 0)
        assert auto.on
        await pilot.click("#auto")
        app.pane.show([state("client 1", auto=True, bytes_in=1)], 0)
        assert not auto.on, "a state from before the click must not turn it back"
        app.pane.show([state("client 1", auto=False, bytes_in=1)], 0)
        app.pane.show([state("client 1", auto=True, bytes_in=2)], 0)
        assert auto.on


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"last": "send", "error": "BrokenPipeError (EPIPE)"}, "send: BrokenPipeError (EPIPE)"),
        ({"ended": True}, "the peer has ended: recv returned b''"),
        ({}, ""),
    ],
)
async def test_a_row_says_what_is_to_be_said_of_the_client(others: dict[str, object], said: str) -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([state("client 1", **others)], 0)
        await settled(pilot)
        assert app.query_one("#status", Status).said == said
        assert app.query_one("#status-row").display == bool(said)


async def test_the_strip_of_a_client() -> None:
    app = Client()
    async with app.run_test(size=SIZES[1]) as pilot:
        waits = (PendingCall("recv", "recv(4)", 1.0),)
        app.pane.show([state("client 1", done=frozenset({"socket", "connect"}), pending=waits)], 2.25)
        await settled(pilot)
        assert "socket›connect›send›recv 1.2 s›shutdown›close" in app.picture()
        app.pane.show([state("client 1", last="connect_ex", error="[/nope]")], 2.25)
        await settled(pilot)
        assert "socket›connect!›send" in app.picture()
        app.pane.show([state("client 1", **LOOSE)], 2.25)
        await settled(pilot)
        assert "socket›sendto›recvfrom›close" in app.picture()


@pytest.mark.parametrize(
    ("settings", "local", "wanted"),
    [
        (ServerSettings(port=0), ["127.0.0.1", 40123], ClientSettings(port=40123)),
        (ServerSettings(host="0.0.0.0"), ["0.0.0.0", 6789], ClientSettings()),
        (ServerSettings(family="AF_INET6", host="::"), ["::", 1, 0, 0], ClientSettings("AF_INET6", host="::1", port=1)),
        (
            ServerSettings(type="SOCK_DGRAM"),
            ["127.0.0.1", 5],
            ClientSettings(type="SOCK_DGRAM", port=5, connect="none"),
        ),
        (ServerSettings(family="AF_UNIX", path="@x"), "@x", ClientSettings("AF_UNIX", path="@x")),
    ],
)
async def test_the_form_can_be_filled_with_a_servers_address(
    settings: ServerSettings, local: object, wanted: ClientSettings
) -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.connect_to(settings, local)
        app.pane.connect()
        await settled(pilot)
        assert app.wishes == [wishes.ConnectWanted(wanted)]
        assert app.pane.connect()


async def test_everything_is_seen_in_80_columns_and_12_rows() -> None:
    app = Client()
    async with app.run_test(size=(80, 12)) as pilot:
        app.pane.styles.border = ("none", "transparent")
        app.pane.show([state("client 1")], 0)
        await settled(pilot)
        picture = app.picture()
        for word in ("socket›connect", "client 1", "⋯", "utf-8", "Hey~~~", "6 bytes", "Send ^s", "recv n", "recv ^r"):
            assert word in picture
        app.pane.show([], 1)
        await settled(pilot)
        for word in ("Connect", "SOCK_STREAM", "more…", "utf-8", "Hey~~~", "Send ^s", "recv n"):
            assert word in app.picture()


async def test_the_form_for_the_next_connect_opens_on_its_own_and_closes_again() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.show([state("client 1")], 0)
        await settled(pilot)
        assert "SOCK_STREAM" not in app.picture()
        app.pane.open_form()
        await settled(pilot)
        picture = app.picture()
        assert "For the next connect" in picture
        assert "SOCK_STREAM" in picture
        assert "Hey~~~" not in picture
        assert app.query_one("#address").has_focus
        await pilot.click("#done")
        await settled(pilot)
        assert "Hey~~~" in app.picture()
        assert "For the next connect" not in app.picture()


async def test_a_click_into_a_field_selects_all_and_the_next_one_does_not() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        await pilot.click("#bufsize", offset=(2, 0))
        await pilot.press("4")
        assert app.query_one("#bufsize", Field).value == "4"
        await pilot.click("#address", offset=(3, 0))
        await pilot.click("#address", offset=(3, 0))
        await pilot.press("x")
        assert app.query_one("#address", Field).value == "127x.0.0.1:6789"


async def test_a_timeout_that_is_none_is_an_empty_field() -> None:
    app = Client()
    async with app.run_test(size=SIZES[0]) as pilot:
        app.pane.more(True)
        await settled(pilot)
        timeout = app.query_one("#timeout", Field)
        assert (timeout.value, timeout.placeholder) == ("", "none")
        await pilot.click("#timeout")
        await pilot.press("2")
        assert app.pane.settings().timeout == 2.0


async def test_every_control_has_a_tooltip_and_a_place_in_the_focus_order() -> None:
    app = Client()
    async with app.run_test(size=(60, 30)) as pilot:
        app.pane.more(True)
        await settled(pilot)
        controls = list(app.screen.focus_chain)
        assert len(controls) > 20
        assert [widget.id for widget in controls if not widget.tooltip] == []
        assert controls == sorted(controls, key=lambda widget: (widget.region.y, widget.region.x))


@pytest.mark.parametrize("size", SIZES)
async def test_the_chosen_client_is_in_sight_however_many_there_are(size: tuple[int, int]) -> None:
    app = Client()
    async with app.run_test(size=size) as pilot:
        for count in (1, 8):
            app.pane.show([state(f"client {number}") for number in range(1, count + 1)], 0)
            await settled(pilot)
            assert f"▸ client {count}" in app.picture()
