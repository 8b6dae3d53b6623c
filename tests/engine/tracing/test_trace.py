"""Any Python program under trace: it does what it did before, and its socket calls are recorded."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracing import TRACE, calls_of, interpreters, trace, write

PAIR = "import socket\na, b = socket.socketpair()\na.sendall(b'hello')\nprint(b.recv(3), b.recv(100))\n"


def test_the_log_goes_to_stderr_and_the_program_keeps_stdout(tmp_path: Path) -> None:
    write(tmp_path, "pair.py", PAIR)
    done = subprocess.run([*TRACE, "pair.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "b'hel' b'lo'\n"
    assert re.search(r"#2 .*socket 1 → sendall\(b'hello'\) += None  at pair.py:3", done.stderr)
    assert re.search(r"#3 .*socket 2 ← recv\(3\) += b'hel'  at pair.py:4\n.*2 left.*bytes 0-2 of #2", done.stderr)
    assert list(tmp_path.iterdir()) == [tmp_path / "pair.py"]


def test_much_data_is_printed_up_to_a_limit_and_kept_whole(tmp_path: Path) -> None:
    write(tmp_path, "much.py", "import socket\na, b = socket.socketpair()\na.sendall(bytes(5000))\nb.recv(9)\n")
    words = [*TRACE, "--record", "session.swb", "--bytes", "100", "much.py"]
    printed = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    assert [line.split()[0] for line in printed.splitlines() if "00 00" in line and "recv" not in line][6] == "0060"
    assert printed.count("      … 4900 bytes more\n") == 1
    assert len(printed.splitlines()) < 20
    assert len(base64.b64decode(calls_of(tmp_path / "session.swb")[1]["data"])) == 5000


def test_json_is_one_object_a_call_on_stderr(tmp_path: Path) -> None:
    write(tmp_path, "pair.py", PAIR)
    words = [*TRACE, "--format", "json", "pair.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert [line[:9] for line in done.stderr.splitlines()] == [f'{{"seq":{seq},' for seq in range(1, 5)]


@pytest.mark.parametrize("python", interpreters())
def test_an_interpreter_that_does_not_have_the_workbench(tmp_path: Path, python: str) -> None:
    write(tmp_path, "pair.py", PAIR)
    traced = trace(tmp_path, "--", python, "pair.py")
    assert (traced.code, traced.out, traced.err) == (0, "b'hel' b'lo'\n", "")
    assert [call["call"] for call in traced.calls] == ["socketpair", "sendall", "recv", "recv"]
    assert [call["source"] for call in traced.calls] == ["pair.py:2", "pair.py:3", "pair.py:4", "pair.py:4"]
    assert [call["left"] for call in traced.calls[2:]] == [2, 0]
    assert traced.calls[3]["lineage"] == [{"seq": 2, "start": 3, "stop": 5}]


FIRST_LINE = """
import sys, os
print(sorted(sys.modules), sys.path, sys.argv, sorted(os.environ.items()), __name__, __file__)
import socket
sock = socket.socket()
print(sock.fileno(), sock, socket.socket, socket.socket.__mro__[-2:], sock.__slots__, socket.SocketType, hash(sock) > 0)
print([name for name in sys.modules if "workbench" in name], sys.meta_path[-3:])
import pickle, copy, weakref, inspect
for attempt in (pickle.dumps, copy.copy, lambda sock: setattr(sock, "attribute", 1)):
    try: attempt(sock)
    except Exception as error: print(repr(error))
