"""How each call of a program's socket is made and recorded, whatever its arguments.

A method here stands for one of _socket.socket's. It asks the kernel through that class's own methods, never through
the program's, which may have been overridden.
"""

from __future__ import annotations

import sys
from time import monotonic_ns as clock

from .facts import (
    IN_PROGRESS,
    address_of,
    closing_counts,
    fileno,
    kept,
    listed,
    names,
    of_recv,
    passed,
    proto_of,
    retried,
    size_of,
    taken,
    whole,
)
from .format import CODE, RECVS, SENDS, as_passed, failed, marks_of, returned, sent
from .page import AT_CALL
from .shield import FOLDER, hide
from .tail import argument
from .unix_diag import peer_inode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from .format import Facts
    from .program_socket import Identity, Probe

look: Callable[[int], Any] = sys._getframe
"""Return the frame that is so many behind the caller's."""
_HUSHED = frozenset(("settimeout", "setblocking", "getsockname", "getpeername"))
_BY = frozenset(("accept", "dup", "__repr__"))
"""Functions of the socket module whose own calls of the hushed ones are nobody's."""
_SOCKET = CODE["socket"]
_COUNTED = frozenset(("shutdown", "close", "detach"))


def is_hushed(probe: Probe, frame: Any) -> bool:
    """Tell whether a function of the socket module makes a call for itself, which the program did not ask for."""
    while frame is not None and frame.f_code.co_filename.startswith(FOLDER):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name in _BY and probe.is_module(frame)


def general(probe: Probe, find: Callable[[Any], Optional[Identity]], call: str, real: Any) -> Callable[..., Any]:
    """Return the method that makes and records *call*; *real*: makes it. *find*: tells who a socket is."""
    code, facts_of, hushed, counts = CODE[call], _FACTS.get(call, _plain), call in _HUSHED, call in _COUNTED
    twice = call in ("recvmsg_into", "sendmsg")

    def method(self: Any, /, *args: Any, **options: Any) -> Any:
        frame, result, stage, ended = look(1), None, 0, 0
        try:
            who = find(self)
            if who is None or (hushed and is_hushed(probe, frame)):
                return real(self, *args, **options)
            if call == "close" and fileno(self) < 0:  # close again, which does nothing
                return real(self, *args, **options)
            if call == "detach" and frame.f_code.co_name == "socketpair" and probe.is_module(frame):
                fd = real(self)
                probe.bear(fd, who=who)  # socket.socketpair makes its sockets of _socket's
                return fd
            if twice and args:
                args = (listed(args[0]), *args[1:])
            before = closing_counts(self, who.kind) if counts else None
            slot, source = probe.enter(self, who, code, args, options, frame)
            started = clock()
            stage = 1
            try:
                result = real(self, *args, **options)
            except BaseException as error:
                slot[AT_CALL], stage = 0, 2
                probe.put(who, code, started, clock(), source, failure, self, call, error, args, options)
                probe.leave(self, who, error)
                raise
            ended = clock()
            slot[AT_CALL], stage = 0, 2
            flat = (*args, *options.values()) if options else args
            probe.put(who, code, started, ended, source, facts_of, self, who, call, flat, result, before)
            probe.leave(self, who)
            return result
        except BaseException as error:
            if stage == 1 and who is not None:
                rescue(probe, who, code, started, ended, source, self, call, error, args, options, result)
            hide(error)
            del args  # until 3.10 the traceback keeps this frame, and with it buffers of the program
            raise

    return method


def rescue(
    probe: Probe, who: Identity, code: int, started: int, ended: int, source: int, sock: Any, call: str,
    error: BaseException, args: Any, options: Any, result: Any,
) -> None:  # fmt: skip
    """Record a call which *error*, raised into the probe, met before it was recorded; ended: 0 if it met the call."""
    if ended:
        facts, flat = _FACTS.get(call, _plain), (*args, *options.values())
        probe.put(who, code, started, ended, source, facts, sock, who, call, flat, result, None)
    else:
        probe.put(who, code, started, clock(), source, failure, sock, call, error, args, options)


