"""Times the ladder of 1e6 calls: `python -m tests.benchmarks.bench_ladder`. The aim: no screen of it takes 50 ms."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from tests.sessions import INET, STREAM
from workbench.journal.ladder import Ladder
from workbench.journal.reader import Journal
from workbench.model.ladder.strip import columns, strip
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket

CALLS, ROWS, ROUNDS = 1_000_000, 40, 100


def write(path: Path) -> None:
    """Record a conversation of CALLS sends and recvs over loopback."""
    recorder = Recorder(str(path))

    class Socket(TracedSocket):
        pass

    Socket.recorder, Socket.accepts = recorder, Socket
    listener, client = Socket(INET, STREAM), Socket(INET, STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client.connect(listener.getsockname())
    server = listener.accept()[0]
    for _ in range(CALLS // 4):
        client.send(b"hello")
        server.recv(3)
        server.recv(100)
        client.send(b"")
    recorder.close()


def main() -> None:
    """Print how long it takes to index, and to draw a screen anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.swb"
        write(path)
        journal = Journal(path)
        began = perf_counter()
        journal.read_all()
        print(f"read    {len(journal)} calls in {perf_counter() - began:.1f} s")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ladder, slices, began = Ladder(journal), [], perf_counter()
        while True:
            start = perf_counter()
            if not ladder.extend(2000):
                break
            slices.append(perf_counter() - start)
        took = perf_counter() - began
        print(f"placed  {len(ladder)} rungs in {took:.1f} s, the longest slice {max(slices) * 1e3:.0f} ms")
        print(f"memory  {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024:.0f} MiB")
        layout, chance, times = columns(ladder.lifelines(), 120), Random(1), []
        for _ in range(ROUNDS):
            at, start = chance.randrange(len(ladder) - ROWS), perf_counter()
            for rung in ladder.rungs(at, at + ROWS):
                strip(rung, layout)
            times.append(perf_counter() - start)
        print(f"jump    {median(times) * 1e3:.1f} ms in the median, {max(times) * 1e3:.1f} at most")


if __name__ == "__main__":
    main()
