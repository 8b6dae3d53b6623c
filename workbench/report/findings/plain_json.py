"""Findings as JSON: one object on one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding, to_json
from workbench.report.jsonl import encode


def write(out: TextIO, findings: Sequence[Finding], journal: Journal) -> None:
    """Write an object whose "findings" are those of the contract, the gravest first."""
    shown = {"session": str(journal.path), "calls": len(journal), "findings": [to_json(each) for each in findings]}
    out.write(encode(shown).decode() + "\n")
