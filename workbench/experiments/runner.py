"""Runs an experiment under trace: with other values if wanted, within a deadline, and so that it can be cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.engine.tracing.launch import traced_environment
from workbench.engine.tracing.stepping import Held, Rule, Stepping
from workbench.experiments.catalog import SCRIPTS, Experiment, Verdict, verdict
from workbench.experiments.parameters import Value
from workbench.journal.pages import LivePages
from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.probe.recorder import Recorder
from workbench.probe.rules import Injection

DEADLINE = 20.0
"""Seconds that a script may take, unless told otherwise."""
SHOWS_IT = "this call shows the answer"
"""The note on the call that proves the claim."""
_CANCELLED = "it was cancelled"
_KEPT = 65536  # bytes of what a script printed


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run; *printed* and *complaint* are what the script wrote on stdout and stderr, unescaped."""

    verdict: Verdict
    seconds: float
    code: int
    printed: str
    complaint: str
    stepped: bool = False
    """Whether calls waited for a person: a script that counts on being quick may then fail."""
    cancelled: bool = False
    """Whether somebody stopped the script before its end: that says nothing of its claim."""

    @property
    def reason(self) -> str:
        """Why the claim does not hold, or cannot be checked: the script's last line on stderr; unescaped."""
        return _last_words(self.complaint) or f"the script ended with {_exit_text(self.code)}"


def _last_words(complaint: str) -> str:
    """Return the last line; where that is a bare AssertionError, with the line of the script that raised it."""
    *above, last = complaint.rstrip().split("\n")
    if last != "AssertionError":
        return last
    codes = [line.strip() for line in above if line.startswith("    ") and line.strip(" ~^")]
    return f"{last}: {codes[-1]}" if codes else last


def _exit_text(code: int) -> str:
    """Name the signal that ended a script, or its exit code."""
    return f"signal {signal.Signals(-code).name}" if -code in set(signal.Signals) else f"exit code {code}"


