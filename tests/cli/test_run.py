"""run: the claims are checked by real processes; no claim is made up for the table but a false one."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.commands import run
from workbench.cli.common import Failure
from workbench.cli.run_all import run_all
from workbench.experiments.catalog import TOPICS, catalog, find, load, parse

TWO_SENDS = find("two-sends-one-recv")


def changed(folder: Path, old: str, new: str) -> Path:
    path = folder / "mine.py"
    assert old in TWO_SENDS.source
    path.write_text(TWO_SENDS.source.replace(old, new))
    return path


def test_an_experiment_prints_its_log_the_proof_and_why() -> None:
    ran = run("run", "two-sends-one-recv")
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    mark = lines.index("      bookmark: this call shows the answer")
    assert "conn 1" in lines[mark - 2]
    assert "= b'hello world'" in lines[mark - 2]
    seq = lines[mark - 2].split()[0]
    assert lines[-1] == f"{seq} shows it: conn 1 recv(1024) = b'hello world'"
    assert '→ b"hello world"' in lines
    assert any(line.startswith("holds: TCP carries a stream of bytes") for line in lines)
    assert "printed: 2 sends, one recv: b'hello world'" in lines


def test_with_other_values_it_says_that_the_question_is_about_others() -> None:
    ran = run("run", "two-sends-one-recv", "--set", "BUFSIZE=4", "--set", "SENDS=5")
    assert ran.returncode == 0
    assert "recv(4) = b'hell'" in ran.stdout.splitlines()[-1]
    assert "BUFSIZE was 4 here: the question and the answer are about 1024" in ran.stdout


def test_as_json_stdout_has_nothing_but_calls(tmp_path: Path) -> None:
    session = tmp_path / "kept.swb"
    ran = run("run", "two-sends-one-recv", "--format", "json", "--record", str(session))
    calls = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [call["result"] for call in calls if call["call"] == "recv"] == [11, 11]
    assert "shows it" in ran.stderr
    assert "bookmark: this call shows the answer" in run("show", str(session)).stdout


def test_a_claim_that_does_not_hold_is_exit_code_1(tmp_path: Path) -> None:
    path = changed(tmp_path, "== everything[:BUFSIZE]", '== b"hello ", "it came apart"')
    ran = run("run", str(path))
    assert ran.returncode == 1
    assert ran.stderr == "socket-workbench: mine: the claim does not hold here: AssertionError: it came apart\n"
    assert "= b'hello world'" in ran.stdout


def test_a_script_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    path = changed(tmp_path, "received = connection.recv(BUFSIZE)", "connection.recv(100); connection.recv(100)")
    began = time.monotonic()
    ran = run("run", str(path), "--timeout", "1")
    assert time.monotonic() - began < 10
    assert ran.returncode == 1
    assert ran.stderr.endswith("mine: the claim does not hold here: it did not end within 1 seconds\n")


def test_what_the_system_lacks_is_no_failure(tmp_path: Path) -> None:
    path = changed(tmp_path, "import socket\n", 'import socket\nraise SystemExit("not available: sockets")\n')
    ran = run("run", str(path))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "mine: not available: sockets"


def test_a_script_without_a_claim_keeps_its_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "plain.py"
    path.write_text("import socket\nsocket.socket().close()\nprint('done')\nraise SystemExit(7)\n")
    ran = run("run", str(path))
    assert (ran.returncode, ran.stdout) == (7, "done\n")
    assert "socket(AF_INET, SOCK_STREAM, 0)" in ran.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name an EXPERIMENT or a FILE.py, or give --list or --all, one of them"),
        (("greeting", "--all"), "name an EXPERIMENT or a FILE.py, or give --list or --all, one of them"),
        (("--all", "--format", "json"), "--set, --format and --record are about one experiment: name it"),
        (("gretting",), "there is no experiment gretting: `run --list` names them, and a path ends with .py"),
        (("nowhere.py",), "nowhere.py: No such file or directory"),
        (("two-sends-one-recv", "--set", "SENDS=two"), "SENDS must be a whole number, not 'two'"),
        (("two-sends-one-recv", "--set", "SENDS"), "--set SENDS: write NAME=VALUE"),
        (("two-sends-one-recv", "--set", "N=1"), "two-sends-one-recv has no parameter N: it has SENDS, BUFSIZE"),
    ],
)
def test_wrong_use_is_one_line(words: tuple[str, ...], told: str) -> None:
    ran = run("run", *words)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"socket-workbench: {told}\n")


def test_list_names_every_experiment_by_topic() -> None:
    lines = run("run", "--list").stdout.splitlines()
    assert lines[0] == TOPICS[0]
    assert len([line for line in lines if line.startswith("  ")]) == len(catalog())


def test_all_checks_every_claim_within_45_seconds() -> None:
    began = time.monotonic()
    ran = run("run", "--all")
    assert time.monotonic() - began < 45
    assert (ran.returncode, ran.stderr) == (0, "")
    rows = ran.stdout.splitlines()[1:-1]
    assert [row.split()[0] for row in rows] == [experiment.name for experiment in catalog()]
    assert all(float(row.split("  ")[-2]) < 20 for row in rows)
    assert sum(row.endswith("  holds") for row in rows) >= len(catalog()) - 3


def test_the_table_tells_which_claims_do_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    false = load(changed(tmp_path, "== everything[:BUFSIZE]", '== b"hello "'))
    lacks = parse(TWO_SENDS.source + 'raise SystemExit("not available: luck")', tmp_path / "lacks.py")
    lacks.path.write_text(lacks.source)
    with pytest.raises(Failure, match="1 of 3 claims do not hold here: mine") as failure:
        run_all([false, find("greeting"), lacks], 20)
    assert failure.value.code == 1
    told = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()[1:]]
    assert told == ['does not hold here: AssertionError: assert received == b"hello "', "holds", "not available: luck"]
