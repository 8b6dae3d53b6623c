"""What each thread is doing now: a small file beside the session that every traced process has a page of.

A call is noted in its thread's slot before it is made, and wiped out after. So a reader sees a call while it blocks,
and finds the one during which a process died.
"""

from __future__ import annotations

import os
import struct
from _thread import _local as thread_local
from mmap import mmap

from .bootstrap import PAGE as PAGE
from .bootstrap import sign_in
from .shield import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUFFIX = ".live"
SLOT = 64
MAGIC = b"LIVE"
HEADER = struct.Struct("<4sIII")
"""A page's first slot: magic, pid, the number of the process's writer in the session, calls it could not record."""
LOST = struct.Struct("<I")
NOTE = struct.Struct("<IIIIIIqQB")
"""A slot: thread, socket's pid and number, name, source, arguments (texts), requested, started (ns), call (last)."""
AT_CALL = NOTE.size - 1


class Mine(thread_local):
    """A thread's own: its slot, and the number of its name."""

    both: Any = None
    """A slot and the number of the thread's name."""
    lease: _Lease
    born: Any
    """A descriptor of which a socket is about to be made (program_socket.Born)."""


class _Lease:
    """Gives a slot back when its thread ends."""

    __slots__ = ("free", "slot")

    def __init__(self, slot: memoryview, free: list[memoryview]) -> None:
        self.slot, self.free = slot, free

    def __del__(self) -> None:
        self.free.append(self.slot)


class Live:
    """This process's page; where it has none, notes go nowhere."""

    def __init__(self, path: str = "", place: int = -1) -> None:
        """Map the page at offset *place* of the live file *path*; -1: have none."""
        self._path = path
        self.mine = Mine()
        self._free: list[memoryview] = []
        self._kept: list[memoryview] = []  # for good, as an mmap closes the descriptor that it once had
        self._map(place)

    def begin(self, writer: int) -> None:
        """Tell whose texts the notes refer to."""
        HEADER.pack_into(self._page, 0, MAGIC, os.getpid(), writer, 0)

    def tell_lost(self, calls: int) -> None:
        """Tell how many calls this process could not record."""
        LOST.pack_into(self._page, HEADER.size - LOST.size, calls & 0xFFFFFFFF)

    def begin_after_fork(self, writer: int) -> None:
        """Take a page for a child process, and forget the one thread that it inherited."""
        self.mine.__dict__.clear()
        self._map(sign_in(self._path))
        self.begin(writer)

    def end(self) -> None:
        """Note nothing any more: a child process may not have a page."""
        self.mine.__dict__.clear()
        self._map(-1)

    def claim_slot(self, thread: int) -> tuple[memoryview, int]:
        """Return a slot for the current thread, and *thread*, the number of its name."""
        slot = self._free.pop() if self._free else memoryview(bytearray(SLOT))
        slot[AT_CALL] = 0
        self.mine.lease = _Lease(slot, self._free)
        self.mine.both = both = slot, thread
        return both

    def _map(self, place: int) -> None:
        page: Any = bytearray(PAGE)
        if place >= 0:
            try:
                fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    page = mapped(fd, place)
                finally:
                    os.close(fd)
            except (OSError, ValueError) as error:
                let_through(error)
        self._page = memoryview(page)
        self._kept.append(self._page)
        self._free = [self._page[start : start + SLOT] for start in range(PAGE - SLOT, 0, -SLOT)]


def mapped(fd: int, place: int) -> Any:
    """Map a page without leaving a descriptor behind, where the program counts on its numbers."""
    try:
        return mmap(fd, PAGE, offset=place, trackfd=False)  # type: ignore[call-arg]  # since 3.13
    except TypeError as error:
        let_through(error)
    next_free = os.dup(fd)
    os.close(next_free)
    page = mmap(fd, PAGE, offset=place)
    if os.path.sameopenfile(next_free, fd):
        os.close(next_free)
    return page
