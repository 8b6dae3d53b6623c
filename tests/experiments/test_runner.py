from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from workbench.experiments.catalog import BadExperiment, Experiment, Verdict, find, load, parse
from workbench.experiments.parameters import Value
from workbench.experiments.runner import SHOWS_IT, ExperimentRun
from workbench.probe.recorder import Recorder

BLOCK = """\
# /// experiment
# title = "One end to the other"
# topic = "mine"
# question = "What does recv return?"
# choices = ["one", "two"]
# answer = 1
# explanation = "Because."
# shows = { call = "recv" }
# [parameters]
# WORD = ["one", "two"]
# ///
import socket
"""
TALK = """
WORD = "one"
a, b = socket.socketpair()
a.send(WORD.encode())
print("got", b.recv(10))
"""


class Starter(Protocol):
    def __call__(
        self, experiment: Experiment, values: Mapping[str, Value] = ..., deadline: float = ..., *, step: bool = ...
    ) -> ExperimentRun: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with ExitStack() as stack:

        def started(
            experiment: Experiment, values: Mapping[str, Value] = {}, deadline: float = 20, *, step: bool = False
        ) -> ExperimentRun:
            recorder = Recorder(str(tmp_path / "a.session"))
            run = ExperimentRun(experiment, recorder, values, deadline, step=step)
            stack.callback(recorder.close)
            stack.callback(run.close)
            return run

        yield started


def written(folder: Path, body: str = TALK) -> Experiment:
    path = folder / "mine.py"
    path.write_text(BLOCK + body)
    return parse(BLOCK + body, path)


def test_a_run_ends_with_its_verdict_and_the_call_that_proves_it(start: Starter, tmp_path: Path) -> None:
    run = start(written(tmp_path))
    result = run.wait()
    assert (result.verdict, result.code, result.printed) == (Verdict.HOLDS, 0, "got b'one'\n")
    assert run.proof is not None
    proof = run.journal[run.proof]
    assert (proof.call, proof.data) == ("recv", b"one")
    assert run.journal.notes[proof.seq].text == SHOWS_IT
    assert run.recv_sizes() == [3]
    assert run.running_lines == {17}  # of the last call, which was the recv in print()


def test_a_run_with_other_values(start: Starter, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("TEXT = 'found'")
    run = start(written(tmp_path, TALK + "import beside; print(beside.TEXT)\n"), {"WORD": "second"})
    assert run.wait().printed == "got b'second'\nfound\n"
    assert run.running_lines == {17}
    with pytest.raises(BadExperiment, match="mine has no parameter SIZE: it has WORD"):
        start(run.experiment, {"SIZE": 1})


def test_the_example_of_the_readme(start: Starter, tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    path = tmp_path / "mine.py"
    block = "# /// experiment"
    path.write_text(block + readme.partition(block)[2].partition("```")[0], "utf-8")
    run = start(load(path), {"BUFSIZE": 10})
    assert run.wait().printed == "b'12345'\n"
    assert run.proof is not None


def test_what_runs_from_the_workbench_is_named_without_its_folder(start: Starter) -> None:
    run = start(find("greeting"))
    run.wait()
    assert {run.journal[index].source.partition(":")[0] for index in range(len(run.journal))} == {"greeting.py"}


def test_a_claim_that_fails_is_told_with_its_reason(start: Starter, tmp_path: Path) -> None:
    run = start(written(tmp_path, TALK + "assert WORD == 'two', 'it is one'\n"))
    result = run.wait()
    assert (result.verdict, result.reason) == (Verdict.FAILS, "AssertionError: it is one")
    assert run.proof is None
    assert not run.journal.notes


def test_a_bare_assertion_is_told_with_its_line(start: Starter, tmp_path: Path) -> None:
    result = start(written(tmp_path, TALK + "def check():\n    assert WORD == 'two'\n\ncheck()\n")).wait()
    assert result.reason == "AssertionError: assert WORD == 'two'"


def test_a_signal_that_ended_the_script_is_named(start: Starter, tmp_path: Path) -> None:
    result = start(written(tmp_path, TALK + "import os; os.kill(os.getpid(), 15)\n")).wait()
    assert (result.verdict, result.reason) == (Verdict.FAILS, "the script ended with signal SIGTERM")


def test_what_the_system_lacks_is_no_failure(start: Starter, tmp_path: Path) -> None:
    result = start(written(tmp_path, "WORD = ''\nraise SystemExit('not available: no such family')\n")).wait()
    assert (result.verdict, result.reason) == (Verdict.NOT_AVAILABLE, "not available: no such family")


HANGS = """
WORD = ""
import os
a, b = socket.socketpair()
if not os.fork():
    a.close()
b.recv(10)
"""


def test_a_run_is_stopped_at_its_deadline_with_its_children(start: Starter, tmp_path: Path) -> None:
    run = start(written(tmp_path, HANGS), deadline=1)
    result = run.wait()
    assert (result.verdict, result.reason) == (Verdict.FAILS, "it did not end within 1 seconds")
    calls = [run.journal[index] for index in range(len(run.journal))]
    assert any(call.call == "recv" and call.unfinished for call in calls)


def test_a_run_can_be_cancelled_and_tells_where_it_waits(start: Starter, tmp_path: Path, eventually) -> None:
    run = start(written(tmp_path, HANGS))
    eventually(lambda: not run.poll() and run.running_lines == {19}, 10)
    began = time.monotonic()
    run.cancel()
    assert time.monotonic() - began < 1
    assert run.result is not None
    assert run.result.reason == "it was cancelled"
    assert run.recv_sizes() == []
    run.cancel()
    run.close()


def test_only_the_calls_of_the_run_count(start: Starter, tmp_path: Path) -> None:
    first = start(written(tmp_path))
    first.wait()
    second = start(first.experiment, {"WORD": "four"})
    second.wait()
    assert second.begin == len(first.journal)
    assert second.recv_sizes() == [4]
    assert second.proof is not None
    assert second.journal[second.proof].data == b"four"


def waits_for(run: ExperimentRun, call: str) -> bool:
    return run.poll() is None and [held.message.call for held in run.held] == [call]


def test_step_by_step_each_call_waits_with_its_line_while_the_clock_stands_still(
    start: Starter, tmp_path: Path, eventually
) -> None:
    run = start(written(tmp_path), deadline=1, step=True)
    eventually(lambda: waits_for(run, "send"), 10)
    assert run.running_lines == {16}
    assert [call.call for call in run.journal] == ["socketpair"]
    began, seconds = time.monotonic(), run.seconds
    while time.monotonic() - began < 1.2:
        assert run.poll() is None, "the deadline does not count while a call waits"
    assert run.seconds - seconds < 0.2
    run.step()
    eventually(lambda: waits_for(run, "recv"), 10)
    assert run.held[0].message.queue.total == 3
    run.run_on()
    result = run.wait()
    assert (result.verdict, result.stepped, result.printed) == (Verdict.HOLDS, True, "got b'one'\n")
    assert run.proof is not None
    assert not run.held


def test_a_run_whose_call_waits_can_be_cancelled(start: Starter, tmp_path: Path, eventually) -> None:
    run = start(written(tmp_path), step=True)
    eventually(lambda: waits_for(run, "send"), 10)
    run.cancel()
    assert run.result is not None
    assert run.result.reason == "it was cancelled"
    assert not run.held
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".step"]
