from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest


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
