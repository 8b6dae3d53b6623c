"""Who listens at an address, who has it already, and how full a listener's accept queue is.

Facts: inet_csk_get_port and inet_bind_conflict in Linux's net/ipv4/inet_connection_sock.c, socket(7) SO_REUSEADDR and
SO_REUSEPORT, ip(7), ipv6(7) IPV6_V6ONLY.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.model.call.address import plain, port_or_path
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.fate import ANY_HOST
from workbench.model.words.about import address_of, path_of

_CONNECTS = ("connect", "connect_ex")
_TIME_WAIT = 60.0  # seconds (TCP_TIMEWAIT_LEN in include/net/tcp.h)


class Bound(NamedTuple):
    """A socket of the session that was bound: its bind, its listen, its close; those after the call in question too."""

    bind: Call
    listen: Call | None
    close: Call | None

    def is_open(self, call: Call) -> bool:
        """Whether it was open when *call* was made."""
        return self.close is None or self.close.time > call.time


def bound(call: Call, around: Around) -> list[Bound]:
    """Return what was bound before *call* to the port or path of its address, by any host, the last one first."""
    place, found = port_or_path(address_of(call)), []
    calls = [each for each in around.elsewhere if each.error is None]
    for each in calls:
        if each.call == "bind" and each.seq < call.seq and place is not None and place == port_or_path(_own(each)):
            found.append(Bound(each, _of(calls, each, "listen"), _of(calls, each, "close")))
    return found[::-1]


def _of(calls: list[Call], bind: Call, name: str) -> Call | None:
    return next((each for each in calls if each.call == name and each.socket == bind.socket), None)


def listening(call: Call, around: Around) -> Claim | None:
    """Return for a refused connect which socket of the session listened at its port, at another address; else None."""
    if path_of(call) is not None:
        return None
    for each in bound(call, around):
        if each.listen is not None and each.listen.time < call.time and each.is_open(call):
            return Claim(Kind.LISTENS_ELSEWHERE, seqs=(each.listen.seq,))
    return None


def holder(call: Call, around: Around) -> Claim | None:
    """Return what keeps the address that *call*, a bind, was refused with EADDRINUSE; None where it is not known."""
    if path_of(call) is not None:
        return None
    clashing = [each for each in bound(call, around) if overlaps(_own(each.bind), address_of(call), each.bind, around)]
    for each in clashing:
        if each.is_open(call):
            return Claim(Kind.HELD_BY_SOCKET, seqs=(each.bind.seq,))
    if call.datagram:
        return None
    for each in clashing:
        if (accept := _open_connection(each, call, around)) is not None:
            return Claim(Kind.HELD_BY_CONNECTION, seqs=(accept.seq,))
    for each in clashing:
        if (close := _in_time_wait(each, call, around)) is not None:
            return Claim(Kind.HELD_BY_TIME_WAIT, seqs=(close.seq,))
    return None


def _connections(of: Bound, around: Around) -> list[tuple[Call, Call | None]]:
    """Return the connections that have the address of a closed socket: each by what made it, and its close."""
    calls, place = [each for each in around.elsewhere if each.error is None], port_or_path(_own(of.bind))
    closes = {each.socket: each for each in calls if each.call == "close"}
    accepts = [each for each in calls if each.call == "accept" and each.made and port_or_path(each.local) == place]
    found = [(each, closes.get(each.made[0])) for each in accepts]
    own = next((each for each in calls if each.call in _CONNECTS and each.socket == of.bind.socket), None)
    return found if own is None else [*found, (own, of.close)]


def _open_connection(of: Bound, call: Call, around: Around) -> Call | None:
    return next((made for made, close in _connections(of, around) if close is None or close.time > call.time), None)


def _in_time_wait(of: Bound, call: Call, around: Around) -> Call | None:
    """Return the close of a connection whose TIME_WAIT may be on this side: the peer had not ended before it."""
    for _, close in _connections(of, around):
        if close is not None and close.tcp_state in (1, 4, 5, 7) and call.time - close.time < _TIME_WAIT:
            return close
    return None


def overlaps(local: PlainAddress | None, other: PlainAddress | None, bind: Call, around: Around) -> bool:
    """Whether two addresses of one port can't both be bound: the same host, or any host on one side.

    "::" takes in IPv4 too, unless IPV6_V6ONLY was set on it.
    """
    match plain(local) if local is not None else None, plain(other) if other is not None else None:
        case [[str() as one, *_], [str() as two, *_]]:
            one, two = one or "0.0.0.0", two or "0.0.0.0"
            if (":" in one) == (":" in two):
                return one == two or one in ANY_HOST or two in ANY_HOST
            return "::" in (one, two)
        case one, two:
            return bool(one == two)


def queue(call: Call, around: Around) -> Claim | None:
    """Return how full the accept queue was that *call*, a connect, went to; None where that is not known.

    The most that wait is one more than the backlog (listen(2); sk_acceptq_is_full).
    """
    found = next((each for each in bound(call, around) if each.listen is not None and each.is_open(call)), None)
    if found is None or found.listen is None or not found.listen.args or not isinstance(found.listen.args[0], int):
        return None
    most, listen, address = max(0, found.listen.args[0]) + 1, found.listen, address_of(call)
    since = [each for each in around.elsewhere if listen.seq < each.seq < call.seq and each.error is None]
    came = sum(each.call in _CONNECTS and address_of(each) == address for each in since)
    waiting = came - sum(each.call == "accept" and each.socket == listen.socket for each in since)
    return Claim(Kind.QUEUE_FULL, waiting, most, (listen.seq,)) if waiting >= most else None


def _own(bind: Call) -> PlainAddress | None:
    """Return the address that a bind gave its socket."""
    return bind.local if bind.local is not None else address_of(bind)
