"""Every key of ours arrives: through a plain terminal that sends alt as ESC, and through tmux with its own keys."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import workbench.ui
from tests.terminal import Terminal
from workbench.ui.parts.unbound import is_bound

KEPT_BY_TERMINALS = {
    "ctrl+b": "tmux",
    "ctrl+a": "screen",
    "ctrl+z": "suspends",
    "f10": "opens a menu",
    "f11": "full screen",
    "ctrl+h": "is backspace",
    "ctrl+i": "is tab",
    "ctrl+m": "is enter",
    "ctrl+j": "is enter",
}
LISTENER = """
import sys
from textual import events
from textual.app import App
from textual.widgets import Label

class Listener(App):
    def compose(self):
        yield Label("listening")
    async def on_event(self, event):
        if isinstance(event, events.Key):
            with open(sys.argv[1], "a") as file:
                print(event.key, file=file)
        else:
            await super().on_event(event)

Listener().run()
"""
TYPED = {"slash": "/", "question_mark": "?", "exclamation_mark": "!"}


def bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    """Yield every binding of the user interface, with the class that has it."""
    for module in pkgutil.walk_packages(workbench.ui.__path__, "workbench.ui."):
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, DOMNode) and found.__module__ == module.name:
                yield from ((found, each) for each in vars(found).get("BINDINGS", ()) if isinstance(each, Binding))


def our_keys() -> list[str]:
    keys = {key.strip() for _, each in bindings() if each.id and is_bound(each) for key in each.key.split(",")}
    return sorted(keys)


def test_there_is_no_key_that_a_terminal_keeps_to_itself() -> None:
    assert len(our_keys()) > 40
    assert [key for key in our_keys() if "alt+" in key or key in KEPT_BY_TERMINALS] == []


def test_the_keys_of_the_contract_are_what_they_were() -> None:
    keys = {each.action: each.key for owner, each in bindings() if owner.__name__ in ("BenchActions", "WorkbenchApp")}
    wanted = {"quick_start": "f5", "send": "ctrl+s", "toggle_send": "f6", "recv": "ctrl+r", "cancel": "escape"}
    assert {action: keys[action] for action in wanted} == wanted
    assert keys["quit"] == "ctrl+q"


def arrive(terminal: Terminal, heard: Path) -> list[str]:
    """Press every key of ours, one after another; return those that did not arrive under their name."""
    terminal.wait_for("listening", timeout=20)
    lost = []
    for number, key in enumerate(our_keys(), 1):
        terminal.press(TYPED.get(key, key))
        terminal.wait_until(
            lambda number=number: heard.exists() and len(heard.read_text().split("\n")) > number, what=f"the key {key}"
        )
        if (name := heard.read_text().split("\n")[number - 1]) not in (key, f"upper_{key.lower()}"):
            lost.append(f"{key} as {name}")
    return lost


@pytest.fixture
def listener(tmp_path: Path) -> tuple[list[str], Path]:
    program, heard = tmp_path / "listener.py", tmp_path / "heard"
    program.write_text(LISTENER)
    return [sys.executable, str(program), str(heard)], heard


def test_every_key_arrives_through_a_terminal(listener: tuple[list[str], Path]) -> None:
    argv, heard = listener
    with Terminal(argv, 80, 24) as terminal:
        assert arrive(terminal, heard) == []


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_every_key_arrives_through_tmux(listener: tuple[list[str], Path], tmp_path: Path) -> None:
    argv, heard = listener
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", os.devnull]
    with Terminal([*tmux, "new-session", *argv, ";", "set", "-s", "escape-time", "10"], 80, 24) as terminal:
        try:
            assert arrive(terminal, heard) == []
        finally:
            os.spawnvp(os.P_WAIT, "tmux", [*tmux, "kill-server"])
