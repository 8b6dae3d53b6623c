"""The pictures in screenshots/: what is done in the bench before each is taken, with real sockets."""

from __future__ import annotations

import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import TextArea

from tests.pictures import Picture, wait_until
from workbench.engine.tracing.programs import program
from workbench.experiments.catalog import find
from workbench.experiments.progress import Progress
from workbench.ui.app import WorkbenchApp
from workbench.ui.experiments.screen import ExperimentScreen
from workbench.ui.parts.controls import Field, Toggle
from workbench.ui.session.bridge import Bridge
from workbench.ui.trace.bridge import TraceBridge
from workbench.ui.trace.screen import TraceScreen


def bench() -> WorkbenchApp:
    """A bench with a session of its own, in the state directory that pictures.py made."""
    return WorkbenchApp(Bridge.live())


def _close(app: App[Any]) -> None:
    assert isinstance(app, WorkbenchApp)
    app.bridge.close()


def _calls(pilot: Pilot[Any], call: str, name: str) -> int:
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    return sum(one.call == call and one.name == name for one in app.bridge.journal)


def _has_sent(pilot: Pilot[Any], times: int) -> bool:
    return _calls(pilot, "sendto", "client 1") >= times


async def _type(pilot: Pilot[Any], text: str) -> None:
    pilot.app.screen.query_one("#client TextArea", TextArea).text = text
    await pilot.pause()


async def _send(pilot: Pilot[Any], text: str) -> None:
    before = _calls(pilot, "sendall", "client 1")
    await _type(pilot, text)
    await pilot.press("ctrl+s")
    await wait_until(pilot, lambda: _calls(pilot, "sendall", "client 1") > before)


async def _recv(pilot: Pilot[Any], n: int) -> None:
    before = _calls(pilot, "recv", "client 1")
    pilot.app.screen.query_one("#client #bufsize", Field).value = str(n)
    await pilot.pause()
    await pilot.press("ctrl+r")
    await wait_until(pilot, lambda: _calls(pilot, "recv", "client 1") > before)


async def _greeting(pilot: Pilot[Any]) -> None:
    pilot.app.screen.query_one("#server #address", Field).value = "127.0.0.1:7007"  # 6789 may be in use
    await pilot.pause()
    await pilot.press("f5")
    await wait_until(pilot, lambda: _calls(pilot, "sendall", "conn 1"))


async def two_sends(pilot: Pilot[Any]) -> None:
    """Two sends, received in three pieces across their border."""
    await _greeting(pilot)
    await _send(pilot, '{"op": "hello", "name": "été"}')
    await wait_until(pilot, lambda: _calls(pilot, "sendall", "conn 1") == 2)
    await _recv(pilot, 16)
    await _recv(pilot, 16)
    await pilot.pause(0.2)


async def ladder(pilot: Pilot[Any]) -> None:
    """The same as a ladder, with what is left in the kernel at its foot."""
    await two_sends(pilot)
    await pilot.press("f4", "d")
    await pilot.pause(0.3)


async def datagrams(pilot: Pilot[Any]) -> None:
    """Datagrams of three sends in a queue, the first larger than the recv that comes next."""
    screen = pilot.app.screen
    screen.query_one("#server #auto", Toggle).action_press()
    screen.query_one("#server #address", Field).value = "udp://127.0.0.1:7008"
    await pilot.pause()
    await pilot.press("f7")
    await wait_until(pilot, lambda: _calls(pilot, "bind", "server"))
    screen.query_one("#client #address", Field).value = "udp://127.0.0.1:7008"
    await pilot.pause()
    await pilot.press("f8")
    await wait_until(pilot, lambda: _calls(pilot, "socket", "client 1"))
    screen.query_one("#client #to", Field).value = "127.0.0.1:7008"
    for sent, text in enumerate(("a datagram is taken whole", "or not at all", "")):
        await _type(pilot, text)
        await pilot.press("ctrl+s")
        await wait_until(pilot, partial(_has_sent, pilot, sent + 1))
    await pilot.press("f2")
    screen.query_one("#server #bufsize", Field).value = "10"
    await pilot.pause(0.3)


async def why(pilot: Pilot[Any]) -> None:
    """Why a recv returned what it did."""
    await two_sends(pilot)
    await pilot.press("f4", "end", "w")
    await pilot.pause(0.3)


async def blocked(pilot: Pilot[Any]) -> None:
    """A recv that waits, on a narrow screen."""
    await _greeting(pilot)
    await _recv(pilot, 1024)
    await pilot.press("ctrl+r")
    await pilot.pause(2.3)


async def refused(pilot: Pilot[Any]) -> None:
    """Errors: an address in use, and a type that the system lacks."""
    with socket.create_server(("127.0.0.1", 6790)):
        field = pilot.app.screen.query_one("#server #address", Field)
        field.value = "127.0.0.1:6790"
        await pilot.pause()
        await pilot.press("f7")
        await wait_until(pilot, lambda: _calls(pilot, "close", "server"))
    pilot.app.screen.query_one("#client #address", Field).value = "127.0.0.1:6791"
    await pilot.pause()
    await pilot.press("f8")
    await wait_until(pilot, lambda: _calls(pilot, "close", "client 1"))
    await pilot.pause(0.2)


SLOW_READER = """\
import socket
import threading
import time

listener = socket.create_server(("127.0.0.1", 0))


def client():
    own = socket.create_connection(listener.getsockname())
    for word in (b"one ", b"two ", b"three"):
        own.sendall(word)
    own.shutdown(socket.SHUT_WR)
    print("answer:", own.recv(100))
    own.close()


threading.Thread(target=client).start()
conn, peer = listener.accept()
while data := conn.recv(4):
    print("got", data)
    time.sleep(0.7)
conn.sendall(b"thanks")
conn.close()
"""


def stepped() -> WorkbenchApp:
    """A traced program whose calls wait to be let go."""
    script = Path(tempfile.mkdtemp(), "slow_reader.py")
    script.write_text(SLOW_READER)
    return WorkbenchApp(TraceBridge([program([str(script)])], step=True), kind=TraceScreen)


async def stepping(pilot: Pilot[Any]) -> None:
    """A recv of the program that is held, with what its queue holds."""
    for _ in range(60):
        await pilot.press("space")
        await pilot.pause(0.1)
        if _calls(pilot, "recv", "conn 1"):
            break
    await pilot.pause(0.8)


async def experiment(pilot: Pilot[Any]) -> None:
    """An answered experiment, with the line that proves it."""
    kept = Progress(Path(tempfile.mkdtemp(), "kept.json"))
    await pilot.app.push_screen(ExperimentScreen(find("json-extra-data"), kept))
    await pilot.press("1")
    await wait_until(pilot, lambda: pilot.app.screen.has_class("-answered"))
    await pilot.pause(0.5)


async def helped(pilot: Pilot[Any]) -> None:
    """The help."""
    await pilot.press("f1")
    await pilot.pause(0.2)


PICTURES = (
    Picture("bench", bench, two_sends, _close),
    Picture("wide", bench, two_sends, _close, columns=200, rows=50),
    Picture("narrow", bench, blocked, _close, columns=80, rows=24),
    Picture("errors", bench, refused, _close, columns=100, rows=30),
    Picture("help", bench, helped, _close, columns=80, rows=24),
    Picture("queue", bench, datagrams, _close),
    Picture("ladder", bench, ladder, _close),
    Picture("why", bench, why, _close),
    Picture("trace", stepped, stepping, _close),
    Picture("experiment", bench, experiment, _close),
)
