"""What stands behind an error of a send, a recv or another call on a socket, for the table in errors.

Facts: send(2), recv(2), tcp(7), unix(7), socket(7); CPython's sock_call_impl.
"""

from __future__ import annotations

from workbench.model.call.address import family_of
from workbench.model.call.call import Call
from workbench.model.claims.around import Around, has_flag
from workbench.model.claims.claim import Kind
from workbench.model.claims.ending import ended_by, own_shutdown
from workbench.model.claims.ports import holder
from workbench.model.claims.waiting import limit, waiting
from workbench.model.text.fit import duration_text
from workbench.model.why import refusals
from workbench.model.why.around import call_with_outcome, count
from workbench.model.words.about import host_of, path_of, place, port_of
from workbench.model.words.as_python import expression
from workbench.model.words.error_sentence import errno_name

_CONNECTS = ("connect", "connect_ex")


def instead(call: Call, around: Around, name: str) -> str:
    """Return the first sentence on errno *name* where the socket's life makes the general one untrue, else ""."""
    family, kind = around.kind(call)
    if (claim := waiting(call, around)) is not None and claim.seqs:
        return f"{_not_done(call)} within {duration_text(claim.count / 1000)}"
    match name:
        case "" if call.error is not None and call.error.type == "gaierror":
            return _of_other_family(call, family)
        case "EINVAL" | "EPIPE" | "EOPNOTSUPP":
            return _of_state(call, around, name)
        case "ECONNRESET" if family == "AF_UNIX":
            before_accept = "" if around.peers else ", or closed before accept had returned the connection"
            return f"the peer closed with bytes unread{before_accept}, which resets a UNIX connection"
        case "EISCONN" if around.did("listen"):
            return "the socket listens, and a listener can't connect"
        case "EMSGSIZE" if family == "AF_UNIX":
            asked = "" if call.requested is None else f"{call.requested} bytes are "
            return f"{asked}too long for a message: it has to fit the send buffer (SO_SNDBUF)"
        case "EMSGSIZE" if family == "AF_INET6":
            asked = "" if call.requested is None else f"{call.requested} bytes are "
            return f"{asked}too long for a message (UDP over IPv6: 65527)"
        case "EAGAIN" if call.sends and (family, kind) == ("AF_UNIX", "SOCK_DGRAM"):
            return "the receiver's queue is full, and the call did not wait"
        case "ENOTCONN" if call.sends and call.datagram and kind != "SOCK_SEQPACKET":
            return "no destination: connect first, or use sendto"
        case "ECONNREFUSED" if call.sends and call.datagram and family == "AF_UNIX":
            return "no socket is bound to the name that it was sent to"
        case "EPERM" if family == "AF_UNIX" and (call.sends or call.call in _CONNECTS):
            return "the receiver is connected to another socket"
        case "EBADF" if call.call in ("socket", "fromfd"):
            return "the number is no open descriptor"
        case "EBADF" if around.did("detach"):
            return "the object gave its descriptor away"
        case "EADDRINUSE" if call.call == "bind" and around.did("bind"):
            return "this socket has an address already"
        case "EADDRINUSE" if call.call == "bind" and (found := holder(call, around)) is not None:
            return f"{place(call)} is in use: {_HOLDERS[found.kind]} (#{found.seq})"
    return ""


_HOLDERS = {
    Kind.HELD_BY_SOCKET: "an open socket has it",
    Kind.HELD_BY_CONNECTION: "an open connection keeps it",
    Kind.HELD_BY_TIME_WAIT: "TIME_WAIT keeps it",
}


