from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress

from tests.model.findings.acted import connected, exactly, findings, grave, told


def test_a_loop_that_goes_on_after_the_end(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"0123456789")
        client.close()
        got = b""
        for _ in range(40):
            got += connection.recv(19 - len(got))

    [found] = findings(tmp_path, program)
    assert (found.rule, found.severity) == ("reads-on-after-end", "error")
    assert "recv returned b'' 39 times" in found.message


def test_a_few_more_are_a_warning_and_one_is_none(tmp_path):
    def program(times: int):
        def reads():
            client, connection = connected()
            client.close()
            for _ in range(times):
                connection.recv(100)

        return reads

    assert told(findings(tmp_path, program(4))) == ["warning reads-on-after-end"]
    assert not findings(tmp_path, program(2))


def test_a_server_that_answers_without_reading_the_request(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"POST /up HTTP/1.1\r\nContent-Length: 300000\r\n\r\n" + b"z" * 20000)
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.close()
        time.sleep(0.05)
        with suppress(OSError):
            client.sendall(b"z" * 10000)
            client.recv(1000)

    found = findings(tmp_path, program)
    assert told(found)[0] == "error closed-unread"
    assert "unread sent a RST: 53 bytes that had been sent" in found[0].message


def test_a_client_that_gives_up_is_only_noted(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.recv(1000)
        connection.sendall(b"x" * 100_000)
        client.recv(100)
        client.close()
        with suppress(OSError):
            connection.sendall(b"more")
            connection.recv(10)

    assert not grave(findings(tmp_path, program))


def test_a_server_that_reads_first_is_right(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"z" * 2000)
        exactly(connection, 2000)
        connection.sendall(b"answer")
        connection.close()
        client.recv(100)
        client.close()

    assert not findings(tmp_path, program)


def test_a_request_on_a_connection_that_the_server_closed_long_ago(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"one")
        connection.recv(100)
        connection.sendall(b"answer")
        client.recv(100)
        connection.close()
        time.sleep(0.1)
        client.sendall(b"two")
        time.sleep(0.05)
        with suppress(OSError):
            client.sendall(b"three")
            client.recv(100)

    found = findings(tmp_path, program)
    assert told(found) == ["warning stale-connection"]
    assert "still returned, but conn 1 had been closed" in found[0].message


def test_a_request_whose_answer_is_the_end(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"one")
        connection.recv(100)
        connection.sendall(b"answer")
        client.recv(100)
        connection.close()
        time.sleep(0.05)
        client.sendall(b"two")
        assert client.recv(100) == b""

    found = findings(tmp_path, program)
    assert told(found) == ["warning stale-connection"]
    assert found[0].message.endswith("recv got b''")


def test_a_server_that_learns_that_its_client_is_gone_is_right(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"subscribe")
        connection.recv(100)
        client.close()
        time.sleep(0.05)
        with suppress(OSError):
            for _ in range(3):
                connection.sendall(b"news")
                time.sleep(0.02)
        connection.close()

    assert not grave(findings(tmp_path, program))


def test_connections_that_are_never_closed(tmp_path):
    found = findings(tmp_path, many_left_open)
    assert told(found) == ["warning not-closed"]
    assert "12 connections had ended (b'') and were never closed here" in found[0].message


KEPT: list[socket.socket] = []


def many_left_open():
    for _ in range(12):
        client, connection = connected()
        client.close()
        connection.recv(100)
        KEPT.append(connection)


def test_connections_that_are_closed_are_right(tmp_path):
    def program():
        for _ in range(12):
            client, connection = connected()
            client.close()
            connection.recv(100)
            connection.close()

    assert not findings(tmp_path, program)


def test_connections_that_are_collected_as_garbage_count_as_closed(tmp_path):
    def program():
        for _ in range(12):
            client, connection = connected()
            client.close()
            connection.recv(100)
            del connection

    assert not findings(tmp_path, program)


def test_a_reset_on_purpose_is_no_finding(tmp_path):
    def program():
        client, connection = connected()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        with suppress(OSError):
            connection.recv(10)
        connection.close()

    assert not findings(tmp_path, program)
