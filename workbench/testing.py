"""A pytest plugin: the fixture `socket_recording` records a test's socket calls.

When the test fails, the annotated log is added to its report and the session is kept. Nothing else is imported, and
nothing happens, until a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from workbench.engine.tracing.own_process import Recording

_RECORDING = pytest.StashKey["Recording"]()
_FAILED = pytest.StashKey[bool]()


@pytest.fixture
def socket_recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recording]:
    """Record the sockets that the test makes; `.calls()` returns their calls so far, `.path` is the session."""
    from workbench.engine.tracing.own_process import record

    with record(tmp_path / "session.swb") as recording:
        request.node.stash[_RECORDING] = recording
        yield recording
    if not request.node.stash.get(_FAILED, False):
        recording.path.unlink()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the log of a test that failed to its report."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    recording = item.stash.get(_RECORDING, None)
    if recording is not None and report.failed and recording.path.exists():
        item.stash[_FAILED] = True
        report.sections.append((f"socket calls, kept in {recording.path}", log(recording)))
    return report  # type: ignore[return-value]


def log(recording: Recording) -> str:
    """Return the annotated log of what was recorded so far."""
    from contextlib import closing
    from io import StringIO

    from workbench.journal.reader import Journal
    from workbench.report.feed import copy
    from workbench.report.text import TextReport

    out = StringIO()
    with closing(Journal(recording.path)) as journal:
        journal.pull()
        copy(journal, TextReport(out, journal))
    return out.getvalue()
