"""`show` as the contract has it: filters, formats, and files that are not as they should be."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import WAIT, WORKBENCH, Serve, calls, environment, run
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of both sides: a greeting, an answer cut in two, a refused connection."""
    path = tmp_path_factory.mktemp("sessions") / "kept.swb"
    with Serve("tcp://127.0.0.1:0", "--respond", "fixed:Are you want to talk to Me", "--record", str(path)) as serve:
        words = ["--text", "Hey~~~", "--recv", "16", "--recv-count", "2", "--record", str(path)]
        assert run("send", serve.address, *words).returncode == 0
        serve.end()
    assert run("send", "tcp://127.0.0.1:1", "--record", str(path), "--append").returncode == 1
    return path


def heads(output: str) -> list[str]:
    """Return the head lines without number, time, and the process behind a name."""
    lines = [" ".join(line.split()[2:]) for line in output.splitlines() if line.startswith("#")]
    return [re.sub(r" \(\d+\)(?= [→←•])", "", line) for line in lines]


def test_it_prints_the_annotated_log(session: Path) -> None:
    ran = run("show", str(session))
    assert (ran.returncode, ran.stderr) == (0, "")
    log = heads(ran.stdout)
    assert "client 1 → sendall(b'Hey~~~') = None" in log
    assert "client 1 ← recv(16) = b'Are you want to '" in log
    assert "client 1 • connect(('127.0.0.1', 1)) ConnectionRefusedError (ECONNREFUSED)" in log
    assert re.search(r"\n {6}0000 48 65 79 7e 7e 7e +Hey~~~\n", ran.stdout)
    assert "bytes 0-15 of #" in ran.stdout


def test_filters(session: Path) -> None:
    every = calls(run("show", str(session), "--format", "json").stdout)
    connection = next(call["socket"] for call in every if call["name"] == "conn 1")

    def shown(*words: str) -> list[dict[str, object]]:
        return calls(run("show", str(session), "--format", "json", *words).stdout)

    assert shown("--socket", connection) == [call for call in every if call["socket"] == connection] != []
    assert shown("--socket", "client 1") == [call for call in every if call["name"] == "client 1"] != []
    assert {call["call"] for call in shown("--call", "accept")} == {"accept"}
    assert {call["error"]["type"] for call in shown("--error")} == {"ConnectionRefusedError"}  # type: ignore[index]
    assert sorted(str(call["call"]) for call in shown("--find", "Hey")) == ["recv", "sendall"]
    assert shown("--find", "0x4865") == shown("--find", "He")
    assert shown("--find", "nowhere") == []


@pytest.mark.parametrize("words", [[], ["--stats"], ["--format", "json"], ["--stats", "--format", "json"]])
def test_that_nothing_fits_is_exit_1_and_said(words: list[str], session: Path) -> None:
    ran = run("show", str(session), "--socket", "conn 99", *words)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch(r"socket-workbench: none of \d+ calls fits\n", ran.stderr)


def test_a_session_without_calls_is_shown_as_it_is(tmp_path: Path) -> None:
    Recorder(str(tmp_path / "empty.swb")).close()
    for words in ([], ["--stats"]):
        assert run("show", str(tmp_path / "empty.swb"), *words).returncode == 0


def test_so_many_bytes_of_a_call_are_printed(session: Path) -> None:
    out = run("show", str(session), "--bytes", "4").stdout
    assert re.search(r"\n {6}0000 48 65 79 7e +Hey~\n {6}… 2 bytes more\n", out)
    assert "\n      … 22 bytes more\n" in out


def test_why_explains_one_call(session: Path) -> None:
    every = calls(run("show", str(session), "--format", "json").stdout)
    first = next(call for call in every if call["call"] == "recv" and call["requested"] == 16)
    ran = run("show", str(session), "--why", str(first["seq"]))
    assert (ran.returncode, ran.stderr) == (0, "")
    title, *lines = ran.stdout.splitlines()
    assert title == f"#{first['seq']} client 1 recv(16) = b'Are you want to '"
    assert any("10" in line for line in lines)  # bytes that stay for the next recv
    assert lines[-1].startswith("      See ")
    told = json.loads(run("show", str(session), "--why", str(first["seq"]), "--format", "json").stdout)
    assert (told["seq"], told["title"]) == (first["seq"], title)
    assert told["sentences"]
    assert told["source"] in lines[-1]


def test_why_of_a_call_that_is_not_there_is_exit_1(session: Path) -> None:
    ran = run("show", str(session), "--why", "999")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch(r"socket-workbench: no call #999: kept\.swb has \d+ calls\n", ran.stderr)


