"""A socket as the calls so far made it, and how its calls are remembered: without most of their data."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress, Value

KEPT = 256
"""Bytes of a call's data that are remembered."""
FOREVER = float("inf")
_RECENT = 8


class At(NamedTuple):
    """A call of which only the number and the line are at hand."""

    seq: int
    source: str = ""


class Moved(NamedTuple):
    """A call that sent or received, or tried to, without most of its data. Times in seconds since the session began."""

    seq: int
    call: str
    start: float
    end: float
    """FOREVER where it did not return."""
    size: int
    """Bytes that moved."""
    asked: int
    """Bytes offered to a send, bufsize of a recv; -1 where not known."""
    failure: str
    """Name of its errno or exception, "unfinished", or "" where it succeeded."""
    head: bytes
    source: str
    thread: tuple[int, str]
    """Pid and name of the thread that made it."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start

    @property
    def in_vain(self) -> bool:
        """Whether it was waiting until a timeout, an interrupt or the end of the program ended that."""
        return self.failure in ENDED_WAITS


class Run:
    """Calls alike in a row."""

    __slots__ = ("first", "last", "times")

    def __init__(self, call: Call) -> None:
        self.first = brief(call)
        self.last = self.first.end
        self.times = 1

    def goes_on(self, call: Call, pause: float) -> bool:
        """Whether *call* is of the same name, and began at most *pause* seconds after the last one's end."""
        return call.call == self.first.call and 0 <= call.time - self.last < pause

    def add(self, call: Call) -> None:
        """Count one more."""
        self.last, self.times = call.time + (call.duration or 0.0), self.times + 1

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.last - self.first.start


ENDED_WAITS = frozenset(("TimeoutError", "timeout", "KeyboardInterrupt", "unfinished", "Cancelled", "ETIMEDOUT"))
"""How a wait ends that brought nothing, as `Moved.failure` names it."""


@dataclass(slots=True, eq=False)
class Sock:
    """A socket of the session."""

    id: str
    pid: int
    name: str = ""
    family: str = ""
    type: str = ""
    first: int = 0
    """Seq of its first call."""
    source: str = ""
    born: float = 0.0
    role: str = ""
    """client, connection, listener or pair; "" for none of these."""
    local: PlainAddress | None = None
    peer_address: PlainAddress | None = None
    listener: Sock | None = None
    """Of a connection its listener; of a client the listener that it connected to, where that is in the session."""
    bound: Call | None = None
    """Its last bind that succeeded."""
    backlog: int = 0
    tls: bool = False
    timeout: float | None = None
    options: dict[str, tuple[int, Value]] = field(default_factory=dict)
    """Options that were set: seq of the last setsockopt and its value."""
    descriptor: int = -1
    sent: int = 0
    received: int = 0
    last: Moved | None = None
    """The last call that sent or received, or tried to."""
    last_sent: Moved | None = None
    last_received: Moved | None = None
    """The last recv that returned, b'' included."""
    sends: deque[Moved] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """The last ones that moved bytes."""
    recvs: deque[Moved] = field(default_factory=lambda: deque(maxlen=_RECENT))
    ended: Moved | None = None
    """The first recv that told the end of the stream."""
    failed: Moved | None = None
    """The first call that told that the connection is gone: EPIPE, ECONNRESET and their kin."""
    shut: Call | None = None
    """Its last shutdown."""
    closed: Call | None = None
    gone: float = FOREVER
    """When it was closed, as far as known; also where its descriptor was given to another socket."""
    moved_at: float = 0.0
    """When bytes last moved."""
    threads: set[tuple[int, str]] = field(default_factory=set)
    """Those that sent on it."""
    pids: set[int] = field(default_factory=set)
    """Processes that made calls on it: after a fork more than one may."""
    closers: set[int] = field(default_factory=set)
    to: PlainAddress | None = None
    """Where its last datagram went."""
    files: int = 0
    """Seq of the makefile that made a buffered reader; 0 where there is none."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What rules remember of it, each under its id."""

    @property
    def stream(self) -> bool:
        """Whether it keeps no messages apart."""
        return self.type in ("", "SOCK_STREAM")

    @property
    def label(self) -> str:
        """The name for a sentence."""
        return self.name or f"socket {self.id}"


GONE = frozenset(("EPIPE", "ECONNRESET", "ECONNABORTED", "ESHUTDOWN", "SSLEOFError"))
"""Failures that tell that the connection is gone."""


def brief(call: Call, end: float | None = None) -> Moved:
    """Return a call that sends or receives as it is remembered."""
    failure = ""
    if call.unfinished:
        failure, end = "unfinished", FOREVER
    elif call.error is not None:
        failure = call.error.errno or call.error.type
    return Moved(
        call.seq,
        call.call,
        call.time,
        call.time + (call.duration or 0.0) if end is None else end,
        len(call.data),
        -1 if call.requested is None else call.requested,
        failure,
        call.data[:KEPT],
        call.source,
        (call.pid, call.thread),
    )
