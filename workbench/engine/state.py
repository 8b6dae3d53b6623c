"""What a call came to, and what an endpoint looks like at one moment: frozen, made by the engine, drawn by the UI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.model.call.value import PlainAddress


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: its result, or the exception it raised; of a failed one also what it was."""

    result: Any = None
    error: BaseException | None = None
    method: str = ""
    args: tuple[Any, ...] = ()
    """Without the bytes of a send."""
    seconds: float | None = None

    @property
    def ok(self) -> bool:
        """Whether it returned."""
        return self.error is None


class Moved(NamedTuple):
    """What sockets have moved so far: bytes, those among them that sends offered, and calls."""

    bytes_in: int = 0
    bytes_out: int = 0
    offered: int = 0
    calls: int = 0

    @classmethod
    def total(cls, parts: Iterable[Moved]) -> Moved:
        """Return the sum."""
        return cls(*map(sum, zip(cls(), *parts, strict=True)))


class Closed(RuntimeError):
    """The endpoint has no socket any more (or not yet), so there was no call to make."""


@dataclass(frozen=True, slots=True)
class PendingCall:
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
    local: PlainAddress | None
    peer: PlainAddress | None
    tcp_state: str | None
    """Such as "ESTABLISHED", from TCP_INFO; None for other sockets and where the system does not tell."""
    bytes_in: int
    bytes_out: int
    pending: tuple[PendingCall, ...]
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


@dataclass(frozen=True, slots=True)
class Message:
    """A datagram or SEQPACKET message in the queue: its true size, its first bytes, who sent it (None if unnamed)."""

    size: int
    head: bytes
    sender: PlainAddress | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The receive queue at one moment."""

    keeps_messages: bool
    """Whether messages stay apart (datagrams, SEQPACKET) or bytes follow each other."""
    total: int | None = None
    """Bytes queued in all; None where the system does not tell."""
    offset: int = 0
    """Bytes of the stream that were received before the first queued one."""
    head: bytes = b""
    """The first bytes of a stream's queue; empty also where a waiting error forbids to look."""
    messages: tuple[Message, ...] = ()
    more: bool = False
    """Whether more messages may lie behind those."""
    memory: int | None = None
    """Bytes of kernel memory that the queue takes, with its book-keeping; None where the system does not tell."""
    room: int | None = None
    """SO_RCVBUF as the kernel counts it: that memory's limit."""
    fin: bool = False
    """Whether the peer has ended its side: after these bytes recv returns b''."""
    ending: str = "FIN"
    """What tells of that end: TCP's FIN; UNIX sockets have none."""
    foreign: bool = False
    """Whether the socket is another process's, of which the system tells counts alone."""
    error: bool = False
    """Whether an error such as ECONNRESET waits: after these bytes a recv raises it."""
    broken: bool = False
    """Whether the connection broke after the peer's FIN: a send raises the error that waits, recv still returns b''."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The kernel's side of an endpoint at one moment; None and empty for what does not apply to it."""

    queue: Queue | None = None
    send: SendSide | None = None
    listens: bool = False
    accept: AcceptQueue | None = None
    waiting: tuple[str, ...] = ()
    """The clients in the accept queue: by name where they are the bench's own, else by address."""
    connecting: tuple[Connecting, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptQueue:
    """Connections that are complete and wait for accept, and the most that may: backlog, beyond which one more fits."""

    waiting: int
    most: int


@dataclass(frozen=True, slots=True)
class Connecting:
    """A client whose connect has not returned. *seconds* since it began; *retries* of its SYN, None if not known."""

    name: str
    state: str
    """Such as "SYN_SENT"; "waiting" for a UNIX socket, whose connect has no states."""
    seconds: float
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class SendSide:
    """The send buffer of a stream, in bytes; None where the system does not tell.

    *unacknowledged*: TIOCOUTQ, on TCP only (on UNIX it counts kernel memory, so pass None); *unsent*: SIOCOUTQNSD, of
    those what is not on the wire yet. *free*: room that is left; *size*: SO_SNDBUF as the kernel counts it.
    """

    unacknowledged: int | None = None
    unsent: int | None = None
    free: int | None = None
    size: int | None = None
