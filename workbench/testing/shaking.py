"""--socket-shake: tests that make socket calls are run again, their calls made to do what they legally may.

Each run is one in this process, with the test's own fixtures made anew, and a seeded plan as `shake` has them. The
first failure is shrunk and told before the traceback. Fixtures that outlive the test keep the sockets they have.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from workbench.engine.shaking.injected import injected
from workbench.engine.shaking.plans import Seen, draw_seed, plan
from workbench.engine.shaking.run import Outcome
from workbench.engine.shaking.shake import injection_of, token_of
from workbench.engine.shaking.shrink import Shrinker
from workbench.engine.tracing.own_process import Recording, record
from workbench.journal.reader import Journal
from workbench.probe.rules import Injection, RuleError, parse
from workbench.report.text import TextReport

SHAKEN = pytest.StashKey[Recording]()
"""The recording of the shaken run that goes on."""
_LEAST, _TIMES = 10.0, 5
_SHRINKING = 2.0
"""Seconds that a run may take at least, while shrinking."""
_SHOWN = 3


class Hang(Exception):
    """A test went on beyond its time."""


@dataclass(slots=True)
class _Run:
    """What came of a test under injections."""

    outcome: Outcome
    failed: pytest.TestReport | None


class ShakePlugin:
    """Runs each test that was asked for, and again under injections if it makes socket calls."""

    def __init__(self, runs: int, seed: int, replay: str | None) -> None:
        """Raises RuleError for a *replay* that can't be read."""
        self._runs, self._seed = runs, seed
        self._replay = None if replay is None else injection_of(replay)
        self._made = False
        sys.addaudithook(self._watch)

    def _watch(self, event: str, args: Any) -> None:
        if event == "socket.__new__":
            self._made = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test, and shake it; leave what can't be run twice to pytest."""
        runs, rules = self._wanted(item)
        if not isinstance(item, pytest.Function) or not (runs or self._replay):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self._made = False
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if self._made and all(report.passed for report in reports):
            test = _Test(item, nextitem, sum(report.duration for report in reports))
            failed = test.replayed(self._replay) if self._replay else test.shaken(runs, self._seed, rules)
            if failed is not None:
                reports = [failed if report.when == "call" else report for report in reports]
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _wanted(self, item: pytest.Item) -> tuple[int, tuple[str, ...]]:
        """Return how often to shake a test, and under which rules, if they were named."""
        marker = item.get_closest_marker("socket_shake")
        if marker is None:
            return self._runs, ()
        inject = marker.kwargs.get("inject", ())
        return marker.kwargs.get("runs", self._runs or RUNS), (inject,) if isinstance(inject, str) else tuple(inject)


RUNS = 10
"""Runs of each test unless told."""


class _Test:
    """One test that is shaken."""

    def __init__(self, item: pytest.Function, nextitem: pytest.Item | None, seconds: float) -> None:
        self._item, self._nextitem, self._seconds = item, nextitem, seconds
        self._folder = Path(mkdtemp(prefix="socket-shake-"))
        self._reports: dict[Path, pytest.TestReport] = {}
        self._number = 0

    def replayed(self, injection: Injection) -> pytest.TestReport | None:
        """Run it once under a token."""
        run = self._run(injection)
        rules = [rule.text for rule in injection.rules]
        return self._ended(None if run.failed is None else self._told(run.outcome, rules, injection.seed, run.failed))

    def shaken(self, runs: int, seed: int, rules: Sequence[str]) -> pytest.TestReport | None:
        """Run it so often; return the report of the first failure that repeats itself, shrunk."""
        try:
            named = [parse(rule) for rule in rules]
        except RuleError as problem:
            raise pytest.UsageError(f"{self._item.nodeid}: socket_shake: {problem}") from None
        clean = self._run(None)
        if clean.failed is not None or not _moves_bytes(clean.outcome.seen):
            return self._ended(None)
        for number in range(runs):
            injection = Injection(draw_seed(seed, number), named) if named else plan(seed, number, clean.outcome.seen)
            if not injection.rules:
                break
            run = self._run(injection)
            if run.failed is None or self._run(injection).failed is None or self._run(None).failed is not None:
                continue
            return self._ended(self._shrunk(injection, run))
        return self._ended(None)

    def _shrunk(self, injection: Injection, run: _Run) -> pytest.TestReport:
        def try_(rules: Sequence[str]) -> Outcome | None:
            tried = self._run(Injection(injection.seed, [parse(rule) for rule in rules]), shrinking=True)
            return None if tried.failed is None else tried.outcome

        assert run.failed is not None
        self._reports[run.outcome.session] = run.failed
        rules, best = Shrinker(try_).shrink(tuple(rule.text for rule in injection.rules), run.outcome)
        return self._told(best, rules, injection.seed, self._reports[best.session])

    def _run(self, injection: Injection | None, *, shrinking: bool = False) -> _Run:
        """Run the test once more, recorded and injected."""
        item, began = self._item, time.monotonic()
        self._number += 1
        item._initrequest()
        limit = max(_SHRINKING if shrinking else _LEAST, _TIMES * self._seconds)
        session = self._folder / f"{self._number}.swb"
        with record(session, injection=injection) as recording:
            item.stash[SHAKEN] = recording
            try:
                with _hanging_after(limit):
                    reports = runtestprotocol(item, nextitem=self._nextitem, log=False)
            finally:
                del item.stash[SHAKEN]
        failed = next((report for report in reports if report.failed), None)
        outcome = Outcome(session, [], [], [], [], time.monotonic() - began)
        with closing(Journal(session)) as journal:
            journal.pull()
            outcome.injected = list(injected(journal, injection))
            pipes = {
                key for call in journal if call.call == "socketpair" and "asyncio/" in call.source for key in call.made
            }
            for call in journal:
                if call.socket not in pipes:
                    outcome.seen.take(call)
        if failed is not None:
            self._reports[session] = failed
        else:
            session.unlink()
        return _Run(outcome, failed)

    def _told(self, outcome: Outcome, rules: Sequence[str], seed: int, report: pytest.TestReport) -> pytest.TestReport:
        """Return *report* with what was injected before its traceback."""
        deeds, out = [one.sentence() for one in outcome.injected], StringIO()
        out.write("fails when " + " and ".join(deeds[:_SHOWN]))
        out.write(f" and {len(deeds) - _SHOWN} more\n" if len(deeds) > _SHOWN else "\n")
        with closing(Journal(outcome.session)) as journal:
            journal.pull()
            for one in outcome.injected[:_SHOWN]:
                TextReport(out, journal, most=64).write(one.call)
        out.write(f"replay: pytest {self._item.nodeid!r} --socket-shake-replay {token_of(rules, seed)!r}\n")
        out.write(f"session: {outcome.session}\n\n{report.longreprtext}")
        report.longrepr, report.when, report.outcome = out.getvalue(), "call", "failed"
        self._kept = outcome.session
        return report

    _kept: Path | None = None

    def _ended(self, report: pytest.TestReport | None) -> pytest.TestReport | None:
        """Remove the sessions but the one that is told."""
        for path in self._folder.iterdir():
            if path != self._kept:
                path.unlink()
        if self._kept is None:
            self._folder.rmdir()
        return report


def _moves_bytes(seen: Seen) -> bool:
    return bool(seen.receives or seen.sends or seen.sendall or seen.datagrams)


@contextmanager
def _hanging_after(seconds: float) -> Iterator[None]:
    """Raise Hang in the test after so many *seconds*, where it runs in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def raise_hang(number: int, frame: Any) -> None:
        raise Hang(f"the test hangs: it went on for more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, raise_hang)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # again, where the test caught it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
