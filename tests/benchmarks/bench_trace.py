"""Times a ping-pong of 64 bytes and a flood, bare, traced and under strace: `python -m tests.benchmarks.bench_trace`.

Each round runs them side by side and the best round of each counts, as a busy machine only ever slows them down. The
aims: at most 1.5 times the bare ping-pong, 25 times less added than by strace, and a flood at no less than 0.2 of the
bare one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from workbench.engine.tracing.launch import traced_environment
from workbench.probe.page import SUFFIX

ROUNDS = 5
PING_PONG = """
import socket, sys, time
N = int(sys.argv[1])
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
a = socket.socket(); a.connect(listener.getsockname()); b, _ = listener.accept()
data = b"x" * 64
best = 9.0
for _ in range(12):
    began = time.perf_counter()
    for _ in range(N):
        a.send(data); b.recv(1024)
    best = min(best, time.perf_counter() - began)
print(best / N / 2 * 1e6)
"""
FLOOD = """
import os, socket, sys, time
N = int(sys.argv[1])
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
if not os.fork():
    import _socket
    a = _socket.socket(); a.connect(listener.getsockname())
    data = memoryview(bytes(1 << 20)); left = N * 65536
    while left > 0:
        left -= a.send(data[:left])
    os._exit(0)
b, _ = listener.accept()
began = time.perf_counter(); got = 0
while part := b.recv(65536):
    got += len(part)
print(got / (time.perf_counter() - began) / 1e9)
"""
MEMORY = """
import socket
a, b = socket.socketpair()
for _ in range(20000):
    a.send(b"x" * 64); b.recv(1024)
print(next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""
STRACE = ("strace", "-f", "-tt", "-T", "-yy", "-x", "-s", "65536", "-e", "trace=network", "-o")


def run(program: str, number: int, folder: Path, how: str, python: str) -> float:
    """Run one program and return the figure that it prints."""
    environment = dict(os.environ)
    if how == "traced":
        session = folder / "session.swb"
        for path in (session, Path(f"{session}{SUFFIX}")):
            path.unlink(missing_ok=True)
            path.touch()
        environment = traced_environment(session)
    words = [python, "-c", program, str(number)]
    done = subprocess.run(
        [*STRACE, str(folder / "strace.log"), *words] if how == "strace" else words,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print the figures and how far they are from the aims."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def timed(program: str, number: int, how: str) -> float:
            return run(program, number, folder, how, python)

        bare, traced, floods = [], [], []
        for _ in range(ROUNDS):
            bare.append(timed(PING_PONG, 4000, "bare"))
            traced.append(timed(PING_PONG, 4000, "traced"))
            floods.append((timed(FLOOD, 8000, "bare"), timed(FLOOD, 8000, "traced")))
        least, most = min(bare), min(traced)
        print(f"ping-pong, 64 B   bare {least:.2f} us a call, traced {most:.2f} ({most / least:.2f}x)")
        if shutil.which("strace"):
            straced = min(timed(PING_PONG, 300, "strace") for _ in range(2))
            print(f"                  strace {straced:.2f}: it adds {(straced - least) / (most - least):.0f}x as much")
        flood, whole = max(pair[0] for pair in floods), max(pair[1] for pair in floods)
        print(f"recv(65536)       bare {flood:.2f} GB/s, traced {whole:.2f} ({whole / flood:.2f})")
        grown = timed(MEMORY, 0, "traced") - timed(MEMORY, 0, "bare")
        print(f"memory            {grown:.1f} MB more than bare")


if __name__ == "__main__":
    main()
