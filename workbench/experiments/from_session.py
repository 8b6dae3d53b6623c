"""An experiment made of what was done by hand: one plain script with both ends, which moves the same bytes again.

The calls come one after another in the order in which they returned, but for those that another had to wait for: they
come before it, and a large send then goes on in a thread of its own, so that no line waits for one below it. An end
that is not in the session is made up from what the other end tells of it. Calls that failed stand as remarks.
"""

from __future__ import annotations

from pathlib import Path

from workbench.experiments.own_script import OwnScript
from workbench.journal.reader import Journal
from workbench.model.address import is_loopback_host
from workbench.model.call import Call, Json
from workbench.model.describe import expression
from workbench.model.sockets import SocketFacts, Sockets, connects, partner, takes
from workbench.report.script import option

MOST = 1 << 20
"""Bytes that a session may have sent for a script to be made of it."""
_FITS = 16384  # bytes that surely find room in the kernel's buffers
_WHOLE = 65536


class CannotRepeat(ValueError):
    """No script can be made of the session; the message is one sentence for a person."""


def write_experiment(journal: Journal, path: Path) -> None:
    """Write a script that repeats *journal* to the new file *path*; raises CannotRepeat, OSError."""
    text = experiment_from(journal, path.stem.replace("_", " ").replace("-", " "))
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def experiment_from(journal: Journal, title: str) -> str:
    """Return a script that repeats *journal*, with an experiment block; raises CannotRepeat."""
    if not len(journal):
        raise CannotRepeat("the session has no calls yet: there is nothing to repeat")
    if sum(length for length, mark in zip(journal.lengths, journal.marks, strict=False) if mark) > 2 * MOST:
        raise CannotRepeat("the session moved more than 1 MB, which is too much for a script")
    repeat = _Repeat(journal)
    for call in journal:
        repeat.take(call)
    return repeat.end().text(title)