def failure(sock: Any, call: str, error: BaseException, args: Any, options: Any, moved: Any = b"") -> Facts:
    """Return the facts of a call that raised."""
    code, about, more, flat = CODE[call], None, {}, (*args, *options.values())
    if code in RECVS or code in SENDS:
        more = {"requested": _asked(call, flat), "message_flags": _flags(call, flat)}
        shown: Any = _shown(call, flat)
    else:
        shown = flat
    if call == "connect" and isinstance(error, OSError) and error.errno in IN_PROGRESS:
        about = {"peer": argument(flat[0]), **names(sock)}
    elif call == "connect":
        about = retried(sock)
    wrong = as_passed(args, options) if isinstance(error, TypeError) else None
    return {**failed(call, error, shown, moved, about, wrong), **more}


def _asked(call: str, args: tuple[Any, ...]) -> int:
    """Return the bytes that a send or recv offers or asks for; -1 where its arguments don't tell."""
    if not args:
        return -1
    if call in ("recv", "recvfrom", "recvmsg"):
        return whole(args[0])
    if call in ("recv_into", "recvfrom_into") and len(args) > 1 and args[1]:
        return whole(args[1])
    return size_of(args[0])


def _flags(call: str, args: tuple[Any, ...]) -> int:
    """Return the MSG_ flags of a send or recv."""
    place = 1
    if call == "sendto" and len(args) < 3:
        return 0
    if call in ("recv_into", "recvfrom_into", "recvmsg", "recvmsg_into", "sendmsg"):
        place = 2
    return whole(args[place], 0) if len(args) > place else 0


def _shown(call: str, args: tuple[Any, ...]) -> Any:
    """Return the arguments of a failed send or recv that its other facts don't tell."""
    if call == "sendto":
        return args[-1:] if len(args) > 1 else None
    if call == "sendmsg":
        return args[3:4] if len(args) > 3 and args[3] is not None else None
    if CODE[call] in SENDS or not args:
        return None
    ancillary = args[1] if call in ("recvmsg", "recvmsg_into") and len(args) > 1 else 0
    asked = _asked(call, args)
    if ancillary:
        return (args[0] if call == "recvmsg" else asked, ancillary)
    return None if asked >= 0 else (args[0] if call in ("recv", "recvfrom", "recvmsg") else asked,)


# --- the facts of each call ---------------------------------------------------------------------------------------


