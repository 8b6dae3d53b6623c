"""Why shutdown and close ended what they did: by the kind of socket, the state it was in, and what lay unread.

Facts: close(2), shutdown(2), tcp(7), unix(7), socket(7) SO_LINGER; states as in the kernel's net/tcp_states.h.
"""

from __future__ import annotations

import struct

from workbench.model.call.call import Call
from workbench.model.text.fit import duration_text
from workbench.model.why.around import Around, Reason, count, ends_stream
from workbench.model.words.about import argument

_ESTABLISHED, _SYN_SENT, _CLOSED, _CLOSE_WAIT = 1, 2, 7, 8
_GIVEN_BACK = "The descriptor is given back"
_NO_WAIT = "close does not wait for the peer, and returns before the last bytes have arrived."


def shutdown(call: Call, around: Around) -> Reason:
    """Explain a shutdown that returned."""
    how, (family, kind) = argument(call, 0), around.kind(call)
    if call.datagram and kind != "SOCK_SEQPACKET":
        return _datagram_shutdown(how)
    if around.did("listen"):
        return _listener_shutdown(how)
    sends = "the peer is told so" if family == "AF_UNIX" else "TCP sends a FIN"
    match how:
        case "SHUT_WR":
            first = f"The sending side is closed: behind what is queued {sends}. Receiving goes on."
            next_ = "The peer's recv returns b'' after the last byte; what it answers still arrives here."
        case "SHUT_RD":
            first = "The receiving side is closed: recv returns b'' from now on, once what is queued is taken."
            first += " The peer's sends fail." if family == "AF_UNIX" else " Nothing is told to the peer."
            next_ = "The peer's next send raises EPIPE."
            next_ = (
                next_ if family == "AF_UNIX" else "On Linux, data that the peer sends all the same can still be read."
            )
        case _:
            first = f"Both sides are closed: {sends}, and recv returns b'' from now on."
            next_ = "The descriptor is still open: close gives it back."
    second = "shutdown ends the conversation in that direction for all who hold the socket; close does not."
    return Reason((first, second), next_, "shutdown(2)" + ("; unix(7)" if family == "AF_UNIX" else "; tcp(7)"))


