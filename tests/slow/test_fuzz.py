"""A minute of made-up session files, guided by what of the reader they reach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 60


@pytest.mark.slow
def test_the_reader_takes_anything(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed here")
    repository = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.slow.fuzz_reader", f"-max_total_time={SECONDS}", "-max_len=4096"]
    ran = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/"], cwd=repository, capture_output=True, text=True, timeout=SECONDS * 5
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
