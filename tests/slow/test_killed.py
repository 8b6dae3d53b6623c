"""A recording process killed with SIGKILL at random moments: every call that had returned is in the file."""

from __future__ import annotations

import mmap
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.journal.reader import Journal

ROUNDS = 300
PROGRAM = """
import mmap, socket, struct, sys
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket

session, counted = sys.argv[1:]
counter = open(counted, "r+b")
done = mmap.mmap(counter.fileno(), 8)
TracedSocket.recorder = Recorder(session)
a, b = socket.socketpair()
one, other = TracedSocket(fileno=a.detach()), TracedSocket(fileno=b.detach())
number = 0
while True:
    for call in (lambda: one.send(b"%d" % number + b"." * (number % 5000)), lambda: other.recv(9000)):
        call()
        number += 1
        done[:] = struct.pack("<Q", number)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_finished_call_is_lost(tmp_path: Path) -> None:
    random.seed(20)
    seen = 0
    for number in range(ROUNDS):
        session, counted = tmp_path / f"{number}.swb", tmp_path / "counted"
        counted.write_bytes(bytes(8))
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(session), str(counted)])
        with counted.open("r+b") as file, mmap.mmap(file.fileno(), 8) as done:
            deadline = time.monotonic() + 20
            while done[:] == bytes(8) and time.monotonic() < deadline:
                time.sleep(0.001)
            until = time.monotonic() + random.random() * 0.03
            while time.monotonic() < until:
                pass
            process.kill()
            process.wait()
            finished = struct.unpack("<Q", done[:])[0]
        assert finished
        journal = Journal(session)
        journal.read_all()
        kept = [call.call for call in journal if call.call in ("send", "recv")]
        assert finished <= len(kept) <= finished + 1
        assert kept == (["send", "recv"] * len(kept))[: len(kept)]
        seen += finished
        journal.close()
        session.unlink()
    assert seen > ROUNDS
