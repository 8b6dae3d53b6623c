"""What people do with a test peer every day, each of which once failed."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.cli.commands import WAIT, WORKBENCH, Serve, calls, environment, run
from tests.cli.test_send import one_line, peer, read_all, sent

# --- exit codes and ends ---------------------------------------------------------------------------------------------


def silent(sock: socket.socket) -> None:
    """Never say anything."""
    read_all(sock)


def test_a_recv_that_did_not_come_is_exit_1() -> None:
    with peer(silent) as server:
        ran = run("send", server.url, "--text", "x", "--recv-count", "2", "--timeout", "0.2")
    assert one_line(ran, 1) == "2 of 2 recvs did not come: nothing arrived within 200 ms"


def test_what_was_expected_and_came_is_exit_0_at_once() -> None:
    def talk(sock: socket.socket) -> None:
        sock.sendall(b"220 hel")
        sock.sendall(b"lo\r\n")
        read_all(sock)

    for expected in ("hello", "0x6c6c6f", r"/^2\d\d hello/"):
        with peer(talk) as server:
            began = time.monotonic()
            assert run("send", server.url, "--expect", expected, "--timeout", "15").returncode == 0
            assert time.monotonic() - began < 10


def test_what_was_expected_and_did_not_come_is_exit_1() -> None:
    with peer(lambda sock: sock.sendall(b"no")) as server:
        ran = run("send", server.url, "--expect", "yes")
    assert one_line(ran, 1) == '"yes" did not come: the peer ended the connection'
    assert one_line(run("send", "tcp://127.0.0.1:1", "--expect", "/(/"), 2).startswith("--expect: ")


def drip(sock: socket.socket) -> None:
    """Send a byte every now and then, for as long as somebody takes it."""
    try:
        while True:
            sock.sendall(b".")
            time.sleep(0.1)
    except OSError:
        pass


def test_a_peer_that_drips_is_bounded_by_the_deadline() -> None:
    with peer(drip) as server:
        began = time.monotonic()
        ran = run("send", server.url, "--timeout", "3", "--deadline", "0.5", "--format", "json")
        assert time.monotonic() - began < 5
    assert ran.returncode == 0
    assert calls(ran.stdout)[-2]["error"]["type"] == "Cancelled"
    with peer(drip) as server:
        ran = run("send", server.url, "--deadline", "0.5", "--expect", "x")
    assert one_line(ran, 1) == '"x" did not come: the deadline of 500 ms passed'


def test_serve_leaves_at_its_deadline() -> None:
    with Serve("tcp://127.0.0.1:0", "--deadline", "0.3") as serve:
        assert serve.ended()[0] == 0


def test_every_goes_on_until_the_peer_ends() -> None:
    def talk(sock: socket.socket) -> None:
        for _ in range(3):
            assert sock.recv(4) == b"ping"

    with peer(talk) as server:
        ran = run("send", server.url, "--text", "ping", "--every", "0.05~0.01", "--format", "json")
    assert sent(ran.stdout)[:3] == [b"ping"] * 3


@pytest.mark.parametrize(
    "command", [["send", "tcp://127.0.0.1:{}", "--timeout", "none"], ["serve", "tcp://127.0.0.1:0"]]
)
def test_ctrl_c_is_no_traceback_at_any_moment(command: list[str]) -> None:
    """From the first import of ours on: what Python does before that is its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = [word.format(listener.getsockname()[1]) for word in command]
        for after in (0.0, 0.03, 0.1, 0.2, 0.3):
            code = "import os, workbench.__main__ as it; os.write(1, b'!'); it.main()"
            process = subprocess.Popen(
                [sys.executable, "-c", code, *words],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
            )  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.read(1) == b"!"
            time.sleep(after)
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=WAIT)[1].decode()
            assert "Traceback" not in err
            assert process.returncode in (0, 130, -signal.SIGINT)


# --- addresses, limits and places ------------------------------------------------------------------------------------


