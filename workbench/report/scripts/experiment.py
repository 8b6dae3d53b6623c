"""An experiment made of what was done by hand: one plain script with both ends, which moves the same bytes again.

The calls come one after another in the order in which they returned, but for those that another had to wait for: they
come before it, and a large send then goes on in a thread of its own, so that no line waits for one below it. An end
that is not in the session is made up from what the other end tells of it. Calls that failed stand as remarks.
"""

from __future__ import annotations

from pathlib import Path

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.session.sockets import SocketFacts, Sockets, connects, takes
from workbench.model.words.as_python import expression
from workbench.report.scripts.experiment_datagrams import ScriptDatagrams
from workbench.report.scripts.experiment_sockets import FOLDER, ScriptSockets
from workbench.report.scripts.experiment_source import OwnScript
from workbench.report.scripts.script import option

MOST = 1 << 20
"""Bytes that a session may have sent for a script to be made of it."""
_FITS = 16384  # bytes that surely find room in the kernel's buffers
_WHOLE = 65536
_MESSAGES = "SOCK_SEQPACKET"
"""The type whose connections keep messages apart: each recv takes one, and what has no room of it is thrown away."""


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
        repeat.add_call(call)
    return repeat.end().text(title)


class _Repeat:
    """Turns calls, in the order of cause and effect, into lines."""

    def __init__(self, journal: Journal) -> None:
        self.script = OwnScript()
        self._sockets = Sockets()
        self._made = ScriptSockets(self.script)
        self._datagrams = ScriptDatagrams(self.script, self._sockets, self._made)
        self._journal = journal
        self._done: set[int] = set()
        self._connects: dict[str, int] = {}
        self._accepts: dict[str, int] = {}
        """The seq of the accept that made a connection, by its id."""
        self._ends: dict[str, int] = {}
        """The seq of the call that ended what a socket sends, by its id."""
        for call in journal:
            facts = self._sockets.add(call)
            if call.call == "close" or (call.call == "shutdown" and call.args[:1] != ["SHUT_RD"]):
                self._ends.setdefault(facts.id, call.seq)
            if connects(call):
                self._connects[facts.id] = call.seq
            if call.call == "accept" and call.made:
                self._accepts[call.made[0]] = call.seq
        self._sockets.pair(journal.lineage)
        self._earlier = self._in_turn()
        self._ended: set[str] = set()
        """The variables of sockets that nothing more will come to."""
        self._reset: set[str] = set()
        """The ids of sockets of which a call told that the connection was reset: none is told of it again."""
        self._sending: dict[str, str] = {}
        """The threads that send, by the variable of their socket."""
        self._recvs = 0

    def _in_turn(self) -> dict[int, int]:
        """Return which accept or connect comes before another one of the same listener: it accepts in turn."""
        earlier: dict[int, int] = {}
        latest: dict[str, tuple[int, int]] = {}
        for made, accept in self._accepts.items():
            facts = self._sockets[made]
            connect = self._connects.get(facts.other, 0)
            earlier[accept], earlier[connect] = latest.get(facts.listener, (0, 0))
            latest[facts.listener] = accept, connect
        return earlier

    def end(self) -> OwnScript:
        """Close what is still open and return the script."""
        for name in list(self._made.open):
            self._join(name)
        for name in list(self._made.open):
            self._close(name)
        if self.script.known(FOLDER):
            self.script.add("folder.cleanup()")
        return self.script

    def add_call(self, call: Call, early: bool = False) -> None:
        """Add the lines for a call, and before them those of the calls that it waited for, *early*."""
        if call.seq not in self._done:
            self._done.add(call.seq)
            for seq in self._before(call):
                self.add_call(self._journal[seq - 1], True)
            self._add(call, early)

    def _before(self, call: Call) -> list[int]:
        """Return the calls without which this one would wait, or has no other end, by seq."""
        facts = self._sockets.get(call.socket)
        other = facts.other if facts is not None else ""
        if call.call == "accept" and call.made:
            seqs = [self._earlier.get(call.seq, 0), self._connects.get(self._sockets[call.made[0]].other, 0)]
        elif connects(call):
            seqs = [self._earlier.get(call.seq, 0)]
        elif takes(call) and not call.data:
            seqs = [self._ends.get(other, 0)]
        elif takes(call):
            seqs = [part.seq for part in self._journal.lineage.sources(call) or ()]
        elif call.sends or call.call in ("shutdown", "close"):
            seqs = [self._accepts.get(other, 0)]
        else:
            seqs = []
        return [seq for seq in seqs if seq]

    def _add(self, call: Call, early: bool) -> None:
        facts = self._sockets.get(call.socket)
        if facts is None or call.unfinished or call.peek:
            return
        if call.error is not None and not call.data:
            if call.error.type in ("ConnectionResetError", "BrokenPipeError"):
                self._reset.add(facts.id)
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
                self.script.add(f"{self._made.socket(facts)}.setsockopt({arguments})", call)
            case "socketpair" if len(call.made) == 2:
                one, other = (self._made.named(self._sockets[made]) for made in call.made)
                self.script.add(f"{one}, {other} = socket.socketpair()", call)
            case _ if connects(call):
                self._connect(facts, call)
            case "shutdown":
                self._shutdown(facts, call)
            case "close" if call.seq == facts.last_close and (name := self.script.known(facts.id)):
                self._close(name, self._other(facts), call)
            case _ if facts.type == "SOCK_DGRAM":
                self._datagrams.add(facts, call)
            case _ if call.data or takes(call):
                self._stream(facts, call, early)

    # --- sockets ------------------------------------------------------------------------------------------------------

    def _listener(self, facts: SocketFacts) -> str:
        """Return the variable of a listening socket; one that was not bound by a call of the session is bound first."""
        new = not self.script.known(facts.id)
        name = self._made.socket(facts)
        if new:
            self.script.add(f"{name}.bind({self._made.free_address(facts, name)})")
        return name

    def _bind(self, facts: SocketFacts, call: Call) -> None:
        name = self._made.socket(facts)
        self.script.add(f"{name}.bind({self._made.free_address(facts, name)})", call)

    def _other(self, facts: SocketFacts) -> str:
        """Return the variable of the other end; "" where there is none yet."""
        return self.script.known(facts.other or f"peer of {facts.id}")

    def _connect(self, facts: SocketFacts, call: Call) -> None:
        if facts.type == "SOCK_DGRAM":
            self.script.add(f"{self._made.socket(facts)}.connect({self._datagrams.address(facts, facts.peer)})", call)
            return
        accepted = self._sockets.get(facts.other)
        if accepted is not None and (listener := self._sockets.get(accepted.listener)) is not None:
            there = self._listener(listener)
            name = self._made.socket(facts, listener.family)
            self.script.add(f"{name}.connect({there}.getsockname())", call)
            return
        name = self._made.socket(facts)
        there = self.script.name(f"listener for {facts.id}", f"listener for {name}")
        self._made.note_open(there)
        kind = f"socket.{facts.family or 'AF_INET'}, socket.{facts.type or 'SOCK_STREAM'}"
        self.script.add(f"{there} = socket.socket({kind})")
        self.script.add(f"{there}.bind({self._made.local_address(facts, there)})")
        self.script.add(f"{there}.listen()")
        self.script.add(f"{name}.connect({there}.getsockname())", call)
        peer = self.script.name(f"peer of {facts.id}", f"peer of {name}")
        self._made.note_open(peer)
        self.script.add(f"{peer}, _ = {there}.accept()")

    def _accept(self, made: SocketFacts, listener: str, call: Call) -> None:
        if not made.other:
            peer = self.script.name(f"peer of {made.id}", f"peer of {made.name or 'conn'}")
            self._made.note_open(peer)
            self.script.add(f"{peer} = socket.socket({listener}.family, {listener}.type)")
            self.script.add(f"{peer}.connect({listener}.getsockname())")
        self.script.add(f"{self._made.named(made)}, _ = {listener}.accept()", call)

    # --- streams ------------------------------------------------------------------------------------------------------

    def _stream(self, facts: SocketFacts, call: Call, early: bool) -> None:
        name, other = self.script.known(facts.id), self._other(facts)
        if not name or not other:
            self.script.remark(f"{call.seq}: {facts.name} {expression(call, 60)}: its connection is not in the session")
        elif call.sends:
            self._send(name, call, early)
            if facts.type != _MESSAGES:
                self._made.queued[other] += call.data
            if not facts.other:
                self._take(other, call.data)
        elif call.data:
            if not facts.other:
                self.script.add(f"{other}.sendall({self.script.payload(call.data)})")
                self._made.queued[name] += call.data
            if facts.type == _MESSAGES:
                self._expect(facts, name, call)
            else:
                self._receive(facts, name, call)
        elif call.requested and call.error is None:
            if not facts.other and name not in self._ended:
                self._close(other, name)
            self._expect_end(facts, name, call)

    def _send(self, name: str, call: Call, early: bool) -> None:
        self._join(name)
        payload = self.script.payload(call.data)
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

    def _receive(self, facts: SocketFacts, name: str, call: Call) -> None:
        size, data, queued = call.requested or _WHOLE, call.data, self._made.queued[name]
        if not queued.startswith(data):
            self.script.remark(f"{call.seq}: {expression(call, 60)}: its bytes came by a way that was not recorded")
            return
        if len(data) > _FITS:
            self._take(name, data, call)
            return
        if len(data) < size and len(queued) > len(data):
            self.script.remark(f"recv({size}) in the session, when no more had arrived:")
            size = len(data)
        if facts.id not in self._reset:
            self.script.uses(helper="arrived")
            self.script.add(f"arrived({name}, {len(data)})")
            self._recvs += 1
        self._expect(facts, name, call, size)
        del queued[: len(data)]

    def _take(self, name: str, data: bytes, call: Call | None = None) -> None:
        self.script.uses(helper="recv_exactly")
        self.script.add(f"assert recv_exactly({name}, {len(data)}) == {self.script.payload(data)}", call)
        self.script.shown = self.script.shown or ("recv", self._recvs + 1, data, len(data))
        del self._made.queued[name][: len(data)]

    def _expect_end(self, facts: SocketFacts, name: str, call: Call) -> None:
        if name not in self._ended or self._made.queued[name]:
            self.script.remark(f"{call.seq}: {name}.recv({call.requested}) met the end of the stream")
            return
        self._expect(facts, name, call)

    def _expect(self, facts: SocketFacts, name: str, call: Call, size: int | None = None) -> None:
        """Add a recv of *size* bytes, as many as in the session unless told, and what it must return."""
        size = size or call.requested or _WHOLE
        taking = f"{name}.recv({size})"
        if facts.id in self._reset:
            self.script.uses(helper="after_reset")
            taking = f"after_reset({name}, {size})"
        self._recvs += 1
        self.script.got(f"received = {taking}", ("recv", self._recvs, call.data, size), call)

    def _shutdown(self, facts: SocketFacts, call: Call) -> None:
        name, how = self.script.known(facts.id), call.args[0] if call.args else ""
        if name and how in ("SHUT_RD", "SHUT_WR", "SHUT_RDWR"):
            self._join(name)
            self.script.add(f"{name}.shutdown(socket.{how})", call)
            if how != "SHUT_RD":
                self._ended.add(self._other(facts))

    def _close(self, name: str, other: str = "", call: Call | None = None) -> None:
        if name in self._made.open:
            self._join(name)
            self._made.open.remove(name)
            self._ended.add(other)
            self.script.add(f"{name}.close()", call)
