"""The sockets of programs under trace, as endpoints: put together from what the journal tells of them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workbench.engine.state import EndpointState, PendingCall
from workbench.engine.tracing.stepping import StepMessage
from workbench.journal.pages import Doing, is_alive
from workbench.journal.reader import FAILED, RECEIVED, REPEATED, SENT, Journal
from workbench.model.call.address import show
from workbench.model.call.call import Call, socket_id
from workbench.model.call.value import PlainAddress
from workbench.probe import format as record_format
from workbench.probe.format import Head

MOST_CLOSED = 100
"""Closed sockets that stay in the list; the oldest leave it first."""
DEFAULT_BACKLOG = min(socket.SOMAXCONN, 128)
"""Of listen() without an argument, as CPython's sock_listen has it."""
_SLICE = 0.01
"""Seconds that one look may take."""
_LOOKED_AT = 500
"""Calls that are taken in before the clock is read again."""
_ROLES = {"listen": "server", "connect": "client", "connect_ex": "client"}
_ORDER = ("server", "connection", "client", "")


@dataclass(slots=True)
class Traced:
    """One socket of a program."""

    key: tuple[int, int]
    pid: int
    """The process that used it last."""
    name: str = ""
    role: str = ""
    family: str = ""
    type: str = "SOCK_STREAM"
    local: PlainAddress | None = None
    peer: PlainAddress | None = None
    inode: int | None = None
    backlog: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    done: set[str] = field(default_factory=set)
    last: str | None = None
    error: str | None = None
    closed: bool = False
    bufsize: int = 1024
    """What its latest recv asked for."""
    ended: bool = False

    @property
    def id(self) -> str:
        """The socket's id in the session."""
        return socket_id(*self.key)


