"""The writer of the session file: each record goes there whole, with one write(2) to a descriptor opened O_APPEND."""

from __future__ import annotations

import os
import struct
import sys
import time
from _thread import _local as thread_local
from _thread import allocate_lock, get_ident
from _weakref import ref
from binascii import crc32
from itertools import count

from .descriptor import Descriptor, NotOurs
from .format import (
    CALL,
    END,
    EVENT,
    EVENTS,
    FORMAT,
    HEAD_SIZE,
    LOST,
    MAGIC,
    NOTE,
    PREFIX,
    START,
    TEXT,
    UNKNOWN,
    pack_fixed,
    pack_prefix,
    packed,
    tail_of,
)
from .shield import is_foreign, let_through
from .tail import encodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

_MOST_TEXTS = 10000
_SMALL = 16384  # bytes that are copied together faster than handed over in pieces
_LOOKED_THROUGH = 1 << 17  # bytes at the file's end among which a record may be that was written just now
_ROOM = 1 << 20  # bytes that may be written without another look at the file's size


class Recorder:
    """Writes the records of one process to a session file.

    It never raises for what happens to the file: a full disk or a reached *limit* (the file's size in bytes) costs
    records, not the program's calls; how many were lost is written as soon as writing works again.
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
        self.on_loss: Optional[Callable[[int], None]] = None
        """Told how many calls were lost in this process, each time; the file may have no room to say so."""
        self._descriptor: Optional[Descriptor] = Descriptor(path, make=True)
        self._file = _number_of(path, self._descriptor.number)
        self._boot = _boot_id()
        self._begin()
        _begin_after_fork(self)

    def _begin(self) -> None:
        """Start writing as this process: again in a child after fork, which has a pid and threads of its own."""
        self._parent = getattr(self, "pid", 0)
        self.pid = os.getpid()
        self.writer = int.from_bytes(os.urandom(4), "little")
        self._room = 1 << 62 if self.limit is None else 0
        self._quick = min(self._room, _SMALL)
        self.lost = self._lost_written = 0
        self._losses = count(1)
        self._settling = allocate_lock()  # no RLock: eventlet warns of those that it did not make
        self._numbers, self._text_numbers = count(1), count(1)
        self._texts: dict[str, int] = {}
        self._thread = thread_local()
        self._began = self._start()
        self._forking = 0
        self._owes = not self._began

    def _start(self) -> bool:
        now = {"wall": self.wall(), "monotonic": self.clock(), "boot": self._boot}
        system = {"platform": sys.platform, "python": sys.version.split()[0]}
        if self._parent:
            now.update(parent=self._parent, forked=self._forking)
        return self._other(START, {"format": FORMAT, "program": self.program, **now, **system})

    def number(self) -> int:
        """Return the next socket's number within this process."""
        return next(self._numbers)

    def text(self, text: str) -> int:
        """Return the number that stands for *text* in this process's records; a new one is written down first.

        0, no text, while that cannot be done.
        """
        number = self._texts.get(text)
        if number is None:
            number = next(self._text_numbers)
            if not self._other(TEXT, None, number, encodable(text).encode()):
                return 0
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()  # what comes again gets another number
            self._texts[text] = number
        return number

    def thread(self) -> int:
        """Return the number of the current thread's name."""
        number: int = getattr(self._thread, "number", 0)
        if not number:
            # Without current_thread(), which would make a thread known that threading does not know.
            threads = getattr(sys.modules.get("threading"), "_active", {})
            name = getattr(threads.get(get_ident()), "_name", "MainThread" if not threads else "thread")
            number = self._thread.number = self.text(str(name))
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
        pid: Optional[int] = None,
        thread: Optional[int] = None,
    ) -> None:
        """Write one call. *socket*: pid and number; *started*, *ended*: monotonic ns; *number*: errno.

        *pid*, *thread* (a text): who made it, where that was not the current thread.
        """
        head = b""
        try:
            length, descriptor = HEAD_SIZE + len(tail) + len(data), self._descriptor
            body = pack_fixed(
                CALL, code, flags, self.writer, self.pid if pid is None else pid, socket[0], socket[1],
                self.thread() if thread is None else thread, name, source, started, ended, result, requested, left,
                size, number, message_flags & 0xFFFFFFFF, len(tail),
            )  # fmt: skip
            head = pack_prefix(MAGIC, self._file, length, crc32(body, length ^ self._file)) + body
            if descriptor is None:
                return
            if length <= self._quick and not self._owes:  # the usual case, as _append does it
                self._room -= length
                self._quick = min(self._room, _SMALL) if self._room < _SMALL else _SMALL
                if descriptor.append_one(head + tail + data) == length:
                    return
            if self._owes and self._fits(length):
                self._settle()
            if not self._append([head, tail, data]):
                self.lose()
        except BaseException as error:
            # struct.error: more than 4 GiB of data, or a number from elsewhere that has no room.
            foreign = is_foreign(error)
            if foreign and not head:
                self.call(
                    code, socket, started, ended, result, requested, left, data, flags, size, number, message_flags,
                    name, source, tail, pid, thread,
                )  # fmt: skip
            elif not foreign or not (self._holds(head) or self._append([head, tail, data])):
                self.lose()
            if foreign:
                raise

    def _holds(self, head: bytes) -> bool:
        """Tell whether the record that begins with *head* was written, just now."""
        descriptor = self._descriptor
        return descriptor is not None and head in descriptor.last(_LOOKED_THROUGH)

    def lose(self) -> None:
        """Count a call that is not recorded."""
        if self._descriptor is None:
            return
        self.lost = next(self._losses)
        self._owes = True
        if self.on_loss is not None:
            self.on_loss(self.lost)
        if self.lost & (self.lost - 1) == 0:  # now and then, as the program may be killed before it ends
            self._settle()

    def tell_lost(self, calls: int) -> None:
        """Write that other processes lost *calls* which they did not tell in the file."""
        self._other(LOST, {"calls": self.lost + calls})

    def note(self, seq: int, text: str, *, bookmark: bool = False) -> None:
        """Write a note on call *seq*; the last one on a call counts, an empty one without bookmark takes it away."""
        self._other(NOTE, {"seq": seq, "text": text, "bookmark": bookmark})

    def close(self) -> None:
        """Write the end record and close the file; further calls are not recorded."""
        if self._descriptor is not None:
            self._settle()
            self._other(END, None)
            self._descriptor = None

    def event(self, event: str, tail: Any, result: int = 0, *, source: int = 0, flags: int = 0) -> None:
        """Write what is no call; *event*: of EVENTS."""
        self._other(EVENT, tail, result, code=EVENTS.index(event), flags=flags, thread=self.thread(), source=source)

    def _other(
        self, kind: int, tail: Any, number: int = 0, data: bytes = b"", *, code: int = 0, flags: int = 0,
        thread: int = 0, source: int = 0,
    ) -> bool:  # fmt: skip
        encoded, now = tail_of(tail), self.clock()
        about = (kind, code, flags, self.writer, self.pid, 0, 0, thread, 0, source)
        head = packed(self._file, encoded, data, *about, now, now, number, 0, 0, 0, 0, 0)
        return self._append([head, encoded, data], bounded=kind == TEXT)

    def _append(self, pieces: list[Any], bounded: bool = True) -> bool:
        """Append one record, within the limit if *bounded*; False when it is not wholly in the file."""
        descriptor, size = self._descriptor, sum(map(len, pieces))
        if descriptor is None or (bounded and not self._fits(size)):
            return False
        if size < _SMALL:  # a copy of much data would cost more than the call
            pieces = [b"".join(pieces)]
        try:
            return descriptor.append(pieces) == size
        except OSError as error:
            let_through(error)
            return isinstance(error, NotOurs) and self._reopen(descriptor) and self._append(pieces, bounded)

    def _reopen(self, gone: Descriptor) -> bool:
        """Open the file anew where the program closed all descriptors, as a daemon does, or took ours."""
        opened = gone.again(self.path)
        if opened is not None:
            self._descriptor = opened
        return opened is not None

    def _fits(self, size: int) -> bool:
        """Tell whether *size* bytes more stay within the limit, whoever wrote what is there.

        The file's size is asked for only now and then; of the room that is left, others may have their parts.
        """
        if size <= self._room:
            self._room -= size
            self._quick = min(self._room, _SMALL)
            return True
        descriptor = self._descriptor
        if self.limit is None or descriptor is None or not descriptor.is_ours():
            return True
        left = self.limit - os.fstat(descriptor.number).st_size - size
        self._room = max(0, min(left // 8, _ROOM))
        self._quick = min(self._room, _SMALL)
        return left >= 0

    def _settle(self) -> None:
        """Write what could not be written before: that this process began, and how many calls it lost so far."""
        if not self._settling.acquire(False):
            return  # another thread does it, or this one where a signal's handler interrupted it
        try:
            self._began = self._began or self._start()
            lost = self.lost
            if lost > self._lost_written and self._other(LOST, {"calls": lost}):
                self._lost_written = lost
            self._owes = not self._began or self._lost_written < self.lost
        finally:
            self._settling.release()


def _begin_after_fork(recorder: Recorder) -> None:
    """Let *recorder* begin anew in every child of fork, for as long as it is in use."""
    known = ref(recorder)

    def note() -> None:
        alive = known()
        if alive is not None:
            alive._forking = alive.clock()

    def begin() -> None:
        alive = known()
        if alive is not None:
            alive._begin()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=note, after_in_child=begin)


def _number_of(path: str, fd: int) -> int:
    """Return the number that the file's records bear: of a new file its st_ino, of a copied one the first file's."""
    try:
        magic, number, _, _ = PREFIX.unpack(_first_of(path, PREFIX.size))
        if magic == MAGIC:
            return int(number)
    except (OSError, struct.error) as error:
        let_through(error)
    return os.fstat(fd).st_ino & 0xFFFFFFFF


def _boot_id() -> str:
    """Return what tells one boot of this machine from another, since monotonic clocks start anew with each."""
    try:
        return _first_of("/proc/sys/kernel/random/boot_id", 99).decode("ascii", "replace").strip()
    except OSError as error:
        let_through(error)
        return ""


def _first_of(path: str, size: int) -> bytes:
    """Return the first bytes of a file; without io.open, which warns of encodings and may be the program's own."""
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        return os.read(fd, size)
    finally:
        os.close(fd)
