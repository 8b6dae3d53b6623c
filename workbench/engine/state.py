"""What a call came to, and what an endpoint looks like at one moment: frozen, made by the engine, drawn by the UI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.model.call import Json


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: its result, or the exception it raised."""

    result: Any = None
    error: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether it returned."""
        return self.error is None


class Closed(RuntimeError):
    """The endpoint has no socket any more (or not yet), so there was no call to make."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A call that has not returned yet. *since*: monotonic seconds; *moved*, *offered*: bytes of a send so far."""

    call: str
    text: str
    since: float
    moved: int | None = None
    offered: int | None = None


@dataclass(frozen=True, slots=True)
class EndpointState:
    """A socket that a person drives. Addresses as JSON has them; `None` where there is none (yet)."""

    name: str
    role: str
    """"server", "connection" or "client"."""
    number: int
    """Of the connections or clients of this bench, from 1; 0 for the server."""
    socket: str
    """The socket's id in the session; empty before there is one."""
    family: str
    type: str
    local: Json
    peer: Json
    tcp_state: str | None
    """Such as "ESTABLISHED", from TCP_INFO; None for other sockets and where the system does not tell."""
    bytes_in: int
    bytes_out: int
    pending: tuple[Pending, ...]
    done: frozenset[str]
    """Names of the calls that this socket has made with success."""
    last: str | None
    """Name of the call made last, whatever came of it; of the one that failed, where only a close came after."""
    error: str | None
    """What the last call raised, as "ConnectionRefusedError (ECONNREFUSED)"; None if it succeeded. A close keeps it."""
    closed: bool
    timeout: float | None
    bufsize: int
    auto: bool
    """Whether it accepts or receives by itself."""
    rest: bytes
    """What a short send did not take: offered again."""
    ended: bool
    """Whether a recv has seen the end of the stream."""