def test_each_address_of_a_name_is_tried_and_logged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = tmp_path / "sitecustomize.py"
    names.write_text(
        "import socket\n"
        "real = socket.getaddrinfo\n"
        "def look(host, *args):\n"
        "    if host != 'both': return real(host, *args)\n"
        "    return [found for one in ('::1', '127.0.0.2', '127.0.0.1') for found in real(one, *args[:1])]\n"
        "socket.getaddrinfo = look\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = f"{Path(__file__).parents[2]}:{tmp_path}"
        ran = run("send", f"tcp://both:{port}", "--recv-count", "0", "--format", "json", PYTHONPATH=found)
    assert ran.returncode == 0
    tried = [
        (call["args"][0][0], (call["error"] or {}).get("errno"))
        for call in calls(ran.stdout)
        if call["call"] == "connect"
    ]
    assert tried == [("::1", "ECONNREFUSED"), ("127.0.0.2", "ECONNREFUSED"), ("127.0.0.1", None)]


@pytest.mark.parametrize("limit", [18, 19, 20, 21])
def test_at_the_limit_of_descriptors_accept_pauses_and_nobody_is_reset(limit: int) -> None:
    words = ["tcp://127.0.0.1:0", "--respond", "echo", "--no-record"]
    process = subprocess.Popen(
        ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *WORKBENCH, "serve", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stderr is not None
    try:
        port = int(process.stderr.readline().rpartition(":")[2])
        peers = [socket.create_connection(("127.0.0.1", port), WAIT) for _ in range(12)]
        for one in peers:
            one.sendall(b"in")
        assert "accept pauses until a connection ends" in process.stderr.readline()
        for one in peers:
            assert one.recv(10) == b"in"
            one.close()
        assert "accept goes on" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)


def test_datagrams_that_the_kernel_dropped_are_told() -> None:
    with (
        Serve("udp://127.0.0.1:0", "--option", "SO_RCVBUF=2304") as serve,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
    ):
        serve.process.send_signal(signal.SIGSTOP)
        for _ in range(50):
            udp.sendto(bytes(500), ("127.0.0.1", serve.port))
        serve.process.send_signal(signal.SIGCONT)
        told = serve.error_line()
    assert told.startswith("socket-workbench: ")
    assert "datagrams dropped, as the receive queue was full" in told


def test_nothing_needs_a_place_to_write_to() -> None:
    with Serve("tcp://127.0.0.1:0", "--respond", "echo", XDG_STATE_HOME="/proc/none") as serve:
        for words in ([], ["--no-record"], ["--quiet"]):
            ran = run("send", serve.address, "--text", "x", "--recv-count", "1", *words, XDG_STATE_HOME="/proc/none")
            assert (ran.returncode, ran.stderr) == (0, "")
            assert ("recv(1024)" in ran.stdout) == (words != ["--quiet"])


def test_no_record_leaves_nothing_on_disk(state_folder: Path) -> None:
    with Serve("tcp://127.0.0.1:0", "--no-record"):
        assert list(state_folder.rglob("*.swb")) == []
    assert one_line(run("serve", "tcp://127.0.0.1:0", "--no-record", "--record", "x"), 2).startswith("--record and")


# --- what is sent and what is printed --------------------------------------------------------------------------------


def test_escapes_and_line_ends() -> None:
    received: list[bytes] = []
    with peer(lambda sock: received.append(read_all(sock))) as server:
        words = ["--escapes", "--text", r"PING\x00\r\n", "--json", "{}", "--line-end", "crlf", "--recv-count", "0"]
        assert run("send", server.url, *words).returncode == 0
    assert received == [b"PING\0\r\n\r\n{}\r\n"]
    assert one_line(run("send", server.url, "--escapes", "--text", r"\q"), 2).startswith(r"--text: escape \q at 1:1")


def test_stdin_is_sent_line_by_line_as_it_comes() -> None:
    with Serve("tcp://127.0.0.1:0", "--respond", "upper") as serve:
        process = subprocess.Popen(
            [*WORKBENCH, "send", serve.address, "-", "--half-close", "--data"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (b"one\n", b"two\n"):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == line.upper()
        process.stdin.write(b"rest")
        assert process.communicate(timeout=WAIT)[0] == b"REST"
        assert process.returncode == 0


def test_the_log_can_be_quiet_short_or_the_data_alone() -> None:
    with Serve("tcp://127.0.0.1:0", "--respond", "echo") as serve:
        words = ["send", serve.address, "--text", "0123456789abcdefXYZ", "--recv-count", "1"]
        assert run(*words, "--quiet").stdout == ""
        assert run(*words, "--data").stdout == "0123456789abcdefXYZ"
        short = run(*words, "--bytes", "16").stdout
        assert short.count("… 3 bytes more") == 2
        assert "\x1b" not in run(*words, TERM="dumb").stdout
        assert "19 B out, 19 B in" in run(*words, "--quiet", "--progress").stderr


def test_an_empty_seqpacket_message_is_not_the_end(tmp_path: Path) -> None:
    with Serve(f"unix-seqpacket://{tmp_path}/x", "--respond", "echo", "--format", "json") as serve:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(WAIT)
            sock.connect(f"{tmp_path}/x")
            for message in (b"", b"", b"after"):
                sock.send(message)
            assert [sock.recv(10) for _ in range(3)] == [b"", b"", b"after"]
        made = serve.calls_until("close")
    assert [call["result"] for call in made if call["call"] == "recv"] == [0, 0, 5, 0]


def test_a_log_that_falls_behind_says_how_many_calls_it_left_out() -> None:
    with Serve("tcp://127.0.0.1:0", "--recv", "64", "--once") as serve:
        with socket.create_connection(("127.0.0.1", serve.port), WAIT) as sock:
            sock.sendall(bytes(4 << 20))
        _, out, err = serve.ended()
    assert "left out of the log, which could not keep up" in err
    assert "accept()" in out
    assert "close()" in out


def test_with_behind_the_program_is_told_to_go_to_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import sys; print(sys.argv[1:])")
    ran = run("trace", str(tmp_path / "a.py"), "--with", "b.py")
    assert "['--with', 'b.py']" in ran.stdout
    assert "--with goes to " in ran.stderr


def test_many_clients_at_once() -> None:
    seen: set[int] = set()
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:

        def answer() -> None:
            taken = [listener.accept()[0] for _ in range(100)]
            seen.update(sock.getpeername()[1] for sock in taken)
            for sock in taken:
                sock.sendall(sock.recv(10))
                sock.close()

        thread = threading.Thread(target=answer)
        thread.start()
        where = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        ran = run("send", where, "--text", "hi", "--clients", "100", "--recv-count", "1", "--quiet")
        thread.join(WAIT)
    assert (ran.returncode, len(seen)) == (0, 100)


def test_a_large_message_to_an_echo_gets_through_though_neither_side_would_read_first(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(range(256)) * (1 << 16))
    with Serve("tcp://127.0.0.1:0", "--respond", "echo", "--recv", "65536", "--quiet") as serve:
        process = subprocess.run(
            [*WORKBENCH, "send", serve.address, "--file", str(tmp_path / "large"), "--half-close", "--data"],
            capture_output=True, timeout=2 * WAIT, env=environment(),
        )  # fmt: skip
    assert (process.returncode, process.stderr) == (0, b"")
    assert process.stdout == (tmp_path / "large").read_bytes()
