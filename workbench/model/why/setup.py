"""Why a call that moves no bytes returned what it did: one function, or one Reason, for each.

Facts: the man pages named with each; CPython's Modules/socketmodule.c and Lib/socket.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from workbench.model.call.address import show
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Kind, find
from workbench.model.claims.connecting import connecting, port_given
from workbench.model.text.fit import duration_text
from workbench.model.why.around import Reason, count
from workbench.model.why.ending import close, shutdown
from workbench.model.why.option import option
from workbench.model.words.about import address_of, argument, path_of, place, port_of

_SOMAXCONN = 4096  # net.core.somaxconn since Linux 5.4 (listen(2)), unless an administrator changed it
_WAITED = 0.01  # seconds; a shorter one may just have lost the processor for a moment


def _socket(call: Call, around: Around) -> Reason:
    family, kind = argument(call, 0), argument(call, 1)
    if len(call.args) > 3:
        return Reason(
            (
                f"Python made an object around descriptor {argument(call, 3)}, which was open already.",
                "The kernel's socket is the same as before: its queue, address and peer.",
            ),
            "close of this object closes the descriptor for all who have its number.",
            "CPython: sock_initobj",
        )
    what = {
        "SOCK_STREAM": "a stream: bytes in order, without boundaries between sends",
        "SOCK_DGRAM": "datagrams: each send is one message, which may be lost",
        "SOCK_SEQPACKET": "messages in order, over a connection",
        "SOCK_RAW": "raw packets, headers included",
    }.get(kind.partition(" ")[0], f"sockets of type {kind}")
    if family == "AF_UNIX" and kind in ("SOCK_DGRAM", "SOCK_RAW"):
        what = "datagrams: each send is one message, kept in order; none is lost"
        what += " (AF_UNIX takes SOCK_RAW for SOCK_DGRAM)" if kind == "SOCK_RAW" else ""
    next_ = "bind gives it a path or a name, connect a peer." if family == "AF_UNIX" else "bind gives it an address."
    if family in ("AF_INET", "AF_INET6"):
        next_ = "bind gives it an address, connect a peer; a send or connect without bind gets a free port."
    return Reason(
        (
            f"The kernel made a socket for {what}. It has no address and no peer yet.",
            "Nothing was sent, and no other program can see it.",
        ),
        next_,
        "socket(2); CPython: sock_initobj",
    )


def _bind(call: Call, around: Around) -> Reason:
    path, port = path_of(call), port_of(call)
    if path == "":
        first = "With an empty name the kernel chose a free one that begins with NUL (autobind); no file is made."
    elif path is not None and path.startswith("@"):
        first = f"The socket is now {path}: an abstract name, which is no file and vanishes when it is closed."
    elif path is not None:
        first = f"The socket is now {path}: a file was made, which stays after close until it is unlinked."
    elif port == 0 and port_given(call, around) is not None:
        chosen = show(call.local) if isinstance(call.local, str | list) else "one that getsockname returns"
        first = f"Port 0 lets the kernel choose a free port: it is {chosen}."
    else:
        where = show(call.local) if isinstance(call.local, list) else place(call)
        first = f"The socket now has the address {where}; {_shared(call, around)}."
    if around.kind(call)[1] in ("SOCK_DGRAM", "SOCK_RAW"):
        second, next_ = "It receives from now on what is sent there.", "recvfrom returns a datagram and its sender."
    else:
        second, next_ = "Nobody can connect yet: it has to listen first.", "listen comes next for a server."
    return Reason((first, second), next_, _unix_or(call, "bind(2); ip(7)"))


def _shared(call: Call, around: Around) -> str:
    """Say who else may bind the address (socket(7), SO_REUSEADDR and SO_REUSEPORT)."""
    if port_given(call, around) is None:
        return "others of its kind can have it too"
    if around.did("setsockopt", "SO_REUSEPORT"):
        return "others that set SO_REUSEPORT too can bind it as well, and the kernel shares out what comes"
    if around.kind(call)[1] == "SOCK_DGRAM" and around.did("setsockopt", "SO_REUSEADDR"):
        return "another that sets SO_REUSEADDR too can bind it as well, and then gets the datagrams that come"
    return "another can bind it only if both set SO_REUSEADDR or SO_REUSEPORT for that"


def _listen(call: Call, around: Around) -> Reason:
    backlog = call.args[0] if call.args and isinstance(call.args[0], int) else None
    fits = "" if backlog is None else f": {max(backlog, 0) + 1} with backlog {backlog}"
    if backlog is None:
        fits = ": 129, as the backlog is 128 where none is given"
    elif backlog > _SOMAXCONN:
        fits = f": the backlog {backlog} is cut to net.core.somaxconn ({_SOMAXCONN} unless changed)"
    unix = around.kind(call)[0] == "AF_UNIX"
    return Reason(
        (
            f"From now on the kernel completes connections by itself, before any accept{fits}.",
            f"They wait in the accept queue: one more than the backlog, which somaxconn ({_SOMAXCONN}) bounds.",
            "The backlog is no limit on open connections: what was accepted is no longer in the queue.",
        ),
        "A connect that finds the queue full waits for accept, or raises EAGAIN at once if its socket has a timeout."
        if unix
        else "A connect that finds the queue full is not refused: its SYN is dropped, and it tries again.",
        "listen(2); unix(7)" if unix else "listen(2); CPython: sock_listen",
    )


def _accept(call: Call, around: Around) -> Reason:
    peer = show(call.peer) if isinstance(call.peer, str | list) and call.peer else "a client without a name"
    first = f"accept took the first connection out of the accept queue: it is with {peer}, and has a socket of its own."
    connected = _other(around, "connect", lambda each: each.local == call.peer and each.peer == call.local)
    if connected is not None and connected.duration is not None and isinstance(call.peer, list):
        since = call.time + (call.duration or 0) - connected.time - connected.duration
        second = f"The client's connect, #{connected.seq}, had returned {duration_text(since)} before."
        second = (
            second if since >= 0.001 else (f"The client's connect, #{connected.seq}, returned at about the same time.")
        )
    elif call.duration is not None and call.duration > _WAITED:
        second = f"The queue was empty when it was called, so it waited {duration_text(call.duration)}."
    else:
        second = "The kernel completes connections by itself: a client's connect does not wait for accept."
    return Reason(
        (first, second, "What the client has sent by now is in the new socket's receive queue."),
        "The listener goes on listening. The new socket does not inherit the listener's timeout.",
        "accept(2); CPython: sock_accept_impl, Lib/socket.py",
    )


def _connect(call: Call, around: Around) -> Reason:
    family, kind = around.kind(call)
    unix = family == "AF_UNIX"
    if call.datagram and kind != "SOCK_SEQPACKET":
        return _noted_peer(call, unix)
    claims = connecting(call, around)
    accepted, repeated = find(claims, Kind.ACCEPTED), find(claims, Kind.SYN_REPEATED)
    if unix:
        first = f"The connection to {place(call)} is made: the kernel put it into the listener's accept queue."
    elif family in ("AF_INET", "AF_INET6", ""):
        first = (
            f"The connection to {place(call)} is complete: the kernels exchanged SYN, SYN+ACK and ACK by themselves."
        )
    else:
        first = f"The connection to {place(call)} is complete."
    if not unix and around.did("setsockopt", "TCP_FASTOPEN_CONNECT"):
        first = (
            f"With TCP_FASTOPEN_CONNECT nothing was sent yet: the SYN to {place(call)} goes out with the first send."
        )
    second = (
        f"It did not wait for accept; that is #{accepted.seq}."
        if accepted is not None
        else "It did not wait for accept: until one returns it, the connection waits on the server's side."
    )
    third = []
    if repeated is not None:
        third = [
            f"Its SYN was repeated {count(repeated.count, 'time')}, as nobody answered before: "
            f"a full accept queue drops it."
        ]
    elif unix and call.duration is not None and call.duration > _WAITED:
        third = [f"It waited {duration_text(call.duration)} for a place in that queue, which was full."]
        second = "Once it had that place it did not wait to be accepted itself."
    return Reason(
        (first, *third, second),
        "It can send at once: the bytes are delivered even if accept comes later.",
        _unix_or(call, "connect(2); tcp(7), tcp_syn_retries"),
    )


def _noted_peer(call: Call, unix: bool) -> Reason:
    """Explain the connect of a datagram socket."""
    hears = (
        "send goes there without an address; a UNIX socket that is gone is reported at once, as ECONNREFUSED."
        if unix
        else "send goes there without an address, recv returns datagrams of this peer alone, and an ICMP "
        '"unreachable" is reported by the next call, as ECONNREFUSED.'
    )
    return Reason(
        (f"On a datagram socket connect sends nothing: it only notes {place(call)} as the peer.", hears),
        "What was sent before to others is not taken back." if unix else "The peer need not exist: nobody was asked.",
        "connect(2); unix(7)" if unix else "connect(2); udp(7)",
    )


def _settimeout(call: Call, around: Around) -> Reason:
    second = (
        "With a time CPython makes the descriptor non-blocking and waits in poll; the kernel does not know the time."
    )
    next_ = "It holds for each call anew; sendall has it as one total. An accepted socket does not inherit it."
    match call.args:
        case [None, *_]:
            how = "From now on calls wait for as long as it takes: the socket is blocking."
            second, next_ = "The descriptor is a blocking one: each call waits in the kernel.", _HOLDS
        case [0 | 0.0, *_]:
            how = "From now on no call waits: one that would have to raises BlockingIOError (EAGAIN)."
            second, next_ = "The descriptor is non-blocking (O_NONBLOCK), as with setblocking(False).", _HOLDS
        case [int() | float() as seconds, *_]:
            how = f"From now on a call that waits longer than {duration_text(seconds)} raises TimeoutError."
        case _:
            how = "It sets how long each call may wait."
    return Reason(
        (how, second),
        next_,
        "CPython: sock_settimeout, sock_call_impl (Modules/socketmodule.c)",
    )


_HOLDS = "It holds until it is set again. An accepted socket does not inherit it."


def _setblocking(call: Call, around: Around) -> Reason:
    on = bool(call.args and call.args[0])
    how = "Calls wait for as long as it takes." if on else "No call waits: one that would have to raises EAGAIN."
    return Reason(
        (how, f"It is the same as settimeout({None if on else 0.0})."),
        _HOLDS,
        "CPython: sock_setblocking; fcntl(2), O_NONBLOCK",
    )


def _one(first: str, second: str, next_: str, source: str) -> Callable[[Call, Around], Reason]:
    return lambda call, around: Reason((first, second), next_, source)


Explain: TypeAlias = Callable[[Call, Around], Reason]

OTHER: Mapping[str, Explain] = {
    "socket": _socket,
    "bind": _bind,
    "listen": _listen,
    "accept": _accept,
    "connect": _connect,
    "connect_ex": _connect,
    "shutdown": shutdown,
    "close": close,
    "settimeout": _settimeout,
    "setblocking": _setblocking,
    "setsockopt": option,
    "getsockopt": option,
    "socketpair": _one(
        "The kernel made two sockets that are connected with each other; they have no address.",
        "No listener and no accept is needed, and nobody else can connect to them.",
        "What one sends the other receives.",
        "socketpair(2); CPython: Lib/socket.py",
    ),
    "fromfd": _one(
        "It made a second descriptor (dup) for a socket that exists, and a Python object around it.",
        "Both descriptors mean one socket: one queue, one address, one connection.",
        "The connection ends only when all its descriptors are closed, or by shutdown.",
        "CPython: Lib/socket.py, fromfd; dup(2)",
    ),
    "dup": _one(
        "It made a second descriptor for the same socket.",
        "Both share one queue: what one of them receives is gone for the other.",
        "The connection ends only when both are closed, or by shutdown.",
        "dup(2); CPython: Lib/socket.py",
    ),
    "detach": _one(
        "The Python object gave its descriptor away without closing it.",
        "The socket lives on under the number; what happens to it is seen only where a new object takes it.",
        "Whoever has the number must close it; ssl does so when it wraps a socket.",
        "CPython: sock_detach",
    ),
    "getsockname": _one(
        "That is the socket's own address, as the kernel has it.",
        "A socket that was not bound has one only after connect, or after its first sendto.",
        "Nothing changes by asking.",
        "getsockname(2)",
    ),
    "getpeername": _one(
        "That is the address of the other end.",
        "It says with whom the socket was connected, not whether the peer still listens to it.",
        "Nothing changes by asking.",
        "getpeername(2)",
    ),
    "fileno": _one(
        "That is the number of the descriptor; no system call was made.",
        "After close it is -1, and the old number can soon be another file.",
        "Nothing changes by asking.",
        "CPython: sock_fileno",
    ),
    "makefile": _one(
        "It made a file object that reads and writes through this socket.",
        "It buffers: one readline can take more from the queue than the line, and write sends only at flush.",
        "The socket is closed when it and all its files are.",
        "CPython: Lib/socket.py, makefile and SocketIO",
    ),
}


def fallback(call: Call) -> Reason:
    """Explain a call that has no entry."""
    return Reason((f"{call.call} returned.", "No bytes moved."), "Nothing more is known of it.", "socket(7)")


def _other(around: Around, name: str, fits: Callable[[Call], bool]) -> Call | None:
    names = (name, "connect_ex") if name == "connect" else (name,)
    return next((each for each in around.elsewhere if each.call in names and each.error is None and fits(each)), None)


def _unix_or(call: Call, source: str) -> str:
    address: PlainAddress | None = address_of(call)
    return f"{call.call.removesuffix('_ex')}(2); unix(7)" if isinstance(address, str) else source
