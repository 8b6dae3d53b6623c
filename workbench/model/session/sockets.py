"""The sockets of a session: what each is, who connected, who accepted, and which belong to one connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.lineage.lineage import Lineage
from workbench.model.words.about import address_of

Role: TypeAlias = Literal["", "client", "listener", "connection", "pair"]
"""What a socket turned out to be: "client" connected, "connection" was accepted, "pair" comes from socketpair."""

_UNDER_WAY = frozenset({"BlockingIOError"})
_EINPROGRESS = 115


@dataclass(slots=True, eq=False)
class SocketFacts:
    """What the calls tell of a socket. Addresses in their JSON form, None where not known; *seq*: its first call."""

    id: str
    name: str
    seq: int
    family: str = ""
    type: str = ""
    role: Role = ""
    local: PlainAddress | None = None
    peer: PlainAddress | None = None
    bound: PlainAddress | None = None
    """What bind was given: its own address by choice."""
    listener: str = ""
    """Of a connection, the id of the socket that accepted it."""
    other: str = ""
    """Of a connection, the id of the socket at its other end, where that is in the session."""
    began: Literal["", "send", "recv"] = ""
    """What moved its first bytes."""
    inode: int | None = None
    """The kernel's number of it, as long as it is open."""
    last_close: int = 0
    """The seq of its last close so far: of several descriptors, the one that gave the last one back."""

    @property
    def keeps_messages(self) -> bool:
        """Whether each send is a message of its own."""
        return self.type not in ("", "SOCK_STREAM")

    @property
    def is_unix(self) -> bool:
        """Whether its addresses are paths."""
        return self.family == "AF_UNIX" or isinstance(self.peer, str) or isinstance(self.local, str)


class Sockets:
    """Every socket of a session, learned from its calls in the journal's order."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self._known: dict[str, SocketFacts] = {}
        self._open: dict[int, SocketFacts] = {}
        self._waiting: dict[str, tuple[deque[SocketFacts], deque[SocketFacts]]] = {}
        for call in calls:
            self.add(call)

    def __getitem__(self, socket: str) -> SocketFacts:
        return self._known[socket]

    def __iter__(self) -> Iterator[SocketFacts]:
        return iter(dict.fromkeys(self._known.values()))

    def get(self, socket: str) -> SocketFacts | None:
        """Return what is known of the socket with that id."""
        return self._known.get(socket)

    def named(self, wanted: str) -> SocketFacts | None:
        """Return the socket with that id, or else the first one with that name."""
        return self._known.get(wanted) or next((facts for facts in self if facts.name == wanted), None)

    def pair(self, lineage: Lineage) -> None:
        """Learn which streams belong together, once all calls have been taken in."""
        ends = {facts: lineage.ends(facts.id) for facts in self if not facts.keeps_messages}
        owners = {known[0]: facts for facts, known in ends.items() if known is not None}
        for facts, known in ends.items():
            other = owners.get(known[1]) if known is not None else None
            facts.other = other.id if other is not None else facts.other

    def add(self, call: Call) -> SocketFacts:
        """Take in a call; return what is known of its socket now."""
        if call.call in ("socket", "fromfd") and call.inode in self._open:  # made of a descriptor, as TLS does
            self._known[call.socket] = self._open[call.inode]
        facts = self._of(call.socket, call)
        self._number(facts, call)
        if call.name:
            facts.name = call.name
        if call.datagram and not facts.keeps_messages:
            facts.type = "SOCK_DGRAM"
        match call.call:
            case "socket":
                _set_kind(facts, call)
            case "socketpair" if len(call.made) == 2:
                self._pair(call)
            case "accept" if call.made and call.error is None:
                self._accept(facts, call)
            case "connect" | "connect_ex" if connects(call):
                self._connect(facts, call)
            case "bind" if call.error is None:
                facts.bound, facts.local = address_of(call), call.local
            case "listen" if call.error is None:
                facts.role, facts.local = "listener", facts.local if call.local is None else call.local
            case "close":
                facts.last_close = call.seq
            case "dup" if call.made:
                self._known[call.made[0]] = facts
            case _ if call.sends or call.receives:
                facts.began = facts.began or ("send" if call.sends else "recv")
                facts.local = call.local if call.local is not None else facts.local
        return facts

    def _of(self, socket: str, call: Call) -> SocketFacts:
        facts = self._known.get(socket)
        if facts is None:
            facts = self._known[socket] = SocketFacts(socket, call.name, call.seq)
        return facts

    def _number(self, facts: SocketFacts, call: Call) -> None:
        """Note the inode of a socket that the call names, and forget that of one that it closes."""
        if call.call == "close" and facts.inode is not None:
            self._open.pop(facts.inode, None)
        elif call.inode and call.error is None:
            named = self._of(call.made[0], call) if call.call == "accept" and call.made else facts
            named.inode, self._open[call.inode] = call.inode, named

    def _pair(self, call: Call) -> None:
        one, other = (self._of(made, call) for made in call.made)
        for facts, opposite in ((one, other), (other, one)):
            _set_kind(facts, call)
            facts.role, facts.other, facts.local, facts.peer = "pair", opposite.id, "", ""

    def _accept(self, listener: SocketFacts, call: Call) -> None:
        made = self._of(call.made[0], call)
        made.name, made.role, made.listener = "", "connection", listener.id
        made.family, made.type = listener.family, listener.type
        made.local, made.peer = call.local, call.peer
        if made.keeps_messages:
            self._meet(made, str(call.local), 1)

    def _connect(self, facts: SocketFacts, call: Call) -> None:
        facts.role = "client"
        facts.local = facts.local if call.local is None else call.local
        facts.peer = connected_to(call)
        if facts.type == "SOCK_SEQPACKET":
            self._meet(facts, str(facts.peer), 0)

    def _meet(self, facts: SocketFacts, path: str, side: int) -> None:
        """Pair connect (side 0) and accept (1) at one path in their order: the accept queue is a FIFO."""
        queues = self._waiting.setdefault(path, (deque(), deque()))
        if queues[1 - side]:
            other = queues[1 - side].popleft()
            facts.other, other.other = other.id, facts.id
        else:
            queues[side].append(facts)


def connects(call: Call) -> bool:
    """Tell whether a connect succeeded, or at least went on in the background (non-blocking) with a known peer."""
    if call.call not in ("connect", "connect_ex"):
        return False
    if call.error is not None:
        return call.error.type in _UNDER_WAY and call.local is not None
    return call.result in (None, 0, _EINPROGRESS)


def connected_to(call: Call) -> PlainAddress | None:
    """Return where a connect went."""
    return address_of(call) if call.peer is None else call.peer


def partner(call: Call, facts: SocketFacts) -> PlainAddress | None:
    """Return the address at the other end of a message; None where it is not known."""
    if call.peer is not None:
        return call.peer
    return address_of(call) or facts.peer


def takes(call: Call) -> bool:
    """Tell whether a recv took what it returned out of the receive queue's stream: a peek or urgent data does not."""
    return call.receives and call.error is None and not call.peek and not _has_flag(call, "MSG_OOB")


def _has_flag(call: Call, flag: str) -> bool:
    return any(isinstance(value, str) and flag in value.split(" | ") for value in call.args[1:])


def _set_kind(facts: SocketFacts, call: Call) -> None:
    match call.args:
        case [str() as family, str() as kind, *_]:
            facts.family, facts.type = family, kind.split(" | ")[0]
