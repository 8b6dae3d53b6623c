"""What looking at 50 endpoints twenty times a second costs: the share of a core, beside a loop that looks at nothing.

python -m tests.benchmarks.bench_probing [SECONDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.engine.live_bench import port_of
from workbench.engine.endpoints.bench import Bench
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.probe.recorder import Recorder

ENDPOINTS = 50
TICK = 0.05


def share(look: Callable[[], object], seconds: float) -> float:
    """Call *look* every tick; return CPU seconds of the process a second."""
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        look()
        time.sleep(TICK)
    return (time.process_time() - used) / (time.monotonic() - began)


def main() -> None:
    """Print the shares."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(str(Path(folder, "session.swb")))
        bench = Bench(recorder)
        server = bench.start_server(ServerSettings(port=0, responder="echo"))
        server.started.result()
        for _ in range((ENDPOINTS - 1) // 2):
            bench.open_client(ClientSettings(port=port_of(server))).started.result()
        while len(bench.all()) < ENDPOINTS - 1:
            time.sleep(TICK)
        looks: dict[str, Callable[[], object]] = {
            "nothing": lambda: None,
            f"{len(bench.all())} endpoints": bench.endpoints,
            "and one inside": lambda: (bench.endpoints(), bench.inside("client 1")),
            "and a listener": lambda: (bench.endpoints(), bench.inside("server")),
        }
        for name, look in looks.items():
            print(f"{name:<16} {share(look, seconds) * 100:5.2f} % of a core")
        bench.close()
        recorder.close()


if __name__ == "__main__":
    main()
