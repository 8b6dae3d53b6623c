"""What fails outside of the program is one sentence, and the bench goes on: any OSError, in any action."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from workbench.ui.app import WorkbenchApp
from workbench.ui.bench import actions
from workbench.ui.bench.screen import BenchScreen
from workbench.ui.parts.controls import ErrorLine, Field
from workbench.ui.parts.paths import cannot_be_opened, cannot_be_written
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.parts.survivor import sentence
from workbench.ui.session.bridge import Bridge

ERRORS = ["EMFILE", "ENFILE", "ENOMEM", "EACCES", "EPERM", "ENOSPC", "EDQUOT", "EROFS", "ENAMETOOLONG", "ELOOP", "EIO"]
ACTIONS = sorted({binding.action for _, binding in BenchScreen(Bridge.__new__(Bridge))._bindings if binding.id})


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


@asynccontextmanager
async def bench() -> AsyncIterator[Pilot[None]]:
    bridge = Bridge.live()
    app = WorkbenchApp(bridge)
    app.animation_level = "none"
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            yield pilot
    finally:
        bridge.close()


def said(pilot: Pilot[None]) -> str:
    return pilot.app.screen_stack[0].query_one(StatusLine).text


async def goes_on(pilot: Pilot[None]) -> None:
    """The bench still does what it is told."""
    await pilot.press("f6")
    await pilot.pause()
    assert said(pilot) == "The composer's call is send."
    await pilot.press("f6")
    await pilot.pause()


def failing(error: str):
    def fail(*_: object, **__: object) -> None:
        raise OSError(getattr(errno, error), os.strerror(getattr(errno, error)), "/some/file")

    return fail


async def test_each_error_in_each_action_is_a_sentence_and_the_bench_goes_on(monkeypatch) -> None:
    assert len(ACTIONS) > 35
    async with bench() as pilot:
        screen = pilot.app.screen
        for number, action in enumerate(ACTIONS):
            if action == "toggle_send":
                continue
            error = ERRORS[number % len(ERRORS)]
            name = action.partition("(")[0]
            with monkeypatch.context() as patch:
                patch.setattr(screen, f"action_{name}", failing(error), raising=False)
                patch.setattr(screen, "why_not", lambda action: "")
                pilot.app.call_later(pilot.app.run_action, action, screen)
                await pilot.pause()
                assert f"({error})" in said(pilot), action
        await goes_on(pilot)


@pytest.mark.parametrize("error", ERRORS)
async def test_an_error_in_a_wish_a_worker_and_a_timer(error: str, monkeypatch) -> None:
    async with bench() as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(Bridge, "pull", failing(error))
            await pilot.pause(0.2)
            assert f"({error})" in said(pilot)
        await goes_on(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(actions.Bench, "open_client", failing(error))
            await pilot.press("f8")
            await pilot.pause(0.1)
            assert f"({error})" in said(pilot)
        await goes_on(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(actions, "carry_out", failing(error))
            await pilot.press("f9")
            pilot.app.screen.post_message(actions.wishes.StopWanted())
            await pilot.pause(0.1)
            assert f"({error})" in said(pilot)
        await goes_on(pilot)


async def test_no_memory_is_told_likewise(monkeypatch) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    async with bench() as pilot:
        monkeypatch.setattr(pilot.app.screen, "action_accept", no_memory)
        monkeypatch.setattr(pilot.app.screen, "why_not", lambda action: "")
        await pilot.press("f9")
        await pilot.pause()
        assert said(pilot) == "That was not done: there is no memory left."


async def press_what_divides_by_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench() as pilot:
        monkeypatch.setattr(pilot.app.screen, "action_accept", lambda: 1 // 0)
        monkeypatch.setattr(pilot.app.screen, "why_not", lambda action: "")
        await pilot.press("f9")
        await pilot.pause()


async def test_a_fault_of_the_program_still_ends_it(monkeypatch) -> None:
    with pytest.raises(ZeroDivisionError):
        await press_what_divides_by_zero(monkeypatch)


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, str]:
    """Names that no plain file has."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    (tmp_path / "plain").write_text("")
    return {
        "a FIFO": str(tmp_path / "fifo"),
        "a device": "/dev/full",
        "a loop of links": str(tmp_path / "one"),
        "below a loop": str(tmp_path / "one" / "x"),
        "below a file": str(tmp_path / "plain" / "x"),
        "too long": str(tmp_path / ("x" * 300)),
        "a NUL": "a\0b",
        "an unknown home": "~nobody-of-that-name/x",
        "nothing": " ",
    }


def test_odd_names_are_refused_in_a_sentence(odd: dict[str, str]) -> None:
    for what, name in odd.items():
        assert cannot_be_opened(name), what
        assert cannot_be_written(name), what


async def test_odd_names_typed_where_a_file_is_asked_for_are_refused_there(odd: dict[str, str]) -> None:
    async with bench() as pilot:
        for letter in ("o", "s"):
            await pilot.press("ctrl+g", letter)
            await pilot.pause(0.1)
            field = pilot.app.screen.query_one("#line", Field)
            for what, name in odd.items():
                field.value = name
                await pilot.press("enter")
                await pilot.pause()
                assert pilot.app.screen.query_one(ErrorLine).sentence, what
            await pilot.press("escape")
            await pilot.pause()
        await goes_on(pilot)


def test_a_sentence_names_the_file_the_error_and_a_remedy() -> None:
    problem = OSError(errno.ENOSPC, "No space left on device", "/tmp/a\x1b[2Jb")
    assert sentence(problem) == (
        "That was not done: /tmp/a·[2Jb: No space left on device (ENOSPC): free some, or take another disk."
    )
    assert sentence(OSError("half done")) == "That was not done: half done."
