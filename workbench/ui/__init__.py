"""The bench on screen: the only folder that knows Textual."""

from __future__ import annotations

from pathlib import Path


def run(session: Path | None, *, record: Path | None, append: bool, overwrite: bool) -> str | None:
    """Open the bench, or the recording *session*; return a sentence if it could not be opened."""
    from workbench.engine.session import SessionExists
    from workbench.journal.reader import NotASession
    from workbench.ui.app import WorkbenchApp
    from workbench.ui.bridge import Bridge

    try:
        if session is not None:
            bridge = Bridge.recorded(session)
        else:
            bridge = Bridge.live(record, append=append, overwrite=overwrite)
    except (SessionExists, NotASession) as problem:
        return str(problem)
    except OSError as problem:
        return f"{problem.filename or session or record}: {problem.strerror}"
    try:
        WorkbenchApp(bridge).run()
    finally:
        bridge.close()
    return None
