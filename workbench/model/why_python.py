"""The lines of Python that make a call: the socket's own calls before it that matter, then the call."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call import Call
from workbench.model.describe import expression, outcome
from workbench.model.reason import Around
from workbench.model.safe import cells

_SETUP = frozenset(("socket", "setsockopt", "settimeout", "setblocking", "bind", "listen", "connect", "shutdown"))
_WIDTH = 68
_MOST = 6


def python_lines(call: Call, around: Around) -> Iterator[str]:
    """Yield the lines: what made the socket and set it up, then the call with its outcome as a comment."""
    setup = [each for each in around.before if each.call in _SETUP and each.error is None]
    made = next((each for each in setup if each.call == "socket"), None)
    yield "from socket import *"
    if made is not None:
        yield _line(made)
    elif (accept := around.made_by(call)) is not None:
        yield f"s, peer = listener.accept()  # {accept.name} #{accept.seq}"
    yield from (_line(each) for each in setup[-_MOST:] if each is not made)
    line, comment = _line(call), f"# {outcome(call, _WIDTH - 6)}"
    if cells(line) + cells(comment) + 2 <= _WIDTH:
        yield f"{line}  {comment}"
    else:
        yield line
        yield f"    {comment}"


def _line(call: Call) -> str:
    text = expression(call, _WIDTH)
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
