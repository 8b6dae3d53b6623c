"""`check` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import run
from tests.model.findings.acted import connected, exactly
from tests.tracing import write
from workbench.engine.tracing.own_process import record

SHORT = """
import socket, struct
one, other = socket.socketpair()
one.sendall(struct.pack(">I", 50) + b"x" * 10)
other.recv(4); other.recv(50)
one.sendall(b"x" * 40)
other.recv(4)
"""
GOOD = "import socket\none, other = socket.socketpair()\none.sendall(b'hello')\nprint(other.recv(5))\n"


@pytest.fixture
def session(tmp_path) -> Path:
    path = tmp_path / "short.swb"
    with record(path):
        client, connection = connected()
        client.sendall(b"\0\0\0\x32" + b"x" * 10)
        connection.recv(4), connection.recv(50)
        client.sendall(b"x" * 40)
        connection.recv(4)
        client.close(), connection.close()
    return path


@pytest.fixture
def good(tmp_path) -> Path:
    path = tmp_path / "good.swb"
    with record(path):
        client, connection = connected()
        client.sendall(b"hello")
        exactly(connection, 5)
        client.close(), connection.close()
    return path


def test_the_finding_the_calls_that_prove_it_and_what_to_do(session):
    ran = run("check", str(session))
    first, *lines = ran.stdout.splitlines()
    assert first.startswith("error short-recv at ")
    assert "asked for the 50 bytes that #" in first
    assert any("← recv(50)" in line and line.lstrip().startswith("#") for line in lines)
    assert any("Receive in a loop until all n bytes are there" in line for line in lines)
    assert "1 error" in lines[-1]
    assert (ran.returncode, ran.stderr) == (1, "")


def test_a_good_session(good):
    ran = run("check", str(good))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "no findings\n", "")


def test_json(session):
    ran = run("check", str(session), "--format", "json")
    [found] = json.loads(ran.stdout)["findings"]
    assert found["rule"] == "short-recv"
    assert found["severity"] == "error"
    assert found["experiment"] == "recv-size"
    assert {"calls", "socket", "source", "message", "remedy"} <= found.keys()


def test_what_is_ignored_or_not_selected_is_not_told(session):
    assert run("check", "--ignore", "short-recv", str(session)).returncode == 0
    assert run("check", str(session), "--ignore", "short-recv@test_check.py").returncode == 0
    assert run("check", str(session), "--ignore", "short-recv@other.py").returncode == 1
    assert run("check", "--select", "short-send", str(session)).returncode == 0


def test_settings_of_the_nearest_pyproject(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.socket-workbench]\nseverity = { short-recv = "warning" }\n')
    assert run("check", str(session)).returncode == 0
    assert run("check", "--strict", str(session)).returncode == 1
    settings.write_text('[tool.socket-workbench]\nignore = ["short-resv"]\n')
    ran = run("check", str(session))
    assert ran.returncode == 2
    assert 'there is no rule "short-resv": did you mean short-recv?' in ran.stderr


def test_a_program_is_run_and_its_own_failure_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "short.py", SHORT)
    write(tmp_path, "good.py", GOOD)
    write(tmp_path, "fails.py", SHORT + "raise SystemExit(7)\n")
    ran = run("check", "good.py")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "b'hello'\n", "no findings\n")
    ran = run("check", "short.py")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error short-recv at short.py:5")
    assert run("check", "fails.py").returncode == 7


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.swb"], "missing.swb: No such file or directory"),
        (["--explain", "short-resv"], "did you mean short-recv?"),
        (["--ignore", "short-recv@", "x.swb"], "names no file"),
        ([], "name a SESSION, or a PROGRAM to run"),
    ],
)
def test_wrong_use_is_one_line(words, said):
    ran = run("check", *words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_rules_are_listed_and_explained():
    listed = run("check", "--list").stdout
    assert "short-send" in listed
    ran = run("check", "--explain", "short-send")
    assert ran.stdout.startswith("short-send (error): ")
    assert "socket-workbench run send-short shows it." in ran.stdout


def test_trace_says_at_its_end_how_many_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "short.py", SHORT)
    write(tmp_path, "good.py", GOOD)
    assert run("trace", "-o", "s.swb", "short.py").stderr == "1 error: socket-workbench check s.swb\n"
    assert run("trace", "-o", "g.swb", "good.py").stderr == ""
    last = run("trace", "short.py").stderr.splitlines()[-1]
    assert last == "1 error: socket-workbench check PROGRAM says which, or -o FILE keeps a session for it"
    assert "check" not in run("trace", "--format", "json", "short.py").stderr.splitlines()[-1]
