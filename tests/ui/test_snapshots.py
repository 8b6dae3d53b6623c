"""Pictures of a recorded session, compared with those in __snapshots__: fixed times and ports, dark and light."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.pictures import wait_until
from tests.ui.recording import write_story
from workbench.ui.app import WorkbenchApp
from workbench.ui.session.bridge import Bridge


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_recorded_session(snap_compare, tmp_path: Path, theme: str, size: tuple[int, int]) -> None:
    path = tmp_path / "story.swb"
    write_story(path)
    bridge = Bridge.reopened(path)
    app = WorkbenchApp(bridge, zone=UTC)
    app.theme = theme
    app.animation_level = "none"

    async def settle(pilot: Pilot[None]) -> None:
        await pilot.press("home")
        await wait_until(pilot, lambda: pilot.app.screen._watch.settled)

    assert snap_compare(app, terminal_size=size, run_before=settle)
    bridge.close()
