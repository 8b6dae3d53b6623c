from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from tests.model.findings.acted import findings, grave, told


def bound() -> socket.socket:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    return receiver


def sender() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


@pytest.mark.parametrize("how", ["recv", "recvfrom", "recvmsg", "recv_into"])
def test_a_datagram_larger_than_the_buffer(tmp_path, how):
    def program():
        receiver = bound()
        sender().sendto(b"x" * 500, receiver.getsockname())
        getattr(receiver, how)(bytearray(100) if how.endswith("into") else 100)

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("truncated-datagram", "error")
    assert "took 100 of the 500 bytes" in found.message or "the rest of the datagram" in found.message


def test_over_unix_and_seqpacket_too(tmp_path):
    def program(kind: int):
        def sends():
            one, other = socket.socketpair(socket.AF_UNIX, kind)
            one.send(b"x" * 50)
            other.recv(20)

        return sends

    assert told(findings(tmp_path, program(socket.SOCK_DGRAM)))[:1] in (
        ["error truncated-datagram"],
        ["note maybe-truncated"],
    )
    assert told(findings(tmp_path, program(socket.SOCK_SEQPACKET))) == ["error truncated-datagram"]


def test_a_peek_and_a_question_for_the_size_are_right(tmp_path):
    def program():
        receiver = bound()
        sender().sendto(b"x" * 500, receiver.getsockname())
        receiver.recv(10, socket.MSG_PEEK)
        size = receiver.recv_into(bytearray(1), 1, socket.MSG_PEEK | socket.MSG_TRUNC)
        assert len(receiver.recv(size)) == 500

    assert not findings(tmp_path, program)


def test_datagrams_that_a_full_queue_dropped(tmp_path):
    def program():
        receiver = bound()
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client = sender()
        for number in range(200):
            client.sendto(number.to_bytes(4, "big") + b"." * 1000, receiver.getsockname())
        receiver.settimeout(0.05)
        with suppress(TimeoutError):
            while receiver.recvfrom(65535):
                pass

    found = findings(tmp_path, program)
    assert told(found) == ["warning lost-datagrams"]
    assert "of 200 datagrams to " in found[0].message


def test_a_question_that_nobody_receives(tmp_path):
    def program():
        with bound() as gone:
            address = gone.getsockname()
        client = sender()
        client.settimeout(0.1)
        client.sendto(b"anybody?", address)
        with suppress(TimeoutError):
            client.recvfrom(100)

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("no-answer", "warning")
    assert "nobody took #" in found.message


def test_a_question_that_is_taken_and_answered_is_right(tmp_path):
    def program():
        receiver, client = bound(), sender()
        client.settimeout(1)
        for _ in range(3):
            client.sendto(b"question", receiver.getsockname())
            data, address = receiver.recvfrom(100)
            receiver.sendto(data, address)
            client.recvfrom(100)

    assert not findings(tmp_path, program)


def test_a_server_that_waits_is_right(tmp_path):
    def program():
        receiver = bound()
        receiver.settimeout(0.1)
        with suppress(TimeoutError):
            receiver.recvfrom(100)

    assert not findings(tmp_path, program)


def test_a_broadcast_that_nobody_answers_is_right(tmp_path):
    def program():
        client = sender()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.settimeout(0.1)
        with suppress(OSError):
            client.sendto(b"anybody?", ("255.255.255.255", 9))
            client.recvfrom(100)

    assert not grave(findings(tmp_path, program))
