from __future__ import annotations

import socket
import time
from contextlib import suppress

import pytest

from tests.model.findings.acted import TCP, findings, grave, together, told

FOUR, SIX = (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")


def listening(backlog: int = 5, family: int = socket.AF_INET, host: str = "127.0.0.1") -> socket.socket:
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, 0))
    listener.listen(backlog)
    return listener


def client_of(listener: socket.socket, timeout: float | None = None) -> socket.socket:
    client = socket.socket(listener.family)
    client.settimeout(timeout)
    client.connect(listener.getsockname())
    return client


def test_a_server_that_is_busy_with_a_silent_client(tmp_path):
    def program():
        listener = listening()
        silent = client_of(listener)

        def serve():
            for _ in range(2):
                connection, _ = listener.accept()
                while connection.recv(100):
                    pass
                connection.close()

        def ask():
            time.sleep(0.05)
            client = client_of(listener, timeout=0.2)
            client.sendall(b"hello")
            with suppress(TimeoutError):
                client.recv(100)
            client.close()
            silent.close()

        together(serve, ask)

    found = findings(tmp_path, program)
    assert told(found)[0] == "error not-accepted"
    assert "and server had not accepted it" in found[0].message
    assert "it was waiting in #" in found[0].message
    assert "recv for conn 1" in found[0].message


def test_a_server_that_never_accepts(tmp_path):
    def program():
        listener = listening()
        client = client_of(listener, timeout=0.1)
        client.sendall(b"hello")
        with suppress(TimeoutError):
            client.recv(100)

    found = findings(tmp_path, program)
    assert told(found) == ["error not-accepted"]
    assert found[0].message.endswith("server had not accepted it, nor ever did")


def test_an_accept_that_is_late_but_not_too_late_is_right(tmp_path):
    def program():
        listener = listening()

        def ask():
            client = client_of(listener, timeout=2)
            client.sendall(b"hello")
            assert client.recv(100) == b"hello"
            client.close()

        def serve():
            time.sleep(0.1)
            connection, _ = listener.accept()
            connection.sendall(connection.recv(100))
            connection.close()

        together(ask, serve)

    assert not findings(tmp_path, program)


def test_a_full_accept_queue(tmp_path):
    def program():
        listener = listening(backlog=0)
        clients = []
        with suppress(TimeoutError):
            for _ in range(4):
                clients.append(client_of(listener, timeout=0.1))

    found = findings(tmp_path, program)
    assert told(found)[0] == "error accept-queue-full"
    assert "listens there with a backlog of 0, and its queue was full" in found[0].message


def test_a_full_queue_of_a_unix_socket(tmp_path):
    def program():
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "x.sock"))
        listener.listen(0)
        clients = []
        with suppress(BlockingIOError):
            for _ in range(4):
                client = socket.socket(socket.AF_UNIX)
                clients.append(client)
                client.settimeout(1)
                client.connect(str(tmp_path / "x.sock"))

    found = findings(tmp_path, program)
    assert told(found)[0] == "error accept-queue-full"
    assert "failed at once" in found[0].message


@pytest.mark.parametrize(
    ("listens", "connects"),
    [
        ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")),
        ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")),
    ],
)
def test_the_other_family(tmp_path, listens, connects):
    def program():
        listener = listening(1, *listens)
        client = socket.socket(connects[0])
        with suppress(ConnectionRefusedError):
            client.connect((connects[1], listener.getsockname()[1]))
        client.close()
        listener.close()

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("other-family", "error")
    assert "was refused: server listens on" in found.message


def test_a_program_that_tries_both_families_is_only_noted(tmp_path):
    def program():
        listener = listening()
        port = listener.getsockname()[1]
        client = socket.socket(socket.AF_INET6)
        with suppress(ConnectionRefusedError):
            client.connect(("::1", port))
        client.close()
        client_of(listener).close()
        listener.accept()[0].close()

    assert told(findings(tmp_path, program)) == ["note other-family"]


def test_a_refusal_where_nobody_listens_is_no_finding(tmp_path):
    def program():
        with socket.socket() as free:
            free.bind(TCP)
            address = free.getsockname()
        client = socket.socket()
        with suppress(ConnectionRefusedError):
            client.connect(address)
        client.close()

    assert not findings(tmp_path, program)


def test_an_option_that_comes_too_late(tmp_path):
    def program():
        listener = socket.socket()
        listener.bind(TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.listen()

    assert told(findings(tmp_path, program)) == ["error option-too-late"]


def test_a_server_that_cannot_be_started_again_at_once(tmp_path):
    def program(reuse: bool):
        def listens():
            with socket.socket() as free:
                free.bind(TCP)
                address = free.getsockname()
            listener = socket.socket()
            if reuse:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()

        return listens

    assert told(findings(tmp_path, program(False))) == ["note no-reuseaddr"]
    assert not findings(tmp_path, program(True))


def test_connects_without_a_pause(tmp_path):
    def program():
        with socket.socket() as free:
            free.bind(TCP)
            address = free.getsockname()
        for _ in range(60):
            with socket.socket() as client, suppress(ConnectionRefusedError):
                client.connect(address)

    found = findings(tmp_path, program)
    assert told(found) == ["warning connect-storm"]
    assert found[0].message.startswith("60 connects to 127.0.0.1:")


def test_several_listeners_of_one_program_are_right(tmp_path):
    def program():
        first = socket.socket()
        second = socket.socket()
        for listener in (first, second):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        first.bind(TCP)
        second.bind(first.getsockname())
        first.listen()
        second.listen()

    assert not grave(findings(tmp_path, program))
