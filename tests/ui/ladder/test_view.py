from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from tests.ui.recording import CLIENT, CONN, Session
from workbench.journal.reader import Journal
from workbench.ui.ladder.view import LadderView
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView


class Bench(App[None]):
    """Nothing but a log in its frame."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.journal = Journal(path)
        self.said: list[int] = []
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        yield LogFrame(self.journal, zone=UTC)

    def on_mount(self) -> None:
        self.query_one(LogView).focus()
        self.pull()

    def pull(self) -> None:
        self.journal.pull()
        self.query_one(LogFrame).sync()

    def on_log_view_selected(self, message: LogView.Selected) -> None:
        self.said.append(message.index)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "session")


async def shown(pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    view = pilot.app.query_one(LadderView)
    return [strip.text.rstrip() for strip in view.render_lines(Region(0, 0, *view.scrollable_content_region.size))]


def lit(pilot: Pilot[None]) -> list[int]:
    """The numbers of the lines that have another background than most."""
    view = pilot.app.query_one(LadderView)
    strips = view.render_lines(Region(0, 0, *view.scrollable_content_region.size))
    grounds = [next(iter(strip)).style.bgcolor for strip in strips]  # type: ignore[union-attr]
    return [number for number, ground in enumerate(grounds) if ground != grounds[0]]


def two_sends(session: Session) -> Session:
    return session.connect().send(b"hello ").send(b"world").recv(b"hello world", 1024)


async def test_one_key_turns_log_and_ladder_and_the_same_call_stays_selected(session: Session) -> None:
    two_sends(session)
    async with Bench(session.path).run_test(size=(100, 20)) as pilot:
        await pilot.press("up", "up", "d")
        lines = await shown(pilot)
        assert "client 1" in lines[0]
        assert lines[3].endswith("▶ 6 ┃│")
        view = pilot.app.query_one(LadderView)
        assert view.has_focus
        assert not pilot.app.query_one(LogView).display
        assert view.selected == pilot.app.query_one(LogView).selected == 3
        await pilot.press("up", "enter")
        await pilot.pause()
        log = pilot.app.query_one(LogView)
        assert log.display
        assert log.has_focus
        assert log.selected == 2


async def test_selecting_a_recv_lights_the_sends_that_fed_it(session: Session) -> None:
    two_sends(session)
    async with Bench(session.path).run_test(size=(100, 20)) as pilot:
        await pilot.press("d", "end")
        await pilot.pause()
        assert lit(pilot) == [3, 4, 5]
        await pilot.press("up")
        await pilot.pause()
        assert lit(pilot) == [4, 5]


async def test_it_follows_a_session_that_grows(session: Session) -> None:
    two_sends(session)
    app = Bench(session.path)
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.press("d")
        for number in range(20):
            session.send(b"%d" % number, CONN)
        app.pull()
        lines = await shown(pilot)
        assert "send(b'19')" in lines[-1]
        await pilot.press("home")
        session.send(b"more")
        app.pull()
        assert "connect" in (await shown(pilot))[1]


async def test_only_the_connection_of_a_rung(session: Session) -> None:
    two_sends(session)
    session.call("sendto", (7, 9), data=b"x", tail={"args": [["127.0.0.1", 9]]}, flags=32)
    async with Bench(session.path).run_test(size=(120, 14)) as pilot:
        await pilot.press("d")
        assert any("sendto" in line for line in await shown(pilot))
        await pilot.press("home", "o")
        lines = await shown(pilot)
        assert not any("sendto" in line for line in lines)
        assert any("recv(1024)" in line for line in lines)
        await pilot.press("o")
        assert any("sendto" in line for line in await shown(pilot))


async def test_a_click_selects_and_two_open_the_call(session: Session) -> None:
    two_sends(session)
    app = Bench(session.path)
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.press("d")
        await pilot.click(LadderView, offset=(30, 3))
        await pilot.pause()
        assert app.query_one(LadderView).selected == 2
        assert 2 in app.said
        await pilot.click(LadderView, offset=(30, 3), times=2)
        await pilot.pause()
        assert app.query_one(LogView).display
        assert app.query_one(LogView).selected == 2


async def test_names_and_bytes_from_outside_are_drawn_harmless(session: Session) -> None:
    session.connect()
    session.call("send", CLIENT, data=b"\x1b[2J[/nope]\x07", requested=12)
    async with Bench(session.path).run_test(size=(80, 12)) as pilot:
        await pilot.press("d")
        assert not any("\x1b" in line or "\x07" in line for line in await shown(pilot))


async def test_what_lies_in_the_kernel_now_stands_at_the_foot(session: Session) -> None:
    two_sends(session)
    app = Bench(session.path)
    async with app.run_test(size=(100, 14)) as pilot:
        await pilot.press("d")
        app.query_one(LogFrame).show_now({"7.3": "18 queued"})
        lines = await shown(pilot)
        assert lines[-1].startswith("now")
        assert lines[-1].endswith("╵18 queued")
        app.query_one(LogFrame).show_now({})
        assert not (await shown(pilot))[-1].startswith("now")


async def test_a_call_with_a_finding_is_marked_here_too(session: Session) -> None:
    two_sends(session)
    app = Bench(session.path)
    async with app.run_test(size=(100, 14)) as pilot:
        app.query_one(LogView).show_marked(frozenset({4}))
        await pilot.press("d")
        lines = await shown(pilot)
        assert [line[8] for line in lines[1:6]] == [" ", " ", " ", "!", " "]