class _Repeat:
    """Turns calls, in the order of cause and effect, into lines."""

    def __init__(self, journal: Journal) -> None:
        self.script = OwnScript()
        self._sockets = Sockets()
        self._journal = journal
        self._done: set[int] = set()
        self._connects: dict[str, int] = {}
        self._ends: dict[str, int] = {}
        """The seq of the call that ended what a socket sends, by its id."""
        self._last_close: dict[str, int] = {}
        for call in journal:
            facts = self._sockets.add(call)
            if call.call == "close":
                self._last_close[facts.id] = call.seq
            if call.call == "close" or (call.call == "shutdown" and call.args[:1] != ["SHUT_RD"]):
                self._ends.setdefault(facts.id, call.seq)
            if connects(call):
                self._connects[facts.id] = call.seq
        self._sockets.pair(journal.lineage)
        self._queued: dict[str, bytearray] = {}
        """Bytes on their way to a socket, by its variable."""
        self._ended: set[str] = set()
        """The variables of sockets that nothing more will come to."""
        self._open: list[str] = []
        self._sending: dict[str, str] = {}
        """The threads that send, by the variable of their socket."""
        self._recvs = 0

    def end(self) -> OwnScript:
        """Close what is still open and return the script."""
        for name in list(self._open):
            self._join(name)
        for name in list(self._open):
            self._close(name)
        if self.script.known("folder"):
            self.script.add("folder.cleanup()")
        return self.script

    def take(self, call: Call, early: bool = False) -> None:
        """Add the lines for a call, and before them those of the calls that it waited for, *early*."""
        if call.seq not in self._done:
            self._done.add(call.seq)
            for seq in self._before(call):
                self.take(self._journal[seq - 1], True)
            self._add(call, early)

    def _before(self, call: Call) -> list[int]:
        """Return the calls without which this one would wait, by seq."""
        if call.call == "accept" and call.made:
            seq = self._connects.get(self._sockets[call.made[0]].other)
        elif takes(call) and not call.data and (facts := self._sockets.get(call.socket)) is not None:
            seq = self._ends.get(facts.other)
        else:
            sources = self._journal.lineage.sources(call) if takes(call) else ()
            return [part.seq for part in sources or ()]
        return [seq] if seq else []

    def _add(self, call: Call, early: bool) -> None:
        facts = self._sockets.get(call.socket)
        if facts is None or call.unfinished or call.peek:
            return
        if call.error is not None and not call.data:
            if not connects(call) and call.error.type != "Cancelled":
                self.script.remark(f"{call.seq}: {facts.name} {expression(call, 50)} raised {call.error.type}")
            return
        match call.call:
            case "bind":
                self._bind(facts, call)
            case "listen":
                backlog = next((value for value in call.args if isinstance(value, int)), "")
                self.script.add(f"{self._listener(facts)}.listen({backlog})", call)
            case "accept" if call.made:
                self._accept(self._sockets[call.made[0]], self._listener(facts), call)
            case "setsockopt" if arguments := option(call):
                self.script.add(f"{self._made(facts)}.setsockopt({arguments})", call)
            case "socketpair" if len(call.made) == 2:
                one, other = (self._named(self._sockets[made]) for made in call.made)
                self.script.add(f"{one}, {other} = socket.socketpair()", call)
            case _ if connects(call):
                self._connect(facts, call)
            case "shutdown":
                self._shutdown(facts, call)
            case "close" if call.seq == self._last_close.get(facts.id) and (name := self.script.known(facts.id)):
                self._close(name, self._other(facts), call)
            case _ if facts.type == "SOCK_DGRAM":
                self._datagram(facts, call)
            case _ if call.data or takes(call):
                self._stream(facts, call, early)

    # --- sockets ------------------------------------------------------------------------------------------------------

    def _named(self, facts: SocketFacts) -> str:
        name = self.script.name(facts.id, facts.name or "sock")
        self._note_open(name)
        return name

    def _note_open(self, name: str) -> None:
        self._open.append(name)
        self._queued[name] = bytearray()

    def _made(self, facts: SocketFacts, family: str = "") -> str:
        """Return the variable of a socket, which is made when it is wanted first."""
        if known := self.script.known(facts.id):
            return known
        name = self._named(facts)
        family = family or facts.family or ("AF_UNIX" if facts.is_unix else "AF_INET")
        self.script.add(f"{name} = socket.socket(socket.{family}, socket.{facts.type or 'SOCK_STREAM'})")
        return name

    def _listener(self, facts: SocketFacts) -> str:
        """Return the variable of a listening socket; one that was not bound by a call of the session is bound first."""
        new = not self.script.known(facts.id)
        name = self._made(facts)
        if new:
            self.script.add(f"{name}.bind({self._free(facts, name)})")
        return name

    def _bind(self, facts: SocketFacts, call: Call) -> None:
        name = self._made(facts)
        self.script.add(f"{name}.bind({self._free(facts, name)})", call)

    def _free(self, facts: SocketFacts, name: str) -> str:
        """Return the expression of an address that is free: a port that the kernel chooses, a path of its own."""
        match facts.bound if facts.bound is not None else facts.local:
            case str() as path if path.startswith("@"):
                self.script.uses("os")
                return f'f"\\0{name}-{{os.getpid()}}"'
            case str():
                return self._path(name)
            case [str() as host, *_]:
                local = "::1" if facts.family == "AF_INET6" else "127.0.0.1"
                return repr((host if is_loopback_host(host) and host != "localhost" else local, 0))
            case _:
                return self._path(name) if facts.is_unix else "('127.0.0.1', 0)"

    def _path(self, name: str) -> str:
        if not self.script.known("folder"):
            self.script.uses("tempfile")
            self.script.name("folder", "folder for paths")
            self.script.add("folder = tempfile.TemporaryDirectory()")
        return f'folder.name + "/{name}"'

    def _other(self, facts: SocketFacts) -> str:
        """Return the variable of the other end; "" where there is none yet."""
        return self.script.known(facts.other or f"peer of {facts.id}")

    def _connect(self, facts: SocketFacts, call: Call) -> None:
        if facts.type == "SOCK_DGRAM":
            self.script.add(f"{self._made(facts)}.connect({self._address(facts, facts.peer)})", call)
            return
        accepted = self._sockets.get(facts.other)
        if accepted is not None and (listener := self._sockets.get(accepted.listener)) is not None:
            there = self._listener(listener)
            name = self._made(facts, listener.family)
            self.script.add(f"{name}.connect({there}.getsockname())", call)
            return
        name = self._made(facts)
        there = self.script.name(f"listener for {facts.id}", f"listener for {name}")
        self._note_open(there)
        kind = f"socket.{facts.family or 'AF_INET'}, socket.{facts.type or 'SOCK_STREAM'}"
        self.script.add(f"{there} = socket.socket({kind})")
        where = self._path(there) if facts.is_unix else repr(("::1" if facts.family == "AF_INET6" else "127.0.0.1", 0))
        self.script.add(f"{there}.bind({where})")
        self.script.add(f"{there}.listen()")
        self.script.add(f"{name}.connect({there}.getsockname())", call)
        peer = self.script.name(f"peer of {facts.id}", f"peer of {name}")
        self._note_open(peer)
        self.script.add(f"{peer}, _ = {there}.accept()")

    def _accept(self, made: SocketFacts, listener: str, call: Call) -> None:
        if not made.other:
            peer = self.script.name(f"peer of {made.id}", f"peer of {made.name or 'conn'}")
            self._note_open(peer)
            self.script.add(f"{peer} = socket.socket({listener}.family, {listener}.type)")
            self.script.add(f"{peer}.connect({listener}.getsockname())")
        self.script.add(f"{self._named(made)}, _ = {listener}.accept()", call)

    # --- streams ------------------------------------------------------------------------------------------------------

    def _stream(self, facts: SocketFacts, call: Call, early: bool) -> None:
        name, other = self.script.known(facts.id), self._other(facts)
        if not name or not other:
            self.script.remark(f"{call.seq}: {facts.name} {expression(call, 60)}: its connection is not in the session")
        elif call.sends:
            self._send(name, other, call, early)
            if not facts.other:
                self._take(other, call.data)
        elif call.data:
            if not facts.other:
                self.script.add(f"{other}.sendall({self.script.payload(call.data)})")
                self._queued[name] += call.data
            self._receive(name, call)
        elif call.requested and call.error is None:
            if not facts.other and name not in self._ended:
                self._close(other, name)
            self._expect_end(name, call)

    def _send(self, name: str, other: str, call: Call, early: bool) -> None:
        self._join(name)
        payload = self.script.payload(call.data)
        self._queued[other] += call.data
        if len(call.data) <= _FITS or not (early or call.error):
            how = "send" if call.call == "send" else "sendall"
            self.script.add(f"{name}.{how}({payload})", call)
            return
        self.script.uses("threading")
        thread = self.script.name(f"thread {call.seq}", "sending")
        self.script.add(f"{thread} = threading.Thread(target={name}.sendall, args=({payload},), daemon=True)", call)
        self.script.add(f"{thread}.start()")
        self._sending[name] = thread

    def _join(self, name: str) -> None:
        """Wait until what a socket sends in a thread has gone; where nobody takes all of it, only for a while."""
        if thread := self._sending.pop(name, ""):
            self.script.add(f"{thread}.join(5)")

    def _receive(self, name: str, call: Call) -> None:
        size, data, queued = call.requested or _WHOLE, call.data, self._queued[name]
        if not queued.startswith(data):
            self.script.remark(f"{call.seq}: {expression(call, 60)}: its bytes came by a way that was not recorded")
            return
        if len(data) > _FITS:
            self._take(name, data, call)
            return
        if len(data) < size and len(queued) > len(data):
            self.script.remark(f"recv({size}) in the session, when no more had arrived:")
            size = len(data)
        self.script.uses(helper="arrived")
        self.script.add(f"arrived({name}, {len(data)})")
        self._recvs += 2
        self._got(f"{name}.recv({size})", ("recv", self._recvs, data, size), call)
        del queued[: len(data)]

    def _take(self, name: str, data: bytes, call: Call | None = None) -> None:
        self.script.uses(helper="take")
        self.script.add(f"assert take({name}, {len(data)}) == {self.script.payload(data)}", call)
        self.script.shown = self.script.shown or ("recv", self._recvs + 1, data, len(data))
        del self._queued[name][: len(data)]

    def _got(self, expression: str, shown: tuple[str, int, bytes, int], call: Call) -> None:
        data = shown[2]
        self.script.add(f"received = {expression}", call)
        self.script.add(f"assert received == {self.script.payload(data)}, received")
        self.script.shown = self.script.shown or shown

    def _expect_end(self, name: str, call: Call) -> None:
        if name not in self._ended or self._queued[name]:
            self.script.remark(f"{call.seq}: {name}.recv({call.requested}) met the end of the stream")
            return
        self._recvs += 1
        self._got(f"{name}.recv({call.requested})", ("recv", self._recvs, b"", call.requested or 0), call)

    def _shutdown(self, facts: SocketFacts, call: Call) -> None:
        name, how = self.script.known(facts.id), call.args[0] if call.args else ""
        if name and how in ("SHUT_RD", "SHUT_WR", "SHUT_RDWR"):
            self._join(name)
            self.script.add(f"{name}.shutdown(socket.{how})", call)
            if how != "SHUT_RD":
                self._ended.add(self._other(facts))

    def _close(self, name: str, other: str = "", call: Call | None = None) -> None:
        if name in self._open:
            self._join(name)
            self._open.remove(name)
            self._ended.add(other)
            self.script.add(f"{name}.close()", call)

    # --- datagrams ----------------------------------------------------------------------------------------------------

    def _datagram(self, facts: SocketFacts, call: Call) -> None:
        there = partner(call, facts)
        if call.sends:
            name = self._made(facts)
            payload = self.script.payload(call.data)
            if call.call == "sendto" or facts.role != "client":
                self.script.add(f"{name}.sendto({payload}, {self._address(facts, there)})", call)
            else:
                self.script.add(f"{name}.send({payload})", call)
        elif takes(call) and call.requested:
            name, sender = self._made(facts), self._owner(there)
            if sender is None and there:
                peer = self._address(facts, there).removesuffix(".getsockname()")
                self.script.add(f"{peer}.sendto({self.script.payload(call.data)}, {name}.getsockname())")
            shown = ("recvfrom", 1, call.data, call.requested)
            self._got_from(name, shown, call)

    def _got_from(self, name: str, shown: tuple[str, int, bytes, int], call: Call) -> None:
        self.script.add(f"received, sender = {name}.recvfrom({shown[3]})", call)
        self.script.add(f"assert received == {self.script.payload(shown[2])}, received")
        self.script.shown = self.script.shown or shown

    def _owner(self, address: Json) -> SocketFacts | None:
        """Return the socket of the session that has an address."""
        if not address:
            return None
        kinds = (facts for facts in self._sockets if facts.type == "SOCK_DGRAM" and facts.local)
        return next((facts for facts in kinds if _same(facts.local, address)), None)

    def _address(self, facts: SocketFacts, address: Json) -> str:
        """Return the expression for where datagrams of *facts* go: a socket of the session, or one made up for it."""
        owner = self._owner(address)
        if owner is not None:
            return f"{self._made(owner)}.getsockname()"
        key = f"peer at {address}"
        if not (name := self.script.known(key)):
            name = self.script.name(key, "peer")
            self._note_open(name)
            self.script.add(f"{name} = socket.socket(socket.{facts.family or 'AF_INET'}, socket.SOCK_DGRAM)")
            where = (
                self._path(name) if facts.is_unix else repr(("::1" if facts.family == "AF_INET6" else "127.0.0.1", 0))
            )
            self.script.add(f"{name}.bind({where})")
        return f"{name}.getsockname()"


def _same(local: Json, address: Json) -> bool:
    match local, address:
        case [str() as here, int() as port, *_], [str() as there, int() as other, *_]:
            return port == other and (here == there or here in ("0.0.0.0", "::"))
        case _:
            return bool(local == address)
