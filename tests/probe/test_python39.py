"""The probe in the oldest Python that it is made for, with nothing else of ours around."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import workbench.probe
from workbench.journal.reader import Journal

PROBE = Path(workbench.probe.__file__).parent
SOURCES = sorted(PROBE.rglob("*.py"))

SCRIPT = """
import sys, threading
from probe.recorder import Recorder
from probe.traced_socket import TracedSocket

TracedSocket.recorder = Recorder(sys.argv[1], program="old")
listener = TracedSocket()
listener.bind(("127.0.0.1", 0))
listener.listen()
with TracedSocket() as client:
    client.connect(listener.getsockname())
    accepted, _ = listener.accept()
    client.settimeout(1)
    client.sendall(b"hello")
    assert accepted.recv(2) == b"he"
    assert accepted.recv_into(bytearray(9)) == 3
    with client.makefile("rwb") as file:
        file.write(b"from a file")
        file.flush()
    try:
        client.recv(1.5)
    except TypeError:
        pass
one, other = TracedSocket.socketpair()
one.sendmsg([b"a", b"b"])
assert other.recvmsg(9)[0] == b"ab"
TracedSocket.recorder.close()
assert not [name for name in sys.modules if name.startswith("workbench")]
"""


def python39() -> str | None:
    """Return an interpreter of version 3.9 that runs, from PATH or pyenv."""
    pyenv = shutil.which("pyenv")
    root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip() if pyenv else ""
    places = [
        shutil.which("python3.9"),
        *(str(place) for place in Path(root or os.devnull).glob("versions/3.9*/bin/python")),
    ]
    for place in filter(None, places):
        asked = subprocess.run(
            [place, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, check=False
        )
        if asked.stdout.strip() == b"(3, 9)":
            return place
    return None


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_syntax_is_that_of_39(source: Path) -> None:
    ast.parse(source.read_text(), feature_version=(3, 9))


def test_it_records_in_39_alone(tmp_path: Path) -> None:
    python = python39()
    if python is None:
        pytest.skip("no Python 3.9 in PATH or under pyenv")
    shutil.copytree(PROBE, tmp_path / "probe", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [python, "-X", "dev", "-c", SCRIPT, str(tmp_path / "s")],
        cwd=tmp_path, env={"PATH": os.defpath}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("Error")) == (0, 0), done.stderr
    journal = Journal(tmp_path / "s")
    journal.read_all()
    assert journal.start is not None
    assert journal.start.python.startswith("3.9.")
    assert [call.call for call in journal if call.data] == [
        "sendall", "recv", "recv_into", "send", "sendmsg", "recvmsg",
    ]  # fmt: skip
    assert journal.problems() == []
