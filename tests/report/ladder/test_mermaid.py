from __future__ import annotations

import io

from tests.report.ladder.conftest import HOSTILE
from workbench.report.ladder import mermaid
from workbench.report.ladder.mermaid import export_mermaid

NAMES = ("socket 2", "socket 1")


def drawn(journal) -> str:
    out = io.StringIO()
    export_mermaid(journal, out)
    return out.getvalue()


def test_a_conversation(conversation) -> None:
    lines = drawn(conversation(3)).splitlines()
    assert lines[0] == "sequenceDiagram"
    assert [line.strip() for line in lines[1:3]] == [f"participant p{at} as {name}" for at, name in enumerate(NAMES)]
    assert sum("p0->>p1" in line and "send(b'hello" in line for line in lines) == 3
    assert sum("p1->>p0" in line for line in lines) >= 1


def test_nothing_from_outside_means_anything_to_mermaid(conversation) -> None:
    text = drawn(conversation(3, HOSTILE))
    for line in text.splitlines()[1:]:
        _, _, said = line.strip().partition(": ")
        assert not set(said) & set('<>"%\x1b\\{}|')
        assert "end" not in said.replace("send", "").split()


def test_a_long_one_is_split_below_the_limit_of_mermaid(conversation, monkeypatch) -> None:
    monkeypatch.setattr(mermaid, "LIMIT", 2000)
    text = drawn(conversation(60))
    diagrams = [part.partition("```")[0] for part in text.split("```mermaid\n")[1:]]
    assert len(diagrams) > 2
    assert all(len(diagram) <= 2000 and diagram.startswith("sequenceDiagram") for diagram in diagrams)
    assert text.startswith(f"1 of {len(diagrams)}")
