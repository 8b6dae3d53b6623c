"""The lines of Python that make a call: the socket's own calls before it that matter, then the call."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from msgspec.structs import replace

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.text.fit import counted
from workbench.model.text.safe import cells, safe
from workbench.model.why.around import count
from workbench.model.words.as_python import expression, outcome

_SETUP = frozenset(
    ("socket", "setsockopt", "settimeout", "setblocking", "bind", "listen", "connect", "connect_ex", "shutdown")
)
_WIDTH = 68
_MOST = 6
_PAYLOAD = {"sendmsg": "[data]", "sendfile": "file"}
"""What stands for bytes that are not written out; "data" for all other sends."""


def python_lines(call: Call, around: Around) -> Iterator[str]:
    """Yield the lines: what made the socket and set it up, then the call with its outcome as a comment."""
    setup = [each for each in around.before if each.call in _SETUP and each.error is None]
    made = next((each for each in setup if each.call == "socket"), None)
    yield "from socket import *"
    if made is not None and made.tls:
        yield "s = context.wrap_socket(s)  # an ssl.SSLContext's"
    elif made is not None:
        yield _line(made)
    elif (accept := around.made_by(call)) is not None:
        yield f"s, peer = listener.accept()  # {safe(accept.name)} #{accept.seq}"
    else:
        yield from _made_with_another(call, around)
    for each in setup[-_MOST:]:
        if each is not made:
            yield f"{_line(each)}  # {outcome(each, _WIDTH)}" if each.call == "connect_ex" else _line(each)
    line = _line(call)
    size = "" if not call.sends or _written_out(call) else f"{count(_offered(call))}; "
    comment = f"# {size}{outcome(call, _WIDTH - 6 - len(size))}"
    if cells(line) + cells(comment) + 2 <= _WIDTH:
        yield f"{line}  {comment}"
    else:
        yield line
        yield f"    {comment}"


def _made_with_another(call: Call, around: Around) -> Iterator[str]:
    for each in (*around.before, *around.elsewhere):
        if call.socket in each.made and each.call == "dup":
            yield f"s = other.dup()  # #{each.seq}"
        elif call.socket in each.made and each.call == "socketpair":
            line = f"{'s, peer' if each.made[0] == call.socket else 'peer, s'} = {safe(_expression(each))}"
            yield line if _compiles(line) else f"# {line}"


def _line(call: Call) -> str:
    """Return the call as a statement; as a comment where a record's arguments are no Python."""
    line = safe(_statement(call))
    return line if _compiles(line) else f"# {line}"


def _statement(call: Call) -> str:
    text = _expression(call)
    match call.call:
        case "socket":
            return f"s = {text}"
        case "socketpair" | "fromfd":
            return f"{'a, b' if call.call == 'socketpair' else 's'} = {text}"
        case "accept":
            return f"connection, peer = s.{text}"
        case "recvfrom":
            return f"data, sender = s.{text}"
        case "recvmsg":
            return f"data, ancillary, flags, sender = s.{text}"
        case "recv_into" | "recvfrom_into" | "recvmsg_into":
            return f"count = s.{text}" if call.call == "recv_into" else f"count, *more = s.{text}"
        case "recv" | "getsockname" | "getpeername" | "getsockopt" | "fileno" | "dup" | "detach" | "makefile":
            return f"{'data' if call.call == 'recv' else 'value'} = s.{text}"
        case "send" | "sendto" | "sendmsg" | "sendfile":
            return f"count = s.{text}"
        case "connect_ex":
            return f"number = s.{text}"
        case _:
            return f"s.{text}"


def _expression(call: Call) -> str:
    if call.call == "recvmsg_into":
        return "recvmsg_into([buffer])"
    if call.sends and not _offered(call) and call.error is not None:  # Python refused what it was given
        return expression(call).replace("b''", "data", 1)
    if not call.sends or _written_out(call):
        return expression(call)
    size = _offered(call)
    bare = expression(replace(call, data=b"", requested=size))
    return bare.replace(f"<{counted(size, 'byte')}>", _PAYLOAD.get(call.call, "data"), 1)


def _written_out(call: Call) -> bool:
    """Whether a send's bytes are all recorded, and few enough for a line."""
    if call.call in _PAYLOAD or _offered(call) > len(call.data) or len(call.data) > _WIDTH:
        return not _offered(call)
    return len(repr(call.data)) <= _WIDTH - len("count = s.sendall()")


def _offered(call: Call) -> int:
    return max(len(call.data), call.requested or 0)


def _compiles(line: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)  # else it would be printed over the screen
            warnings.simplefilter("error", DeprecationWarning)
            compile(line, "why", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True
