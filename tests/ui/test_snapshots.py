"""Pictures of a recorded session, compared with those in __snapshots__: fixed times and ports, dark and light."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

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
    assert snap_compare(app, terminal_size=size, press=["home"])
    bridge.close()
