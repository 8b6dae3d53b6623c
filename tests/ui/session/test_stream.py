"""The conversation of one connection on screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui.recording import CLIENT, CONN, Session
from workbench.ui.app import WorkbenchApp
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.stream import StreamScreen, StreamView


def texts(pilot: Pilot[None]) -> list[str]:
    screen = pilot.app.screen
    assert isinstance(screen, StreamScreen)
    return [f"{'>' if line.sent else '<'} {line.text}" for line in screen.lines]


async def test_text_lens_hex_copy_and_what_comes_later(tmp_path: Path) -> None:
    session = Session(tmp_path / "s").connect()
    session.send(b"one\ntw").send(b"o\n").recv(b"one\ntwo\n", 99).send(b"yes\x1b[2J", CONN)
    session.recv(b"yes\x1b[2J", 99, socket=CLIENT)
    bridge = Bridge.reopened(tmp_path / "s")
    app = WorkbenchApp(bridge)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        await pilot.press("home", "down", "down", "o")
        await pilot.pause(0.1)
        assert texts(pilot) == ["> one", "> tw", "> o", "< yes·[2J"]
        drawn = app.screen.query_one(StreamView).render_line(3).text
        assert drawn.startswith("← #7     yes·[2J")
        await pilot.press("l")
        assert texts(pilot) == ["> line one  (4 bytes)", "> line two  (4 bytes)"]
        await pilot.press("h")
        assert texts(pilot)[0].startswith("> 0000 6f 6e 65 0a")
        await pilot.press("t")
        session.send(b"more")
        for _ in range(100):
            if len(texts(pilot)) == 5:
                break
            await pilot.pause(0.02)
        assert texts(pilot)[-1] == "> more"
        await pilot.press("c")
        assert app.clipboard == "one\ntw\no\nyes·[2J\nmore"
        await pilot.press("escape")
        assert not isinstance(app.screen, StreamScreen)
    bridge.close()


def state(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one(StreamView).border_subtitle)


async def test_what_a_lens_has_not_cut_yet_and_a_socket_that_moved_nothing(tmp_path: Path) -> None:
    Session(tmp_path / "s").connect().send(b"one\ntw").recorder.close()
    bridge = Bridge.reopened(tmp_path / "s")
    async with WorkbenchApp(bridge).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        await pilot.press("home", "o", "l")
        await until(lambda: state(pilot) == "→ a frame of which 2 bytes have come so far")
        redrawn: list[object] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pilot.app.screen.query_one(StreamView), "refresh", lambda *what, **how: redrawn.append(what))
            pilot.app.screen.tick()  # type: ignore[attr-defined]
        assert redrawn == []  # nothing new: nothing to draw
        await pilot.press("escape", "down", "o")
        await until(lambda: state(pilot) == "it has sent and received nothing")
    bridge.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
