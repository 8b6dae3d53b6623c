"""The functions of the socket module that make sockets out of descriptors, or move bytes past the methods."""

from __future__ import annotations

import os
from mmap import ACCESS_READ, mmap
from time import monotonic_ns as clock

from . import program_calls
from .facts import names
from .format import CODE, failed, returned, sent
from .page import AT_CALL
from .program_calls import made, made_failure
from .shield import hide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .program_socket import Identity, Probe

_MUCH = 1 << 20


def module_functions(probe: Probe, module: Any, kind: Any, find: Any, stand_in: Any) -> dict[str, Callable[..., Any]]:
    """Return what stands for _socket.socketpair and _socket.dup. *kind*: the class that stands for _socket.socket.

    *stand_in*: makes of a function what looks like one that is written in C.
    """
    real_pair: Any = getattr(module, "socketpair", None)
    real_dup = module.dup

    def socketpair(*args: Any, **options: Any) -> Any:
        frame = program_calls.look(2)
        who = probe.new()
        source, started = probe.sources.of(frame), clock()
        try:
            pair = real_pair(*args, **options)
        except BaseException as error:
            probe.put(
                who,
                CODE["socketpair"],
                started,
                clock(),
                source,
                made_failure,
                "socketpair",
                error,
                args,
                options,
            )
            raise
        ended, ours = clock(), []
        for sock in pair:
            facts = sock.family, sock.type, sock.proto
            probe.bear(sock.fileno(), who=who)
            ours.append(kind(*facts, sock.detach()))
            who = probe.new()
        keys = [find(sock).key for sock in ours]
        given = args[1] if len(args) > 1 else None
        probe.put(find(ours[0]), CODE["socketpair"], started, ended, source, made, "socketpair", ours[0], keys, given)
        return tuple(ours)

    def dup(fd: Any, /) -> Any:
        frame = program_calls.look(2)
        call = frame.f_code.co_name
        if call not in ("dup", "fromfd") or not probe.is_module(frame):
            return real_dup(fd)
        who = probe.known(fd) if call == "dup" else None
        who = who or probe.new()
        source, started = probe.sources.of(frame), clock()
        try:
            copy = real_dup(fd)
        except BaseException as error:
            args = (fd,) if call == "fromfd" else ()
            probe.put(who, CODE[call], started, clock(), source, failed, call, error, args)
            raise
        ended = clock()

        def finish(sock: Any, new: Identity) -> None:
            def facts() -> Any:
                if call == "fromfd":
                    return made("fromfd", sock, [new.key], None, fd)
                return returned("dup", (), copy, {**names(sock), "made": [new.key]})

            probe.put(new if call == "fromfd" else who, CODE[call], started, ended, source, facts)

        probe.bear(copy, finish=finish)
        return copy

    functions: dict[str, Callable[..., Any]] = {"dup": stand_in(real_dup, dup)}
    if real_pair is not None:
        functions["socketpair"] = stand_in(real_pair, socketpair)
    return functions


def python_methods(probe: Probe, kind: Any, find: Any) -> dict[str, Callable[..., Any]]:
    """Return what stands for makefile and sendfile of socket.socket, which is *kind*."""
    real_makefile, real_sendfile = kind.makefile, kind._sendfile_use_sendfile

    def makefile(self: Any, /, *args: Any, **options: Any) -> Any:
        frame = program_calls.look(1)
        try:
            who = find(self)
            started = clock()
            file = real_makefile(self, *args, **options)
            ended = clock()
            if who is not None:
                source = probe.sources.of(frame)
                probe.put(who, CODE["makefile"], started, ended, source, returned, "makefile", args, None)
            return file
        except BaseException as error:
            hide(error)
            raise

    def _sendfile_use_sendfile(self: Any, file: Any, offset: int = 0, count: Any = None) -> int:
        frame = program_calls.look(1)
        try:
            who, watched = find(self), _Watched(file)
            if who is None:
                return int(real_sendfile(self, file, offset, count))
            slot, source = probe.enter(self, who, CODE["sendfile"], (), None, frame)
            started = clock()
            try:
                moved = real_sendfile(self, watched, offset, count)
            except BaseException as error:
                slot[AT_CALL] = 0
                if type(error).__name__ != "_GiveupOnSendfile":  # then it makes sends, recorded as such
                    gone = watched.stopped - offset
                    probe.put(
                        who, CODE["sendfile"], started, clock(), source,
                        _unsent, file, offset, gone, error,
                    )  # fmt: skip
                raise
            ended = clock()
            slot[AT_CALL] = 0
            data = _read_again(file, offset, moved)
            probe.put(who, CODE["sendfile"], started, ended, source, sent, "sendfile", moved, moved, data)
            return int(moved)
        except BaseException as error:
            hide(error)
            raise

    return {"makefile": makefile, "_sendfile_use_sendfile": _sendfile_use_sendfile}


def _unsent(file: Any, offset: int, gone: int, error: BaseException) -> Any:
    return failed("sendfile", error, moved=_read_again(file, offset, gone))


def _read_again(file: Any, offset: int, sent: int) -> Any:
    """Return the bytes that a sendfile took out of *file*: they never came by here."""
    if sent > _MUCH:  # as much memory as the file is large is not ours to take
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))[offset : offset + sent]
    return os.pread(file.fileno(), sent, offset) if sent > 0 else b""


class _Watched:
    """A file that sees how far os.sendfile came: CPython seeks to there, also when it fails."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.stopped = 0

    def seek(self, position: int) -> Any:
        self.stopped = position
        return self._file.seek(position) if hasattr(self._file, "seek") else position

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
