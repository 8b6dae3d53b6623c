"""The session on screen: where it is kept, its journal, and the bench that writes it. The UI pulls; nobody calls it."""

from __future__ import annotations

import shutil
import traceback
from pathlib import Path

from workbench.engine.endpoints.bench import Bench
from workbench.engine.state import EndpointState
from workbench.journal.files import (
    LIMIT,
    SUFFIX,
    being_written,
    discard,
    fresh_path,
    fullness,
    leftovers,
    record_to,
    sessions_folder,
)
from workbench.journal.pages import recover
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder

SLICE = 0.02
"""Seconds that one pull may take: keys wait no longer than that."""


class Bridge:
    """A session and what the screen may do with it. A recording has no bench."""

    def __init__(self, path: Path, recorder: Recorder | None, *, keep: bool) -> None:
        self.path = path
        self.keep = keep
        self._recorder = recorder
        self.bench = Bench(recorder) if recorder is not None else None
        self.journal = Journal(path)

    @classmethod
    def live(
        cls, record: Path | None = None, *, append: bool = False, overwrite: bool = False, limit: int | None = LIMIT
    ) -> Bridge:
        """Begin a session in *record*, else in the state directory, from which it is removed at the end."""
        path = record or fresh_path(sessions_folder())
        return cls(path, record_to(path, append=append, overwrite=overwrite, limit=limit), keep=record is not None)

    @classmethod
    def reopened(cls, path: Path) -> Bridge:
        """Open a recording; raises OSError, or NotASession where nothing in it is ours."""
        recover(path)
        bridge = cls(path, None, keep=True)
        bridge.journal.pull(SLICE)
        if not len(bridge.journal) and bridge.journal.position == 0:
            bridge.journal.read_all()
        return bridge

    @property
    def is_live(self) -> bool:
        """Whether there is a bench to drive."""
        return self.bench is not None

    def pull(self) -> int:
        """Take in what was recorded; return how many calls came."""
        return self.journal.pull(SLICE if self.is_live else 1.5 * SLICE)

    def fullness(self) -> str:
        """Say how many calls were not kept, or that the file is nearly as large as it may be; "" for neither."""
        return fullness(self._recorder) if self._recorder is not None else ""

    def being_written(self) -> bool:
        """Whether a recorder has the file open."""
        return being_written(self.path)

    def endpoints(self) -> tuple[EndpointState, ...]:
        """Return what every endpoint looks like now."""
        return self.bench.endpoints() if self.bench is not None else ()

    def annotate(self, seq: int, text: str, *, bookmark: bool) -> None:
        """Write a note into the session; into a recording by a recorder of its own. Raises OSError."""
        if self._recorder is None:
            self._recorder = Recorder(str(self.path), program="socket-workbench notes")
        self._recorder.note(seq, text, bookmark=bookmark)

    def renew(self) -> None:
        """End this session and begin another: sockets are closed; what nobody asked to keep is removed."""
        self.close()
        fresh = Bridge.live(limit=self._recorder.limit) if self._recorder is not None else Bridge.live()
        self.path, self.keep, self._recorder = fresh.path, fresh.keep, fresh._recorder
        self.bench, self.journal = fresh.bench, fresh.journal

    def save(self, path: Path) -> None:
        """Copy the session as it is now to *path*, as one that has ended; raises OSError."""
        shutil.copyfile(self.path, path)
        path.chmod(0o600)
        if self.is_live and self._recorder is not None:
            ending = Recorder(str(path), program="socket-workbench copy")
            ending.writer = self._recorder.writer
            ending.close()

    def close(self) -> None:
        """Close every socket and file, whatever is blocked."""
        if self.bench is not None:
            self.bench.close()
        if self._recorder is not None:
            self._recorder.close()
        self.journal.close()
        if not self.keep:
            discard(self.path)


def suggested_name(path: Path) -> str:
    """Return a file name for a session that is to be kept."""
    return path.stem.rpartition("-")[0] + SUFFIX


def unfinished(own: Path) -> list[Path]:
    """Return the sessions that a crash left in the state directory, the newest first; *own* is none of them."""
    return [path for path in leftovers(sessions_folder()) if path != own]


def keep_traceback(error: Exception) -> Path:
    """Write down where a fault of our own happened; return the file."""
    path = sessions_folder().parent / "fault.txt"
    path.write_text("".join(traceback.format_exception(error)), errors="backslashreplace")
    return path
