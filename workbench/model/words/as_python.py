"""A call as text for the log: direction, the call as one would write it in Python, its outcome, its time.

All of it went through safe(). What a call means stands in why/notes.py.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Literal, TypeAlias

from workbench.model.call.address import show, unix_sockaddr
from workbench.model.call.call import Call
from workbench.model.call.value import Value
from workbench.model.text.fit import counted
from workbench.model.text.safe import cells, safe
from workbench.model.words.error_sentence import errno_name

TimeMode: TypeAlias = Literal["clock", "start", "delta"]


def direction(call: Call) -> str:
    """Return "→" for a call that sends, "←" for one that receives, "•" for the rest."""
    return "→" if call.sends else "←" if call.receives else "•"


def time_text(
    call: Call,
    previous: Call | None,
    mode: TimeMode,
    wall_ns: int,
    zone: tzinfo | None = None,
    *,
    returned: bool = False,
) -> str:
    """Return when the call began: "12:00:00.000137" in *zone* (None: local), "+1.004213" since the session's start.

    *wall_ns*: the wall clock at the session's start. *returned*: tell when it returned. A delta is how long after
    *previous* it returned, as a log has calls in that order; none where a send is put before a recv that was earlier.
    """
    time = _returned(call) if returned else call.time
    match mode:
        case "clock":
            return _clock(time, wall_ns, zone) or f"{time:+.6f}"
        case "start":
            return f"{time:+.6f}"
        case "delta":
            return f"{max(0.0, _returned(call) - _returned(previous or call)):+.6f}"


def _returned(call: Call) -> float:
    return call.time + (call.duration or 0.0)


def expression(call: Call, width: int = 0, *, data: bool = True) -> str:
    """Return the call as written in Python, in at most *width* cells (0: no limit): "sendall(b'{"op": "hel…')".

    Of a send, its payload is what really went out; "…" says that there was more. Without *data* the bytes are only
    counted: "sendall(23 bytes)".
    """
    head, tail = safe(call.call), _arguments(call)
    if not call.sends:
        return _fit(f"{head}({tail})", width, ")")
    rest = f", {tail})" if tail else ")"
    room = width - len(head) - 1 - cells(rest) if width else 0
    offered = len(call.data) if call.requested is None else call.requested
    if not data:
        return _fit(f"{head}({counted(offered, 'byte')}{rest}", width, ")")
    if not call.data and offered:
        return _fit(f"{head}(<{counted(offered, 'byte')}>{rest}", width, ")")
    shown = _payload(call.data, offered > len(call.data), max(room, _SHORTEST) if width else 0)
    return _fit(f"{head}({shown}{rest}", width, ")")


def outcome(call: Call, width: int = 0, *, data: bool = True) -> str:
    """Return what came of the call, in at most *width* cells (0: no limit); of an error, its errno is left out first.

    "= 16", "= b'Hey~~~'", "= None", "= conn 1 from 127.0.0.1:50312", "ConnectionRefusedError (ECONNREFUSED)". Without
    *data* the bytes are only counted: "= 6 bytes".
    """
    if call.unfinished:
        return _fit("did not return", width)
    if call.error is not None:
        kind = safe(call.error.type)
        named = kind + safe(f" ({call.error.errno})" if call.error.errno else "")
        return _fit(named if not width or cells(named) <= width else kind, width)
    if call.receives:
        return _received(call, width, data)
    return _fit("= " + safe(_result(call)), width)


# --- parts ------------------------------------------------------------------------------------------------------------


def _clock(seconds: float, wall_ns: int, zone: tzinfo | None) -> str:
    """Return the time of day; "" where the record's clocks make no date."""
    whole, micros = divmod(wall_ns // 1000 + round(seconds * 1e6), 1_000_000)
    day = _time_of_day(whole, zone)
    return f"{day}.{micros:06}" if day else ""


@lru_cache(64)
def _time_of_day(seconds: int, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, zone):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return ""


def _arguments(call: Call) -> str:
    args = call.args
    match call.call, args:
        case "recvmsg", [size, str() as flags]:  # flags stand behind the size for ancillary data
            args = [size, 0, flags]
        case (("recv_into" | "recvfrom_into"), _):
            args = ["buffer", *args]
    return safe(", ".join(_argument(call.call, index - len(args), value) for index, value in enumerate(args)))


def _argument(call: str, place: int, value: Value) -> str:
    """Write the argument at *place*, counted from the end (-1 the last): in some, text is text, else a constant."""
    match call, place, value:
        case (("bind" | "connect" | "connect_ex" | "sendto"), -1, _):
            return _address(value)
        case "sendmsg", -1, _ if not _names_flags(value):
            return _address(value)
        case "setsockopt", -1, str():
            return _bytes(value)
        case "makefile", _, _:
            return repr(value)
        case _, _, str():
            return value
        case _:
            return repr(value)


def _names_flags(value: Value) -> bool:
    return isinstance(value, str) and value.startswith(("MSG_", "0x"))


def _address(value: Value) -> str:
    """Write an address as Python takes it: a tuple or, of a UNIX socket, a path or a name that begins with NUL."""
    match value:
        case list():
            return f"({', '.join(map(repr, value))}{',' if len(value) == 1 else ''})"
        case str():
            return repr(unix_sockaddr(value))
        case _:
            return repr(value)


def _bytes(value: str) -> str:
    """Write bytes that a record holds as text of as many characters."""
    return repr(value.encode("latin-1", "backslashreplace"))


def _result(call: Call) -> str:
    match call.call, call.result:
        case "accept", [str() as made, (str() | list()) as peer]:
            return f"{call.label or made} from {show(peer)}"
        case "socketpair", [str() as one, str() as other]:
            return " and ".join(f"socket {made.rpartition('.')[2]}" for made in (one, other))
        case (("socket" | "fromfd" | "dup"), int(descriptor)):
            return f"fd {descriptor}"
        case "makefile", _:
            return "a file"
        case "connect_ex", int(number) if number:
            return f"{number} ({errno_name(call)})"
        case (("getsockname" | "getpeername"), address):
            return _address(address)
        case "getsockopt", str(value):
            return _bytes(value)
        case _, result:
            return repr(result)


def _received(call: Call, width: int, data: bool) -> str:
    """Write what a recv returned: the bytes, or their count where they went into a buffer; and the sender if told."""
    sender = safe(f" from {show(call.peer)}") if isinstance(call.peer, str | list) else ""
    if call.call.endswith("_into"):
        return _fit(f"= {safe(str(call.result))}{sender}", width)
    if call.data and not data:
        return _fit(f"= {counted(len(call.data), 'byte')}{sender}", width)
    room = max(width - 2 - cells(sender), _SHORTEST) if width else 0
    return _fit(f"= {_payload(call.data, False, room)}{sender}", width)


def _payload(data: bytes, more: bool, width: int) -> str:
    """Write bytes as in Python in at most *width* cells (0: no limit), with "…" where some or *more* are left out."""
    shown = repr(data[: width or None])
    if width and (more or max(len(data), len(shown)) > width):
        more = True
        kept = data[: width - _SHORTEST]
        while kept and (excess := len(repr(kept)) + 1 - width) > 0:
            kept = kept[: -max(1, excess // 4)]  # a byte takes 4 cells at most
        shown = repr(kept)
    return f"{shown[:-1]}…{shown[-1]}" if more else shown


_SHORTEST = len("b'…'")


def _fit(text: str, width: int, end: str = "") -> str:
    """Cut *text*, which went through safe(), to *width* cells, with "…" and *end* in place of what is left out."""
    if not width or cells(text) <= width:
        return text
    room = max(0, width - 1 - len(end))
    kept = text[:room]
    while cells(kept) > room:
        kept = kept[:-1]
    return (kept + "…" + end)[:width]
