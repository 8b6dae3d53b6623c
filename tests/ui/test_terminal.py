from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Screen, Terminal, key_bytes

APP = """
from textual.app import App, ComposeResult
from textual.events import Resize
from textual.widgets import Button, Input, Label


class Small(App):
    CSS = "#said { width: 1fr; }"
    BINDINGS = [("ctrl+s", "say('saved')"), ("f5", "say('started')")]

    def compose(self) -> ComposeResult:
        yield Label("ready wide: 世界 end", id="said")
        yield Input()
        yield Button("press me")

    def action_say(self, text: str) -> None:
        self.query_one("#said", Label).update(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.action_say(f"typed {event.value}")

    def on_button_pressed(self) -> None:
        self.action_say("clicked")

    def on_resize(self, event: Resize) -> None:
        self.query_one(Button).label = f"size {event.size.width}x{event.size.height}"


Small().run()
print("after the app")
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Terminal]:
    program = tmp_path / "small.py"
    program.write_text(APP)
    with Terminal([sys.executable, program], columns=60, rows=12) as terminal:
        terminal.wait_for("ready")
        yield terminal


def test_the_screen_of_a_textual_app_is_read_as_drawn(small: Terminal) -> None:
    small.wait_for("size 60x12")
    lines = small.lines()
    assert lines[0] == "ready wide: 世界 end"
    assert lines[1] == "▊" + "▔" * 58 + "▎"
    assert len(lines) == 12
    assert b"\x1b[?2026$p" in small.raw
    assert b"\x1b[?1049h" in small.raw


def test_keys_arrive(small: Terminal) -> None:
    small.press("ctrl+s")
    small.wait_for("saved")
    small.press("f5")
    small.wait_for("started")
    small.press("a", "b", "left", "backspace", "enter")
    small.wait_for("typed b")
    small.send_keys(b"\x1b[3~c\r")
    small.wait_for("typed c")
    small.paste("pasted")
    small.press("enter")
    small.wait_for("typed cpasted")


def test_the_mouse_clicks(small: Terminal) -> None:
    small.wait_for("size 60x12")
    row = next(row for row, line in enumerate(small.lines()) if "size" in line)
    small.click(small.lines()[row].index("size"), row)
    small.wait_for("clicked")


def test_a_new_size_reaches_the_program(small: Terminal) -> None:
    small.resize(70, 15)
    small.wait_for("size 70x15")
    assert len(small.lines()) == 15


def test_after_the_app_the_first_screen_is_back(small: Terminal) -> None:
    small.press("ctrl+q")
    assert small.exit_code() == 0
    assert small.text().strip() == "after the app"


def test_a_wait_in_vain_shows_the_screen(small: Terminal) -> None:
    with pytest.raises(AssertionError, match=r"(?s)0.2 s passed without 'never' on the screen.*ready wide"):
        small.wait_for("never", timeout=0.2)


def test_a_wait_ends_with_the_program() -> None:
    with (
        Terminal([sys.executable, "-c", "raise SystemExit('no luck')"]) as terminal,
        pytest.raises(AssertionError, match=r"(?s)the program ended with 1 without 'never'.*no luck"),
    ):
        terminal.wait_for("never", timeout=30)


def test_close_kills_the_whole_group(tmp_path: Path) -> None:
    """The other program of the group holds the only writing end of a fifo: its reader sees the end when it dies."""
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    terminal = Terminal(["sh", "-c", f"trap '' HUP; sleep 1000 > {fifo} & echo started; wait"])
    with open(fifo, "rb", buffering=0) as alive:
        terminal.wait_for("started")
        assert not select.select([alive], [], [], 0)[0]
        terminal.close()
        assert terminal.process.returncode == -signal.SIGKILL
        assert select.select([alive], [], [], 5)[0]
        assert alive.read() == b""


@pytest.mark.parametrize(
    "unknown",
    [
        "\x1b[>1u",
        "\x1b[<u",
        "\x1b[?u",
        "\x1b[=1;1u",
        "\x1b[?2026$p",
        "\x1b[?2048$p",
        "\x1b[?2026h",
        "\x1b[>4;1m",
        "\x1b[?4m",
        "\x1b[4:3m",
        "\x1b[2 q",
        "\x1bP+q544e\x1b\\",
        "\x1b_Ga=q;AAAA\x1b\\",
        "\x1b]8;;http://example.com\x07",
        "\x1b]10;?\x1b\\",
        "\x1b>",
    ],
)
def test_what_pyte_does_not_know_leaves_no_trace_wherever_it_is_cut(unknown: str) -> None:
    screen = Screen(columns=40, rows=2)
    for byte in f"before {unknown}after".encode():
        screen.feed(bytes([byte]))
    assert screen.display[0].rstrip() == "before after"


@pytest.mark.parametrize(
    ("key", "sent"),
    [("a", b"a"), ("é", "é".encode()), ("ctrl+s", b"\x13"), ("f5", b"\x1b[15~"), ("alt+x", b"\x1bx")],
)
def test_keys_are_sent_as_an_xterm_does(key: str, sent: bytes) -> None:
    assert key_bytes(key) == sent


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="no key is called 'f99'"):
        key_bytes("f99")