class ExperimentRun:
    """A script that runs, with the journal of its calls. Whoever started it calls `poll` until it gives the result."""

    def __init__(
        self,
        experiment: Experiment,
        recorder: Recorder,
        values: Mapping[str, Value] | None = None,
        deadline: float = DEADLINE,
        *,
        step: bool = False,
        injection: Injection | None = None,
    ) -> None:
        """Start the script; its calls go into *recorder*'s session. *injection*: what they are made to do.

        *deadline*: seconds after which it is stopped; *step*: let each call wait until it is let go, while the clock
        stands still. Raises BadExperiment for a wrong parameter, OSError where the system refuses to start a process.
        """
        self.experiment, self.values = experiment, dict(values or {})
        self.result: Result | None = None
        self.proof: int | None = None
        """The index in the journal of the call that shows the answer, once the script has ended and the claim held."""
        self._recorder, self._deadline, self._injection = recorder, deadline, injection
        self._stopped = ""
        script = experiment.script(self.values)
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(TemporaryDirectory(prefix="experiment-")))
            self.journal = Journal(recorder.path)
            stack.callback(self.journal.close)
            self.journal.read_all()
            self.begin = len(self.journal)
            """The index of the first call that can be of this run."""
            self._live = stack.enter_context(LivePages.made(Path(recorder.path)))
            self.stepping = Stepping(Path(recorder.path), every=True) if step else None
            """Where the calls of the script wait, if it runs step by step."""
            if self.stepping is not None:
                stack.callback(self.stepping.close)
            self._process = self._started(self._written(script))
            self._began = self._looked = time.monotonic()
            self._stack = stack.pop_all()

    def _written(self, script: str) -> Path:
        """Return a file with the script, under its own name; what comes with the workbench never runs in its place."""
        if script == self.experiment.source and not self._is_ours:
            return self.experiment.path
        path = self._folder / self.experiment.path.name
        path.write_text(script, "utf-8")
        return path

    @property
    def _is_ours(self) -> bool:
        return self.experiment.path.parent == SCRIPTS

    def _started(self, path: Path) -> subprocess.Popen[bytes]:
        environment = traced_environment(
            Path(self._recorder.path), os.environ, limit=self._recorder.limit, injection=self._injection
        )
        beside = str(self.experiment.path.parent.absolute())
        environment["PYTHONPATH"] += os.pathsep + beside  # modules beside a script that runs from elsewhere
        environment["TMPDIR"] = str(self._folder)  # so that what a stopped script leaves behind goes with it
        with open(self._folder / "stdout", "wb") as out, open(self._folder / "stderr", "wb") as err:
            return subprocess.Popen(
                [sys.executable, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
                cwd=self._folder if self._is_ours else None,
                start_new_session=True,  # a group that can be stopped with all its children
            )

    @property
    def is_as_asked(self) -> bool:
        """Whether the values are those that the question is about."""
        return all(self.values.get(one.name, one.default) == one.default for one in self.experiment.parameters)

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran."""
        return self.result.seconds if self.result else time.monotonic() - self._began

    @property
    def running_lines(self) -> set[int]:
        """The lines of the script that its threads stand in: of the call that waits, those that last, or the latest."""
        if held := self.held[:1]:
            return self._lines(self.journal.text(each.message.writer, each.message.source) for each in held)
        if self.result is None and (lasting := self._live.doing(self.journal)):
            return self._lines(doing.source for doing in lasting)
        latest = len(self.journal) - 1
        return self.lines_of(latest) if latest >= self.begin else set()

    def lines_of(self, index: int) -> set[int]:
        """Return the line of the script that made call *index*, in a set; an empty one for a call of other code."""
        return self._lines([self.journal[index].source])

    def _lines(self, sources: Iterable[str]) -> set[int]:
        parts = [source.rpartition(":") for source in sources]
        return {int(line) for file, _, line in parts if Path(file).name == self.experiment.path.name and line.isdigit()}

    def poll(self) -> Result | None:
        """Take in the new calls; return the result once the script has ended, or was stopped at its deadline."""
        if self.result is not None:
            return self.result
        self.journal.pull()
        self._keep_time()
        code = self._process.poll()
        if code is None and self.seconds > self._deadline:
            code = self._stop(f"it did not end within {self._deadline:g} seconds")
        if code is not None:
            self._end(code)
        return self.result

    def _keep_time(self) -> None:
        """Leave the time out since the last look if calls wait; have their queues looked at again."""
        before, self._looked = self._looked, time.monotonic()
        if self.stepping is not None and self.held:
            self._began += self._looked - before
            self.stepping.look_again()

    @property
    def held(self) -> tuple[Held, ...]:
        """The calls that wait to be let go, the one that has waited longest first."""
        return self.stepping.held() if self.stepping is not None else ()

    def step(self) -> None:
        """Let the call go that has waited longest."""
        if self.stepping is not None:
            self.stepping.release(self.held[:1])

    def run_on(self) -> None:
        """Let all calls go, from now on."""
        if self.stepping is not None and self.result is None:
            self.stepping.rule = Rule()
            self.stepping.release(self.held)

    def wait(self, cancelled: Callable[[], bool] = lambda: False) -> Result:
        """Return the result when there is one; *cancelled* is asked again and again whether to stop the script."""
        while (result := self.poll()) is None:
            if cancelled():
                self.cancel()
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        return result

    def cancel(self) -> None:
        """Stop the script, if it still runs."""
        if self.poll() is None:
            self._end(self._stop(_CANCELLED))

    def close(self) -> None:
        """Stop the script and let go of its journal and files."""
        self.cancel()
        self._stack.close()

    def _stop(self, why: str) -> int:
        self._stopped = why
        os.killpg(self._process.pid, signal.SIGKILL)  # its leader was not waited for: no other has that number
        return self._process.wait()

    def _end(self, code: int) -> None:
        seconds = time.monotonic() - self._began
        if self.stepping is not None:
            self.stepping.close()
        complaint = self._text("stderr") + self._stopped
        self._live.settle(self._recorder, self.journal)
        self.journal.read_all()
        reached = Verdict.FAILS if self._stopped else verdict(code, complaint)
        self.result = Result(
            reached, seconds, code, self._text("stdout"), complaint,
            stepped=self.stepping is not None, cancelled=self._stopped == _CANCELLED,
        )  # fmt: skip
        proof = self.experiment.shows.among(self._calls()) if reached is Verdict.HOLDS else None
        if proof is not None:
            self.proof = proof.seq - 1
            self._recorder.note(proof.seq, SHOWS_IT, bookmark=True)
            self.journal.read_all()

    def _text(self, name: str) -> str:
        with open(self._folder / name, "rb") as file:
            return file.read(_KEPT).decode("utf-8", "replace")

    def _calls(self) -> Iterator[Call]:
        return (self.journal[index] for index in range(self.begin, len(self.journal)))

    def recv_sizes(self) -> list[int]:
        """Return how many bytes each recv of the run gave, without peeks and those that never returned."""
        gave = (call for call in self._calls() if call.receives and call.error is None and not call.unfinished)
        return [len(call.data) for call in gave if not call.peek]
