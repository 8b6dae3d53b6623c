"""Sockets that a fork gives to two processes: programs of their own, under trace."""

from __future__ import annotations

from pathlib import Path

from tests.model.findings.acted import found_in, grave, told
from tests.tracing import trace, write

SETUP = """
import os, socket, time
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
conn, _ = listener.accept()
"""


def traced(folder: Path, source: str):
    trace(folder, write(folder, "program.py", SETUP + source))
    return found_in(folder / "session.swb")


def test_two_processes_that_receive_in_turns(tmp_path):
    found = traced(
        tmp_path,
        """
for number in range(3):
    conn.sendall(b"answer")
client.recv(2)
if os.fork() == 0:
    client.recv(2)
    os._exit(0)
os.wait()
client.recv(2)
""",
    )
    assert told(found)[0] == "error shared-by-fork"
    assert "took turns" in found[0].message


def test_a_connection_that_is_handed_over_is_right(tmp_path):
    found = traced(
        tmp_path,
        """
client.sendall(b"hello")
conn.recv(2)
if os.fork() == 0:
    conn.recv(10)
    conn.sendall(b"done")
    os._exit(0)
conn.close()
os.wait()
client.recv(10)
""",
    )
    assert not grave(found)


def test_workers_that_share_a_listener_are_right(tmp_path):
    found = traced(
        tmp_path,
        """
for number in range(3):
    if os.fork() == 0:
        made, _ = listener.accept()
        made.sendall(made.recv(10))
        os._exit(0)
for number in range(3):
    with socket.create_connection(listener.getsockname()) as one:
        one.sendall(b"hello")
        one.recv(10)
for number in range(3):
    os.wait()
""",
    )
    assert not grave(found)


def test_a_child_that_shuts_down_what_its_parent_uses(tmp_path):
    found = traced(
        tmp_path,
        """
if os.fork() == 0:
    client.shutdown(socket.SHUT_RDWR)
    client.close()
    os._exit(0)
os.wait()
try:
    client.sendall(b"hello")
except BrokenPipeError:
    pass
""",
    )
    assert told(found)[0] == "error shutdown-in-child"


def test_a_child_that_only_closes_is_right(tmp_path):
    found = traced(
        tmp_path,
        """
if os.fork() == 0:
    client.close()
    os._exit(0)
os.wait()
client.sendall(b"hello")
conn.recv(10)
""",
    )
    assert not grave(found)
