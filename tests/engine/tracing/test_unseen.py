"""Bytes that pass the traced calls by: what the kernel counted shows it, and no lineage is claimed for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tracing import trace, write

CONNECTED = """
import os, socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
conn, _ = listener.accept()
"""


def log_of(folder: Path, program: str) -> tuple[list[dict], str]:  # type: ignore[type-arg]
    write(folder, "program.py", CONNECTED + program)
    traced = trace(folder, "program.py")
    assert (traced.code, traced.err) == (0, "")
    words = [sys.executable, "-m", "workbench", "show", str(folder / "session.swb")]
    return traced.calls, subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("program", "unseen"),
    [
        ("os.write(client.fileno(), b'unseen'); client.send(b'abc'); print(conn.recv(99)); client.close()", "sent"),
        ("client.send(b'abcdef'); os.read(conn.fileno(), 3); print(conn.recv(9)); conn.close()", "received"),
        ("client.send(b'abcdef'); os.read(conn.fileno(), 3); conn.recv(9); client.close(); conn.recv(9)", "received"),
        ("client.send(b'abcdef'); os.read(conn.fileno(), 3); conn.recv(9); conn.shutdown(1)", "received"),
        ("client.send(b'abcdef'); os.read(conn.fileno(), 3); conn.recv(9); os.close(conn.detach())", "received"),
        (
            "client.send(b'abcdef'); subprocess.run([sys.executable, '-I', '-c', 'import os; os.read(0, 3)'],"
            " stdin=conn); conn.recv(9); conn.close()",
            "received",
        ),
    ],
)
def test_bytes_that_passed_unseen_end_lineage_and_the_log_says_so(tmp_path: Path, program: str, unseen: str) -> None:
    calls, log = log_of(tmp_path, program)
    assert (log.count("passed unseen"), log.count(f"bytes {unseen} passed unseen: no lineage for them")) == (1, 1)
    assert [call["lineage"] for call in calls if call["call"] == "recv" and call["data"]] == [[]]


@pytest.mark.parametrize(
    "program",
    [
        "client.send(b'abc'); conn.recv(2); conn.send(b'x'); conn.close(); client.close()",
        "client.send(b'abc'); client.close(); conn.recv(9); conn.recv(9); conn.close()",
        "client.send(b'abc'); client.shutdown(1); conn.recv(9); conn.recv(9); conn.shutdown(1); client.recv(9);"
        " client.close(); conn.close()",
        "client.send(b'ab'); client.send(b'c', socket.MSG_OOB); conn.recv(2); conn.close(); client.close()",
        "client.send(b'abc'); conn.recv(9, socket.MSG_PEEK); conn.recv(2, socket.MSG_TRUNC); conn.recv(9);"
        " conn.close(); client.close()",
        "client.setblocking(False)\ntry:\n while 1: client.send(bytes(100000))\nexcept BlockingIOError: client.close()",
        "client.settimeout(.05)\ntry: client.sendall(bytes(9999999))\nexcept TimeoutError: client.close()",
        "client.send(b'abc'); again = socket.socket(fileno=conn.detach()); again.recv(9); again.close()",
        "client.send(b'abc'); again = conn.dup(); again.recv(2); conn.recv(2); again.close(); conn.close()",
        "client.send(b'abc')\nif not os.fork(): conn.recv(2); os._exit(0)\nconn.close(); os.wait(); client.close()",
        "import struct; client.send(b'abc'); conn.send(b'd'); conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,"
        " struct.pack('ii', 1, 0)); conn.close(); client.close()",
        "client.sendfile(open(__file__, 'rb')); client.close(); conn.makefile('rb').read(); conn.close()",
    ],
)
def test_nothing_is_said_to_be_unseen_where_every_byte_went_through_a_call(tmp_path: Path, program: str) -> None:
    _, log = log_of(tmp_path, program)
    assert "unseen" not in log
    assert "close()" in log
