"""The journal: the calls of one session, in the order of its file, each at hand by its number.

The file may still be growing, and may be damaged. What is kept in memory is an index of 9 bytes a call, 8 more
for lineage where it moved bytes of a stream, the texts and the notes; bytes are read when they are asked for.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from stat import S_ISFIFO
from typing import TypeVar

import msgspec

from workbench.journal.repeats import Repeats
from workbench.journal.scan import GAP, PAUSE, Scanner, pread
from workbench.model.call.call import FAILED as FAILED
from workbench.model.call.call import RECEIVED as RECEIVED
from workbench.model.call.call import REPEATED as REPEATED
from workbench.model.call.call import SENT as SENT
from workbench.model.call.call import UNSEEN as UNSEEN
from workbench.model.call.call import Call, Number, Tail, decode, decode_tail, unread
from workbench.model.claims.history import History, Process
from workbench.model.lineage.ascending import Ascending
from workbench.model.lineage.datagrams import HEAD as FIRST_BYTES
from workbench.model.lineage.lineage import NAMING, Lineage
from workbench.model.words.about import not_kept
from workbench.model.words.error_sentence import NOTHING_MOVED
from workbench.probe import format as record_format
from workbench.probe.format import CALL, DATAGRAM, HEAD_SIZE, PREFIX, Head, head_at

_T = TypeVar("_T")


_FAILED = record_format.FAILED
_MOVED_NOTHING = record_format.FAILED | record_format.UNFINISHED
_NO_NUMBER = record_format.NO_RESULT | record_format.OTHER_RESULT | record_format.UNFINISHED
_ENDING = frozenset((record_format.CODE["shutdown"], record_format.CODE["close"]))
_SETTING = frozenset((record_format.CODE["listen"], record_format.CODE["setsockopt"]))
_GETSOCKOPT = record_format.CODE["getsockopt"]
_SO_ERROR = [int(socket.SOL_SOCKET), int(socket.SO_ERROR)]
_PASSING = (errno.EAGAIN, errno.EINTR)
"""What a send or a recv may raise while its socket stays as it is."""
_SOCKET, _CLOSE = record_format.CODE["socket"], record_format.CODE["close"]
_CONNECT_EX = record_format.CODE["connect_ex"]
_OPENING = ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY")
_CHUNK = 1 << 20
_LONG = 1 << 13  # bytes; a few calls so long are kept in memory, and 1024 others: together 8 MiB at most
_MARKS = bytes(
    SENT if code in record_format.SENDS else RECEIVED if code in record_format.RECVS else 0 for code in range(256)
)


class NotASession(ValueError):
    """The file holds no record of ours; the message says so in one sentence."""


class Start(msgspec.Struct, frozen=True):
    """What a writer tells of itself when it begins: wall clock and monotonic clock in ns, and where it runs."""

    format: Number = record_format.FORMAT
    program: str = ""
    wall: Number = 0
    monotonic: Number = 0
    boot: str = ""
    platform: str = ""
    python: str = ""
    parent: Number = 0
    """The process that it was forked from, if it was; and when, as *monotonic*."""
    forked: Number = 0


class Note(msgspec.Struct, frozen=True):
    """What a person wrote on a call."""

    seq: Number
    text: str = ""
    bookmark: bool = False


class _Lost(msgspec.Struct, frozen=True):
    """How many calls a writer could not keep, since it began."""

    calls: Number = 0


@dataclass(slots=True)
class _Writer:
    """One recorder's part of the file: its clock's distance from the session's, and its texts."""

    pid: int
    offset: int = 0
    texts: dict[int, str] = field(default_factory=dict)
    lost: int = 0
    ended: bool = False
    process: Process | None = None


