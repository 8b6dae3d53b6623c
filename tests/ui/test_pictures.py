from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input, Label

from tests.pictures import Picture, main, take, wait_until


class Small(App[None]):
    def compose(self) -> ComposeResult:
        yield Label("waiting", id="said")
        yield Input("typed")

    def on_mount(self) -> None:
        self.set_timer(0.05, lambda: self.query_one("#said", Label).update("there it is"))


async def arrived(pilot: Pilot[Any]) -> None:
    await wait_until(pilot, lambda: "there" in str(pilot.app.query_one("#said", Label).render()))


SMALL = Picture("small", Small, arrived, title="a small app", columns=40, rows=8)


async def test_a_picture_shows_the_screen_after_its_scene() -> None:
    svg = await take(SMALL)
    text = svg.replace("&#160;", " ")
    assert "there it is" in text
    assert "waiting" not in text
    assert "a small app" in text


async def test_a_picture_taken_again_is_the_same_and_fetches_nothing() -> None:
    svg = await take(SMALL)
    assert await take(SMALL) == svg
    assert "url(http" not in svg.replace('"', "")
    assert 'id="small-clip-terminal"' in svg


def test_the_command_writes_the_pictures_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    other = Picture("other", Small, arrived)
    main(["small", "--to", str(tmp_path)], pictures=[SMALL, other])
    assert [path.name for path in tmp_path.iterdir()] == ["small.svg"]
    assert capsys.readouterr().out == f"{tmp_path / 'small.svg'}\n"


def test_an_unknown_picture_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nothing"], pictures=[SMALL])
    assert "no picture is called nothing" in capsys.readouterr().err


async def test_a_scene_that_never_comes_ends_with_an_error() -> None:
    async def never(pilot: Pilot[Any]) -> None:
        await wait_until(pilot, lambda: False, timeout=0.1)

    with pytest.raises(TimeoutError, match="not true within"):
        await take(Picture("never", Small, never))
