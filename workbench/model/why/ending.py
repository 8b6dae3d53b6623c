"""Why shutdown and close did what they did, in words made from the claims on them.

Facts: close(2), shutdown(2), tcp(7), unix(7), socket(7) SO_LINGER.
"""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind, find
from workbench.model.claims.ending import ended, ended_by, error_learnt, lingers, own_shutdown
from workbench.model.text.fit import duration_text
from workbench.model.why.around import Reason, count
from workbench.model.words.about import argument

_GIVEN_BACK = "The descriptor is given back"
_NO_WAIT = "close does not wait for the peer, and returns before the last bytes have arrived."
_CONNECTS = ("connect", "connect_ex")


def shutdown(call: Call, around: Around) -> Reason:
    """Explain a shutdown that returned."""
    how, (family, kind) = argument(call, 0), around.kind(call)
    if call.datagram and kind != "SOCK_SEQPACKET":
        return _datagram_shutdown(how)
    if around.did("listen"):
        return _listener_shutdown(how)
    claims, unix = ended(call, around), family == "AF_UNIX"
    if unix:
        first, next_ = _UNIX_SHUTDOWN.get(how, _UNIX_SHUTDOWN["SHUT_RDWR"])
    elif how == "SHUT_RD":
        first = "recv returns b'' from now on, once what is queued has been received. Nothing is sent to the peer."
        next_ = "On Linux, data that the peer sends all the same can still be received."
    else:
        first, next_ = _tcp_shutdown(how, claims)
    second = "shutdown ends that direction for all who hold the socket, in other processes too; close does not."
    return Reason((first, second), next_, "shutdown(2)" + ("; unix(7)" if unix else "; tcp(7)"))


_UNIX_SHUTDOWN = {
    "SHUT_WR": (
        "Sending ends here: the peer's recv returns b'' behind what is queued. Receiving goes on.",
        "A send here raises EPIPE; what the peer sends still arrives.",
    ),
    "SHUT_RD": (
        "Receiving ends here: recv returns b'' from now on, once what is queued has been received.",
        "The peer's next send raises EPIPE.",
    ),
    "SHUT_RDWR": (
        "Both directions end: the peer's recv returns b'' behind what is queued, and its sends raise EPIPE.",
        "The descriptor is still open: close gives it back.",
    ),
}


def _tcp_shutdown(how: str, claims: tuple[Claim, ...]) -> tuple[str, str]:
    sent, before = find(claims, Kind.FIN_SENT), find(claims, Kind.FIN_WAS_SENT)
    if before is not None:
        fin = f"Sending had ended with #{before.seq}, which sent the FIN"
    else:
        fin = "Sending ends here: behind what is queued TCP sends a FIN" if sent else "Sending had ended before"
    if how == "SHUT_WR":
        return (
            f"{fin}. Receiving goes on.",
            "The peer's recv returns b'' after the last byte; what it answers still arrives here.",
        )
    return f"{fin}. recv returns b'' from now on.", "The descriptor is still open: close gives it back."


def _datagram_shutdown(how: str) -> Reason:
    first = {
        "SHUT_WR": "This socket sends nothing more: a send raises EPIPE.",
        "SHUT_RD": "This socket is to receive nothing more.",
    }.get(how, "This socket sends nothing more, a send raises EPIPE, and it is to receive nothing more.")
    return Reason(
        (first, "Datagrams have no end of stream, so the peer does not learn of it."),
        "close gives the descriptor back.",
        "shutdown(2)",
    )


def _listener_shutdown(how: str) -> Reason:
    if how == "SHUT_WR":
        return Reason(
            ("On a listener SHUT_WR changes nothing.", "It has no stream whose sending could end."),
            "It goes on listening; close ends it.",
            "shutdown(2)",
        )
    return Reason(
        ("The listener stops: a connect to its address is refused from now on.", "Its descriptor is still open."),
        "An accept that waits raises EINVAL; close gives the descriptor back.",
        "shutdown(2)",
    )


