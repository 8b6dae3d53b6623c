"""Start-up beside a minimal Textual app: time to the first frame and resident memory, in turn, on a real pty.

python -m tests.benchmarks.bench_start [RUNS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.terminal import Terminal

MINIMAL = """
from textual.app import App
from textual.widgets import Label

class Minimal(App):
    def compose(self):
        yield Label("first frame")

Minimal().run()
"""


def first_frame(argv: list[str], text: str, home: str) -> tuple[float, float]:
    """Return seconds until *text* is on the screen, and MiB resident then."""
    started = time.perf_counter()
    env = {
        "XDG_STATE_HOME": home,
        "PYTHONDONTWRITEBYTECODE": "",
    }  # pip has compiled Textual, and an installed bench too
    with Terminal(argv, columns=120, rows=40, env=env) as terminal:
        while text.encode() not in terminal.raw:
            time.sleep(0.001)
        seconds = time.perf_counter() - started
        terminal.wait_for(text)
        status = Path(f"/proc/{terminal.process.pid}/status").read_text()
        kib = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        return seconds, kib / 1024


def main() -> None:
    """Print medians and their ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as home:
        minimal = Path(home, "minimal.py")
        minimal.write_text(MINIMAL)
        programs = {
            "minimal": ([sys.executable, str(minimal)], "first frame"),
            "bench": ([sys.executable, "-m", "workbench"], "F4 log"),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        for run in range(1 + runs):  # the first one compiles
            for name, (argv, text) in programs.items():
                frame = first_frame(argv, text, home)
                found[name] += [frame] if run else []
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in found.items()}
    for name, (seconds, mebibytes) in medians.items():
        print(f"{name:<8} first frame {seconds * 1000:6.0f} ms   resident {mebibytes:5.1f} MiB")
    print(f"ratio    first frame {medians['bench'][0] / medians['minimal'][0]:6.2f} x")


if __name__ == "__main__":
    main()
