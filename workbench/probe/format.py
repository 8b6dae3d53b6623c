"""The session file: how it is laid out, and how each fact of a call is put into it.

A session file holds nothing but records, one behind the other. Each was appended whole with one write(2), so that
processes and threads can share a file and a killed process leaves every call that returned. Numbers are little-endian,
written here as in Python's struct module. A record is

    PREFIX = <4sIII: magic, file, length, crc
    FIXED = <BBHIIIIIIIQQqqqqiII: kind, call, flags, writer, pid, socket_pid, socket_number, thread, name, source,
        started, ended, result, requested, left, size, errno, message_flags, tail_length
    tail: tail_length bytes of JSON in UTF-8, an object, or nothing
    data: the rest, the bytes that the call really moved

magic   f5 53 57 42. A reader that lost its way seeks the next record by magic, file and crc.
file    Tells this file's records from those of another session that lie in the data; the same in a whole file.
length  Of the whole record, PREFIX and all.
crc     CRC-32 (zlib) of FIXED, begun with length XOR file. It leaves out tail and data: summing every byte would
        slow busy programs.
kind    1 START  A writer begins. tail: format, program, wall and monotonic (ns, read at one moment), boot, platform,
                 python, parent and forked (the process it was forked from, and when). Each process has a writer of its own, whose number stands in all of its records.
        2 CALL   A call that returned or raised.
        3 TEXT   The text that *result* stands for in this writer's records; data holds it in UTF-8.
        4 NOTE   What a person wrote on a call. tail: seq, text, bookmark. The last one on a call counts.
        5 LOST   The writer could not keep this many calls so far. tail: calls.
        6 END    The writer has ended in order.
        7 EVENT  What is no call; *call* says which (EVENTS), thread and source as in a call:
                 1 exception  Nothing caught it. tail: error [type, message], traceback (texts "file:line in function",
                              the innermost last), thread (name). It ended the thread or the program.
                 2 exit       The interpreter ends. result: its exit code; flags NO_RESULT where it is not known.
                 3 wait       select, poll or epoll, from started to ended. tail: on ("epoll"), sockets ([[pid, number,
                              events asked, events told]]), timeout (seconds or null). result: how many were ready.
        8 WIRE   A segment or datagram of a capture, which no call moved. started: when. data: its payload. tail: local
                 and peer (from, to), protocol ("tcp", "udp"), seq, ack, flags ("SA" for SYN and ACK), length (on the
                 wire, where the capture has less). No socket, no thread.
call    Which call: the place of its name in CALLS.
flags   1 FAILED        It raised. tail: error [type, message]; errno, 0 where it has none.
        2 NO_RESULT     It returned None.
        4 OTHER_RESULT  Its result is no int: tail, result.
        8 TRUNCATED     The rest of the datagram was thrown away.
        16 PEEK         A recv with MSG_PEEK, which takes nothing.
        32 DATAGRAM     The socket keeps messages apart: datagram, seqpacket, raw.
        64 WHOLE        It is known whether the datagram was truncated.
        128 OUT_OF_BAND Urgent data (MSG_OOB).
        256 UNFINISHED  The call had not returned when its program died.
        512 TLS         The bytes are the plain ones of a TLS connection.
        1024 DROPPED    The receiver's queue was full: the datagram is lost.
        2048 DELIVERED  The datagram got into its receiver's queue.
        4096 INJECTED   The call was made to do what it legally may. tail, injected: {"max": 1, "asked": 1024} where
                        at most 1 byte was asked for or offered instead of 1024; {"error": "EAGAIN"} where it was not
                        made; {"delay": seconds}. *requested* is what the program asked.
        8192 MISCALLED  It raised for its arguments, before the system was asked. tail, passed: each argument as Python
                        writes it, cut after 80 characters ("'5'", "flags=0").
pid     Of the process that made the call; thread, name (of the socket), source ("file:line") are numbers of texts, 0 for none.
socket  socket_pid and socket_number, unique in the session: the process that made the socket, and its number there.
started, ended  Monotonic clock, ns.
result  The call's; for a send or recv the bytes that it moved, also of a sendall that failed.
requested, left, size  Bytes asked for or offered; bytes in the receive queue afterwards; the datagram's real size. -1: not known.
message_flags  MSG_… as passed.
tail    args (where they are not told otherwise: addresses as lists, bytes as names of files or, for options, as latin-1),
        local and peer (addresses), family, type, fd, inode (of the socket made or named), made ([[pid, number]]), label
        (of the accepted socket), peer_inode (UNIX), tcp ([state, bytes acked, bytes received, in the receive queue, in
        the send queue] as the kernel counts them), unread (UNIX: bytes in the receive queue), retries (of a connect:
        SYNs that the kernel repeated), now (of a setsockopt: the number that the kernel made of the one it was given), timeout (of the socket made or named, where
        it has one: seconds), descriptors (that went or came with a message).

A reader skips kinds, flags and keys that it does not know. A record at the end that is shorter than its length is still being
written, or was cut off.
"""  # noqa: E501 - a table

