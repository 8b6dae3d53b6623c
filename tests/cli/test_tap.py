"""`tap` between real clients and real servers."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.commands import WAIT, Serve, run
from tests.cli.test_send import read_all
from workbench.journal.reader import Journal


class Tap(Serve):
    """`tap` as it runs."""

    def __init__(self, *words: str, listen: str = "tcp://127.0.0.1:0") -> None:
        super().__init__(listen, *words, command="tap")
        self.address = self.address.partition(",")[0]


def listening() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(WAIT)
    return listener


def url(listener: socket.socket) -> str:
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def tapped(*words: str) -> Iterator[tuple[socket.socket, socket.socket, Tap]]:
    """Give a client, the server's end of its connection, and the tap between them."""
    with (
        listening() as listener,
        Tap(url(listener), *words) as tap,
        socket.create_connection(("127.0.0.1", tap.port), WAIT) as client,
        listener.accept()[0] as server,
    ):
        server.settimeout(WAIT)
        yield client, server, tap


# --- transparent -----------------------------------------------------------------------------------------------------


def test_bytes_and_half_closes_pass_in_both_directions(tmp_path: Path) -> None:
    with tapped("--record", str(tmp_path / "s.swb"), "--once") as (client, server, tap):
        client.sendall(b"question")
        assert server.recv(100) == b"question"
        client.shutdown(socket.SHUT_WR)
        assert server.recv(100) == b""
        server.sendall(b"answer")
        assert client.recv(100) == b"answer"
        server.close()
        assert client.recv(100) == b""
        assert tap.ended()[0] == 0
    journal = Journal(tmp_path / "s.swb")
    journal.read_all()
    moved = [(call.name, call.call, call.data) for call in journal if call.data]
    assert moved == [
        ("conn 1", "recv", b"question"),
        ("target 1", "send", b"question"),
        ("target 1", "recv", b"answer"),
        ("conn 1", "send", b"answer"),
    ]


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_reset_passes(who: str) -> None:
    with tapped("--quiet") as (client, server, _):
        server.sendall(b"x")
        assert client.recv(1) == b"x"
        one, other = (client, server) if who == "client" else (server, client)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.close()
        with pytest.raises(ConnectionResetError):
            other.recv(1)


def test_a_target_that_refuses_resets_the_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with Tap(f"tcp://127.0.0.1:{port}", "--quiet") as tap:
        with socket.create_connection(("127.0.0.1", tap.port), WAIT) as client, pytest.raises(ConnectionResetError):
            client.recv(1)
        assert "conn 1: could not connect to the target: [Errno 111]" in tap.error_line()


def test_a_peer_that_never_reads_holds_the_sender_up_and_nobody_else() -> None:
    with listening() as listener, Tap(url(listener), "--quiet") as tap:
        stuck = socket.create_connection(("127.0.0.1", tap.port), WAIT)
        unread = listener.accept()[0]
        stuck.setblocking(False)
        sent, deadline = 0, time.monotonic() + WAIT
        last = time.monotonic()
        while time.monotonic() - last < 0.5:
            assert time.monotonic() < deadline, "what the server does not read is taken in without end"
            try:
                sent += stuck.send(bytes(65536))
                last = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        assert sent < 100 << 20
        with socket.create_connection(("127.0.0.1", tap.port), WAIT) as other, listener.accept()[0] as server:
            other.sendall(b"free")
            assert server.recv(10) == b"free"
        stuck.close()
        unread.close()


def test_messages_of_seqpacket_and_datagrams_keep_their_borders(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"{tmp_path}/s")
        listener.listen()
        words = [f"unix-seqpacket://{tmp_path}/s", "--quiet"]
        with Tap(*words, listen=f"unix-seqpacket://{tmp_path}/t"):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client.connect(f"{tmp_path}/t")
            server = listener.accept()[0]
            for message in (b"one", b"", b"three"):
                client.send(message)
            assert [server.recv(100) for _ in range(3)] == [b"one", b"", b"three"]
            client.close()
            assert server.recv(100) == b""
            server.close()


def test_udp_answers_find_their_way_to_each_client() -> None:
    words = ["udp://127.0.0.1:0", "--respond", "upper", "--quiet"]
    with Serve(*words) as serve, Tap(serve.address, "--quiet", listen="udp://127.0.0.1:0") as tap:
        clients = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(3)]
        for number, client in enumerate(clients):
            client.settimeout(WAIT)
            client.sendto(b"client %d" % number, ("127.0.0.1", tap.port))
        for number, client in enumerate(clients):
            assert client.recv(100) == b"CLIENT %d" % number
            client.close()


def test_schemes_that_do_not_fit_and_values_that_are_none() -> None:
    assert run("tap", "tcp://127.0.0.1:0", "udp://127.0.0.1:1").returncode == 2
    ran = run("tap", "tcp://127.0.0.1:0", "tcp://127.0.0.1:1", "--slice", "0")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)


# --- worse -----------------------------------------------------------------------------------------------------------


