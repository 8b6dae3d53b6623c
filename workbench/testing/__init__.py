"""A pytest plugin: the fixture `socket_recording` records a test's socket calls, and tells what is wrong with them.

When the test fails, the annotated log is added to its report and the session is kept. The ini setting
`socket_findings = error` (or `warning`) fails a test in which one is found; `--socket-check` records every test for
that, without a change in it. Nothing else is imported, and nothing happens, until a test or the command line asks.
"""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from workbench.engine.tracing.own_process import Recording

_RECORDING = pytest.StashKey["Recording"]()
_FAILED = pytest.StashKey[bool]()
_ALL = pytest.StashKey[ExitStack]()
_LEVELS = {"": (), "error": ("error",), "warning": ("error", "warning")}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --socket-check and the setting of its level."""
    group = parser.getgroup("socket-workbench")
    group.addoption(
        "--socket-check",
        action="store_true",
        help="record the sockets of every test, and fail those with a finding (level: ini socket_findings, or error)",
    )
    group.addoption(
        "--socket-shake",
        nargs="?",
        const=_RUNS,
        type=_runs,
        metavar="N",
        help=f"run each test that makes socket calls N times more ({_RUNS}) with calls that return less, wait …",
    )
    group.addoption("--socket-shake-replay", metavar="TOKEN", help="run tests under the injections of a failure")
    parser.addini("socket_shake", "as --socket-shake=N", default="0")
    parser.addini("socket_shake_seed", "seed of the injections", default="0")
    parser.addini("socket_findings", "fail a recorded test with such a finding: error or warning", default="")


_RUNS = 10


def _runs(text: str) -> int:
    if not text.isdigit():
        raise ArgumentTypeError(f"takes a number, as in --socket-shake=25, not {text!r}: write it with =")
    return int(text)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let tests be shaken, where the command line, the settings or a mark asks for it."""
    option, replay = config.getoption("--socket-shake"), config.getoption("--socket-shake-replay")
    runs = _ini_number(config, "socket_shake") if option is None else option
    if runs or replay or any(item.get_closest_marker("socket_shake") for item in items):
        from workbench.probe.rules import RuleError
        from workbench.testing.shaking import ShakePlugin

        try:
            config.pluginmanager.register(ShakePlugin(runs, _ini_number(config, "socket_shake_seed"), replay))
        except RuleError as problem:
            raise pytest.UsageError(f"--socket-shake-replay: {problem}") from None


def _ini_number(config: pytest.Config, name: str) -> int:
    text = str(config.getini(name))
    if not text.isdigit():
        raise pytest.UsageError(f"{name} is a number, not {text!r}")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Describe the mark; refuse a level that is none."""
    config.addinivalue_line(
        "markers", "socket_shake(runs=10, inject=RULE or [RULE, …]): shake this test's sockets; runs=0 never does"
    )
    if config.getini("socket_findings") not in _LEVELS:
        raise pytest.UsageError(f"socket_findings is error or warning, not {config.getini('socket_findings')!r}")


@pytest.fixture
def socket_recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recording]:
    """Record the sockets that the test makes: `.calls()` and `.findings()` so far, `.path` is the session."""
    from workbench.engine.tracing.own_process import record

    if (shaken := _shaken(request.node)) is not None:
        yield shaken
        return
    if _ALL in request.node.stash:  # --socket-check records already
        yield request.node.stash[_RECORDING]
        return
    with record(tmp_path / "session.swb") as recording:
        request.node.stash[_RECORDING] = recording
        yield recording
    if not request.node.stash.get(_FAILED, False):
        recording.path.unlink()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Begin to record a test, fixtures included."""
    if item.config.getoption("--socket-check") and _shaken(item) is None:
        from tempfile import mkdtemp

        from workbench.engine.tracing.own_process import record

        stack = item.stash[_ALL] = ExitStack()
        folder = Path(mkdtemp(prefix="socket-check-"))
        item.stash[_RECORDING] = stack.enter_context(record(folder / "session.swb"))
    return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that went well, but for what is wrong with its calls."""
    result = yield
    level = item.config.getini("socket_findings") or ("error" if _ALL in item.stash else "")
    recording = item.stash.get(_RECORDING, None)
    if level and recording is not None and (told := findings_text(recording, _LEVELS[level])):
        pytest.fail(told, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """End the recording; the session stays where the test failed."""
    try:
        return (yield)
    finally:
        if (stack := item.stash.get(_ALL, None)) is not None:
            stack.close()
            del item.stash[_ALL]
            if not item.stash.get(_FAILED, False):
                path = item.stash[_RECORDING].path
                path.unlink(missing_ok=True)
                path.parent.rmdir()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the log of a test that failed to its report."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    recording = item.stash.get(_RECORDING, None)
    if recording is not None and report.failed and recording.path.exists():
        item.stash[_FAILED] = True
        report.sections.append((f"socket calls, kept in {recording.path}", log(recording)))
    return report  # type: ignore[return-value]


def _shaken(item: pytest.Item) -> Recording | None:
    """Return the recording of the shaken run that goes on, if one does."""
    if (module := sys.modules.get(f"{__name__}.shaking")) is None:
        return None
    recording: Recording | None = item.stash.get(module.SHAKEN, None)
    return recording


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


def findings_text(recording: Recording, severities: tuple[str, ...]) -> str:
    """Return what is wrong so far, of these *severities* and by the project's settings, as `check` prints it; or ""."""
    from contextlib import closing
    from io import StringIO

    from workbench.journal.reader import Journal
    from workbench.report.findings.settings import settings
    from workbench.report.findings.text import write

    wanted = [each for each in settings(Path.cwd()).of(recording.findings()) if each.severity in severities]
    out = StringIO()
    if wanted:
        with closing(Journal(recording.path)) as journal:
            journal.pull()
            write(out, wanted, journal)
    return out.getvalue()
