"""A session as two Python scripts: client.py and server.py, which repeat its calls against each other or real peers.

Where one side of a connection is not in the session, its script is what the other side's calls tell of it: it sends
what was received, and expects what was sent.
"""

from __future__ import annotations

from pathlib import Path

from workbench.journal.order import by_cause
from workbench.journal.reader import Journal
from workbench.model.call.address import is_loopback_host, show
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.session.sockets import SocketFacts, Sockets, connects, partner, takes
from workbench.report.exports import FolderExport
from workbench.report.scripts.script import Script, bind_arguments, flags, option, url

_HOWS = frozenset({"SHUT_RD", "SHUT_WR", "SHUT_RDWR"})
_WHOLE = 65536


def export_python(journal: Journal, folder: Path) -> int:
    """Write client.py and server.py into *folder*; return how many calls that moved bytes have no place in them."""
    folder.mkdir(parents=True, exist_ok=True)
    scripts = Scripts(journal, folder)
    for index in by_cause(journal):
        scripts.add(journal[index])
    scripts.client.write(journal.path.name)
    scripts.server.write(journal.path.name)
    return scripts.left_out


EXPORT = FolderExport(export_python, ("client.py", "server.py"))


class Scripts:
    """Turns calls into the lines of both scripts; calls come in the order of cause and effect."""

    def __init__(self, journal: Journal, folder: Path) -> None:
        self.client, self.server = Script(folder, "client"), Script(folder, "server")
        self.left_out = 0
        self._sockets, self._lineage = Sockets(journal), journal.lineage
        self._addresses: dict[str, str] = {}
        self._connected: set[str] = set()
        self._sockets.pair(journal.lineage)
        self._here = {str(facts.local[:2]) for facts in self._datagram_sockets() if isinstance(facts.local, list)}
        self._here |= {facts.local for facts in self._datagram_sockets() if isinstance(facts.local, str)}

    def _datagram_sockets(self) -> list[SocketFacts]:
        return [facts for facts in self._sockets if facts.type == "SOCK_DGRAM"]

    def add(self, call: Call) -> None:
        """Add the lines of a call."""
        facts = self._sockets.get(call.socket)
        added = False
        if facts is not None and call.socket:
            if facts.type == "SOCK_DGRAM":
                added = self._datagram(call, facts)
            elif facts.role == "listener" or call.call == "accept":
                added = self._listener(call, facts)
            elif facts.role in ("client", "connection"):
                added = self._stream(call, facts)
        self.left_out += bool(call.data) and not added

    # --- connections ----------------------------------------------------------------------------------------------

    def _listener(self, call: Call, facts: SocketFacts) -> bool:
        address = url(facts, facts.local)
        if not address:
            return False
        name = self._open(facts.id, facts.name, address)
        match call.call:
            case "setsockopt" if arguments := option(call):
                self.server.add(f"{name}.sock.setsockopt({arguments})", call, first=True)
            case "listen" if call.error is None:
                backlog = [value for value in call.args if isinstance(value, int)]
                self._listen(name, address, (backlog or [5])[0], call)
            case "accept" if call.made and call.error is None:
                made = self._sockets[call.made[0]]
                self._accept(name, made, call)
                if not made.other:
                    self._connect(f"peer of {made.id}", f"peer of {made.name or made.id}", address, call)
            case "close":
                self.server.add(f"{name}.close()", call)
        return True

    def _open(self, key: str, name_in_log: str, address: str) -> str:
        """Return the name of a server's socket, which the script makes before all else."""
        name, new = self.server.variable(key, "server")
        if new:
            self.server.add(f"{name} = Peer({name_in_log!a}, {self.server.target(address)})", first=True)
        return name

    def _listen(self, name: str, address: str, backlog: int, call: Call) -> None:
        self.server.add(f"{name}.bind({self.server.target(address)}.address)", first=True)
        self.server.add(f"{name}.listen({backlog})", call, first=True)
        self.server.add(f"{name}.announce()", first=True)

    def _accept(self, listener: str, made: SocketFacts, call: Call) -> None:
        name, _ = self.server.variable(made.id, "conn")
        self.server.add(f"{name} = {listener}.accept({made.name or name!a})", call)

    def _connect(self, key: str, name_in_log: str, address: str, call: Call) -> None:
        name, _ = self.client.variable(key, "client")
        self.client.add(f"{name} = Peer({name_in_log!a}, {self.client.target(address)})", call)
        self.client.add(f"{name}.connect({self.client.target(address)})", call)

    def _stream(self, call: Call, facts: SocketFacts) -> bool:
        serves = facts.role == "connection"
        address = url(facts, facts.local if serves else facts.peer)
        if not address:
            return False
        script = self.server if serves else self.client
        name, new = script.variable(facts.id, "conn" if serves else "client")
        if new and not serves:
            script.add(f"{name} = Peer({facts.name!a}, {script.target(address)})", call)
        elif new:
            return False  # nothing tells of its accept
        if connects(call):
            if facts.id in self._connected:  # asked again how a non-blocking connect went
                return True
            self._connected.add(facts.id)
            script.add(f"{name}.connect({script.target(address)})", call)
            if not facts.other:
                self._accept_for(facts, address, call)
        elif call.call == "bind" and call.error is None and (arguments := bind_arguments(facts.bound)):
            script.add(f"{name}.bind({arguments})", call)
        elif call.call == "setsockopt" and (arguments := option(call)):
            script.add(f"{name}.sock.setsockopt({arguments})", call)
        else:
            self._moved(call, facts, script, name)
            if not facts.other:
                self._mirrored(call, facts, self.client if serves else self.server)
        return True

    def _accept_for(self, facts: SocketFacts, address: str, call: Call) -> None:
        """Let the server accept a client whose server is not in the session."""
        known = self.server.variable(address, "server")
        if known[1]:
            self.server.add(f"{known[0]} = Peer('server', {self.server.target(address)})", first=True)
            self._listen(known[0], address, 5, call)
        conn, _ = self.server.variable(f"peer of {facts.id}", "conn")
        self.server.add(f"{conn} = {known[0]}.accept({f'peer of {facts.name}'!a})", call)

    def _moved(self, call: Call, facts: SocketFacts, script: Script, name: str) -> None:
        """Add what a call does to its own end."""
        if call.sends and call.data:
            unread = ", unread=True" if self._is_unread(call, facts) else ""
            script.add(f"{name}.send({script.payload(call.data)}{flags(call)}{unread})", call)
        elif takes(call) and call.data:
            script.add(f"{name}.receive({call.requested or _WHOLE}, {script.payload(call.data)})", call)
        elif _meets_end(call):
            script.add(f"{name}.expect_end()", call)
        elif _shuts_down(call):
            script.add(f"{name}.shutdown(socket.{call.args[0]})", call)
        elif call.seq == facts.last_close:
            script.add(f"{name}.close()", call)

    def _is_unread(self, call: Call, facts: SocketFacts) -> bool:
        """Whether the other end, which is in the session, did not receive all of it."""
        taken = sum(part.size for part in self._lineage.takers(call))
        return bool(facts.other) and taken < len(call.data)

    def _mirrored(self, call: Call, facts: SocketFacts, script: Script) -> None:
        """Add what a call tells of the other end."""
        name, new = script.variable(f"peer of {facts.id}", "client" if facts.role == "connection" else "conn")
        if new:
            return  # nothing tells of its connect
        if call.sends and call.data:
            script.add(f"{name}.receive({_WHOLE}, {script.payload(call.data)})", call)
        elif takes(call) and call.data:
            script.add(f"{name}.send({script.payload(call.data)})", call)
        elif _meets_end(call):
            script.add(f"{name}.shutdown(socket.SHUT_WR)", call)
        elif _shuts_down(call) and call.args != ["SHUT_RD"]:
            script.add(f"{name}.expect_end()", call)
        elif call.seq == facts.last_close:
            script.add(f"{name}.expect_end()", call)
            script.add(f"{name}.close()", call)

    # --- datagrams ------------------------------------------------------------------------------------------------

    def _datagram(self, call: Call, facts: SocketFacts) -> bool:
        """A socket that received first serves, one that sent first is a client."""
        serves = facts.began == "recv"
        if connects(call):  # maybe again, elsewhere
            facts.peer = partner(call, facts)
        address = url(facts, facts.local if serves else partner(call, facts)) or self._addresses.get(facts.id, "")
        repeated = call.sends or call.receives or connects(call) or call.call in ("setsockopt", "close")
        if not repeated or not facts.began or not address:
            return not call.data
        self._addresses[facts.id] = address
        if serves:
            name = self._datagram_server(facts.id, facts.name, address)
        else:
            name = self._datagram_client(facts.id, facts.name, address, facts.bound)
        script = self.server if serves else self.client
        if call.call == "setsockopt" and (arguments := option(call)):
            script.add(f"{name}.sock.setsockopt({arguments})", call)
        elif connects(call) and not serves:
            script.add(f"{name}.connect({script.target(address)})", call)
        elif call.error is None and (call.sends or (takes(call) and call.requested)):
            self._message(call, facts, script, name, address)
        elif call.seq == facts.last_close:
            script.add(f"{name}.close()", call)
        return True

    def _datagram_server(self, key: str, name_in_log: str, address: str) -> str:
        name, new = self.server.variable(key, "server")
        if new:
            self.server.add(f"{name} = Peer({name_in_log!a}, {self.server.target(address)})", first=True)
            self.server.add(f"{name}.bind({self.server.target(address)}.address)", first=True)
            self.server.add(f"{name}.announce()", first=True)
        return name

    def _datagram_client(self, key: str, name_in_log: str, address: str, bound: PlainAddress | None) -> str:
        name, new = self.client.variable(key, "client")
        if new:
            self.client.add(f"{name} = Peer({name_in_log!a}, {self.client.target(address)})")
            if arguments := bind_arguments(bound):
                self.client.add(f"{name}.bind({arguments})")
        return name

    def _message(self, call: Call, facts: SocketFacts, script: Script, name: str, address: str) -> None:
        """Add a datagram to its own end, and to the other where that is not in the session."""
        other = partner(call, facts)
        sender = show(other) if isinstance(other, str | list) else "the peer"
        payload, size = script.payload(call.data), call.requested or _WHOLE
        match call.sends, script is self.server:
            case True, True:
                script.add(f"{name}.send_to({payload}, {sender!a})", call)
            case False, True:
                script.add(f"{name}.receive_from({size}, {payload}, {sender!a})", call)
            case True, False if call.call == "sendto" or facts.role != "client":
                script.add(f"{name}.send_to({payload}, {script.target(address)})", call)
            case True, False:
                script.add(f"{name}.send({payload})", call)
            case _:
                script.add(f"{name}.receive({size}, {payload})", call)
        if not (self._is_here(other) or self._lineage.knows_peer(call) or self._lineage.sources(call)):
            self._other_message(call, facts, address, sender, other)

    def _other_message(
        self, call: Call, facts: SocketFacts, address: str, sender: str, other: PlainAddress | None
    ) -> None:
        if facts.began == "recv":
            name = self._datagram_client(f"{facts.id} {sender}", sender, address, other if facts.is_unix else None)
            payload = self.client.payload(call.data)
            receives, sends = f"receive({_WHOLE}, {payload})", f"send_to({payload}, {self.client.target(address)})"
            self.client.add(f"{name}.{receives if call.sends else sends}", call)
        else:
            name = self._datagram_server(address, "server", address)
            payload = self.server.payload(call.data)
            receives, sends = f"receive_from({_WHOLE}, {payload}, {facts.id!a})", f"send_to({payload}, {facts.id!a})"
            self.server.add(f"{name}.{receives if call.sends else sends}", call)

    def _is_here(self, address: PlainAddress | None) -> bool:
        match address:
            case [str() as host, int() as port, *_]:
                on_all = [["0.0.0.0", port], ["::", port]] if is_loopback_host(host) else []
                return any(str(place) in self._here for place in ([host, port], *on_all))
            case _:
                return isinstance(address, str) and address in self._here


def _meets_end(call: Call) -> bool:
    ended = takes(call) and not call.data and bool(call.requested)
    return ended or (call.receives and call.error is not None and call.error.errno == "ECONNRESET")


def _shuts_down(call: Call) -> bool:
    return call.call == "shutdown" and call.error is None and len(call.args) == 1 and call.args[0] in _HOWS
