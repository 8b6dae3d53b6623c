"""The real program on a real terminal, with a plain Python program outside."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.ui.recording import Session
from workbench.probe import format as record_format
from workbench.probe.format import CODE
from workbench.probe.tail import dumps
from workbench.ui.terminal import NONE

HOSTILE = b"\x1b]0;pwned\x07\x1b[2J\x1b[31m[/nope][bold]\r\n\x00\xff\xe2\x80\xae"


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture(params=[(80, 24), (120, 40)], ids=["80x24", "120x40"])
def terminal(request, tmp_path) -> Iterator[Terminal]:
    columns, rows = request.param
    env = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "TERM": "xterm-256color"}
    with Terminal([sys.executable, "-m", "workbench"], columns=columns, rows=rows, env=env) as running:
        running.wait_for("F4 log")
        yield running


def start_server(terminal: Terminal, port: int) -> None:
    terminal.press("f2")
    terminal.wait_until(lambda: is_selected(terminal, "address", "127.0.0.1:6789"), what="the address selected")
    terminal.send_keys(f"127.0.0.1:{port}".encode())  # what stood there is selected
    terminal.wait_for(f"address 127.0.0.1:{port}")
    terminal.press("f7")
    terminal.wait_for("listen(5)")


def leave(terminal: Terminal) -> None:
    """Leave without keeping the calls."""
    terminal.press("ctrl+q")
    terminal.wait_for("is kept nowhere yet")
    terminal.press("t")
    assert terminal.exit_code() == 0


def is_selected(terminal: Terminal, label: str, value: str) -> bool:
    """Whether the value after a label stands on another colour than the rest of its field: it has the focus."""
    for row, line in enumerate(terminal.lines()):
        if (at := line.find(f"{label} {value}")) >= 0:
            cells, start = terminal.screen.buffer[row], at + len(label) + 1
            return bool(cells[start].bg != cells[start + len(value) + 2].bg)
    return False


def test_a_plain_program_is_served_and_seen(terminal, free_port) -> None:
    start_server(terminal, free_port)
    with socket.create_connection(("127.0.0.1", free_port), timeout=5) as program:
        program.sendall(b"Hey~~~")
        assert program.recv(1000) == b"Hey~~~"
    terminal.press("f4")
    terminal.wait_for("48 65 79 7e 7e 7e")
    terminal.wait_for("end of stream")
    leave(terminal)


def test_no_byte_from_outside_steers_the_terminal(terminal, free_port) -> None:
    start_server(terminal, free_port)
    terminal.press("f4")
    with socket.create_connection(("127.0.0.1", free_port), timeout=5) as program:
        program.sendall(HOSTILE)
        assert program.recv(1000) == HOSTILE
    terminal.wait_for("1b 5d 30 3b")
    for shown_as in ("u", "u", "u"):  # the text column as UTF-8, as GBK, as ASCII again
        terminal.press(shown_as)
        terminal.wait_for("Text column")
    terminal.press("c", "y", "x", "m")
    leave(terminal)
    assert b"\x1b]0;pwned" not in terminal.raw
    assert b"\x1b[31m[/nope]" not in terminal.raw
    assert "\u202e".encode() not in terminal.raw


def hostile_recording(path: Path) -> Path:
    """Write a session in which every text that can come from outside would steer a terminal."""
    text = HOSTILE.decode("latin-1") + "e\u0301\u202e"
    session, socket = Session(path), (9, 9)
    tail = {"args": [["127.0.0.1", 9]], "error": [text, text]}
    name = session.recorder.text(text)
    for call, facts in (
        ("connect", {"tail": tail, "flags": record_format.FAILED, "number": errno.ECONNREFUSED}),
        ("bind", {"tail": {"args": [text]}, "flags": record_format.FAILED, "number": errno.EADDRINUSE}),
        ("accept", {"tail": {"made": [[9, 8]], "label": text, "peer": text}, "flags": record_format.OTHER_RESULT}),
        ("recvfrom", {"tail": {"peer": text}, "result": 3, "data": b"abc", "requested": 9, "left": 0}),
    ):
        session.now += 1
        facts["tail"] = dumps(facts["tail"]).encode()
        session.recorder.call(CODE[call], socket, session.now, session.now, name=name, **facts)
    session.note(1, text)
    session.recorder.close()
    return path


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
def test_no_name_in_a_recording_steers_the_terminal(tmp_path, size: tuple[int, int]) -> None:
    path = hostile_recording(tmp_path / "hostile.swb")
    env = {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "TERM": "xterm-256color"}
    with Terminal([sys.executable, "-m", "workbench", str(path)], *size, env=env) as terminal:
        terminal.wait_for("4 calls")
        terminal.press("home", "w")
        for number in (1, 2, 3, 4):
            terminal.wait_for(f"[Why] ─ #{number}")
            terminal.press("down")
        terminal.press("home", "n")
        terminal.wait_for("Note on line 1")
        terminal.press("escape")
        terminal.wait_until(lambda: "Note on line 1" not in terminal.text())
        terminal.press("m", "z", "o")
        terminal.wait_for("· text ·")
        terminal.press("ctrl+q")
        assert terminal.exit_code() == 0
        for steering in (b"\x1b]0;pwned", b"\x1b[31m[/nope]", "\u202e".encode(), "\u0301".encode()):
            assert steering not in terminal.raw


def test_a_menu_key_acts_from_the_composer_too(terminal, free_port) -> None:
    start_server(terminal, free_port)
    terminal.press("f3")
    terminal.wait_for("Hey~~~")
    terminal.press("ctrl+g")
    terminal.wait_for("make an experiment")
    terminal.press("e")
    terminal.wait_for("Write the experiment to")
    terminal.press("escape")
    terminal.wait_until(lambda: "Write the experiment to" not in terminal.text())
    leave(terminal)


def test_a_fault_of_its_own_is_no_traceback(tmp_path) -> None:
    (tmp_path / "foreign.swb").write_bytes(b"no session of ours" * 10)
    with Terminal([sys.executable, "-m", "workbench", "foreign.swb"], cwd=tmp_path) as terminal:
        assert terminal.exit_code() == 2
        assert "Traceback" not in terminal.text()
        assert "foreign.swb is not a session file" in terminal.text()


@pytest.mark.parametrize("controlling", [True, False])
def test_it_ends_with_its_terminal_and_offers_the_session_at_the_next_start(tmp_path, controlling) -> None:
    argv, env = [sys.executable, "-m", "workbench"], {"XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal(argv, 120, 40, env, controlling=controlling) as running:
        running.wait_for("F4 log")
        running.press("f8")
        running.wait_for("ECONNREFUSED")
        running.hang_up()
        assert running.exit_code() == -signal.SIGHUP
    with Terminal(argv, 120, 40, env) as again:
        again.wait_for("A session was not closed")


def test_without_a_terminal_one_line_says_so() -> None:
    done = subprocess.run([sys.executable, "-m", "workbench"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [f"socket-workbench: {NONE}"]
