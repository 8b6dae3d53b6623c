"""The session of programs that run under trace, on screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.engine.tracing.followed_run import TracedRun
from workbench.engine.tracing.programs import Program
from workbench.journal.files import LIMIT, fresh_path, record_to, sessions_folder
from workbench.ui.session.bridge import Bridge


class TraceBridge(Bridge):
    """Runs programs for as long as it is open: closing it ends them."""

    def __init__(
        self,
        programs: Sequence[Program],
        record: Path | None = None,
        *,
        append: bool = False,
        overwrite: bool = False,
        limit: int = LIMIT,
        step: bool = False,
        columns: int = 80,
    ) -> None:
        """Begin a session in *record*, else in the state directory; raises OSError and SessionExists as Bridge.live.

        *limit*: bytes that the session may have; *step*: let each call wait until it is let go; *columns*: of the
        terminal that the programs print to.
        """
        path = record or fresh_path(sessions_folder())
        recorder = record_to(path, append=append, overwrite=overwrite, limit=limit)
        super().__init__(path, None, keep=record is not None)
        self._recorder = recorder
        self.journal.pull()
        self.run = TracedRun(programs, recorder, self.journal, step=step, columns=columns)
        self.programs = tuple(programs)

    @property
    def name(self) -> str:
        """The programs' names."""
        return ", ".join(program.name for program in self.programs)

    def close(self) -> None:
        """End the programs, and close every file."""
        self.run.close()
        super().close()
