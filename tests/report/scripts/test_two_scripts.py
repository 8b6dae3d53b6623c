from __future__ import annotations

import ast
import errno
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sessions import DGRAM, INET, INET6, SEQPACKET, STREAM, UNIX, connected, read, recorded, recv_exactly
from workbench.report.scripts.script import LONG
from workbench.report.scripts.two_scripts import export_python


def exported(session: Path, left_out: int = 0) -> Path:
    folder = session.parent / "out"
    assert export_python(read(session), folder) == left_out
    return folder


def start(script: Path, *addresses: str) -> subprocess.Popen[str]:
    command = [sys.executable, script, *addresses]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def listening(server: subprocess.Popen[str]) -> str:
    word, address = server.stdout.readline().rsplit(" ", 1)
    assert word == "listening on"
    return address.strip()


def against_each_other(folder: Path, at: str) -> tuple[int, int]:
    """Run both scripts; return how many bytes the client and the server found as recorded."""
    server = start(folder / "server.py", at)
    client = start(folder / "client.py", listening(server))
    counts = []
    for process in (client, server):
        code, out, err = ended(process)
        assert (code, err) == (0, "")
        counts.append(int(out.removesuffix(" bytes came as recorded\n").split("\n")[-1]))
    return counts[0], counts[1]


def lines(folder: Path, role: str) -> list[str]:
    """Return what a script does, without the numbers of the calls."""
    text = (folder / f"{role}.py").read_text()
    ast.parse(text)
    body = text.partition("def main() -> None:\n")[2].partition("\n\nif __name__")[0]
    return [line.partition("  # ")[0].strip() for line in body.splitlines() if line]


def talk(listener, conn, client):
    client.sendall(b"hello ")
    client.send(b"world")
    assert conn.recv(4) == b"hell"
    assert recv_exactly(conn, 7) == b"o world"
    conn.sendall(b"HELLO WORLD" * 200)
    assert recv_exactly(client, 2200, 512)
    client.shutdown(socket.SHUT_WR)
    assert conn.recv(10) == b""
    conn.sendall(b"bye")
    conn.close()
    assert recv_exactly(client, 3) == b"bye"
    assert client.recv(10) == b""
    client.close()
    listener.close()