def _of_state(call: Call, around: Around, name: str) -> str:
    shut = around.did("shutdown")
    match name:
        case "EINVAL" if call.call == "accept" and around.did("listen") and shut is not None:
            return f"the listener was shut down (#{shut.seq})"
        case "EINVAL" if call.receives and has_flag(call, "MSG_OOB"):
            return "there is no urgent byte to take"
        case "EINVAL" if call.call == "bind" and around.did("bind"):
            return "the socket is bound already"
        case "EOPNOTSUPP" if has_flag(call, "MSG_OOB"):
            return "this kind of socket has no urgent data"
        case "EPIPE" if _never_connected(call, around):
            return "the socket is not connected, so there is nobody to send to"
        case "EPIPE" if own_shutdown(around, "SHUT_WR") is not None:
            return "sending was shut down here"
        case "EPIPE" if (gone := ended_by(around)) is not None and _is_failure(gone):
            return f"the connection had failed before (#{gone.seq})"
        case "EPIPE" if around.kind(call)[0] == "AF_UNIX":
            return "the peer takes nothing any more: it has closed, or shut down receiving"
        case "EPIPE" if not call.datagram:
            return "the peer has closed the connection"
    return ""


def _is_failure(call: Call) -> bool:
    return call.error is None or call.error.errno != "EPIPE"


def _of_other_family(call: Call, family: str) -> str:
    given = family_of(host_of(call))
    if given is None or given == family or family not in ("AF_INET", "AF_INET6"):
        return ""
    return f"{host_of(call)} is no address of the socket's family, {family}"


def _not_done(call: Call) -> str:
    if call.call == "accept":
        return "nobody connected"
    return "nothing arrived" if call.receives else "there was not enough room"


# --- the peer is gone -------------------------------------------------------------------------------------------------


def reset(call: Call, around: Around) -> str:
    got = sum(len(each.data) for each in around.before if each.receives and not each.peek)
    if not call.receives:
        return "A reset is reported once: to this call, which was the first to learn of it."
    before = f"{count(got)} {'was' if got == 1 else 'were'} received before it. " if got and around.all_before else ""
    return before + "What was queued is delivered first; then the reset is reported once."


