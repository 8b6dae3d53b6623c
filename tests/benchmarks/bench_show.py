"""Printing the bytes of a stream: `show` of a session beside `socat -x -v`, which copies and prints as they come.

    python -m tests.benchmarks.bench_show [MEBIBYTES]

The aim: at least 20 times as fast per byte.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder

PIECE = bytes(range(256)) * 32  # 8 KiB, what socat reads at once


def write(path: Path, pieces: int) -> None:
    """Write a session in which one socket received that many pieces."""
    recorder = Recorder(str(path))
    for number in range(pieces):
        size = len(PIECE)
        recorder.call(CODE["recv"], (1, 1), number, number + 9, result=size, requested=size, left=0, data=PIECE)
    recorder.close()


def seconds(argv: list[str], given: bytes, out: Path) -> float:
    """Return how long a command takes with *given* on stdin and what it prints in a file."""
    began = perf_counter()
    with out.open("wb") as file:
        subprocess.run(argv, input=given, stdout=file, stderr=file, check=True)
    return perf_counter() - began


def main() -> None:
    """Print MB/s of both, and their ratio."""
    mebibytes = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    with tempfile.TemporaryDirectory() as name:
        session, out = Path(name, "session.swb"), Path(name, "out")
        write(session, mebibytes << 20 >> 13)
        ours = (mebibytes << 20) / seconds([sys.executable, "-m", "workbench", "show", str(session)], b"", out)
        theirs = (1 << 20) / seconds(["socat", "-u", "-x", "-v", "-", "/dev/null"], PIECE * 128, out)
    print(f"show            {ours / 1e6:6.1f} MB/s, {mebibytes} MiB, its start included")
    print(f"socat -x -v     {theirs / 1e6:6.1f} MB/s, 1 MiB")
    print(f"ratio           {ours / theirs:6.1f} x")


if __name__ == "__main__":
    main()
