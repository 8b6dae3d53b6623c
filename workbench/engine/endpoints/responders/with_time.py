"""time: the date and time, and what was received."""

from __future__ import annotations

import time
from collections.abc import Callable

from workbench.engine.endpoints.responders.responder import pure


def with_time(data: bytes, now: Callable[[], str] = time.ctime) -> bytes:
    """Return "[date and time] " and the data."""
    return f"[{now()}] ".encode() + data


TIME = pure("time", "[date and time] and what it received", with_time)
