"""Recording within one's own process: with record(), and in a test."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from socket import create_connection

import pytest

from tests.tracing import write
from workbench import record
from workbench.journal.files import SessionExists


def test_sockets_made_within_the_block_are_recorded_and_no_others(tmp_path: Path) -> None:
    before = socket.socketpair()
    original, function = socket.socket, socket.fromfd
    with record(tmp_path / "session.swb") as recording:
        before[0].send(b"unseen")
        one, other = socket.socketpair()
        one.send(b"seen")
        with socket.create_server(("127.0.0.1", 0)) as listener, create_connection(listener.getsockname()) as client:
            assert isinstance(client, original)
    other.recv(100)
    assert (socket.socket, socket.fromfd) == (original, function)
    calls = [(call.name, call.call, call.source.rpartition("/")[2].partition(":")[0]) for call in recording.calls()]
    here = Path(__file__).name
    assert calls[:2] == [("socket 1", "socketpair", here), ("socket 1", "send", here)]
    assert ("client 1", "connect", here) in calls
    assert calls[-2:] == [("client 1", "close", here), ("server", "close", here)]
    for sock in (*before, one, other):
        sock.close()


def test_without_a_path_the_session_is_gone_at_the_end() -> None:
    with record() as recording:
        socket.socketpair()
        assert [call.call for call in recording.calls()] == ["socketpair"]
    assert not recording.path.parent.exists()


def test_an_existing_session_is_kept_unless_told(tmp_path: Path) -> None:
    for overwrite in (False, True):
        with record(tmp_path / "session.swb", overwrite=overwrite):
            pass
        with pytest.raises(SessionExists, match="exists"), record(tmp_path / "session.swb"):
            pass


def test_tls_is_recorded_though_ssl_was_imported_before(certificate: Path) -> None:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(certificate)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with record() as recording:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            raw = create_connection(listener.getsockname())
            accepted, _ = listener.accept()
        serving = threading.Thread(target=lambda: server.wrap_socket(accepted, server_side=True).sendall(b"secret"))
        serving.start()
        with client.wrap_socket(raw) as sock:
            assert isinstance(sock, ssl.SSLSocket)
            assert sock.recv(100) == b"secret"
        serving.join()
        plain = [(call.name, call.call, call.data) for call in recording.calls() if call.tls and call.data]
    assert plain == [("conn 1", "sendall", b"secret"), ("client 1", "recv", b"secret")]
    assert ssl.SSLContext.sslsocket_class is ssl.SSLSocket


TESTS = """
import socket
def test_fails(socket_recording):
    one, other = socket.socketpair()
    one.send(b"evidence")
    assert [call.call for call in socket_recording.calls()] == ["socketpair", "send"]
    assert other.recv(8) == b"something else"
def test_passes(socket_recording):
    socket.socketpair()
def test_does_not_ask():
    assert type(socket.socketpair()[0]).__mro__[1].__module__ == "_socket"
"""


def test_the_fixture_adds_the_log_to_a_failed_tests_report(tmp_path: Path) -> None:
    write(tmp_path, "test_it.py", TESTS)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "workbench.testing", "--basetemp", "kept", "test_it.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "1 failed, 2 passed" in done.stdout
    assert "socket calls, kept in" in done.stdout
    assert "→ send(b'evidence')" in done.stdout
    assert "all of #2" in done.stdout
    assert [path.parent.name for path in tmp_path.glob("kept/*0/session.swb")] == ["test_fails0"]


def test_importing_the_package_or_the_plugin_loads_nothing_heavy() -> None:
    code = "import workbench, sys; print(sorted({'socket', 'msgspec', 'textual', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
