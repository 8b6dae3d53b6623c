"""`send` as the contract has it, against plain sockets and against `serve`."""

from __future__ import annotations

import base64
import itertools
import json
import re
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.commands import WAIT, WORKBENCH, Serve, calls, environment, run

Talk = Callable[[socket.socket], None]


class Peer:
    """A plain server in a thread: it accepts once, and *talk* does the rest."""

    def __init__(self, talk: Talk, listener: socket.socket) -> None:
        self._talk, self._listener = talk, listener
        self.problem: BaseException | None = None
        self.port = listener.getsockname()[1] if listener.family == socket.AF_INET else 0
        self.url = f"tcp://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            sock = self._listener.accept()[0]
            sock.settimeout(WAIT)
            with sock:
                self._talk(sock)
        except BaseException as problem:  # noqa: BLE001 - raised again in the test
            self.problem = problem


@contextmanager
def peer(talk: Talk) -> Iterator[Peer]:
    """Give a server that talks to one client, and fail if it could not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WAIT)
        server = Peer(talk, listener)
        yield server
        server.thread.join(WAIT)
        if server.problem is not None:
            raise server.problem


def read_all(sock: socket.socket) -> bytes:
    """Return what comes until the end."""
    pieces = []
    while piece := sock.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def sent(output: str) -> list[bytes]:
    """Return the bytes of each send in JSON lines."""
    return [base64.b64decode(call["data"]) for call in calls(output) if call["call"].startswith("send")]


# --- what it does ----------------------------------------------------------------------------------------------------


def test_it_connects_sends_and_receives_until_the_peer_ends() -> None:
    def talk(sock: socket.socket) -> None:
        assert sock.recv(100) == b"hello"
        sock.sendall(b"hello back")

    with peer(talk) as server:
        ran = run("send", server.url, "--text", "hello", "--recv", "6")
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = [re.sub(r"^#\d+ +[\d:.]+ ", "", line) for line in ran.stdout.splitlines() if line.startswith("#")]
    assert [re.sub(r" {2,}", " ", line) for line in shown][1:] == [
        "client 1 • settimeout(5.0) = None",
        f"client 1 • connect(('127.0.0.1', {server.port})) = None",
        "client 1 → sendall(b'hello') = None",
        "client 1 ← recv(6) = b'hello '",
        "client 1 ← recv(6) = b'back'",
        "client 1 ← recv(6) = b''",
        "client 1 • close() = None",
    ]


def test_without_an_end_it_leaves_when_the_timeout_passes() -> None:
    left = threading.Event()

    def talk(sock: socket.socket) -> None:
        assert left.wait(WAIT)
        assert sock.recv(10) == b""

    with peer(talk) as server:
        ran = run("send", server.url, "--timeout", "0.2", "--format", "json")
        left.set()
    assert one_line(ran, 1) == "nothing arrived within 200 ms: --recv-count 0 only sends"
    assert [call["call"] for call in calls(ran.stdout)][2:] == ["connect", "recv", "close"]
    assert calls(ran.stdout)[3]["error"]["type"] == "TimeoutError"


def test_payloads_go_in_the_order_given_one_call_each(tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(b"\x00file")
    received: list[bytes] = []
    with peer(lambda sock: received.append(read_all(sock))) as server:
        ran = run(
            *("send", server.url, "--text", "é", "--hex", "de ad", "--json", '{"a":  1}', "-", "--file", str(file)),
            *("--text=last", "--recv-count", "0", "--format", "json"),
            given=b"from stdin",
        )
    assert ran.returncode == 0, ran.stderr
    assert sent(ran.stdout) == ["é".encode(), b"\xde\xad", b'{"a":  1}', b"from stdin", b"\x00file", b"last"]
    assert received == [b"".join(sent(ran.stdout))]


def test_the_value_of_another_option_is_no_payload() -> None:
    ran = run("send", "tcp://127.0.0.1:1", "--bind", "-")
    assert ran.returncode == 2
    assert "address '-' has no scheme" in ran.stderr.replace('"', "'")


def test_call_send_makes_one_send_and_sendto_none_but_that() -> None:
    with peer(lambda sock: None) as server:
        ran = run("send", server.url, "--call", "send", "--text", "x", "--recv-count", "0", "--format", "json")
    assert [call["call"] for call in calls(ran.stdout)] == ["socket", "settimeout", "connect", "send", "close"]
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        where = f"udp://127.0.0.1:{udp.getsockname()[1]}"
        ran = run("send", where, "--call", "sendto", "--text", "x", "--recv-count", "0", "--format", "json")
        assert udp.recv(10) == b"x"
    assert [call["call"] for call in calls(ran.stdout)] == ["socket", "settimeout", "sendto", "close"]
    assert calls(ran.stdout)[2]["args"] == [["127.0.0.1", udp_port(where)]]


def udp_port(where: str) -> int:
    return int(where.rpartition(":")[2])


@pytest.mark.parametrize("how", ["send", "sendall"])
def test_a_short_send_is_continued_only_by_sendall(how: str) -> None:
    """With a timeout a send returns what the buffer took."""
    received: list[int] = []
    words = ["--file", "-", "--recv-count", "0", "--option", "SO_SNDBUF=4096", "--format", "json"]
    with peer(lambda sock: received.append(len(read_all(sock)))) as server:
        ran = run("send", server.url, "--call", how, *words, given=bytes(1 << 20))
    assert ran.returncode == 0
    (call,) = [call for call in calls(ran.stdout) if call["call"] == how]
    assert call["requested"] == 1 << 20
    assert received == [len(base64.b64decode(call["data"]))]
    assert (received[0] == 1 << 20) == (how == "sendall")


def test_recv_count_repeat_and_every() -> None:
    def talk(sock: socket.socket) -> None:
        for _ in range(3):
            sock.sendall(sock.recv(4) + b"!")
        assert sock.recv(4) == b""

    with peer(talk) as server:
        ran = run(
            *("send", server.url, "--text", "ping", "--repeat", "3", "--every", "0.1"),
            *("--recv-count", "1", "--format", "json"),
        )
    made = calls(ran.stdout)
    assert [call["call"] for call in made][3:] == [*["sendall", "recv"] * 3, "close"]
    sends = [call["time"] for call in made if call["call"] == "sendall"]
    assert all(later - sooner >= 0.1 for sooner, later in itertools.pairwise(sends))


def test_recv_count_stops_at_the_end_of_the_stream() -> None:
    with peer(lambda sock: sock.sendall(b"bye")) as server:
        ran = run("send", server.url, "--recv-count", "9", "--format", "json")
    assert one_line(ran, 1) == "8 of 9 recvs did not come: the peer ended the connection"
    assert [call["result"] for call in calls(ran.stdout) if call["call"] == "recv"] == [3, 0]


def test_half_close_lets_the_peer_read_to_the_end_and_answer() -> None:
    def talk(sock: socket.socket) -> None:
        sock.sendall(read_all(sock).upper())

    with peer(talk) as server:
        ran = run("send", server.url, "--text", "all", "--half-close", "--format", "json")
    assert [call["call"] for call in calls(ran.stdout)][3:] == ["sendall", "shutdown", "recv", "recv", "close"]
    assert calls(ran.stdout)[4]["args"] == ["SHUT_WR"]


def test_reset_is_an_error_to_the_peer() -> None:
    def talk(sock: socket.socket) -> None:
        with pytest.raises(ConnectionResetError):
            read_all(sock)

    with peer(talk) as server:
        assert run("send", server.url, "--text", "x", "--recv-count", "0", "--reset").returncode == 0


def test_bind_names_the_source_and_option_sets_it_first() -> None:
    seen: list[str] = []
    with peer(lambda sock: seen.append(sock.getpeername()[0])) as server:
        ran = run(
            *("send", server.url, "--bind", "tcp://127.0.0.2:0", "--option", "SO_KEEPALIVE=1"),
            *("--option", "TCP_NODELAY=1", "--format", "json"),
        )
    assert seen == ["127.0.0.2"]
    assert [call["call"] for call in calls(ran.stdout)][1:6] == [
        *("setsockopt", "setsockopt", "settimeout", "bind", "connect")
    ]


def test_over_unix_sockets_and_datagrams(tmp_path: Path) -> None:
    for scheme in ("unix", "unix-seqpacket"):
        with Serve(f"{scheme}://{tmp_path}/{scheme}", "--respond", "upper") as serve:
            ran = run("send", serve.address, "--text", "x", "--recv-count", "1", "--format", "json")
            assert base64.b64decode(calls(ran.stdout)[4]["data"]) == b"X"
    with Serve(f"unix-dgram://{tmp_path}/d", "--respond", "upper") as serve:
        bind = f"unix-dgram://{tmp_path}/own"
        ran = run("send", serve.address, "--bind", bind, "--text", "x", "--recv-count", "1", "--format", "json")
        assert base64.b64decode(calls(ran.stdout)[5]["data"]) == b"X"
        assert not (tmp_path / "own").exists()


def test_a_name_is_shown_with_the_address_it_stands_for() -> None:
    with Serve("tcp://localhost:0") as serve:
        ran = run("send", f"tcp://localhost:{serve.port}", "--recv-count", "0", "--format", "json")
    assert ran.returncode == 0
    connect = calls(ran.stdout)[2]
    assert connect["args"][0][0] in ("127.0.0.1", "::1")


# --- no --------------------------------------------------------------------------------------------------------------


def one_line(ran: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line on stderr of a command that ended with *code*."""
    assert ran.returncode == code
    assert ran.stderr.startswith("socket-workbench: ")
    assert ran.stderr.count("\n") == 1
    return ran.stderr.removeprefix("socket-workbench: ").rstrip("\n")