PLACES = {
    "tcp": (("127.0.0.1", 0), "tcp://127.0.0.1:0"),
    "tcp6": (("::1", 0), "tcp://[::1]:0"),
    "unix": ("recorded.sock", "unix://repeated.sock"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("who", ["both", "client", "server"])
def test_client_and_server_repeat_a_connection(tmp_path, monkeypatch, place, who):
    monkeypatch.chdir(tmp_path)
    address, at = PLACES[place]
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        kinds = [traced if who in ("both", side) else socket.socket for side in ("server", "client")]
        talk(*connected(*kinds, address))
    folder = exported(session)
    assert against_each_other(folder, at) == (2203, 11)
    assert not Path("repeated.sock").exists()


def test_the_scripts_read_as_the_calls_were(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        port = listener.getsockname()[1]
        client.label = "client 1"
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"hello")
        assert conn.recv(1024) == b"hello"
        conn.send(b"x" * (LONG + 1))
        assert recv_exactly(client, LONG + 1)
        client.close()
        assert conn.recv(7) == b""
    folder = exported(session)
    assert lines(folder, "client") == [
        f"at = targets('tcp://127.0.0.1:{port}')",
        "client_1 = Peer('client 1', at[0])",
        "client_1.connect(at[0])",
        "client_1.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)",
        "client_1.send(b'hello')",
        f"client_1.receive({LONG + 1}, data(0, {LONG + 1}))",
        "client_1.close()",
    ]
    assert lines(folder, "server")[1:] == [
        "server_1 = Peer('socket 1', at[0])",
        "server_1.bind(at[0].address)",
        "server_1.listen(5)",
        "server_1.announce()",
        "conn_1 = server_1.accept('socket 3')",
        "conn_1.receive(1024, b'hello')",
        f"conn_1.send(data(0, {LONG + 1}))",
        "conn_1.expect_end()",
    ]


def test_a_client_sends_the_same_pieces_to_a_real_server(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        _, conn, client = connected(socket.socket, traced, ("127.0.0.1", 0))
        for piece in (b"one", b"two"):
            client.send(piece)
            conn.sendall(conn.recv(9))
            assert client.recv(9) == piece
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = start(exported(session) / "client.py", f"tcp://127.0.0.1:{server.getsockname()[1]}")
        conn, _ = server.accept()
        with conn:
            assert conn.recv(99) == b"one"
            conn.sendall(b"on")
            conn.sendall(b"e")
            assert conn.recv(99) == b"two"
            conn.sendall(b"tWo")
            code, out, err = ended(client)
    assert (code, out) == (1, "")
    assert err == "client.py: socket 1: expected b'two', got b'tWo'\n"


def test_a_missing_answer_a_refused_connect_and_a_wrong_address(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        _, conn, client = connected(socket.socket, traced, ("127.0.0.1", 0))
        conn.sendall(b"hello")
        assert client.recv(9) == b"hello"
    script = exported(session) / "client.py"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        client = start(script, address)
        server.accept()[0].close()
        assert ended(client)[::2] == (1, "client.py: socket 1: expected b'hello', got the end of the stream\n")
    code, _, err = ended(start(script, address))
    assert (code, "refused" in err, err.count("\n")) == (1, True, 1)
    code, _, err = ended(start(script, "http://x"))
    assert (code, err.count("\n")) == (2, 1)
    assert ended(start(script, address, address))[0] == 2


def test_many_clients_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener = traced(UNIX, STREAM)
        listener.bind("x.sock")
        listener.listen(9)
        pairs = []
        for _ in range(8):
            client = traced(UNIX, STREAM)
            client.connect("x.sock")
            pairs.append((client, listener.accept()[0]))
        for number, (client, conn) in enumerate(pairs):
            client.sendall(b"%d" % number * 3)
            conn.sendall(conn.recv(9) * 2)
        for client, conn in reversed(pairs):
            client.recv(9)
            client.close()
            conn.close()
    assert against_each_other(exported(session), "unix://y.sock") == (48, 24)


def test_more_than_all_buffers_hold_in_both_directions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session, size = tmp_path / "a.swb", 3_000_000
    with recorded(session) as traced:
        _, conn, client = connected(traced, traced, "x.sock")
        ways = [
            threading.Thread(target=client.sendall, args=(b"a" * size,)),
            threading.Thread(target=conn.sendall, args=(b"b" * size,)),
            threading.Thread(target=recv_exactly, args=(client, size)),
            threading.Thread(target=recv_exactly, args=(conn, size)),
        ]
        for way in ways:
            way.start()
        for way in ways:
            way.join()
    assert against_each_other(exported(session), "unix://y.sock") == (size, size)


@pytest.mark.parametrize("family", [INET, INET6, UNIX], ids=str)
@pytest.mark.parametrize("who", ["both", "client", "server"])
def test_datagrams(tmp_path, monkeypatch, family, who):
    monkeypatch.chdir(tmp_path)
    names = ["s", "c"] if family == UNIX else [("::1" if family == INET6 else "127.0.0.1", 0)] * 2
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        server, client = (
            (traced if who in ("both", side) else socket.socket)(family, DGRAM) for side in ("server", "client")
        )
        server.bind(names[0])
        client.bind(names[1])
        client.sendto(b"one", server.getsockname())
        data, sender = server.recvfrom(100)
        server.sendto(data.upper(), sender)
        client.connect(server.getsockname())
        assert client.recv(100) == b"ONE"
        client.send(b"")
        client.send(b"two")
        assert [server.recvfrom(100)[0], server.recvfrom(2)[0]] == [b"", b"tw"]
        server.close()
        client.close()
    at = {INET: "udp://127.0.0.1:0", INET6: "udp://[::1]:0", UNIX: "unix-dgram://t"}[family]
    assert against_each_other(exported(session), at) == (3, 6 if who == "client" else 5)


@pytest.mark.parametrize("who", ["both", "client", "server"])
def test_a_client_that_is_neither_bound_nor_connected(tmp_path, who):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        server, client = (
            (traced if who in ("both", side) else socket.socket)(INET, DGRAM) for side in ("server", "client")
        )
        server.bind(("127.0.0.1", 0))
        client.sendto(b"one", server.getsockname())
        data, sender = server.recvfrom(100)
        server.sendto(data * 2, sender)
        assert client.recv(100) == b"oneone"
        server.close()
        client.close()
    assert against_each_other(exported(session), "udp://127.0.0.1:0") == (6, 3)


def test_what_an_unnamed_unix_socket_sent_is_sent_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        server, client = traced(UNIX, DGRAM), traced(UNIX, DGRAM)
        server.bind("x")
        for word in (b"one", b"two"):
            client.sendto(word, "x")
            assert server.recv(9) == word
        server.close()
        client.close()
    assert against_each_other(exported(session), "unix-dgram://y") == (0, 6)


def test_bytes_that_nobody_read_need_no_reader(tmp_path):
    session, size = tmp_path / "a.swb", 200_000
    with recorded(session) as traced:
        _, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        conn.close()
        client.settimeout(0)
        assert client.send(b"x" * size) > 0
        client.close()
    folder = exported(session)
    assert ", unread=True)" in lines(folder, "client")[-2]
    assert against_each_other(folder, "tcp://127.0.0.1:0") == (0, 0)


def test_an_address_that_is_taken_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with recorded(tmp_path / "a.swb") as traced:
        connected(traced, traced, "x.sock")
    ran = ended(start(exported(tmp_path / "a.swb") / "server.py"))  # the path stays when its socket is closed
    assert ran == (1, "", "server.py: unix://x.sock: Address already in use: give another ADDRESS in its place\n")


def test_seqpacket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener = traced(UNIX, SEQPACKET)
        listener.bind("x")
        listener.listen()
        client = traced(UNIX, SEQPACKET)
        client.connect("x")
        conn, _ = listener.accept()
        client.send(b"one")
        client.send(b"two")
        assert (conn.recv(9), conn.recv(2)) == (b"one", b"tw")
        client.close()
        assert conn.recv(9) == b""
    assert against_each_other(exported(session), "unix-seqpacket://y") == (0, 5)


def test_a_datagram_socket_that_connects_again_elsewhere(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        servers = [socket.socket(INET, DGRAM) for _ in range(2)]
        client = traced(INET, DGRAM)
        for server in servers:
            server.bind(("127.0.0.1", 0))
            client.connect(server.getsockname())
            client.send(b"hello")
    first, second = (f"'udp://127.0.0.1:{server.getsockname()[1]}'" for server in servers)
    folder = exported(session)
    assert lines(folder, "client")[0] == f"at = targets({first}, {second})"
    assert lines(folder, "client")[2:] == [
        "client_1.connect(at[0])", "client_1.send(b'hello')", "client_1.connect(at[1])", "client_1.send(b'hello')",
    ]  # fmt: skip
    assert lines(folder, "server")[0] == f"at = targets({first}, {second})"


def test_a_non_blocking_client_connects_once(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced, socket.create_server(("127.0.0.1", 0)) as server:
        client = traced(INET, STREAM)
        client.setblocking(False)
        assert client.connect_ex(server.getsockname()) == errno.EINPROGRESS
        server.accept()
        assert client.connect_ex(server.getsockname()) == 0
        client.send(b"hello")
    assert lines(exported(session), "client")[2:] == ["client_1.connect(at[0])", "client_1.send(b'hello')"]


HOSTILE = '"""\n__import__("os").system("touch owned") #\\'


def test_nothing_from_the_session_becomes_code(tmp_path, session):
    address = [HOSTILE, 5]
    session.call("connect", 1, name=HOSTILE, flags=2, tail={"args": [address], "local": address, "peer": address})
    session.call("setsockopt", 1, name=HOSTILE, flags=2, tail={"args": [HOSTILE, HOSTILE, HOSTILE]})
    session.call("shutdown", 1, name=HOSTILE, flags=2, tail={"args": [HOSTILE]})
    session.send(HOSTILE.encode())
    shutil.copy(session.journal.path, tmp_path / 'a""".swb')
    folder = tmp_path / "out"
    export_python(read(tmp_path / 'a""".swb'), folder)
    plain = tmp_path / "plain"
    with recorded(tmp_path / "b.swb"):
        pass
    export_python(read(tmp_path / "b.swb"), plain)
    for role in ("client", "server"):
        called = [
            {
                ast.unparse(node.func)
                for node in ast.walk(ast.parse((where / f"{role}.py").read_text()))
                if isinstance(node, ast.Call)
            }
            for where in (folder, plain)
        ]
        assert called[0] - called[1] <= {f"client_1.{method}" for method in ("connect", "send")} | {
            "server_1.bind", "server_1.listen", "server_1.announce", "server_1.accept", "conn_1.receive",
        }  # fmt: skip
