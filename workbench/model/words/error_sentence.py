"""Errors in plain words: one sentence a call, made from nothing but its record.

A table of sentences by errno, and one by exception for errors that have none. An entry is a text, or a function of the
call where the call's name, address or arguments decide. Sources: the ERRORS sections of the man pages bind(2),
connect(2), accept(2), send(2), recv(2), ip(7), tcp(7), unix(7), and CPython's Modules/socketmodule.c.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import TypeAlias

from workbench.model.call.address import PATH_LIMIT, PORT_LIMIT
from workbench.model.call.call import Call
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe
from workbench.model.words.about import address_of, argument, host_of, path_of, place, port_of, within

Sentence: TypeAlias = str | Callable[[Call], str]


def error_sentence(call: Call) -> str:
    """Return what the call's error means, beginning with its errno's name where it has one; "" where it did not fail.

    A connect_ex that returned an errno counts as failed. The text went through safe().
    """
    name = errno_name(call)
    if call.error is None:
        return safe(f"{name}: {_text(_BY_ERRNO.get(name, _refused), call)}") if name else ""
    if name in _BY_ERRNO:
        return safe(f"{name}: {_text(_BY_ERRNO[name], call)}")
    if call.error.type in _BY_TYPE and not name:
        return safe(_text(_BY_TYPE[call.error.type], call))
    if is_interrupt(call):
        return safe(f"{cut(call.error.type)} ended the call from outside")
    return safe(f"{name or cut(call.error.type)}: {_message(call)}")


def is_interrupt(call: Call) -> bool:
    """Whether the exception came from outside the call: from a signal's handler, or from another thread."""
    kind = call.error.type if call.error is not None else ""
    return bool(kind) and not errno_name(call) and kind not in _BY_TYPE and not kind.startswith(_OF_PYTHON)


NOTHING_MOVED = frozenset(
    ("Cancelled", "OverflowError", "TimeoutError", "TypeError", "ValueError", "timeout", "BufferError")
)
"""Exceptions without an errno after which it is known what a call moved: nothing, or what its record says."""

_OF_PYTHON = ("AttributeError", "BufferError", "MemoryError", "RecursionError", "error", "herror", "SSL", "Cancelled")


def errno_name(call: Call) -> str:
    """Return the name of the errno that the call raised or, as connect_ex, returned; "" if there is none."""
    match call.error, call.call, call.result:
        case None, "connect_ex", int(number) if number:
            name = errno.errorcode.get(number, str(number))
        case None, _, _:
            return ""
        case error, _, _:
            name = error.errno or ""
    return _SAME.get(name, name)


# One name each for errnos that Linux numbers alike.
_SAME: Mapping[str, str] = {"EWOULDBLOCK": "EAGAIN", "ENOTSUP": "EOPNOTSUPP"}


def _text(sentence: Sentence, call: Call) -> str:
    return sentence if isinstance(sentence, str) else sentence(call)


def _message(call: Call) -> str:
    return cut(call.error.message if call.error else "", 200) or "the system gives no reason"


def _refused(call: Call) -> str:
    return f"the system refused {call.call}"


# --- one function for each error whose meaning the call decides ------------------------------------------------------


def _connection_refused(call: Call) -> str:
    path = path_of(call)
    if path is None and call.call not in ("connect", "connect_ex"):
        port = "port of an earlier datagram (ICMP)"
        return f"nobody receives at the {port}" if call.datagram else "nobody listens where an earlier connect went"
    if path is None:
        return f"nobody listens on {place(call)}"
    if path.startswith("@"):
        return f"no socket has the name {path}"
    return f"nobody {'has' if call.datagram else 'listens on'} {path}: a path outlives its socket"


def _address_in_use(call: Call) -> str:
    path = path_of(call)
    if path is None and call.call == "bind" and call.datagram:
        return f"another socket is bound to {place(call)}"
    if path is None and call.call == "bind":
        return f"{place(call)} is in use, or TIME_WAIT keeps it"
    if path is None:
        return "another socket has this address"
    if path.startswith("@"):
        return f"another socket has the name {path}"
    return f"the path {path} exists: it stays until it is removed"


