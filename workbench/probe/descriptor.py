"""The descriptor of a session file, kept apart from those that the program opens, closes and counts on.

A program may close every descriptor it can think of, or put another file in the place of ours (dup2). So before each
record is written, the descriptor has to show that it is ours: its file position stands at a mark that no other has.
Appending leaves the position alone, as pwrite(2) on Linux always appends where O_APPEND is set.
"""

from __future__ import annotations

import os
import sys
from errno import EBADF

from .shield import let_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_APPENDS = sys.platform == "linux"
"""Whether pwrite appends where O_APPEND is set (pwrite(2), BUGS)."""
_NO_MARK = -1
_lseek, _CURRENT = os.lseek, os.SEEK_CUR
_pwrite: Any = getattr(os, "pwrite", None)


class NotOurs(OSError):
    """The descriptor was closed, or belongs to another file by now."""


class Descriptor:
    """An open session file. Closed when the last thread that writes to it lets go, if it still is ours."""

    __slots__ = ("_file", "mark", "number")

    def __init__(self, path: str, make: bool = False) -> None:
        """Open the session file *path* for appending; *make*: where it does not exist, too. Raises OSError."""
        self.number = -1
        self.number = _opened(path, make)
        self._file = identity(os.fstat(self.number))
        self.mark = _marked(self.number) if _APPENDS else _NO_MARK

    def is_ours(self) -> bool:
        """Tell whether the number is still that of our file."""
        try:
            if self.mark == _NO_MARK:
                return identity(os.fstat(self.number)) == self._file
            return _lseek(self.number, 0, _CURRENT) == self.mark
        except OSError as error:
            let_through(error)
            return False

    def append_one(self, data: bytes) -> int:
        """Append *data* as `append` does; -1 where that can't be done."""
        try:
            if _APPENDS and _lseek(self.number, 0, _CURRENT) == self.mark:
                return int(_pwrite(self.number, data, 0))
        except OSError as error:
            let_through(error)
        return -1

    def last(self, size: int) -> bytes:
        """Return the last *size* bytes of the file, as far as they can be read."""
        if not self.is_ours() or not hasattr(os, "pread"):
            return b""
        return os.pread(self.number, size, max(0, os.fstat(self.number).st_size - size))

    def append(self, pieces: list[Any]) -> int:
        """Append *pieces* with one write; return how many bytes went into the file. Raises OSError."""
        if not self.is_ours():
            raise NotOurs(EBADF, "not the session file any more")
        if len(pieces) == 1 or not hasattr(os, "writev"):
            data = b"".join(pieces)
            return os.pwrite(self.number, data, 0) if _APPENDS else os.write(self.number, data)
        return os.pwritev(self.number, pieces, 0) if _APPENDS else os.writev(self.number, pieces)

    def again(self, path: str) -> Optional[Descriptor]:
        """Return another descriptor of the same file; None where *path* leads to another by now, or can't be opened."""
        try:
            opened = Descriptor(path)
        except OSError as error:
            let_through(error)
            return None
        return opened if opened._file == self._file else None

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        try:
            if self.number >= 0 and self.is_ours():
                close(self.number)
        except (AttributeError, TypeError):  # opening it failed, or the interpreter ends
            pass


def identity(status: os.stat_result) -> tuple[int, int]:
    """Return what tells a file from every other."""
    return status.st_dev, status.st_ino


def _marked(fd: int) -> int:
    """Set the file's position to one that no other file has, and return it; _NO_MARK where it does not stay there."""
    for size in (41, 31):  # some file systems have no longer files
        mark = (1 << size) + int.from_bytes(os.urandom(5), "little") % (1 << size) - (1 << size - 1)
        try:
            if os.lseek(fd, mark, os.SEEK_SET) == mark == os.lseek(fd, 0, os.SEEK_CUR):
                return mark
        except OSError as error:
            let_through(error)
    return _NO_MARK


def _opened(path: str, make: bool) -> int:
    """Open a session file; in a place among the descriptors where no program counts on its next one."""
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    fd = os.open(path, flags | (os.O_CREAT if make else 0), 0o600)
    if fcntl is None:
        return fd
    try:  # for as long as this process lives, others can tell that the file is being written
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        let_through(error)
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, min(os.sysconf("SC_OPEN_MAX"), 1024) - 32)
    except (OSError, ValueError) as error:
        let_through(error)
        return fd
    os.close(fd)
    return high
