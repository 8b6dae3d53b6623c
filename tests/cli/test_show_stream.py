from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import run
from tests.ui.recording import CLIENT, CONN, Session


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    session = Session(tmp_path / "s").connect()
    session.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").recv(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 99)
    session.send(b"one\ntw", CONN).send(b"o\n\x1b[2J", CONN)
    session.recv(b"one\ntwo\n\x1b[2J", 99, socket=CLIENT)
    session.recorder.close()
    return str(tmp_path / "s")


def stream(recorded: str, *words: str) -> list[str]:
    ran = run("show", recorded, "--stream", *words)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


def test_as_text_in_both_directions(recorded: str) -> None:
    assert stream(recorded, "client 1") == [
        "→ #3     GET / HTTP/1.1", "→        Host: x", "→        ",
        "← #7     one", "←        two", "←        ·[2J",
    ]  # fmt: skip


def test_as_hex_by_id(recorded: str) -> None:
    lines = stream(recorded, "7.2", "--hex")
    assert lines[0].startswith("→ #3     0000 47 45 54 20 2f")
    assert lines[-1].startswith("← #7     0000 6f 6e 65 0a 74 77 6f 0a  1b 5b")


def test_through_a_lens_across_calls(recorded: str) -> None:
    lines = stream(recorded, "conn 1", "--lens", "lines")
    assert [line.split("  (")[0] for line in lines if line.startswith("→")] == [
        "→ #5     line one", "→ #6     line two", "→        a frame of which 4 bytes have come so far",
    ]  # fmt: skip


def test_a_stream_that_is_one_unfinished_frame(tmp_path: Path) -> None:
    Session(tmp_path / "s").connect().send(b"no line end").recorder.close()
    assert stream(str(tmp_path / "s"), "client 1", "--lens", "lines") == [
        "→        a frame of which 11 bytes have come so far"
    ]


def test_no_such_socket_and_options_that_contradict_each_other(recorded: str) -> None:
    ran = run("show", recorded, "--stream", "conn 9")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no socket 'conn 9' moved bytes in s" in ran.stderr
    for words in (["--hex"], ["--stream", "7.2", "--hex", "--lens", "lines"], ["--stream", "7.2", "--format", "json"]):
        assert run("show", recorded, *words).returncode == 2
