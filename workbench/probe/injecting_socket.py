"""Sockets of a program whose calls are made to do what they legally may: ask for less, offer less, wait.

The rules act between the recording and the real call, so a record shows what the program asked and what it got.
Nothing is taken and thrown away, nothing is made up; but for datagrams, which UDP may lose, double and reorder.
"""

from __future__ import annotations

import _socket
import errno
import os
import sys
from time import sleep

from . import format as record_format
from . import program_calls
from .facts import STREAM, flat, queued, size_of
from .format import TLS
from .program_calls import dressed
from .rules import RECEIVING, Decision, decide
from .tail import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from .program_socket import Identity, Probe
    from .rules import Injection

_AS_THEY_ARE = int(_socket.MSG_PEEK) | int(getattr(_socket, "MSG_WAITALL", 0)) | int(_socket.MSG_OOB)
_DATAGRAM = int(_socket.SOCK_DGRAM)
_OF_DATAGRAMS = ("recv", "recv_into", "recvfrom", "recvfrom_into")
_AT_ONCE = int(getattr(_socket, "MSG_DONTWAIT", 0))


class Injector:
    """Lets the rules of an injection have their say before each real call of a process."""

    find: Callable[[Any], Optional[Identity]]
    """Tells who a socket is; set as soon as there is a class of sockets."""

    def __init__(self, probe: Probe, injection: Injection) -> None:
        self._probe, self._injection = probe, injection

    def decided(self, sock: Any, call: str, flags: int = 0, size: int = 0) -> Optional[Decision]:
        """Return what is to be done to a *call* for *size* bytes, having waited; raises what is injected."""
        mine, who = self._probe.live.mine.__dict__, self.find(sock)
        if who is None:
            return None
        if call == "send" and mine.get("whole") is not None:
            return mine["whole"]  # type: ignore[no-any-return]
        mine["injected"] = None
        name = who.label or "socket %d" % who.key[1]  # the same one in each run of a program
        decision = decide(self._injection, who.key, call, name, who.counts, self._line)
        if decision is None:
            if call not in _OF_DATAGRAMS or flags & _AS_THEY_ARE or not who.pending:
                return None
            decision = Decision(who.key, call)
        if who.kind == _DATAGRAM and call in _OF_DATAGRAMS and not flags & _AS_THEY_ARE:
            decision.datagram = True
        if decision.most and (
            who.kind != STREAM or flags & _AS_THEY_ARE or not isinstance(size, int) or size <= decision.most
        ):
            decision.most = 0
        if decision.most:
            decision.note.update(max=decision.most, asked=size)
        if decision.delay:
            decision.note["delay"] = round(decision.delay, 6)
        mine["injected"] = decision
        if decision.delay:
            sleep(decision.delay)
        if decision.error:
            decision.note["error"] = errno.errorcode[decision.error]
            raise OSError(decision.error, os.strerror(decision.error))
        return decision

    def _line(self) -> str:
        frame = program_calls.look(1)
        while frame is not None and frame.f_code.co_filename.startswith(self._probe.sources.passed_over):
            frame = frame.f_back
        return "" if frame is None else self._probe.sources.text(frame, frame.f_lineno)

    def sending(self, sock: Any) -> _Whole:
        """Return a context for the sends of one sendall."""
        return _Whole(self._probe.live.mine.__dict__, self.decided(sock, "sendall", 0, sys.maxsize))

    def pending(self, sock: Any) -> list[Any]:
        """Return what is kept for later calls of *sock*."""
        who = self.find(sock)
        return [] if who is None else who.pending

    def note(self, sock: Any, who: Identity, call: str, facts: Any) -> None:
        """Put into the *facts* of a call what was done to it; a recv that asked for less has not emptied the queue."""
        mine = self._probe.live.mine.__dict__
        decision = mine.get("injected")
        if decision is None or (decision.key, decision.call) != (who.key, call):
            return
        mine["injected"] = None
        if call == "sendall" and decision.most:
            decision.note["asked"] = facts.get("requested", 0)
            if decision.most >= decision.note["asked"]:
                del decision.note["max"], decision.note["asked"]
        if decision.note.keys() - {"nth"}:
            facts["flags"] = facts.get("flags", 0) | record_format.INJECTED
            facts["tail"] = _with(facts.get("tail", b""), decision.note)
        if call in RECEIVING and who.kind == STREAM and not who.marks & TLS and decision.most:
            facts["left"] = queued(sock, who.kind)

    def below(self, real: Any) -> Any:
        """Return the class upon *real* that makes the calls as the rules will have them."""
        decided, look = self.decided, {name: getattr(real, name) for name in ("__module__", "__qualname__", "__doc__")}

        def recv(self: Any, bufsize: int, flags: int = 0, /) -> Any:
            decision = decided(self, "recv", flags, bufsize)
            if decision is not None and decision.datagram:
                return datagram(self, decision, lambda extra: real.recvfrom(self, bufsize, flags | extra))[0]
            return real.recv(self, _cut(decision, bufsize), flags)

        def recvfrom(self: Any, bufsize: int, flags: int = 0, /) -> Any:
            decision = decided(self, "recvfrom", flags, bufsize)
            if decision is not None and decision.datagram:
                return datagram(self, decision, lambda extra: real.recvfrom(self, bufsize, flags | extra))
            return real.recvfrom(self, _cut(decision, bufsize), flags)

        def recv_into(self: Any, buffer: Any, nbytes: int = 0, flags: int = 0) -> Any:
            decision = decided(self, "recv_into", flags, nbytes or size_of(buffer))
            if decision is not None and decision.datagram:
                return datagram_into(self, decision, buffer, nbytes, flags)[0]
            return real.recv_into(self, buffer, _cut(decision, nbytes, size_of(buffer)), flags)

        def recvfrom_into(self: Any, buffer: Any, nbytes: int = 0, flags: int = 0) -> Any:
            decision = decided(self, "recvfrom_into", flags, nbytes or size_of(buffer))
            if decision is not None and decision.datagram:
                return datagram_into(self, decision, buffer, nbytes, flags)
            return real.recvfrom_into(self, buffer, _cut(decision, nbytes, size_of(buffer)), flags)

        def datagram(sock: Any, decision: Decision, receive: Callable[[int], Any]) -> Any:
            return _datagram(pending(sock), decision, receive)

        def datagram_into(sock: Any, decision: Decision, buffer: Any, nbytes: int, flags: int) -> Any:
            room = nbytes or size_of(buffer)
            data, address = datagram(sock, decision, lambda extra: real.recvfrom(sock, room, flags | extra))
            memoryview(buffer).cast("B")[: len(data)] = data
            return len(data), address

        def recvmsg(self: Any, bufsize: int, ancbufsize: int = 0, flags: int = 0, /) -> Any:
            return real.recvmsg(self, _cut(decided(self, "recvmsg", flags, bufsize), bufsize), ancbufsize, flags)

        def recvmsg_into(self: Any, buffers: Any, ancbufsize: int = 0, flags: int = 0, /) -> Any:
            decision = decided(self, "recvmsg_into", flags, size_of(buffers))
            if decision is not None and decision.most:
                buffers = _first(buffers, decision.most)
            return real.recvmsg_into(self, buffers, ancbufsize, flags)

        def send(self: Any, data: Any, flags: int = 0, /) -> Any:
            decision = decided(self, "send", flags, size_of(data))
            view = flat(data) if decision is not None and decision.most else None
            return real.send(self, data if view is None else view[: decision.most], flags)  # type: ignore[union-attr]

        def sendmsg(self: Any, buffers: Any, ancdata: Any = (), flags: int = 0, address: Any = None, /) -> Any:
            decision = decided(self, "sendmsg", flags, size_of(buffers))
            if decision is not None and decision.most:
                buffers = _first(buffers, decision.most)
            return real.sendmsg(self, buffers, ancdata, flags, address)

        def sendto(self: Any, data: Any, *args: Any) -> Any:
            decided(self, "sendto", 0, 0)
            return real.sendto(self, data, *args)

        def connect(self: Any, address: Any, /) -> Any:
            decided(self, "connect")
            return real.connect(self, address)

        def connect_ex(self: Any, address: Any, /) -> Any:
            try:
                decided(self, "connect_ex")
            except OSError as error:
                return error.errno or 0
            return real.connect_ex(self, address)

        def _accept(self: Any) -> Any:
            decided(self, "accept")
            return real._accept(self)

        pending = self.pending
        own = (recv, recvfrom, recv_into, recvfrom_into, recvmsg, recvmsg_into, send, sendmsg, sendto)
        methods = {each.__name__: each for each in (*own, connect, connect_ex, _accept)}
        return type(real.__name__, (real,), {"__slots__": (), **look, **methods})

    def cut_plain_bytes(self, kind: Any) -> None:
        """Let *kind*, the class SSLSocket, ask and offer less; a write is repeated as it was."""
        read, send, decided, pending = kind.read, kind.send, self.decided, self.pending

        def read_cut(self: Any, len: int = 1024, buffer: Any = None) -> Any:
            if self._sslobj is None or self.gettimeout() == 0:
                return read(self, len, buffer)  # select would not see what a cut leaves within OpenSSL
            room = len if buffer is None else min(len or size_of(buffer), size_of(buffer))
            decision = decided(self, "recv" if buffer is None else "recv_into", 0, room)
            return read(self, _cut(decision, room), buffer)

        def send_cut(self: Any, data: Any, flags: int = 0) -> Any:
            again = pending(self)
            if self._sslobj is None or flags or again:
                del again[:]
                return send(self, data, flags)
            decision = decided(self, "send", 0, size_of(data))
            view = flat(data) if decision is not None and decision.most else None
            try:
                return send(self, data if view is None else view[: decision.most])  # type: ignore[union-attr]
            except OSError:
                again.append(True)
                raise

        kind.read, kind.send = dressed(read_cut, read), dressed(send_cut, send)

    def cut_plain_sendall(self, kind: Any) -> None:
        """Let a sendall of *kind*, the class SSLSocket, consist of the pieces that the rules want."""
        sendall, sending = kind.sendall, self.sending

        def sendall_cut(self: Any, data: Any, flags: int = 0) -> Any:
            if self._sslobj is None or flags:
                return sendall(self, data, flags)
            with sending(self):
                return sendall(self, data, flags)

        kind.sendall = dressed(sendall_cut, sendall)


class _Whole:
    """The time of one sendall, whose sends are cut as it says."""

    def __init__(self, mine: Any, decision: Optional[Decision]) -> None:
        self._mine, self._decision = mine, decision

    def __enter__(self) -> None:
        self._mine["whole"] = self._decision or _UNCUT

    def __exit__(self, *raised: Any) -> None:
        self._mine["whole"] = None


_UNCUT = Decision((0, 0), "sendall")


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


def _datagram(kept: list[Any], decision: Decision, receive: Callable[[int], tuple[bytes, Any]]) -> tuple[bytes, Any]:
    """Receive one datagram: the one that was kept, the next but one, or the next."""
    if kept:
        word, datagram, nth = kept.pop(0)
        decision.note.update({word: 1, "nth": nth})  # of the call that kept it
        return datagram  # type: ignore[no-any-return]
    first = receive(0)
    if decision.drop:
        decision.note["drop"] = 1
        first = receive(0)
    if decision.dup:
        kept.append(("dup", first, decision.note["nth"]))
    elif decision.reorder:
        try:
            second = receive(_AT_ONCE)
        except OSError:
            return first
        decision.note["reorder"] = 1
        kept.append(("reorder", first, decision.note["nth"]))
        return second
    return first
