"""What a bind, a listen or a connect brought about, or why it failed. Facts: bind(2), listen(2), tcp(7), unix(7)."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.ports import holder, listening, queue
from workbench.model.words.about import path_of, port_of
from workbench.model.words.error_sentence import errno_name

_CONNECTS = ("connect", "connect_ex")
DEFAULT_BACKLOG = 128
"""What listen() takes where none is given, or somaxconn if that is less (CPython: sock_listen)."""


def connecting(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return the claims on a call that names or connects a socket."""
    failed = call.error is not None or bool(errno_name(call))
    match call.call:
        case "bind":
            return tuple(_not_bound(call, around) if failed else _bound(call, around))
        case "listen" if not failed:
            return tuple(_listens(call))
        case name if name in _CONNECTS and (not call.datagram or around.kind(call)[1] == "SOCK_SEQPACKET"):
            return tuple(_not_connected(call, around) if failed else _connected(call, around))
    return ()


def _bound(call: Call, around: Around) -> Iterator[Claim]:
    path = path_of(call)
    if path:
        yield Claim(Kind.NAME_FREED if path.startswith("@") else Kind.NAME_STAYS)
    elif port_of(call) == 0 and (port := port_given(call, around)) is not None:
        yield Claim(Kind.PORT_CHOSEN, port)


def port_given(call: Call, around: Around) -> int | None:
    """Return the port that a bind gave its socket; None where its family or type has no ports."""
    family, kind = around.kind(call)
    if family not in ("AF_INET", "AF_INET6", "") or kind not in ("SOCK_STREAM", "SOCK_DGRAM", ""):
        return None
    match call.local:
        case [_, int() as port, *_]:
            return port
        case _:
            return None


def _not_bound(call: Call, around: Around) -> Iterator[Claim]:
    found = holder(call, around) if errno_name(call) == "EADDRINUSE" else None
    if found is not None:
        yield found


def _listens(call: Call) -> Iterator[Claim]:
    backlog = call.args[0] if call.args else DEFAULT_BACKLOG
    if isinstance(backlog, int):
        yield Claim(Kind.QUEUE_ROOM, max(backlog, 0) + 1)


def _connected(call: Call, around: Around) -> Iterator[Claim]:
    accept = accepted_by(call, around)
    yield Claim(Kind.WAITS_FOR_ACCEPT) if accept is None else Claim(Kind.ACCEPTED, seqs=(accept.seq,))
    if call.retries:
        yield Claim(Kind.SYN_REPEATED, call.retries)


def accepted_by(call: Call, around: Around) -> Call | None:
    """Return the accept that returned the connection which *call*, a connect, made."""
    return next((each for each in around.elsewhere if each.call == "accept" and each.error is None
                 and any(made in around.peers for made in each.made)), None)  # fmt: skip


def _not_connected(call: Call, around: Around) -> Iterator[Claim]:
    if errno_name(call) == "ECONNREFUSED":
        yield Claim(Kind.REFUSED)
        if (other := listening(call, around)) is not None:
            yield other
        return
    if (full := queue(call, around)) is not None and errno_name(call) not in ("EINPROGRESS", "ECONNREFUSED"):
        yield full
    if call.retries is not None:
        yield Claim(Kind.SYN_REPEATED, call.retries)
