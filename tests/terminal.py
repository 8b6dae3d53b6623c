"""A program on a real terminal: what it draws can be read, and keys can be pressed, as a person would."""

from __future__ import annotations

import codecs
import contextlib
import copy
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import pyte

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "backspace": "\x7f",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "shift+up": "\x1b[1;2A",
    "shift+down": "\x1b[1;2B",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "ctrl+up": "\x1b[1;5A",
    "ctrl+down": "\x1b[1;5B",
    "ctrl+right": "\x1b[1;5C",
    "ctrl+left": "\x1b[1;5D",
    "ctrl+home": "\x1b[1;5H",
    "ctrl+end": "\x1b[1;5F",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    "f11": "\x1b[23~",
    "f12": "\x1b[24~",
}


def key_bytes(key: str) -> bytes:
    """What an xterm sends for a key named as Textual names it: "a", "f5", "ctrl+s", "shift+tab", "alt+x"."""
    if key in KEYS:
        return KEYS[key].encode()
    if key.startswith("alt+"):
        return b"\x1b" + key_bytes(key.removeprefix("alt+"))
    control = key.removeprefix("ctrl+")
    if control != key and len(control) == 1:
        return bytes([ord(control.upper()) ^ 0x40 if control == "?" else ord(control.upper()) & 0x1F])
    if len(key) == 1:
        return key.encode()
    raise ValueError(f"no key is called {key!r}")


# What pyte 0.8.2 takes for something else, prints or fails on: strings (DCS, APC, …), OSC other than a title, and CSI
# with a private prefix (kitty keyboard), an intermediate byte (mode reports, cursor shape) or sub-parameters.
NOT_FOR_PYTE = re.compile(
    r"\x1b[PX^_].*?\x1b\\"
    r"|\x1b\](?![02];)[^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b\[[<=>][0-?]*[ -/]*[@-~]"
    r"|\x1b\[[0-?]*[ -/]+[@-~]"
    r"|\x1b\[[0-9;]*:[0-?]*[@-~]"
    r"|\x1b\[\?[0-?]*[@-GI-Zi-km-z]"
    r"|\x1b[=>]",
    re.DOTALL,
)
UNFINISHED = re.compile(r"\x1b(?:\[[ -?]*|[PX^_](?:(?!\x1b\\).)*|\][^\x07\x1b]*\x1b?)?\Z", re.DOTALL)


class Screen(pyte.Screen):
    """A pyte screen fed with bytes, cut anywhere; what stood before a full-screen program comes back after it."""

    ALTERNATE = 1049

    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows)
        self.saved: tuple[Any, Any] | None = None
        self.stream = pyte.Stream(self)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.unfinished = ""

    def feed(self, data: bytes) -> None:
        text = self.unfinished + self.decoder.decode(data)
        unfinished = UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        self.unfinished = text[end:]
        self.stream.feed(NOT_FOR_PYTE.sub("", text[:end]))

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        if self.ALTERNATE in modes and kwargs.get("private") and self.saved is None:
            self.saved = copy.deepcopy(self.buffer), copy.copy(self.cursor)
            self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        if self.ALTERNATE in modes and kwargs.get("private") and self.saved is not None:
            (self.buffer, self.cursor), self.saved = self.saved, None
            self.dirty.update(range(self.lines))


class Terminal:
    """Runs `argv` on a pseudo-terminal of its own, of `columns` by `rows` cells, until it is closed.

    A thread reads all that the program writes, so the program never waits for the test; no query is answered.
    `env` is laid over the environment of the test, from which what would change the drawing is taken out.
    """

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        controlling: bool = True,
    ) -> None:
        """*controlling*: whether it is the program's controlling terminal, of which it gets SIGWINCH and SIGHUP."""
        self.screen = Screen(columns, rows)
        self._raw = bytearray()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._master, program_end = pty.openpty()
        self.resize(columns, rows)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-IS", "-c", TAKE_TERMINAL, *argv] if controlling else argv,
                stdin=program_end,
                stdout=program_end,
                stderr=program_end,
                env=environment(env or {}),
                cwd=cwd,
                start_new_session=True,
            )
        finally:
            os.close(program_end)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What it shows

    def lines(self) -> list[str]:
        """The rows of the screen, without spaces at their ends."""
        with self._changed:
            return [line.rstrip() for line in self.screen.display]

    def text(self) -> str:
        """The screen, a line per row."""
        return "\n".join(self.lines())

    @property
    def raw(self) -> bytes:
        """Every byte that the program has written."""
        with self._changed:
            return bytes(self._raw)

    # What a person does

    def send_keys(self, data: bytes) -> None:
        """Type bytes as they are."""
        while data:
            data = data[os.write(self._master, data) :]

    def press(self, *keys: str) -> None:
        """Press keys, one after another, named as in Textual."""
        for key in keys:
            self.send_keys(key_bytes(key))

    def paste(self, text: str) -> None:
        """Paste, as a terminal with bracketed paste does."""
        self.send_keys(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def click(self, column: int, row: int) -> None:
        """Press and release the left mouse button on a cell; the top left one is 0, 0."""
        self.send_keys(b"".join(b"\x1b[<0;%d;%d%c" % (column + 1, row + 1, end) for end in b"Mm"))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal, of which the program gets SIGWINCH."""
        with self._changed:
            self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    # Waiting

    def wait_for(self, text: str, timeout: float = 10) -> None:
        """Wait until a text stands on the screen, in one row."""
        self.wait_until(lambda: any(text in line for line in self.lines()), timeout, f"{text!r} on the screen")

    def wait_until(self, predicate: Callable[[], object], timeout: float = 10, what: str = "what was awaited") -> None:
        """Wait until `predicate()` is true; the error, at `timeout` seconds or the program's end, shows the screen."""
        deadline = time.monotonic() + timeout
        while not predicate():
            ended = not self._reader.is_alive()
            late = time.monotonic() >= deadline
            if (ended and not predicate()) or late:
                why = f"the program ended with {self.process.wait()}" if ended else f"{timeout} s passed"
                raise AssertionError(f"{why} without {what}; the screen:\n{self.text()}")
            with self._changed:
                self._changed.wait(0.05)

    def exit_code(self, timeout: float = 10) -> int:
        """Wait until the program has ended and all it wrote is read; minus the signal's number where one ended it."""
        code = self.process.wait(timeout)
        self._reader.join(timeout)
        return code

    def hang_up(self) -> None:
        """Take the terminal away from the program, as closing its window does."""
        if not self._closing.is_set():
            self._closing.set()
            self._reader.join()
            os.close(self._master)

    def close(self) -> None:
        """Kill the program with its process group, if it still runs."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.hang_up()

    # Reading

    def _read(self) -> None:
        while not self._closing.is_set():
            if not select.select([self._master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO on Linux: no process has the terminal open any more
                data = b""
            if not data:
                break
            with self._changed:
                self._raw += data
                self.screen.feed(data)
                self._changed.notify_all()


# The session's leader makes the terminal its controlling one (for SIGWINCH and ctrl+c), then becomes the program.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program on a colour terminal, the same whatever terminal the tests run in."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    kept = {name: value for name, value in kept.items() if not name.startswith(("TEXTUAL", "TERM"))}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **extra}
