"""A call, as decoded from its record.

Two rules. A record may hold anything, since a session file may come from anywhere: what is not as it should be decodes
to "unknown", never to an exception. And a Call says what happened, not what it means: that is explain's and lineage's.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from workbench.model.address import plain
from workbench.model.constants import name_arguments, name_flags
from workbench.probe import record

Json = Any
"""What JSON can hold."""


class Head(NamedTuple):
    """The fixed part of a record of kind CALL, field by field as in probe.record.FIXED."""

    kind: int
    code: int
    flags: int
    writer: int
    pid: int
    socket_pid: int
    socket_number: int
    thread: int
    name: int
    source: int
    started: int
    ended: int
    result: int
    requested: int
    left: int
    size: int
    errno: int
    message_flags: int
    tail_length: int

    @property
    def socket(self) -> tuple[int, int]:
        """The socket's key: pid of the process that made it, and its number there."""
        return self.socket_pid, self.socket_number


class Tail(msgspec.Struct, frozen=True):
    """What a record's tail may hold; addresses as Python gave them, with bytes decoded as file names are."""

    args: list[Json] | None = None
    result: Json = None
    error: tuple[str, str] | None = None
    family: int = 0
    type: int = 0
    local: Json = None
    peer: Json = None
    made: list[tuple[int, int]] = []
    fd: int = -1
    inode: int = 0


@dataclass(frozen=True, slots=True)
class Error:
    """What a call raised: the exception's name, its errno's name if it has one, and its message."""

    type: str
    errno: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """One socket call as it happened. Times in seconds; bytes as they really moved; None where a thing is not known."""

    seq: int
    time: float
    duration: float | None
    pid: int
    thread: str
    socket: str
    name: str
    call: str
    args: list[Json]
    result: Json
    error: Error | None
    data: bytes
    requested: int | None
    left: int | None
    truncated: bool | None
    size: int | None
    source: str
    peek: bool = False
    datagram: bool = False
    local: Json = None
    peer: Json = None
    descriptor: int | None = None
    inode: int | None = None
    unfinished: bool = False

    @property
    def sends(self) -> bool:
        """Whether the call's bytes went out."""
        return record.CODE.get(self.call, 0) in record.SENDS

    @property
    def receives(self) -> bool:
        """Whether the call's bytes came in."""
        return record.CODE.get(self.call, 0) in record.RECVS


def decode_tail(tail: bytes) -> Tail:
    """Return what *tail* holds; an empty Tail if it is not what a recorder writes."""
    if not tail:
        return _EMPTY
    try:
        return msgspec.json.decode(tail, type=Tail, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return _EMPTY


_EMPTY = Tail()


def socket_id(pid: int, number: int) -> str:
    """Return a socket's name in JSON and on the command line, such as "4711.3"."""
    return f"{pid}.{number}" if number else ""


def decode(head: Head, tail_bytes: bytes, data: bytes, *, seq: int, time: float, text: tuple[str, str, str]) -> Call:
    """Return the call that a record holds. *text*: its thread, its socket's name, its source."""
    tail = decode_tail(tail_bytes)
    name = record.CALLS[head.code] if head.code < len(record.CALLS) else f"call {head.code}"
    return Call(
        seq=seq,
        time=time,
        duration=max(0, head.ended - head.started) / 1e9,
        pid=head.pid,
        thread=text[0],
        socket=socket_id(head.socket_pid, head.socket_number),
        name=text[1],
        call=name,
        args=_arguments(name, head, tail),
        result=_result(name, head, tail),
        error=_error(head, tail) if head.flags & record.FAILED else None,
        data=data,
        requested=_known(head.requested),
        left=_known(head.left),
        truncated=bool(head.flags & record.TRUNCATED) if _truncation_known(head) else None,
        size=_known(head.size),
        source=text[2],
        peek=bool(head.flags & record.PEEK),
        datagram=bool(head.flags & record.DATAGRAM),
        local=None if tail.local is None else plain(tail.local),
        peer=None if tail.peer is None else plain(tail.peer),
        descriptor=_known(tail.fd),
        inode=tail.inode or None,
    )


def _known(number: int) -> int | None:
    return None if number < 0 else number


def _truncation_known(head: Head) -> bool:
    """A stream never truncates; of a datagram only a call that asked for the flag or the size knows."""
    return head.code not in record.RECVS or not head.flags & record.DATAGRAM or bool(head.flags & record.WHOLE)


def _arguments(name: str, head: Head, tail: Tail) -> list[Json]:
    if tail.args is not None:
        args = [plain(argument) if isinstance(argument, str | list) else argument for argument in tail.args]
        return name_arguments(name, args)
    plain_recv = head.code in record.RECVS and head.requested >= 0
    args = [head.requested] if plain_recv else []
    return [*args, name_flags(head.message_flags)] if head.message_flags else args


def _result(name: str, head: Head, tail: Tail) -> Json:
    if head.flags & (record.FAILED | record.NO_RESULT):
        return None
    if name == "accept" and tail.made:
        return [socket_id(*tail.made[0]), plain(tail.peer if tail.peer is not None else "")]
    if head.flags & record.OTHER_RESULT:
        return plain(tail.result) if isinstance(tail.result, str | list) else tail.result
    return head.result


def _error(head: Head, tail: Tail) -> Error:
    kind, message = tail.error or ("OSError", "")
    return Error(kind, errno.errorcode.get(head.errno, str(head.errno)) if head.errno else None, message)


def to_json(call: Call, lineage: list[tuple[int, int, int]] | None) -> dict[str, Json]:
    """Return the object that stands for *call* in JSON; *lineage*: seq, start, stop of each send, None if not known."""
    shown: dict[str, Json] = {
        "seq": call.seq,
        "time": round(call.time, 9),
        "duration": None if call.duration is None else round(call.duration, 9),
        "pid": call.pid,
        "thread": call.thread,
        "socket": call.socket,
        "name": call.name,
        "call": call.call,
        "args": call.args,
        "result": call.result,
        "error": call.error,
        "data": call.data,
        "requested": call.requested,
        "left": call.left,
        "truncated": call.truncated,
        "source": call.source,
        "lineage": None
        if lineage is None
        else [dict(zip(("seq", "start", "stop"), part, strict=True)) for part in lineage],
    }
    if call.size is not None:
        shown["size"] = call.size
    if call.peek:
        shown["peek"] = True
    if call.unfinished:
        shown["unfinished"] = True
    return shown
