from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from tests.model.findings.acted import connected, findings, grave, together, told


def waits(sock: socket.socket, timeout: float | None = 0.12) -> None:
    sock.settimeout(timeout)
    with suppress(TimeoutError):
        sock.recv(1024)


def asks(sock: socket.socket, timeout: float = 0.12) -> None:
    """Send a question and wait for the answer in vain."""
    sock.sendall(b"hello, please answer\n")
    waits(sock, timeout)


def reads_on(sock: socket.socket, timeout: float = 0.3) -> None:
    """Receive a question, and wait for more of it in vain."""
    sock.recv(1024)
    waits(sock, timeout)


def test_a_server_that_reads_to_the_end_and_a_client_that_keeps_its_side_open(tmp_path):
    def program():
        client, connection = connected()
        together(lambda: asks(client), lambda: reads_on(connection))
        client.close()
        connection.close()

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("both-wait", "error")
    assert "client 1 waited in recv for 1" in found.message
    assert "while conn 1 waited in recv (#" in found.message


def test_a_server_that_learns_of_the_end_only_when_the_client_has_given_up(tmp_path):
    def program():
        client, connection = connected()

        def serve():
            while connection.recv(1024):
                pass
            connection.close()

        def ask():
            asks(client)
            client.close()

        together(serve, ask)

    assert told(findings(tmp_path, program)) == ["error both-wait"]


def test_two_that_both_wait_for_the_other_to_speak_first(tmp_path):
    def program():
        client, connection = connected()
        together(lambda: waits(client, 0.12), lambda: waits(connection, 0.25))

    assert told(findings(tmp_path, program)) == ["error both-wait"]


def test_over_a_socketpair_too(tmp_path):
    def program():
        one, other = socket.socketpair()
        together(lambda: asks(one), lambda: reads_on(other))

    assert told(findings(tmp_path, program)) == ["error both-wait"]


def test_a_client_that_polls_for_news_is_right(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"subscribe")
        connection.recv(100)
        connection.sendall(b"ok")
        client.recv(100)
        together(lambda: [waits(client, 0.06) for _ in range(3)], lambda: waits(connection, 0.3))

    assert not grave(findings(tmp_path, program))


def test_a_chat_whose_users_are_silent_is_right(tmp_path):
    def program():
        client, connection = connected()
        reader = threading.Thread(target=waits, args=(client, 0.15))
        reader.start()
        server = threading.Thread(target=waits, args=(connection, 0.3))
        server.start()
        reader.join()
        client.sendall(b"at last")
        server.join()

    assert not grave(findings(tmp_path, program))


def test_a_wait_that_ends_well_is_right(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"question")
        connection.recv(100)

        def answer():
            waits(connection, 0.1)
            connection.sendall(b"answer")

        together(lambda: client.recv(100), answer)

    assert not grave(findings(tmp_path, program))


def test_two_that_send_and_never_read(tmp_path):
    def program():
        client, connection = connected(sndbuf=4096, rcvbuf=4096)

        def send(sock: socket.socket, timeout: float) -> None:
            sock.settimeout(timeout)
            with suppress(TimeoutError):
                sock.sendall(b"x" * 8_000_000)

        together(lambda: send(client, 0.15), lambda: send(connection, 0.3))

    found = findings(tmp_path, program)
    assert told(found)[0] == "error both-send"
    assert "neither received" in found[0].message


def test_one_that_sends_while_the_other_reads_is_right(tmp_path):
    def program():
        client, connection = connected()

        def read() -> None:
            time.sleep(0.1)
            left = 8_000_000
            while left:
                left -= len(connection.recv(65536))

        together(lambda: client.sendall(b"x" * 8_000_000), read)

    assert not findings(tmp_path, program)


def test_a_close_does_not_wake_a_recv(tmp_path):
    def program():
        client, connection = connected()
        reader = threading.Thread(target=lambda: client.recv(100), name="reader")
        reader.start()
        time.sleep(0.05)
        client.close()
        time.sleep(0.3)
        connection.close()
        reader.join()

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("close-while-blocked", "error")
    assert "recv in thread reader went on for" in found.message


def test_a_shutdown_before_the_close_wakes_it(tmp_path):
    def program():
        client, _connection = connected()
        reader = threading.Thread(target=lambda: client.recv(100))
        reader.start()
        time.sleep(0.05)
        client.shutdown(socket.SHUT_RDWR)
        client.close()
        reader.join()

    assert not grave(findings(tmp_path, program))


def test_a_loop_that_does_not_wait(tmp_path):
    def program():
        client, connection = connected()
        connection.setblocking(False)
        threading.Timer(0.1, lambda: client.sendall(b"late")).start()
        while True:
            try:
                assert connection.recv(100) == b"late"
                break
            except BlockingIOError:
                pass

    found = findings(tmp_path, program)
    assert told(found) == ["warning busy-wait"]
    assert "recv raised BlockingIOError" in found[0].message


def test_asking_now_and_then_is_right(tmp_path):
    def program():
        _client, connection = connected()
        connection.setblocking(False)
        for _ in range(60):
            with suppress(BlockingIOError):
                connection.recv(100)
            time.sleep(0.002)

    assert not findings(tmp_path, program)
