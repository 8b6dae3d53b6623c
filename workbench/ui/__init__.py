"""The bench on screen: the only folder that imports Textual.

From the top: app; bench; experiments; trace; session; log and kernel; parts. A folder may import those below it, and
everything below ui. A screen reads the journal 10 to 20 times a second and is never called from a socket's thread.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.ui import terminal

if TYPE_CHECKING:
    from workbench.engine.tracing.programs import Program
    from workbench.ui.preferences import Preferences


def run(session: Path | None, *, record: Path | None, append: bool, overwrite: bool, limit: int) -> str | None:
    """Open the bench, or the recording *session*; return a sentence if it could not be opened."""
    if not terminal.is_there():
        return terminal.NONE
    from workbench.journal.files import SessionExists
    from workbench.journal.reader import NotASession
    from workbench.ui.app import WorkbenchApp
    from workbench.ui.session.bridge import Bridge

    try:
        if session is not None:
            bridge = Bridge.reopened(session)
        else:
            bridge = Bridge.live(record, append=append, overwrite=overwrite, limit=limit)
    except (SessionExists, NotASession) as problem:
        return str(problem)
    except OSError as problem:
        return f"{problem.filename or session or record}: {problem.strerror}"
    terminal.end_with_it()
    try:
        WorkbenchApp(bridge, preferences=_preferences(session or record)).run()
    finally:
        said = bridge.fullness() if record is not None else ""
        bridge.close()
        if said:
            print(f"socket-workbench: {said}", file=sys.stderr)
    return None


def run_trace(
    programs: Sequence[Program], *, record: Path | None, append: bool, overwrite: bool, limit: int, step: bool
) -> tuple[int, str | None]:
    """Run programs under trace on screen, *step*: call by call; return the first one's exit code.

    Beside it a sentence if the session could not be opened.
    """
    if not terminal.is_there():
        return 2, terminal.NONE
    from workbench.journal.files import SessionExists
    from workbench.ui.app import WorkbenchApp
    from workbench.ui.trace.bridge import TraceBridge
    from workbench.ui.trace.screen import TraceScreen

    try:
        bridge = TraceBridge(programs, record, append=append, overwrite=overwrite, limit=limit, step=step)
    except SessionExists as problem:
        return 2, str(problem)
    except OSError as problem:
        return 2, f"the session cannot be recorded: {problem.filename or record}: {problem.strerror}"
    terminal.end_with_it()
    try:
        WorkbenchApp(bridge, kind=TraceScreen, preferences=_preferences(record)).run()
    finally:
        bridge.close()
    return bridge.run.code, None


def _preferences(kept: Path | None) -> Preferences:
    """Read what a person has chosen; *kept*: the session, where it is to be found again."""
    from workbench.ui.preferences import Preferences

    preferences = Preferences.read()
    if kept is not None:
        with suppress(OSError):  # then it is not among the recent ones: nothing else depends on it
            preferences.remember(kept)
    return preferences
