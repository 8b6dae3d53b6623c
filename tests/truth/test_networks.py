"""Peers that fall silent and networks that lead nowhere, in a network namespace of their own: lo can go down there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.truth.session import Session
from workbench.model.claims.claim import Kind

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"), reason="namespaces need root"
)
BEGIN = """
import socket, subprocess, sys
from contextlib import suppress
from workbench import TracedSocket
from workbench.probe.recorder import Recorder
def lo(how): subprocess.run(["ip", "link", "set", "lo", how], check=True)
def state(sock): return socket.socket.getsockopt(sock, 6, socket.TCP_INFO, 8)[0]
lo("up")
TracedSocket.recorder = Recorder(sys.argv[1])
client = TracedSocket(socket.AF_INET, socket.SOCK_STREAM)
"""


def run(program: str, path: Path) -> Session:
    """Run *program* in a network namespace of its own; it records into *path*."""
    command = ["unshare", "-n", sys.executable, "-c", BEGIN + program, str(path)]
    subprocess.run(command, check=True, timeout=60, cwd=Path(__file__).parents[2])
    return Session(path)


def test_a_silent_peer_sends_no_fin(tmp_path: Path) -> None:
    session = run(
        """
with socket.create_server(("127.0.0.1", 0)) as server:
    client.connect(server.getsockname())
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    lo("down")
    client.send(b"x")
    with suppress(TimeoutError):
        client.recv(9)
    assert client.recv(9) == b"" and state(client) == 7
    with suppress(BrokenPipeError):
        client.send(b"y")
    client.close()
""",
        tmp_path / "session",
    )
    failed = session.seq("recv", 0)
    assert session.claim(Kind.AFTER_ERROR, "recv").seq == failed
    assert "FIN" not in session.says("recv")
    assert "RST" not in session.says("send")
    assert f"#{failed}" in session.says("send")
    assert "TCP_USER_TIMEOUT" in session.says("recv", 0)
    assert session.kinds("close") == {Kind.NOTHING_SENT, Kind.NO_TIME_WAIT}


def test_a_network_that_leads_nowhere(tmp_path: Path) -> None:
    session = run(
        """
with suppress(OSError):
    client.connect(("10.1.2.3", 9))
with suppress(OSError):
    client.recv(9)
client.close()
""",
        tmp_path / "session",
    )
    assert "no route" in session.says("connect")
    assert session.kinds("close") == {Kind.NOTHING_SENT, Kind.NO_TIME_WAIT}
    assert "FIN" not in session.says("recv")
