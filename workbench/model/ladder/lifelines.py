"""Who has a lifeline: the parties of a session, each a column of the ladder.

A client has one, and so has a listener together with the connections that it accepted. A process none of whose
connections lead back to itself is one party with all its sockets: so a proxy stands between its client and its server.
Peers outside the session have columns of their own behind the others.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from workbench.model.call.address import show
from workbench.model.ladder.rungs import INWARD, Arrow
from workbench.model.session.sockets import SocketFacts, Sockets
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

_LONGEST = 28  # characters of a name


@dataclass(frozen=True, slots=True)
class Lifeline:
    """A column: its name, and whether it stands for peers that are not in the session."""

    name: str
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Lifelines:
    """The columns from left to right, and which one each socket belongs to."""

    columns: tuple[Lifeline, ...]
    of_socket: dict[str, int]
    outside_of: dict[str, int]
    """Of a socket whose peer is not in the session: the column of that peer."""

    def column(self, socket: str, opposite: str) -> int | None:
        """Return the column of *socket*; where that is "", the column of the peer of *opposite* outside."""
        return self.of_socket.get(socket) if socket else self.outside_of.get(opposite)

    def ends(self, arrow: Arrow, own: int) -> tuple[int, int] | None:
        """Return the columns between which an arrow of a call in column *own* leads; None where both are one."""
        start, end = self.column(arrow.start, arrow.end), self.column(arrow.end, arrow.start)
        start = own if start is None else start
        end = (own + 1 if own == 0 else own - 1) if end is None else end
        return (start, end) if start != end or arrow.kind in INWARD else None


def lifelines(sockets: Sockets, having: Collection[str]) -> Lifelines:
    """Return the columns for the sockets *having* something on the ladder, by their ids."""
    shown = [facts for facts in sockets if facts.id in having]
    parties = _parties(shown)
    order = sorted(parties, key=lambda party: (_serves(party), min(facts.seq for facts in party)))
    of_socket = {facts.id: column for column, party in enumerate(order) for facts in party}
    columns = [Lifeline(_name(party)) for party in order]
    outside_of: dict[str, int] = {}
    strangers: dict[str, int] = {}
    for party in order:
        for facts in party:
            if facts.other in of_socket or not (name := _stranger(facts)):
                continue
            if name not in strangers:
                strangers[name] = len(columns)
                columns.append(Lifeline(name, outside=True))
            outside_of[facts.id] = strangers[name]
    return Lifelines(tuple(columns), of_socket, outside_of)


def _parties(shown: list[SocketFacts]) -> list[list[SocketFacts]]:
    """Group the sockets: by process where none of its connections lead to itself, else by listener."""
    process = {facts.id: facts.id.partition(".")[0] for facts in shown}
    inward = {process[facts.id] for facts in shown if process.get(facts.other) == process[facts.id]}
    several = len(set(process.values())) > 1
    parties: dict[str, list[SocketFacts]] = {}
    for facts in shown:
        pid = process[facts.id]
        key = (facts.listener or facts.id) if pid in inward or not several else pid
        parties.setdefault(key, []).append(facts)
    return list(parties.values())


def _serves(party: list[SocketFacts]) -> int:
    """Return where a party stands: those that only connect at the left, those that only serve at the right."""
    roles = {facts.role for facts in party}
    if roles & {"listener", "connection"}:
        return 1 if "client" in roles else 2
    bound = any(facts.keeps_messages and facts.bound is not None for facts in party)
    return 2 if bound else 0


def _name(party: list[SocketFacts]) -> str:
    names = list(dict.fromkeys(facts.name for facts in party if facts.name))
    if len(party) > 1 and any(facts.role == "listener" for facts in party):
        names = [facts.name for facts in party if facts.role == "listener"][:1] if len(names) > 2 else names
    name = " and ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"
    return cut(safe(name or party[0].id), _LONGEST)


def _stranger(facts: SocketFacts) -> str:
    """Return what to call the peer of a socket that is not in the session; "" where it has none."""
    if facts.role == "client":
        return cut(safe(show(facts.peer)) if isinstance(facts.peer, str | list) else "peer", _LONGEST)
    return "clients" if facts.role == "connection" else ""