print(inspect.signature(socket.socket.accept), inspect.signature(socket.socket.makefile), socket.socket.__doc__)
print(weakref.ref(sock)() is sock, sock.gettimeout(), isinstance(sock, socket.SocketType))
with sock: pass
print(sock)
socket.create_connection(("127.0.0.1", 1))
"""


@pytest.mark.parametrize("python", interpreters())
def test_the_program_sees_what_it_would_see_without_trace(tmp_path: Path, python: str) -> None:
    (tmp_path / "own").mkdir()
    write(tmp_path, "own/sitecustomize.py", "import sys; sys.own = 1\n")
    write(tmp_path, "look.py", FIRST_LINE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "own")}
    bare = subprocess.run([python, "look.py", "x"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    traced = trace(tmp_path, python, "look.py", "x", env=environment)
    assert (bare.returncode, bare.stdout.count("sitecustomize")) == (1, 1)
    assert addresses_left_out(traced.out) == addresses_left_out(bare.stdout)
    lines, expected = traced.err.splitlines(), bare.stderr.splitlines()
    assert (lines[:4], lines[-1]) == (expected[:4], expected[-1])
    if "3.9." not in python and "3.10." not in python:  # there, a bare raise cannot leave its own frame out
        assert lines == expected, "the traceback of an error shows no frame of ours"


def addresses_left_out(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)


NAMESAKES = """
import _json, socket, struct, mmap, sys
print(sorted({*sys.modules} - {"_struct"}), sys.path)
"""


@pytest.mark.parametrize("python", interpreters())
def test_the_probe_brings_no_modules_and_takes_none_of_the_programs(tmp_path: Path, python: str) -> None:
    (tmp_path / "own").mkdir()
    for name in ("struct", "mmap", "termios", "_json"):
        write(tmp_path, f"own/{name}.py", f"print('the program has its own {name}')\n")
    write(
        tmp_path,
        "own/main.py",
        NAMESAKES + PAIR,
    )
    without = subprocess.run([python, "own/main.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    traced = trace(tmp_path, "--", python, "own/main.py")
    assert (traced.code, traced.out, traced.err) == (0, without.stdout, "")
    assert traced.out.count("has its own") >= 2  # struct where site has loaded no other before
    assert len(traced.calls) == 4


WRONG_CALLS = """
import socket, struct
sock = socket.socket()
for wrong in (
    "sock.bind('127.0.0.1', 80)", "sock.connect('127.0.0.1', 80)", "sock.connect()", "sock.listen(1, 2)",
    "sock.accept(1)", "sock.close(1)", "sock.settimeout()", "sock.sendto(b'x')", "sock.sendall('text')",
    "sock.bind(1)", "sock.recvmsg()",
    "sock.recv('text')", "sock.recv(1 << 70)", "sock.recv_into(bytearray(2), 'text')", "sock.recv_into(b'constant')",
    "sock.shutdown()", "sock.dup(1)", "socket.socket(1, 2, 3, 4, 5)", "sock.setsockopt(1)", "sock.connect(('a', 'b'))",
):
    try: eval(wrong)
    except Exception as error: print(wrong, repr(error), repr(error.__context__))
"""


@pytest.mark.parametrize("python", interpreters())
def test_a_wrong_call_is_told_in_the_words_of_the_plain_socket(tmp_path: Path, python: str) -> None:
    write(tmp_path, "wrong.py", WRONG_CALLS)
    without = subprocess.run([python, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert trace(tmp_path, "--", python, "wrong.py").out == without.stdout
    assert len(without.stdout.splitlines()) == 20


OWN_CLASS = """
import socket, _socket
class Named(socket.socket):
    live = names = labels = hold = sources = accepts = _key = _kind = _marks = "class"
    def __init__(self, *args, **options):
        self.label = self.recorder = self.moved = self.fate = self._connected = "mine"
        super().__init__(*args, **options)
    def _call(self): return "called"
    _put = _names = _role = _write_result = _identify = _accept_one = _call
    def close(self):
        print("closed", self.label, self.recorder, self._call(), self.live)
        super().close()
socket.socket = Named
with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
    accepted, _ = listener.accept()
    one, other = socket.socketpair()
    copy = socket.fromfd(one.fileno(), one.family, one.type)
    for sock in (listener, client, accepted, one, other, copy): print(type(sock).__name__, sock.label)
    client.sendall(b"bytes")
    print(accepted.recv(9), socket.socket().connect_ex(listener.getsockname()))
