"""A call, as decoded from its record.

Two rules. A record may hold anything, since a session file may come from anywhere: what is not as it should be decodes
to "unknown", never to an exception. And a Call says what happened, not what it means: that is explain's and lineage's.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import msgspec

from workbench.model.call.address import plain
from workbench.model.call.constants import name_arguments, name_flags
from workbench.model.call.value import PlainAddress, Value
from workbench.probe import format as record_format
from workbench.probe.format import Head

SENT, RECEIVED, FAILED, UNSEEN, REPEATED = 1, 2, 4, 8, 16
"""Marks of a call, kept in the journal's index so that filters and the log's rows need not read the call.

FAILED: it raised or, as connect_ex, returned an errno. UNSEEN: it shows that bytes pass which no call moves, or that
a close throws away. REPEATED: it moved no bytes, and says what the call before it said.
"""

Number: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a record's fixed part could hold too."""


_SENDS, _RECVS = (
    frozenset(record_format.CALLS[code] for code in codes) for codes in (record_format.SENDS, record_format.RECVS)
)


class Tail(msgspec.Struct, frozen=True):
    """What a record's tail may hold; addresses as Python gave them, with bytes decoded as file names are."""

    args: list[Value] | None = None
    result: Value = None
    error: tuple[str, str] | None = None
    family: Number = 0
    type: Number = 0
    local: PlainAddress | None = None
    peer: PlainAddress | None = None
    made: list[tuple[Number, Number]] = []
    label: str = ""
    fd: Number = -1
    inode: Number = 0
    peer_inode: Number = 0
    tcp: list[Number] = []
    unread: Number = -1
    retries: Number = -1
    now: Number | None = None
    timeout: float | None = None
    descriptors: Number = 0
    injected: dict[str, int | float | str] | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """What a call raised: the exception's name, its errno's name if it has one, and its message."""

    type: str
    errno: str | None
    message: str


class Call(msgspec.Struct, frozen=True):
    """One socket call as it happened. Times in seconds; bytes as they really moved; None where a thing is not known."""

    seq: int
    time: float
    duration: float | None
    pid: int
    thread: str
    socket: str
    name: str
    call: str
    args: list[Value]
    result: Value
    error: Error | None
    data: bytes
    requested: int | None
    left: int | None
    truncated: bool | None
    size: int | None
    source: str
    peek: bool = False
    datagram: bool = False
    local: PlainAddress | None = None
    peer: PlainAddress | None = None
    descriptor: int | None = None
    inode: int | None = None
    made: tuple[str, ...] = ()
    label: str = ""
    """Of an accept, the name of the socket that it made; "" where it has none."""
    unfinished: bool = False
    tls: bool = False
    """Its bytes are the plain ones of a TLS connection, whose ciphertext is not seen."""
    dropped: bool = False
    """A datagram sent that was lost, as its receiver's queue was full."""
    unread: int | None = None
    """Of a close or shutdown: bytes of a stream, or of a SEQPACKET connection, that lay in the receive queue."""
    tcp_state: int | None = None
    """The connection's state before a close or shutdown, and at a recv's b'', numbered as in net/tcp_states.h."""
    now: int | None = None
    """Of a setsockopt with a number: what the kernel made of it, where that is another one."""
    timeout: float | None = None
    """Of a call that makes or names a socket: that one's timeout in seconds, where it has one."""
    descriptors: int = 0
    """Of a sendmsg or recvmsg: how many descriptors went or came with it (SCM_RIGHTS)."""
    retries: int | None = None
    """Of a TCP connect that took long or failed: how often the kernel had repeated its SYN."""
    injected: dict[str, int | float | str] | None = None
    """What --inject did to it: {"max": 1, "asked": 1024, "nth": 3}; nth: which of the socket's calls of its kind."""

    @property
    def cancelled(self) -> bool:
        """Whether it failed only because the person ended its wait."""
        return self.error is not None and self.error.type == "Cancelled"

    @property
    def sends(self) -> bool:
        """Whether the call's bytes went out."""
        return self.call in _SENDS

    @property
    def receives(self) -> bool:
        """Whether the call's bytes came in."""
        return self.call in _RECVS