def _plain(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    return returned(call, args, result, before)


def _ended(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    return returned(call, None if call == "close" else args, result, before)


def _named(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    return returned(call, args, result, {**names(sock), **retried(sock)} if call == "connect" else names(sock))


def _set_option(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    return returned(call, args, result, kept(sock, args))


def _connect_ex(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    about = {"peer": argument(args[0]), **names(sock)} if result in IN_PROGRESS else {**names(sock), **retried(sock)}
    return returned(call, args, result, about)


def _set_timeout(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    return returned(call, args, result)


def _received(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    address, told, ancillary = None, None, ()
    if call in ("recvmsg", "recvmsg_into"):
        result, extra, told, address = result
        ancillary = extra
    elif call in ("recvfrom", "recvfrom_into"):
        result, address = result
    count, data = (result, args[0]) if call.endswith("_into") else (len(result), result)
    asked, flags = _asked(call, args), _flags(call, args)
    about = {} if address is None else {"peer": argument(address)}
    if call.startswith("recvmsg") and len(args) > 1 and args[1]:
        about["args"] = [asked, args[1]]
    return of_recv(sock, who.kind, data, count, asked, flags, about, told, ancillary)


def _sent(sock: Any, who: Identity, call: str, args: Any, result: Any, before: Any) -> Facts:
    about: Any = None
    address = args[-1] if call == "sendto" else args[3] if call == "sendmsg" and len(args) > 3 else None
    if address is not None:
        about = {"args": [argument(address)], "peer": argument(address), "local": address_of(sock)}
    if call == "sendmsg" and len(args) > 1 and args[1]:
        about = {**passed(args[1]), **(about or {})}
    count, flags = (size_of(args[0]) if result is None else result), _flags(call, args)
    return sent(call, count, size_of(args[0]), taken(args[0], count), flags, marks_of(flags), about)


_FACTS: dict[str, Callable[..., Facts]] = {
    **dict.fromkeys(("bind", "listen", "connect"), _named),
    **dict.fromkeys(("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"), _received),
    **dict.fromkeys(("send", "sendall", "sendto", "sendmsg"), _sent),
    "connect_ex": _connect_ex,
    "close": _ended,
    "setsockopt": _set_option,
}


# --- making sockets -----------------------------------------------------------------------------------------------


def making(probe: Probe, find: Any, put_identity: Callable[[Any, Identity], None], real: Any) -> Callable[..., Any]:
    """Return __init__: it records that a socket was made, unless accept, dup, socketpair or fromfd made it."""

    def __init__(self: Any, /, *args: Any, **options: Any) -> None:
        frame = look(1)
        try:
            born, flat = probe.born(_fileno(args, options)), (*args, *options.values())
            if born is not None:
                real(self, *args, **options)
                put_identity(self, born.who)
                probe.adopt(self, born)
                return
            who = probe.new()
            put_identity(self, who)
            _, source = probe.enter(self, who, _SOCKET, args, options, frame)
            started = clock()
            try:
                real(self, *args, **options)
            except BaseException as error:
                probe.put(
                    who,
                    _SOCKET,
                    started,
                    clock(),
                    source,
                    made_failure,
                    "socket",
                    error,
                    args,
                    options,
                )
                probe.leave(self, who, error)
                raise
            ended = clock()
            fd = _fileno(args, options)
            probe.take_in(self, who, fd)
            given = flat[1] if len(flat) > 1 else None
            probe.put(who, _SOCKET, started, ended, source, made, "socket", self, [who.key], given, fd)
            probe.leave(self, who)
        except BaseException as error:
            hide(error)
            del args  # until 3.10 the traceback keeps this frame, and with it buffers of the program
            raise

    return __init__


def accepting(probe: Probe, find: Any, real: Any) -> Callable[..., Any]:
    """Return _accept, of which socket.accept makes a socket: the record is written as soon as that has an address."""

    def _accept(self: Any, /) -> Any:
        frame = look(1)
        try:
            who = find(self)
            if who is None:
                return real(self)
            slot, source = probe.enter(self, who, CODE["accept"], (), None, frame)
            started = clock()
            try:
                result = real(self)
            except BaseException as error:
                slot[AT_CALL] = 0
                probe.put(who, CODE["accept"], started, clock(), source, failed, "accept", error)
                probe.leave(self, who, error)
                raise
            ended = clock()
            slot[AT_CALL] = 0

            def finish(sock: Any, made: Identity) -> None:
                probe.put(who, CODE["accept"], started, ended, source, accepted, sock, made, result[1])
                probe.leave(self, who)

            probe.bear(result[0], "conn", finish)
            return result
        except BaseException as error:
            hide(error)
            raise

    return _accept


def accepted(sock: Any, who: Identity, address: Any) -> Facts:
    """Return the facts of an accept that made *sock*."""
    about = {**names(sock), "made": [who.key], "label": who.label}
    peer = peer_inode(sock)
    if peer is not None:
        about["peer_inode"] = peer
    return returned("accept", None, (None, address), about)


def made(call: str, sock: Any, keys: list[Any], given: Any = None, fileno: Any = None) -> Facts:
    """Return the facts of a call that made *sock*, and maybe another one; *given*: the type that was asked for."""
    about = names(sock)
    args = [about["family"], about["type"] if given in (None, -1) else int(given), proto_of(sock)]
    if fileno is not None:
        args = [int(fileno), *args] if call == "fromfd" else [*args, int(fileno)]
    return returned(call, None, about["fd"], {"args": args, **about, "made": keys})


def made_failure(call: str, error: BaseException, args: Any, options: Any) -> Facts:
    """Return the facts of a socket that could not be made."""
    wrong = as_passed(args, options) if isinstance(error, TypeError) else None
    return failed(call, error, given_to_make(*args, *options.values()), wrong=wrong)


def given_to_make(family: Any = -1, type: Any = -1, proto: Any = -1, fileno: Any = None, *more: Any) -> list[Any]:
    """Return the arguments that a socket was to be made with, as far as they were given."""
    given = [family, type, proto, fileno]
    while given and given[-1] in (-1, None):
        given.pop()
    return given


def _fileno(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return args[3] if len(args) > 3 else options.get("fileno")


def dressed(function: Any, original: Any) -> Any:
    """Give *function* the looks of the *original*."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        looks = getattr(original, name, None)
        if looks is not None:
            setattr(function, name, looks)
    function.__wrapped__ = original
    return function
