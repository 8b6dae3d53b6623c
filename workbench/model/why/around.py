"""What an explanation is made from: a call's neighbours in the session, and what a table says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.claims.around import UNKNOWN, Around
from workbench.model.text.fit import duration_text
from workbench.model.words.as_python import expression, outcome


class Reason(NamedTuple):
    """Sentences on a call, most important first; what would happen next; the man page or function it rests on."""

    sentences: tuple[str, ...]
    next: str
    source: str


def protocol_page(call: Call, around: Around) -> str:
    """Return the man page of the socket's kind."""
    if around.kind(call)[0] == "AF_UNIX":
        return "unix(7)"
    return "udp(7)" if call.datagram else "tcp(7)"


def system_page(call: Call) -> str:
    """Return the man page of the system call behind a method."""
    name = next((name for name in ("send", "recv", "connect") if call.call.startswith(name)), call.call)
    return f"{name}(2)"


def count(number: int, what: str = "byte") -> str:
    """Write a number with its noun: "1 byte", "7 bytes"."""
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def names(seqs: Sequence[int], most: int = 4) -> str:
    """Name calls: "#12 and #13", "#12, #13, #14, #15 and 3 more"."""
    named = [f"#{seq}" for seq in seqs]
    if len(named) > most:
        return f"{', '.join(named[:most])} and {len(named) - most} more"
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]])) if named else ""


def call_with_outcome(call: Call) -> str:
    """Name a call and what came of it: "#17 recv(4) = b'hell'"."""
    return f"#{call.seq} {expression(call, 40)} {outcome(call, 40)}"


def waits_how(timeout: float | None, ready: str) -> str:
    """Say what a call does until *ready*: by the socket's timeout."""
    if timeout is None or timeout == UNKNOWN:
        return f"waits until {ready}"
    if timeout == 0:
        return f"raises BlockingIOError until {ready}, as it does not wait"
    return f"waits at most {duration_text(timeout)} until {ready}"
