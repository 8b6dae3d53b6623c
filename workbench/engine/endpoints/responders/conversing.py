"""Responders that speak with a connection instead of answering bytes, and the simple ones among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.engine.endpoints.responders.responder import Kind, NewResponder, UnknownResponder

if TYPE_CHECKING:
    from workbench.engine.endpoints.conversation import Conversation

_PIECE = 65536
_LINE = b"".join(b"%c" % (32 + number % 95) for number in range(72)) + b"\n"
_CHUNK = (_LINE * (_PIECE // len(_LINE) + 1))[:_PIECE]


class Conversing:
    """A function that is given each connection, in a thread of its own. It has no answer for a single recv."""

    def __init__(self, converse: Callable[[Conversation], object]) -> None:
        self.converse = converse

    def answer(self, data: bytes) -> bytes | None:
        """Say nothing to a recv that was made by hand."""
        return None

    def silence(self) -> bytes | None:
        """Say nothing."""
        return None


def conversing(name: str, what: str, converse: Callable[[Conversation], object]) -> Kind:
    """Return the kind of a responder that takes no argument."""
    return Kind(name, what, lambda _: lambda: Conversing(converse))


def _close(conn: Conversation) -> None:
    conn.close()


def _reset(conn: Conversation) -> None:
    conn.reset()


def _source(argument: str) -> NewResponder:
    size = _number(argument, "source", whole=True) if argument else None

    def source(conn: Conversation) -> None:
        left = size
        while left is None or left > 0:
            piece = _CHUNK if left is None else _CHUNK[: int(left)]
            conn.send(piece)
            left = None if left is None else left - len(piece)

    return lambda: Conversing(source)


def _discard_slow(argument: str) -> NewResponder:
    seconds = _number(argument, "discard-slow")

    def discard(conn: Conversation) -> None:
        while conn.recv():
            conn.sleep(seconds)

    return lambda: Conversing(discard)


def _number(argument: str, name: str, whole: bool = False) -> float:
    try:
        number = int(argument) if whole else float(argument)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 62:
        what = "how many bytes, such as source:1000000" if whole else "seconds, such as discard-slow:0.5"
        raise UnknownResponder(f"no responder {name}:{argument}: it takes {what}")
    return number


CLOSE = conversing("close", "nothing: it closes at once", _close)
RESET = conversing("reset", "nothing: it resets at once", _reset)
SOURCE = Kind("source", "text without end, or N bytes of it", _source, "[N]")
DISCARD_SLOW = Kind("discard-slow", "only receives, with S seconds between two recvs", _discard_slow, "S")
