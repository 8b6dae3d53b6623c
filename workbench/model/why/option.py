"""What setsockopt and getsockopt did: what the option means at this value, and what the kernel made of it.

Facts: the tables in options/, each with its source; socket(7), SO_RCVBUF and SO_SNDBUF.
"""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.text.fit import counted
from workbench.model.why.around import Reason
from workbench.model.why.options import sentence_of
from workbench.model.why.options.sentence import Value
from workbench.model.words.about import argument

_BUFFERS = {"SO_RCVBUF": ("receive", 2304, "rmem_max"), "SO_SNDBUF": ("send", 4608, "wmem_max")}
"""What each bounds, the least that Linux makes of it on a 64-bit machine, and what bounds it (net.core)."""
_ASKED = "Nothing else changes by asking."


def option(call: Call, around: Around) -> Reason:
    """Explain a setsockopt or getsockopt that returned."""
    level, name = argument(call, 0), argument(call, 1)
    if name == "SO_ERROR" and call.call == "getsockopt":
        return _error(call)
    if name in _BUFFERS and level == "SOL_SOCKET":
        return _buffer(call, around, name)
    found, value = sentence_of(level, name), value_of(call)
    if found is None:
        text, source = f"What {name} of level {level} does is not known here.", f"{call.call}(2)"
    else:
        text, source = found.say(value), found.source
    if call.call == "getsockopt":
        return Reason((_is(name, call.result), text), _ASKED, source)
    when = [_when(found.when, around)] if found is not None and found.when else []
    return Reason((_was_set(call, name, value), text, *when), _holds(call), source)


def _when(when: str, around: Around) -> str:
    """Say when the option has to be set, and if that is over."""
    for name in ("bind", "connect", "listen"):
        if f"{name} " in when or when.endswith(f"{name}."):
            done = around.did(name)
            return f"{when} Here #{done.seq} {name} came first." if done is not None else when
    return when


def value_of(call: Call) -> Value:
    """Return the value that an option was set to, or was found to have."""
    value = call.result if call.call == "getsockopt" else (call.args[2] if len(call.args) > 2 else None)
    if isinstance(value, bool | int):
        return int(value)
    return value.encode("latin-1", "replace") if isinstance(value, str) else None


def _is(name: str, value: object) -> str:
    return f"{name} is {value}." if isinstance(value, int) else f"{name} was read as bytes."


def _was_set(call: Call, name: str, value: Value) -> str:
    if call.now is not None and isinstance(value, int) and call.now != value:
        return f"{name} was set to {value}, of which the kernel made {call.now}."
    return f"{name} is now {value}." if isinstance(value, int) else f"{name} was set."


def _holds(call: Call) -> str:
    made = " Sockets that accept returns have it too." if argument(call, 0) == "SOL_SOCKET" else ""
    return "It holds until it is set again or the socket is closed." + made * (argument(call, 1) in _INHERITED)


_INHERITED = frozenset(("SO_KEEPALIVE", "SO_LINGER", "SO_OOBINLINE", "SO_REUSEADDR", "SO_PRIORITY", "SO_RCVLOWAT"))
"""What a listener gives on to its connections (sk_clone_lock copies the socket)."""


def _error(call: Call) -> Reason:
    first = (
        "No error was waiting: it is 0."
        if call.result == 0
        else (f"The error {call.result} was waiting, and is taken.")
    )
    return Reason(
        (first, "Asking for SO_ERROR takes the error that waits: no later call raises it."),
        "Where a non-blocking connect was under way, 0 says that it succeeded, once poll has reported POLLOUT.",
        "socket(7), SO_ERROR; connect(2), ERRORS",
    )


def _buffer(call: Call, around: Around, name: str) -> Reason:
    which, least, bound = _BUFFERS[name]
    other = f"It bounds the kernel's {which} buffer, its book-keeping included"
    other += "; it is not recv's bufsize." if name == "SO_RCVBUF" else ", not the size of one send."
    source = f"socket(7), {name}"
    if call.call == "getsockopt":
        return Reason((_size_in_effect(call, around, name), other), _ASKED, source)
    value, limits = (
        value_of(call),
        (f"A size below the least ({least}) is raised to it, a large one cut to twice {bound}."),
    )
    when = "before listen, on the listener" if name == "SO_RCVBUF" else "before connect"
    return Reason(
        (_made(value, call.now, least, bound), limits, other),
        f"To matter for a TCP connection from the start it is set {when}; a smaller buffer fills sooner.",
        f"{source}; tcp(7)",
    )


def _made(value: Value, now: int | None, least: int, bound: str) -> str:
    """Say what the kernel made of a buffer's size: it doubles it, within its bounds."""
    if not isinstance(value, int):
        return "The kernel doubles the size, for its book-keeping."
    asked = f"{counted(value, 'byte')} {'was' if value == 1 else 'were'} asked for"
    if now is None:
        return f"The kernel doubles the size, for its book-keeping: {asked}."
    if now == 2 * value:
        return f"The kernel doubles the size, for its book-keeping: {asked}, which makes {now}."
    if now > 2 * value:
        return f"{asked}, but less than {least} is too small: the kernel made it {now}."
    return f"{asked}, but the kernel takes no more than net.core.{bound}, and doubles that: {now}."


def _size_in_effect(call: Call, around: Around, name: str) -> str:
    number = f"{call.result}" if isinstance(call.result, int) else "the size"
    asked = around.did("setsockopt", name)
    if asked is None:
        return f"{name} is {number}: twice what a setsockopt asked for, or else the kernel's own choice."
    made = (
        ("and the kernel doubles what is asked for")
        if call.result == 2 * _number(asked)
        else "within the kernel's bounds"
    )
    return f"{name} is {number}: #{asked.seq} asked for {argument(asked, 2)}, {made}."


def _number(call: Call) -> int:
    value = value_of(call)
    return value if isinstance(value, int) else 0