def _address_not_available(call: Call) -> str:
    if call.call == "bind":
        return f"{host_of(call)} is not an address of this machine"
    return f"no local address or port is free for {place(call)}"


def _access_denied(call: Call) -> str:
    path, port = path_of(call), port_of(call)
    if path is not None:
        return f"no permission to use {path}"
    if call.call == "bind" and port is not None and 0 < port < 1024:
        return "a port below 1024 needs a privilege (CAP_NET_BIND_SERVICE)"
    return "a broadcast address needs SO_BROADCAST, or a firewall forbids it"


def _not_permitted(call: Call) -> str:
    match call.call, call.args:
        case "socket", [_, str() as kind, *_] if "SOCK_RAW" in kind:
            return "a raw socket needs a privilege (CAP_NET_RAW)"
        case "socket" | "setsockopt", _:
            return "this needs a privilege that the program lacks"
        case _:
            return "a firewall rule forbids it, or a privilege is missing"


def _protocol_not_supported(call: Call) -> str:
    match call.args:
        case [_, str() as kind, *rest] if "SOCK_RAW" in kind and rest[:1] in ([], [0]):
            return "SOCK_RAW needs a protocol, such as IPPROTO_ICMP"
        case [family, kind, protocol, *_]:
            return f"{cut(str(family))} with {cut(str(kind))} has no protocol {cut(str(protocol))}"
        case _:
            return "this family and type have no such protocol"


def _family_not_supported(call: Call) -> str:
    if call.call in ("socket", "socketpair"):
        return f"{argument(call, 0)} is not available on this system"
    return f"{place(call)} is not an address of this socket's family"


def _invalid(call: Call) -> str:
    match call.call:
        case "bind":
            return "the socket is bound already, or the address has the wrong form"
        case "accept":
            return "the socket does not listen: listen comes before accept"
        case "listen":
            return "a connected socket cannot listen"
        case "connect" | "connect_ex":
            return "the socket's address or its state does not allow this connect"
        case _:
            return "an argument is not valid for this socket or its present state"


def _connection_reset(call: Call) -> str:
    if call.call in ("connect", "connect_ex"):
        return f"{place(call)} reset the connection (RST) as it was made"
    return "the peer reset the connection (RST), maybe with bytes unread"


def _not_connected(call: Call) -> str:
    match call.call:
        case "getpeername" | "shutdown":
            return "the socket has no peer: not connected yet, or not any more"
        case _:
            return "the socket is not connected: connect first, or accept one"


def _is_connected(call: Call) -> str:
    return "the socket has a peer: use send" if call.sends else "the socket is connected already"


def _message_size(call: Call) -> str:
    asked = "" if call.requested is None else f"{call.requested} bytes are "
    return f"{asked}too long for a message (UDP over IPv4: 65507)"


def _again(call: Call) -> str:
    match call.call:
        case "accept":
            return "the accept queue is empty (non-blocking, so accept did not wait)"
        case "connect" | "connect_ex":
            return f"the accept queue of {place(call)} is full (it did not wait)"
        case _ if call.receives:
            return "the receive queue is empty (non-blocking, so recv did not wait)"
        case _ if call.sends:
            return "the send buffer is full (non-blocking, so the call did not wait)"
        case _:
            return "the call would have to wait, and the socket is non-blocking"


def _timed_out(call: Call) -> str:
    """Say what the system gave up on, which is not the socket's own timeout."""
    if call.call in ("connect", "connect_ex"):
        return f"no answer from {place(call)} {within(call)}"
    return "the peer acknowledged nothing any more: the system gave up"


def _no_entry(call: Call) -> str:
    path = path_of(call)
    if path is None:
        return "no such file"
    return f"the folder of {path} does not exist" if call.call == "bind" else f"there is no socket at {path}"


def _not_supported(call: Call) -> str:
    if call.call in ("listen", "accept"):
        return f"a socket of this type has no connections, so no {call.call}"
    return f"this socket does not support {call.call} like this"


