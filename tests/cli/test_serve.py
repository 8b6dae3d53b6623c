"""`serve` as the contract has it, run as a process and met by plain sockets."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.cli.commands import Serve, calls, run
from workbench.journal.reader import Journal

LOOPBACK = "tcp://127.0.0.1:0"


def dial(serve: Serve) -> socket.socket:
    return socket.create_connection(("127.0.0.1", serve.port), 10)


# --- beginning and ending --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "listening"),
    [
        (LOOPBACK, r"tcp://127\.0\.0\.1:[1-9]\d*"),
        ("tcp://[::1]:0", r"tcp://\[::1\]:[1-9]\d*"),
        ("udp://127.0.0.1:0", r"udp://127\.0\.0\.1:[1-9]\d*"),
        ("tcp://localhost:0", r"tcp://(127\.0\.0\.1|\[::1\]):[1-9]\d*"),
        ("unix://{}/x.sock", "unix://{}/x.sock"),
        ("unix-dgram://{}/x.sock", "unix-dgram://{}/x.sock"),
        ("unix-seqpacket://{}/x.sock", "unix-seqpacket://{}/x.sock"),
        ("unix://@workbench-test-{pid}", "unix://@workbench-test-{pid}"),
    ],
)
def test_the_first_line_on_stderr_is_the_address_it_really_got(address: str, listening: str, tmp_path: Path) -> None:
    fill = {"pid": os.getpid()}
    with Serve(address.format(tmp_path, **fill)) as serve:
        expected = listening.format(re.escape(str(tmp_path)), **fill) if "{" in listening else listening
        assert re.fullmatch("listening on " + expected, serve.first)
        code, _, err = serve.end()
        assert (code, err) == (0, "")


def test_elsewhere_than_loopback_adds_one_line_of_warning() -> None:
    with Serve("tcp://0.0.0.0:0") as serve:
        assert re.fullmatch(r"listening on tcp://0\.0\.0\.0:\d+", serve.first)
        assert serve.error_line() == "warning: not loopback: other machines can reach this server"
        code, _, err = serve.end()
        assert (code, err) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_0_whatever_is_open(number: int) -> None:
    with Serve(LOOPBACK) as serve, dial(serve) as peer:
        while "accept()" not in serve.line():
            pass
        code, out, err = serve.end(number)
        assert (code, err) == (0, "")
        assert peer.recv(10) == b""
    assert re.search(r"conn 1 +• close\(\) += None", out)
    assert re.search(r"server +• close\(\) += None", out)


def test_once_leaves_after_the_first_connection_ended() -> None:
    with Serve(LOOPBACK, "--once", "--respond", "upper") as serve:
        with dial(serve) as peer:
            peer.sendall(b"hey")
            assert peer.recv(10) == b"HEY"
        code, out, err = serve.ended()
    assert (code, err) == (0, "")
    assert "sendall(b'HEY')" in out


def test_once_with_datagrams_leaves_after_the_first_was_answered() -> None:
    with Serve("udp://127.0.0.1:0", "--once", "--respond", "upper") as serve:
        with socket.socket(type=socket.SOCK_DGRAM) as peer:
            peer.settimeout(10)
            peer.sendto(b"hey", ("127.0.0.1", serve.port))
            assert peer.recv(10) == b"HEY"
        assert serve.ended()[0] == 0


def test_a_port_in_use_is_exit_1_and_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ran = run("serve", f"tcp://127.0.0.1:{other.getsockname()[1]}")
    assert ran.returncode == 1
    assert re.fullmatch(r"socket-workbench: cannot listen: EADDRINUSE: .+\n", ran.stderr)
    assert "bind(('127.0.0.1', " in ran.stdout


def test_a_path_that_is_there_is_exit_1_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.touch()
    ran = run("serve", f"unix://{path}")
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert path.exists()


def test_its_path_goes_when_it_ends(tmp_path: Path) -> None:
    with Serve(f"unix://{tmp_path}/x.sock") as serve:
        assert (tmp_path / "x.sock").is_socket()
        serve.end()
    assert not (tmp_path / "x.sock").exists()


# --- options ---------------------------------------------------------------------------------------------------------


def test_options_are_calls() -> None:
    options = ["--backlog", "2", "--accept-timeout", "9", "--option", "SO_RCVBUF=4096", "--no-reuse-address"]
    with Serve(LOOPBACK, *options, "--format", "json") as serve:
        made = serve.calls_until("settimeout")
    assert [(call["call"], call["args"]) for call in made] == [
        ("socket", ["AF_INET", "SOCK_STREAM", 0]),
        ("setsockopt", ["SOL_SOCKET", "SO_RCVBUF", 4096]),
        ("bind", [["127.0.0.1", 0]]),
        ("listen", [2]),
        ("settimeout", [9.0]),
    ]


def test_backlog_is_128_and_reuse_address_on_unless_told() -> None:
    with Serve(LOOPBACK, "--format", "json") as serve:
        made = serve.calls_until("listen")
    assert made[1]["args"] == ["SOL_SOCKET", "SO_REUSEADDR", 1]
    assert made[-1]["args"] == [128]


def test_recv_is_the_bufsize() -> None:
    with Serve(LOOPBACK, "--recv", "3", "--format", "json") as serve, dial(serve) as peer:
        peer.sendall(b"hello")
        call = serve.calls_until("recv")[-1]
    assert (call["requested"], base64.b64decode(call["data"]), call["left"]) == (3, b"hel", 2)


def test_a_recv_that_times_out_is_a_row_and_then_the_connection_is_closed() -> None:
    with Serve(LOOPBACK, "--timeout", "0.2", "--format", "json") as serve, dial(serve) as peer:
        assert peer.recv(10) == b""
        made = [call for call in serve.calls_until("close") if call["name"] == "conn 1"]
    assert [call["call"] for call in made] == ["settimeout", "recv", "close"]
    assert made[1]["error"] == {"type": "TimeoutError", "errno": None, "message": "timed out"}


def test_max_connections_leaves_the_next_waiting() -> None:
    with Serve(LOOPBACK, "--max-connections", "1", "--respond", "echo") as serve, dial(serve) as one:
        one.sendall(b"in")
        assert one.recv(10) == b"in"
        with dial(serve) as other:
            other.sendall(b"me too")
            other.settimeout(0.3)
            with pytest.raises(TimeoutError):
                other.recv(10)
            one.close()
            other.settimeout(10)
            assert other.recv(10) == b"me too"


def test_many_connections_one_after_another_leave_no_descriptor() -> None:
    with Serve(LOOPBACK, "--respond", "echo") as serve:
        for _ in range(50):
            with dial(serve) as peer:
                peer.sendall(b"x")
                assert peer.recv(1) == b"x"
        with dial(serve) as last:
            last.sendall(b"x")
            assert last.recv(1) == b"x"
            assert len(os.listdir(f"/proc/{serve.process.pid}/fd")) < 25


# --- responders ------------------------------------------------------------------------------------------------------


def test_without_a_responder_it_only_receives() -> None:
    with Serve(LOOPBACK, "--format", "json") as serve, dial(serve) as peer:
        peer.sendall(b"anybody?")
        assert base64.b64decode(serve.calls_until("recv")[-1]["data"]) == b"anybody?"
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(10) == b""


def test_a_function_of_a_file_answers_and_what_it_raises_is_told(tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text("def reply(data):\n    return str(1 / int(data)).encode()\n")
    with Serve(LOOPBACK, "--respond", f"{file}:reply") as serve:
        with dial(serve) as peer:
            peer.sendall(b"4")
            assert peer.recv(10) == b"0.25"
            peer.sendall(b"0")
            assert peer.recv(10) == b""
        assert serve.error_line() == (
            "socket-workbench: conn 1: the responder raised ZeroDivisionError: division by zero at answers.py:2"
        )
        assert serve.end()[0] == 0


def test_a_file_is_run_once(tmp_path: Path) -> None:
    (tmp_path / "answers.py").write_text("print('run', flush=True)\ndef reply(data): return data\n")
    with Serve(LOOPBACK, "--respond", f"{tmp_path}/answers.py:reply") as serve, dial(serve):
        _, out, _ = serve.end()
    assert out.count("run\n") == 1


# --- output ----------------------------------------------------------------------------------------------------------


def test_each_call_is_a_json_object_at_once() -> None:
    with Serve(LOOPBACK, "--respond", "upper", "--format", "json") as serve, dial(serve) as peer:
        peer.sendall(b"hey")
        made = serve.calls_until("sendall")
        address = list(peer.getsockname())
    assert [call["seq"] for call in made] == list(range(1, len(made) + 1))
    accept, recv, sendall = made[-3:]
    assert set(recv) == {
        *("seq", "time", "duration", "pid", "thread", "socket", "name", "call", "args", "result", "error", "data"),
        *("requested", "left", "truncated", "source", "lineage"),
    }
    assert accept["result"] == [recv["socket"], address]
    assert (recv["name"], recv["thread"], recv["args"], recv["result"]) == ("conn 1", "conn 1", [1024], 3)
    assert (sendall["args"], sendall["result"], sendall["requested"]) == ([], None, 3)
    assert base64.b64decode(sendall["data"]) == b"HEY"
    assert recv["pid"] == serve.process.pid


def test_text_is_the_annotated_log_without_colour() -> None:
    with Serve(LOOPBACK) as serve, dial(serve) as peer:
        peer.sendall(b"hey")
        lines = [serve.line()]
        while "hey" not in lines[-1]:
            lines.append(serve.line())
        lines += [serve.line(), serve.line()]
    assert re.fullmatch(r"#6 +[\d:.]+ conn 1 +← recv\(1024\) += b'hey'\n", lines[-3])
    assert lines[-2].startswith("      3 of 1024 bytes")
    assert re.fullmatch(r"      0000 68 65 79 +hey\n", lines[-1])
    assert "\x1b" not in "".join(lines)


def test_a_terminal_of_another_encoding_is_no_traceback() -> None:
    with Serve(LOOPBACK, PYTHONIOENCODING="ascii") as serve:
        _, out, err = serve.end()
    assert err == ""
    assert "\\u2022 listen(128)" in out


# --- the session -----------------------------------------------------------------------------------------------------


def test_record_keeps_the_session(tmp_path: Path) -> None:
    path = tmp_path / "kept.swb"
    with Serve(LOOPBACK, "--record", str(path), "--respond", "echo") as serve:
        with dial(serve) as peer:
            peer.sendall(b"x")
            assert peer.recv(1) == b"x"
        serve.end()
    journal = Journal(path)
    journal.read_all()
    assert journal.problems() == []
    assert {"accept", "recv", "sendall", "close"} <= {call.call for call in journal}


def test_without_record_nothing_is_left(state_folder: Path) -> None:
    with Serve(LOOPBACK) as serve:
        assert len(list(state_folder.rglob("*.swb"))) == 1
        serve.end()
    assert list(state_folder.rglob("*.swb")) == []


def test_an_existing_file_is_refused_unless_told_and_joined_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "kept.swb"
    record = ["--record", str(path)]
    with Serve(LOOPBACK, *record, "--format", "json") as first:
        with Serve(LOOPBACK, *record, "--format", "json") as second:
            assert {call["pid"] for call in second.calls_until("listen")} == {second.process.pid}
            second.end()
        _, out, _ = first.end()
        assert {call["pid"] for call in calls(out)} == {first.process.pid}
    refused = run("serve", LOOPBACK, *record)
    assert refused.returncode == 2
    assert refused.stderr == f"socket-workbench: {path} exists: add --append or --overwrite, or take another name\n"
    with Serve(LOOPBACK, *record, "--append") as third:
        third.end()
    assert pids(path) == {first.process.pid, second.process.pid, third.process.pid}
    with Serve(LOOPBACK, *record, "--overwrite") as fourth:
        fourth.end()
    assert pids(path) == {fourth.process.pid}


def pids(path: Path) -> set[int]:
    journal = Journal(path)
    journal.read_all()
    return {call.pid for call in journal}
