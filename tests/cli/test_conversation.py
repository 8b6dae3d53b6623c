"""Servers in plain code, one function a connection, met by the clients that people have."""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.commands import WAIT, Serve, run
from tests.cli.test_serve import LOOPBACK, dial

SMTP = """
def serve(conn):
    conn.send("220 bench ready\\r\\n")
    while True:
        word, _, rest = conn.line().partition(" ")
        if word == "EHLO":
            conn.pieces("250-bench\\r\\n250 SIZE 1000\\r\\n", 5, 3)
        elif word == "DATA":
            conn.send("354 go on\\r\\n")
            mail = conn.until(b"\\r\\n.\\r\\n")
            print(len(mail), flush=True)
            conn.send("250 taken\\r\\n")
        elif word == "QUIT":
            conn.send("221 bye\\r\\n")
            return
        else:
            conn.send("250 ok\\r\\n")
"""
FTP = """
import socket

def serve(conn):
    conn.send("220 ready\\r\\n")
    data = socket.create_server(("127.0.0.1", 0))
    for line in iter(conn.line, "QUIT"):
        match line.split()[0]:
            case "USER": conn.send("230 in\\r\\n")
            case "PWD": conn.send('257 "/"\\r\\n')
            case "EPSV": conn.send(f"229 here (|||{data.getsockname()[1]}|)\\r\\n")
            case "SIZE": conn.send("213 5\\r\\n")
            case "RETR":
                conn.send("150 it comes\\r\\n")
                with data.accept()[0] as other:
                    other.sendall(b"hello")
                conn.send("226 done\\r\\n")
            case _: conn.send("200 ok\\r\\n")
    conn.send("221 bye\\r\\n")
"""
FRAMES = """
import struct

def serve(conn):
    while True:
        (size,) = struct.unpack("!I", conn.exactly(4))
        body = conn.exactly(size)
        conn.send(struct.pack("!I", size) + body[::-1])
"""


def written(folder: Path, source: str) -> str:
    (folder / "talks.py").write_text(source)
    return f"{folder}/talks.py:serve"


def curl(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["curl", "-sS", "--max-time", "15", *words], input=given, capture_output=True, timeout=WAIT)


def test_curl_sends_a_mail(tmp_path: Path) -> None:
    with Serve(LOOPBACK, "--respond", written(tmp_path, SMTP), "--quiet") as serve:
        words = ["--mail-from", "a@bench", "--mail-rcpt", "b@bench", "-T", "-"]
        ran = curl(f"smtp://127.0.0.1:{serve.port}", *words, given=b"Subject: hi\r\n\r\n" + b"text\r\n" * 500)
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert int(serve.line()) > 3000


def test_curl_fetches_a_file_over_two_connections(tmp_path: Path) -> None:
    with Serve(LOOPBACK, "--respond", written(tmp_path, FTP), "--quiet") as serve:
        ran = curl(f"ftp://127.0.0.1:{serve.port}/file")
        assert (ran.returncode, ran.stdout) == (0, b"hello")


def test_frames_that_come_in_any_pieces_and_clients_at_once_have_a_state_each(tmp_path: Path) -> None:
    with Serve(LOOPBACK, "--respond", written(tmp_path, FRAMES), "--recv", "3") as serve:
        with dial(serve) as one, dial(serve) as other:
            one.sendall(struct.pack("!I", 5) + b"he")
            other.sendall(struct.pack("!I", 2) + b"yo")
            assert other.recv(10) == struct.pack("!I", 2) + b"oy"
            one.sendall(b"llo")
            assert one.recv(10) == struct.pack("!I", 5) + b"olleh"
            one.sendall(b"\0\0")
        told = serve.error_line() + serve.error_line()
    assert "the responder raised EOFError: the peer ended before 4 bytes came at talks.py:6" in told


def test_what_it_raises_costs_one_connection_and_is_told_with_its_line(tmp_path: Path) -> None:
    source = "def serve(conn):\n    if conn.number == 1:\n        int(conn.line())\n    conn.send(conn.recv())\n"
    with Serve(LOOPBACK, "--respond", written(tmp_path, source)) as serve, dial(serve) as one, dial(serve) as other:
        one.sendall(b"x\n")
        assert serve.error_line() == (
            "socket-workbench: conn 1: the responder raised ValueError: "
            "invalid literal for int() with base 10: 'x' at talks.py:3"
        )
        assert one.recv(10) == b""
        other.sendall(b"fine")
        assert other.recv(10) == b"fine"


def test_half_close_reset_and_a_stop_in_a_long_sleep(tmp_path: Path) -> None:
    source = (
        "def serve(conn):\n"
        "    match conn.line():\n"
        "        case 'half':\n            conn.half_close()\n            print(conn.exactly(4), flush=True)\n"
        "        case 'reset': conn.reset()\n"
        "        case 'sleep':\n            conn.send('now')\n            conn.sleep(1000)\n"
    )
    with Serve(LOOPBACK, "--respond", written(tmp_path, source), "--quiet") as serve:
        with dial(serve) as peer:
            peer.sendall(b"half\n")
            assert peer.recv(1) == b""
            peer.sendall(b"late")
            assert serve.line() == "b'late'\n"
        with dial(serve) as peer:
            peer.sendall(b"reset\n")
            with pytest.raises(ConnectionResetError):
                peer.recv(1)
        with dial(serve) as peer:
            peer.sendall(b"sleep\n")
            assert peer.recv(3) == b"now"
            began = time.monotonic()
            assert serve.end()[0] == 0
            assert time.monotonic() - began < 10


