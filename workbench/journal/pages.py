"""What the traced programs are doing now, and what they were doing when they died: the reader of probe/page.py."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.journal.files import being_written
from workbench.journal.reader import Journal
from workbench.model.call.call import socket_id
from workbench.probe.bootstrap import APART, AT_APART, sign_in
from workbench.probe.format import CALLS, CODE, NO_RESULT, UNFINISHED, UNKNOWN
from workbench.probe.page import AT_CALL, HEADER, MAGIC, NOTE, PAGE, SLOT, SUFFIX
from workbench.probe.recorder import Recorder

try:
    import fcntl
except ImportError:  # Windows, where nothing is traced
    fcntl = None  # type: ignore[assignment]

_ALL = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Doing:
    """A call that a thread is making: *started* in monotonic ns; names as in a Call, "" where not known."""

    pid: int
    thread: str
    key: tuple[int, int]
    name: str
    call: str
    requested: int | None
    arguments: str
    """JSON, for a connect."""
    source: str
    started: int
    slot: int
    """Its offset in the live file."""

    @property
    def socket(self) -> str:
        """The socket's id in the session."""
        return socket_id(*self.key)

    def seconds(self, now: int | None = None) -> float:
        """Return for how long it has been going on."""
        return max(0, (time.monotonic_ns() if now is None else now) - self.started) / 1e9


class LivePages:
    """The live file of a session that programs are writing."""

    def __init__(self, session: Path, *, make: bool = False) -> None:
        """Open the live file beside *session*; raises OSError where there is none and none is to be made."""
        self.path = Path(f"{session}{SUFFIX}")
        self._fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if make else 0), 0o600)
        if make:
            with suppress(BlockingIOError):  # we are the first: what is there was left by one that was killed
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(self._fd, 0)
            fcntl.flock(self._fd, fcntl.LOCK_SH)
        self._began = os.fstat(self._fd).st_size

    @classmethod
    @contextmanager
    def made(cls, session: Path) -> Iterator[LivePages]:
        """Give a live file for as long as programs are traced; the last to leave removes it."""
        live = cls(session, make=True)
        try:
            yield live
        finally:
            with suppress(BlockingIOError):  # another one traces into this session
                fcntl.flock(live._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                live.path.unlink(missing_ok=True)
            live.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def signed_in(self) -> set[int]:
        """Return the processes into which the probe got since we opened the file."""
        return {pid for offset, pid, _, _ in self._pages() if offset >= self._began}

    def lost(self) -> int:
        """Return how many calls the processes could not record."""
        return sum(lost for offset, _, _, lost in self._pages() if offset >= self._began and lost != _ALL)

    def untraced(self) -> set[int]:
        """Return the processes that the probe got into, but could not record."""
        return {pid for offset, pid, _, lost in self._pages() if offset >= self._began and lost == _ALL}

    def apart(self) -> list[str]:
        """Return the libraries that the processes use and whose sockets the probe does not see."""
        pages = [
            os.pread(self._fd, len(APART), offset + AT_APART) for offset, *_ in self._pages() if offset >= self._began
        ]
        return [name for number, name in enumerate(APART) if any(page[number] for page in pages)]

    def has_room(self) -> bool:
        """Tell whether one more process could sign in, which a full disk prevents."""
        return sign_in(str(self.path)) >= 0

    def doing(self, journal: Journal) -> list[Doing]:
        """Return the calls that go on now, and those that were going on when their process died."""
        return [
            found
            for offset, pid, writer, _ in self._pages()
            for slot in range(offset + SLOT, offset + PAGE, SLOT)
            if (found := self._read(journal, pid, writer, slot)) is not None
        ]

    def settle(self, recorder: Recorder, journal: Journal) -> None:
        """Write into the session what its processes could not: calls during which they died, how many they lost."""
        journal.pull()
        recorded = sum(journal.lost_by(writer) for offset, _, writer, _ in self._pages() if offset >= self._began)
        if (unrecorded := self.lost() - recorded) > 0:
            recorder.tell_lost(unrecorded)
        for doing in self.doing(journal):
            if not is_alive(doing.pid):
                write_unfinished(recorder, doing)
                os.pwrite(self._fd, b"\0", doing.slot + AT_CALL)

    def _pages(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield each page's offset, pid, the number of its writer in the session, and the calls that it lost."""
        for offset in range(0, os.fstat(self._fd).st_size - PAGE + 1, PAGE):
            magic, pid, writer, lost = HEADER.unpack(os.pread(self._fd, HEADER.size, offset))
            if magic == MAGIC:
                yield offset, pid, writer, lost

    def _read(self, journal: Journal, pid: int, writer: int, slot: int) -> Doing | None:
        note = NOTE.unpack(os.pread(self._fd, NOTE.size, slot))
        thread, socket_pid, socket_number, name, source, arguments, requested, started, code = note
        if not 0 < code < len(CALLS):
            return None
        text = journal.text
        return Doing(
            pid, text(writer, thread), (socket_pid, socket_number), text(writer, name), CALLS[code],
            None if requested == UNKNOWN else requested, text(writer, arguments), text(writer, source), started,
            slot,
        )  # fmt: skip


def recover(session: Path) -> None:
    """Do what a tracer that was killed could not: write the calls that never returned into *session*.

    Nothing happens as long as a program writes the session, or where it cannot be written.
    """
    if fcntl is None:
        return
    with suppress(OSError), closing(LivePages(session)) as live:
        fcntl.flock(live._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a tracer holds it, and who does the same as we
        if being_written(session) or not any(live._pages()):
            return
        with closing(Journal(session)) as journal:
            journal.pull()
            unfinished = live.doing(journal)
        if unfinished:
            with closing(Recorder(str(session))) as recorder:
                for doing in unfinished:
                    write_unfinished(recorder, doing)
        live.path.unlink()


def write_unfinished(recorder: Recorder, doing: Doing) -> None:
    """Write a call that never returned."""
    recorder.call(
        CODE[doing.call],
        doing.key,
        doing.started,
        doing.started,
        requested=UNKNOWN if doing.requested is None else doing.requested,
        flags=UNFINISHED | NO_RESULT,
        name=recorder.text(doing.name) if doing.name else 0,
        source=recorder.text(doing.source) if doing.source else 0,
        tail=b'{"args": ' + doing.arguments.encode() + b"}" if doing.arguments else b"",
        pid=doing.pid,
        thread=recorder.text(doing.thread),
    )


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