class Foreign(_socket.socket): pass
with Named() as listener:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    socket.socket = Foreign
    client = Foreign()
    client.connect(listener.getsockname())
    print(type(listener.accept()[0]).__name__, [type(sock).__name__ for sock in socket.socketpair()])
"""


@pytest.mark.parametrize("python", interpreters())
def test_a_programs_own_class_of_sockets_may_have_any_names_and_stand_for_the_plain_one(
    tmp_path: Path, python: str
) -> None:
    write(tmp_path, "own.py", OWN_CLASS)
    without = subprocess.run([python, "own.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    traced = trace(tmp_path, "--", python, "own.py")
    assert (traced.code, traced.out, traced.err) == (0, without.stdout, "")
    assert "Named mine" in traced.out
    assert "Foreign ['Foreign', 'Foreign']" in traced.out
    assert [call["name"] for call in traced.named("connect", "connect_ex")] == ["client 1", "client 2", "client 3"]
    assert [call["lineage"][0]["stop"] for call in traced.named("recv")] == [5]


def test_modules_run_with_m(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    write(tmp_path, "package/__main__.py", PAIR + "import sys; print(sys.argv[1:])")
    traced = trace(tmp_path, "-m", "package", "-x", "--with")
    assert (traced.code, traced.out) == (0, "b'hel' b'lo'\n['-x', '--with']\n")
    assert traced.calls[1]["source"] == "package/__main__.py:3"


def test_a_file_whose_first_line_names_python(tmp_path: Path) -> None:
    write(tmp_path, "tool", f"#!{sys.executable}\n{PAIR}")
    (tmp_path / "tool").chmod(0o755)
    traced = trace(tmp_path, "./tool")
    assert (traced.code, len(traced.calls)) == (0, 4)


def test_exit_codes_and_stdin_are_the_programs(tmp_path: Path) -> None:
    write(tmp_path, "code.py", "import sys; sys.exit(int(sys.stdin.read()))")
    assert trace(tmp_path, "code.py", input="41").code == 41


def test_names_addresses_and_lineage_across_a_connection(tmp_path: Path) -> None:
    write(tmp_path, "both.py", """
import socket
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
accepted, _ = listener.accept()
client.send(b"to be cut")
accepted.recv(5); accepted.recv(100)
file = accepted.makefile("rb")
client.sendall(b"line\\n"); client.close()
print(file.readline(), file.read())
""")  # fmt: skip
    traced = trace(tmp_path, "both.py")
    assert traced.out == "b'line\\n' b''\n"
    assert {call["name"] for call in traced.named("listen", "accept")} == {"server"}
    assert {call["name"] for call in traced.named("recv", "recv_into")} == {"conn 1"}
    assert {call["name"] for call in traced.named("connect", "send", "sendall")} == {"client 1"}
    sent, line = (call["seq"] for call in traced.named("send", "sendall"))
    assert [call["lineage"] for call in traced.named("recv")] == [
        [{"seq": sent, "start": 0, "stop": 5}],
        [{"seq": sent, "start": 5, "stop": 9}],
    ]
    assert traced.named("recv_into")[0]["lineage"] == [{"seq": line, "start": 0, "stop": 5}]
    assert traced.named("recv_into")[0]["source"] == "both.py:10", "not the line of the socket module that made it"


TLS = """
import ssl, socket, sys, threading
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); server.load_cert_chain(sys.argv[1])
client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); client.check_hostname = False; client.verify_mode = ssl.CERT_NONE
listener = socket.create_server(("127.0.0.1", 0))
def serve():
    with server.wrap_socket(listener.accept()[0], server_side=True) as sock:
        while part := sock.recv(4):
            sock.sendall(part.upper())