def test_figures(session: Path) -> None:
    table = run("show", str(session), "--stats").stdout
    assert re.match(r"\d+ calls of 4 sockets: 32 B sent, 32 B received, in ", table)
    rows = {line.split()[0]: line.split() for line in table.splitlines() if line}
    assert rows["sendall"][1:4] == ["2", "32", "B"]
    told = json.loads(run("show", str(session), "--stats", "--format", "json", "--socket", "client 1").stdout)
    assert told["calls"]["recv"]["count"] == 2
    (talked,) = (each for each in told["sockets"].values() if each["sent"])
    assert (talked["name"], talked["sent"], talked["received"]) == ("client 1", 6, 26)
    assert 0 < talked["answers"]["median"] <= talked["answers"]["longest"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--why", "1", "--error"], "--why says itself what to print"),
        (["--stream", "conn 1", "--error"], "--stream says itself what to print"),
        (["--why", "1", "--stats"], "--why and --stats each print something of their own"),
        (["--stats", "--lens", "lines"], "--lens: frames are told in the text only"),
    ],
)
def test_what_does_not_go_together_is_said(words: list[str], reason: str, session: Path) -> None:
    ran = run("show", str(session), *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert reason in ran.stderr


@pytest.mark.parametrize("width", [8, 16, 32])
def test_width_is_the_bytes_of_a_line(width: int, session: Path) -> None:
    out = run("show", str(session), "--width", str(width), "--call", "sendall", "--find", "Are you want").stdout
    line = next(line.split() for line in out.splitlines() if line.startswith("      0000 "))
    assert line[1 : min(width, 26) + 1] == b"Are you want to talk to Me"[:width].hex(" ").split()


def test_json_has_lineage(session: Path) -> None:
    made = calls(run("show", str(session), "--format", "json").stdout)
    sent = next(call for call in made if call["call"] == "sendall" and call["name"] == "client 1")
    received = next(call for call in made if call["call"] == "recv" and call["name"] == "conn 1")
    assert received["lineage"] == [{"seq": sent["seq"], "start": 0, "stop": 6}]


def test_a_session_that_is_being_written_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "live.swb"
    with Serve("tcp://127.0.0.1:0", "--record", str(path), "--format", "json") as serve:
        serve.calls_until("listen")
        ran = run("show", str(path))
    assert ran.returncode == 0
    assert heads(ran.stdout)[-1] == "server • listen(128) = None"
    assert ran.stderr == (
        "socket-workbench: live.swb: the end is missing: the program was killed, or is still running\n"
    )


def test_a_torn_session_is_shown_as_far_as_it_can_be_read(session: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.swb"
    data = session.read_bytes()
    torn.write_bytes(data[: len(data) // 2] + b"garbage" * 3)
    ran = run("show", str(torn))
    assert ran.returncode == 0
    assert 0 < len(heads(ran.stdout)) < len(heads(run("show", str(session)).stdout))
    assert ran.stderr.count("\n") == 1
    assert "bytes could not be read" in ran.stderr


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b""), "is not a session file"),
        (lambda path: path.write_text("Dear all"), "is not a session file"),
        (os.mkfifo, "is a pipe: a session is read from a file"),
    ],
)
def test_what_is_no_session_is_exit_2(make: object, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "file\x1b[31m.swb"
    make(path)  # type: ignore[operator]
    ran = run("show", str(path))
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert reason in ran.stderr
    assert "\x1b" not in ran.stderr


def test_one_that_may_not_be_read_is_exit_2(session: Path, tmp_path: Path) -> None:
    path = tmp_path / "private.swb"
    shutil.copyfile(session, path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    assert run("show", str(path)).returncode == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_leaves_is_no_complaint(form: str, session: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.swb"
    recorder = Recorder(str(large))
    for number in range(2000):
        recorder.call(CODE["send"], (7, 1), number, number + 1, result=1000, requested=1000, data=bytes(1000))
    recorder.close()
    show = subprocess.Popen(
        [*WORKBENCH, "show", str(large), "--format", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert show.stdout is not None
    assert show.stdout.readline()
    show.stdout.close()
    assert show.stderr is not None
    assert show.stderr.read() == b""
    assert show.wait(WAIT) == 1


def test_a_full_disk_is_one_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [*WORKBENCH, "send", "tcp://127.0.0.1:1"], stdout=full, stderr=subprocess.PIPE, env=environment()
        )
    assert ran.returncode == 1
    assert ran.stderr == b"socket-workbench: output: No space left on device\n"


def on_terminal(*words: str, **more: str) -> bytes:
    """Return what a command writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*WORKBENCH, *words], stdout=theirs, stdin=theirs, env=environment(**more))
    os.close(theirs)
    output = b""
    while select.select([ours], [], [], WAIT)[0]:
        try:
            output += os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(WAIT) == 0
    return output


def test_colour_only_on_a_terminal_and_never_with_no_color(session: Path) -> None:
    assert b"\x1b[31m" in on_terminal("show", str(session), TERM="xterm")
    assert b"\x1b" not in on_terminal("show", str(session), TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in run("show", str(session)).stdout


def test_json_on_a_terminal_has_no_colour_either(session: Path) -> None:
    output = on_terminal("show", str(session), "--format", "json", TERM="xterm")
    assert all(json.loads(line) for line in output.splitlines())


def test_the_ladder_shows_both_sides_of_a_chosen_socket(session: Path) -> None:
    ran = run("show", str(session), "--ladder", "--socket", "client 1", COLUMNS="100")
    assert (ran.returncode, ran.stderr) == (0, "")
    (send,) = [line for line in ran.stdout.splitlines() if "#" in line and "sendall" in line and "▶ 6" in line]
    assert send.index("sendall") < send.index("▶ 6 ┃")
    assert ran.stdout.count("◀──") >= 2


def test_a_ladder_is_no_json(session: Path) -> None:
    ran = run("show", str(session), "--ladder", "--format", "json")
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("words", [["show", "SESSION"], ["show", "SESSION", "--format", "json"], ["run", "--list"]])
def test_a_reader_that_has_had_enough_is_exit_1_and_no_traceback(session: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as out:
        words = [*WORKBENCH, *(str(session) if word == "SESSION" else word for word in words)]
        ran = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, timeout=WAIT, env=environment())
    assert (ran.returncode, ran.stderr) == (1, b"")
