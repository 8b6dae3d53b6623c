"""Programs under trace on screen: real programs, keys, and what the screen says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.tracing import write
from tests.ui.bench.test_screen import Desk, bench
from workbench.engine.tracing.programs import program
from workbench.ui.app import WorkbenchApp
from workbench.ui.kernel.queue_view import QueueView
from workbench.ui.log.view import LogView
from workbench.ui.parts.confirm import Confirm
from workbench.ui.parts.controls import ErrorLine
from workbench.ui.parts.endpoint_list import EndpointList
from workbench.ui.parts.piece_view import PieceView
from workbench.ui.parts.prompt import Prompt
from workbench.ui.trace.blocked_calls import BlockedCalls
from workbench.ui.trace.bridge import TraceBridge
from workbench.ui.trace.calling_line import CallingLine
from workbench.ui.trace.held_call import HeldCall
from workbench.ui.trace.output_view import OutputView
from workbench.ui.trace.screen import TraceScreen

TALK = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
conn, _ = listener.accept()
client.sendall(b"hello world")
print("took", conn.recv(5))
client.recv(10)
"""


@pytest.fixture(autouse=True)
def state_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


class Traced(Desk):
    """A traced program on screen."""

    @property
    def screen(self) -> TraceScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, TraceScreen))

    def text(self, kind: type[PieceView]) -> str:
        return "\n".join(self.screen.query_one(kind).text())

    def sockets(self) -> list[str]:
        return list(self.screen.query_one(EndpointList)._rows)

    def output(self) -> str:
        return self.screen.query_one(OutputView).text()

    def queue(self) -> str:
        return self.text(QueueView)

    def title(self) -> str:
        return str(self.screen.query_one("#sockets-frame").border_title)


@asynccontextmanager
async def traced(path: Path, source: str, size: tuple[int, int] = (120, 40), **options) -> AsyncIterator[Traced]:
    name = write(path, "talk.py", source)
    bridge = TraceBridge([program([str(path / name)])], path / "session.swb", **options)
    app = WorkbenchApp(bridge, kind=TraceScreen)
    app.animation_level = "none"
    try:
        async with app.run_test(size=size) as pilot:
            yield Traced(app, pilot)
    finally:
        bridge.close()


async def test_a_program_is_seen_while_it_runs(tmp_path) -> None:
    async with traced(tmp_path, TALK) as desk:
        await desk.until(lambda: re.search(r"client 1 blocked in recv\(10\) for \d", desk.text(BlockedCalls)))
        await desk.until(lambda: "LISTEN" in "".join(desk.sockets()))
        server, conn, client = desk.sockets()
        assert server.startswith("server 127.0.0.1:")
        assert server.endswith(" LISTEN")
        assert conn.endswith(" ESTAB in 5 out 0")
        assert client.endswith(" ESTAB in 0 out 11")
        assert "▸8 client.recv(10)" in desk.text(CallingLine)
        assert desk.output() == "took b'hello'"
        assert desk.title() == "F2 talk.py · running"
        await desk.press("down")
        await desk.until(lambda: "6 bytes queued" in desk.queue())
        await desk.press("down")
        await desk.until(lambda: "has to wait for bytes" in desk.queue())


async def test_a_program_is_ended_after_asking(tmp_path) -> None:
    async with traced(tmp_path, TALK) as desk:
        await desk.until(lambda: "recv(10)" in desk.text(BlockedCalls))
        await desk.press("ctrl+c")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("n")
        assert desk.title().endswith("running")
        await desk.press("ctrl+c")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("y")
        await desk.until(lambda: desk.title() == "F2 talk.py · exit code 130")
        await desk.until(lambda: "KeyboardInterrupt" in desk.output())
        await desk.until(lambda: all("closed" in row or "TIME-WAIT" in row for row in desk.sockets()))


async def test_a_program_that_ends_by_itself_leaves_its_log_and_its_exit_code(tmp_path) -> None:
    async with traced(tmp_path, "import socket, sys\nsocket.socket().close()\nsys.exit(3)\n", (80, 24)) as desk:
        await desk.until(lambda: desk.title() == "F2 talk.py · exit code 3")
        await desk.until(lambda: desk.calls() == ["socket", "close"])
        await desk.press("escape")
        await desk.until(lambda: not desk.app.is_running or desk.app._exit)


async def test_the_bench_traces_a_program_that_one_names_and_ends_it_when_it_is_left(tmp_path) -> None:
    name = str(tmp_path / write(tmp_path, "talk.py", TALK))
    async with bench() as desk:
        await desk.press("ctrl+g", "t")
        await desk.until(lambda: isinstance(desk.app.screen, Prompt))
        desk.field("#line").value = "nothing.py"
        await desk.press("enter")
        assert "nothing.py does not exist" in desk.app.screen.query_one(ErrorLine).sentence
        desk.field("#line").value = name
        await desk.press("enter")
        shown = Traced(desk.app, desk.pilot)
        await desk.until(lambda: isinstance(desk.app.screen, TraceScreen))
        run, session = shown.screen._traced.run, shown.screen._traced.path
        await desk.until(lambda: "recv(10)" in shown.text(BlockedCalls))
        await desk.press("escape")
        await desk.until(lambda: isinstance(desk.app.screen, Confirm))
        await desk.press("y")
        await desk.until(lambda: not isinstance(desk.app.screen, TraceScreen | Confirm))
        assert run.code == 130
        await desk.until(lambda: not session.exists())
        assert desk.journal.path.exists()