from __future__ import annotations

import _socket
import struct
from _operator import itemgetter
from binascii import crc32

from .tail import argument, dumps, option, source_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    Facts = dict[str, Any]
    """What a call did, as Recorder.call takes it."""

FORMAT = 1
MAGIC = b"\xf5SWB"
PREFIX = struct.Struct("<4sIII")
_FIELDS = (
    *(("kind", "B"), ("code", "B"), ("flags", "H"), ("writer", "I"), ("pid", "I"), ("socket_pid", "I")),
    *(("socket_number", "I"), ("thread", "I"), ("name", "I"), ("source", "I"), ("started", "Q"), ("ended", "Q")),
    *(("result", "q"), ("requested", "q"), ("left", "q"), ("size", "q"), ("errno", "i"), ("message_flags", "I")),
    ("tail_length", "I"),
)
FIELDS = tuple(name for name, _ in _FIELDS)
FIXED = struct.Struct("<" + "".join(code for _, code in _FIELDS))
HEAD_SIZE = PREFIX.size + FIXED.size
pack_prefix, pack_fixed = PREFIX.pack, FIXED.pack

START, CALL, TEXT, NOTE, LOST, END, EVENT, WIRE = range(1, 9)
FAILED, NO_RESULT, OTHER_RESULT, TRUNCATED, PEEK, DATAGRAM, WHOLE = (1 << bit for bit in range(7))
OUT_OF_BAND, UNFINISHED, TLS, DROPPED, DELIVERED, INJECTED, MISCALLED = (1 << bit for bit in range(7, 14))
UNKNOWN = -1
_MSG_PEEK, _MSG_OOB = int(_socket.MSG_PEEK), int(_socket.MSG_OOB)