def piped(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "It listens: what a client receives is sent on the socket that accept returned, not on the listener."
    if _never_connected(call, around):
        return "Linux answers a send on a TCP socket without a peer so."
    if (own := own_shutdown(around, "SHUT_WR")) is not None:
        return f"This socket's own shutdown in #{own.seq} ended sending."
    if (gone := ended_by(around)) is not None:
        return f"The connection was gone already: {call_with_outcome(gone)}."
    if call.datagram and around.kind(call)[1] != "SOCK_SEQPACKET":
        return "A datagram socket raises it once its sending was shut down."
    if around.kind(call)[0] == "AF_UNIX":
        return "A UNIX socket learns at once that its peer has closed, or shut down receiving."
    before = next((each for each in reversed(around.before) if each.sends and each.error is None and each.data), None)
    if before is not None:
        return (
            f"It had ended its side (FIN), then came a RST, most likely in answer to #{before.seq}: that send still "
            f"returned, and this call learns of it."
        )
    return "It had ended its side (FIN), then came a RST, and this call learns of it."


def _never_connected(call: Call, around: Around) -> bool:
    return not call.datagram and (around.whole_life or around.all_before) and not around.had_peer(call)


def piped_next(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "Every send on the listener raises EPIPE; keep both sockets apart by name, as server and connection."
    if _never_connected(call, around):
        return "Every send raises EPIPE until connect has succeeded."
    return "Every further send raises EPIPE; what the peer sent before can still be received."


# --- waiting ----------------------------------------------------------------------------------------------------------


def again(call: Call, around: Around) -> str:
    if (claim := waiting(call, around)) is not None and claim.seqs:
        option = "SO_SNDTIMEO" if call.sends or call.call in _CONNECTS else "SO_RCVTIMEO"
        return f"{option} (#{claim.seq}) ended the wait: the kernel reports that as EAGAIN, Python as BlockingIOError."
    if call.call in _CONNECTS:
        return "A UNIX connect cannot wait for a place with a timeout; without one it would wait for accept."
    if has_flag(call, "MSG_DONTWAIT"):
        return "MSG_DONTWAIT makes this one call return at once, whatever it finds."
    how = around.did("setblocking", "False") or around.did("settimeout")
    by = f" (#{how.seq})" if how is not None and around.timeout == 0 else ""
    return f"With a timeout of 0{by} every call returns at once, whatever it finds."


def again_next(call: Call, around: Around) -> str:
    if call.call in _CONNECTS:
        return "Once accept takes a connection, a new connect succeeds."
    if call.sends and around.kind(call)[0] == "AF_UNIX":
        return "As soon as the peer receives there is room, and select or poll says so (POLLOUT)."
    if call.sends:
        return "As soon as the peer's system takes bytes there is room, and select or poll says so (POLLOUT)."
    return "Try again when select or poll says that it is ready (POLLIN)."


def unanswered(call: Call, around: Around) -> str:
    if call.call in _CONNECTS:
        return refusals.unanswered(call, around)
    if errno_name(call):
        option = around.did("setsockopt", "TCP_USER_TIMEOUT") or around.did("setsockopt", "SO_KEEPALIVE")
        by = f" ({option.args[1]}, #{option.seq})" if option is not None else ""
        return f"What was sent, or a keep-alive probe, was repeated and not acknowledged, until the kernel gave up{by}."
    if call.call == "accept" and (call.datagram or around.kind(call)[1] == "SOCK_DGRAM"):
        return "It never can: a datagram socket has no connections to accept."
    if call.call == "accept":
        return f"No connection was ready in that time{_limit(around)}."
    if call.receives:
        return f"{_queue_was(around)}{_limit(around)}; {_why_empty(call, around)}."
    full = "The peer's receive queue and this send buffer are full: the peer does not read"
    if around.kind(call)[0] == "AF_UNIX":
        full = "The peer's queue is full: it does not receive"
    return f"{full}{_limit(around)}."


def _queue_was(around: Around) -> str:
    lowat = around.did("setsockopt", "SO_RCVLOWAT")
    if lowat is not None and isinstance(lowat.args[2], int) and lowat.args[2] > 1:
        return f"Fewer bytes than SO_RCVLOWAT asks for ({lowat.args[2]}, #{lowat.seq}) were in the queue"
    return "The queue stayed empty"


def _why_empty(call: Call, around: Around) -> str:
    family, kind = around.kind(call)
    if call.datagram or kind == "SOCK_DGRAM":
        peer = around.did("connect")
        if peer is not None:
            return f"a connected socket gets what {place(peer)} sends, and nothing from others"
        return "nobody sent here" if family == "AF_UNIX" else "nobody sent here, or it was lost on the way"
    return "the peer may be busy, or wait for this side"


def _limit(around: Around) -> str:
    """Say which call set the timeout that ran out."""
    limit = around.did("settimeout")
    return f" (#{limit.seq} {expression(limit, 30)})" if limit is not None and (around.timeout or 0) > 0 else ""


def unanswered_next(call: Call, around: Around) -> str:
    if call.call in _CONNECTS:
        return (
            "Close the socket: it stays in SYN_SENT, may connect later by itself, and then takes a place in the queue."
        )
    if errno_name(call):
        return "The connection is gone: close the socket, and connect again with a new one."
    if call.call == "sendfile" and call.data:
        return "What went out stays out: the file's position (tell) says how far it came, so the rest can be sent."
    if call.sends and call.data:
        return _CANT_GO_ON
    later = around.next_of(call)
    return "The socket is as it was: the same call can be made again." + (
        f" Later: {call_with_outcome(later)}." if later else ""
    )


_CANT_GO_ON = "What went out stays out, and the program can't know how much that is: it can only close the connection."


def cancelled(call: Call, around: Around) -> str:
    waited = f" after {duration_text(call.duration)}" if call.duration is not None else ""
    return f"It was still waiting{waited}: {waited_for(call, around)}."


def cancelled_next(call: Call, around: Around) -> str:
    if call.call in _CONNECTS and path_of(call) is None:
        return "Close the socket: its SYN is repeated all the same, so it may still connect by itself."
    if call.sends and call.data:
        return f"What went out stays out: {count(len(call.data))}; the rest begins behind that."
    return "The same call can be made again, and waits again."


def interrupted(call: Call, around: Around) -> str:
    """Explain an exception that came from outside the call: of a signal's handler, or of another thread."""
    took = call.duration or 0.0
    if took < 0.001:
        return "It did not come from the socket: a signal's handler, or another thread, raised it in this call."
    until = limit(call, around)
    bound = {None: ", and no timeout is set", -1.0: ""}.get(until, f" of {duration_text(until or 0)} at most")
    return f"The call had waited for {duration_text(took)}{bound}: {waited_for(call, around)}."


def interrupted_next(call: Call, around: Around) -> str:
    if call.sends:
        return "What went out stays out, but how much that is nobody knows: the connection can only be closed."
    beside = next((each for each in reversed(around.beside) if _spans(each, call)), None)
    if beside is not None:
        return f"Meanwhile the peer was in {call_with_outcome(beside)}."
    if call.call in _CONNECTS:
        return "Close the socket: the kernel goes on with the connect until then."
    if call.call == "accept":
        return "The listener goes on listening: the same call can be made again."
    return "The socket is open as before; what it received in the very moment is lost, if anything."


def _spans(other: Call, call: Call) -> bool:
    """Whether *other* was under way when *call* ended."""
    moment = call.time + (call.duration or 0.0)
    return other.time <= moment and (other.unfinished or other.time + (other.duration or 0.0) >= moment)


def waited_for(call: Call, around: Around) -> str:
    """Say what had not happened yet where a call did not come to its end."""
    match call.call:
        case "accept":
            return "no client had connected"
        case "connect" | "connect_ex" if path_of(call) is not None:
            return f"the accept queue of {place(call)} was full"
        case "connect" | "connect_ex":
            return f"{place(call)} had not answered: its accept queue may be full, or packets are dropped"
        case _ if call.receives and call.datagram:
            return "nothing had arrived"
        case _ if call.receives:
            return "nothing had arrived, and the peer had not ended its side"
        case _ if call.sends:
            return "the send buffer was full, as the peer did not read"
        case _:
            return "it had not returned"


# --- arguments and state ----------------------------------------------------------------------------------------------


def invalid(call: Call, around: Around) -> str:
    match call.call:
        case "bind":
            bound = around.did("bind")
            return f"#{bound.seq} had bound it; a socket is bound once." if bound else "A socket is bound once."
        case "accept" if around.did("listen"):
            return "After shutdown nobody can connect there, so there is nothing to accept."
        case "accept":
            return "accept takes connections out of the queue that listen makes."
        case _ if call.receives and has_flag(call, "MSG_OOB"):
            return "None came, it was taken already, or SO_OOBINLINE leaves it among the other bytes."
        case _ if call.sends and port_of(call) == 0:
            return "Port 0 is no destination: it only lets bind choose a port."
        case _:
            return "The kernel checks the arguments against the socket's type and state."


def no_family(call: Call, around: Around) -> str:
    if call.call in ("socket", "socketpair"):
        return "The kernel was built without it, or its module is not loaded."
    return "Each family has its own form of address."


def no_descriptor(call: Call, around: Around) -> str:
    if call.call in ("socket", "fromfd"):
        return "No open descriptor of this process has that number."
    gave = around.did("detach")
    how = f"detach (#{gave.seq}) gave the descriptor away, so the object has none" if gave is not None else ""
    return f"{how or 'After close the object has no descriptor'} (fileno() is -1); the old one was not touched."


def not_supported(call: Call, around: Around) -> str:
    if call.call in ("listen", "accept"):
        return "Only stream and SEQPACKET sockets listen and accept."
    return "Which calls and flags a socket takes depends on its family and type."


def no_option(call: Call, around: Around) -> str:
    if call.call == "setsockopt" and str(call.args[1:2]) in ("['SO_TYPE']", "['SO_ERROR']", "['SO_ACCEPTCONN']",
        "['SO_DOMAIN']", "['SO_PROTOCOL']", "['SO_PEERCRED']", "['TCP_INFO']"):  # fmt: skip
        return "It can be read with getsockopt, but not set."
    return "Options belong to a level and a kind of socket."
