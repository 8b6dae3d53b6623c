from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def certificate() -> Path:
    """Return a self-signed certificate with its key: the one that CPython's own tests use."""
    folder = next(Path(sys.base_prefix, "lib").glob("python3.*/test"))
    return next(path for path in (folder / "keycert.pem", folder / "certdata" / "keycert.pem") if path.exists())