def test_nobody_listens_is_exit_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ran = run("send", f"tcp://127.0.0.1:{port}", "--text", "x")
    assert one_line(ran, 1) == f"could not connect: ECONNREFUSED: nobody listens on 127.0.0.1:{port}"
    assert "connect((" in ran.stdout


def test_a_connect_that_times_out_is_exit_1() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as first:
        first.connect(listener.getsockname())
        ran = run("send", f"tcp://127.0.0.1:{listener.getsockname()[1]}", "--timeout", "0.3")
    assert one_line(ran, 1).startswith("could not connect: no answer from 127.0.0.1:")


def test_an_unknown_name_is_exit_1() -> None:
    ran = run("send", "tcp://no-such-name.invalid:80")
    assert one_line(ran, 1).startswith('could not connect: the name "no-such-name.invalid" has no address')


def test_a_peer_that_resets_is_exit_1() -> None:
    def talk(sock: socket.socket) -> None:
        sock.recv(10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with peer(talk) as server:
        ran = run("send", server.url, "--text", "x")
    assert one_line(ran, 1).startswith("could not receive: ECONNRESET: ")


def test_a_datagram_to_nobody_is_exit_1_where_the_socket_is_connected() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
    assert one_line(run("send", f"udp://127.0.0.1:{port}", "--text", "x"), 1).startswith("could not receive: ECONNREF")


def test_what_is_received_reaches_the_terminal_harmless() -> None:
    with peer(lambda sock: sock.sendall(b"\x1b]0;title\x07\x1b[31m")) as server:
        ran = run("send", server.url)
    assert "\x1b" not in ran.stdout
    assert "1b 5d 30" in ran.stdout


def test_ctrl_c_ends_it_without_a_traceback() -> None:
    left = threading.Event()
    with peer(lambda sock: left.wait(WAIT) and None) as server:
        process = subprocess.Popen(
            [*WORKBENCH, "send", server.url, "--timeout", "none", "--format", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        assert process.stdout is not None
        while json.loads(process.stdout.readline())["call"] != "connect":
            pass
        process.send_signal(2)
        out, err = process.communicate(timeout=WAIT)
        left.set()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert [call["call"] for call in calls(out)][-1] == "close"


def test_behind_two_dashes_nothing_is_a_payload() -> None:
    ran = run("send", "--timeout", "1", "--", "tcp://127.0.0.1:1", "--text", "x")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "unexpected extra argument" in ran.stderr
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        ran = run("send", "--text", "x", "--recv-count", "0", "--", address)
        assert ran.returncode == 0
        conn, _ = listener.accept()
        with conn:
            assert conn.recv(10) == b"x"
