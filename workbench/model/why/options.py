"""What socket options do. Facts: socket(7), tcp(7), ip(7), ipv6(7); include/linux/tcp.h."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.why.around import Reason, count
from workbench.model.words.about import argument

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "SO_REUSEADDR": (
        "bind may then take an address that connections in TIME_WAIT still have; both the old and the new socket "
        "need it. It never allows two live listeners on one port.",
        "socket(7), SO_REUSEADDR",
    ),
    "SO_REUSEPORT": ("Several sockets may then bind one port, and the kernel shares out what comes.", "socket(7)"),
    "SO_LINGER": (
        "With (1, 0) close sends RST instead of FIN and drops what is queued; with a time it waits for the last "
        "bytes to be acknowledged.",
        "socket(7), SO_LINGER",
    ),
    "SO_BROADCAST": ("A datagram socket may send to a broadcast address only with it.", "socket(7)"),
    "SO_KEEPALIVE": (
        "The kernel then probes a silent peer, after 2 hours unless told otherwise, and ends a dead connection.",
        "socket(7); tcp(7), tcp_keepalive_time",
    ),
    "TCP_NODELAY": (
        "It turns Nagle's algorithm off: a small send no longer waits for the acknowledgement of the one before. It "
        "does not keep sends apart in the peer's recv.",
        "tcp(7), TCP_NODELAY",
    ),
    "TCP_CORK": ("It holds partial segments back, for 200 ms at most, until it is taken off.", "tcp(7), TCP_CORK"),
    "TCP_INFO": ("It tells the connection's state and figures; of a listener, its accept queue.", "tcp(7), TCP_INFO"),
    "SO_ERROR": ("It tells the error that waits, and takes it: no later call will raise it.", "socket(7), SO_ERROR"),
    "IPV6_V6ONLY": ("With 0 an IPv6 socket also takes IPv4, as ::ffff: addresses.", "ipv6(7), IPV6_V6ONLY"),
}
_BUFFERS = {"SO_RCVBUF": ("receive", 2304), "SO_SNDBUF": ("send", 4608)}
"""What each limits, and the least that Linux makes of it on a 64-bit machine."""


def option(call: Call, around: Around) -> Reason:
    """Explain a setsockopt or getsockopt."""
    name, value = argument(call, 1), call.args[2] if len(call.args) > 2 else None
    if name in _BUFFERS:
        return _buffer(call, around, name, value)
    if name == "SO_ERROR" and call.call == "getsockopt":
        return _error(call)
    sentence, source = _SENTENCES.get(
        name, (f"{name} at level {argument(call, 0)} is one of the socket's options.", f"{call.call}(2); socket(7)")
    )
    if call.call == "getsockopt":
        return Reason((f"The kernel told {name}.", sentence), "Nothing else changes by asking.", source)
    said = f"{name} is now {value}." if isinstance(value, int) else f"{name} was set."
    return Reason((said, sentence), "It holds for this socket until it is set again or closed.", source)


def _error(call: Call) -> Reason:
    first = "No error waited: it is 0." if call.result == 0 else f"The error {call.result} waited; asking took it."
    return Reason(
        (first, "Asking for SO_ERROR takes the error that waits: no later call will raise it."),
        "Where a non-blocking connect was under way, 0 says that it succeeded, once poll has told POLLOUT.",
        "socket(7), SO_ERROR; connect(2), ERRORS",
    )


def _buffer(call: Call, around: Around, name: str, value: object) -> Reason:
    which, least = _BUFFERS[name]
    other = f"It limits the kernel's {which} buffer, its book-keeping included"
    other += "; it is not recv's bufsize." if name == "SO_RCVBUF" else ", not the size of one send."
    if call.call == "getsockopt":
        return Reason((_size_in_effect(call, around, name), other), "Nothing changes by asking.", f"socket(7), {name}")
    asked = ""
    if isinstance(value, int) and value > 1:
        made = f"{value * 2}" if value * 2 >= least else f"{value * 2}: too small, so it is {least}"
        asked = f" {count(value)} were asked for, which makes {made}."
    limit = f"A small size is raised to the least one ({least}), a large one cut to twice "
    limit += "rmem_max." if name == "SO_RCVBUF" else "wmem_max."
    when = "before listen, on the listener" if name == "SO_RCVBUF" else "before connect"
    return Reason(
        (f"The kernel doubles the size, for its book-keeping.{asked}", limit, other),
        f"To matter for a TCP connection it is set {when}; a smaller buffer fills sooner, and sends become short.",
        f"socket(7), {name}; tcp(7)",
    )


def _size_in_effect(call: Call, around: Around, name: str) -> str:
    number = f"{call.result}" if isinstance(call.result, int) else "the size"
    asked = around.did("setsockopt", name)
    if asked is None:
        return f"{name} is {number}: twice what a setsockopt asked for, or else the kernel's own choice."
    return f"{name} is {number}: #{asked.seq} asked for {argument(asked, 2)}, and the kernel doubles what is asked for."