def test_slices_are_sent_as_asked_each_in_a_segment_of_its_own(tmp_path: Path) -> None:
    with tapped("--up", "--slice", "3", "--record", str(tmp_path / "s.swb"), "--once") as (client, server, tap):
        capture = subprocess.Popen(
            ["tshark", "-i", "lo", "-l", "-T", "fields", "-e", "tcp.len", "-f", f"dst port {server.getsockname()[1]}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert capture.stderr is not None
        while "Capturing" not in (line := capture.stderr.readline()):
            assert line, "tshark ended"
        time.sleep(1)  # it says so a little before it does
        client.sendall(b"0123456789" * 3)
        got = b""
        while len(got) < 30:
            got += server.recv(100)
        client.close()
        server.close()
        tap.ended()
        time.sleep(1)
        capture.send_signal(signal.SIGINT)
        lengths = [int(word) for word in capture.communicate(timeout=WAIT)[0].split() if int(word)]
    journal = Journal(tmp_path / "s.swb")
    journal.read_all()
    assert [len(call.data) for call in journal if call.name == "target 1" and call.call == "send"] == [3] * 10
    assert lengths == [3] * 10


def test_latency_and_rate_take_their_time() -> None:
    with tapped("--latency", "200", "--quiet") as (client, server, _):
        began = time.monotonic()
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        server.sendall(b"y")
        assert client.recv(1) == b"y"
        assert time.monotonic() - began >= 0.4
    with tapped("--down", "--rate", "100000", "--quiet") as (client, server, _):
        began = time.monotonic()
        server.sendall(bytes(50000))
        server.close()
        assert len(read_all(client)) == 50000
        assert 0.4 < time.monotonic() - began < 5


def test_limit_closes_reset_resets_and_stall_keeps() -> None:
    with tapped("--down", "--limit", "10", "--quiet") as (client, server, _):
        server.sendall(bytes(100))
        assert len(read_all(client)) == 10
    with tapped("--reset-after", "5", "--quiet") as (client, server, _):
        client.sendall(bytes(100))
        with pytest.raises(ConnectionResetError):
            read_all(server)
    with tapped("--reset-after", "0.3s", "--quiet") as (client, _, _tap), pytest.raises(ConnectionResetError):
        client.recv(1)
    with tapped("--up", "--stall-after", "4", "--quiet") as (client, server, _):
        client.sendall(bytes(100))
        server.settimeout(0.5)
        assert len(server.recv(100)) == 4
        with pytest.raises(TimeoutError):
            server.recv(100)


# --- real peers ------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def until_listening(port: int) -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}")


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
@pytest.mark.parametrize("words", [["--quiet"], ["--slice", "1-9", "--seed", "1", "--quiet"]])
def test_redis_benchmark_runs_through_it(words: list[str], tmp_path: Path) -> None:
    port = free_port()
    redis = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL
    )
    try:
        until_listening(port)
        with Tap(f"tcp://127.0.0.1:{port}", *words) as tap:
            ran = subprocess.run(
                ["redis-benchmark", "-p", str(tap.port), "-n", "2000", "-c", "20", "-t", "set,get", "-P", "4", "-q"],
                capture_output=True, text=True, timeout=60,
            )  # fmt: skip
        assert ran.returncode == 0
        assert re.search(r"SET: [\d.]+ requests per second", ran.stdout)
        assert re.search(r"GET: [\d.]+ requests per second", ran.stdout)
    finally:
        redis.terminate()
        redis.wait(WAIT)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_curl_gets_from_nginx_through_it(tmp_path: Path) -> None:
    port, body = free_port(), os.urandom(300_000)
    (tmp_path / "file").write_bytes(body)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}; proxy_temp_path {tmp_path};\n"
        f"server {{ listen 127.0.0.1:{port}; root {tmp_path}; }} }}\n"
    )
    tmp_path.chmod(0o755)
    command = ["nginx", "-c", str(tmp_path / "nginx.conf"), "-g", "user root;"]
    nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until_listening(port)
        with Tap(f"tcp://127.0.0.1:{port}", "--down", "--slice", "100-5000", "--quiet") as tap:
            curl = ["curl", "-sS", "--max-time", "15", f"http://127.0.0.1:{tap.port}/file"]
            ran = subprocess.run([*curl, f"http://127.0.0.1:{tap.port}/file"], capture_output=True, timeout=WAIT)
        assert (ran.returncode, ran.stderr, ran.stdout) == (0, b"", body * 2)
    finally:
        nginx.terminate()
        nginx.wait(WAIT)


def test_a_thousand_clients_at_once() -> None:
    words = ["--quiet", "--backlog", "1024"]
    with Serve("tcp://127.0.0.1:0", "--respond", "echo", *words) as serve, Tap(serve.address, *words) as tap:
        words = ["--clients", "1000", "--text", "hi", "--recv-count", "1", "--timeout", "30", "--quiet"]
        ran = run("send", tap.address, *words)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_its_calls_are_json_with_both_sides() -> None:
    with (
        listening() as listener,
        Tap(url(listener), "--format", "json") as tap,
        socket.create_connection(("127.0.0.1", tap.port), WAIT) as client,
    ):
        client.sendall(b"here")
        made = tap.calls_until("send")
    assert [call["name"] for call in made[-3:]] == ["target 1", "conn 1", "target 1"]
    assert base64.b64decode(made[-1]["data"]) == b"here"
