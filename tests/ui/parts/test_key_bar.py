"""The keys at the foot of the bench: whole ones, those of the pane with the focus in front."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from workbench.ui.app import WorkbenchApp
from workbench.ui.parts.key_bar import KeyBar
from workbench.ui.session.bridge import Bridge


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
    return [key.description for key in pilot.app.query(FooterKey)]


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (120, 40), (200, 50)])
async def test_no_key_is_cut(size: tuple[int, int], monkeypatch, tmp_path) -> None:
    async with bench(size, monkeypatch, tmp_path) as pilot:
        for view in ("f2", "f3", "f4"):
            await pilot.press(view)
            await settled(pilot)
            keys = list(pilot.app.query(FooterKey))
            regions = [key.region for key in keys]
            assert all(region.right <= size[0] and region.bottom <= size[1] for region in regions)
            texts = [f"{key.key_display} {key.description}".strip() for key in keys]
            assert all(region.width >= len(text) for text, region in zip(texts, regions, strict=True))
            assert not any(a.overlaps(b) for a in regions for b in regions if a is not b)
            assert shown(pilot)[0] == "Help"


async def test_where_there_is_room_every_key_of_the_bench_is_shown(monkeypatch, tmp_path) -> None:
    async with bench((120, 40), monkeypatch, tmp_path) as pilot:
        wanted = {each.binding.description for each in pilot.app.screen.active_bindings.values() if each.binding.show}
        assert wanted <= set(shown(pilot))
        assert pilot.app.query_one(KeyBar).size.height == 3


async def test_what_one_needs_in_a_pane_stands_in_front_there(monkeypatch, tmp_path) -> None:
    async with bench((80, 24), monkeypatch, tmp_path) as pilot:
        assert shown(pilot)[:4] == ["Help", "Quick", "Connect", "Send"]
        await pilot.press("f2")
        await settled(pilot)
        assert shown(pilot)[:4] == ["Help", "Quick", "Start/stop", "accept"]
        await pilot.press("f4")
        await settled(pilot)
        assert shown(pilot)[:3] == ["Help", "Follow", "Pause"]


async def test_another_size_lays_them_anew(monkeypatch, tmp_path) -> None:
    async with bench((80, 24), monkeypatch, tmp_path) as pilot:
        few = len(shown(pilot))
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
        assert len(shown(pilot)) > few