async def test_step_by_step_the_queue_is_seen_before_and_after_each_call(tmp_path) -> None:
    async with traced(tmp_path, TALK, step=True) as desk:

        async def step_to(waits: str) -> str:
            await desk.until(lambda: waits in desk.text(HeldCall))
            return desk.text(HeldCall)

        first = await step_to("waits: socket(AF_INET, SOCK_STREAM, 0)")
        assert "space lets it go" in first
        assert desk.calls() == []
        for call in ("setsockopt(", "bind(", "listen(", "getsockname()", "socket(", "connect(", "accept()"):
            await desk.press("space")
            await step_to(f"waits: {call}")
        await desk.press("space")
        await step_to("client 1 waits: sendall(b'hello world')")
        assert "sendall" not in desk.calls()
        assert '‖6 client.sendall(b"hello world")' in desk.text(CallingLine)
        await desk.press("space")
        await step_to("conn 1 waits: recv(5)")
        await desk.until(lambda: "next recv(5) takes 5, leaves 6" in desk.queue())
        assert "68 65 6c 6c 6f" in desk.queue(), "the probe looked into the queue"
        await desk.press("f8")
        await step_to("client 1 waits: recv(10)")
        assert "conn 1 recv returned · queue: 11 bytes before, 6 bytes after" in desk.text(HeldCall)
        await desk.press("f5")
        await desk.until(lambda: "client 1 blocked in recv(10)" in desk.text(BlockedCalls))
        assert not desk.screen.query_one(HeldCall).display


async def test_running_on_until_a_stop(tmp_path) -> None:
    async with traced(tmp_path, TALK, (80, 24), step=True) as desk:
        await desk.until(lambda: "waits: socket(" in desk.text(HeldCall))
        await desk.press("f6")
        await desk.until(lambda: isinstance(desk.app.screen, Prompt))
        desk.field("#line").value = " conn  1, error "
        await desk.press("enter")
        await desk.press("f5")
        await desk.until(lambda: "conn 1 waits: recv(5)" in desk.text(HeldCall))
        assert desk.calls()[-1] == "sendall"
        await desk.press("f5")
        await desk.until(lambda: "running on until conn 1, error" in desk.text(HeldCall))


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_a_terminal_gets_the_programs_exit_code(tmp_path, columns: int, rows: int) -> None:
    hostile = 'import socket\nprint("\\x1b]0;pwned\\x07[/nope]", flush=True)\nsocket.create_server(("", 0)).accept()\n'
    write(tmp_path, "hostile.py", hostile)
    words = [sys.executable, "-m", "workbench", "trace", "--tui", "hostile.py"]
    with Terminal(words, columns=columns, rows=rows, cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("blocked in accept()")
        terminal.press("f3")
        terminal.wait_for("[/nope]")
        terminal.wait_for("3 socket.create_server")
        terminal.press("f4", "ctrl+q")
        assert terminal.exit_code() == 130
    assert b"\x1b]0;pwned" not in terminal.raw


def test_steps_on_a_terminal(tmp_path) -> None:
    write(tmp_path, "talk.py", TALK)
    words = [sys.executable, "-m", "workbench", "trace", "--tui", "--step", "talk.py"]
    with Terminal(words, cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("waits: socket(AF_INET, SOCK_STREAM, 0)")
        terminal.press("space")
        terminal.wait_for("waits: setsockopt(")
        terminal.press("f5")
        terminal.wait_for("client 1 blocked in recv(10)")
        terminal.press("ctrl+c")
        terminal.wait_for("End talk.py?")
        terminal.press("y")
        terminal.wait_for("exit code 130")
        terminal.press("escape")
        assert terminal.exit_code() == 130


def test_step_needs_the_screen(tmp_path) -> None:
    words = [sys.executable, "-m", "workbench", "trace", "--step", write(tmp_path, "talk.py", TALK)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--step needs --tui" in done.stderr


async def test_escape_ends_the_search_of_the_log_and_not_the_program(tmp_path) -> None:
    async with traced(tmp_path, TALK) as desk:
        await desk.until(lambda: re.search(r"client 1 blocked in recv\(10\) for \d", desk.text(BlockedCalls)))
        await desk.press("f4", "slash")
        await desk.until(lambda: desk.screen.query("#query"))
        await desk.press(*"hello", "enter")
        log = desk.screen.query_one(LogView)
        await desk.until(lambda: log.has_focus and 0 < len(log.rows) < len(desk.journal))
        await desk.press("escape")
        assert len(log.rows) == len(desk.journal)
        assert desk.app.screen is desk.screen
        assert not desk.screen.query_one("#filter").display