class Journal:
    """A session file as a sequence of calls: `journal[0]` is the call with seq 1. `pull` takes in what was added."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open *path* for reading; raises OSError or NotASession. Nothing is read before the first pull."""
        self.path = Path(path)
        self._fd = _open(self.path)
        self._scanner = Scanner(self._fd)
        self._offsets = Ascending()
        self.lengths = array("I")
        self.marks = bytearray()
        self._writers: dict[int, _Writer] = {}
        self.start: Start | None = None
        self.notes: dict[int, Note] = {}
        self.programs: dict[int, str] = {}
        """The command line of each process that wrote."""
        self.lost = 0
        self.lineage = Lineage(self.lengths, lambda seq: self[seq - 1].data[:FIRST_BYTES])
        self._moved = self.lineage.moved
        self._repeats = Repeats(self._bytes)
        self.history = History()
        self._call = lru_cache(maxsize=1024)(self._read_call)
        self._long_call = lru_cache(maxsize=4)(self._read_call)

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __len__(self) -> int:
        return len(self._offsets)

    def __getitem__(self, index: int) -> Call:
        if not 0 <= index < len(self._offsets):
            raise IndexError(index)
        return (self._call if self.lengths[index] < _LONG else self._long_call)(index)

    def __iter__(self) -> Iterator[Call]:
        return map(self._read_call, range(len(self)))

    # --- taking in -------------------------------------------------------------------------------------------------

    def pull(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> int:
        """Index the records that were added, for about *seconds* at most; return how many calls came."""
        before = len(self._offsets)
        until = None if seconds is None else clock() + seconds
        marks, add_mark = self.marks, self.marks.append
        add_offset, add_length, take_moved = self._offsets.append, self.lengths.append, self._moved
        add_life, repeats = self.history.add, self._repeats
        for number, (offset, fields) in enumerate(self._scanner.records()):
            _, _, length, _, kind, code, flags, pid, socket, started, ended, result, error, tail = fields
            if kind == CALL:
                add_offset(offset)
                moved = length - HEAD_SIZE - tail
                add_length(moved)
                mark = _MARKS[code]
                failed = flags & _FAILED or (code == _CONNECT_EX and result > 0 and not flags & _NO_NUMBER)
                add_mark(mark | FAILED if failed else mark)
                if moved:
                    repeats.interrupt()
                elif repeats.seen(offset, (pid, socket, code, flags, result, tail)):
                    marks[-1] |= REPEATED
                if mark and failed and error not in _PASSING:
                    if error:
                        add_life(len(marks), pid, socket, code, error)
                    elif not flags & DATAGRAM:
                        self._interrupt(pid, socket, mark == SENT, self._tail(offset, tail))
                if mark and flags & DATAGRAM:
                    if not flags & _MOVED_NOTHING:
                        self._take_message(offset, tail, moved)
                elif mark:
                    if not moved and mark == RECEIVED and 0 < result < 1 << 32 and not flags & _FAILED:
                        moved = result  # TCP's MSG_TRUNC throws away what it tells to have received
                    if moved:
                        take_moved(len(marks), pid, socket, mark == SENT, moved, flags, started, ended)
                    elif tail and mark == RECEIVED and not flags & _MOVED_NOTHING:
                        add_life(len(marks), pid, socket, code)
                        self._compare((pid, socket), self._tail(offset, tail), flags)
                elif code == _GETSOCKOPT and result > 0 and not flags & _NO_NUMBER:
                    if self._tail(offset, tail).args == _SO_ERROR:
                        add_life(len(marks), pid, socket, code)
                elif code in _SETTING:
                    add_life(len(marks), pid, socket, code, error)
                elif code in _ENDING:
                    add_life(len(marks), pid, socket, code, error)
                    closing = self._tail(offset, tail)
                    self._compare((pid, socket), closing, flags)
                    if code == _CLOSE and unread(closing) > 0:
                        marks[-1] |= UNSEEN
                elif code in NAMING:
                    names = self._tail(offset, tail)
                    if names.tcp:
                        self._compare((pid, socket), names, flags)
                    if code == _SOCKET and flags & record_format.TLS:
                        marks[-1] |= UNSEEN
                    self.lineage.named(code, (pid, socket), names, flags=flags, started=started, ended=ended)
                    self.history.named(len(marks), pid, socket, code, names, error if flags & _FAILED else 0)
            elif kind == GAP:
                self.lineage.doubt()
            elif kind != PAUSE:
                self._take(offset, length)
            if until is not None and (number & 255 == 255 or kind == PAUSE) and clock() >= until:
                break
        return len(self._offsets) - before

    def read_all(self) -> None:
        """Index the whole file as it is now; raises NotASession where nothing in it is ours."""
        self.pull()
        if not self._writers and not len(self):
            raise NotASession(f"{self.path.name} is not a session file: it holds no record of this program")

    @property
    def ended(self) -> bool:
        """Whether the writer that began the session has written its end."""
        return bool(self._writers) and next(iter(self._writers.values())).ended

    @property
    def size(self) -> int:
        """The file's size in bytes; `position` of them have been taken in."""
        return os.fstat(self._fd).st_size

    @property
    def position(self) -> int:
        """How far into the file the index reaches, in bytes."""
        return self._scanner.position

    @property
    def unreadable(self) -> int:
        """Bytes that make no record: skipped as damaged, or cut off at the end."""
        return self._scanner.skipped + self._scanner.waiting()

    def problems(self) -> list[str]:
        """Return what is wrong with the file, a sentence each; an empty list for a whole one."""
        found = []
        if self.start is not None and self.start.format > record_format.FORMAT:
            found.append(f"written by a newer version (format {self.start.format}): some of it may be missing")
        if self.unreadable:
            found.append(f"{self.unreadable} bytes could not be read")
        if self.lost:
            found.append(not_kept(self.lost))
        if not self.ended:
            found.append("the end is missing: the program was killed, or is still running")
        return found

    @property
    def processes(self) -> list[Process]:
        """The processes that write the session, in the order in which they began to."""
        return [writer.process for writer in self._writers.values() if writer.process is not None]

    def _tail(self, offset: int, length: int) -> Tail:
        start = offset + HEAD_SIZE
        return decode_tail(self._bytes(start, start + length))

    def _compare(self, key: tuple[int, int], tail: Tail, flags: int) -> None:
        """Compare what calls moved with what the kernel counted, as the last call's *tail* tells."""
        if tail.tcp and self.lineage.counted(len(self.marks), key, tail, flags):
            self.marks[-1] |= UNSEEN

    def _interrupt(self, pid: int, socket: int, sent: bool, tail: Tail) -> None:
        """Stop the lineage of a direction in which a call was ended from outside: how much it moved is not known."""
        kind = tail.error[0] if tail.error else ""
        if kind not in NOTHING_MOVED:
            self.lineage.interrupted((pid, socket), sent)

    def _take_message(self, offset: int, tail: int, moved: int) -> None:
        """Take in a datagram; its addresses and first bytes distinguish it from others."""
        data = HEAD_SIZE + tail
        whole = self._bytes(offset, offset + data + min(moved, FIRST_BYTES))
        head = head_at(whole)
        self.lineage.message(len(self.marks), head, decode_tail(whole[HEAD_SIZE:data]), whole[data:], moved)

    def _take(self, offset: int, length: int) -> None:
        """Take in a record that is no call."""
        head, tail, data = self._parts(offset, length)
        match head.kind:
            case record_format.TEXT:
                self._writer(head).texts[head.result] = data.decode("utf-8", "backslashreplace")
            case record_format.START:
                self._begin(head, _decode(tail, Start))
            case record_format.NOTE:
                note = _decode(tail, Note)
                if note is not None:
                    self._annotate(note)
            case record_format.LOST:
                writer, lost = self._writer(head), _decode(tail, _Lost) or _Lost()
                self.lost += max(0, lost.calls - writer.lost)
                writer.lost = max(lost.calls, writer.lost)
                self.lineage.doubt()
            case record_format.END:
                writer = self._writer(head)
                writer.ended = True
                if writer.process is not None:
                    writer.process = writer.process._replace(ended=self.seconds(head.started, writer.offset))

    def _begin(self, head: Head, start: Start | None) -> None:
        writer = self._writer(head)
        if start is None:
            return
        self.programs[head.pid] = start.program
        if self.start is None:
            self.start = start
        # Within one boot all processes share the monotonic clock; beyond it only the wall clock tells.
        if start.boot != self.start.boot or not start.boot:
            writer.offset = (start.wall - start.monotonic) - (self.start.wall - self.start.monotonic)
        writer.process = Process(
            head.pid, start.parent, self.seconds(start.forked or head.started, writer.offset), None
        )

    def _annotate(self, note: Note) -> None:
        if note.text or note.bookmark:
            self.notes[note.seq] = note
        else:
            self.notes.pop(note.seq, None)

    def _writer(self, head: Head) -> _Writer:
        return self._writers.setdefault(head.writer, _Writer(head.pid))

    # --- reading one call ------------------------------------------------------------------------------------------

    def heads(self, start: int, stop: int) -> Iterator[tuple[int, Head, bytes]]:
        """Yield index, fixed part and bytes of the calls from *start* up to *stop*: much sooner read than the calls."""
        for index, whole in self._records(start, stop):
            yield index, head_at(whole), whole[len(whole) - self.lengths[index] :]

    def calls(self, start: int, stop: int) -> Iterator[Call]:
        """Yield the calls from index *start* up to *stop*: sooner read in a row than one by one."""
        for index, whole in self._records(start, stop):
            yield self._decoded(index, *_cut(whole))

    def _records(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and record of the calls from *start* up to *stop*, read many at a time."""
        chunk, begin = b"", 0
        for index in range(start, stop):
            offset = self._offsets[index]
            at = offset - begin
            if at + HEAD_SIZE > len(chunk):
                chunk, begin, at = self._bytes(offset, offset + _CHUNK), offset, 0
            length = PREFIX.unpack_from(chunk, at)[2]
            if at + length > len(chunk):
                chunk, begin, at = self._bytes(offset, offset + max(length, _CHUNK)), offset, 0
            yield index, chunk[at : at + length]

    def name_of(self, head: Head) -> str:
        """Return the name of the call's socket."""
        name = self._writer(head).texts.get(head.name, "")
        return name or (f"socket {head.socket_number}" if head.socket_number else "")

    def time_of(self, head: Head) -> float:
        """Return when the call began, in seconds since the session did."""
        return self.seconds(head.started, self._writer(head).offset)

    def _read_call(self, index: int) -> Call:
        offset = self._offsets[index]
        prefix = self._bytes(offset, offset + PREFIX.size)
        return self._decoded(index, *self._parts(offset, PREFIX.unpack(prefix)[2]))

    def _decoded(self, index: int, head: Head, tail: bytes, data: bytes) -> Call:
        texts = self._writer(head).texts
        return decode(
            head,
            tail,
            data,
            seq=index + 1,
            time=self.time_of(head),
            text=(texts.get(head.thread, ""), self.name_of(head), texts.get(head.source, "")),
        )

    def _parts(self, offset: int, length: int) -> tuple[Head, bytes, bytes]:
        """Return the record at *offset*: its fixed part, its tail, its data."""
        return _cut(self._bytes(offset, offset + length))

    def text(self, writer: int, number: int) -> str:
        """Return the text to which *writer* gave *number*; "" if there is none."""
        found = self._writers.get(writer)
        return found.texts.get(number, "") if found is not None else ""

    def lost_by(self, writer: int) -> int:
        """Return how many lost calls *writer* has reported."""
        found = self._writers.get(writer)
        return found.lost if found is not None else 0

    def seconds(self, monotonic: int, offset: int = 0) -> float:
        """Return seconds since the session began for a reading of the monotonic clock in ns."""
        began = self.start.monotonic if self.start is not None else 0
        return (monotonic + offset - began) / 1e9

    def _bytes(self, start: int, stop: int) -> bytes:
        return pread(self._fd, stop - start, start)


def _open(path: Path) -> int:
    """Open a file, but no pipe: that would wait for a writer, and cannot be read at any place."""
    fd = os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in _OPENING))
    if S_ISFIFO(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotASession(f"{path.name} is a pipe: a session is read from a file")
    return fd


def _cut(record: bytes) -> tuple[Head, bytes, bytes]:
    """Return a record's fixed part, its tail, its data."""
    head = head_at(record)
    data = HEAD_SIZE + head.tail_length
    return head, record[HEAD_SIZE:data], record[data:]


def _decode(tail: bytes, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(tail, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
