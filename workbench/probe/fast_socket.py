"""The four calls that carry a stream's bytes, recorded as TransferSocket does, with less ado.

What is out of the ordinary (a datagram, flags, an error, a recv that filled its buffer) goes the general way.
"""

from __future__ import annotations

import _socket
from struct import error as NoNumber
from sys import _getframe
from time import monotonic_ns as clock

from .facts import STREAM
from .format import CODE
from .format import NO_RESULT as _NONE
from .page import AT_CALL, NOTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .program_socket import Probe, ProgramSocket

_note = NOTE.pack_into
_SEND, _SENDALL, _RECV, _RECV_INTO = (CODE[name] for name in ("send", "sendall", "recv", "recv_into"))


def fast_methods(probe: Probe, general: dict[str, Callable[..., Any]], hide: Any) -> dict[str, Any]:
    """Return send, sendall, recv and recv_into. *general*: the methods that can do everything."""
    recorder, sources, mine = probe.recorder, probe.sources, probe.live.mine
    places, names, source_of, write = sources.places, sources.names, sources.of, recorder.call
    any_send, any_sendall = general["send"], general["sendall"]
    any_recv, any_recv_into = general["recv"], general["recv_into"]
    real_send, real_recv, real_recv_into = _socket.socket.send, _socket.socket.recv, _socket.socket.recv_into

    def recv(self: ProgramSocket, bufsize: int, flags: int = 0, /) -> Any:
        try:
            if flags or self._wb_kind != STREAM:
                return any_recv(self, bufsize, flags)
            frame = _getframe(1)
            try:
                source = places[id(frame.f_code)][frame.f_lasti]
            except KeyError:
                source = source_of(frame)
            try:
                slot, thread = mine.both
                key, name = self._wb_key, names[self._wb_label]
                started = clock()
                _note(slot, 0, thread, key[0], key[1], name, source, 0, bufsize, started, _RECV)
            except (AttributeError, KeyError, NoNumber):
                slot = None
            if slot is None:
                return any_recv(self, bufsize, flags)
            try:
                data = real_recv(self, bufsize)
            except BaseException as error:
                slot[AT_CALL] = 0
                self._wb_write_failed_recv("recv", started, error, bufsize, 0)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            count = len(data)
            if count >= bufsize or not count:
                self._wb_write_recv("recv", (started, ended), data, count, bufsize, 0)
            else:
                write(_RECV, key, started, ended, count, bufsize, 0, data, 0, -1, 0, 0, name, source, b"", None, thread)
            return data
        except BaseException as error:
            hide(error)
            raise

    def recv_into(self: ProgramSocket, buffer: Any, nbytes: int = 0, flags: int = 0) -> Any:
        try:
            if flags or self._wb_kind != STREAM or type(buffer) not in _BUFFERS:
                return any_recv_into(self, buffer, nbytes, flags)
            frame = _getframe(1)
            try:
                source = places[id(frame.f_code)][frame.f_lasti]
            except KeyError:
                source = source_of(frame)
            try:
                slot, thread = mine.both
                key, name = self._wb_key, names[self._wb_label]
                view = memoryview(buffer).cast("B")
                asked = nbytes or len(view)
                started = clock()
                _note(slot, 0, thread, key[0], key[1], name, source, 0, asked, started, _RECV_INTO)
            except (AttributeError, KeyError, NoNumber, TypeError, ValueError):
                slot = None
            if slot is None:
                return any_recv_into(self, buffer, nbytes, flags)
            try:
                count = real_recv_into(self, buffer, nbytes)
            except BaseException as error:
                slot[AT_CALL] = 0
                self._wb_write_failed_recv("recv_into", started, error, asked, 0)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            if count >= asked or not count:
                self._wb_write_recv("recv_into", (started, ended), buffer, count, asked, 0)
            else:
                data = view[:count]
                write(
                    _RECV_INTO, key, started, ended, count, asked, 0, data, 0, -1, 0, 0, name, source, b"", None, thread
                )
            return count
        except BaseException as error:
            hide(error)
            raise

    def send(self: ProgramSocket, data: Any, flags: int = 0, /) -> Any:
        try:
            if flags or self._wb_kind != STREAM or type(data) is not bytes:
                return any_send(self, data, flags)
            frame = _getframe(1)
            try:
                source = places[id(frame.f_code)][frame.f_lasti]
            except KeyError:
                source = source_of(frame)
            try:
                slot, thread = mine.both
                key, name = self._wb_key, names[self._wb_label]
            except (AttributeError, KeyError):
                slot = None
            if slot is None:
                return any_send(self, data, flags)
            offered = len(data)
            started = clock()
            _note(slot, 0, thread, key[0], key[1], name, source, 0, offered, started, _SEND)
            try:
                sent = real_send(self, data)
            except BaseException as error:
                slot[AT_CALL] = 0
                self._wb_write_failed_send("send", started, error, data, 0)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            moved = data if sent == offered else data[:sent]
            write(_SEND, key, started, ended, sent, offered, -1, moved, 0, -1, 0, 0, name, source, b"", None, thread)
            return sent
        except BaseException as error:
            hide(error)
            raise

    def sendall(self: ProgramSocket, data: Any, flags: int = 0, /) -> Any:
        try:
            if flags or self._wb_kind != STREAM or type(data) is not bytes or self.gettimeout() is not None:
                return any_sendall(self, data, flags)
            frame = _getframe(1)
            try:
                source = places[id(frame.f_code)][frame.f_lasti]
            except KeyError:
                source = source_of(frame)
            try:
                slot, thread = mine.both
                key, name = self._wb_key, names[self._wb_label]
            except (AttributeError, KeyError):
                slot = None
            if slot is None:
                return any_sendall(self, data, flags)
            offered, sent = len(data), 0
            started = clock()
            _note(slot, 0, thread, key[0], key[1], name, source, 0, offered, started, _SENDALL)
            try:
                sent = real_send(self, data)
                while sent < offered:
                    sent += real_send(self, memoryview(data)[sent:])
            except BaseException as error:
                slot[AT_CALL] = 0
                self._wb_write_failed_send("sendall", started, error, data, 0, sent)
                raise
            ended = clock()
            slot[AT_CALL] = 0
            write(
                _SENDALL, key, started, ended, sent, offered, -1, data, _NONE, -1, 0, 0, name, source, b"", None, thread
            )
            return None
        except BaseException as error:
            hide(error)
            raise

    return {"send": send, "sendall": sendall, "recv": recv, "recv_into": recv_into}


_BUFFERS = (bytearray, memoryview)
