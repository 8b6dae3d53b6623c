"""What a server answers: small objects, one for each connection, that turn what was received into a reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

NAMES = ("none", "echo", "upper", "time", "welcome", "command", "length-first")
"""The responders that need nothing more than their name."""

_FEW_WORDS = "Each send is a call of its own; what the peer's recv returns is up to the stream, not to the sender. "
TEXTS = {
    b"help": b"commands: help, motd, long, numbers",
    b"motd": b"A stream has no messages. A datagram has no stream.",
    b"long": _FEW_WORDS.encode() * 8,
    b"numbers": " ".join(map(str, range(1, 301))).encode(),
}
"""What the responder "command" knows: fixed texts, never a shell."""


class Responder(Protocol):
    """Answers one peer."""

    def answer(self, data: bytes) -> bytes | None:
        """Return what to send back for what one recv returned; None for nothing."""

    def silence(self) -> bytes | None:
        """Return what to send when a recv timed out; None for nothing."""


class UnknownResponder(ValueError):
    """No responder goes by that name; the message says which ones there are."""


class Pure:
    """Answers with a function of the bytes."""

    def __init__(self, function: Callable[[bytes], bytes | None], on_silence: bytes | None = None) -> None:
        self._function, self._on_silence = function, on_silence

    def answer(self, data: bytes) -> bytes | None:
        """Return the function's value."""
        return self._function(data)

    def silence(self) -> bytes | None:
        """Return the fixed text for silence."""
        return self._on_silence


class LengthFirst:
    """Sends the length of its text as text, waits for an acknowledgement, then sends the text itself."""

    def __init__(self) -> None:
        self._held: bytes | None = None

    def answer(self, data: bytes) -> bytes | None:
        """Return the length for a command, the text for whatever comes after it."""
        if self._held is None:
            self._held = _command(data)
            return str(len(self._held)).encode()
        held, self._held = self._held, None
        return held

    def silence(self) -> bytes | None:
        """Say nothing."""
        return None


def responder(name: str, reply: str = "", now: Callable[[], str] = time.ctime) -> Callable[[], Responder]:
    """Return what makes a responder for each connection; *name* as for `serve --respond`.

    Raises UnknownResponder for a name that stands for nothing, or a FILE.py:FUNCTION that cannot be loaded.
    """
    kind, colon, rest = name.partition(":")
    file, _, function_name = name.rpartition(":")
    if name in _FUNCTIONS:
        function = _FUNCTIONS[name]
        return lambda: Pure(function)
    if kind == "fixed":
        text = (rest if colon else reply).encode()
        return lambda: Pure(lambda data: text)
    if file.endswith(".py"):
        loaded = load(file, function_name)
        return lambda: Pure(loaded)
    match name:
        case "time":
            return lambda: Pure(lambda data: f"[{now()}] ".encode() + data)
        case "welcome":
            return lambda: Pure(_welcome, b"time out")
        case "length-first":
            return LengthFirst
    raise UnknownResponder(f"no responder {name!r}: there are {', '.join(NAMES)}, fixed:TEXT and FILE.py:FUNCTION")


def load(file: str, function: str) -> Callable[[bytes], bytes | None]:
    """Return a function of a Python file, which takes the bytes received and returns the reply or None.

    The file is run as a module is when it is imported; what it raises then is an UnknownResponder.
    """
    import runpy

    if not Path(file).is_file():
        raise UnknownResponder(f"no responder {file}:{function}: there is no file {file}")
    try:
        found = runpy.run_path(file).get(function)
    except (Exception, SystemExit) as error:
        raise UnknownResponder(f"no responder {file}:{function}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise UnknownResponder(f"no responder {file}:{function}: the file has no function {function}")
    return found  # type: ignore[no-any-return]


def _welcome(data: bytes) -> bytes:
    return b"welcome to server!" if data.strip() == b"1" else b"please go out!"


def _command(data: bytes) -> bytes:
    return TEXTS.get(data.strip().lower(), b"no such command; try help")


_FUNCTIONS: dict[str, Callable[[bytes], bytes | None]] = {
    "none": lambda data: None,
    "echo": bytes,
    "upper": bytes.upper,
    "command": _command,
}