def close(call: Call, around: Around) -> Reason:
    """Explain a close that returned."""
    family, claims = around.kind(call)[0], ended(call, around)
    first = claims[0]
    match first.kind:
        case Kind.HELD_BY_DESCRIPTOR | Kind.HELD_BY_PROCESS | Kind.HELD_BY_CALL | Kind.HELD_UNSEEN:
            return _held(first, bool(around.did("listen")))
        case Kind.LISTENER_GONE:
            return _listener(family, around)
        case Kind.RECEIVER_GONE:
            return _datagram(family)
        case Kind.PEER_SEES_RESET:
            return _unix_reset(first)
        case Kind.PEER_SEES_END:
            return _unix_end(call)
        case Kind.NOTHING_SENT:
            return _nothing_sent(call, around)
        case Kind.RST_SENT:
            return _reset(first, around)
    return _fin(call, around, claims)


def _held(claim: Claim, listens: bool) -> Reason:
    who, source = {
        Kind.HELD_BY_DESCRIPTOR: (f"#{claim.seq} made another descriptor of the same socket, which is open", "dup(2)"),
        Kind.HELD_BY_PROCESS: (
            f"process {claim.count} got a copy of the same socket by a fork, and no call here closed it",
            "fork(2)",
        ),
        Kind.HELD_UNSEEN: (
            f"the peer found no end in #{claim.seq}: somebody else holds the socket, whom no call here shows",
            "dup(2)",
        ),
        Kind.HELD_BY_CALL: (
            f"#{claim.seq} in another thread still uses the socket, until it returns",
            "close(2), NOTES",
        ),
    }[claim.kind]
    goes_on = "the address still listens" if listens else "nothing is sent to the peer, and the connection goes on"
    return Reason(
        (f"This descriptor is given back, but {who}.", f"{_WHILE[claim.kind]}, {goes_on}."),
        "The socket ends with the last that holds it, or by shutdown.",
        f"close(2); {source}" if not source.startswith("close") else source,
    )


_WHILE = {
    Kind.HELD_BY_DESCRIPTOR: "So long as that is so",
    Kind.HELD_BY_PROCESS: "So long as that process runs and keeps it",
    Kind.HELD_BY_CALL: "Until then",
    Kind.HELD_UNSEEN: "So long as that is so",
}


def _listener(family: str, around: Around) -> Reason:
    bound = around.did("bind")
    abstract = bound is not None and str(bound.local or "")[:1] == "@"
    unix = "An abstract name is free again." if abstract else "A UNIX path stays as a file until it is unlinked."
    second = (
        unix
        if family == "AF_UNIX"
        else "While a connection of its port is open or in TIME_WAIT, another bind needs SO_REUSEADDR on both sockets."
    )
    return Reason(
        ("The listener is gone: connections that wait in its accept queue are reset.", second),
        "A connect to its address is refused, unless another socket listens there. Accepted connections go on.",
        "close(2); unix(7)" if family == "AF_UNIX" else "close(2); socket(7), SO_REUSEADDR",
    )


def _datagram(family: str) -> Reason:
    return Reason(
        ("The socket is gone, with what was in its queue.", "No sender learns of it now."),
        "A send to its name raises ECONNREFUSED: a path stays as a file, without a socket."
        if family == "AF_UNIX"
        else "Unless another socket has its address, a datagram sent there is lost, and a connected sender's next call "
        "raises ECONNREFUSED.",
        "close(2); unix(7)" if family == "AF_UNIX" else "close(2); udp(7)",
    )


def _nothing_sent(call: Call, around: Around) -> Reason:
    gone, unix = ended_by(around), around.kind(call)[0] == "AF_UNIX"
    if unix and around.had_peer(call):
        return Reason(
            (f"{_GIVEN_BACK}.", "The peer had closed its end before, so nobody is left to learn of it."),
            "A closed socket can't be used again.",
            "close(2); unix(7)",
        )
    asked = gone is not None and (gone.call in _CONNECTS or (gone.call == "getsockopt" and not around.peers))
    never = asked or not around.had_peer(call)
    if gone is not None and not never:
        return Reason(
            (
                f"{_GIVEN_BACK}; the connection had ended before, as #{gone.seq} learnt ({error_learnt(gone)}).",
                "Neither FIN nor RST is sent.",
            ),
            "Nothing of it stays: a connection that failed leaves no TIME_WAIT here.",
            "close(2); tcp(7)",
        )
    bound = around.did("bind")
    path = bound.local if bound is not None and isinstance(bound.local, str) else ""
    stays = [f"The file {path} stays until it is unlinked."] if path and path[0] not in "@\0" else []
    tried = any(each.call in _CONNECTS for each in around.before)
    under_way = "A connect that was still under way is given up; a" if tried and call.tcp_state == 2 else "A"
    connection = "The socket had no connection"
    if around.had_peer(call) and not never:
        connection = "The connection was gone already: the kernel had it as closed"
    return Reason(
        (f"{_GIVEN_BACK}.", f"{connection}, so nothing is sent.", *stays),
        f"{under_way} closed socket can't be used again.",
        "close(2)",
    )


