from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workbench.experiments.catalog import Verdict, find
from workbench.experiments.progress import Done, Progress

GREETING, LINES = find("greeting"), find("lines")


def test_what_was_predicted_is_there_at_the_next_start(tmp_path: Path) -> None:
    Progress(tmp_path / "kept.json").keep(GREETING, GREETING.answer, Verdict.HOLDS)
    Progress(tmp_path / "kept.json").keep(LINES, LINES.answer + 1, Verdict.HOLDS)
    mine = replace(LINES, path=tmp_path / "lines.py")
    Progress(tmp_path / "kept.json").keep(mine, 1, Verdict.FAILS)
    again = Progress(tmp_path / "kept.json")
    assert again.of(GREETING) == Done(GREETING.answer, True, "holds")
    assert again.of(LINES) == Done(LINES.answer + 1, False, "holds")
    assert again.read().keys() == {"greeting", "lines", str(tmp_path / "lines.py")}
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"greeting": 3, "lines": {"predicted": "x"}}', "[" * 100_000, "\xff"]
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kept.json"
    path.write_text(text, "latin-1")
    progress = Progress(path)
    assert progress.read() == {}
    progress.keep(GREETING, 1, Verdict.HOLDS)
    assert progress.read().keys() == {"greeting"}


def test_a_folder_that_is_gone_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Progress(tmp_path / "gone" / "kept.json").keep(GREETING, 1, Verdict.HOLDS)
