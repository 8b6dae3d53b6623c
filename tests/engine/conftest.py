from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.live_bench import LiveBench


@pytest.fixture
def live(tmp_path: Path, eventually: Callable[..., None]) -> Iterator[LiveBench]:
    """Give a bench whose endpoints are all closed when the test ends."""
    bench = LiveBench(tmp_path / "session.swb", eventually)
    yield bench
    bench.close()


@pytest.fixture
def in_time() -> Iterator[None]:
    """Fail a test whose main thread is still blocked in a call after 20 seconds."""

    def fail(*_: Any) -> None:
        raise AssertionError("blocked for 20 s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
