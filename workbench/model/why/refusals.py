"""What stands behind an error of a call that names or connects a socket, for the table in errors.

Facts: bind(2), connect(2), ip(7), tcp(7), unix(7), socket(7); CPython's Modules/socketmodule.c.
"""

from __future__ import annotations

from workbench.model.call.address import family_of, show
from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.ending import ended_by
from workbench.model.claims.ports import holder, listening, queue
from workbench.model.why.around import call_with_outcome, count
from workbench.model.words.about import address_of, host_of, path_of, place, port_of

_CONNECTS = ("connect", "connect_ex")
_INTERNET = ("AF_INET", "AF_INET6", "")


def in_use(call: Call, around: Around) -> str:
    """Say who has the address that a bind was refused."""
    if (path := path_of(call)) is not None and path.startswith("@"):
        return "An abstract name is free again as soon as its socket is closed."
    if path is not None:
        return f"bind makes the file {path}, and does not take one that exists."
    if call.call == "listen":
        return "Two sockets can be bound to one address with SO_REUSEADDR, but only one of them can listen."
    if around.did("bind") is not None:
        return "This socket was bound before; a socket is bound once."
    found = holder(call, around)
    if found is None:
        return "No open socket of this session has it: another program does, or TIME_WAIT (60 s) keeps it."
    other = next((each for each in around.elsewhere if each.seq == found.seq), None)
    who = f"#{found.seq} ({other.name or other.socket})" if other is not None else f"#{found.seq}"
    return _HOLDERS[found.kind](found, call, around, who)


def _by_socket(claim: Claim, call: Call, around: Around, who: str) -> str:
    bind = next(each for each in around.elsewhere if each.seq == claim.seq)
    where = show(bind.local) if isinstance(bind.local, list) else place(bind)
    other = "" if bind.local == address_of(call) else f" to {where}, which overlaps with this address"
    lives = [each for each in around.elsewhere if each.socket == bind.socket and each.seq < call.seq]
    listens = next((each for each in lives if each.call == "listen" and each.error is None), None)
    state = f" and listens (#{listens.seq})" if listens is not None else ""
    return f"{who} bound its socket{other}; it is open{state}."


def _by_connection(claim: Claim, call: Call, around: Around, who: str) -> str:
    return f"The listener is closed, but its connection {who} is open and has the same port."


def _by_time_wait(claim: Claim, call: Call, around: Around, who: str) -> str:
    return f"The connection that {who} closed ended on this side first, so TIME_WAIT keeps the port for 60 s."


_HOLDERS = {
    Kind.HELD_BY_SOCKET: _by_socket,
    Kind.HELD_BY_CONNECTION: _by_connection,
    Kind.HELD_BY_TIME_WAIT: _by_time_wait,
}


def in_use_next(call: Call, around: Around) -> str:
    if (path := path_of(call)) is not None:
        return (
            f"os.unlink({path!r}) before bind, if nobody uses it, makes room."
            if path[:1] != "@"
            else "bind works once that socket is closed, or with another name."
        )
    if call.call == "listen":
        return "listen works once the other listener is closed."
    if around.did("bind") is not None:
        return "Make a new socket for the other address."
    found = holder(call, around)
    if call.datagram:
        return "bind works once that socket is closed, or if both set SO_REUSEADDR or SO_REUSEPORT; port 0 always does."
    if found is not None and found.kind is Kind.HELD_BY_SOCKET:
        return (
            "bind works once that socket is closed, or with port 0. SO_REUSEADDR never lets two sockets listen at one "
            "address; SO_REUSEPORT does, if both set it before bind."
        )
    return "bind works at once if the old socket and the new one both set SO_REUSEADDR, else later; port 0 always does."


def in_use_source(call: Call, around: Around) -> str:
    if path_of(call) is not None:
        return "bind(2), ERRORS; unix(7)"
    return "bind(2), ERRORS; socket(7), SO_REUSEADDR" + ("" if call.datagram else "; tcp(7)")


def refused(call: Call, around: Around) -> str:
    family, kind = around.kind(call)
    if path_of(call) is not None or family == "AF_UNIX":
        listens = "" if call.datagram and kind != "SOCK_SEQPACKET" else "listening "
        return f"The kernel found no {listens}socket behind the name, and says so at once."
    if call.call in _CONNECTS:
        if (other := listening(call, around)) is not None:
            listen = next(each for each in around.elsewhere if each.seq == other.seq)
            where = show(listen.local) if isinstance(listen.local, list) else "another address"
            return f"#{other.seq} listens at {where}, and not at {place(call)}: the port alone is not enough."
        return "The SYN was answered with RST. A full accept queue does not refuse; it drops the SYN."
    if call.datagram:
        return (
            "An earlier datagram went out and was answered by ICMP: a connected socket learns of it at its next call."
        )
    return "connect went on in the background, its SYN was answered with RST, and this call learns of it."


