"""The descriptor of a session file, kept apart from those that the program opens, closes and counts on."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Descriptor:
    """Closed when the last thread that writes to it lets go, so that no record goes into what is opened next."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        try:
            if self.number >= 0:
                close(self.number)
        except OSError:  # the program closed it
            pass


def open_session(path: str) -> int:
    """Open a session file for appending; in a place among the descriptors where no program counts on its next one."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    fd = os.open(path, flags, 0o600)
    if fcntl is None:
        return fd
    try:  # for as long as this process lives, others can tell that the file is being written
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        pass
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, min(os.sysconf("SC_OPEN_MAX"), 1024) - 32)
    except (OSError, ValueError):
        return fd
    os.close(fd)
    return high
