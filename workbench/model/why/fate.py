"""Whether bytes that no recv took can still be received, as far as the calls around their send tell."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.address import plain
from workbench.model.call.call import Call, Json
from workbench.model.why.around import Around
from workbench.model.words.about import address_of

_ANY = ("0.0.0.0", "::")
_CONNECTS = ("connect", "connect_ex")


def never_received(call: Call, around: Around) -> str:
    """Say why nobody will receive what a send sent and no recv took; "" where that is not known."""
    if call.datagram:
        if (told := _refused(around)) is not None:
            return f"Nobody received it: #{told.seq} raised ECONNREFUSED, so no socket had the port."
        closed = None if around.takers is None else _all_closed(_bound_to(call, around), around)
        return "" if closed is None else f"Nobody received it: #{closed.seq} closed the socket that it was sent to."
    if (told := _reset(around)) is not None:
        return f"never received: the connection was reset, as #{told.seq} told"
    closed = _all_closed(_with_twins(_peers(call, around), around), around)
    return "" if closed is None else f"never received: #{closed.seq} closed the peer's socket"


def _refused(around: Around) -> Call | None:
    """Return the next call that moves bytes if it raised what ICMP had answered (udp(7))."""
    later = next((each for each in around.after if each.sends or each.receives), None)
    return later if later is not None and later.error and later.error.errno == "ECONNREFUSED" else None


def _reset(around: Around) -> Call | None:
    """Return the later call that told of a reset; EPIPE does so unless this side had ended its sending itself."""
    for each in around.after:
        if each.call == "shutdown" and each.error is None:
            return None
        if each.error is not None and each.error.errno in ("ECONNRESET", "EPIPE"):
            return each
    return None


def _all_closed(sockets: set[str], around: Around) -> Call | None:
    """Return the close of the last of *sockets*; None if one of them is open, or there is none."""
    closes = {each.socket: each for each in around.elsewhere if each.call == "close" and each.error is None}
    if not sockets or not sockets <= closes.keys():
        return None
    return max((closes[each] for each in sockets), key=lambda each: each.seq)


def _peers(call: Call, around: Around) -> set[str]:
    """Return the other end of a stream: by the addresses that connect and accept told, or of the same pair."""
    return set(_ends_beside(call.socket, (*around.before, *around.elsewhere))) - {call.socket}


def _ends_beside(socket: str, calls: tuple[Call, ...]) -> Iterator[str]:
    accepts = [each for each in calls if each.call == "accept" and each.made]
    connects = [each for each in calls if each.call in _CONNECTS]
    for accept in accepts:
        for connect in connects:
            if _meet(connect, accept) and socket in (connect.socket, *accept.made):
                yield from (connect.socket, *accept.made)
    for each in calls:
        if each.call == "socketpair" and socket in each.made:
            yield from each.made


def _with_twins(sockets: set[str], around: Around) -> set[str]:
    """Return *sockets* with the duplicates of them: a connection ends with its last descriptor."""
    return sockets.union(*(each.made for each in around.elsewhere if each.call == "dup" and each.socket in sockets))


def _meet(connect: Call, accept: Call) -> bool:
    here, there = plain(connect.local), plain(connect.peer)
    return (
        isinstance(here, list)
        and isinstance(there, list)
        and (here, there) == (plain(accept.peer), plain(accept.local))
    )


def _bound_to(call: Call, around: Around) -> set[str]:
    """Return the sockets that a datagram's address belonged to."""
    connects = [each for each in around.before if each.call in _CONNECTS and each.error is None]
    target = address_of(call) or (address_of(connects[-1]) if connects else None) or call.peer
    binds = [each for each in around.elsewhere if each.call == "bind" and each.error is None]
    listeners = {each.socket for each in around.elsewhere if each.call == "listen"}  # of SEQPACKET; they get no message
    return {each.socket for each in binds if _names(plain(each.local), plain(target))} - listeners


def _names(local: Json, target: Json) -> bool:
    """Whether a socket bound to *local* receives what is sent to *target*."""
    match local, target:
        case [[host, port, *_], [other, number, *_]]:
            return bool(port == number and (host == other or host in _ANY))
        case [str(), str()]:
            return bool(local == target)
        case _:
            return False
