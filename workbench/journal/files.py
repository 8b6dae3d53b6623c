"""Where a session is kept: the file that --record names, or one in the user's state directory until the end."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

from workbench.model.call.size import size_text
from workbench.model.words.about import not_kept
from workbench.probe.format import MAGIC
from workbench.probe.recorder import Recorder

try:
    import fcntl
except ImportError:  # Windows: nobody can tell whether another process is writing
    fcntl = None  # type: ignore[assignment]

APPLICATION = "socket-workbench"
SUFFIX = ".swb"
LIMIT = 1 << 30
"""Largest size of a session file in bytes, by default."""

_NEAR = 0.9


class SessionExists(ValueError):
    """The file is there already and can't be joined; the message says what one can do."""


def being_written(path: Path) -> bool:
    """Whether a recorder has *path* open: each holds a shared lock (flock(2)) for as long as it lives."""
    if fcntl is None:
        return False
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def record_to(path: Path, *, append: bool = False, overwrite: bool = False, limit: int | None = LIMIT) -> Recorder:
    """Return a recorder for *path*: a new file, or one that another recorder is writing just now.

    Another existing file raises SessionExists unless *append* or *overwrite*; OSError where it cannot be opened.
    *limit*: bytes that the file may have; what comes then is counted, not kept.
    """
    if path.exists():
        _make_way(path, append, overwrite)
    return Recorder(str(path), program=APPLICATION, limit=limit)


def fullness(recorder: Recorder) -> str:
    """Say how many calls were not kept, or that the file is nearly as large as it may be; "" for neither."""
    if recorder.lost:
        return not_kept(recorder.lost)
    try:
        size = os.stat(recorder.path).st_size
    except OSError:
        return ""
    if recorder.limit is None or size < recorder.limit * _NEAR:
        return ""
    percent = min(100, size * 100 // recorder.limit)
    return f"the session file has {percent} % of the {size_text(recorder.limit)} that it may have"


def _make_way(path: Path, append: bool, overwrite: bool) -> None:
    if not path.is_file():
        raise SessionExists(f"{path} is not a regular file: take another name")
    if not path.stat().st_size or being_written(path):
        return
    if overwrite:
        path.unlink()
    elif not append:
        raise SessionExists(f"{path} exists: add --append or --overwrite, or take another name")
    elif not is_session(path):
        raise SessionExists(f"{path} is not a session file, so nothing can be appended: take another name")


def is_session(path: Path) -> bool:
    """Whether a file begins as sessions do; raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def sessions_folder() -> Path:
    """Return the folder of sessions that nobody asked to keep, made private (0700) if need be."""
    import platformdirs  # only those who keep no session need it

    folder = platformdirs.user_state_path(APPLICATION) / "sessions"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def fresh_path(folder: Path, now: float | None = None) -> Path:
    """Return a name for a session that begins now, which no file has yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    names = (f"{stamp}-{os.getpid()}{f'.{number}' * (number > 1)}{SUFFIX}" for number in count(1))
    return next(path for name in names if not (path := folder / name).exists())


def leftovers(folder: Path) -> list[Path]:
    """Return the sessions that a crash left behind, the newest first; what is no session of ours is left alone."""
    return sorted(filter(_was_left, folder.glob(f"*{SUFFIX}")), key=lambda path: path.name, reverse=True)


def _was_left(path: Path) -> bool:
    try:
        return path.is_file() and is_session(path) and not being_written(path)
    except OSError:  # gone just now, or not to be read
        return False


def discard(path: Path) -> None:
    """Remove a session that nobody wants to keep."""
    with suppress(OSError):
        path.unlink()
