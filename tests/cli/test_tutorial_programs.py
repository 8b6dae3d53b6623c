"""The programs that tutorials teach with: our server meets their client, our client their server.

The scripts are as a newcomer writes them, but for the port, which they take from the command line.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cli.commands import WAIT, Serve, calls, run

STAMP = r"\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\]"

GREETING_CLIENT = """
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
client.connect(("localhost", int(sys.argv[1])))
client.sendall("Hey~~~".encode())
print(client.recv(1000).decode())
client.close()
"""

GREETING_SERVER = """
import socket, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
server.bind(("localhost", 0))
server.listen(5)
print(server.getsockname()[1], flush=True)
connection, address = server.accept()
print(time.ctime(), address[0], connection.recv(1000).decode())
connection.sendall("Are you want to talk to Me".encode())
connection.close()
server.close()
"""

TIME_CLIENT = """
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for text in ("first", "second"):
    client.send(text.encode())
    print(client.recv(1024).decode())
client.close()
"""

TIME_SERVER = """
import socket, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(5)
print(server.getsockname()[1], flush=True)
for _ in range(2):
    connection, address = server.accept()
    while True:
        data = connection.recv(1024)
        if not data:
            break
        connection.send(("[%s] %s" % (time.ctime(), data.decode())).encode())
    connection.close()
server.close()
"""

UPPER_CLIENT = """
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(10)
for text in ("one", "two"):
    client.sendto(text.encode(), ("127.0.0.1", int(sys.argv[1])))
    print(client.recvfrom(1024)[0].decode())
client.close()
"""

UPPER_SERVER = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
for _ in range(3):
    data, address = server.recvfrom(1024)
    server.sendto(data.upper(), address)
server.close()
"""

WELCOME_CLIENT = """
import socket, sys
client = socket.create_connection(("localhost", int(sys.argv[1])))
client.send(b"1")
print(client.recv(1024).decode())
client.send(b"2")
print(client.recv(1024).decode())
print(client.recv(1024).decode())
client.close()
"""

WELCOME_SERVER = """
import socket
server = socket.socket()
server.bind(("localhost", 0))
server.listen(5)
print(server.getsockname()[1], flush=True)
for _ in range(3):
    connection, address = server.accept()
    try:
        connection.settimeout(0.5)
        data = connection.recv(1024)
        connection.send(b"welcome to server!" if data == b"1" else b"please go out!")
    except socket.timeout:
        connection.send(b"time out")
    connection.close()
server.close()
"""


def client(script: str, serve: Serve) -> list[str]:
    """Run a client script against a server of ours, and return what it prints."""
    command = [sys.executable, "-c", script, str(serve.port)]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=True).stdout.splitlines()


class Script:
    """A server script while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.port = int(process.stdout.readline())
        self.said = ""


@contextmanager
def server(script: str) -> Iterator[Script]:
    """Run a server script, and see that it ends well."""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        running = Script(process)
        yield running
        running.said = process.communicate(timeout=WAIT)[0]
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def received(output: str) -> list[bytes]:
    """Return what each recv in JSON lines returned."""
    return [base64.b64decode(call["data"]) for call in calls(output) if call["call"] == "recv" and not call["error"]]


# --- 1: the greeting pair --------------------------------------------------------------------------------------------


def test_1_their_client_greets_our_server() -> None:
    reply = "fixed:Are you want to talk to Me"
    with Serve("tcp://127.0.0.1:0", "--backlog", "5", "--recv", "1000", "--respond", reply, "--once") as serve:
        assert client(GREETING_CLIENT, serve) == ["Are you want to talk to Me"]
        code, out, _ = serve.ended()
    assert code == 0
    assert "recv(1000)" in out
    assert "= b'Hey~~~'" in out


def test_1_our_client_greets_their_server() -> None:
    with server(GREETING_SERVER) as script:
        ran = run("send", f"tcp://127.0.0.1:{script.port}", "--text", "Hey~~~", "--format", "json")
    assert received(ran.stdout) == [b"Are you want to talk to Me", b""]
    assert re.search(r"127\.0\.0\.1 Hey~~~$", script.said.strip())


# --- 3: the time-stamp echo ------------------------------------------------------------------------------------------


def test_3_their_client_and_our_time_server() -> None:
    with Serve("tcp://127.0.0.1:0", "--respond", "time") as serve:
        for _ in range(2):
            first, second = client(TIME_CLIENT, serve)
            assert re.fullmatch(STAMP + " first", first)
            assert re.fullmatch(STAMP + " second", second)
        assert serve.end()[0] == 0


def test_3_our_client_and_their_time_server_which_serves_one_after_another() -> None:
    with server(TIME_SERVER) as script:
        for _ in range(2):
            words = ["--text", "ping", "--recv-count", "1", "--repeat", "2", "--format", "json"]
            answers = received(run("send", f"tcp://127.0.0.1:{script.port}", *words).stdout)
            assert [bool(re.fullmatch(STAMP + " ping", answer.decode())) for answer in answers] == [True, True]


# --- 8: the UDP upper-case echo --------------------------------------------------------------------------------------


def test_8_their_clients_and_our_upper_server() -> None:
    with Serve("udp://127.0.0.1:0", "--respond", "upper", "--format", "json") as serve:
        assert client(UPPER_CLIENT, serve) == ["ONE", "TWO"]
        assert client(UPPER_CLIENT, serve) == ["ONE", "TWO"]
        made = calls(serve.end()[1])
    assert [call["call"] for call in made][2:10] == ["recvfrom", "sendto"] * 4


def test_8_our_client_and_their_upper_server() -> None:
    with server(UPPER_SERVER) as script:
        where = f"udp://127.0.0.1:{script.port}"
        for how, call in (("sendall", "recv"), ("send", "recv"), ("sendto", "recvfrom")):
            ran = run("send", where, "--call", how, "--text", "quiet", "--recv-count", "1", "--format", "json")
            (answer,) = [made for made in calls(ran.stdout) if made["call"] == call]
            assert base64.b64decode(answer["data"]) == b"QUIET"


def test_8_without_a_server_what_sendto_sends_is_lost_in_silence() -> None:
    with Serve("udp://127.0.0.1:0") as serve:
        where = serve.address
    ran = run("send", where, "--call", "sendto", "--text", "lost", "--timeout", "0.2", "--format", "json")
    assert ran.returncode == 1
    last = calls(ran.stdout)[-2]
    assert (last["call"], last["error"]["type"]) == ("recvfrom", "TimeoutError")


# --- 15: the welcome server ------------------------------------------------------------------------------------------


def test_15_their_client_and_our_welcome_server() -> None:
    with Serve("tcp://127.0.0.1:0", "--timeout", "0.5", "--respond", "welcome") as serve:
        assert client(WELCOME_CLIENT, serve) == ["welcome to server!", "please go out!", "time out"]


def test_15_our_client_and_their_welcome_server() -> None:
    with server(WELCOME_SERVER) as script:
        where = f"tcp://127.0.0.1:{script.port}"
        answers = [
            received(run("send", where, *words, "--format", "json").stdout)[0]
            for words in (["--text", "1"], ["--text", "hello"], [])
        ]
    assert answers == [b"welcome to server!", b"please go out!", b"time out"]