def refused_next(call: Call, around: Around) -> str:
    if call.call not in _CONNECTS:
        if around.kind(call)[0] == "AF_UNIX":
            return "Every send raises it until a socket is bound to that name; the datagram did not go out."
        if call.datagram:
            return "The error is reported once: the next call on this socket works again."
    elif listening(call, around) is not None:
        return "Connect to that address, or let the server listen at both, each with a socket of its own."
    return "Start the listener, then connect again with a new socket."


def unanswered(call: Call, around: Around) -> str:
    """Say what became of the SYN of a connect that got no answer."""
    if path_of(call) is not None:
        return "Its accept queue stayed full for as long as SO_SNDTIMEO allows."
    if around.kind(call)[0] not in _INTERNET:
        return "The peer did not answer in that time."
    again = f"was repeated {count(call.retries, 'time')}" if call.retries else "is repeated, at first once a second"
    full = queue(call, around)
    if full is not None and full.of is not None:
        fits = "1 connection wait" if full.of == 1 else f"{full.of} connections wait"
        return (
            f"#{full.seq} listen({full.of - 1}) lets {fits}, and {full.count} waited for accept: so its SYN was "
            "dropped. "
            f"It {again}, and nobody refused."
        )
    return f"Its SYN {again}: a full accept queue drops it, as a firewall does, and none refuses."


def not_available(call: Call, around: Around) -> str:
    if call.call == "bind":
        return "bind takes only addresses that a network interface of this machine has, or 0.0.0.0 for all."
    return "A connection needs a local address and port of its own, which the kernel chooses unless bind did."


def not_available_next(call: Call, around: Around) -> str:
    if call.call == "bind":
        return "With 127.0.0.1 only this machine can connect, with 0.0.0.0 every one that reaches it."
    return "Check the address; where ports have run out, wait for TIME_WAIT (60 s) to end."


def denied(call: Call, around: Around) -> str:
    if path_of(call) is not None:
        return "To bind needs write permission on the folder, to connect on the socket's file."
    port = port_of(call)
    if call.call == "bind" and port is not None and port < 1024:
        return "Ports below 1024 are kept for services (net.ipv4.ip_unprivileged_port_start says from where on)."
    return "Sending to a broadcast address needs setsockopt(SOL_SOCKET, SO_BROADCAST, 1) first."


def not_permitted(call: Call, around: Around) -> str:
    if around.kind(call)[0] == "AF_UNIX" and (call.sends or call.call in _CONNECTS):
        return "A datagram socket that is connected takes datagrams from its peer alone."
    return "Nothing was made or sent."


def not_permitted_next(call: Call, around: Around) -> str:
    if around.kind(call)[0] == "AF_UNIX" and (call.sends or call.call in _CONNECTS):
        return "Send it to another socket, or from the one that the receiver is connected to."
    return "Run it with the privilege, or do without."


def is_connected(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "A socket either listens or connects, never both."
    return "A stream socket is connected once."


def bad_name(call: Call, around: Around) -> str:
    """Say why getaddrinfo found nothing: of an address in numbers, most often that it is of the other family."""
    wanted, given = around.kind(call)[0], family_of(host_of(call))
    if given is not None and wanted in ("AF_INET", "AF_INET6") and given != wanted:
        return f"{host_of(call)} is an address of {given}, and this socket is of {wanted}."
    return "getaddrinfo looks the name up before the call; the call itself was not made."


def bad_name_next(call: Call, around: Around) -> str:
    wanted, given = around.kind(call)[0], family_of(host_of(call))
    if given is not None and given != wanted and wanted:
        return f"Make the socket with {given}, or write an address of {wanted}."
    return "Check the name, or write the address in numbers."


def not_connected(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "A listener has no peer; its connections are other sockets, which accept returns."
    if call.datagram:
        return "A datagram socket has no peer until connect notes one."
    gone = ended_by(around)
    if gone is not None and gone.call not in _CONNECTS and around.had_peer(call):
        return f"The connection was gone already: {call_with_outcome(gone)}."
    tried = next((each for each in reversed(around.before) if each.call in _CONNECTS), None)
    if tried is not None and not around.had_peer(call):
        return f"Its connect had not succeeded: {call_with_outcome(tried)}."
    if around.whole_life and not around.had_peer(call):
        return "No connect was made on it before this call."
    return "It has no peer yet, or none any more: once both sides have ended, or after a reset, there is none."


def not_connected_next(call: Call, around: Around) -> str:
    if around.did("listen"):
        return "Use the socket that accept returned."
    if call.datagram:
        return "connect first, or use sendto."
    return "Make a new socket and connect it." if around.had_peer(call) else "connect first."
