"""How many findings there are, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from workbench.model.findings.finding import SEVERITIES, Finding
from workbench.model.text.fit import counted


def counts(findings: Sequence[Finding]) -> str:
    """Return such as "2 errors, 1 warning"; "no findings" for none."""
    numbers = Counter(finding.severity for finding in findings)
    return ", ".join(counted(numbers[each], each) for each in SEVERITIES if numbers[each]) or "no findings"
