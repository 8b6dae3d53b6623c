"""Findings as SARIF 2.1.0 (OASIS), which code scanners read; the calls that prove one are its thread flow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO
from urllib.parse import quote

from workbench import __version__
from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.model.findings.rules import RULES
from workbench.model.text.safe import safe
from workbench.model.words.as_python import expression, outcome
from workbench.report.findings.places import place

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write(out: TextIO, findings: Sequence[Finding], journal: Journal) -> None:
    """Write a log with one run."""
    ids = sorted({finding.rule for finding in findings})
    driver = {
        "name": "socket-workbench",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(id) for id in ids],
    }
    results = [_result(finding, ids.index(finding.rule), journal) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    json.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, out, indent=2)
    out.write("\n")


def _rule(id: str) -> dict[str, Any]:
    rule = RULES[id]
    return {
        "id": id,
        "shortDescription": {"text": _sentence(rule.title)},
        "fullDescription": {"text": " ".join(rule.text.split())},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, index: int, journal: Journal) -> dict[str, Any]:
    location = _location(finding.source)
    steps = [
        _step(journal, seq, "essential" if seq == finding.calls[0] else "important")
        for seq in sorted(finding.calls)
        if 0 < seq <= len(journal)
    ]
    result = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": f"{_sentence(finding.message)} {finding.remedy}"},
        "locations": [location] if location else [],
        "occurrenceCount": finding.times,
        "properties": {"calls": list(finding.calls), "socket": finding.socket},
    }
    return result | ({"codeFlows": [{"threadFlows": [{"locations": steps}]}]} if steps else {})


def _step(journal: Journal, seq: int, importance: str) -> dict[str, Any]:
    call = journal[seq - 1]
    text = f"#{seq} {safe(call.name or call.socket)}: {expression(call, 80)} {outcome(call, 60)}"
    location = _location(call.source) | {"message": {"text": text}}
    return {"location": location, "importance": importance, "executionOrder": seq}


def _location(source: str) -> dict[str, Any]:
    file, line = place(source)
    if not file or line < 1:
        return {}
    where = {"artifactLocation": {"uri": quote(file)}, "region": {"startLine": line}}
    return {"physicalLocation": where}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
