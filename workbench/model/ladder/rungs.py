"""What stands on a ladder: rungs, their arrows, and the moments at which a call has a place on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from errno import EAGAIN

from workbench.model.call.call import Call
from workbench.model.lineage.lineage import Part
from workbench.probe.format import CODE, FAILED, RECVS, SENDS, UNFINISHED, Head

WAITED = 0.001
"""Seconds; a recv, an accept or a connect that took longer waited for something."""
_SEND_WAITED = 0.02  # seconds; of a send, which also takes long where it copies many bytes
_TAKES_AT_ITS_END = RECVS | {CODE["accept"]}
_CONNECTS = frozenset((CODE["connect"], CODE["connect_ex"]))
_SHOWN = SENDS | _TAKES_AT_ITS_END | _CONNECTS | {CODE[name] for name in ("listen", "shutdown", "close")}
_POLLED = RECVS | {CODE["accept"]}


class Phase(IntEnum):
    """Which moment of a call a rung stands for."""

    BEGIN = 0
    """It begins to wait: the call itself has a rung of its own later."""
    CALL = 1
    """The call itself: a recv or accept when it returned, all else when it began."""
    END = 2
    """A send or connect that waited returns."""


class Kind(Enum):
    """What an arrow stands for."""

    DATA = "data"
    """Bytes or a message go into the kernel, on their way to the peer."""
    TAKEN = "taken"
    """A recv takes them out of the kernel."""
    LOST = "lost"
    """A datagram that is known to be lost."""
    UNKNOWN = "unknown"
    """A datagram of which it is not known what became of it."""
    CONNECTING = "connecting"
    """A connect that got no answer."""
    CONNECTED = "connected"
    ACCEPTED = "accepted"
    """An accept takes a connection out of its listener's queue."""
    REFUSED = "refused"
    END = "end"
    """No more bytes come behind what was sent: shutdown, or close."""
    RESET = "reset"


INWARD = (Kind.TAKEN, Kind.ACCEPTED)
"""From the kernel to the program beside it, and so drawn short."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the lifeline of one socket to that of another. A place is a socket's id or, outside the session, ""."""

    kind: Kind
    start: str
    end: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of a ladder: what happened then, and how things stood after it."""

    call: Call
    phase: Phase
    time: float
    """Seconds since the session began."""
    gap: float
    """Seconds since the rung before it."""
    arrow: Arrow | None = None
    sources: tuple[Part, ...] = ()
    """Of a recv, the sends that its bytes came from."""
    under_way: tuple[tuple[str, int], ...] = ()
    """What each socket's peer has sent and it has not received, where that is known and more than 0: bytes of a
    stream, messages else."""
    waiting: tuple[str, ...] = ()
    """Sockets with a call that waits."""
    cut_from: int | None = None
    """Of a recv that cut a message off: the bytes that the message had."""
    unaccepted: int | None = None
    """Of a connect or an accept: connections to the listener that no accept has returned so far."""


def moments(head: Head, began: float) -> Iterator[tuple[float, Phase]]:
    """Yield when the call with this fixed part has a place on the ladder; *began* in seconds since the session did.

    None where it is of no interest there: it set something up, or polled in vain.
    """
    code, took = head.code, max(0, head.ended - head.started) / 1e9
    failed = bool(head.flags & FAILED)
    if code not in _SHOWN and not (failed and code == CODE["bind"]):
        return
    if failed and code in _POLLED and head.errno == EAGAIN and took < WAITED:
        return
    if head.flags & UNFINISHED:
        yield began, Phase.BEGIN
    elif code in _TAKES_AT_ITS_END:
        if took >= WAITED:
            yield began, Phase.BEGIN
        yield began + took, Phase.CALL
    else:
        yield began, Phase.CALL
        if took >= (_SEND_WAITED if code in SENDS else WAITED) and code in SENDS | _CONNECTS:
            yield began + took, Phase.END


def has_end(call: Call) -> bool:
    """Whether the call has a rung of its own for its end."""
    limit = _SEND_WAITED if call.sends else WAITED
    return (call.sends or call.call in ("connect", "connect_ex")) and (call.duration or 0) >= limit
