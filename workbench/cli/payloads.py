"""What send sends: --text, --json, --hex, --file and standard input, in the order they were given."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import click

from workbench.cli.common import F
from workbench.model.call.checksum import CHECKSUMS
from workbench.model.call.payload import PayloadError, encode_json, encode_text, parse_hex

_NAMES = ("--text", "--json", "--hex", "--file")
_ENDS = {"none": b"", "lf": b"\n", "crlf": b"\r\n"}
_CHUNK = 1 << 16
STDIN = None
"""Stands for standard input, line by line, among the payloads."""


class OrderedPayloads(click.Command):
    """Keeps --text, --json, --hex, --file and - in the order they were given, which click's own options don't."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Take the payloads out of *args* first."""
        rest: list[str] = []
        payloads: list[tuple[str, str]] = []
        others = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        words = iter(args)
        for word in words:
            name, equals, value = word.partition("=")
            if word == "--":
                rest += [word, *words]
            elif word == "-":
                payloads.append(("-", "-"))
            elif name in _NAMES:
                given = value if equals else next(words, None)
                if given is None:
                    raise click.UsageError(f"{name} needs a value")
                payloads.append((name, given))
            elif word in others:
                rest += [word, *([] if (argument := next(words, None)) is None else [argument])]
            else:
                rest.append(word)
        context.meta["payloads"] = payloads
        return super().parse_args(context, rest)


def payload_options(command: F) -> F:
    """Declare the payloads for --help: OrderedPayloads has taken them before click sees them."""
    for option in (
        click.option(
            "--line-end", type=click.Choice([*_ENDS]), help="End each text, JSON and line of stdin so, not as it is."
        ),
        click.option("--escapes", is_flag=True, help=r"Read \n \r \t \0 \\ \xff \u20ac in each --text."),
        click.option(
            "--checksum", type=click.Choice([*CHECKSUMS]), help="Append this checksum to each message."
        ),
        _payload_option("--file", "Send a file in one call; - is standard input to its end.", "F"),
        _payload_option("--hex", r"Send these bytes: de ad, deadbeef, 0xde,0xad, \xde\xad, or a hex dump.", "H"),
        _payload_option("--json", "Send this JSON as typed, checked first.", "J"),
        _payload_option(
            "--text", "Send this text as UTF-8. These four are repeatable, a call each; - is stdin, line by line.", "T"
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _payload_option(name: str, help: str, metavar: str) -> Callable[[F], F]:
    return click.option(name, expose_value=False, metavar=metavar, help=help)


def read_payload(kind: str, given: str, *, escapes: bool, line_end: str | None) -> bytes | None:
    """Return the bytes of one payload, STDIN for "-"; raises UsageError."""
    end = _ENDS[line_end or "none"]
    try:
        match kind:
            case "-":
                return STDIN
            case "--json":
                return encode_json(given, compact=False, newline=False) + end
            case "--hex":
                return parse_hex(given)
            case "--file":
                return sys.stdin.buffer.read() if given == "-" else Path(given).read_bytes()
            case _:
                text = encode_text(given, escapes=True) if escapes else given.encode("utf-8", "surrogateescape")
                return text + end
    except PayloadError as error:
        raise click.UsageError(f"{kind}: {error}") from None
    except OSError as error:
        raise click.UsageError(f"{kind} {given}: {error.strerror}") from None


class Lines:
    """The lines of standard input as they come, read by a thread of its own; *told* is called after each."""

    def __init__(self, line_end: str | None) -> None:
        self._end = None if line_end is None else _ENDS[line_end]
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._waiting: bytes | None = None
        self.ended = False
        """Whether all lines have been given."""
        self.told: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def ready(self) -> bool:
        """Whether there is a line, or the end."""
        return not self._queue.empty()

    def next(self) -> bytes | None:
        """Return the next line with its end; None where there is none yet, or *ended*."""
        try:
            line = self._queue.get_nowait()
        except Empty:
            return None
        self.ended = line is None
        return line

    def _read(self) -> None:
        """Read the descriptor itself: a daemon thread that holds sys.stdin's lock keeps the interpreter from ending."""
        rest = b""
        try:
            while piece := os.read(0, _CHUNK):
                *lines, rest = (rest + piece).split(b"\n")
                self._give(line + b"\n" for line in lines)
        except OSError:
            pass
        self._give(iter([rest] if rest else []))
        self._queue.put(None)
        self.told()

    def _give(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            self._queue.put(line if self._end is None else line.rstrip(b"\r\n") + self._end)
        self.told()
