"""The pytest plugin's findings, in runs of pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tracing import write

FAULT = """
import socket
def test_cut({fixture}):
    one, other = socket.socketpair()
    one.sendall(b"\\0\\0\\0\\x32" + b"x" * 10)
    other.recv(4), other.recv(50)
    one.sendall(b"x" * 40)
    other.recv(4)
"""
RIGHT = """
def test_is_right():
    one, other = socket.socketpair()
    one.sendall(b"hello")
    assert other.recv(5) == b"hello"
def test_makes_no_calls():
    pass
"""


def pytest_run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "workbench.testing", "-p", "no:xdist", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_recording_tells_its_findings(tmp_path: Path) -> None:
    asks = "    assert [each.rule for each in socket_recording.findings()] == ['short-recv']\n"
    write(tmp_path, "test_it.py", FAULT.format(fixture="socket_recording") + asks)
    assert "1 passed" in pytest_run(tmp_path).stdout


def test_a_setting_fails_a_test_with_a_finding(tmp_path: Path) -> None:
    write(tmp_path, "test_it.py", FAULT.format(fixture="socket_recording"))
    write(tmp_path, "pytest.ini", "[pytest]\nsocket_findings = error\n")
    out = pytest_run(tmp_path).stdout
    assert "1 failed" in out
    assert "error short-recv at test_it.py:6: #" in out
    assert "← recv(50)" in out
    assert "socket calls, kept in" in out


def test_every_test_is_checked_without_a_change_in_it(tmp_path: Path) -> None:
    write(tmp_path, "test_it.py", FAULT.format(fixture="") + RIGHT)
    assert "3 passed" in pytest_run(tmp_path).stdout
    out = pytest_run(tmp_path, "--socket-check").stdout
    assert "1 failed, 2 passed" in out
    assert "error short-recv at test_it.py:6: #" in out
    write(tmp_path, "pyproject.toml", '[tool.socket-workbench]\nignore = ["short-recv"]\n')
    assert "3 passed" in pytest_run(tmp_path, "--socket-check").stdout


def test_the_fixture_and_the_check_of_all_share_one_recording(tmp_path: Path) -> None:
    asks = "    assert len(socket_recording.calls()) == 6\n"
    write(tmp_path, "test_it.py", FAULT.format(fixture="socket_recording") + asks)
    assert "1 failed" in pytest_run(tmp_path, "--socket-check").stdout


def test_a_level_that_is_none(tmp_path: Path) -> None:
    write(tmp_path, "pytest.ini", "[pytest]\nsocket_findings = all\n")
    ran = pytest_run(tmp_path)
    assert ran.returncode == 4
    assert "socket_findings is error or warning, not 'all'" in ran.stderr