class TracedSockets:
    """Follows a journal; `look` takes in what was added."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._taken = 0
        self._known: dict[tuple[int, int], Traced] = {}

    @property
    def all(self) -> list[Traced]:
        """The sockets: listeners first, then their connections, clients and the rest; closed ones behind the others."""
        return sorted(self._known.values(), key=lambda one: (one.closed, _ORDER.index(one.role), one.key))

    def close_those_of_ended(self) -> None:
        """Take the sockets of processes that have ended for closed: the kernel closed them."""
        open_ones = [sock for sock in self._known.values() if not sock.closed]
        ended = {pid for pid in {sock.pid for sock in open_ones} if not is_alive(pid)}
        for sock in open_ones:
            sock.closed = sock.pid in ended

    def take_in(self, doing: Iterable[Doing]) -> None:
        """Take from the calls that go on what the journal does not tell before they return."""
        for each in doing:
            sock = self.find(each.socket)
            if sock is not None and each.requested and record_format.CODE[each.call] in record_format.RECVS:
                sock.bufsize = each.requested

    def take_in_held(self, message: StepMessage) -> None:
        """Take from a recv that has not been made yet how much it will ask for."""
        sock = self._known.get(message.socket)
        if sock is not None and message.call.startswith("recv") and message.args and isinstance(message.args[0], int):
            sock.bufsize = message.args[0]

    def find(self, id: str) -> Traced | None:
        """Return the socket with that id."""
        key = key_of(id)
        return None if key is None else self._known.get(key)

    def look(self) -> None:
        """Take in the calls that were added, for some milliseconds at most."""
        until = time.monotonic() + _SLICE
        while self._taken < len(self._journal) and time.monotonic() < until:
            stop = min(len(self._journal), self._taken + _LOOKED_AT)
            for index, head, data in self._journal.heads(self._taken, stop):
                mark = self._journal.marks[index] & ~REPEATED
                if mark in (SENT, RECEIVED):
                    self._moved(head, len(data))
                else:
                    self._called(self._journal[index], bool(mark & FAILED))
            self._taken = stop
        self._drop_closed()

    def _of(self, key: tuple[int, int], pid: int) -> Traced:
        sock = self._known.setdefault(key, Traced(key, pid))
        sock.pid = pid
        return sock

    def _moved(self, head: Head, length: int) -> None:
        """Take in a send or recv that succeeded: there may be very many."""
        sock = self._of(head.socket, head.pid)
        sock.name = self._journal.name_of(head)
        sock.last, sock.error = record_format.CALLS[head.code], None
        sock.done.add(sock.last)
        if head.flags & record_format.DATAGRAM:
            sock.type = "SOCK_DGRAM"
        if head.code in record_format.SENDS:
            sock.bytes_out += length
            return
        sock.bufsize = max(0, head.requested)
        if not head.flags & (record_format.PEEK | record_format.OUT_OF_BAND):
            sock.bytes_in += length
            sock.ended = sock.ended or (head.result == 0 < head.requested and not head.flags & record_format.DATAGRAM)

    def _called(self, call: Call, failed: bool) -> None:
        key = key_of(call.socket)
        if key is None:
            return
        sock = self._of(key, call.pid)
        sock.name = call.name
        sock.last = call.call
        sock.error = (
            None if call.error is None else call.error.type + (f" ({call.error.errno})" * bool(call.error.errno))
        )
        if call.sends:
            sock.bytes_out += len(call.data)
        if call.datagram:
            sock.type = "SOCK_DGRAM"
        if failed and call.peer is None:
            return
        if not failed:
            sock.done.add(call.call)
        self._learn(sock, call)

    def _learn(self, sock: Traced, call: Call) -> None:
        """Take from a call what it tells of its socket, and of those that it made."""
        sock.role = sock.role or _ROLES.get(call.call, "")
        match call.call, call.args:
            case (("socket" | "socketpair"), [str() as family, str() as kind, *_]):
                sock.family, sock.type = family, kind
            case "listen", args:
                sock.backlog = args[0] if args and isinstance(args[0], int) else DEFAULT_BACKLOG
            case (("close" | "detach"), _):
                sock.closed = True
        made = [self._of(key, call.pid) for key in map(key_of, call.made) if key is not None]
        for one in made:
            one.family, one.type = one.family or sock.family, sock.type
            if call.call == "socketpair" and one.family == "AF_UNIX":
                one.local = one.peer = ""
        if call.call == "accept" and made:
            made[0].name, made[0].role = call.label, "connection"
            _name(made[0], call)
        elif call.call != "dup":
            _name(sock, call)

    def _drop_closed(self) -> None:
        closed = [key for key, one in self._known.items() if one.closed]
        for key in closed[: max(0, len(closed) - MOST_CLOSED)]:
            del self._known[key]


def _name(sock: Traced, call: Call) -> None:
    """Take in the addresses that a call tells of *sock*."""
    sock.local = sock.local if call.local is None else call.local
    sock.peer = sock.peer if call.peer is None or (call.datagram and call.call != "connect") else call.peer
    sock.inode = call.inode or sock.inode
    if isinstance(sock.local, str):
        sock.family = "AF_UNIX"


def key_of(id: str) -> tuple[int, int] | None:
    """Return the key of the socket with this id; None where the text is no such id."""
    pid, _, number = id.partition(".")
    return (int(pid), int(number)) if number else None


def state(sock: Traced, name: str, pending: tuple[PendingCall, ...], tcp_state: str | None) -> EndpointState:
    """Return what *sock* looks like now."""
    return EndpointState(
        name=name,
        role=sock.role,
        number=sock.key[1],
        socket=sock.id,
        family=sock.family or "AF_INET",
        type=sock.type,
        local=sock.local,
        peer=sock.peer,
        tcp_state=tcp_state,
        bytes_in=sock.bytes_in,
        bytes_out=sock.bytes_out,
        pending=pending,
        done=frozenset(sock.done),
        last=sock.last,
        error=sock.error,
        closed=sock.closed,
        timeout=None,
        bufsize=sock.bufsize,
        auto=False,
        rest=b"",
        ended=sock.ended,
    )


def names(sockets: Iterable[Traced]) -> dict[tuple[int, int], str]:
    """Return a name for each socket: its own, with the process's number where several have it, as each counts anew."""
    found: dict[tuple[int, int], str] = {}
    taken: set[str] = set()
    for sock in sockets:
        name = sock.name or f"socket {sock.key[1]}"
        if name in taken:
            name += f" ({sock.pid})"
        if name in taken:
            name += f" #{sock.id}"
        taken.add(name)
        found[sock.key] = name
    return found


def pending(doing: Iterable[Doing], now: float) -> Mapping[tuple[int, int], tuple[PendingCall, ...]]:
    """Return the calls that go on now, of each socket."""
    found: dict[tuple[int, int], tuple[PendingCall, ...]] = {}
    for each in doing:
        one = PendingCall(each.call, written(each), now - each.seconds())
        found[each.key] = (*found.get(each.key, ()), one)
    return found


def written(doing: Doing) -> str:
    """Write a call that goes on as in Python, as far as it is known: "recv(1024)", "connect(127.0.0.1:6789)"."""
    if doing.arguments:
        from msgspec import DecodeError, json

        try:
            (address,) = json.decode(doing.arguments)
        except (DecodeError, ValueError, TypeError):
            return f"{doing.call}(…)"
        return f"{doing.call}({show(address) if isinstance(address, list | str) else '…'})"
    return f"{doing.call}({'' if doing.requested is None else doing.requested})"
