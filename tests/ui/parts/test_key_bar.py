"""The keys at the foot of the bench: whole ones, those of the pane with the focus in front."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from workbench.ui.app import WorkbenchApp
from workbench.ui.parts.key_bar import MOST, KeyBar
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.help import HelpScreen


@asynccontextmanager
async def bench(size: tuple[int, int], monkeypatch, tmp_path) -> AsyncIterator[Pilot[None]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    bridge = Bridge.live()
    app = WorkbenchApp(bridge)
    app.animation_level = "none"
    try:
        async with app.run_test(size=size) as pilot:
            await settled(pilot)
            yield pilot
    finally:
        bridge.close()


async def settled(pilot: Pilot[None]) -> None:
    for _ in range(4):
        await pilot.pause()


def shown(pilot: Pilot[None]) -> list[str]:
    """What the keys do, in the order of the screen."""
    return [item.word for item in pilot.app.screen.query_one(KeyBar).shown]


def foot(pilot: Pilot[None]) -> str:
    bar = pilot.app.screen.query_one(KeyBar)
    strip = pilot.app.screen._compositor.render_strips()[bar.region.y]
    return "".join(segment.text for segment in strip)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (120, 40), (200, 50)])
async def test_one_row_of_whole_keys_leads_to_all_the_others(size: tuple[int, int], monkeypatch, tmp_path) -> None:
    async with bench(size, monkeypatch, tmp_path) as pilot:
        for view in ("f2", "f3", "f4"):
            await pilot.press(view)
            await settled(pilot)
            bar = pilot.app.screen.query_one(KeyBar)
            assert bar.size.height == 1
            assert len(bar.shown) <= MOST + 2
            assert [item.word for item in bar.shown][-2:] == ["help", "all"]
            row = foot(pilot)
            for item in bar.shown:
                assert f"{'/'.join(item.shown)} {item.word}" in row


async def test_what_one_needs_first_is_there_at_80_columns(monkeypatch, tmp_path) -> None:
    async with bench((80, 24), monkeypatch, tmp_path) as pilot:
        assert shown(pilot)[:3] == ["quick start", "start/stop", "connect"]
        await pilot.press("f4")
        await settled(pilot)
        assert "F5" not in foot(pilot) or shown(pilot)[0] != "quick start"


async def test_keys_are_spelled_as_in_the_readme(monkeypatch, tmp_path) -> None:
    async with bench((120, 40), monkeypatch, tmp_path) as pilot:
        row = foot(pilot)
        assert "F5 quick start" in row
        assert "^p all" in row
        assert "F1 help" in row


async def test_a_click_on_a_key_presses_it(monkeypatch, tmp_path) -> None:
    async with bench((120, 40), monkeypatch, tmp_path) as pilot:
        await pilot.click(KeyBar, offset=(foot(pilot).index("F1 help"), 0))
        await settled(pilot)
        assert isinstance(pilot.app.screen, HelpScreen)


async def test_what_can_do_nothing_now_is_dim_and_says_why_when_pressed(monkeypatch, tmp_path) -> None:
    async with bench((120, 40), monkeypatch, tmp_path) as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        line = pilot.app.screen.query_one(StatusLine)
        assert line.text == "There is no client yet: F8 connects one."
        await pilot.press("escape")
        await settled(pilot)
        assert line.text == "No call is blocked."


async def test_another_size_lays_them_anew(monkeypatch, tmp_path) -> None:
    async with bench((60, 24), monkeypatch, tmp_path) as pilot:
        few = len(shown(pilot))
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
        assert len(shown(pilot)) > few
