"""Pictures of the bench before anything runs: the first steps, and the forms where it is narrow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.ui.app import WorkbenchApp
from workbench.ui.session.bridge import Bridge

THEMES = ["textual-dark", "textual-light"]
SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x50": (200, 50)}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkbenchApp]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    bridge = Bridge.live()
    app = WorkbenchApp(bridge)
    app.animation_level = "none"
    yield app
    bridge.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_first_card(snap_compare, app: WorkbenchApp, theme: str, size: str) -> None:
    app.theme = theme
    assert snap_compare(app, terminal_size=SIZES[size])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("pane", ["server", "client"])
def test_a_narrow_form_with_all_its_fields(snap_compare, app: WorkbenchApp, theme: str, pane: str) -> None:
    async def until(pilot, selector: str) -> None:
        deadline = time.monotonic() + 20
        while not any(widget.region.area for widget in pilot.app.screen.query(selector)):
            assert time.monotonic() < deadline
            await pilot.pause(0.05)

    async def open_all(pilot) -> None:
        await until(pilot, "#client")
        await pilot.press("f2" if pane == "server" else "f3")
        await until(pilot, f"#{pane}")
        pilot.app.screen.query_one(f"#{pane}").more(True)
        await until(pilot, f"#{pane} #nodelay")

    app.theme = theme
    assert snap_compare(app, terminal_size=SIZES["80x24"], run_before=open_all)
