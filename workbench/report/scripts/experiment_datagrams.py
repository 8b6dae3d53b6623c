"""Datagrams in a script made of a session: each goes to the socket that has its address, or to one made up for it."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.session.sockets import SocketFacts, Sockets, partner, takes
from workbench.report.scripts.experiment_sockets import ScriptSockets
from workbench.report.scripts.experiment_source import OwnScript


class ScriptDatagrams:
    """Turns what datagram sockets sent and took into lines."""

    def __init__(self, script: OwnScript, sockets: Sockets, made: ScriptSockets) -> None:
        """*sockets*: those of the session; *made*: those of the script."""
        self._script, self._sockets, self._made = script, sockets, made

    def add(self, facts: SocketFacts, call: Call) -> None:
        """Add the lines for a call of the socket *facts*."""
        there = partner(call, facts)
        if call.sends:
            name = self._made.socket(facts)
            payload = self._script.payload(call.data)
            if call.call == "sendto" or facts.role != "client":
                self._script.add(f"{name}.sendto({payload}, {self.address(facts, there)})", call)
            else:
                self._script.add(f"{name}.send({payload})", call)
        elif takes(call) and call.requested:
            name = self._made.socket(facts)
            if there and self._owner(there) is None:
                peer = self.address(facts, there).removesuffix(".getsockname()")
                self._script.add(f"{peer}.sendto({self._script.payload(call.data)}, {name}.getsockname())")
            shown = ("recvfrom", 1, call.data, call.requested)
            self._script.got(f"received, sender = {name}.recvfrom({call.requested})", shown, call)

    def address(self, facts: SocketFacts, address: PlainAddress | None) -> str:
        """Return the expression for where datagrams of *facts* go: a socket of the session, or one made up for it."""
        owner = self._owner(address)
        if owner is not None:
            return f"{self._made.socket(owner)}.getsockname()"
        key = f"peer at {address}"
        if not (name := self._script.known(key)):
            name = self._script.name(key, "peer")
            self._made.note_open(name)
            family = facts.family or ("AF_UNIX" if facts.is_unix else "AF_INET")
            self._script.add(f"{name} = socket.socket(socket.{family}, socket.SOCK_DGRAM)")
            self._script.add(f"{name}.bind({self._made.local_address(facts, name)})")
        return f"{name}.getsockname()"

    def _owner(self, address: PlainAddress | None) -> SocketFacts | None:
        """Return the socket of the session that has an address."""
        if not address:
            return None
        kinds = (facts for facts in self._sockets if facts.type == "SOCK_DGRAM" and facts.local)
        return next((facts for facts in kinds if _same(facts.local, address)), None)


def _same(local: PlainAddress | None, address: PlainAddress | None) -> bool:
    match local, address:
        case [str() as here, int() as port, *_], [str() as there, int() as other, *_]:
            return port == other and (here == there or here in ("0.0.0.0", "::"))
        case _:
            return bool(local == address)
