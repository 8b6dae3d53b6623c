"""`export` and `replay` as the contract has them, as processes of their own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.commands import WORKBENCH, Serve, calls, environment, run


@pytest.fixture
def session(tmp_path: Path) -> str:
    """A client that sends twice to an echo server, recorded at the client's end."""
    path = tmp_path / "a.swb"
    with Serve("tcp://127.0.0.1:0", "--respond", "echo") as serve:
        done = run("send", serve.address, "--text", "hello", "--text", "world", "--half-close", "--record", str(path))
        assert done.returncode == 0
    return str(path)


def test_each_format_goes_to_stdout_or_into_a_file(session: str, tmp_path: Path) -> None:
    begins = {"jsonl": b'{"seq":1,', "text": b"#1 ", "html": b"<!doctype html>", "pcapng": b"\x0a\x0d\x0d\x0a"}
    for form, beginning in begins.items():
        file = tmp_path / f"x.{form}"
        assert run("export", session, "--to", form, "-o", str(file)).stdout == ""
        written = file.read_bytes()
        assert written.startswith(beginning)
        printed = subprocess.run([*WORKBENCH, "export", session, "--to", form], capture_output=True, env=environment())
        assert (printed.returncode, printed.stdout, printed.stderr) == (0, written, b"")
    assert calls((tmp_path / "x.jsonl").read_text()) == calls(run("show", session, "--format", "json").stdout)
    assert (tmp_path / "x.text").read_text() == run("show", session).stdout
    HTMLParser().feed((tmp_path / "x.html").read_text())


def test_scripts_run_against_each_other(session: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    assert run("export", session, "--to", "python", "-o", str(folder)).returncode == 0
    command = [sys.executable, str(folder / "server.py"), "tcp://127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().removeprefix("listening on ").strip()
        client = subprocess.run([sys.executable, folder / "client.py", address], capture_output=True, text=True)
        assert (client.returncode, client.stdout, client.stderr) == (0, "10 bytes came as recorded\n", "")
        assert server.stdout.read() == "10 bytes came as recorded\n"
    assert server.returncode == 0


def test_wrong_use_is_a_line_and_2(session: str, tmp_path: Path) -> None:
    (tmp_path / "foreign").write_bytes(b"x" * 999)
    for words, said in (
        ((session, "--to", "python"), "-o DIR"),
        ((session,), "--to"),
        ((session, "--to", "gif"), "gif"),
        ((str(tmp_path / "none"), "--to", "text"), "No such file"),
        ((str(tmp_path / "foreign"), "--to", "text"), "not a session"),
        ((session, "--to", "text", "-o", str(tmp_path / "none" / "x")), "No such file"),
        ((session, "--to", "text", "-o", str(tmp_path)), "directory"),
        ((session, "--to", "python", "-o", session), "session itself"),
        ((session, "--to", "html", "-o", session), "session itself"),
        ((session, "--to", "python", "-o", str(tmp_path / "foreign")), "foreign"),
    ):
        done = run("export", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert said in done.stderr
    assert run("show", session).returncode == 0


def test_a_capture_does_not_go_to_a_terminal(session: str) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*WORKBENCH, "export", session, "--to", "pcapng"], stdout=theirs, stderr=subprocess.PIPE, env=environment()
    )
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, b"-o FILE" in done.stderr) == (2, True)


def test_a_damaged_session_is_exported_as_far_as_it_goes(session: str, tmp_path: Path) -> None:
    whole = Path(session).read_bytes()
    Path(session).write_bytes(whole[:-200])
    for form in ("jsonl", "text", "html", "pcapng", "python"):
        done = run("export", session, "--to", form, "-o", str(tmp_path / form))
        assert (done.returncode, done.stderr.count("\n")) == (0, 1)
        assert "the end is missing" in done.stderr


# --- replay -----------------------------------------------------------------------------------------------------------


def test_replay_sends_the_same_and_compares_the_answers(session: str, tmp_path: Path) -> None:
    again = str(tmp_path / "b.swb")
    with Serve("tcp://127.0.0.1:0", "--respond", "echo") as serve:
        done = run("replay", session, serve.address, "--fast", "--record", again, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    printed = calls(done.stdout)
    assert [call["data"] for call in printed if call["call"] == "sendall"] == ["aGVsbG8=", "d29ybGQ="]
    assert [call["seq"] for call in calls(run("show", again, "--format", "json").stdout)] == [c["seq"] for c in printed]


def test_replay_says_where_the_answers_differ(session: str) -> None:
    with Serve("tcp://127.0.0.1:0", "--respond", "upper") as serve:
        done = run("replay", session, serve.address, "--fast")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "differ at byte 0: expected b'helloworld', got b'HELLO" in done.stderr
    assert "sendall(b'hello')" in done.stdout


def test_replay_that_can_not_begin(session: str, tmp_path: Path) -> None:
    with Serve("tcp://127.0.0.1:0") as serve:
        address = serve.address
        assert run("replay", session, address, "--socket", "nobody").returncode == 2
    done = run("replay", session, address)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "could not connect" in done.stderr
    assert run("replay", str(tmp_path / "none"), address).returncode == 2
    assert run("replay", session, "http://x").returncode == 2
    assert json.loads(run("replay", session, address, "--format", "json").stdout.splitlines()[-1])["call"] == "close"
