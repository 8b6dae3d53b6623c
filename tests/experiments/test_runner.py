from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from workbench.experiments.catalog import BadExperiment, Experiment, Verdict, find, parse
from workbench.experiments.parameters import Value
from workbench.experiments.runner import SHOWS_IT, Run
from workbench.probe.record import Recorder

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
    def __call__(self, experiment: Experiment, values: Mapping[str, Value] = ..., deadline: float = ...) -> Run: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    with ExitStack() as stack:

        def started(experiment: Experiment, values: Mapping[str, Value] = {}, deadline: float = 20) -> Run:
            recorder = Recorder(str(tmp_path / "a.session"))
            run = Run(experiment, recorder, values, deadline)
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
