"""How the log and the inspector look at three sizes, with fixed times and ports: as text, and some as pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.pilot import Pilot

from tests.pictures import wait_until
from tests.ui.log.test_related import screen_text
from tests.ui.panes import state
from tests.ui.recording import CLIENT, CONN, SERVER, Session
from workbench.engine.state import Inside, Message, Queue
from workbench.model.lineage.lineage import Part
from workbench.probe import format as record_format
from workbench.ui.app import WorkbenchApp
from workbench.ui.inspector.inspector import Inspector
from workbench.ui.parts.key_bar import KeyBar
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.screen import SessionScreen

SIZES = [(80, 24), (120, 40), (200, 50)]
THEMES = ["textual-dark", "textual-light"]
FIRST, SECOND = b'{"op": "hello", "id": 7}\r\n', "été\r\n".encode()


def pair(path: Path) -> None:
    """Two sends, one recv that takes the first and the beginning of the second, and calls that say the same."""
    story = Session(path).connect().send(FIRST).send(SECOND).send(b"x" * 1000)
    for _ in range(12):
        story.call("recv", CONN, **record_format.failed("recv", BlockingIOError(11, "nothing there")), requested=99)
    story.recv(FIRST + SECOND[:3], len(FIRST) + 3, left=1004).recv(SECOND[3:] + b"x" * 60, 64, left=940)
    story.send(b"answer", CONN).recv(b"answer", 1024, socket=CLIENT)
    story.note(4, "the é is cut in two", bookmark=True).recorder.close()


def error(path: Path) -> None:
    """A connect that nobody answers, and one that failed with a name."""
    story = Session(path).fail()
    taken = OSError(98, "Address already in use")
    story.call("bind", SERVER, **record_format.failed("bind", taken, [("127.0.0.1", 6789)]))
    story.recorder.close()


def datagrams(path: Path) -> None:
    """Two datagrams to an address, of which one is received."""
    story = Session(path)
    for data in (b"a datagram is taken whole", b"or not at all"):
        tail = {"args": [["127.0.0.1", 7008]], "peer": ["127.0.0.1", 7008]}
        facts = {"flags": record_format.DATAGRAM, "result": len(data), "requested": len(data), "data": data}
        story.call("sendto", CLIENT, tail=tail, **facts)
    story.recorder.close()


CUT = Queue(False, total=1004, offset=29, head=SECOND[3:] + b"x" * 200, memory=2304, room=131072)
MESSAGES = Queue(
    True,
    total=38,
    messages=(Message(25, b"a datagram is taken whole", ["127.0.0.1", 50312]), Message(13, b"or not at all", None)),
    memory=3000,
    room=212992,
)


class Watching(SessionScreen):
    """A recording beside an endpoint that seems to run: it has a queue."""

    FIRST_TAB: ClassVar[str] = "Queue"
    IS_LIVE: ClassVar[bool] = True
    queue: ClassVar[Queue]
    parts: ClassVar[tuple[Part, ...]]
    endpoint: ClassVar[dict[str, Any]]

    def __init__(self, bridge: Bridge, *, zone: tzinfo | None = None) -> None:
        super().__init__(bridge, zone=zone, classes="-v-log")

    def draw(self) -> None:
        shown = state(**self.endpoint)
        self.query_one(Inspector).show(shown, Inside(queue=self.queue), self.parts, 0.0, self._hue)


class Stream(Watching):
    queue: ClassVar[Queue] = CUT
    parts: ClassVar[tuple[Part, ...]] = (Part(4, 3, 7), Part(5, 0, 1000))
    endpoint: ClassVar[dict[str, Any]] = {"name": "conn 1", "bufsize": 64}


class Messages(Watching):
    queue: ClassVar[Queue] = MESSAGES
    parts: ClassVar[tuple[Part, ...]] = (Part(1, 0, 25), Part(2, 0, 13))
    endpoint: ClassVar[dict[str, Any]] = {"name": "server", "type": "SOCK_DGRAM", "bufsize": 10, "peer": None}


Scene = tuple[Callable[[Path], None], type[SessionScreen], tuple[str, ...]]
SCENES: dict[str, Scene] = {
    "pair": (pair, SessionScreen, ("home", "down", "down", "v")),
    "queue": (pair, Stream, ("end",)),
    "datagrams": (datagrams, Messages, ("end",)),
    "error": (error, SessionScreen, ("home", "w")),
    "findings": (pair, Stream, ("end", "w")),
}


def app_of(scene: str, folder: Path, theme: str) -> WorkbenchApp:
    write, kind, _ = SCENES[scene]
    path = folder / "story.swb"
    write(path)
    app = WorkbenchApp(Bridge.reopened(path), zone=UTC, kind=kind)
    app.theme = theme
    app.animation_level = "none"
    return app


async def play(pilot: Pilot[None], scene: str) -> None:
    await pilot.pause()
    for foot in (KeyBar, StatusLine):  # they have tests of their own
        pilot.app.screen.query_one(foot).display = False
    for key in SCENES[scene][2]:
        await pilot.press(key)
        await pilot.pause()
    inspector = pilot.app.screen.query_one(Inspector)
    await wait_until(pilot, lambda: pilot.app.screen._watch.settled)
    await wait_until(pilot, lambda: not inspector.region.area or " ─ " in str(inspector.border_title))
    await pilot.pause()


def squeezed(text: str) -> str:
    """Leave out of the screen all but one of equal lines in succession."""
    lines = ((line, len(list(run))) for line, run in groupby(line.rstrip() for line in text.splitlines()))
    return "\n".join(line if count == 1 else f"{line} ×{count}" for line, count in lines)


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
@pytest.mark.parametrize("scene", SCENES)
async def test_the_text(snapshot, tmp_path: Path, scene: str, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    app = app_of(scene, tmp_path, THEMES[0])
    async with app.run_test(size=size) as pilot:
        await play(pilot, scene)
        assert squeezed(screen_text(app)) == snapshot
    app.bridge.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("scene", "size"), [("queue", (120, 40)), ("datagrams", (80, 24))], ids=["queue", "datagrams"])
def test_the_picture(snap_compare, tmp_path: Path, scene: str, size: tuple[int, int], theme: str) -> None:  # type: ignore[no-untyped-def]
    app = app_of(scene, tmp_path, theme)

    async def before(pilot: Pilot[None]) -> None:
        await play(pilot, scene)

    assert snap_compare(app, terminal_size=size, run_before=before)
    app.bridge.close()
