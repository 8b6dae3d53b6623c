"""What the rules share: each socket as the calls so far made it, and which sockets are two ends of a connection.

Memory is bounded for each socket, and sockets that were closed long ago are let go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress, Value
from workbench.model.findings.sock import FOREVER, GONE, Sock, brief
from workbench.model.lineage.lineage import Lineage
from workbench.model.words.about import address_of

_CLOSED = 2048  # closed sockets that are remembered
_LONG = 0.05  # seconds; a call that took longer has waited
_WAITS = 64
_MAILED = 1024  # datagrams whose sender is remembered


class Scene:
    """Every socket of a session; calls are taken in one after another."""

    def __init__(
        self,
        lineage: Lineage,
        lengths: Sequence[int],
        program: Callable[[int], str] = lambda pid: "",
    ) -> None:
        """*lengths*: bytes moved by the call with seq i + 1; *program* returns the command line of a process."""
        self.lineage, self.lengths, self.program = lineage, lengths, program
        self.now = 0.0
        """The latest moment that a call has told, in seconds."""
        self._socks: dict[str, Sock] = {}
        self._ends: dict[int, Sock] = {}
        self._descriptors: dict[tuple[int, int], Sock] = {}
        self._closed: deque[Sock] = deque()
        self._mailed: deque[tuple[int, Sock]] = deque(maxlen=_MAILED)
        self.waits: dict[int, deque[tuple[Call, Sock]]] = {}
        """For each process its last calls that took long."""
        self.listeners: dict[str, list[Sock]] = {}
        """By port or path, oldest first; the closed ones too."""

    def __iter__(self) -> Iterator[Sock]:
        return iter(self._socks.values())

    def sock(self, call: Call) -> Sock:
        """Return the socket of a call."""
        found = self._socks.get(call.socket)
        return self._new(call.socket, call) if found is None else found

    def get(self, socket: str) -> Sock | None:
        """Return the socket with that id, if it is known (still)."""
        return self._socks.get(socket)

    def peer(self, sock: Sock) -> Sock | None:
        """Return the socket at the other end of a connection, where that is in the session."""
        ends = self.lineage.ends(sock.id)
        if ends is None:
            return None
        self._ends.setdefault(ends[0], sock)
        return self._ends.get(ends[1])

    def take(self, call: Call, sock: Sock) -> Iterator[Sock]:
        """Take in a call on *sock*; yield the sockets that are let go of."""
        end = call.time + (call.duration or 0.0)
        self.now = max(self.now, end)
        if call.name:
            sock.name = call.name
        if call.pid not in sock.pids:
            sock.pids.add(call.pid)
            if sock.closed is not None:  # one of the processes that have it closed it, not this one
                sock.closed, sock.gone = None, FOREVER
        if call.duration is not None and call.duration > _LONG:
            self.waits.setdefault(call.pid, deque(maxlen=_WAITS)).append((call, sock))
        if call.sends or call.receives:
            self._move(call, sock, end)
        else:
            self._name(call, sock)
        while len(self._closed) > _CLOSED:
            old = self._closed.popleft()
            yield old
            self._drop(old)

    def doing(self, pid: int, moment: float, but: tuple[int, str]) -> tuple[Call, Sock] | None:
        """Return a call of process *pid* that was waiting at *moment*, where one is known; accept comes last.

        *but*: a thread, by pid and name, that is not meant.
        """
        found = [
            (call, sock)
            for call, sock in self.waits.get(pid, ())
            if call.time <= moment <= call.time + (call.duration or 0.0) and (call.pid, call.thread) != but
        ]
        return min(found, key=lambda pair: (pair[0].call == "accept", pair[0].seq), default=None)

    def sender(self, seq: int) -> Sock | None:
        """Return the socket that sent the datagram of call *seq*, if that was not long ago."""
        return next((sock for number, sock in reversed(self._mailed) if number == seq), None)

    def client_of(self, accept: Call) -> Sock | None:
        """Return the socket whose connection an accept took, where it is in the session."""
        ends = self.lineage.ends(accept.made[0]) if accept.made else None
        return None if ends is None else self._ends.get(ends[1])

    def listener_at(self, address: PlainAddress | None, moment: float) -> Sock | None:
        """Return the socket that listened at *address* at that moment."""
        for sock in reversed(self.listeners.get(place(address), ())):
            if sock.born <= moment < sock.gone and reaches(address, sock.local):
                return sock
        return None

    # --- one call ---------------------------------------------------------------------------------------------------

    def _new(self, socket: str, call: Call) -> Sock:
        sock = self._socks[socket] = Sock(socket, call.pid, first=call.seq, source=call.source, born=call.time)
        ends = self.lineage.ends(socket)
        if ends is not None:
            self._ends[ends[0]] = sock
        if call.datagram:
            sock.type = "SOCK_DGRAM"
        return sock

    def _move(self, call: Call, sock: Sock, end: float) -> None:
        moved = brief(call, end)
        sock.last = moved
        if call.sends:
            sock.threads.add(moved.thread)
            if moved.size or not moved.failure:
                sock.sent += moved.size
                sock.last_sent = moved
                sock.sends.append(moved)
                if call.datagram:
                    self._mailed.append((call.seq, sock))
                    sock.to = address_of(call) or call.peer
                    sock.local = sock.local if call.local is None else call.local
        elif not call.peek and not moved.failure:
            sock.last_received = moved
            sock.received += moved.size
            if moved.size:
                sock.recvs.append(moved)
            elif sock.ended is None and moved.asked and not call.datagram:
                sock.ended = moved
        if moved.size:
            sock.moved_at = end
        if moved.failure in GONE and sock.failed is None:
            sock.failed = moved

    def _name(self, call: Call, sock: Sock) -> None:
        match call.call, call.args:
            case (("socket" | "fromfd"), [*_, str() | int(), str() | int(), _]) if call.error is None:
                self._made(call, sock)
            case "socketpair", [family, kind, *_] if len(call.made) == 2:
                self._paired(call, str(family), str(kind).partition(" ")[0])
            case "accept", _ if call.made and call.error is None:
                self._accepted(call, sock)
            case (("connect" | "connect_ex"), _):
                self._connected(call, sock)
            case "bind", _ if call.error is None:
                sock.local, sock.bound = call.local, call
            case "listen", [*backlog] if call.error is None:
                self._listens(call, sock, backlog)
            case "settimeout", [value, *_] if call.error is None and (value is None or isinstance(value, int | float)):
                sock.timeout = value
            case "setblocking", [flag, *_] if call.error is None:
                sock.timeout = None if flag else 0.0
            case "setsockopt", [_, str() as option, *value] if call.error is None:
                sock.options[option] = call.seq, value[0] if value else None
            case "makefile", _ if call.error is None and not _unbuffered(call):
                sock.files = call.seq
            case "shutdown", _ if call.error is None:
                sock.shut = call
            case (("close" | "detach"), _) if call.error is None and sock.closed is None:
                sock.closers.add(call.pid)
                if sock.pids <= sock.closers:
                    self._close(call, sock)

    def _made(self, call: Call, sock: Sock) -> None:
        family, kind = (call.args[1:] if call.call == "fromfd" else call.args)[:2]
        sock.family, sock.type = str(family), str(kind).partition(" ")[0]
        sock.tls, sock.timeout = call.tls, call.timeout
        self._describe(call, sock)

    def _describe(self, call: Call, sock: Sock) -> None:
        """Note a socket's descriptor; one that had the number before was closed, though no call told."""
        if call.descriptor is None:
            return
        key = sock.pid, call.descriptor
        before = self._descriptors.get(key)
        if before is not None and before is not sock and before.closed is None and not sock.tls:
            before.gone = min(before.gone, call.time)
            self._closed.append(before)
        sock.descriptor, self._descriptors[key] = call.descriptor, sock

    def _paired(self, call: Call, family: str, kind: str) -> None:
        for socket in call.made:
            sock = self._socks.get(socket) or self._new(socket, call)
            sock.family, sock.type, sock.role = family, kind, "pair"

    def _accepted(self, call: Call, listener: Sock) -> None:
        sock = self._socks.get(call.made[0]) or self._new(call.made[0], call)
        sock.family, sock.type, sock.role = listener.family, listener.type, "connection"
        sock.name, sock.listener = call.label, listener
        sock.local, sock.peer_address = call.local, call.peer
        sock.born = call.time + (call.duration or 0.0)
        sock.source, sock.timeout = call.source, call.timeout
        self._describe(call, sock)

    def _connected(self, call: Call, sock: Sock) -> None:
        sock.peer_address = address_of(call) if call.peer is None else call.peer
        if call.local is not None:
            sock.local = call.local
        failed = call.error is not None and call.error.errno != "EINPROGRESS"
        if failed or (call.call == "connect_ex" and call.result not in (0, 115)):
            return
        sock.role = "client"
        sock.listener = self.listener_at(sock.peer_address, call.time)

    def _listens(self, call: Call, sock: Sock, backlog: list[Value]) -> None:
        if call.local is not None:
            sock.local = call.local
        sock.backlog = backlog[0] if backlog and isinstance(backlog[0], int) else 128
        if sock.role != "listener":
            sock.role, sock.born = "listener", call.time
            self.listeners.setdefault(place(sock.local), []).append(sock)

    def _close(self, call: Call, sock: Sock) -> None:
        sock.closed, sock.gone = call, min(sock.gone, call.time)
        if self._descriptors.get((call.pid, sock.descriptor)) is sock:
            del self._descriptors[call.pid, sock.descriptor]
        self._closed.append(sock)

    def _drop(self, sock: Sock) -> None:
        if self._socks.get(sock.id) is sock:
            del self._socks[sock.id]
        ends = self.lineage.ends(sock.id)
        if ends is not None and self._ends.get(ends[0]) is sock:
            del self._ends[ends[0]]
        if sock.role == "listener":
            known = self.listeners.get(place(sock.local), [])
            if sock in known:
                known.remove(sock)


def place(address: PlainAddress | None) -> str:
    """Return what all addresses of one port, or of one path, have in common."""
    match address:
        case [_, int() as port, *_]:
            return str(port)
        case str():
            return address
        case _:
            return ""


def reaches(address: PlainAddress | None, listening: PlainAddress | None) -> bool:
    """Whether a connect to *address* gets to a socket that listens at *listening*."""
    match address, listening:
        case [str() as host, port, *_], [str() as bound, number, *_]:
            host, bound = (_NAMES.get(each, each).removeprefix("::ffff:") for each in (host, bound))
            return bool(port == number) and (host == bound or bound == "::" or (bound == "0.0.0.0" and ":" not in host))
        case [str(), str()]:
            return bool(address == listening)
    return isinstance(address, str) and address == listening


_NAMES = {"localhost": "127.0.0.1", "": "0.0.0.0"}


def _unbuffered(call: Call) -> bool:
    """Whether a makefile has no buffer of its own for reading."""
    mode = str(call.args[0]) if call.args else "r"
    return 0 in call.args[1:2] or ("w" in mode and "r" not in mode)
