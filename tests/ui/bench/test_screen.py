"""The bench as a person uses it: keys, real sockets, and what the log says afterwards."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import OptionList, TextArea

from workbench.journal.reader import Journal
from workbench.ui.app import WorkbenchApp
from workbench.ui.bench.call_dialog import CallDialog
from workbench.ui.log.view import LogView
from workbench.ui.parts.ask import Ask
from workbench.ui.parts.confirm import Confirm
from workbench.ui.parts.controls import Choice, ErrorLine, Field
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.help import HelpScreen
from workbench.ui.session.screen import SessionScreen


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


class Desk:
    """The running app, its pilot and its journal."""

    def __init__(self, app: WorkbenchApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def journal(self) -> Journal:
        return self.app.bridge.journal

    async def until(self, predicate: Callable[[], object], timeout: float = 20.0) -> None:
        deadline = time.monotonic() + timeout
        while not predicate():
            assert time.monotonic() < deadline, f"not true within {timeout} s: {self.calls()}"
            await self.pilot.pause(0.02)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def do(self, action: str) -> None:
        """Do what stands in a menu or the palette."""
        await self.app.run_action(action, default_namespace=self.app.screen)
        await self.pilot.pause()

    def picture(self) -> list[str]:
        """The rows of the screen as text."""
        return ["".join(part.text for part in strip) for strip in self.app.screen._compositor.render_strips()]

    def calls(self, name: str | None = None) -> list[str]:
        return [call.call for call in self.journal if name in (None, call.name)]

    def last(self, call: str):
        return next((found for found in reversed(list(self.journal)) if found.call == call), None)

    def field(self, id: str) -> Field:
        return self.app.screen.query_one(id, Field)

    async def server_on_a_free_port(self) -> tuple[str, int]:
        await self.fill("#server #address", "127.0.0.1:0")
        await self.press("f7")
        await self.until(lambda: self.app.bridge.bench.server and self.app.bridge.bench.server.running)
        host, port = self.app.bridge.bench.server.local
        return host, port

    async def fill(self, id: str, text: str) -> None:
        self.field(id).value = text
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        self.app.screen.query_one("#client TextArea", TextArea).text = text
        await self.pilot.pause()


@asynccontextmanager
async def bench(size: tuple[int, int] = (120, 40), **options) -> AsyncIterator[Desk]:
    bridge = Bridge.live(**options)
    app = WorkbenchApp(bridge)
    app.animation_level = "none"
    try:
        async with app.run_test(size=size) as pilot:
            yield Desk(app, pilot)
    finally:
        bridge.close()


async def test_one_key_starts_a_server_connects_a_client_and_sends_a_greeting() -> None:
    async with bench() as desk:
        await desk.fill("#server #address", "127.0.0.1:0")
        await desk.press("f5")
        await desk.until(lambda: "sendall" in desk.calls("conn 1"))
        assert desk.calls("server")[:4] == ["socket", "setsockopt", "bind", "listen"]
        assert desk.calls("client 1") == ["socket", "connect", "sendall"]
        await desk.press("ctrl+r")
        await desk.until(lambda: "recv" in desk.calls("client 1"))
        greeting = desk.last("sendall").data
        assert greeting
        assert desk.last("recv").data == greeting


async def test_the_other_side_may_be_any_program() -> None:
    async with bench() as desk:
        address = await desk.server_on_a_free_port()
        with socket.create_connection(address, timeout=5) as outside:
            outside.sendall(b"hello from outside")
            assert outside.recv(100) == b"hello from outside"
        await desk.until(lambda: "close" in desk.calls("conn 1"))
        assert [call.data for call in desk.journal if call.call == "recv"][:2] == [b"hello from outside", b""]


async def test_a_client_talks_to_a_server_outside() -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        outside.settimeout(5)
        async with bench() as desk:
            await desk.fill("#client #address", "{}:{}".format(*outside.getsockname()))
            await desk.press("f8")
            peer, _ = outside.accept()
            await desk.type("what time is it?")
            await desk.press("ctrl+s")
            assert peer.recv(100) == b"what time is it?"
            peer.sendall(b"late")
            await desk.fill("#client #bufsize", "2")
            await desk.press("ctrl+r")
            await desk.until(lambda: desk.last("recv"))
            assert (desk.last("recv").data, desk.last("recv").left) == (b"la", 2)
            peer.close()


async def test_a_blocked_recv_is_cancelled_at_once_and_nothing_is_lost() -> None:
    async with bench() as desk:
        address = await desk.server_on_a_free_port()
        await desk.fill("#client #address", "{}:{}".format(*address))
        await desk.press("f8")
        await desk.until(lambda: "connect" in desk.calls("client 1"))
        await desk.press("ctrl+r")
        await desk.until(lambda: desk.app.bridge.bench.clients[0].state().pending)
        await desk.press("escape")
        await desk.until(lambda: desk.last("recv"))
        assert desk.last("recv").error.type == "Cancelled"
        await desk.type("still there")
        await desk.press("ctrl+s")
        await desk.until(lambda: "sendall" in desk.calls("conn 1"))
        await desk.press("ctrl+r")
        await desk.until(lambda: desk.last("recv").data)
        assert desk.last("recv").data == b"still there"


async def test_a_wrong_port_is_said_beside_the_field_and_nothing_starts() -> None:
    async with bench() as desk:
        await desk.fill("#server #address", "127.0.0.1:70000")
        await desk.press("f7")
        line = desk.app.screen.query_one("#server ErrorLine", ErrorLine)
        await desk.until(lambda: line.display and line.sentence)
        assert "70000" in line.sentence
        assert desk.field("#server #address").value == "127.0.0.1:70000"
        assert len(desk.journal) == 0


async def test_a_refused_call_is_a_row_with_a_plain_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with bench() as desk:
            await desk.fill("#server #address", "{}:{}".format(*taken.getsockname()))
            await desk.press("f7")
            await desk.until(lambda: desk.last("close"))
            assert desk.last("bind").error.errno == "EADDRINUSE"
            line = desk.app.query_one("#server ErrorLine", ErrorLine)
            await desk.until(lambda: "EADDRINUSE" in line.sentence)
            assert desk.field("#server #address").has_class("-wrong")


async def test_a_failed_connect_is_told_like_a_failed_start() -> None:
    async with bench() as desk:
        await desk.fill("#client #address", "127.0.0.1:9")
        await desk.press("f8")
        line = desk.app.query_one("#client ErrorLine", ErrorLine)
        await desk.until(lambda: "ECONNREFUSED" in line.sentence)
        assert line.display
        assert "Start a server there (F7)" in line.sentence
        assert desk.field("#client #address").has_class("-wrong")


async def test_binding_elsewhere_than_loopback_asks_first() -> None:
    async with bench() as desk:
        await desk.fill("#server #address", "0.0.0.0:0")
        await desk.press("f7")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("n")
        await desk.until(lambda: not isinstance(desk.app.screen, Confirm))
        assert desk.calls() == []
        await desk.press("f7")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("y")
        await desk.until(lambda: "listen" in desk.calls())


async def test_notes_and_bookmarks_are_written_into_the_session() -> None:
    async with bench() as desk:
        await desk.server_on_a_free_port()
        await desk.press("f4", "home", "b")
        await desk.until(lambda: 1 in desk.journal.notes)
        await desk.press("n", *"why?", "enter")
        await desk.until(lambda: desk.journal.notes[1].text == "why?")
        assert desk.journal.notes[1].bookmark


async def test_a_new_session_closes_every_socket_and_begins_an_empty_log() -> None:
    async with bench() as desk:
        address = await desk.server_on_a_free_port()
        before = desk.journal
        await desk.press("ctrl+n")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("y")
        await desk.until(lambda: desk.journal is not before)
        assert len(desk.journal) == 0
        assert [*desk.app.bridge.path.parent.iterdir()] == [desk.app.bridge.path]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=1)
        await desk.server_on_a_free_port()
        assert desk.app.query_one(LogView).journal is desk.journal


async def test_saving_copies_the_session(tmp_path) -> None:
    async with bench() as desk:
        await desk.server_on_a_free_port()
        await desk.press("ctrl+g", "s")
        await desk.until(lambda: desk.app.screen.query("#line"))
        target = tmp_path / "kept.swb"
        await desk.fill("#line", str(target))
        await desk.press("enter")
        await desk.until(target.exists)
    kept = Journal(target)
    kept.read_all()
    assert [call.call for call in kept][:2] == ["socket", "setsockopt"]
    assert kept.problems() == []
    bridge = Bridge.reopened(target)
    bridge.annotate(1, "written into the copy", bookmark=False)
    bridge.close()
    noted = Journal(target)
    noted.read_all()
    assert noted.notes[1].text == "written into the copy"
    assert noted.problems() == []


async def test_leaving_removes_a_session_that_nobody_asked_to_keep(state_home) -> None:
    async with bench() as desk:
        await desk.server_on_a_free_port()
        assert list(state_home.rglob("*.swb"))
    assert not list(state_home.rglob("*.swb"))


async def test_leaving_keeps_a_session_that_was_asked_for(tmp_path) -> None:
    path = tmp_path / "mine.swb"
    async with bench(record=path) as desk:
        await desk.server_on_a_free_port()
    kept = Journal(path)
    kept.read_all()
    assert kept.ended
    assert kept[len(kept) - 1].call == "close"


async def test_leaving_never_hangs_whatever_is_blocked() -> None:
    started = 0.0
    with socket.create_server(("127.0.0.1", 0), backlog=0) as outside:
        async with bench() as desk:
            await desk.server_on_a_free_port()
            for _ in range(3):  # more than the backlog holds: the last connect blocks
                await desk.fill("#client #address", "{}:{}".format(*outside.getsockname()))
                await desk.press("f8")
            await desk.until(lambda: len(desk.app.bridge.bench.clients) == 3)
            await desk.press("ctrl+r")
            await desk.until(lambda: sum(bool(one.pending) for one in desk.app.bridge.endpoints()) >= 2)
            started = time.monotonic()
    assert time.monotonic() - started < 2.0


async def test_every_action_has_a_sentence_and_a_place_in_the_palette() -> None:
    async with bench() as desk:
        screen = desk.app.screen
        await desk.server_on_a_free_port()
        await desk.press("f4")
        await desk.until(lambda: desk.app.query_one(LogView).has_focus)
        commands = list(desk.app.get_system_commands(screen))
        assert {"Theme", "Screenshot", "Quit"} < {command.title for command in commands}
        assert {"Keys", "Maximize"}.isdisjoint(command.title for command in commands)
        offered = {command.help for command in commands}
        for node in (screen, desk.app.query_one(LogView)):
            for binding in node.BINDINGS:
                assert isinstance(binding, Binding)
                assert binding.id
                assert binding.description
                assert binding.tooltip
                assert any(help.startswith(binding.tooltip) for help in offered), binding


async def test_help_lists_the_keys_as_they_are_bound_and_explains_the_signs() -> None:
    async with bench((80, 220)) as desk:
        await desk.press("f1")
        await desk.until(lambda: isinstance(desk.app.screen, HelpScreen))
        await desk.until(lambda: any("End the search" in line for line in desk.picture()))
        rows = [line.strip(" │").split(maxsplit=1) for line in desk.picture()]
        for row in (
            ["^r", "Call recv(n) once at the chosen endpoint"],
            ["w", "Explain the selected call: why it came out so, and what comes"],
            ["◆", "moved bytes of the selected one"],
            ["×", "a byte above 7f, or no character in the encoding chosen"],
        ):
            assert row in rows
        await desk.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, HelpScreen))


async def test_the_help_of_a_recording_does_not_speak_of_a_server(tmp_path) -> None:
    async with bench((80, 160), record=tmp_path / "kept.swb") as desk:
        desk.app.push_screen(SessionScreen(Bridge.reopened(tmp_path / "kept.swb")))
        await desk.until(lambda: isinstance(desk.app.screen, SessionScreen) and desk.app.screen.is_mounted)
        await desk.press("f1")
        await desk.until(lambda: any("A session that was recorded" in line for line in desk.picture()))
        text = "\n".join(desk.picture())
        assert "Write a note on the selected call" in text
        assert "F5" not in text


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        ((120, 40), ("#server", "#client", "#log-frame"), ("Views", "#tiny")),
        ((100, 30), ("#server", "#client", "#log-frame"), ("Views", "#tiny")),
        ((200, 50), ("#server", "#client", "#log-frame"), ("Views", "#tiny")),
        ((80, 24), ("Views", "#client", "#log-frame"), ("#server", "#tiny")),
        ((50, 24), ("#tiny",), ("#columns",)),
        ((80, 12), ("#tiny",), ("#columns",)),
    ],
)
async def test_each_size_shows_its_layout(size, shown, hidden) -> None:
    async with bench(size) as desk:
        await desk.pilot.pause()
        for selector in shown:
            assert desk.app.query_one(selector).region.area, selector
        for selector in hidden:
            assert not desk.app.query_one(selector).region.area, selector


async def test_a_narrow_screen_shows_one_view_at_a_time() -> None:
    async with bench((80, 24)) as desk:
        await desk.server_on_a_free_port()
        for key, pane in (("f2", "#server"), ("f3", "#client")):
            await desk.press(key)
            await desk.until(lambda pane=pane: desk.app.query_one(pane).region.area)
        await desk.press("f4")
        await desk.until(lambda: not desk.app.query_one("#left").region.area)
        assert desk.app.focused is desk.app.query_one(LogView)


async def test_a_connect_that_was_refused_is_in_the_log_and_no_notice_besides() -> None:
    async with bench() as desk:
        await desk.fill("#client #address", "127.0.0.1:9")
        await desk.press("f8")
        await desk.until(lambda: "close" in desk.calls("client 1"))
        await desk.until(lambda: "closed" in "\n".join(desk.picture()))
        await desk.pilot.pause(0.2)
        assert [note.message for note in desk.app._notifications] == []


def crashed(state_home: Path) -> Path:
    """Return the session that a bench left when it was killed."""
    script = "import os; from workbench.ui.session.bridge import Bridge; Bridge.live(); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    (left,) = state_home.rglob("*.swb")
    return left


async def test_a_session_left_by_a_crash_that_is_gone_when_it_is_asked_for_is_said_to_be(state_home) -> None:
    left = crashed(state_home)
    async with bench() as desk:
        await desk.until(lambda: desk.app.screen.query("#discard"))
        left.unlink()
        await desk.press("o")
        await desk.until(lambda: "No such file or directory (ENOENT)" in notices(desk))
        assert desk.app.is_running


async def test_a_session_left_by_a_crash_is_offered_at_the_next_start(state_home) -> None:
    left = crashed(state_home)
    async with bench() as desk:
        await desk.until(lambda: desk.app.screen.query("#discard"))
        await desk.press("d")
        await desk.until(lambda: not left.exists())


async def test_a_recording_opens_without_a_bench(tmp_path) -> None:
    path = tmp_path / "recorded.swb"
    async with bench(record=path) as desk:
        await desk.server_on_a_free_port()
    bridge = Bridge.reopened(path)
    app: App[None] = WorkbenchApp(bridge)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert not app.query("#server")
        assert app.query_one(LogView).last is not None
        assert "recorded.swb" in str(app.query_one("#log-frame").border_title)
    bridge.close()


async def test_the_client_follows_the_server_until_another_address_is_typed() -> None:
    async with bench() as desk:
        host, port = await desk.server_on_a_free_port()
        await desk.until(lambda: desk.field("#client #address").value == f"{host}:{port}")
        await desk.press("f8")
        await desk.until(lambda: "connect" in desk.calls("client 1"))
        await desk.fill("#client #address", "127.0.0.1:9")
        await desk.press("f7")
        await desk.until(lambda: not desk.app.bridge.bench.server.running)
        before = desk.app.bridge.bench.server
        await desk.press("f7")
        await desk.until(lambda: desk.app.bridge.bench.server is not before)
        await desk.until(lambda: desk.app.bridge.bench.server.local)
        assert desk.field("#client #address").value == "127.0.0.1:9"


async def test_keys_that_find_nothing_to_do_say_why() -> None:
    async with bench() as desk:
        address = await desk.server_on_a_free_port()
        await desk.fill("#client #address", "{}:{}".format(*address))
        await desk.press("f8")
        await desk.until(lambda: "connect" in desk.calls("client 1"))
        await desk.press("f3", "ctrl+r")
        await desk.until(lambda: desk.app.bridge.bench.clients[0].state().pending)
        await desk.press("ctrl+r")
        await desk.until(lambda: "waits in recv already" in notices(desk))
        await desk.press("ctrl+l")
        await desk.until(lambda: desk.app.bridge.bench.clients[0].closed)
        await desk.press("ctrl+s")
        await desk.until(lambda: "client 1 is closed" in notices(desk))
        await desk.press("ctrl+o", "d")
        await desk.until(lambda: not desk.app.bridge.bench.clients)


def notices(desk: Desk) -> str:
    return desk.app.screen_stack[0].query_one(StatusLine).text


async def leaving(desk: Desk) -> None:
    await desk.server_on_a_free_port()
    await desk.press("ctrl+q")
    await desk.until(lambda: isinstance(desk.app.screen, Ask))


async def test_calls_are_not_thrown_away_unasked() -> None:
    async with bench() as desk:
        await leaving(desk)
        await desk.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, Ask))
        assert desk.app.is_running
        await desk.press("ctrl+q")
        await desk.until(lambda: isinstance(desk.app.screen, Ask))
        await desk.press("t")
        await desk.until(lambda: not desk.app.is_running)


async def test_leaving_can_save_them_first(tmp_path) -> None:
    target = tmp_path / "kept.swb"
    async with bench() as desk:
        await leaving(desk)
        await desk.press("s")
        await desk.until(lambda: desk.app.screen.query("#line"))
        await desk.press("escape")
        await desk.until(lambda: len(desk.app.screen_stack) == 1)
        assert desk.app.is_running, "nothing was saved"
        await desk.press("ctrl+q")
        await desk.until(lambda: isinstance(desk.app.screen, Ask))
        await desk.press("enter")
        await desk.until(lambda: desk.app.screen.query("#line"))
        await desk.fill("#line", str(target))
        await desk.press("enter")
        await desk.until(lambda: not desk.app.is_running)
    assert target.exists()


async def test_without_a_call_nothing_is_asked() -> None:
    async with bench() as desk:
        await desk.press("ctrl+q")
        await desk.until(lambda: not desk.app.is_running)


@pytest.mark.parametrize("size", [(60, 16), (60, 20), (80, 21), (100, 16)])
async def test_the_log_keeps_some_lines_however_few_rows_there_are(size: tuple[int, int]) -> None:
    async with bench(size) as desk:
        await desk.server_on_a_free_port()
        log = desk.app.screen.query_one(LogView)
        for view in ("f3", "f2", "f4"):
            await desk.press(view)
            await desk.pilot.pause()
            assert log.region.height >= 2, view


async def test_escape_ends_the_search_of_the_log_and_no_wait() -> None:
    async with bench() as desk:
        await desk.server_on_a_free_port()
        await desk.press("f4", "slash")
        await desk.until(lambda: desk.app.screen.query("#query"))
        await desk.press(*"recv", "enter")
        log = desk.app.screen.query_one(LogView)
        await desk.until(lambda: log.has_focus and not len(log.rows))
        await desk.until(lambda: "No call was found: escape shows all." in log.render_line(0).text)
        await desk.until(lambda: "0 calls: call:recv" in str(desk.app.screen.query_one("#found").render()))
        await desk.press("escape")
        assert len(log.rows) == 4
        assert desk.app.bridge.bench.server.running
        assert not desk.app._notifications


async def test_a_failed_start_is_told_beside_its_field_and_by_nothing_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with bench() as desk:
            await desk.fill("#server #address", "{}:{}".format(*taken.getsockname()))
            await desk.press("f7")
            line = desk.app.screen.query_one("#server ErrorLine", ErrorLine)
            await desk.until(lambda: "EADDRINUSE" in line.sentence and "Port 0" in line.sentence)
            await desk.fill("#server #bufsize", "77")
            await desk.until(lambda: desk.app.query_one("#server Slider").value == 77)
            assert notices(desk) == ""
            await desk.fill("#server #address", "127.0.0.1:0")
            await desk.until(lambda: not line.display)


async def test_a_path_that_is_too_long_is_told_as_one_also_where_it_was_pasted() -> None:
    async with bench() as desk:
        await desk.fill("#server #address", "/tmp/" + "x" * 103)
        await desk.press("f7")
        line = desk.app.screen.query_one("#server ErrorLine", ErrorLine)
        await desk.until(lambda: "108 bytes" in line.sentence)
        assert len(desk.journal) == 0


async def test_the_client_follows_a_server_that_changes_its_type_alone() -> None:
    async with bench() as desk:
        address = "{}:{}".format(*await desk.server_on_a_free_port())
        kind = desk.app.query_one("#client #type", Choice)
        await desk.until(lambda: desk.field("#client #address").value == address)
        await desk.press("f7")
        await desk.until(lambda: not desk.app.bridge.bench.server.running)
        await desk.fill("#server #address", address)
        await choose(desk, "#server #type", "SOCK_DGRAM")
        await desk.press("f7")
        await desk.until(lambda: kind.value == "SOCK_DGRAM")
        assert desk.app.query_one("#client #connect-by", Choice).value == "none"


async def choose(desk: Desk, id: str, value: str) -> None:
    choice = desk.app.query_one(id, Choice)
    while choice.value != value:
        choice.focus()
        await desk.press("right")


async def test_quick_start_takes_a_free_port_where_the_one_asked_for_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with bench() as desk:
            port = taken.getsockname()[1]
            await desk.fill("#server #address", f"127.0.0.1:{port}")
            await desk.press("f5")
            await desk.until(lambda: "sendall" in desk.calls("client 1"))
            assert f"Port {port} is in use: the server took 127.0.0.1:" in notices(desk)
            assert [call.args for call in desk.journal if call.call == "bind"][1] == [["127.0.0.1", 0]]
            assert not desk.app.query_one("#server ErrorLine").display


async def test_a_call_that_reads_does_not_wait_unseen_behind_another() -> None:
    async with bench() as desk:
        await desk.do("auto_accept")
        await desk.server_on_a_free_port()
        await desk.press("f2", "f9")
        await desk.until(lambda: desk.app.bridge.bench.server.listener.state().pending)
        await desk.press("f9")
        await desk.until(lambda: "server waits in accept already" in notices(desk))
        await desk.press("escape")
        await desk.until(lambda: desk.last("accept"))
        assert not desk.app.bridge.bench.server.listener.state().pending
        await desk.do("auto_accept")
        await call(desk, "recv", "1024")
        await desk.until(lambda: "server listens: choose one of its connections" in notices(desk))


async def test_a_call_of_a_closed_socket_is_refused_with_a_sentence() -> None:
    async with bench() as desk:
        await desk.server_on_a_free_port()
        await desk.press("f7")
        await desk.until(lambda: not desk.app.bridge.bench.server.running)
        await desk.press("f2", "ctrl+l")
        await desk.until(lambda: "server is closed: there is no socket to call." in notices(desk))


async def test_a_bind_elsewhere_by_call_or_as_a_source_asks_first_too() -> None:
    async with bench() as desk:
        await desk.fill("#client #address", "udp://127.0.0.1:9")
        await desk.press("f8", "f3")
        await desk.until(lambda: "socket" in desk.calls("client 1"))
        await call(desk, "bind", '("0.0.0.0", 0)')
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("n")
        await desk.until(lambda: not isinstance(desk.app.screen, Confirm))
        assert "bind" not in desk.calls()
        await call(desk, "bind", '("127.0.0.1", 0)')
        await desk.until(lambda: "bind" in desk.calls("client 1"))
        desk.app.query_one("#client").fill("source", "0.0.0.0:0")
        await desk.press("f8")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        assert "client 2" not in {one.name for one in desk.journal}
        await desk.press("y")
        await desk.until(lambda: "bind" in desk.calls("client 2"))


async def call(desk: Desk, method: str, arguments: str) -> None:
    """Make a call with the dialog."""
    await desk.press("ctrl+o", "o")
    await desk.until(lambda: isinstance(desk.app.screen, CallDialog))
    methods = desk.app.screen.query_one("#methods", OptionList)
    methods.highlighted = methods.get_option_index(method)
    await desk.until(lambda: desk.field("#arguments").value)
    await desk.fill("#arguments", arguments)
    await desk.press("enter", "enter")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 50)])
async def test_the_first_steps_stand_in_the_empty_log_and_go_with_the_first_call(size: tuple[int, int]) -> None:
    async with bench(size) as desk:
        await desk.pilot.pause()
        picture = "\n".join(desk.picture())
        for words in ("F5", "starts the server, connects a client", "^r", "receives the answer", "make it smaller"):
            assert words in picture
        await desk.server_on_a_free_port()
        await desk.until(lambda: not desk.app.screen.has_class("-first"))
        await desk.pilot.pause()
        assert "first steps" not in "\n".join(desk.picture())
        assert desk.app.query_one(LogView).region.area


async def test_what_the_server_answers_can_be_changed_while_it_runs() -> None:
    async with bench() as desk:
        address = await desk.server_on_a_free_port()
        with socket.create_connection(address, timeout=5) as outside:
            outside.sendall(b"hello")
            assert outside.recv(100) == b"hello"
            await choose(desk, "#server #responder", "fixed")
            await desk.fill("#server #reply", "no")
            outside.sendall(b"hello")
            assert outside.recv(100) == b"no"


async def test_a_sentence_takes_the_place_of_the_one_before() -> None:
    async with bench() as desk:
        await desk.press("escape", "escape", "escape")
        await desk.until(lambda: notices(desk))
        assert notices(desk) == "No call is blocked."


async def test_start_pressed_twice_starts_once_and_says_nothing() -> None:
    async with bench() as desk:
        await desk.fill("#server #address", "127.0.0.1:0")
        pane = desk.app.query_one("#server")
        pane.start()
        pane.start()
        await desk.until(lambda: "listen" in desk.calls("server"))
        assert desk.calls("server").count("socket") == 1
        assert notices(desk) == ""


async def test_sending_an_empty_draft_that_is_no_payload_says_why() -> None:
    async with bench() as desk:
        await choose(desk, "#client #mode", "JSON")
        await desk.type("")
        await desk.server_on_a_free_port()
        await desk.press("f8")
        await desk.until(lambda: "connect" in desk.calls("client 1"))
        await desk.press("ctrl+s")
        line = desk.app.screen.query_one("#composer-error", ErrorLine)
        await desk.until(lambda: "not JSON" in line.sentence)


async def test_many_clients_leave_room_for_the_buttons() -> None:
    async with bench((100, 30)) as desk:
        await desk.server_on_a_free_port()
        await desk.press("f3")
        await desk.do("open_many")
        pane, button = desk.app.query_one("#client"), desk.app.query_one("#client #recv")
        await desk.until(lambda: desk.app.query_one("#client EndpointList").size.height > 1)
        await desk.until(lambda: pane.content_region.contains_region(button.region))


async def test_one_key_sets_the_forms_up_for_short_sends() -> None:
    async with bench() as desk:
        await desk.fill("#server #address", "127.0.0.1:0")
        was = desk.app.screen.left()
        await desk.press("ctrl+g", "b", "f5")
        await desk.until(lambda: "send" in desk.calls("client 1"))
        assert desk.calls("client 1") == ["socket", "setsockopt", "settimeout", "connect", "send"]
        assert ["SOL_SOCKET", "SO_RCVBUF", 4096] in [call.args for call in desk.journal if call.name == "server"]
        assert desk.last("send").result < 65536
        await desk.until(lambda: "of 65536 bytes went out" in desk.app.query_one("#client #status").said)
        assert desk.app.query_one("#client #send-rest").display
        await desk.press("ctrl+g", "b")
        await desk.until(lambda: "as they were before" in notices(desk))
        assert desk.app.screen.left().draft == was.draft
        assert desk.app.screen.left().setup == was.setup
        assert desk.app.screen.left().call == was.call
