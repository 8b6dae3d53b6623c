"""What a program prints: its stdout and stderr, on a terminal of its own so that it prints as it would to a person."""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import struct
import termios
import threading
from collections import deque
from contextlib import suppress

LINES = 2000
"""Lines that are kept."""
WIDTH = 2000
"""Characters that are kept of a line."""
_TAB = 8
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
_UNFINISHED = re.compile(r"\x1b(?:\[[ -?]*|[\]PX^_][^\x07\x1b]{0,4096}\x1b?|[ -/]*)?\Z")
_STEER = re.compile(r"[\r\n\b\t]|" + _ESCAPE.pattern)


class Text:
    """Lines as a terminal would leave them: a carriage return begins a line anew, escape sequences are left out."""

    def __init__(self, lines: int = LINES) -> None:
        self.lines: deque[str] = deque([""], lines)
        self.count = 1
        """Lines begun so far, those included that are not kept any more."""
        self._column = 0
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> None:
        """Take in bytes, cut anywhere."""
        text = self._held + self._decoder.decode(data)
        cut = _UNFINISHED.search(text)
        end = cut.start() if cut else len(text)
        text, self._held = text[:end], text[end:]
        at = 0
        for found in _STEER.finditer(text):
            self._write(text[at : found.start()])
            self._steer(found.group())
            at = found.end()
        self._write(text[at:])

    def _steer(self, sign: str) -> None:
        match sign:
            case "\n":
                self.lines.append("")
                self.count += 1
                self._column = 0
            case "\r":
                self._column = 0
            case "\b":
                self._column = max(0, self._column - 1)
            case "\t":
                self._write(" " * (_TAB - self._column % _TAB))
            case "\x1b[K" | "\x1b[0K":
                self.lines[-1] = self.lines[-1][: self._column]
            case "\x1b[2K":
                self.lines[-1] = ""

    def _write(self, text: str) -> None:
        text = text[: max(0, WIDTH - self._column)]
        if text:
            line = self.lines[-1].ljust(self._column)
            self.lines[-1] = line[: self._column] + text + line[self._column + len(text) :]
            self._column += len(text)


class ProgramOutput:
    """A pseudo-terminal to which programs write; what they wrote is read by a thread and kept, the last lines of it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._reading, self.terminal = os.openpty()
        """*terminal*: the descriptor that is to be a program's stdout and stderr; `started` closes it here."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._text = Text()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, name="output", daemon=True)
        self._thread.start()

    def lines(self) -> tuple[int, tuple[str, ...]]:
        """Return how many lines were begun so far, and the last ones of them."""
        with self._lock:
            return self._text.count, tuple(self._text.lines)

    def close(self, timeout: float = 1.0) -> None:
        """Let go of the terminal: what still writes to it gets EIO."""
        if self.terminal >= 0:
            os.close(self.terminal)  # the reader sees the end as soon as no program has it open any more
            self.terminal = -1
            self._thread.join(timeout)

    def _read(self) -> None:
        with suppress(OSError):  # EIO: nobody has the terminal open any more
            while data := os.read(self._reading, 65536):
                with self._lock:
                    self._text.feed(data)
        os.close(self._reading)