def test_a_conversation_is_not_for_datagrams(tmp_path: Path) -> None:
    ran = run("serve", "udp://127.0.0.1:0", "--respond", written(tmp_path, FRAMES))
    assert ran.returncode == 2
    assert "speaks with a connection, and udp has none" in ran.stderr


# --- the simple ones -------------------------------------------------------------------------------------------------


def test_source_close_reset_and_slow() -> None:
    with Serve(LOOPBACK, "--respond", "source:100000", "--quiet") as serve, dial(serve) as peer:
        assert len(b"".join(iter(lambda: peer.recv(65536), b""))) == 100000
    with Serve(LOOPBACK, "--respond", "close", "--quiet") as serve, dial(serve) as peer:
        assert peer.recv(1) == b""
    with (
        Serve(LOOPBACK, "--respond", "reset", "--quiet") as serve,
        dial(serve) as peer,
        pytest.raises(ConnectionResetError),
    ):
        peer.recv(1)
    with Serve(LOOPBACK, "--respond", "discard-slow:0.3", "--format", "json") as serve, dial(serve) as peer:
        peer.sendall(bytes(2000))
        times = [serve.calls_until("recv")[-1]["time"] for _ in range(2)]
    assert times[1] - times[0] >= 0.29
    assert run("serve", LOOPBACK, "--respond", "source:x").returncode == 2


def test_a_request_is_a_frame_where_a_lens_says_so() -> None:
    with Serve(LOOPBACK, "--respond", "upper", "--lens", "lines", "--format", "json") as serve, dial(serve) as peer:
        peer.sendall(b"one\ntw")
        made = serve.calls_until("sendall")
        peer.sendall(b"o\nthree")
        made += serve.calls_until("sendall")
    assert [call["requested"] for call in made if call["call"] == "sendall"] == [4, 4]
    assert "there is no lens" in run("serve", LOOPBACK, "--lens", "words").stderr


# --- rules -----------------------------------------------------------------------------------------------------------

RULES = r"""
lens = "lines"
greeting = "hello ${count}\n"

[[rule]]
equals = "PING"
answer = "first\n"
times = 1

[[rule]]
equals = "PING"
answer = "PONG ${count} $$1\n"

[[rule]]
matches = '^GET (\w+) (?P<what>\w+)'
answer = "$1-${what}\n"
pieces = [2, 3]
pause = 0.01

[[rule]]
starts = "SLOW"
after = 0.3
answer = { hex = "ff 0a" }

[[rule]]
contains = "reset"
reset = true

[[rule]]
ends = "bye"
answer = "bye\n"
close = true

[[rule]]
answer = "?\n"
"""


def test_rules_answer_in_every_way_they_can(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(RULES)
    with Serve(LOOPBACK, "--respond", f"{tmp_path}/r.toml", "--quiet") as serve:
        with dial(serve) as peer:
            lines = peer.makefile("rb")
            assert lines.readline() == b"hello 1\n"
            for request, answer in (
                (b"PING\n", b"first\n"),
                (b"PING\r\n", b"PONG 1 $1\n"),
                (b"PI", None),
                (b"NG\n", b"PONG 2 $1\n"),
                (b"GET a b\n", b"a-b\n"),
                (b"what\n", b"?\n"),
                (b"SLOW\n", b"\xff\n"),
                (b"good bye\n", b"bye\n"),
            ):
                began = time.monotonic()
                peer.sendall(request)
                if answer is not None:
                    assert lines.readline() == answer
                assert (time.monotonic() - began >= 0.3) == (request == b"SLOW\n") or answer is None
            assert lines.readline() == b""
        with dial(serve) as peer:
            assert peer.recv(100) == b"hello 2\n"
            peer.sendall(b"reset me\n")
            with pytest.raises(ConnectionResetError):
                peer.recv(1)


def test_rules_for_datagrams(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('[[rule]]\nequals = "a"\nanswer = "b"\n')
    with Serve("udp://127.0.0.1:0", "--respond", f"{tmp_path}/r.toml") as serve:
        assert run("send", serve.address, "--text", "a", "--recv-count", "1", "--data").stdout == "b"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1", "line 1: there is no x: there are lens, greeting, rule"),
        ("lens = 'words'", "line 1: there is no lens 'words'"),
        ("[[rule]]\nequals='a'\nanswer=1", "line 3: answer is a text, or bytes as"),
        ("[[rule]]\nanswer='a'\n[[rule]]\n\nequal='a'", "line 5: equal is no key of a rule"),
        ("[[rule]]\nmatches='('", "line 2: matches missing )"),
        ("[[rule]]\nequals='a'\nends='b'", "line 3: ends and equals are two tests"),
        ("[[rule]]\ntimes=0", "line 2: times is a whole number from 1 on"),
        ("[[rule]]\nanswer={hex='x'}", "line 2: answer has no hex bytes: 'x' at 1:1"),
        ("[[rule]\n", "(at line 1"),
    ],
)
def test_what_is_wrong_with_rules_is_told_by_line_and_key(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(text)
    ran = run("serve", LOOPBACK, "--respond", f"{tmp_path}/r.toml")
    assert ran.returncode == 2
    assert told in ran.stderr
    assert ran.stderr.count("\n") == 1
