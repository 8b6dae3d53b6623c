"""Why a call that moves no bytes returned what it did: one function, or one Reason, for each.

Facts: the man pages named with each; CPython's Modules/socketmodule.c and Lib/socket.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from workbench.model.about import address_of, argument, duration_text, path_of, place, port_of
from workbench.model.address import show
from workbench.model.call import Call, Json
from workbench.model.reason import Around, Reason, count
from workbench.model.why_options import option

_RETRY = 0.9  # seconds; a TCP connect that took longer lost its first SYN, which is repeated after 1 s


def _socket(call: Call, around: Around) -> Reason:
    kind = argument(call, 1)
    what = {
        "SOCK_STREAM": "a stream: bytes in order, without borders between sends",
        "SOCK_DGRAM": "datagrams: each send is one message, which may be lost",
        "SOCK_SEQPACKET": "messages in order, over a connection",
        "SOCK_RAW": "raw packets, headers included",
    }.get(kind.partition(" ")[0], f"sockets of type {kind}")
    return Reason(
        (
            f"The kernel made a socket for {what}. It has no address and no peer yet.",
            "Nothing was sent, and no other program can see it.",
        ),
        "bind gives it an address, connect a peer; a send or connect without bind gets a free port.",
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
    elif port == 0:
        chosen = show(call.local) if isinstance(call.local, str | list) else "one that getsockname tells"
        first = f"Port 0 lets the kernel choose a free port: it is {chosen}."
    else:
        first = f"The socket now has the address {place(call)}; no other socket of its kind can bind it meanwhile."
    if call.datagram or around.kind(call)[1] == "SOCK_DGRAM":
        second, next_ = "It receives from now on what is sent there.", "recvfrom takes a datagram and tells its sender."
    else:
        second, next_ = "Nobody can connect yet: it has to listen first.", "listen comes next for a server."
    return Reason((first, second), next_, _unix_or(call, "bind(2); ip(7)"))


def _listen(call: Call, around: Around) -> Reason:
    backlog = call.args[0] if call.args and isinstance(call.args[0], int) else None
    fits = "" if backlog is None else f": {max(backlog, 0) + 1} with backlog {backlog}"
    return Reason(
        (
            f"From now on the kernel completes connections by itself, before any accept{fits}.",
            "They wait in the accept queue, which holds one more than the backlog (somaxconn, 4096, is the most).",
            "The backlog is no limit on open connections: what was accepted is no longer in the queue.",
        ),
        "A connect that finds the queue full is not refused: its SYN is dropped, and it tries again.",
        "listen(2); CPython: sock_listen",
    )


def _accept(call: Call, around: Around) -> Reason:
    peer = show(call.peer) if isinstance(call.peer, str | list) and call.peer else "a client without a name"
    first = f"accept took the first connection out of the accept queue: it is with {peer}, and has a socket of its own."
    connected = _other(around, "connect", lambda each: each.local == call.peer and each.peer == call.local)
    if connected is not None and connected.duration is not None and isinstance(call.peer, list):
        since = call.time + (call.duration or 0) - connected.time - connected.duration
        second = f"It was complete before: the client's connect, #{connected.seq}, returned "
        second += f"{duration_text(since)} earlier." if since >= 0.001 else "at about the same time."
    elif call.duration is not None and call.duration > 0.01:
        second = f"The queue was empty when it was called, so it waited {duration_text(call.duration)}."
    else:
        second = "The kernel had completed it before: a connection does not wait for accept."
    return Reason(
        (first, second, "What the client sent already lies in the new socket's receive queue."),
        "The listener goes on listening. The new socket does not inherit the listener's timeout.",
        "accept(2); CPython: sock_accept_impl, Lib/socket.py",
    )


def _connect(call: Call, around: Around) -> Reason:
    if call.datagram:
        return Reason(
            (
                f"On a datagram socket connect sends nothing: it only notes {place(call)} as the peer.",
                "send goes there without an address, recv takes datagrams of this peer alone, and an ICMP "
                '"unreachable" is told as ECONNREFUSED.',
            ),
            "The peer need not exist: the first send finds out.",
            "connect(2); udp(7)",
        )
    unix = isinstance(address_of(call), str)
    first = (
        f"The connection to {place(call)} stands: the kernel put it into the listener's accept queue."
        if unix
        else f"The connection to {place(call)} is complete: the kernels exchanged SYN, SYN+ACK and ACK by themselves."
    )
    accepted = _other(around, "accept", lambda each: each.peer == call.local and each.local == call.peer)
    second = (
        f"It did not wait for accept; that is #{accepted.seq}." if accepted and not unix
        else "It did not wait for accept: until then the connection lies in the server's accept queue."
    )  # fmt: skip
    third = []
    if not unix and call.duration is not None and call.duration > _RETRY:
        third = [
            f"It took {duration_text(call.duration)}: its SYN was dropped, most likely by a full accept queue, and is "
            "repeated after 1, 3, 7 … seconds."
        ]
    return Reason(
        (first, *third, second),
        "It can send at once: the bytes are delivered even if accept comes later.",
        _unix_or(call, "connect(2); tcp(7), tcp_syn_retries"),
    )


def _shutdown(call: Call, around: Around) -> Reason:
    how = argument(call, 0)
    match how:
        case "SHUT_WR":
            first = "The sending side is closed: behind what is queued TCP sends a FIN. Receiving goes on."
            next_ = "The peer's recv returns b'' after the last byte; what it answers still arrives here."
        case "SHUT_RD":
            first = "The receiving side is closed: recv returns b'' from now on. Nothing is told to the peer."
            next_ = "On Linux, data that the peer sends all the same can still be read."
        case _:
            first = "Both sides are closed: a FIN is sent, and recv returns b'' from now on."
            next_ = "The descriptor is still open: close gives it back."
    return Reason(
        (first, "shutdown ends the conversation in that direction for all who hold the socket; close does not."),
        next_,
        "shutdown(2)",
    )


def _close(call: Call, around: Around) -> Reason:
    family, kind = around.kind(call)
    last = next((each for each in reversed(around.before) if each.receives and not each.peek), None)
    linger = around.did("setsockopt", "SO_LINGER")
    second = "close does not wait for the peer, and returns before the last bytes have arrived."
    if around.did("listen"):
        first = "The listener is gone: connections that wait in its accept queue are reset."
        next_ = "A connect to its address is refused. Connections that were accepted go on."
        second = (
            "A UNIX path stays as a file until it is unlinked." if family == "AF_UNIX" else "Its port is free again."
        )
    elif call.datagram and kind != "SOCK_SEQPACKET":
        first, second = "The socket is gone, with what lay in its queue.", "Nobody is told."
        next_ = "A datagram to its address is lost; a connected sender gets ECONNREFUSED at its next call."
    elif around.all_before and not _had_peer(call, around):
        first, second = "The descriptor is given back.", "The socket was not connected, so nobody is told."
        next_ = "A connect that was still under way is given up; a closed socket can't be used again."
    elif linger is not None and family != "AF_UNIX":
        first = f"SO_LINGER was set in #{linger.seq}; with a time of 0 close sends RST, and what is queued is lost."
        next_ = "The peer's next recv raises ECONNRESET."
    elif last is not None and last.left:
        reset = "the peer is told of a reset" if family == "AF_UNIX" else "TCP sends RST instead of FIN"
        first = f"{count(last.left)} lay unread after #{last.seq}: so {reset}."
        next_ = "The peer's next recv raises ECONNRESET, and its sends fail."
    elif family == "AF_UNIX":
        first, next_ = (
            "The descriptor is given back, and the connection ends.",
            "The peer's recv returns b'' at the end.",
        )
    else:
        first = "The descriptor is given back; behind what is queued the kernel sends a FIN, and goes on delivering."
        next_ = "The peer's recv returns b''. On TCP, the side that closed first stays in TIME_WAIT for 60 s."
    return Reason((first, second), next_, "close(2); tcp(7); socket(7), SO_LINGER")


def _had_peer(call: Call, around: Around) -> bool:
    """Whether the socket was connected as far as its calls tell."""
    if around.did("connect") or around.made_by(call) or around.did("socketpair") or not around.did("socket"):
        return True
    return any(each.data or (each.call == "connect_ex" and each.result == 0) for each in around.before)


def _settimeout(call: Call, around: Around) -> Reason:
    match call.args:
        case [None, *_]:
            how = "From now on calls wait for as long as it takes: the socket is blocking."
        case [0 | 0.0, *_]:
            how = "From now on no call waits: one that would have to raises BlockingIOError (EAGAIN)."
        case [int() | float() as seconds, *_]:
            how = f"From now on a call that waits longer than {duration_text(seconds)} raises TimeoutError."
        case _:
            how = "It sets how long each call may wait."
    return Reason(
        (
            how,
            "With a time CPython makes the descriptor non-blocking and waits in poll; the kernel is not told the time.",
        ),
        "It holds for each call anew; sendall has it as one total. An accepted socket does not inherit it.",
        "CPython: sock_settimeout, sock_call_impl (Modules/socketmodule.c)",
    )


def _setblocking(call: Call, around: Around) -> Reason:
    on = bool(call.args and call.args[0])
    how = "Calls wait for as long as it takes." if on else "No call waits: one that would have to raises EAGAIN."
    return Reason(
        (how, f"It is the same as settimeout({None if on else 0.0})."),
        "It holds until it is set again.",
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
    "shutdown": _shutdown,
    "close": _close,
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
        "Both share one queue: what one receives the other does not see.",
        "The connection ends only when both are closed, or by shutdown.",
        "dup(2); CPython: Lib/socket.py",
    ),
    "detach": _one(
        "The Python object gave its descriptor away without closing it.",
        "The socket lives on under the descriptor's number; what happens to it from now on is not seen here.",
        "Whoever has the number must close it.",
        "CPython: sock_detach",
    ),
    "getsockname": _one(
        "The kernel told the socket's own address.",
        "A socket that was not bound has one only after connect, or after its first sendto.",
        "Nothing changes by asking.",
        "getsockname(2)",
    ),
    "getpeername": _one(
        "The kernel told the address of the other end.",
        "It says with whom the socket was connected, not whether the peer still listens to it.",
        "Nothing changes by asking.",
        "getpeername(2)",
    ),
    "fileno": _one(
        "It told the number of the descriptor; no system call was made.",
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
    address: Json = address_of(call)
    return f"{call.call.removesuffix('_ex')}(2); unix(7)" if isinstance(address, str) else source
