"""Sockets that a fork gives to two processes."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from tests.model.findings.acted import connected, findings, grave, told


def in_child(act: Callable[[], object]) -> None:
    """Let a child do something, to its end."""
    pid = os.fork()
    if not pid:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def test_two_processes_that_receive_in_turns(tmp_path):
    def program():
        client, connection = connected()
        connection.sendall(b"answeranswer")
        client.recv(2)
        in_child(lambda: client.recv(2))
        client.recv(2)

    found = findings(tmp_path, program)
    assert told(found)[0] == "error shared-by-fork"
    assert "took turns" in found[0].message


def test_two_processes_that_send_in_turns(tmp_path):
    def program():
        client, _connection = connected()
        for _ in range(2):
            client.sendall(b"parent")
            in_child(lambda: client.sendall(b"child"))

    assert told(findings(tmp_path, program))[0] == "error shared-by-fork"


def test_a_connection_that_is_handed_over_is_right(tmp_path):
    def program():
        client, connection = connected()
        client.sendall(b"hello")
        connection.recv(2)
        in_child(lambda: [connection.recv(10), connection.sendall(b"done")])
        connection.close()
        client.recv(10)

    assert not grave(findings(tmp_path, program))


def test_workers_that_share_a_listener_are_right(tmp_path):
    def program():
        listener = socket.create_server(("127.0.0.1", 0))

        def work():
            made, _ = listener.accept()
            made.sendall(made.recv(10))
            made.close()

        for _ in range(3):
            with socket.create_connection(listener.getsockname()) as client:
                client.sendall(b"hello")
                in_child(work)
                client.recv(10)

    assert not grave(findings(tmp_path, program))


def test_a_child_that_shuts_down_what_its_parent_uses(tmp_path):
    def program():
        client, _ = connected()
        in_child(lambda: [client.shutdown(socket.SHUT_RDWR), client.close()])
        with suppress(BrokenPipeError):
            client.sendall(b"hello")

    assert told(findings(tmp_path, program))[0] == "error shutdown-in-child"


def test_a_child_that_only_closes_is_right(tmp_path):
    def program():
        client, connection = connected()
        in_child(client.close)
        client.sendall(b"hello")
        connection.recv(10)

    assert not grave(findings(tmp_path, program))