def _datagram_shutdown(how: str) -> Reason:
    first = {
        "SHUT_WR": "This socket sends nothing more: a send raises EPIPE.",
        "SHUT_RD": "This socket is to receive nothing more.",
    }.get(how, "This socket sends nothing more, a send raises EPIPE, and it is to receive nothing more.")
    return Reason(
        (first, "Datagrams have no end of stream, so nobody is told."),
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
    family, kind = around.kind(call)
    if (pid := around.other_process(call)) is not None:
        return _forked(pid)
    if around.did("listen"):
        return _listener(family)
    if call.datagram and kind != "SOCK_SEQPACKET":
        return _datagram(family)
    if (twin := around.twin(call)) is not None:
        return _shared(twin)
    if call.tcp_state == _SYN_SENT or (around.all_before and not around.had_peer(call)):
        return _unconnected(call, around)
    return _unix(call, around) if family == "AF_UNIX" else _tcp(call, around)


def _listener(family: str) -> Reason:
    second = (
        "A UNIX path stays as a file until it is unlinked."
        if family == "AF_UNIX"
        else "While a connection of its port is open or in TIME_WAIT, another bind needs SO_REUSEADDR on both sockets."
    )
    return Reason(
        ("The listener is gone: connections that wait in its accept queue are reset.", second),
        "A connect to its address is refused. Connections that were accepted go on.",
        "close(2); unix(7)" if family == "AF_UNIX" else "close(2); socket(7), SO_REUSEADDR",
    )


def _datagram(family: str) -> Reason:
    return Reason(
        ("The socket is gone, with what lay in its queue.", "Nobody is told."),
        "A send to its name raises ECONNREFUSED: a path stays as a file, without a socket."
        if family == "AF_UNIX"
        else "A datagram to its address is lost; a connected sender gets ECONNREFUSED at its next call.",
        "close(2); unix(7)" if family == "AF_UNIX" else "close(2); udp(7)",
    )


def _forked(pid: int) -> Reason:
    return Reason(
        (
            f"This process gave its descriptor back; process {pid} has one of the same socket, as a fork copies them, "
            "and had not closed it.",
            "So as long as that process keeps it the peer is told nothing, and a listener goes on listening.",
        ),
        "The socket ends with its last descriptor, or by shutdown.",
        "close(2); fork(2)",
    )


def _shared(twin: Call) -> Reason:
    return Reason(
        (
            f"This descriptor is given back, but #{twin.seq} dup made another one for the same socket, which is open.",
            "So the peer is told nothing, and the connection stays as it is.",
        ),
        "The connection ends with its last descriptor, or by shutdown.",
        "close(2); dup(2)",
    )


def _unconnected(call: Call, around: Around) -> Reason:
    bound = around.did("bind")
    path = bound.local if bound is not None and isinstance(bound.local, str) else ""
    stays = [f"The file {path} stays until it is unlinked."] if path and path[0] not in "@\0" else []
    tried = any(each.call in ("connect", "connect_ex") for each in around.before)
    under_way = "A connect that was still under way is given up; a" if tried else "A"
    return Reason(
        (f"{_GIVEN_BACK}.", "The socket was not connected, so nobody is told.", *stays),
        f"{under_way} closed socket can't be used again.",
        "close(2)",
    )


def _unix(call: Call, around: Around) -> Reason:
    if unread := _unread(call, around):
        return Reason(
            (f"{unread}: so the peer is told of a reset.", "What this side had sent can still be received."),
            "The peer's next recv on an empty queue raises ECONNRESET, and its sends raise EPIPE.",
            "close(2); recv(2), ERRORS; unix(7)",
        )
    return Reason(
        (
            f"{_GIVEN_BACK}, and the connection ends.",
            "What was sent lies in the peer's queue already, and can still be received.",
        ),
        "The peer's recv returns b'' behind it" + _or_reset(call) + "; its sends raise EPIPE.",
        "close(2); unix(7)",
    )


def _tcp(call: Call, around: Around) -> Reason:
    own = around.did("shutdown", "SHUT_WR") or around.did("shutdown", "SHUT_RDWR")
    gone = _gone(around, own)
    if gone is not None or (call.tcp_state == _CLOSED and own is None):
        before = "the socket had no connection, or none any more"
        before = f"the connection had ended before, as #{gone.seq} told" if gone is not None else before
        return Reason(
            (
                f"{_GIVEN_BACK}; {before}.",
                "Neither FIN nor RST is sent, and nobody is told.",
            ),
            "Nothing of it stays: after a reset there is no TIME_WAIT."
            if gone is not None
            else "A closed socket can't be used again.",
            "close(2); tcp(7)",
        )
    linger, seconds = _linger(around)
    if call.tcp_state != _CLOSED and linger is not None and seconds == 0:
        return _reset(
            f"SO_LINGER was set in #{linger.seq} with a time of 0: close sends RST, and what is queued is lost.",
            "socket(7), SO_LINGER",
        )
    if call.tcp_state != _CLOSED and (unread := _unread(call, around)):
        return _reset(f"{unread}: so TCP sends RST instead of FIN.", "recv(2), ERRORS; tcp(7)")
    waits = _NO_WAIT
    if linger is not None and seconds:
        waits = (
            f"SO_LINGER (#{linger.seq}) lets close wait {duration_text(seconds)} at most for what is not acknowledged."
        )
    if own is not None:
        first = f"{_GIVEN_BACK}; the FIN had gone out with #{own.seq} shutdown."
    else:
        first = f"{_GIVEN_BACK}; behind what is queued the kernel sends a FIN, and goes on delivering."
    return Reason((first, waits), _after(call, around, own), "close(2); tcp(7)")


def _reset(first: str, source: str) -> Reason:
    return Reason(
        (first, "A reset is no clean end: what the peer still sends is lost, and there is no TIME_WAIT."),
        "The peer's recv takes what had arrived before, then raises ECONNRESET; its sends fail.",
        f"close(2); {source}",
    )


def _gone(around: Around, own: Call | None) -> Call | None:
    """Return the call that told of the connection's end by reset or timeout."""
    return (
        around.failed("ECONNRESET") or around.failed("ETIMEDOUT") or (around.failed("EPIPE") if own is None else None)
    )


def _after(call: Call, around: Around, own: Call | None) -> str:
    """Say what the peer sees, and on which side TIME_WAIT stays: the one that ended its sending first (tcp(7))."""
    ended = next((each for each in around.before if ends_stream(each)), None)
    if own is not None:
        if ended is None:
            return "What the peer still sends is answered with RST; its recv returns b'' behind the last byte."
        return "The side that ended first stays in TIME_WAIT for 60 s; here " + (
            f"it was this one (#{own.seq})." if own.seq < ended.seq else f"it was the peer (#{ended.seq})."
        )
    known = call.tcp_state is not None
    if call.tcp_state == _CLOSE_WAIT if known else ended is not None:
        told = f", as #{ended.seq} told" if ended is not None else ""
        return f"The peer had ended its side first{told}: so TIME_WAIT (60 s) is with the peer, and nothing stays here."
    stays = "This side ended first, so it" if call.tcp_state == _ESTABLISHED else "On TCP, the side that ended first"
    return f"The peer's recv returns b''{_or_reset(call)}. {stays} stays in TIME_WAIT for 60 s."


def _or_reset(call: Call) -> str:
    return ", or raises ECONNRESET if bytes lay unread here" if call.unread is None else ""


def _unread(call: Call, around: Around) -> str:
    """Say how many bytes the close threw away unread: as the kernel told, or else as the last recv had left."""
    last = next((each for each in reversed(around.before) if each.receives and not each.peek), None)
    number = call.unread if call.unread is not None else last.left if last is not None else 0
    return f"{count(number)} lay unread" + (f" after #{last.seq}" if last is not None else "") if number else ""


def _linger(around: Around) -> tuple[Call | None, int]:
    """Return the setsockopt that turned SO_LINGER on last, and its seconds."""
    call = around.did("setsockopt", "SO_LINGER")
    match call:
        case Call(args=[_, _, str() as value, *_]) if len(value) == struct.calcsize("ii"):
            on, seconds = struct.unpack("ii", value.encode("latin-1", "replace"))
            return (call, seconds) if on else (None, 0)
        case _:
            return None, 0
