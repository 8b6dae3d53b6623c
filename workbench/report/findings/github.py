"""Findings as annotations of a GitHub workflow: its runner puts them beside the lines of a pull request.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation; for the escapes command.ts of actions/toolkit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.report.findings.places import place

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def write(out: TextIO, findings: Sequence[Finding], journal: Journal) -> None:
    """Write a command a finding."""
    for finding in findings:
        file, line = place(finding.source)
        where = f"file={_property(file)},line={line}," if file else ""
        message = _data(f"{finding.message}\n{finding.remedy}")
        out.write(f"::{_COMMANDS[finding.severity]} {where}title={_property(finding.rule)}::{message}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
