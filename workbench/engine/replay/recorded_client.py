"""A recorded client: what it sent in which pieces and when, and what it received."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from workbench.journal.order import moment
from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.session.sockets import SocketFacts, Sockets, connects, takes
from workbench.model.text.safe import safe

What: TypeAlias = Literal["send", "recv", "shutdown", "close"]
_CONSTANT = re.compile(r"(SOL|SO|IPPROTO|TCP|IP|IPV6)_[A-Z0-9_]{1,40}")
_BUFSIZE = 65536
_SENDS = ("send", "sendall", "sendto")


class NoClient(ValueError):
    """There is no such client in the session; the message says so in one sentence."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the client did, *at* seconds after it began to connect; a recv without *data* met the end."""

    what: What
    at: float
    data: bytes = b""
    how: str = "sendall"
    bufsize: int = _BUFSIZE


@dataclass(frozen=True, slots=True)
class RecordedClient:
    """A client as it was recorded."""

    name: str
    messages: bool
    connected: bool
    bound: bool
    options: tuple[tuple[int, int, int | bytes], ...]
    resets: bool
    """Whether it closed with RST."""
    steps: tuple[Action, ...] = field(repr=False)


def find_client(journal: Journal, wanted: str = "") -> RecordedClient:
    """Return the client that is *wanted* by its socket's id or name, else the first one; raises NoClient.

    Of a connection whose client is not in the session, the client is what the accepted socket tells of it.
    """
    sockets = Sockets(journal)
    facts = _choose(sockets, wanted)
    calls = [call for call in journal if call.socket and sockets.get(call.socket) is facts]
    began = next((call.time for call in calls if connects(call)), calls[0].time if calls else 0.0)
    mirrored = facts.role == "connection"
    steps = [step for call in _in_order(calls) if (step := _step(call, facts, began, mirrored)) is not None]
    options = () if mirrored else tuple(option for call in calls if (option := _option(call)) is not None)
    return RecordedClient(
        name=facts.name or facts.id,
        messages=facts.keeps_messages,
        connected=facts.role in ("client", "connection"),
        bound=facts.bound is not None and not mirrored,
        options=options,
        resets=any(call.call == "setsockopt" and call.args[1:2] == ["SO_LINGER"] for call in calls),
        steps=tuple(steps),
    )


def _choose(sockets: Sockets, wanted: str) -> SocketFacts:
    if wanted:
        found = sockets.named(wanted)
        if found is None:
            raise NoClient(f'the session has no socket "{safe(wanted)}"')
        if found.role not in ("client", "connection") and not (found.keeps_messages and found.began):
            raise NoClient(f'socket "{safe(wanted)}" is no client: it neither connected nor sent a datagram')
        return found
    known = [facts for facts in sockets if facts.role == "client"]
    known += [facts for facts in sockets if facts.type == "SOCK_DGRAM" and facts.began == "send"]
    known += [facts for facts in sockets if facts.role == "connection"]
    if not known:
        raise NoClient("the session has no client: no socket connected or sent a datagram")
    return known[0]


def _in_order(calls: list[Call]) -> Iterable[Call]:
    """Return a socket's calls by cause and effect, what it sent and what it received each as in the file."""
    last = {True: float("-inf"), False: float("-inf")}
    moments = []
    for call in calls:
        when = moment(call)
        if call.data:
            when = last[call.sends] = max(when, last[call.sends])
        moments.append(when)
    return [calls[index] for index in sorted(range(len(calls)), key=moments.__getitem__)]


def _step(call: Call, facts: SocketFacts, began: float, mirrored: bool) -> Action | None:
    at = max(0.0, (moment(call) if mirrored else call.time) - began)
    sent, received = (takes(call), call.sends) if mirrored else (call.sends, takes(call))
    if sent and (call.data or (facts.keeps_messages and call.error is None and not mirrored)):
        return Action("send", at, call.data, call.call if call.call in _SENDS and not mirrored else "sendall")
    if sent and mirrored and call.requested:
        return Action("shutdown", at)
    if received and (call.data or not mirrored) and call.requested:
        return Action("recv", at, call.data, bufsize=_BUFSIZE if mirrored else call.requested)
    if call.call == "shutdown" and call.error is None and call.args != ["SHUT_RD"]:
        return Action("recv" if mirrored else "shutdown", at)
    return Action("recv" if mirrored else "close", at) if call.call == "close" else None


def _option(call: Call) -> tuple[int, int, int | bytes] | None:
    """Return level, option and number of a setsockopt; None for any other call, and where they are not known here."""
    match call.args:
        case [str() as level, str() as name, int() as number] if call.call == "setsockopt" and call.error is None:
            known = all(_CONSTANT.fullmatch(word) and hasattr(socket, word) for word in (level, name))
            return (getattr(socket, level), getattr(socket, name), number) if known else None
        case _:
            return None
