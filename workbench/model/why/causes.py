"""What the call, or its neighbours in the session, tell about an error: sentences for the table in why_errors."""

from __future__ import annotations

import math

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.text.fit import duration_text
from workbench.model.why.around import call_with_outcome, count
from workbench.model.words.about import address_of, path_of, place, port_of
from workbench.model.words.as_python import expression
from workbench.model.words.error_sentence import errno_name


def instead(call: Call, around: Around, name: str) -> str:
    """Return the first sentence on errno *name* where the kind of the socket makes explain's untrue, else ""."""
    family, kind = around.kind(call)
    match name:
        case "ECONNRESET" if family == "AF_UNIX":
            return "the peer closed with bytes unread, which resets a UNIX connection"
        case "EPIPE" if _never_connected(call, around):
            return "the socket is not connected, so there is nobody to send to"
        case "EPIPE" if _own_shutdown(around):
            return "sending was shut down here"
        case "EPIPE" if not call.datagram:
            return "the peer has closed the connection"
        case "EISCONN" if around.did("listen"):
            return "the socket listens, and a listener can't connect"
        case "EMSGSIZE" if family == "AF_UNIX":
            asked = "" if call.requested is None else f"{call.requested} bytes are "
            return f"{asked}too long for a message: it has to fit the send buffer (SO_SNDBUF)"
        case "EAGAIN" if call.sends and (family, kind) == ("AF_UNIX", "SOCK_DGRAM"):
            return "the receiver's queue is full, and the call did not wait"
        case "ENOTCONN" if call.sends and call.datagram and kind != "SOCK_SEQPACKET":
            return "no destination: connect first, or use sendto"
        case "ECONNREFUSED" if call.sends and call.datagram and family == "AF_UNIX":
            return "no socket is bound to the name that it was sent to"
        case _:
            return ""


def in_use(call: Call, around: Around) -> str:
    if (path := path_of(call)) is not None and path.startswith("@"):
        return "An abstract name is free again as soon as its socket is closed."
    if path is not None:
        return f"bind makes the file {path}, and does not take one that exists."
    address = address_of(call)
    earlier = [each for each in around.elsewhere if each.seq < call.seq and each.error is None]
    for each in reversed(earlier):
        if each.call == "bind" and address in (each.local, address_of(each)):
            return _bound(each, earlier, around)
    if around.did("setsockopt", "SO_REUSEADDR"):
        return "SO_REUSEADDR was set here, so either a live socket has it, or the old one had not set SO_REUSEADDR."
    return "SO_REUSEADDR was not set here, so a connection in TIME_WAIT (60 s) is enough to keep it."


def _bound(bind: Call, earlier: list[Call], around: Around) -> str:
    """Say which bind has the address; once its socket is closed, only connections of it can keep the address."""
    who = f"#{bind.seq} ({bind.name or bind.socket})"
    close = next((each for each in earlier if each.call == "close" and each.socket == bind.socket), None)
    if close is None or bind.datagram:
        return f"In this session {who} bound it."
    lacks = "both sockets need SO_REUSEADDR"
    if around.did("setsockopt", "SO_REUSEADDR"):
        lacks = "SO_REUSEADDR was set here, so there it was not, or another program has the address by now"
    return (
        f"In this session {who} bound it and #{close.seq} closed it, but a connection of it, open or in TIME_WAIT "
        f"(60 s), still keeps the address: {lacks}."
    )


def in_use_next(call: Call, around: Around) -> str:
    if (path := path_of(call)) is not None:
        return (
            f"os.unlink({path!r}) before bind, if nobody uses it, makes room."
            if path[:1] != "@"
            else "bind works once that socket is closed, or with another name."
        )
    return "bind works once that socket is closed; after TIME_WAIT, or at once if both set SO_REUSEADDR; port 0 always."


def refused(call: Call, around: Around) -> str:
    family, kind = around.kind(call)
    if path_of(call) is not None or family == "AF_UNIX":
        listening = "" if call.datagram and kind != "SOCK_SEQPACKET" else "listening "
        return f"The kernel found no {listening}socket behind the name, and says so at once."
    if call.call in ("connect", "connect_ex"):
        reachable = "The host is reachable: it answered the SYN with RST."
        return f"{reachable} A full accept queue does not refuse; it drops the SYN."
    if call.datagram:
        return "The datagram had gone out and been answered by ICMP; a connected socket is told at its next call."
    return "connect went on in the background, its SYN was answered with RST, and this call is told of it."


def refused_next(call: Call, around: Around) -> str:
    if call.call not in ("connect", "connect_ex"):
        if around.kind(call)[0] == "AF_UNIX":
            return "Every send raises it until a socket is bound to that name; the datagram did not go out."
        if call.datagram:
            return "The error is told once: once somebody receives there, the same socket can send again."
    return "Start the listener, then connect again with a new socket."


