"""Every claim, on this machine: each script alone, with other values, under trace, and again and again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.engine.tracing.launch import traced_environment
from workbench.experiments.catalog import Experiment, Verdict, catalog, find, verdict
from workbench.experiments.parameters import Value
from workbench.journal.checking import check
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder

DEADLINE = 20  # seconds
FOUND = {
    "backlog": {"accept-queue-full"},
    "bufsize": {"tiny-recv"},
    "close-while-recv": {"close-while-blocked"},
    "length-in-characters": {"length-in-characters"},
    "readline-then-recv": {"file-and-recv"},
    "send-loop": {"short-send"},
    "sendall-timeout": {"partial-message"},
    "udp-lost": {"lost-datagrams"},
    "udp-refused": {"no-answer"},
    "udp-truncated": {"truncated-datagram"},
    "unix-full-queue": {"accept-queue-full"},
}
"""What check says of each, but for notes; of the others nothing: they do on purpose what they do, and it goes well."""
EACH = pytest.mark.parametrize("experiment", catalog(), ids=lambda experiment: experiment.name)


def run(script: Path, environment: dict[str, str] | None = None) -> str:
    """Run a script as `python FILE` does; return its verdict, with what it wrote on stderr if the claim fails."""
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=DEADLINE, env=environment, cwd="/"
    )
    result = verdict(done.returncode, done.stderr)
    return f"{result}: {done.stderr}" if result is Verdict.FAILS else result


def run_all(scripts: list[Path]) -> list[str]:
    with ThreadPoolExecutor(2) as two:
        return list(two.map(run, scripts))


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str]:
    names = [experiment.name for experiment in catalog()]
    return dict(zip(names, run_all([experiment.path for experiment in catalog()]), strict=True))


@EACH
def test_the_claim_holds(experiment: Experiment, verdicts: dict[str, str]) -> None:
    assert verdicts[experiment.name] in (Verdict.HOLDS, Verdict.NOT_AVAILABLE)
    if sys.platform.startswith("linux"):
        assert verdicts[experiment.name] == Verdict.HOLDS


@EACH
def test_the_journal_shows_it(experiment: Experiment, tmp_path: Path) -> None:
    session = tmp_path / "a.session"
    Recorder(str(session)).close()
    assert run(experiment.path, traced_environment(session, os.environ)) == Verdict.HOLDS
    journal = Journal(session)
    journal.read_all()
    shown = experiment.shows.among(journal)
    found = {finding.rule for finding in check(journal) if finding.severity != "note"}
    journal.close()
    assert shown is not None
    assert found == FOUND.get(experiment.name, set())
    assert bool(experiment.shows.error) == (shown.error is not None)


def free_port() -> int:
    """Return a port to try in place of a fixed one, on which somebody may listen."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@EACH
def test_it_can_be_changed(experiment: Experiment, tmp_path: Path) -> None:
    changed = [
        {parameter.name: free_port() if parameter.name == "PORT" else choice}
        for parameter in experiment.parameters
        for choice in parameter.choices
        if choice != parameter.default
    ]
    scripts = []
    for number, values in enumerate(changed):
        scripts.append(tmp_path / f"{number}.py")
        scripts[-1].write_text(experiment.script(values), "utf-8")
    outcome = dict(zip(map(str, changed), run_all(scripts), strict=True))
    assert {name: told for name, told in outcome.items() if told not in (Verdict.HOLDS, Verdict.NOT_AVAILABLE)} == {}


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("transfer-end", {"BUFSIZE": 100}, "holds"),
        ("transfer-end", {"BUFSIZE": 0}, "AssertionError"),
        ("two-sends-one-recv", {"SENDS": 9}, "holds"),
        ("length-first", {"SIZE": 0}, "AssertionError: the length came by itself"),
        ("time-echo", {"CLIENTS": 7}, "TimeoutError: timed out"),
        ("nagle-delay", {"ROUNDS": 1}, "holds"),
        ("udp-lost", {"COUNT": 0}, "holds"),
        ("udp-lost", {"RCVBUF": 10_000_000}, "holds"),
        ("send-counts-bytes", {"TEXT": ""}, "holds"),
        ("send-short", {"SIZE": -1}, "ValueError: negative count"),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the figures are of Linux")
def test_an_odd_value_neither_hangs_nor_is_told_as_something_else(
    name: str, values: dict[str, Value], told: str, tmp_path: Path
) -> None:
    script = tmp_path / "odd.py"
    script.write_text(find(name).script(values), "utf-8")
    assert run(script).rstrip().endswith(told)


@pytest.mark.slow
@EACH
def test_it_holds_every_time(experiment: Experiment) -> None:
    assert set(run_all([experiment.path] * 20)) == {Verdict.HOLDS}
