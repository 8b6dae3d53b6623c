"""What stands behind an error, what to do, and where that is written: one entry for each errno or exception.

The first sentence of an explanation is explain's; these go on from there. Facts: the ERRORS sections of the man pages
named with each; CPython's Modules/socketmodule.c.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from workbench.model.about import address_of, duration_text, path_of, place, port_of
from workbench.model.call import Call
from workbench.model.explain import errno_name, error_sentence
from workbench.model.reason import Around, Reason, count, told

More: TypeAlias = str | Callable[[Call, Around], str]


class Entry(NamedTuple):
    """The sentence after the first, what would happen next, the source."""

    more: More
    next: More
    source: str


def failed(call: Call, around: Around) -> Reason:
    """Explain a call that raised, or a connect_ex that returned an errno."""
    name = errno_name(call)
    entry = ERRNOS.get(name) or TYPES.get(call.error.type if call.error else "", _UNKNOWN)
    if call.error is not None and not name and call.error.type not in TYPES:
        entry = _UNKNOWN
    first = _plain(error_sentence(call), name)
    sentences = (first, *_went_out(call), _say(entry.more, call, around))
    return Reason(tuple(filter(None, sentences)), _say(entry.next, call, around), entry.source)


def _plain(sentence: str, name: str) -> str:
    """Turn "ECONNREFUSED: nobody listens on …" into a sentence of its own."""
    text = sentence.removeprefix(f"{name}: ") if name else sentence
    return f"{text[:1].upper()}{text[1:]}" + (f" ({name})." if name else ".")


def _went_out(call: Call) -> tuple[str, ...]:
    """Say how much of a failed send went out, which Python can't tell."""
    if not call.sends or call.requested is None or not (call.data or call.call == "sendall"):
        return ()
    return (f"{len(call.data)} of {count(call.requested)} went out before; the exception does not say so.",)


def _say(more: More, call: Call, around: Around) -> str:
    return more if isinstance(more, str) else more(call, around)


# --- where the call, or its neighbours, decide ------------------------------------------------------------------------


def _in_use(call: Call, around: Around) -> str:
    if (path := path_of(call)) is not None:
        return f"bind makes the file {path}, and does not take one that exists." if not path.startswith("@") else ""
    address = address_of(call)
    for each in reversed(around.elsewhere):
        if each.call == "bind" and each.error is None and address in (each.local, address_of(each)):
            return f"In this session #{each.seq} ({each.name or each.socket}) bound it."
    if around.did("setsockopt", "SO_REUSEADDR"):
        return "SO_REUSEADDR was set here, so either a live socket has it, or the old one had not set SO_REUSEADDR."
    return "SO_REUSEADDR was not set here, so a connection in TIME_WAIT (60 s) is enough to keep it."


def _in_use_next(call: Call, around: Around) -> str:
    if (path := path_of(call)) is not None:
        return f"os.unlink({path!r}) before bind, if nobody uses it, makes room." if path[:1] != "@" else "Close it."
    return "bind works once that socket is closed; after TIME_WAIT, or at once if both set SO_REUSEADDR; port 0 always."


def _refused(call: Call, around: Around) -> str:
    path = path_of(call)
    if path is not None:
        return "The kernel found no listening socket behind the name, and says so at once."
    if call.call not in ("connect", "connect_ex"):
        return "The datagram had gone out and been answered by ICMP; a connected socket is told at its next call."
    return "The host is reachable: it answered the SYN with RST. A full accept queue does not refuse; it drops the SYN."


