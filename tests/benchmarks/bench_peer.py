"""What serve costs the one who sends: 100 MB through it and through its likes, side by side in one run.

python tests/benchmarks/bench_peer.py [RECV SIZE] prints seconds, GB/s and seconds of the receiver's processor time for
a bare Python loop, socat -r (with its own block size, and with ours) and serve, with and without a session.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZE, ROUNDS = 100_000_000, 5
_BARE = (
    "import socket, sys\n"
    "listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "while True:\n"
    "    sock = listener.accept()[0]\n"
    "    while sock.recv(int(sys.argv[2])): pass\n"
    "    sock.close()\n"
)
_WORKBENCH = [sys.executable, "-m", "workbench"]
_TICKS = os.sysconf("SC_CLK_TCK")


def receivers(folder: Path, recv: str) -> dict[str, list[str]]:
    """Return the commands; PORT stands for the port."""
    socat = ["socat", "-u", "-r", str(folder / "raw"), "TCP-LISTEN:PORT,fork,reuseaddr", "OPEN:/dev/null"]
    serve = [*_WORKBENCH, "serve", "tcp://127.0.0.1:PORT", "--quiet", "--recv", recv]
    found = {
        "bare loop": [sys.executable, "-c", _BARE, "PORT", recv],
        "socat -r": socat,
        f"socat -r -b {recv}": ["socat", "-b", recv, *socat[1:]],
        "serve --quiet": serve,
        "serve --quiet --record": [*serve, "--record", str(folder / "session.swb"), "--limit", "100G"],
    }
    return {name: words for name, words in found.items() if words[0] != "socat" or shutil.which("socat")}


def connected(port: int) -> socket.socket:
    """Return a connection as soon as somebody listens."""
    for _ in range(400):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nobody listens on {port}")


def sent(port: int) -> float:
    """Send it all, wait for the end, and return the seconds."""
    piece = bytes(1 << 20)
    with connected(port) as sock:
        began, left = time.perf_counter(), SIZE
        while left > 0:
            sock.sendall(piece[:left])
            left -= len(piece)
        sock.shutdown(socket.SHUT_WR)
        sock.recv(1)
        return time.perf_counter() - began


def processor_seconds(pid: int) -> float:
    """Return what a process and its children have used, those that are gone included (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def main() -> None:
    """Measure, and print a line each."""
    recv = sys.argv[1] if len(sys.argv) > 1 else "65536"
    with tempfile.TemporaryDirectory() as folder:
        running, port = {}, 9500
        for name, words in receivers(Path(folder), recv).items():
            port += 1
            command = [word.replace("PORT", str(port)) for word in words]
            running[name] = subprocess.Popen(command, stderr=subprocess.DEVNULL), port
            connected(port).close()
        seconds: dict[str, list[float]] = {name: [] for name in running}
        before = {name: processor_seconds(process.pid) for name, (process, _) in running.items()}
        for _ in range(ROUNDS):
            for name, (_, port) in running.items():
                seconds[name].append(sent(port))
                (Path(folder) / "raw").unlink(missing_ok=True)
        time.sleep(0.5)
        for name, (process, _) in running.items():
            used = (processor_seconds(process.pid) - before[name]) / ROUNDS
            best = min(seconds[name])
            print(f"{name:26} {best:.3f} s  {SIZE / best / 1e9:5.2f} GB/s  processor {used:.3f} s")
            process.kill()


if __name__ == "__main__":
    main()
