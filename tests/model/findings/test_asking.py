from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from tests.model.findings.acted import connected, exactly, findings, grave, together, told


def asks(client: socket.socket, question: bytes) -> bytes:
    client.sendall(question)
    with suppress(TimeoutError):
        return client.recv(14)  # as long as an answer here
    return b""


class Slow:
    """A server that answers every question, the first "slow" one when the client has given up."""

    def __init__(self) -> None:
        self.client, self.connection = connected()
        self.client.settimeout(0.1)
        self.given_up, self.answered = threading.Event(), threading.Event()

    def serve(self) -> None:
        with suppress(OSError):
            while question := self.connection.recv(1000):
                if b"slow" in question:
                    self.given_up.wait(5)
                self.connection.sendall(b"answer to " + question)
                self.answered.set()

    def times_out(self) -> None:
        """Ask what is answered late, and wait for that."""
        self.answered.clear()
        assert asks(self.client, b"slow") == b""
        self.given_up.set()
        self.answered.wait(5)
        self.client.settimeout(5)


def test_a_late_answer_that_is_taken_for_the_next(tmp_path):
    def program():
        slow = Slow()

        def ask():
            slow.times_out()
            asks(slow.client, b"next")
            asks(slow.client, b"last")
            slow.client.close()

        together(slow.serve, ask)

    found = findings(tmp_path, program)
    assert told(found)[0] == "error late-answer"
    assert "late after #" in found[0].message


def test_a_late_datagram_too(tmp_path):
    def program():
        server, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        server.bind(("127.0.0.1", 0))
        client.connect(server.getsockname())
        client.settimeout(0.05)
        client.send(b"one")
        with suppress(TimeoutError):
            client.recv(100)
        for question in (b"two", b"three"):
            data, address = server.recvfrom(100)
            server.sendto(b"answer to " + data, address)
            client.send(question)
            client.recv(100)

    assert told(findings(tmp_path, program))[0] == "error late-answer"


def test_asking_the_same_again_is_right(tmp_path):
    def program():
        slow = Slow()

        def ask():
            slow.times_out()
            asks(slow.client, b"slow")
            slow.client.close()

        together(slow.serve, ask)

    assert "error late-answer" not in told(findings(tmp_path, program))


def test_receiving_once_more_is_right(tmp_path):
    def program():
        slow = Slow()

        def ask():
            slow.times_out()
            asks(slow.client, b"next")
            slow.client.recv(14)
            slow.client.close()

        together(slow.serve, ask)

    assert "error late-answer" not in told(findings(tmp_path, program))


def test_a_peer_that_also_speaks_unasked_is_right(tmp_path):
    def program():
        client, connection = connected()

        def push():
            connection.recv(100)
            for _ in range(4):
                connection.sendall(b"tick")
                time.sleep(0.06)

        def ask():
            client.settimeout(0.05)
            for number in range(4):
                asks(client, b"status %d" % number)
                time.sleep(0.02)

        together(push, ask)

    assert "error late-answer" not in told(findings(tmp_path, program))


def test_two_small_sends_and_a_recv(tmp_path):
    def program():
        client, connection = connected()

        def answer():
            for _ in range(6):
                exactly(connection, 24)
                connection.sendall(b"OK..")

        def ask():
            for _ in range(6):
                client.send(b"head")
                client.send(b"b" * 20)
                client.recv(4)

        together(answer, ask)
        client.close()
        connection.close()

    found = findings(tmp_path, program)
    assert told(found) == ["warning delayed-ack"]
    assert " times a second small send waited about " in found[0].message


@pytest.mark.parametrize("how", ["one send", "TCP_NODELAY"])
def test_one_send_or_no_nagle_is_right(tmp_path, how):
    def program():
        client, connection = connected()
        if how == "TCP_NODELAY":
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def answer():
            for _ in range(5):
                exactly(connection, 24)
                time.sleep(0.045)
                connection.sendall(b"OK..")

        def ask():
            for _ in range(5):
                for piece in [b"head" + b"b" * 20] if how == "one send" else [b"head", b"b" * 20]:
                    client.send(piece)
                client.recv(4)

        together(answer, ask)
        client.close()
        connection.close()

    assert not findings(tmp_path, program)


def test_a_file_and_a_recv_on_one_socket(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"STORE 26\nabcdefghijklmnopqrstuvwxyz")
        connection.makefile("rb").readline()
        connection.settimeout(0.1)
        with suppress(TimeoutError):
            connection.recv(26)

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("file-and-recv", "error")
    assert "read 35 bytes into the buffer of makefile()" in found.message


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_file_alone_or_without_a_buffer_is_right(tmp_path, buffering):
    def program():
        client, connection = connected()
        client.sendall(b"STORE 26\nabcdefghijklmnopqrstuvwxyz")
        file = connection.makefile("rb", buffering=buffering)
        assert file.readline() == b"STORE 26\n"
        assert (file.read(26) if buffering else connection.recv(26)) == b"abcdefghijklmnopqrstuvwxyz"

    assert not grave(findings(tmp_path, program))


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def http(answer: bytes, question: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", closes: bool = False):
    def program():
        client, connection = connected()

        def serve():
            connection.recv(1000)
            connection.sendall(answer)
            if closes:
                connection.close()
            else:
                with suppress(OSError):
                    connection.recv(1000)

        def ask():
            client.settimeout(0.25)
            client.sendall(question)
            with suppress(TimeoutError):
                while client.recv(1000):
                    pass
            client.close()

        together(serve, ask)

    return program


def test_a_client_that_reads_until_the_end_of_a_connection_that_stays_open(tmp_path):
    found = findings(tmp_path, http(ANSWER))
    assert told(found) == ["error waits-after-answer"]
    assert "the answer was whole with #" in found[0].message
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    assert told(findings(tmp_path, http(chunked))) == ["error waits-after-answer"]


def test_an_answer_that_ends_with_the_connection_is_right(tmp_path):
    assert not findings(tmp_path, http(b"HTTP/1.1 200 OK\r\n\r\nhello", closes=True))


def test_an_answer_that_is_not_whole_is_another_matter(tmp_path):
    assert "error waits-after-answer" not in told(findings(tmp_path, http(ANSWER[:-2])))


def test_an_answer_to_head_is_not_judged(tmp_path):
    head = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert "error waits-after-answer" not in told(findings(tmp_path, http(ANSWER, head)))
