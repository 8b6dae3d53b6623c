"""What the screen of a recording says of its file: how much was read, what could not be, that it still grows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.recording import Session, write_story
from workbench.ui.app import WorkbenchApp
from workbench.ui.parts.controls import ErrorLine, Field
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.session.bridge import Bridge


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError(subtitle(pilot))


def subtitle(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#log-frame").border_subtitle or "")


def drawn(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def damaged(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:400] + b"\xff" * 9 + whole[409:])


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (damaged, "bytes could not be read"),
        (cut_off, "the end is missing: the program was killed, or is still running"),
    ],
)
async def test_what_could_not_be_read_is_said_and_all_else_is_shown(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "s"
    write_story(path)
    harm(path)
    bridge = Bridge.reopened(path)
    async with WorkbenchApp(bridge).run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: said in subtitle(pilot))
        assert len(bridge.journal) >= 8
    bridge.close()


async def test_a_narrow_screen_says_it_too_and_spends_a_row_on_it_only_then(tmp_path: Path) -> None:
    session = Session(tmp_path / "s").connect()
    bridge = Bridge.reopened(tmp_path / "s")
    async with WorkbenchApp(bridge).run_test(size=(80, 24)) as pilot:
        log = pilot.app.screen.query_one("#log")
        await until(pilot, lambda: "being written just now: new calls are shown" in drawn(pilot))
        rows = log.size.height
        session.recorder.close()
        await until(pilot, lambda: log.size.height == rows + 1)
    bridge.close()


async def test_nothing_is_said_of_a_whole_file(tmp_path: Path) -> None:
    write_story(tmp_path / "s")
    bridge = Bridge.reopened(tmp_path / "s")
    async with WorkbenchApp(bridge).run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "calls" in str(pilot.app.screen.query_one("#log-frame").border_title))
        assert subtitle(pilot) == ""
    bridge.close()


async def test_a_file_that_is_being_written_is_followed(tmp_path: Path) -> None:
    session = Session(tmp_path / "s").connect()
    bridge = Bridge.reopened(tmp_path / "s")
    async with WorkbenchApp(bridge).run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "being written just now" in subtitle(pilot))
        session.send(b"more")
        await until(pilot, lambda: len(bridge.journal) == 3)
        session.recorder.close()
        await until(pilot, lambda: subtitle(pilot) == "")
    bridge.close()


async def test_a_bench_whose_file_is_nearly_full_says_so_and_what_it_did_not_keep(tmp_path: Path) -> None:
    bridge = Bridge.live(tmp_path / "s", limit=2000)
    recorder = bridge._recorder
    assert recorder is not None
    async with WorkbenchApp(bridge).run_test(size=(120, 40)) as pilot:
        while (tmp_path / "s").stat().st_size < 1850:
            recorder.call(22, (1, 1), 0, 1)
        await until(pilot, lambda: "% of the 1.953 KiB that it may have" in subtitle(pilot))
        recorder.call(10, (1, 1), 0, 1, data=bytes(500))
        await until(
            pilot,
            lambda: subtitle(pilot) == "1 call was not kept (full disk, size limit, or interrupted)",
        )
    bridge.close()


async def test_another_session_is_opened_over_the_bench_and_left_again(tmp_path: Path) -> None:
    write_story(tmp_path / "story.swb")
    (tmp_path / "other.txt").write_text("no session")
    bridge = Bridge.live(tmp_path / "s")
    app = WorkbenchApp(bridge)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+g", "o")
        await pilot.pause()
        field = app.screen.query_one("#line", Field)
        field.value = str(tmp_path / "stor")
        await until(pilot, lambda: field._suggestion.endswith("story.swb"))
        await pilot.press("right", "enter")
        await until(pilot, lambda: "log of story.swb" in str(app.screen.query_one("#log-frame").border_title))
        await pilot.press("escape")
        await until(pilot, lambda: "F4 log" in str(app.screen.query_one("#log-frame").border_title))
        for name, said in (("nowhere", "There is no file"), ("", "Type the name")):
            await pilot.press("ctrl+g", "o")
            await pilot.pause()
            app.screen.query_one("#line", Field).value = name
            await pilot.press("enter")
            await until(pilot, lambda said=said: said in app.screen.query_one(ErrorLine).sentence)
            await pilot.press("escape")
        await pilot.press("ctrl+g", "o")
        await pilot.pause()
        app.screen.query_one("#line", Field).value = str(tmp_path / "other.txt")
        await pilot.press("enter")
        await until(pilot, lambda: "is not a session file" in app.screen.query_one(StatusLine).text)
    bridge.close()
