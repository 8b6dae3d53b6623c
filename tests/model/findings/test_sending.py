from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from tests.model.findings.acted import connected, findings, grave, told

SMALL = {"sndbuf": 4096, "rcvbuf": 4096}
BIG = b"MSG|" + bytes(range(256)) * 2000


def test_a_send_whose_rest_nobody_sends(tmp_path):
    def program():
        client, _connection = connected(**SMALL)
        client.settimeout(0.2)
        client.send(BIG)
        with suppress(TimeoutError):
            client.recv(10)

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity, found.experiment) == ("short-send", "error", "send-short")
    assert f"send offered {len(BIG)} bytes and the kernel took " in found.message
    assert found.message.endswith("were never sent")
    assert found.source.partition(":")[0].endswith("test_sending.py")


def test_a_send_behind_which_something_shorter_is_sent(tmp_path):
    def program():
        client, connection = connected(**SMALL)
        client.setblocking(False)
        took = client.send(BIG)
        while took:
            took -= len(connection.recv(took))
        client.send(b"next")

    [found] = findings(tmp_path, program)
    assert found.rule == "short-send"
    assert "sent something else" in found.message


def test_a_message_of_the_same_kind_is_not_its_rest(tmp_path):
    def program():
        client, connection = connected(**SMALL)
        client.setblocking(False)
        took = client.send(BIG)
        while took:
            took -= len(connection.recv(took))
        client.send(BIG)

    assert "error short-send" in told(findings(tmp_path, program))


def test_a_loop_that_offers_the_rest_is_right(tmp_path):
    def program():
        client, connection = connected(**SMALL)
        client.setblocking(False)
        rest = memoryview(BIG)
        while rest:
            with suppress(BlockingIOError):
                rest = rest[client.send(rest) :]
                continue
            connection.recv(65536)

    assert not grave(findings(tmp_path, program))


def test_a_buffer_that_grew_meanwhile_is_right(tmp_path):
    def program():
        client, connection = connected(**SMALL)
        client.setblocking(False)
        rest = bytearray(BIG)
        del rest[: client.send(rest)]
        rest += b"more"
        connection.recv(65536)
        del rest[: client.send(rest)]
        client.close()
        connection.close()

    assert not [each for each in told(findings(tmp_path, program)) if each == "error short-send" and "else" in each]


def test_a_short_send_to_a_peer_that_was_gone(tmp_path):
    def program():
        client, connection = connected(**SMALL)
        client.settimeout(0.1)
        client.send(BIG)
        connection.close()
        with suppress(OSError):
            client.recv(10)

    assert "error short-send" not in told(findings(tmp_path, program))


def sendall_that_times_out(then: bytes | None):
    def program():
        client, connection = connected(**SMALL)
        client.settimeout(0.1)
        with suppress(TimeoutError):
            client.sendall(BIG)
        if then is not None:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                while connection.recv(65536):
                    pass
            client.send(then)
        client.close()

    return program


def test_a_sendall_made_again_from_the_start(tmp_path):
    found = findings(tmp_path, sendall_that_times_out(BIG))
    assert told(found)[0] == "error sent-twice"
    assert "error partial-message" not in told(found)
    assert "bytes twice" in found[0].message


def test_a_try_in_between_that_sends_nothing_changes_nothing(tmp_path):
    def program():
        client, connection = connected(**SMALL)
        client.settimeout(0.1)
        for _ in range(2):
            with suppress(TimeoutError):
                client.sendall(BIG)
        connection.settimeout(0)
        with suppress(BlockingIOError):
            while connection.recv(65536):
                pass
        with suppress(TimeoutError):
            client.sendall(BIG)

    assert told(findings(tmp_path, program))[0] == "error sent-twice"


def test_other_bytes_behind_a_part_of_a_message(tmp_path):
    assert told(findings(tmp_path, sendall_that_times_out(b"QUIT")))[0] == "error partial-message"


def test_a_part_of_a_message_and_nothing_more(tmp_path):
    found = findings(tmp_path, sendall_that_times_out(None))
    assert told(found)[0] == "warning partial-message"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX sockets here")
def test_unix_sockets_too(tmp_path):
    def program():
        one, _other = socket.socketpair()
        one.settimeout(0.1)
        one.send(BIG)
        with suppress(TimeoutError):
            one.recv(1)

    assert told(findings(tmp_path, program)) == ["error short-send"]