def _unix_reset(claim: Claim) -> Reason:
    return Reason(
        (f"{_lay(claim.count)}: so the peer is reset.", "What this side had sent can still be received."),
        "The peer's next recv raises ECONNRESET, once it has received what is queued; its sends raise EPIPE.",
        "close(2); recv(2), ERRORS; unix(7)",
    )


def _unix_end(call: Call) -> Reason:
    return Reason(
        (
            f"{_GIVEN_BACK}, and the connection ends.",
            "What was sent is in the peer's queue already, and can still be received.",
        ),
        "The peer's recv returns b'' behind it" + _or_reset(call) + "; its sends raise EPIPE.",
        "close(2); unix(7)",
    )


def _fin(call: Call, around: Around, claims: tuple[Claim, ...]) -> Reason:
    before = find(claims, Kind.FIN_WAS_SENT)
    linger, seconds = lingers(around)
    waits = _NO_WAIT
    if linger is not None and seconds:
        waits = (
            f"SO_LINGER (#{linger.seq}) lets close wait {duration_text(seconds)} at most for what is not acknowledged."
        )
    if before is not None:
        first = f"{_GIVEN_BACK}; the FIN was sent by #{before.seq} shutdown."
    else:
        first = f"{_GIVEN_BACK}; no other copy of it is known, so behind what is queued the kernel sends a FIN."
    return Reason((first, waits), _after(call, around, claims), "close(2); tcp(7)")


def _reset(claim: Claim, around: Around) -> Reason:
    if not claim.seqs:
        first, source = f"{_lay(claim.count)}: so TCP sends RST instead of FIN.", "recv(2), ERRORS; tcp(7)"
    else:
        first = (
            f"SO_LINGER was set in #{claim.seq} with a time of 0: close sends RST, and what is still queued is lost."
        )
        source = "socket(7), SO_LINGER"
    return Reason(
        (first, "A reset is no clean end: what the peer still sends is lost, and there is no TIME_WAIT."),
        "The peer's recv returns what had arrived, then raises ECONNRESET; its sends fail.",
        f"close(2); {source}",
    )


def _lay(number: int) -> str:
    return f"{count(number)} {'was' if number == 1 else 'were'} left unread"


def _after(call: Call, around: Around, claims: tuple[Claim, ...]) -> str:
    """Say what the peer sees, and on which side TIME_WAIT is."""
    wait = find(claims, Kind.TIME_WAIT_HERE, Kind.TIME_WAIT_HERE_IF, Kind.TIME_WAIT_THERE, Kind.NO_TIME_WAIT)
    kind = wait.kind if wait is not None else Kind.NO_TIME_WAIT
    own = own_shutdown(around, "SHUT_WR")
    sees = f"The peer's recv returns b'' behind the last byte{_or_reset(call)}. "
    match kind:
        case Kind.TIME_WAIT_THERE:
            return "The peer had ended its side first, so nothing stays here; TIME_WAIT (60 s), if any, is on its side."
        case Kind.TIME_WAIT_HERE:
            ended_first = f"with #{own.seq}" if own is not None else "here"
            return f"This side ended first, {ended_first}, and the peer cleanly: so TIME_WAIT (60 s) is on this side."
        case Kind.TIME_WAIT_HERE_IF:
            return (
                f"{sees}If the peer then closes cleanly, TIME_WAIT (60 s) is on this side; data that it still sends is "
                "answered with RST."
            )
    return f"{sees}No TIME_WAIT is left here."


def _or_reset(call: Call) -> str:
    return ", or raises ECONNRESET if bytes were left unread here" if call.unread is None else ""
