"""Sockets of a program whose calls are made to do what they legally may: ask for less, offer less, wait.

The rules act between the recording and the real call, so a record shows what the program asked and what it got.
Nothing is taken and thrown away, nothing is made up; but for datagrams, which UDP may lose, double and reorder.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from time import sleep

from . import format as record_format
from .facts import STREAM, flat, queued, size_of
from .program_socket import ProgramSocket
from .rules import RECEIVING, Decision, decide
from .tail import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, ClassVar, Optional

    from .rules import Injection

_AS_THEY_ARE = int(socket.MSG_PEEK) | int(getattr(socket, "MSG_WAITALL", 0)) | int(socket.MSG_OOB)
_DATAGRAM = int(socket.SOCK_DGRAM)
_OF_DATAGRAMS = ("recv", "recv_into", "recvfrom", "recvfrom_into")
_AT_ONCE = int(getattr(socket, "MSG_DONTWAIT", 0))


class CutSocket(socket.socket):
    """The real calls, each after the rules had their say. `_wb_decided` comes from the class that stands before."""

    __slots__ = ()

    _wb_kind: int
    _wb_decided: Callable[..., Optional[Decision]]
    _wb_pending: Callable[[], list[Any]]

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """socket.recv."""
        decision = self._wb_decided("recv", flags, bufsize)
        if decision is not None and decision.datagram:
            return _datagram(self, decision, lambda extra: super(CutSocket, self).recvfrom(bufsize, flags | extra))[0]
        return super().recv(_cut(decision, bufsize), flags)

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """socket.recvfrom."""
        decision = self._wb_decided("recvfrom", flags, bufsize)
        if decision is not None and decision.datagram:
            return _datagram(self, decision, lambda extra: super(CutSocket, self).recvfrom(bufsize, flags | extra))
        return super().recvfrom(_cut(decision, bufsize), flags)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """socket.recv_into."""
        decision = self._wb_decided("recv_into", flags, nbytes or size_of(buffer))
        if decision is not None and decision.datagram:
            return self._wb_datagram_into(decision, buffer, nbytes, flags)[0]
        return super().recv_into(buffer, _cut(decision, nbytes, size_of(buffer)), flags)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """socket.recvfrom_into."""
        decision = self._wb_decided("recvfrom_into", flags, nbytes or size_of(buffer))
        if decision is not None and decision.datagram:
            return self._wb_datagram_into(decision, buffer, nbytes, flags)
        return super().recvfrom_into(buffer, _cut(decision, nbytes, size_of(buffer)), flags)

    def _wb_datagram_into(self, decision: Decision, buffer: Any, nbytes: int, flags: int) -> tuple[int, Any]:
        room = nbytes or size_of(buffer)
        data, address = _datagram(self, decision, lambda extra: super(CutSocket, self).recvfrom(room, flags | extra))
        memoryview(buffer).cast("B")[: len(data)] = data
        return len(data), address

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> tuple[bytes, list[Any], int, Any]:
        """socket.recvmsg; a stream's only, as a datagram's ancillary data goes with it."""
        decision = self._wb_decided("recvmsg", flags, bufsize)
        return super().recvmsg(_cut(decision, bufsize), ancbufsize, flags)

    def recvmsg_into(self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> tuple[int, list[Any], int, Any]:
        """socket.recvmsg_into."""
        decision = self._wb_decided("recvmsg_into", flags, size_of(buffers))
        if decision is not None and decision.most:
            buffers = _first(buffers, decision.most)
        return super().recvmsg_into(buffers, ancbufsize, flags)

    def send(self, data: Any, flags: int = 0, /) -> int:
        """socket.send, of which a sendall is made as well."""
        decision = self._wb_decided("send", flags, size_of(data))
        view = flat(data) if decision is not None and decision.most else None
        return super().send(data if view is None else view[: decision.most], flags)  # type: ignore[union-attr]

    def sendmsg(self, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> int:
        """socket.sendmsg."""
        decision = self._wb_decided("sendmsg", flags, size_of(buffers))
        if decision is not None and decision.most:
            buffers = _first(buffers, decision.most)
        return super().sendmsg(buffers, ancdata, flags, address)

    def sendto(self, data: Any, *args: Any) -> int:
        """socket.sendto, which only waits or fails."""
        self._wb_decided("sendto", 0, 0)
        return super().sendto(data, *args)

    def connect(self, address: Any, /) -> None:
        """socket.connect."""
        self._wb_decided("connect")
        super().connect(address)

    def connect_ex(self, address: Any, /) -> int:
        """socket.connect_ex, which returns the error."""
        try:
            self._wb_decided("connect_ex")
        except OSError as error:
            return error.errno or 0
        return super().connect_ex(address)

    def _accept(self) -> Any:
        """_socket.socket._accept, of which accept is made."""
        self._wb_decided("accept")
        return super()._accept()  # type: ignore[misc]


class InjectingSocket(ProgramSocket, CutSocket):
    """A program's socket under rules."""

    __slots__ = ("_wb_counts", "_wb_kept")

    _wb_injection: ClassVar[Injection]
    _wb_counts: dict[Any, int]
    _wb_kept: list[Any]

    def __init_subclass__(cls, **options: Any) -> None:
        tls = cls.__module__ == "ssl" and cls.__name__ == "SSLSocket"
        if tls:
            _cut_plain_bytes(cls)
        super().__init_subclass__(**options)
        if tls:
            _cut_plain_sendall(cls)

    def _wb_decided(self, call: str, flags: int = 0, size: int = 0) -> Optional[Decision]:
        """Return what is to be done to a *call* for *size* bytes, having waited; raises what is injected."""
        mine = self._wb_live.mine
        if call == "send" and mine.__dict__.get("whole") is not None:
            return mine.whole  # type: ignore[no-any-return]
        mine.injected = None
        decision = decide(
            self._wb_injection, self._wb_key, call, _who(self), self._wb_mine("_wb_counts", dict), self._wb_line
        )
        kept = call in _OF_DATAGRAMS and not flags & _AS_THEY_ARE and self._wb_mine("_wb_kept", list)
        if decision is None:
            if not kept:
                return None
            decision = Decision(self._wb_key, call)
        if self._wb_kind == _DATAGRAM and call in _OF_DATAGRAMS and not flags & _AS_THEY_ARE:
            decision.datagram = True
        if decision.most and (self._wb_kind != STREAM or flags & _AS_THEY_ARE or size <= decision.most):
            decision.most = 0
        if decision.most:
            decision.note.update(max=decision.most, asked=size)
        if decision.delay:
            decision.note["delay"] = round(decision.delay, 6)
        mine.injected = decision
        if decision.delay:
            sleep(decision.delay)
        if decision.error:
            decision.note["error"] = errno.errorcode[decision.error]
            raise OSError(decision.error, os.strerror(decision.error))
        return decision

    def _wb_mine(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what this socket keeps under *name*; a subclass may not have called our __init__."""
        try:
            return getattr(self, name)
        except AttributeError:
            setattr(self, name, make())
            return getattr(self, name)

    def _wb_pending(self) -> list[Any]:
        kept: list[Any] = self._wb_mine("_wb_kept", list)
        return kept

    def _wb_line(self) -> str:
        frame: Optional[FrameType] = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename.startswith(self._wb_sources.passed_over):
            frame = frame.f_back
        return "" if frame is None else self._wb_sources._text(frame)

    def _wb_sending(self) -> Any:
        return _Whole(self._wb_live.mine, self._wb_decided("sendall", 0, sys.maxsize))

    def _wb_put(self, call: str, started: int, ended: int, facts: Any) -> None:
        mine = self._wb_live.mine
        decision = mine.__dict__.get("injected")
        if decision is not None and (decision.key, decision.call) == (self._wb_key, call):
            mine.injected = None
            if call == "sendall" and decision.most:
                decision.note["asked"] = facts.get("requested", 0)
                if decision.most >= decision.note["asked"]:
                    del decision.note["max"], decision.note["asked"]
            if decision.note.keys() - {"nth"}:
                facts["flags"] = facts.get("flags", 0) | record_format.INJECTED
                facts["tail"] = _with(facts.get("tail", b""), decision.note)
            if call in RECEIVING and self._wb_kind == STREAM and not self._wb_marks and decision.most:
                facts["left"] = queued(self, self._wb_kind)
        super()._wb_put(call, started, ended, facts)


class _Whole:
    """The time of one sendall, whose sends are cut as it says."""

    def __init__(self, mine: Any, decision: Optional[Decision]) -> None:
        self._mine, self._decision = mine, decision

    def __enter__(self) -> None:
        self._mine.whole = self._decision or _UNCUT

    def __exit__(self, *raised: Any) -> None:
        self._mine.whole = None


_UNCUT = Decision((0, 0), "sendall")


def _who(sock: Any) -> str:
    """Return a socket's name: the same one in each run of a program."""
    return sock._wb_label or "socket %d" % sock._wb_key[1]


def _with(tail: bytes, note: dict[str, Any]) -> bytes:
    """Return a record's *tail* with *note* in it."""
    own = b'"injected":' + dumps(note).encode()
    return tail[:-1] + b"," + own + b"}" if len(tail) > 2 else b"{" + own + b"}"


def _cut(decision: Optional[Decision], size: Any, room: int = 0) -> Any:
    """Return how many bytes are asked for; *room*: of the buffer, for a *size* of 0."""
    return size if decision is None or not decision.most else min(size or room, decision.most)


def _first(buffers: Any, most: int) -> list[Any]:
    """Return the first *most* bytes of *buffers*."""
    kept = []
    for buffer in buffers:
        view = memoryview(buffer).cast("B")[:most]
        most -= len(view)
        kept.append(view)
        if not most:
            break
    return kept


# --- datagrams --------------------------------------------------------------------------------------------------------


def _datagram(sock: Any, decision: Decision, receive: Callable[[int], tuple[bytes, Any]]) -> tuple[bytes, Any]:
    """Receive one datagram: the one that was kept, the next but one, or the next."""
    kept = sock._wb_pending()
    if kept:
        word, datagram = kept.pop(0)
        decision.note[word] = 1
        return datagram  # type: ignore[no-any-return]
    first = receive(0)
    if decision.drop:
        decision.note["drop"] = 1
        first = receive(0)
    if decision.dup:
        kept.append(("dup", first))
    elif decision.reorder:
        try:
            second = receive(_AT_ONCE)
        except OSError:
            return first
        decision.note["reorder"] = 1
        kept.append(("reorder", first))
        return second
    return first


# --- TLS --------------------------------------------------------------------------------------------------------------


def _cut_plain_bytes(kind: Any) -> None:
    """Let *kind*, the class SSLSocket, ask and offer less. A write that has to be repeated is repeated as it was."""
    read, send = kind.read, kind.send

    def read_cut(self: Any, len: int = 1024, buffer: Any = None) -> Any:
        if self._sslobj is None:
            return read(self, len, buffer)
        room = len if buffer is None else min(len or size_of(buffer), size_of(buffer))
        return read(self, _cut(self._wb_decided("recv" if buffer is None else "recv_into", 0, room), room), buffer)

    def send_cut(self: Any, data: Any, flags: int = 0) -> Any:
        again = self._wb_pending()
        if self._sslobj is None or flags or again:
            del again[:]
            return send(self, data, flags)
        decision = self._wb_decided("send", 0, size_of(data))
        view = flat(data) if decision is not None and decision.most else None
        try:
            return send(self, data if view is None else view[: decision.most])
        except OSError:
            again.append(True)
            raise

    for name, method in (("read", read_cut), ("send", send_cut)):
        for looks in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(method, looks, getattr(getattr(kind, name), looks))
        setattr(kind, name, method)


def _cut_plain_sendall(kind: Any) -> None:
    sendall = kind.sendall

    def sendall_cut(self: Any, data: Any, flags: int = 0) -> Any:
        if self._sslobj is None or flags:
            return sendall(self, data, flags)
        with self._wb_sending():
            return sendall(self, data, flags)

    for looks in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(sendall_cut, looks, getattr(sendall, looks))
    kind.sendall = sendall_cut
