"""The calls that programs make most, recorded as program_calls does, with less ado.

What is out of the ordinary (a datagram, flags, an error other than "would block" and "timed out", a call that is held)
goes the general way, but for sendall, which is made here alone.
"""

from __future__ import annotations

import _socket
import sys
from time import monotonic
from time import monotonic_ns as clock

from .facts import STREAM, flat, gettimeout, of_recv, queued, ready, size_of
from .format import CODE, FAILED, NO_RESULT, failed, marks_of, sent, tail_of, with_args
from .page import AT_CALL, NOTE
from .program_calls import failure, general, rescue
from .shield import hide, is_foreign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .program_socket import Identity, Probe

look: Callable[[int], Any] = sys._getframe
key: Callable[[Any], Any] = id
_note = NOTE.pack_into
_SEND, _SENDALL, _RECV, _RECV_INTO = (CODE[name] for name in ("send", "sendall", "recv", "recv_into"))
_MOST = 1 << 40
_BUFFERS = (bytearray, memoryview)
_USUAL = (BlockingIOError, _socket.timeout)
_MOST_TAILS = 500


def fast_methods(probe: Probe, find: Any, get: Callable[[Any], Identity], real: Any) -> dict[str, Callable[..., Any]]:
    """Return recv, recv_into, send, sendall, settimeout and setblocking for a class upon *real*.

    *find*: tells who a socket is; *get*: does so for one that is known, else raises AttributeError.
    """
    write, holding = probe.recorder.call, probe.holding
    mine, known, names, source_of = probe.live.mine, probe.sources.places, probe.sources.names, probe.sources.of
    real_send, real_recv, real_recv_into = real.send, real.recv, real.recv_into
    any_send, any_recv = general(probe, find, "send", real_send), general(probe, find, "recv", real_recv)
    any_recv_into = general(probe, find, "recv_into", real_recv_into)
    tails: dict[Any, bytes] = {}
    injector = probe.injector

    def usual(self: Any) -> Any:
        """Return who *self* is, if it is a stream whose calls are not held, and this thread is known."""
        try:
            who = get(self)
        except (AttributeError, TypeError) as error:
            if is_foreign(error):
                raise
            return None
        return who if who.kind == STREAM and not holding[0] and mine.both is not None else None

    def fail(who: Any, code: int, source: int, times: Any, error: Any, asked: int, *about: Any) -> None:
        """Record a call that raised; *about*: for `failure`, where it is none of the usual errors."""
        if type(error) not in _USUAL:
            probe.put(who, code, *times, source, failure, *about)
            return
        tail = tails.get(error.args)
        if tail is None:
            tail = tails[error.args] = failed("", error)["tail"]
        name, (started, ended) = probe.sources.name(who.label), times
        write(
            code, who.key, started, ended, 0, asked, -1, b"", FAILED | who.marks, -1, error.errno or 0, 0, name, source,
            tail, None, mine.both[1],
        )  # fmt: skip

    def recv(self: Any, /, *args: Any, **options: Any) -> Any:
        frame, data, stage, ended = look(1), b"", 0, 0
        try:
            who = usual(self)
            if who is None or options or len(args) != 1 or type(args[0]) is not int or not 0 <= args[0] < _MOST:
                return any_recv(self, *args, **options)
            slot, thread = mine.both
            asked, name = args[0], names[who.label] if who.label in names else probe.sources.name(who.label)
            places = known.get(key(frame.f_code))
            source = places.get(frame.f_lasti, 0) if places else 0
            if not source:
                source = source_of(frame)
            if who.waits:
                _note(slot, 0, thread, who.key[0], who.key[1], name, source, 0, asked, clock(), _RECV)
            started = clock()
            stage = 1
            try:
                data = real_recv(self, asked)
            except BaseException as error:
                times = started, clock()
                slot[AT_CALL], stage = 0, 2
                fail(who, _RECV, source, times, error, asked, self, "recv", error, args, options)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            count = len(data)
            if count:
                left = 0 if count < asked else queued(self, STREAM)
                stage = 2
                write(
                    _RECV, who.key, started, ended, count, asked, left, data, who.marks, -1, 0, 0, name, source, b"",
                    None, thread,
                )  # fmt: skip
            else:
                stage = 2
                probe.put(who, _RECV, started, ended, source, of_recv, self, STREAM, data, 0, asked)
            return data
        except BaseException as error:
            if stage == 1:
                rescue(probe, who, _RECV, started, ended, source, self, "recv", error, args, options, data)
            hide(error)
            del args  # until 3.10 the traceback keeps this frame, and with it buffers of the program
            raise

    def recv_into(self: Any, /, *args: Any, **options: Any) -> Any:
        frame, view, count, stage, ended = look(1), None, 0, 0, 0
        try:
            who = usual(self)
            if who is None or options or not 1 <= len(args) <= 2 or type(args[0]) not in _BUFFERS:
                return any_recv_into(self, *args, **options)
            view = flat(args[0])
            asked = args[1] if len(args) > 1 and args[1] else -1 if view is None else len(view)
            if view is None or type(asked) is not int or not 0 <= asked <= len(view):
                view = None
                return any_recv_into(self, *args)
            slot, thread = mine.both
            name = names[who.label] if who.label in names else probe.sources.name(who.label)
            places = known.get(key(frame.f_code))
            source = places.get(frame.f_lasti, 0) if places else 0
            if not source:
                source = source_of(frame)
            if who.waits:
                _note(slot, 0, thread, who.key[0], who.key[1], name, source, 0, asked, clock(), _RECV_INTO)
            started = clock()
            stage = 1
            try:
                count = real_recv_into(self, *args)
            except BaseException as error:
                times = started, clock()
                slot[AT_CALL], stage = 0, 2
                fail(
                    who, _RECV_INTO, source, times, error, asked,
                    self, "recv_into", error, args, options,
                )  # fmt: skip
                raise
            ended = clock()
            slot[AT_CALL] = 0
            if count:
                left, data = 0 if count < asked else queued(self, STREAM), view[:count]
                stage = 2
                write(
                    _RECV_INTO, who.key, started, ended, count, asked, left, data, who.marks, -1, 0, 0, name, source,
                    b"", None, thread,
                )  # fmt: skip
                data.release()
            else:
                stage = 2
                probe.put(who, _RECV_INTO, started, ended, source, of_recv, self, STREAM, b"", 0, asked)
            return count
        except BaseException as error:
            if stage == 1:
                rescue(probe, who, _RECV_INTO, started, ended, source, self, "recv_into", error, args, options, count)
            hide(error)
            del args  # until 3.10 the traceback keeps this frame, and with it buffers of the program
            raise
        finally:
            if view is not None:
                view.release()  # until 3.10, this frame stays in the traceback: the buffer is the program's

    def send(self: Any, /, *args: Any, **options: Any) -> Any:
        frame, count, stage, ended = look(1), 0, 0, 0
        try:
            who = usual(self)
            if who is None or options or len(args) != 1 or type(args[0]) is not bytes:
                return any_send(self, *args, **options)
            slot, thread = mine.both
            (data,) = args
            offered, name = len(data), names[who.label] if who.label in names else probe.sources.name(who.label)
            places = known.get(key(frame.f_code))
            source = places.get(frame.f_lasti, 0) if places else 0
            if not source:
                source = source_of(frame)
            if who.waits:
                _note(slot, 0, thread, who.key[0], who.key[1], name, source, 0, offered, clock(), _SEND)
            started = clock()
            stage = 1
            try:
                count = real_send(self, data)
            except BaseException as error:
                times = started, clock()
                slot[AT_CALL], stage = 0, 2
                fail(who, _SEND, source, times, error, offered, self, "send", error, args, options)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            moved = data if count == offered else data[:count]
            stage = 2
            write(
                _SEND, who.key, started, ended, count, offered, -1, moved, who.marks, -1, 0, 0, name, source, b"", None,
                thread,
            )  # fmt: skip
            return count
        except BaseException as error:
            if stage == 1:
                rescue(probe, who, _SEND, started, ended, source, self, "send", error, args, options, count)
            hide(error)
            del args  # until 3.10 the traceback keeps this frame, and with it buffers of the program
            raise

    def sendall(self: Any, /, *args: Any, **options: Any) -> Any:
        """Make the sends of which CPython's sendall consists, so that the count is known when one fails."""
        frame, view, data, count, whole = look(1), None, None, 0, None
        try:
            who = find(self)
            view = flat(args[0]) if who is not None and args and len(args) < 3 and not options else None
            flags = args[1] if len(args) > 1 else 0
            if who is None:
                return real.sendall(self, *args, **options)
            slot, source = probe.enter(self, who, _SENDALL, args, options, frame)
            timeout, started = gettimeout(self), clock()
            try:
                if view is None or type(flags) is not int:
                    return real.sendall(self, *args, **options)  # raises
                data, offered = args[0], len(view)
                if injector is not None:
                    whole = injector.sending(self)
                    whole.__enter__()
                count = real_send(self, data, flags)
                until = monotonic() + timeout - (clock() - started) / 1e9 if timeout and count < offered else None
                while count < offered:
                    if until is not None and not ready(self, max(0.0, until - monotonic()), to_send=True):
                        raise _socket.timeout("timed out")
                    with view[count:] as rest:
                        count += real_send(self, rest, flags)
            except BaseException as error:
                slot[AT_CALL] = 0
                times = started, clock()
                if count:
                    gone = bytes(view[:count])  # type: ignore[index]
                    probe.put(
                        who,
                        _SENDALL,
                        *times,
                        source,
                        failure,
                        self,
                        "sendall",
                        error,
                        args,
                        options,
                        gone,
                    )
                else:
                    fail(
                        who, _SENDALL, source, times, error, size_of(args[0]) if args else -1,
                        self, "sendall", error, args, options,
                    )  # fmt: skip
                probe.leave(self, who, error)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            whole_data = data if type(data) is bytes else view
            if injector is not None:
                told = sent("sendall", offered, offered, whole_data, flags, marks_of(flags))
                probe.put(who, _SENDALL, started, ended, source, dict, told)
                probe.leave(self, who)
                return None
            marks = NO_RESULT | who.marks | marks_of(flags)
            write(
                _SENDALL, who.key, started, ended, offered, offered, -1, whole_data, marks, -1, 0, flags,
                probe.sources.name(who.label), source, b"", None, mine.both[1],
            )  # fmt: skip
            probe.leave(self, who)
            return None
        except BaseException as error:
            hide(error)
            data = None
            del args  # until 3.10 the traceback keeps this frame, and with it buffers of the program
            raise
        finally:
            if whole is not None:
                whole.__exit__()
            if view is not None:
                view.release()

    def setting(call: str, really: Any) -> Callable[..., Any]:
        code, other = CODE[call], general(probe, find, call, really)

        def method(self: Any, /, *args: Any, **options: Any) -> Any:
            frame = look(1)
            try:
                who = usual(self)
                value = args[0] if len(args) == 1 else method
                tail = tails.get((type(value), value)) if type(value) in _PLAIN and who is not None else None
                places = known.get(key(frame.f_code))
                source = places.get(frame.f_lasti, 0) if places else 0
                if tail is None or options or not source:
                    result = other(self, *args, **options)
                    if type(value) in _PLAIN and len(tails) < _MOST_TAILS:
                        tails[(type(value), value)] = tail_of(with_args(call, args))
                else:
                    started = clock()
                    result = really(self, value)
                    ended = clock()
                    write(
                        code, who.key, started, ended, 0, -1, -1, b"", NO_RESULT | who.marks, -1, 0, 0,
                        probe.sources.name(who.label), source, tail, None, mine.both[1],
                    )  # fmt: skip
                who = find(self)
                if who is not None:
                    who.waits = gettimeout(self) != 0.0
                return result
            except BaseException as error:
                hide(error)
                raise

        return method

    return {
        "recv": recv, "recv_into": recv_into, "send": send, "sendall": sendall,
        "settimeout": setting("settimeout", real.settimeout), "setblocking": setting("setblocking", real.setblocking),
    }  # fmt: skip


_PLAIN = (int, float, bool, type(None))
