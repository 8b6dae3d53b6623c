from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, not wrong: hypothesis's own profile for CI says so too.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

os.environ.pop("NO_COLOR", None)
os.environ.pop("TEXTUAL_THEME", None)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long value by its length: a text makes no name, and random bytes another one in each worker."""
    return f"{argname} of {len(val)}" if isinstance(val, str | bytes) and len(val) > 60 else None


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Give wait(predicate, timeout=5.0): it returns once the predicate is true, and fails the test at the deadline."""

    def wait(predicate: Callable[[], object], timeout: float = 5.0) -> None:
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise AssertionError(f"not true within {timeout} s: {predicate}")
            time.sleep(0.005)

    return wait
