"""Arguments of a socket method as a person types them, and what each method takes."""

from __future__ import annotations

import ast
import difflib
import socket
import warnings

from workbench.model.text.fit import quoted
from workbench.model.text.safe import safe

METHODS: dict[str, str] = {
    "bind": 'Give the socket its own address: ("127.0.0.1", 6789), or "/tmp/x.sock" for AF_UNIX.',
    "listen": "Let the kernel complete connections before accept, this many and one more: 5",
    "accept": "Take the oldest connection from the accept queue, or wait for one; no arguments.",
    "connect": 'Connect to a peer, or name a datagram socket\'s only peer: ("127.0.0.1", 6789)',
    "connect_ex": 'Connect as connect does, but return the error\'s number, 0 if there is none: ("127.0.0.1", 6789)',
    "recv": "Take at most this many bytes from the receive queue: 1024, or 1024, MSG_PEEK to leave them there.",
    "recvfrom": "Take bytes or one datagram, and the address it came from: 1024",
    "recvmsg": "Take bytes or one datagram with its flags, where MSG_TRUNC tells that the rest was thrown away: 1024",
    "send": 'Hand bytes to the kernel and return how many it took, which can be fewer: b"Hey~~~"',
    "sendall": 'Send all the bytes, however many sends it takes: b"Hey~~~"',
    "sendto": 'Send one datagram to an address: b"Hey~~~", ("127.0.0.1", 8080)',
    "sendmsg": 'Send several pieces of bytes as one: [b"Hey", b"~~~"]',
    "shutdown": "End one or both directions of a connection: SHUT_WR, SHUT_RD or SHUT_RDWR",
    "close": "Give the socket back to the system; no arguments.",
    "getpeername": "Return the address of the peer; no arguments.",
    "getsockname": "Return the socket's own address; no arguments.",
    "setsockopt": "Set an option, as a number or as bytes: SOL_SOCKET, SO_REUSEADDR, 1",
    "getsockopt": "Read an option as a number, or as bytes if a length is given: SOL_SOCKET, SO_RCVBUF",
    "settimeout": "Let calls wait for ever (None), not at all (0) or for seconds: 2.5",
    "setblocking": "Let calls wait for ever (True) or not at all (False): False",
    "fileno": "Return the number of the socket's descriptor; no arguments.",
}

EXAMPLES: dict[str, str] = {
    "bind": '("127.0.0.1", 6789)',
    "listen": "5",
    "connect": '("127.0.0.1", 6789)',
    "connect_ex": '("127.0.0.1", 6789)',
    "recv": "1024",
    "recvfrom": "1024",
    "recvmsg": "1024",
    "send": 'b"Hey~~~"',
    "sendall": 'b"Hey~~~"',
    "sendto": 'b"Hey~~~", ("127.0.0.1", 8080)',
    "sendmsg": '[b"Hey", b"~~~"]',
    "shutdown": "SHUT_WR",
    "setsockopt": "SOL_SOCKET, SO_REUSEADDR, 1",
    "getsockopt": "SOL_SOCKET, SO_RCVBUF",
    "settimeout": "2.5",
    "setblocking": "False",
}
"""Arguments to fill the field with; a method that isn't here takes none."""

_CONSTANTS = {name: value for name, value in vars(socket).items() if name.isupper() and isinstance(value, int)}
_CALL = "f("


class ArgumentsError(ValueError):
    """Why a text is no list of arguments: one sentence with the place (line:column, both from 1)."""


def parse_arguments(text: str) -> tuple[object, ...]:
    """Read Python literals and names of socket's constants (SO_REUSEADDR, socket.SHUT_WR, MSG_PEEK|MSG_DONTWAIT).

    Nothing is run. Raises ArgumentsError.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as Python's own reader does before it counts lines
    try:
        call = _parsed(text)
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise ArgumentsError(f"{quoted(text)} is not a list of arguments: write values with commas between them")
        if call.keywords:
            raise _fault(call.keywords[0], text, "is a keyword argument: socket methods take theirs by position")
        return tuple(_value(node, text) for node in call.args)
    except (RecursionError, MemoryError):
        raise ArgumentsError("the arguments are nested too deeply") from None


def _parsed(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)  # else "\\q" or 1(2) would be printed over the screen
            warnings.simplefilter("error", DeprecationWarning)
            return ast.parse(f"{_CALL}{text}\n)", mode="eval").body
    except SyntaxError as error:
        place = _place(error.lineno or 1, (error.offset or 1) - 1, text)
        raise ArgumentsError(f"not Python at {place}: {safe(error.msg)}") from None
    except ValueError:  # a NUL or a lone surrogate in the text
        raise ArgumentsError(f"{quoted(text)} has a character that Python source can't have") from None


def _value(node: ast.expr, text: str) -> object:
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() | bytes() as value):
            return value
        case ast.Tuple(elts=parts):
            return tuple(_value(part, text) for part in parts)
        case ast.List(elts=parts):
            return [_value(part, text) for part in parts]
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="socket"), attr=name):
            return _constant(node, name, text)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert(), operand=operand):
            return _signed(node, _value(operand, text), text)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _either(node, _value(left, text), _value(right, text), text)
        case _:
            raise _fault(node, text, "is neither a literal nor a constant of socket")


def _constant(node: ast.expr, name: str, text: str) -> int:
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    near = difflib.get_close_matches(name.upper(), _CONSTANTS, n=1)
    hint = f": did you mean {near[0]}?" if near else ", or not on this system"
    raise _fault(node, text, f"is not a constant of socket{hint}")


def _signed(node: ast.UnaryOp, value: object, text: str) -> object:
    match node.op, value:
        case ast.Invert(), int():
            return ~int(value)
        case ast.USub(), int() | float():
            return -value
        case ast.UAdd(), int() | float():
            return +value
        case _:
            raise _fault(node, text, "has a sign before something that is not a number")


def _either(node: ast.BinOp, left: object, right: object, text: str) -> int:
    if isinstance(left, int) and isinstance(right, int):
        return left | right
    raise _fault(node, text, "has a | beside something that is not a whole number")


def _fault(node: ast.expr | ast.keyword, text: str, sentence: str) -> ArgumentsError:
    source = ast.get_source_segment(f"{_CALL}{text}\n)", node) or ""
    before = f"{_CALL}{text}".split("\n")[node.lineno - 1].encode()[: node.col_offset]
    return ArgumentsError(f"{quoted(source)} at {_place(node.lineno, len(before.decode()), text)} {sentence}")


def _place(line: int, column: int, text: str) -> str:
    """Give line:column in the text for a line (from 1) and a column (from 0) of the call around it."""
    lines = text.split("\n")
    if line == 1:
        column -= len(_CALL)
    if line > len(lines) or column < 0:  # a parenthesis of the call itself: the text ended too early
        line, column = len(lines), len(lines[-1])
    return f"{line}:{column + 1}"
