"""How the bench was left comes back, and set-ups and messages are saved and found again under their names."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.model.call.payload import Draft
from workbench.ui.app import WorkbenchApp
from workbench.ui.bench.composer import Composer
from workbench.ui.bench.server_pane import ServerPane
from workbench.ui.parts.controls import Choice, Field
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.preferences import Preferences
from workbench.ui.session.bridge import Bridge


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path / "socket-workbench"


@asynccontextmanager
async def bench() -> AsyncIterator[Pilot[None]]:
    """A bench as the command starts it: with what is kept of the person."""
    bridge = Bridge.live()
    app = WorkbenchApp(bridge, preferences=Preferences.read())
    app.animation_level = "none"
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            yield pilot
    finally:
        bridge.close()


async def until(pilot: Pilot[None], predicate: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not predicate():
        assert time.monotonic() < deadline
        await pilot.pause(0.02)


def field(pilot: Pilot[None], selector: str) -> Field:
    return pilot.app.screen.query_one(selector, Field)


async def test_the_forms_the_message_and_the_theme_come_back_at_the_next_start() -> None:
    async with bench() as pilot:
        field(pilot, "#server #backlog").value = "1"
        field(pilot, "#server #timeout").value = "2"
        field(pilot, "#client #bufsize").value = "4"
        pilot.app.screen.query_one(Composer).draft = Draft('{"op": 1}', "JSON")
        await pilot.press("f6")
        pilot.app.theme = "nord"
        await pilot.pause()
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)
    async with bench() as pilot:
        server = pilot.app.screen.query_one(ServerPane).settings()
        assert (server.backlog, server.timeout, server.accept_timeout) == (1, 2.0, None)
        assert field(pilot, "#client #bufsize").value == "4"
        assert pilot.app.screen.query_one(Composer).draft == Draft('{"op": 1}', "JSON")
        assert pilot.app.screen.query_one("#client #how", Choice).value == "send"
        assert pilot.app.theme == "nord"


async def test_a_set_up_and_a_message_are_saved_and_recalled() -> None:
    async with bench() as pilot:
        composer = pilot.app.screen.query_one(Composer)
        field(pilot, "#server #address").value = "udp://127.0.0.1:8080"
        composer.draft = Draft("de ad", "Hex")
        await pilot.pause()
        for letter, name in (("U", "one"), ("M", "two")):
            await pilot.press("ctrl+g", letter)
            await until(pilot, lambda: pilot.app.screen.query("#line"))
            field(pilot, "#line").value = name
            await pilot.press("enter")
            await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        field(pilot, "#server #address").value = "127.0.0.1:7"
        composer.draft = Draft("other")
        await pilot.pause()
        await pilot.press("ctrl+g", "u", "a")
        await until(pilot, lambda: "8080" in field(pilot, "#server #address").value)
        await pilot.press("ctrl+g", "m", "a")
        await until(pilot, lambda: composer.draft == Draft("de ad", "Hex"))
        settings = pilot.app.screen.query_one(ServerPane).settings()
        assert (settings.type, settings.port) == ("SOCK_DGRAM", 8080)


async def test_what_is_wrong_in_settings_toml_is_told_with_its_line_and_the_bench_starts(homes: Path) -> None:
    homes.mkdir()
    (homes / "settings.toml").write_text('[keys]\n"bench.recw" = "f10"\n')
    async with bench() as pilot:
        said = pilot.app.screen.query_one(StatusLine).text
        assert said == "settings.toml, line 2: no action is called bench.recw"


async def test_keys_are_remapped_and_given_to_actions_that_have_none(homes: Path) -> None:
    homes.mkdir()
    (homes / "settings.toml").write_text('[keys]\n"bench.toggle_send" = "f9"\n"bench.auto_accept" = "ctrl+y"\n')
    async with bench() as pilot:
        how = pilot.app.screen.query_one("#client #how", Choice)
        await pilot.press("f9")
        await until(pilot, lambda: how.value == "send")
        on = pilot.app.screen.query_one("#auto-accept").on
        await pilot.press("ctrl+y")
        await until(pilot, lambda: pilot.app.screen.query_one("#auto-accept").on != on)
