"""Findings as JUnit's XML, which build servers show as tests: an error is one that failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.report.findings.text import headline

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(out: TextIO, findings: Sequence[Finding], journal: Journal) -> None:
    """Write a suite with a test for each finding; without any, one that passed."""
    failed = sum(finding.severity == "error" for finding in findings)
    tests = max(1, len(findings))
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuites><testsuite name="socket-workbench check" tests="{tests}" failures="{failed}">\n')
    for finding in findings:
        out.write(_case(finding))
    if not findings:
        out.write(f'<testcase classname="socket-workbench" name={_attribute(journal.path.name)}/>\n')
    out.write("</testsuite></testsuites>\n")


def _case(finding: Finding) -> str:
    name = f"{finding.source or finding.socket} (#{finding.calls[0]})"
    text = escape(_NOT_XML.sub("?", f"{headline(finding)}\n{finding.remedy}"))
    if finding.severity == "error":
        inner = f"<failure type={_attribute(finding.rule)} message={_attribute(finding.message)}>{text}</failure>"
    else:
        inner = f"<system-out>{finding.severity}: {text}</system-out>"
    return f"<testcase classname={_attribute(finding.rule)} name={_attribute(name)}>{inner}</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("?", text))