def _refused_next(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return "Start the listener, then connect again with a new socket."
    return "The error is told once: once somebody receives there, the same socket can send again."


def _reset(call: Call, around: Around) -> str:
    got = sum(len(each.data) for each in around.before if each.receives and not each.peek)
    before = f"{count(got)} were received before it. " if got and call.receives else ""
    return before + "What was queued is delivered first; then the reset is told once."


def _piped(call: Call, around: Around) -> str:
    own = around.did("shutdown", "SHUT_WR") or around.did("shutdown", "SHUT_RDWR")
    if own is not None:
        return f"This socket's own shutdown in #{own.seq} ended sending."
    reset = around.failed("ECONNRESET") or around.failed("EPIPE")
    if reset is not None:
        return f"The connection was gone already: #{reset.seq} raised {errno_name(reset)}."
    before = next((each for each in reversed(around.before) if each.sends and each.error is None), None)
    if before is not None:
        return (
            f"The send before, #{before.seq}, still returned {len(before.data)}: it was answered with RST, and this "
            "call learns of it."
        )
    return "The peer answered earlier bytes with RST, and this call learns of it."


def _again(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return "A UNIX connect cannot wait for a place with a timeout; without one it would wait for accept."
    if "MSG_DONTWAIT" in str(call.args):
        return "MSG_DONTWAIT makes this one call return at once, whatever it finds."
    return "With a timeout of 0 every call returns at once, whatever it finds."


def _again_next(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return "Once accept takes a connection, a new connect succeeds."
    if call.sends:
        return "As soon as the peer's system takes bytes there is room, and select or poll says so (POLLOUT)."
    return "Try again when select or poll says that it is ready (POLLIN)."


def _unanswered(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        times = 0 if call.duration is None else int(math.log2(call.duration + 1))
        again = f"repeated {count(times, 'time')}" if times else "is repeated after 1, 3, 7 … seconds"
        full = _full_queue(call, around)
        if full:
            return f"{full} So its SYN was dropped; it {'was ' if times else ''}{again}, and nobody refused."
        return (
            f"Its SYN {'was ' if times else ''}{again}: a full accept queue drops it, as a firewall does; none refuses."
        )
    if call.call == "accept":
        return "No connection was complete in that time."
    if call.receives:
        return "The queue stayed empty; the peer may be busy, or wait for this side."
    return "The peer's receive queue and this send buffer are full: the peer does not read."


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
    return f"#{listen.seq} listen({backlog}) lets {backlog + 1} connections wait, and {waiting} waited for accept."


def _unanswered_next(call: Call, around: Around) -> str:
    if call.call in ("connect", "connect_ex"):
        return (
            "Close the socket: it stays in SYN_SENT, may connect later by itself, and then takes a place in the queue."
        )
    if call.sends:
        return "What went out stays out. Go on with the rest, not from the start."
    later = around.next_of(call)
    return "The socket is as it was: the same call can be made again." + (f" Later: {told(later)}." if later else "")


def _cancelled(call: Call, around: Around) -> str:
    waited = f" after {duration_text(call.duration)}" if call.duration is not None else ""
    what = {
        "accept": "no client had connected",
        "connect": f"{place(call)} had not answered: its accept queue may be full, or packets are dropped",
        "connect_ex": f"{place(call)} had not answered: its accept queue may be full, or packets are dropped",
    }.get(call.call, "nothing had arrived" if call.receives else "the send buffer was full: the peer does not read")
    return f"It still waited{waited}, as {what}."


def _invalid(call: Call, around: Around) -> str:
    match call.call:
        case "bind":
            bound = around.did("bind")
            return f"#{bound.seq} had bound it; a socket is bound once." if bound else "A socket is bound once."
        case "accept":
            return "accept takes connections out of the queue that listen makes."
        case _:
            return "The kernel checks the arguments against the socket's type and state."


def _denied(call: Call, around: Around) -> str:
    if path_of(call) is not None:
        return "To bind needs write permission on the folder, to connect on the socket's file."
    port = port_of(call)
    if call.call == "bind" and port is not None and port < 1024:
        return "Ports below 1024 are kept for services (net.ipv4.ip_unprivileged_port_start tells from where on)."
    return "Sending to a broadcast address needs setsockopt(SOL_SOCKET, SO_BROADCAST, 1) first."


_ASK = "Nothing happened; the call can be made again with other arguments."
_UNKNOWN = Entry("The system's own message says most of it.", _ASK, "errno(3)")

ERRNOS: Mapping[str, Entry] = {
    "EACCES": Entry(_denied, "Use another address, or give the program the permission.", "bind(2); connect(2); ip(7)"),
    "EADDRINUSE": Entry(_in_use, _in_use_next, "bind(2), ERRORS; socket(7), SO_REUSEADDR; unix(7)"),
    "EADDRNOTAVAIL": Entry(
        "bind takes only addresses that a network interface of this machine has, or 0.0.0.0 for all.",
        "With 127.0.0.1 only this machine can connect, with 0.0.0.0 every one that reaches it.",
        "bind(2), ERRORS; ip(7)",
    ),
    "EAFNOSUPPORT": Entry("Each family has its own form of address.", _ASK, "socket(2); connect(2), ERRORS"),
    "EAGAIN": Entry(_again, _again_next, "recv(2), send(2), accept(2), ERRORS; unix(7)"),
    "EALREADY": Entry(
        "A non-blocking connect goes on by itself after it raised EINPROGRESS.",
        "poll tells when it is done (POLLOUT); SO_ERROR says how.",
        "connect(2), ERRORS",
    ),
    "EBADF": Entry(
        "After close the object has no descriptor (fileno() is -1); no system call was made on the old one.",
        "Make a new socket: a closed one can't be opened again.",
        "close(2); CPython: sock_close",
    ),
    "ECONNABORTED": Entry("The client had gone before accept took it.", "Call accept again.", "accept(2), ERRORS"),
    "ECONNREFUSED": Entry(_refused, _refused_next, "connect(2), ERRORS; udp(7); unix(7)"),
    "ECONNRESET": Entry(
        _reset,
        "The next recv returns b'', the next send raises EPIPE: the connection is gone, so close.",
        "recv(2), ERRORS; tcp(7)",
    ),
    "EDESTADDRREQ": Entry("A datagram socket has no peer until connect notes one.", _ASK, "send(2), ERRORS"),
    "EHOSTUNREACH": Entry(
        "A router, or this machine, could not find the host on its network.", "Try again later.", "connect(2); ip(7)"
    ),
    "EINPROGRESS": Entry(
        "That is no failure: the SYN is out, and the kernel goes on by itself.",
        "poll tells when it is done (POLLOUT); connect_ex or SO_ERROR says how.",
        "connect(2), ERRORS",
    ),
    "EINVAL": Entry(_invalid, _ASK, "bind(2), accept(2), listen(2), ERRORS"),
    "EISCONN": Entry("A stream socket is connected once.", "Use it as it is, or make a new one.", "connect(2), ERRORS"),
    "EMFILE": Entry("ulimit -n tells how many that are.", "Close some, or raise the limit.", "socket(2), ERRORS"),
    "EMSGSIZE": Entry(
        "A datagram is sent whole or not at all, so nothing of it went out.",
        "Cut the message into smaller ones, or use a stream.",
        "send(2), ERRORS; udp(7)",
    ),
    "ENETUNREACH": Entry("No interface leads there.", "ip route shows where to this machine can send.", "ip(7)"),
    "ENFILE": Entry("All programs together have reached it.", "Close some.", "socket(2), ERRORS"),
    "ENOBUFS": Entry("It means the kernel's network memory.", "Try again, or send less.", "send(2), ERRORS"),
    "ENOENT": Entry(
        "A UNIX socket's address is a file name.", "Make the folder, or start the server that makes it.", "unix(7)"
    ),
    "ENOPROTOOPT": Entry("Options belong to a level and a kind of socket.", _ASK, "setsockopt(2), ERRORS"),
    "ENOTCONN": Entry(
        "A listener has no peer; its connections are other sockets, which accept returns.",
        "connect first, or use the socket that accept returned.",
        "recv(2), shutdown(2), ERRORS",
    ),
    "ENOTSOCK": Entry("The number may have been used anew for a file.", _ASK, "socket(7)"),
    "EOPNOTSUPP": Entry("Only stream and SEQPACKET sockets listen and accept.", _ASK, "listen(2), accept(2), ERRORS"),
    "EPERM": Entry("Nothing was made or sent.", "Run it with the privilege, or do without.", "socket(2); raw(7)"),
    "EPIPE": Entry(_piped, "Every further send raises EPIPE; what the peer sent before can still be read.", "send(2)"),
    "EPROTONOSUPPORT": Entry("Protocol 0 takes the usual one of the type.", _ASK, "socket(2), ERRORS; raw(7)"),
    "EPROTOTYPE": Entry("Both ends of a UNIX connection need the same type.", _ASK, "connect(2), ERRORS; unix(7)"),
    "ESOCKTNOSUPPORT": Entry(
        "On Linux, INET has STREAM, DGRAM and RAW, UNIX has STREAM, DGRAM and SEQPACKET.", _ASK, "socket(2), ERRORS"
    ),
    "ETIMEDOUT": Entry(_unanswered, _unanswered_next, "connect(2), ERRORS; tcp(7), tcp_syn_retries"),
}

TYPES: Mapping[str, Entry] = {
    "Cancelled": Entry(_cancelled, "The same call can be made again, and waits again.", "socket-workbench, its help"),
    "OSError": Entry("CPython found it before it asked the system.", _ASK, "CPython: getsockaddrarg; unix(7)"),
    "OverflowError": Entry("CPython checks numbers before it asks the system.", _ASK, "CPython: getsockaddrarg"),
    "TimeoutError": Entry(_unanswered, _unanswered_next, "CPython: sock_call_impl; tcp(7)"),
    "TypeError": Entry("No system call was made.", _ASK, "CPython: Modules/socketmodule.c"),
    "UnicodeError": Entry("A name is encoded (IDNA) before it is looked up.", _ASK, "CPython: idna codec"),
    "ValueError": Entry("No system call was made.", _ASK, "CPython: Modules/socketmodule.c"),
    "gaierror": Entry(
        "getaddrinfo looks the name up before the call; the call itself was not made.",
        "Check the name, or write the address in numbers.",
        "getaddrinfo(3); CPython: setipaddr",
    ),
    "timeout": Entry(_unanswered, _unanswered_next, "CPython: sock_call_impl; tcp(7)"),
}