def _wrong_type(call: Call) -> str:
    if call.call in ("socket", "socketpair"):
        return "this protocol belongs to another type of socket"
    return f"the socket at {place(call)} is of another type"


def _timeout(call: Call) -> str:
    match call.call:
        case "accept":
            return f"nobody connected {within(call)}"
        case "connect" | "connect_ex":
            return f"no answer from {place(call)} {within(call)}: full accept queue?"
        case _ if call.receives:
            return f"nothing arrived {within(call)}"
        case _ if call.sends:
            return f"the send buffer stayed full, the peer did not read enough {within(call)}"
        case _:
            return f"not done {within(call)}"


def _cancelled(call: Call) -> str:
    if call.call in ("connect", "connect_ex") and path_of(call) is None:
        return "cancelled; the kernel tries on until the socket is closed"
    return "cancelled" if call.data else "cancelled; the socket is as it was"


def _overflow(call: Call) -> str:
    port = port_of(call)
    if port is not None and not 0 <= port <= PORT_LIMIT:
        return f"port {cut(str(port))} is not from 0 to {PORT_LIMIT}"
    return f"a number is too large: {_message(call)}"


def _bad_name(call: Call) -> str:
    return f'the name "{host_of(call)}" has no address: {_message(call)}'


def _os_error(call: Call) -> str:
    """CPython checks the length of a path itself, and raises an OSError without errno."""
    address = address_of(call)
    if isinstance(address, str) and "too long" in _message(call):
        length = len(address.encode("utf-8", "surrogateescape")) - address.startswith("@")
        return f"the path has {length} bytes, at most {PATH_LIMIT} fit"
    return f"OSError: {_message(call)}"


# --- the tables ------------------------------------------------------------------------------------------------------

_BY_ERRNO: Mapping[str, Sentence] = {
    "EACCES": _access_denied,
    "EADDRINUSE": _address_in_use,
    "EADDRNOTAVAIL": _address_not_available,
    "EAFNOSUPPORT": _family_not_supported,
    "EAGAIN": _again,
    "EALREADY": "an earlier connect on this socket is still under way",
    "EBADF": "the socket is closed",
    "ECONNABORTED": "the connection was given up before it was taken",
    "ECONNREFUSED": _connection_refused,
    "ECONNRESET": _connection_reset,
    "EDESTADDRREQ": "no destination: connect first, or use sendto",
    "EHOSTUNREACH": lambda call: f"the host of {place(call)} is down or not reachable",
    "EINPROGRESS": lambda call: f"connecting to {place(call)} goes on in the background",
    "EINVAL": _invalid,
    "EISCONN": _is_connected,
    "EMFILE": "the program has as many files open as it may",
    "EMSGSIZE": _message_size,
    "ENETUNREACH": lambda call: f"this machine has no route to {place(call)}",
    "ENFILE": "the system has as many files open as it can",
    "ENOBUFS": "the kernel has no memory left for this",
    "ENOENT": _no_entry,
    "ENOPROTOOPT": lambda call: f"this socket has no option {argument(call, 1)} at level {argument(call, 0)}",
    "ENOTCONN": _not_connected,
    "ENOTSOCK": "the descriptor is not a socket",
    "EOPNOTSUPP": _not_supported,
    "EPERM": _not_permitted,
    "EPIPE": "the peer closed, or this side is shut down or was never connected",
    "EPROTONOSUPPORT": _protocol_not_supported,
    "EPROTOTYPE": _wrong_type,
    "ESOCKTNOSUPPORT": lambda call: f"{argument(call, 0)} has no sockets of type {argument(call, 1)}",
    "ETIMEDOUT": _timed_out,
}

_BY_TYPE: Mapping[str, Sentence] = {
    "Cancelled": _cancelled,
    "OSError": _os_error,
    "OverflowError": _overflow,
    "TimeoutError": _timeout,
    "TypeError": lambda call: f"Python refused the arguments: {_message(call)}",
    "UnicodeError": _bad_name,
    "ValueError": lambda call: f"Python refused the arguments: {_message(call)}",
    "gaierror": _bad_name,
    "timeout": _timeout,  # socket.timeout before Python 3.10
}
