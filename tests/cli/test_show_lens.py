from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder


@pytest.fixture
def recording(tmp_path: Path) -> str:
    recorder = Recorder(str(tmp_path / "a.swb"))
    for piece in (b"hal", b"f\none\n"):
        recorder.call(CODE["recv"], (7, 1), 0, 1, result=len(piece), requested=64, data=piece)
    recorder.close()
    return str(tmp_path / "a.swb")


def show(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", "show", *words], capture_output=True, text=True, timeout=20
    )


def test_show_tells_frames_and_how_a_naive_program_fails(recording: str) -> None:
    done = show(recording, "--lens", "lines")
    assert done.returncode == 0
    told = [line.strip() for line in done.stdout.splitlines() if line.startswith("      ") and ":" in line]
    assert told == [
        "lines: frame 1 begins here: 3 bytes so far",
        "one recv taken for one message: half a line",
        "lines: frame 1, begun in #1, ends here at 0000-0001: line half · frame 2 at 0002-0005: line one",
        "one recv taken for one message: 2 lines taken for one",
    ]
    assert show(recording, "--lens", "fixed-3").stdout.count("fixed-3: frame") == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--lens", "jsn"], "--lens: there is no lens 'jsn': there are lines, nul, "),
        (["--lens", "json", "--format", "json"], "--lens: frames are told in the text only"),
    ],
)
def test_wrong_use_is_one_line(recording: str, words: list[str], sentence: str) -> None:
    done = show(recording, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