def reset(call: Call, around: Around) -> str:
    got = sum(len(each.data) for each in around.before if each.receives and not each.peek)
    if not call.receives:
        return "It is told once: to this call, which was the first to learn of it."
    before = f"{count(got)} {'was' if got == 1 else 'were'} received before it. " if got and around.all_before else ""
    return before + "What was queued is delivered first; then the reset is told once."


def piped(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "It listens: what a client receives is sent on the socket that accept returned, not on the listener."
    if _never_connected(call, around):
        return "Linux answers a send on a TCP socket without a peer so."
    if (own := _own_shutdown(around)) is not None:
        return f"This socket's own shutdown in #{own.seq} ended sending."
    reset = around.failed("ECONNRESET") or around.failed("EPIPE")
    if reset is not None:
        return f"The connection was gone already: #{reset.seq} raised {errno_name(reset)}."
    if around.kind(call)[0] == "AF_UNIX":
        return "The peer has closed its end, or shut down receiving; a UNIX socket learns of it at once."
    before = next((each for each in reversed(around.before) if each.sends and each.error is None and each.data), None)
    if before is not None:
        return (
            f"The send before, #{before.seq}, still returned {len(before.data)}: it was answered with RST, and this "
            "call learns of it."
        )
    return "The peer answered earlier bytes with RST, and this call learns of it."


def _never_connected(call: Call, around: Around) -> bool:
    return not call.datagram and around.all_before and not around.had_peer(call)


def _own_shutdown(around: Around) -> Call | None:
    return around.did("shutdown", "SHUT_WR") or around.did("shutdown", "SHUT_RDWR")


def piped_next(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "Every send on the listener raises EPIPE; keep both sockets apart by name, as server and connection."
    if _never_connected(call, around):
        return "Every send raises EPIPE until connect has succeeded."
    return "Every further send raises EPIPE; what the peer sent before can still be read."


def again(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return "A UNIX connect cannot wait for a place with a timeout; without one it would wait for accept."
    if "MSG_DONTWAIT" in str(call.args):
        return "MSG_DONTWAIT makes this one call return at once, whatever it finds."
    how = around.did("setblocking", "False") or around.did("settimeout")
    call_with_outcome = f" (#{how.seq})" if how is not None and around.timeout == 0 else ""
    return f"With a timeout of 0{call_with_outcome} every call returns at once, whatever it finds."


def again_next(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return "Once accept takes a connection, a new connect succeeds."
    if call.sends and around.kind(call)[0] == "AF_UNIX":
        return "As soon as the peer receives there is room, and select or poll says so (POLLOUT)."
    if call.sends:
        return "As soon as the peer's system takes bytes there is room, and select or poll says so (POLLOUT)."
    return "Try again when select or poll says that it is ready (POLLIN)."


def unanswered(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        times = 0 if call.duration is None else int(math.log2(call.duration + 1))
        again = f"repeated {count(times, 'time')}" if times else "is repeated after 1, 3, 7 … seconds"
        full = _full_queue(call, around)
        if full:
            return f"{full} So its SYN was dropped; it {'was ' if times else ''}{again}, and nobody refused."
        return (
            f"Its SYN {'was ' if times else ''}{again}: a full accept queue drops it, as a firewall does; none refuses."
        )
    if errno_name(call):
        return "What was sent, or a keep-alive probe, was repeated for minutes and never acknowledged."
    if call.call == "accept" and (call.datagram or around.kind(call)[1] == "SOCK_DGRAM"):
        return "It never can: a datagram socket has no connections to accept."
    if call.call == "accept":
        return f"No connection was complete in that time{_limit(around)}."
    if call.receives:
        return f"The queue stayed empty{_limit(around)}; the peer may be busy, or wait for this side."
    return f"The peer's receive queue and this send buffer are full: the peer does not read{_limit(around)}."


def _limit(around: Around) -> str:
    """Say which call set the timeout that ran out."""
    limit = around.did("settimeout")
    return f" (#{limit.seq} {expression(limit, 30)})" if limit is not None and (around.timeout or 0) > 0 else ""


def _full_queue(call: Call, around: Around) -> str:
    """Say how full the accept queue was that the connect went to, where its listener is in the session."""
    address = address_of(call)
    earlier = [each for each in around.elsewhere if each.seq < call.seq and each.error is None]
    sockets = [each.socket for each in earlier if each.call == "bind" and address in (each.local, address_of(each))]
    listens = [each for each in earlier if each.call == "listen" and each.socket in sockets[-1:]]
    if not listens or not listens[-1].args or not isinstance(listens[-1].args[0], int):
        return ""
    backlog, listen = max(0, listens[-1].args[0]), listens[-1]
    since = [each for each in earlier if each.seq > listen.seq]
    came = sum(each.call in ("connect", "connect_ex") and address_of(each) == address for each in since)
    waiting = came - sum(each.call == "accept" and each.socket == listen.socket for each in since)
    if waiting <= backlog:
        return ""
    fits = "1 connection wait" if not backlog else f"{backlog + 1} connections wait"
    return f"#{listen.seq} listen({backlog}) lets {fits}, and {waiting} waited for accept."


def unanswered_next(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return (
            "Close the socket: it stays in SYN_SENT, may connect later by itself, and then takes a place in the queue."
        )
    if errno_name(call):
        return "The connection is gone: close the socket, and connect again with a new one."
    if call.sends and call.data:
        return "What went out stays out. Go on with the rest, not from the start."
    later = around.next_of(call)
    return "The socket is as it was: the same call can be made again." + (
        f" Later: {call_with_outcome(later)}." if later else ""
    )


def cancelled(call: Call, around: Around) -> str:
    waited = f" after {duration_text(call.duration)}" if call.duration is not None else ""
    return f"It still waited{waited}, as {waited_for(call)}."


def cancelled_next(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex") and path_of(call) is None:
        return "Close the socket: its SYN is repeated all the same, so it may still connect by itself."
    if call.sends and call.data:
        return "What went out stays out: go on with the rest, not from the start."
    return "The same call can be made again, and waits again."


def waited_for(call: Call) -> str:
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
            return "the program had ended meanwhile"


def invalid(call: Call, around: Around) -> str:
    match call.call:
        case "bind":
            bound = around.did("bind")
            return f"#{bound.seq} had bound it; a socket is bound once." if bound else "A socket is bound once."
        case "accept":
            return "accept takes connections out of the queue that listen makes."
        case _ if call.sends and port_of(call) == 0:
            return "Port 0 is no destination: it only tells bind to choose a port."
        case _:
            return "The kernel checks the arguments against the socket's type and state."


def denied(call: Call, around: Around) -> str:
    if path_of(call) is not None:
        return "To bind needs write permission on the folder, to connect on the socket's file."
    port = port_of(call)
    if call.call == "bind" and port is not None and port < 1024:
        return "Ports below 1024 are kept for services (net.ipv4.ip_unprivileged_port_start tells from where on)."
    return "Sending to a broadcast address needs setsockopt(SOL_SOCKET, SO_BROADCAST, 1) first."


def not_available(call: Call, around: Around) -> str:
    if call.call == "bind":
        return "bind takes only addresses that a network interface of this machine has, or 0.0.0.0 for all."
    return "A connection needs a local address and port of its own, which the kernel chooses unless bind did."


def not_available_next(call: Call, around: Around) -> str:
    if call.call == "bind":
        return "With 127.0.0.1 only this machine can connect, with 0.0.0.0 every one that reaches it."
    return "Check the address; where ports have run out, wait for TIME_WAIT (60 s) to end."


def is_connected(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "A socket either listens or connects, never both."
    return "A stream socket is connected once."


def not_connected(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "A listener has no peer; its connections are other sockets, which accept returns."
    if call.datagram:
        return "A datagram socket has no peer until connect notes one."
    gone = around.failed("ECONNRESET") or around.failed("EPIPE")
    if gone is not None and around.had_peer(call):
        return f"The connection was gone already: #{gone.seq} raised {errno_name(gone)}."
    tried = next((each for each in reversed(around.before) if each.call in ("connect", "connect_ex")), None)
    if tried is not None and not around.had_peer(call):
        return f"Its connect had not succeeded: {call_with_outcome(tried)}."
    if around.all_before and not around.had_peer(call):
        return "No connect was made on it before this call."
    return "It has no peer yet, or none any more: once both sides have ended, or after a reset, there is none."


def not_connected_next(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "Use the socket that accept returned."
    if call.datagram:
        return "connect first, or use sendto."
    return "Make a new socket and connect it." if around.had_peer(call) else "connect first."


def in_use_source(call: Call, around: Around) -> str:
    if path_of(call) is not None:
        return "bind(2), ERRORS; unix(7)"
    return "bind(2), ERRORS; socket(7), SO_REUSEADDR" + ("" if call.datagram else "; tcp(7)")


def not_supported(call: Call, around: Around) -> str:
    if call.call in ("listen", "accept"):
        return "Only stream and SEQPACKET sockets listen and accept."
    return "Which calls and flags a socket takes depends on its family and type."
