"""The record: how one socket call lies in a session file, and the writer that puts it there.

A session file is nothing but records, each written whole with one write(2) to a descriptor opened O_APPEND, so that
processes and threads can share a file and a killed process leaves every call that returned. A record is

    magic, length, crc                 PREFIX; the length is the whole record's, the CRC-32 is of FIXED and the length
    kind, call, flags, numbers, times  FIXED
    tail                               JSON, for what is rare: an address, an error, unusual arguments
    data                               the bytes that the call really moved

The data lies outside the CRC because a flood must not pay for it. A reader that lost its way finds the next record by
magic and CRC.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from _thread import _local as thread_local
from binascii import crc32
from itertools import count
from typing import Any, Callable, Optional

FORMAT = 1
MAGIC = b"\xf5SWB"
PREFIX = struct.Struct("<4sII")
# kind, call, flags, writer, pid, socket pid, socket number, thread, name, source, started, ended, result, requested,
# left, real size, errno, msg flags, length of tail
FIXED = struct.Struct("<BBHIIIIIIIQQqqqqiII")
HEAD_SIZE = PREFIX.size + FIXED.size
_pack, _pack_prefix = FIXED.pack, PREFIX.pack

# Kinds of record.
START, CALL, TEXT, NOTE, LOST, END = range(1, 7)

# Flags of a call.
FAILED = 1  # it raised; the tail says what
NO_RESULT = 2  # it returned None
OTHER_RESULT = 4  # its result is no int: the tail holds it
TRUNCATED = 8  # the rest of the datagram was thrown away
PEEK = 16
DATAGRAM = 32  # the socket keeps messages apart: datagram, seqpacket, raw
WHOLE = 64  # it is known whether the datagram was truncated

UNKNOWN = -1  # requested, left, real size: not known

CALLS = (
    *("", "socket", "socketpair", "fromfd", "dup", "bind", "listen", "accept", "connect", "connect_ex", "send"),
    *("sendall", "sendto", "sendmsg", "sendfile", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"),
    *("recvmsg_into", "shutdown", "close", "detach", "settimeout", "setblocking", "setsockopt", "getsockopt"),
    *("getpeername", "getsockname", "fileno", "makefile"),
)
CODE = {name: code for code, name in enumerate(CALLS)}
SENDS = frozenset(CODE[name] for name in ("send", "sendall", "sendto", "sendmsg", "sendfile"))
RECVS = frozenset(CODE[name] for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"))

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

try:
    from _json import encode_basestring_ascii as _quote
except ImportError:  # another interpreter than CPython
    from json.encoder import py_encode_basestring_ascii as _quote


def dumps(value: Any) -> str:
    """Return *value* as JSON; bytes become text as the file system decodes names, what JSON lacks becomes its repr.

    Written here because importing json would change what the program under trace finds imported.
    """
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (bool, int)):
        return str(int(value))
    if isinstance(value, float):
        return repr(value) if value - value == 0 else "null"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(dumps, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(_quote(str(key)) + ": " + dumps(item) for key, item in value.items()) + "}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _quote(os.fsdecode(bytes(value)))
    return str(_quote(value if isinstance(value, str) else repr(value)))


class Recorder:
    """Writes the records of one process to a session file.

    It never raises for what happens to the file: a full disk or a reached *limit* (bytes) costs records, not the
    program's calls; how many were lost is written as soon as writing works again.
    """

    def __init__(
        self,
        path: str,
        *,
        limit: Optional[int] = None,
        program: str = "",
        clock: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        """Open *path* for appending, mode 0600, creating it if need be; raises OSError if that cannot be done."""
        self.path, self.program, self.clock, self.wall = path, program, clock, wall
        self.limit = limit
        self.lost = 0
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        if fcntl is not None:  # for as long as this process lives, others can tell that the file is being written
            try:
                fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                pass
        self._told = 0
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Start writing as this process: again in a child after fork, which has a pid and threads of its own."""
        self.pid = os.getpid()
        self.writer = int.from_bytes(os.urandom(4), "little")
        self._numbers = count(1)
        self._texts: dict[str, int] = {}
        self._thread = thread_local()
        if self._fd < 0:
            return
        self._size = os.fstat(self._fd).st_size
        self._other(
            START,
            {
                "format": FORMAT,
                "program": self.program,
                "wall": self.wall(),
                "monotonic": self.clock(),
                "boot": _boot_id(),
                "platform": sys.platform,
                "python": sys.version.split()[0],
            },
        )

    def number(self) -> int:
        """Return the next socket's number within this process."""
        return next(self._numbers)

    def text(self, text: str) -> int:
        """Return the number that stands for *text* in this process's records; a new one is written down first."""
        number = self._texts.get(text)
        if number is None:
            number = len(self._texts) + 1
            if self._other(TEXT, None, number, text.encode("utf-8", "surrogateescape")):
                self._texts[text] = number
        return number

    def text_of(self, number: int) -> str:
        """Return the text that *number* stands for; empty if none."""
        return next((text for text, known in self._texts.items() if known == number), "")

    def thread(self) -> int:
        """Return the number of the current thread's name."""
        try:
            return self._thread.number  # type: ignore[no-any-return]
        except AttributeError:
            threading = sys.modules.get("threading")
            name = threading.current_thread().name if threading else "MainThread"
            self._thread.number = number = self.text(name)
            return number

    def call(
        self,
        code: int,
        socket: tuple[int, int],
        started: int,
        ended: int,
        result: int = 0,
        requested: int = UNKNOWN,
        left: int = UNKNOWN,
        data: Any = b"",
        flags: int = 0,
        size: int = UNKNOWN,
        number: int = 0,
        message_flags: int = 0,
        name: int = 0,
        source: int = 0,
        tail: bytes = b"",
    ) -> None:
        """Write one call. *socket*: pid and number; *started*, *ended*: monotonic ns; *number*: errno."""
        body = _pack(
            CALL, code, flags, self.writer, self.pid, socket[0], socket[1], self.thread(), name, source, started, ended,
            result, requested, left, size, number, message_flags & 0xFFFFFFFF, len(tail)
        )  # fmt: skip
        length = HEAD_SIZE + len(tail) + len(data)
        self._write([_pack_prefix(MAGIC, length, crc32(body, length)) + body, tail, data])

    def note(self, seq: int, text: str, *, bookmark: bool = False) -> None:
        """Write a note on call *seq*; the last one on a call counts, an empty one without bookmark takes it away."""
        self._other(NOTE, {"seq": seq, "text": text, "bookmark": bookmark})

    def close(self) -> None:
        """Write the end record and close the file; further calls are not recorded."""
        if self._fd >= 0:
            self._tell_lost()
            self._other(END, None)
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _other(self, kind: int, tail: Any, number: int = 0, data: bytes = b"") -> bool:
        encoded = b"" if tail is None else dumps(tail).encode()
        body = _pack(
            kind, 0, 0, self.writer, self.pid, 0, 0, 0, 0, 0, self.clock(), 0, number, 0, 0, 0, 0, 0, len(encoded)
        )
        length = HEAD_SIZE + len(encoded) + len(data)
        return self._append([_pack_prefix(MAGIC, length, crc32(body, length)) + body, encoded, data])

    def _write(self, pieces: list[Any]) -> None:
        """Write a call, or count it as lost."""
        if self.lost > self._told:
            self._tell_lost()
        if (self.limit is not None and self._size + sum(map(len, pieces)) > self.limit) or not self._append(pieces):
            self.lost += 1

    def _append(self, pieces: list[Any]) -> bool:
        """Append one record with one write; False when it is not wholly in the file."""
        try:
            if len(pieces[2]) < 8192 or not hasattr(os, "writev"):
                record = b"".join(pieces)
                size, written = len(record), os.write(self._fd, record)
            else:  # a copy of a large payload would cost more than the call
                size, written = sum(map(len, pieces)), os.writev(self._fd, pieces)
        except OSError:
            return False
        self._size += written
        return written == size

    def _tell_lost(self) -> None:
        if self.lost > self._told:
            lost = self.lost
            if self._other(LOST, {"calls": lost - self._told}):
                self._told = lost


def _boot_id() -> str:
    """Return what tells one boot of this machine from another, since monotonic clocks start anew with each."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""
