"""The line above the log that filters it: what is typed, what is shown, and how one gets back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.recording import CLIENT, CONN, Session
from workbench.ui.app import WorkbenchApp
from workbench.ui.log.filter import LogFilter
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import ErrorLine
from workbench.ui.session.bridge import Bridge


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[tuple[Pilot[None], LogView]]:
    bridge = Bridge.reopened(path)
    app = WorkbenchApp(bridge)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.1)
        yield pilot, app.screen.query_one(LogView)
    bridge.close()


def shown(log: LogView) -> list[int]:
    """Return the seqs of the calls in the log."""
    return [log.rows.call(entry) + 1 for entry in range(len(log.rows))]


async def ask(pilot: Pilot[None], words: str) -> None:
    await pilot.press("slash")
    await pilot.pause()
    pilot.app.screen.query_one("#query").value = words
    await pilot.press("enter")
    await pilot.pause(0.1)


def conversation(path: Path) -> Session:
    session = Session(path).connect()
    session.send(b"say hello").recv(b"say hel", 7, left=2).recv(b"lo", 7)
    session.send(b"bye", CONN).recv(b"bye", 7, socket=CLIENT)
    return session


async def test_only_what_is_found_is_shown_and_escape_shows_all_again(tmp_path: Path) -> None:
    conversation(tmp_path / "s")
    async with opened(tmp_path / "s") as (pilot, log):
        await ask(pilot, "hello")
        assert shown(log) == [3, 4, 5]
        assert log.has_focus
        assert "3 calls" in str(pilot.app.screen.query_one("#found").render())
        await ask(pilot, "socket:conn 1 dir:out")
        assert shown(log) == [6]
        await pilot.press("escape")
        assert shown(log) == [1, 2, 3, 4, 5, 6, 7]
        assert not pilot.app.screen.query_one(LogFilter).display


async def test_a_search_that_is_done_draws_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation(tmp_path / "s").recorder.close()
    async with opened(tmp_path / "s") as (pilot, _):
        await ask(pilot, "hello")
        updates: list[object] = []
        monkeypatch.setattr(pilot.app.screen.query_one("#found"), "update", updates.append)
        pilot.app.screen.query_one(LogFilter).tick()
        assert updates == []


async def test_hits_are_gone_through_with_a_key_also_when_all_is_shown(tmp_path: Path) -> None:
    conversation(tmp_path / "s")
    async with opened(tmp_path / "s") as (pilot, log):
        await ask(pilot, "dir:in")
        await pilot.press("escape", "home")
        seen = []
        for key in ("f", "f", "f", "f", "F"):
            await pilot.press(key)
            seen.append((log.selected or 0) + 1)
        assert seen == [4, 5, 7, 7, 5]


async def test_a_wrong_word_is_a_sentence_below_the_field(tmp_path: Path) -> None:
    conversation(tmp_path / "s")
    async with opened(tmp_path / "s") as (pilot, log):
        await ask(pilot, "dir:up")
        assert (
            pilot.app.screen.query_one(LogFilter).query_one(ErrorLine).sentence.startswith("dir:up says no direction")
        )
        assert len(shown(log)) == 7
        await pilot.press("escape")
        assert log.has_focus


async def test_what_comes_later_is_searched_too(tmp_path: Path) -> None:
    session = conversation(tmp_path / "s")
    async with opened(tmp_path / "s") as (pilot, log):
        await ask(pilot, "again")
        assert shown(log) == []
        session.send(b"once ag").calls(3).send(b"ain")
        for _ in range(40):
            await pilot.pause(0.05)
            if shown(log) == [8, 12]:
                break
        assert shown(log) == [8, 12]