thread = threading.Thread(target=serve); thread.start()
sock = client.wrap_socket(socket.create_connection(listener.getsockname()))
sock.sendall(b"hello"); print(sock.makefile("rb").read(5)); sock.close(); thread.join()
"""


@pytest.mark.parametrize("python", interpreters())
def test_tls_shows_the_plain_bytes(tmp_path: Path, python: str, certificate: Path) -> None:
    write(tmp_path, "secret.py", TLS)
    traced = trace(tmp_path, python, "secret.py", str(certificate))
    assert (traced.code, traced.out) == (0, "b'HELLO'\n"), traced.err
    plain = [call for call in traced.calls if call.get("tls") and call["data"]]
    moved = [(call["name"], call["call"], base64.b64decode(call["data"])) for call in plain]
    assert sorted(moved) == [
        ("client 1", "recv_into", b"HELL"), ("client 1", "recv_into", b"O"), ("client 1", "sendall", b"hello"),
        ("conn 1", "recv", b"hell"), ("conn 1", "recv", b"o"),
        ("conn 1", "sendall", b"HELL"), ("conn 1", "sendall", b"O"),
    ]  # fmt: skip
    received = [call for call in plain if call["call"].startswith("recv")]
    assert all(call["lineage"] and call["left"] is None for call in received)
    assert not [call for call in traced.calls if call["data"] and not call.get("tls")], "ciphertext moves unseen"
    words = [sys.executable, "-m", "workbench", "show", "session.swb"]
    log = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    tls_sockets = {call["socket"] for call in traced.calls if call.get("tls")}
    assert log.count("the ciphertext is not seen") == len(tls_sockets) >= 2


def test_two_programs_in_one_session_are_joined_by_lineage(tmp_path: Path) -> None:
    write(tmp_path, "server.py", """
import socket
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("here"); listener.listen()
    accepted, _ = listener.accept()
    print(accepted.recv(100))
""")  # fmt: skip
    write(tmp_path, "client.py", """
import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect("here"); sock.send(b"across")
""")  # fmt: skip
    session = tmp_path / "two.swb"
    words = [*TRACE, "-o", str(session), "--with", "server.py", "--with", "client.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout, done.stderr) == (0, "b'across'\n", "")
    calls = {call["call"]: call for call in calls_of(session)}
    assert calls["recv"]["pid"] != calls["send"]["pid"]
    assert calls["recv"]["lineage"] == [{"seq": calls["send"]["seq"], "start": 0, "stop": 6}]


HANGING = """
import socket, threading
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
conn, _ = listener.accept()
conn.settimeout(2.6)
reader = threading.Thread(target=client.recv, args=(1024,))
reader.start()
try:
    conn.recv(10)
except TimeoutError:
    conn.close()
reader.join()
"""


def test_a_call_that_hangs_is_told_of_once_while_it_hangs(tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text(HANGING)
    ran = subprocess.run([*TRACE, str(tmp_path / "hanging.py")], capture_output=True, text=True, timeout=60)
    told = [line for line in ran.stderr.splitlines() if "has waited" in line]
    assert len(told) == 2
    assert any("conn 1 has waited in recv(10) for 2" in line and ", timeout 2.6 s" in line for line in told)
    assert any("client 1 has waited in recv(1024) for 2" in line and "no timeout" in line for line in told)


def test_names_tell_the_process_where_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "forking.py").write_text(
        "import os, socket\n"
        "one, other = socket.socketpair()\n"
        "one.send(b'x')\n"
        "if not os.fork():\n"
        "    other.recv(1)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
    )
    trace(tmp_path, str(tmp_path / "forking.py"))
    words = [sys.executable, "-m", "workbench", "show", str(tmp_path / "session.swb")]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    pids = set(re.findall(r"^#\d+ +\S+ socket \d \((\d+)\)", shown, re.M))
    assert len(pids) == 2