CALLS = (
    *("", "socket", "socketpair", "fromfd", "dup", "bind", "listen", "accept", "connect", "connect_ex", "send"),
    *("sendall", "sendto", "sendmsg", "sendfile", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"),
    *("recvmsg_into", "shutdown", "close", "detach", "settimeout", "setblocking", "setsockopt", "getsockopt"),
    *("getpeername", "getsockname", "fileno", "makefile"),
)
CODE = {name: code for code, name in enumerate(CALLS)}
SENDS = frozenset(CODE[name] for name in ("send", "sendall", "sendto", "sendmsg", "sendfile"))
RECVS = frozenset(CODE[name] for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"))
EVENTS = ("", "exception", "exit", "wait")


class Head(tuple):  # type: ignore[type-arg]  # of int
    """The fixed part of a record."""

    __slots__ = ()
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


for _place, _name in enumerate(FIELDS):
    setattr(Head, _name, property(itemgetter(_place)))


def head_at(record: Any, offset: int = 0) -> Head:
    """Return the fixed part of the record that begins at *offset* of the bytes *record*."""
    return Head(FIXED.unpack_from(record, offset + PREFIX.size))


def reading(*wanted: str) -> struct.Struct:
    """Return what unpacks PREFIX and of FIXED only the *wanted* fields, as each that is unpacked costs time."""
    codes = [code if name in wanted else f"{struct.calcsize('<' + code)}x" for name, code in _FIELDS]
    return struct.Struct(PREFIX.format + "".join(codes))


def is_sound(record: Any, offset: int, length: int, file: int, crc: int) -> bool:
    """Tell whether the CRC of the record at *offset* of *record* holds. The others: as its PREFIX has them."""
    return crc32(record[offset + PREFIX.size : offset + HEAD_SIZE], length ^ file) == crc


def packed(file: int, tail: bytes, data: Any, *fixed: int) -> bytes:
    """Return a record's PREFIX and FIXED; *fixed*: its fields but the last, in order. Raises struct.error."""
    length = HEAD_SIZE + len(tail) + len(data)
    body = pack_fixed(*fixed, len(tail))
    return pack_prefix(MAGIC, file, length, crc32(body, length ^ file)) + body


# --- how facts are put --------------------------------------------------------------------------------------------


def tail_of(facts: Optional[dict[str, Any]]) -> bytes:
    """Return *facts* as a tail holds them."""
    return dumps(facts).encode() if facts else b""


def with_args(call: str, args: Any) -> dict[str, Any]:
    """Return the part of a tail that holds a call's arguments; empty without any."""
    return {"args": list(map(option if call == "setsockopt" else argument, args))} if args else {}


def returned(call: str, args: Any, result: Any, about: Optional[dict[str, Any]] = None) -> Facts:
    """Return the facts of a call without payload that returned *result*; *about*: what the tail holds beside."""
    tail = with_args(call, args)
    if about:
        tail.update(about)
    if result is None:
        return {"flags": NO_RESULT, "tail": tail_of(tail)}
    if isinstance(result, int) and -1 << 63 <= result < 1 << 63:
        return {"result": int(result), "tail": tail_of(tail)}
    tail["result"] = option(result) if call == "getsockopt" else argument(result)
    return {"flags": OTHER_RESULT, "tail": tail_of(tail)}


def failed(
    call: str, error: BaseException, args: Any = None, moved: Any = b"", about: Any = None, wrong: Any = None
) -> Facts:
    """Return the facts of a call that raised *error*; *moved*: the bytes that had gone out all the same.

    *about*: what the tail holds beside. *wrong*: the arguments (see `as_passed`), where it raised for those.
    """
    tail = {"error": [type(error).__name__, message(error)], **with_args(call, args), **(about or {})}
    if wrong is not None:
        tail["passed"] = wrong
    number = error.errno if isinstance(error, OSError) and isinstance(error.errno, int) else 0
    if not 0 < number < 1 << 31 or hasattr(error, "library"):  # getaddrinfo's are negative, ssl's are OpenSSL's own
        number = 0
    flags = FAILED if wrong is None else FAILED | MISCALLED
    return {"flags": flags, "number": number, "result": len(moved), "data": moved, "tail": tail_of(tail)}


def as_passed(args: tuple[Any, ...], options: dict[str, Any]) -> list[str]:
    """Return the arguments of a call as Python writes them."""
    return [*map(source_text, args), *(f"{name}={source_text(value)}" for name, value in options.items())]


def message(error: BaseException) -> str:
    """Return an exception's message: what the system said, or its text."""
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    return str(error)


def marks_of(message_flags: int) -> int:
    """Return the flags that a record has for MSG_ flags."""
    return (PEEK if message_flags & _MSG_PEEK else 0) | (OUT_OF_BAND if message_flags & _MSG_OOB else 0)


def received(
    count: int,
    requested: int,
    data: Any,
    message_flags: int = 0,
    *,
    left: int = UNKNOWN,
    size: int = UNKNOWN,
    cut: Optional[bool] = None,
    marks: int = 0,
    about: Optional[dict[str, Any]] = None,
) -> Facts:
    """Return the facts of a recv that took *count* bytes; *cut*: whether the rest of a datagram was thrown away.

    *marks*: PEEK, OUT_OF_BAND. *about*: what the tail holds beside.
    """
    if cut is not None:
        marks |= WHOLE | (TRUNCATED if cut else 0)
    return {
        "result": count, "requested": requested, "left": left, "data": data, "flags": marks, "size": size,
        "message_flags": message_flags, "tail": tail_of(about),
    }  # fmt: skip


def sent(
    call: str, count: int, offered: int, data: Any, message_flags: int = 0, marks: int = 0, about: Any = None
) -> Facts:
    """Return the facts of a send that took *count* of the bytes that were *offered*; *data*: those that went."""
    if call == "sendall":
        marks |= NO_RESULT
    return {
        "result": count, "requested": offered, "data": data, "flags": marks, "message_flags": message_flags,
        "tail": tail_of(about),
    }  # fmt: skip
