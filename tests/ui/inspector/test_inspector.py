"""The inspector below the log of a recording: which call it is about, and its tabs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.log.test_related import screen_text
from tests.ui.recording import CLIENT, Session
from workbench.ui.app import WorkbenchApp
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.inspector.registry import TABS
from workbench.ui.log.rows import Density
from workbench.ui.log.view import LogView
from workbench.ui.parts.scroll_lines import ScrollLines
from workbench.ui.preferences import Preferences
from workbench.ui.session.bridge import Bridge


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """connect, accept, two sends (#3, #4), three recvs (#5 … #7), the second with the end of #3 and the start of #4."""
    made = Session(tmp_path / "session").connect()
    made.send(b"hello world").send(b"second")
    return made.recv(b"hell", 4, left=13).recv(b"o worldse", 9, left=4).recv(b"cond", 16)


class Looking:
    """A recording on screen, and what its inspector says."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot, self.press = pilot, pilot.press
        self.screen = pilot.app.screen
        self.inspector = self.screen.query_one(Inspector)
        self.log = self.screen.query_one(LogView)

    async def select(self, seq: int) -> None:
        self.log.show_index(seq - 1)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(3):
            await self.pilot.pause(0.02)

    @property
    def said(self) -> list[str]:
        """The lines of the tab that is shown."""
        return next(each.text() for each in self.inspector.query(ScrollLines) if each.region.area)

    @property
    def title(self) -> str:
        row = screen_text(self.pilot.app).splitlines()[self.inspector.region.y]
        return row.strip("╭─╮ ")


@asynccontextmanager
async def looking(
    session: Session, size: tuple[int, int] = (120, 40), preferences: Preferences | None = None
) -> AsyncIterator[Looking]:
    bridge = Bridge.reopened(session.path)
    app = WorkbenchApp(bridge, zone=UTC, preferences=preferences)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        desk = Looking(pilot)
        await desk.settle()
        yield desk
    bridge.close()


async def test_it_is_about_the_newest_call_until_one_is_selected(session: Session) -> None:
    async with looking(session) as desk:
        assert desk.title == "[Bytes] Why ─ #7"
        await desk.select(6)
        assert desk.title == "[Bytes] Why ─ #6"
        assert desk.said == [
            "conn 1 ← recv(9) = b'o worldse'",
            "9 bytes · 4 left · end of #3 and start of #4",
            "+0.000600 · took 0 µs · 12:00:00.000600 · MainThread",
            "     6f 20 77 6f 72 6c 64│73  65                      o worldse #4",
        ]


async def test_bytes_shows_all_of_them_and_scrolls(session: Session) -> None:
    session.send(b"x" * 4096)
    async with looking(session) as desk:
        await desk.select(8)
        assert len(desk.said) == 3 + 256
        assert desk.said[-1].startswith("0ff0 78 78")
        desk.inspector.focus_tab()
        await desk.press("end")
        await desk.settle()
        assert "0ff0 78 78" in screen_text(desk.pilot.app)


async def test_w_says_why_below_the_call_that_it_explains_and_w_again_goes_back(session: Session) -> None:
    async with looking(session) as desk:
        desk.log.focus()
        await desk.select(5)
        await desk.press("w")
        await desk.settle()
        assert desk.title == "Bytes [Why] ─ #5"
        said = "\n".join(desk.said)
        assert "#5 conn 1 recv(4) = b'hell'" in said
        assert "recv(4) takes at most 4 bytes, and 17 were queued: it took 4 of them." in said
        assert "data = s.recv(4)  # = b'hell'" in said
        assert "▌ #5 " in screen_text(desk.pilot.app)
        await desk.press("w")
        await desk.settle()
        assert desk.title == "[Bytes] Why ─ #5"


async def test_y_copies_the_call_as_python(session: Session) -> None:
    async with looking(session) as desk:
        desk.log.focus()
        await desk.select(5)
        await desk.press("w")
        await desk.settle()
        desk.inspector.focus_tab()
        await desk.press("y")
        assert desk.pilot.app.clipboard.endswith("data = s.recv(4)  # = b'hell'")


async def test_tabs_are_chosen_with_keys_and_with_the_mouse(session: Session) -> None:
    async with looking(session) as desk:
        desk.log.focus()
        await desk.press("v")
        assert desk.inspector.tab == "Why"
        await desk.press("v")
        assert desk.inspector.tab == "Bytes"
        desk.inspector.focus_tab()
        await desk.press("right")
        await desk.settle()
        assert desk.inspector.tab == "Why"
        await desk.press("left")
        await desk.settle()
        assert desk.inspector.tab == "Bytes"
        row = screen_text(desk.pilot.app).splitlines()[desk.inspector.region.y]
        await desk.pilot.click(offset=(row.index("Why") + 1, desk.inspector.region.y))
        await desk.settle()
        assert desk.inspector.tab == "Why"
        row = screen_text(desk.pilot.app).splitlines()[desk.inspector.region.y]
        await desk.pilot.click(offset=(row.index("Bytes"), desk.inspector.region.y))
        await desk.settle()
        assert desk.inspector.tab == "Bytes"
        desk.inspector.focus_tab()
        await desk.press("escape")
        assert desk.log.has_focus


async def test_on_a_small_screen_one_key_gives_it_the_lower_half_and_the_call_stays_in_sight(session: Session) -> None:
    session.calls(30)
    async with looking(session, (80, 24)) as desk:
        assert not desk.inspector.region.area
        desk.log.focus()
        await desk.press("end", "up", "up")
        await desk.press("v")
        await desk.settle()
        assert desk.inspector.tab == "Bytes"
        assert 10 <= desk.inspector.region.height <= 12
        assert "▌ #35" in screen_text(desk.pilot.app)
        await desk.press("v")
        assert desk.inspector.tab == "Why"
        await desk.press("escape")
        await desk.settle()
        assert not desk.inspector.region.area
        await desk.press("w")
        await desk.settle()
        assert (desk.inspector.tab, desk.inspector.region.area > 0) == ("Why", True)


async def test_the_density_of_the_log_is_kept_for_the_next_start(session: Session, tmp_path: Path) -> None:
    settings = tmp_path / "config" / "settings.toml"
    async with looking(session, preferences=Preferences(settings)) as desk:
        desk.log.focus()
        await desk.press("z")
        assert desk.log.density is Density.ALL
        await desk.settle()
        assert settings.read_text() == 'density = "everything"\n'
        assert desk.pilot.app.preferences.density == "everything"
    async with looking(session, preferences=Preferences(density="row")) as desk:
        assert desk.log.density is Density.HEAD
        assert desk.log.rows.lines == 7


async def test_a_recording_has_no_tab_of_what_runs(session: Session) -> None:
    async with looking(session) as desk:
        live = {kind.TITLE for kind in TABS if kind.IS_LIVE}
        assert live == {"Queue", "Plot"}
        assert live.isdisjoint(kind.TITLE for kind in desk.inspector.tabs)


async def test_nothing_is_made_anew_while_nothing_changes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async with looking(session) as desk:
        for kind in desk.inspector.tabs:
            desk.inspector.tab = kind.TITLE
            await desk.settle()
            made: list[str] = []
            monkeypatch.setattr(kind, "lines", lambda *given, made=made: made.append("made") or (0, list))
            for _ in range(5):
                desk.screen.tick()
            assert made == []


@pytest.mark.parametrize("size", [(60, 24), (72, 24), (80, 24), (118, 40), (200, 50)])
async def test_it_fits_every_screen_and_harms_no_terminal(session: Session, size: tuple[int, int]) -> None:
    tail = {"args": ["/tmp/\x1b]0;x\x07[/nope]"], "error": ["OSError", "\x1b[2J"]}
    session.call("bind", CLIENT, tail=tail, flags=1, number=98)
    async with looking(session, size) as desk:
        desk.log.focus()
        for key in ("w", "v"):
            await desk.press(key)
            await desk.settle()
            assert "EADDRINUSE" in "\n".join(desk.said)
            assert screen_text(desk.pilot.app).replace("\n", "").isprintable()