def decode_tail(tail: bytes) -> Tail:
    """Return what *tail* holds; an empty Tail if it is not what a recorder writes."""
    if not tail or tail.count(b"[") + tail.count(b"{") > _MOST_LISTS:
        return _EMPTY
    try:
        return msgspec.json.decode(tail, type=Tail, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _EMPTY


_EMPTY = Tail()
_MOST_LISTS = 100  # no call has more, and whoever draws it need not care for deeper nesting
_WITH_ADDRESS = ("bind", "connect", "connect_ex", "sendto", "sendmsg")
_TELLING_ADDRESS = ("getsockname", "getpeername")
_COUNTS, _INCOMING = 5, 3  # what probe.facts.counted writes of a TCP connection


def socket_id(pid: int, number: int) -> str:
    """Return a socket's name in JSON and on the command line, such as "4711.3"."""
    return f"{pid}.{number}" if number else ""


def decode(head: Head, tail_bytes: bytes, data: bytes, *, seq: int, time: float, text: tuple[str, str, str]) -> Call:
    """Return the call that a record holds. *text*: its thread, its socket's name, its source."""
    tail = decode_tail(tail_bytes)
    name = record_format.CALLS[head.code] if 0 < head.code < len(record_format.CALLS) else f"call {head.code}"
    unfinished = bool(head.flags & record_format.UNFINISHED)
    return Call(
        seq=seq,
        time=time,
        duration=None if unfinished else max(0, head.ended - head.started) / 1e9,
        pid=head.pid,
        thread=text[0],
        socket=socket_id(head.socket_pid, head.socket_number),
        name=text[1],
        call=name,
        args=_arguments(name, head, tail),
        result=_result(name, head, tail),
        error=_error(head, tail) if head.flags & record_format.FAILED else None,
        data=data,
        requested=_known(head.requested),
        left=_known(head.left),
        truncated=_truncated(head),
        size=_known(head.size),
        source=text[2],
        peek=bool(head.flags & record_format.PEEK),
        datagram=bool(head.flags & record_format.DATAGRAM),
        local=None if tail.local is None else plain(tail.local),
        peer=None if tail.peer is None else plain(tail.peer),
        descriptor=_known(tail.fd),
        inode=tail.inode or None,
        made=tuple(socket_id(*key) for key in tail.made),
        label=tail.label,
        unfinished=unfinished,
        tls=bool(head.flags & record_format.TLS),
        dropped=bool(head.flags & record_format.DROPPED),
        unread=_known(unread(tail)),
        tcp_state=tail.tcp[0] if len(tail.tcp) == _COUNTS else None,
        now=tail.now,
        timeout=tail.timeout,
        descriptors=max(0, tail.descriptors),
        retries=_known(tail.retries),
        injected=tail.injected if head.flags & record_format.INJECTED else None,
    )


def unread(tail: Tail) -> int:
    """Return the bytes that a close or shutdown found in the receive queue; -1 where it does not tell."""
    return tail.tcp[_INCOMING] if len(tail.tcp) == _COUNTS else tail.unread


def _known(number: int) -> int | None:
    return None if number < 0 else number


def _truncated(head: Head) -> bool | None:
    """A stream never truncates; whether a datagram was cut is known where the call asked, or had room to spare."""
    took_datagram = (
        head.code in record_format.RECVS
        and head.flags & record_format.DATAGRAM
        and not head.flags & record_format.FAILED
    )
    return (
        None if took_datagram and not head.flags & record_format.WHOLE else bool(head.flags & record_format.TRUNCATED)
    )


def _arguments(name: str, head: Head, tail: Tail) -> list[Value]:
    args = list(tail.args or ())
    if tail.args is None and head.code in record_format.RECVS and head.requested >= 0:
        args = [head.requested]
    if name in _WITH_ADDRESS and args and isinstance(args[-1], str | list):
        args[-1] = plain(args[-1])
    if head.message_flags:  # before the address, behind all else
        args.insert(len(args) - (name in _WITH_ADDRESS and len(args) > 0), name_flags(head.message_flags))
    return name_arguments(name, args)


def _result(name: str, head: Head, tail: Tail) -> Value:
    if head.flags & (record_format.FAILED | record_format.UNFINISHED):
        return None
    if name in _TELLING_ADDRESS:
        return plain(tail.result)
    if head.flags & record_format.NO_RESULT:
        return None
    if name == "accept" and tail.made:
        return [socket_id(*tail.made[0]), plain(tail.peer)]
    if name == "socketpair" and tail.made:
        return [socket_id(*key) for key in tail.made]
    return tail.result if head.flags & record_format.OTHER_RESULT else head.result


def _error(head: Head, tail: Tail) -> Error:
    kind, message = tail.error or ("OSError", "")
    return Error(kind, errno.errorcode.get(head.errno, str(head.errno)) if head.errno else None, message)


Shown: TypeAlias = "Value | bytes | Error"
"""What msgspec writes as the JSON of a call: bytes as base64, an Error as an object."""


def to_json(call: Call, lineage: Sequence[tuple[int, int, int]] | None) -> dict[str, Shown]:
    """Return the object that stands for *call* in JSON; *lineage*: seq, start, stop of each send, None if not known."""
    shown: dict[str, Shown] = {
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
    if call.call in ("dup", "socketpair"):
        shown["made"] = list(call.made)
    if call.peek:
        shown["peek"] = True
    if call.tls:
        shown["tls"] = True
    if call.dropped:
        shown["lost"] = True
    if call.unfinished:
        shown["unfinished"] = True
    if call.injected is not None:
        shown["injected"] = {key: value for key, value in call.injected.items() if key != "nth"}
    return shown
