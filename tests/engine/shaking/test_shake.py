"""Programs that are shaken: what is wrong is found, shrunk to one call and told; what is right holds."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.shaking import programs

SHAKE = (sys.executable, "-m", "workbench", "shake")


def shake(folder: Path, source: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(source)
    return subprocess.run(
        [*SHAKE, *words, "program.py"], cwd=folder, capture_output=True, text=True, timeout=90
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "failure", "call"),
    [
        (programs.LENGTH, "program.py ends with exit code 1", "returns 3 of 4 bytes"),
        pytest.param(
            programs.JSON,
            "JSONDecodeError",
            "fails when recv #1 on socket 2 at program.py:5 returns 1",
            marks=pytest.mark.slow,
        ),
        (programs.SEND, "EOFError: message ended after 4999 of 5000", "program.py:4 takes 4999 of 5000 bytes"),
    ],
    ids=["length", "json", "send"],
)
def test_a_fault_is_shrunk_to_one_call_with_the_least_change(
    tmp_path: Path, source: str, failure: str, call: str
) -> None:
    done = shake(tmp_path, source)
    assert done.returncode == 1, done.stderr
    first, sentence = done.stdout.splitlines()[:2]
    assert failure in first
    assert call in sentence
    assert " and " not in sentence
    assert "by --inject" in done.stdout
    assert "Traceback (most recent call last)" in done.stdout


@pytest.mark.slow
def test_a_token_shows_the_same_failure_again_each_time(tmp_path: Path) -> None:
    found = shake(tmp_path, programs.LENGTH)
    token = shlex.split(found.stdout.splitlines()[-1])
    assert token[:4] == ["replay", "socket-workbench", "shake", "--replay"]
    replayed = [shake(tmp_path, programs.LENGTH, "--replay", token[4]) for _ in range(3)]
    assert {done.returncode for done in replayed} == {1}
    assert {done.stdout.splitlines()[1] for done in replayed} == {found.stdout.splitlines()[1]}


@pytest.mark.slow
def test_a_hang_is_told_with_what_is_waited_for(tmp_path: Path) -> None:
    done = shake(tmp_path, programs.HANG, "--timeout", "3")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("hangs for 3 s: program.py waits in recv(")
    assert "fails when recv #1 on socket 2 at program.py:5 returns" in done.stdout


@pytest.mark.slow
def test_a_datagram_that_is_lost_for_good_is_named_though_its_call_never_returned(tmp_path: Path) -> None:
    done = shake(tmp_path, programs.QUESTION, "--timeout", "2")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("hangs for 2 s: ")
    assert re.search(
        "^fails when recv(from)? #1 on (server|client 1) at program.py:[0-9]+ loses a datagram$", done.stdout, re.M
    )


def test_what_loops_holds(tmp_path: Path) -> None:
    done = shake(tmp_path, programs.LOOPS, "--runs", "2")
    assert (done.returncode, done.stdout) == (0, "held: 2 runs, no failure\n")


@pytest.mark.slow
def test_another_output_is_a_failure_where_that_is_asked_for(tmp_path: Path) -> None:
    source = "import socket\none, other = socket.socketpair()\none.sendall(b'hello')\nprint(other.recv(9))\n"
    assert shake(tmp_path, source, "--runs", "2").returncode == 0
    done = shake(tmp_path, source, "--runs", "2", "--same-output")
    assert done.returncode == 1
    assert "fails when recv #1 on socket 2 at program.py:4 returns 4 of 5 bytes" in done.stdout


def test_a_program_that_fails_undisturbed_is_not_shaken(tmp_path: Path) -> None:
    done = shake(tmp_path, "raise SystemExit(3)\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the clean run fails: program.py ended with exit code 3" in done.stderr


@pytest.mark.slow
def test_a_clean_run_that_differs_is_said_and_not_blamed_on_the_shaking(tmp_path: Path) -> None:
    source = (
        "import os, sys\nfirst = not os.path.exists('ran')\nopen('ran', 'w').close()\nsys.exit(0 if first else 1)\n"
    )
    done = shake(tmp_path, source)
    assert done.returncode == 2
    assert "the clean run is not the same twice" in done.stderr


def test_a_bad_token_ends_with_one_sentence(tmp_path: Path) -> None:
    done = shake(tmp_path, programs.LOOPS, "--replay", "recv:max=1 + nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("socket-workbench: --replay: 'nonsense' in 'nonsense' is no call")
