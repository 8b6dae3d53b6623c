"""Which findings are wanted: rules that are selected, or ignored everywhere or at a line, with what severity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from workbench.model.findings.finding import SEVERITIES, Finding, Severity
from workbench.model.findings.rules import RULES
from workbench.model.text.fit import quoted


class SelectionError(ValueError):
    """What was asked for is wrong: one sentence that says what to write instead."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A rule that is not wanted: everywhere, in a file, or at a line of it."""

    rule: str
    file: str = ""
    line: int = 0

    @classmethod
    def parse(cls, text: str) -> Ignored:
        """Read RULE, RULE@FILE or RULE@FILE:LINE; raises SelectionError."""
        rule, at, where = text.partition("@")
        file, colon, line = where.rpartition(":")
        if at and not where:
            raise SelectionError(f"{quoted(text)} names no file: write {rule}@client.py or {rule}@client.py:12")
        if colon and line.isascii() and line.isdigit():
            return cls(rule_named(rule), file, int(line))
        return cls(rule_named(rule), where)

    def means(self, finding: Finding) -> bool:
        """Whether *finding* is one of those."""
        if finding.rule != self.rule:
            return False
        file, _, line = finding.source.rpartition(":")
        same = not self.file or file == self.file or file.endswith("/" + self.file) or self.file.endswith("/" + file)
        return same and (not self.line or line == str(self.line))


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted; empty *select* means all rules."""

    select: frozenset[str] = frozenset()
    ignore: tuple[Ignored, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """Severities that rules have here instead of their own."""

    def of(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return those of *findings* that are wanted, the gravest first."""
        wanted = (
            replace(each, severity=self.severity.get(each.rule, each.severity))
            for each in findings
            if (not self.select or each.rule in self.select) and not any(one.means(each) for one in self.ignore)
        )
        return sorted(wanted, key=lambda each: SEVERITIES.index(each.severity))

    def joined(self, other: Selection) -> Selection:
        """Return this with what *other* says beside or, where both speak, instead."""
        return Selection(other.select or self.select, self.ignore + other.ignore, {**self.severity, **other.severity})


def rule_named(name: str) -> str:
    """Return *name* if there is such a rule; raises SelectionError."""
    if name in RULES:
        return name
    near = get_close_matches(name, RULES, n=1)
    hint = f"did you mean {near[0]}?" if near else "check --list shows them all"
    raise SelectionError(f"there is no rule {quoted(name)}: {hint}")


def from_settings(table: Mapping[str, object]) -> Selection:
    """Read the keys ignore, select and severity of [tool.socket-workbench]; others are not ours. SelectionError."""
    select, ignore = _texts(table, "select"), _texts(table, "ignore")
    severity = table.get("severity", {})
    if not isinstance(severity, Mapping):
        raise SelectionError('severity is a table: write severity = { no-reuseaddr = "warning" }')
    for rule, grade in severity.items():
        rule_named(str(rule))
        if grade not in SEVERITIES:
            raise SelectionError(f"severity of {rule} is error, warning or note, not {quoted(str(grade))}")
    return Selection(frozenset(map(rule_named, select)), tuple(map(Ignored.parse, ignore)), dict(severity))


def _texts(table: Mapping[str, object], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SelectionError(f'{key} is a list of rules: write {key} = ["no-reuseaddr"]')
    return list(value)
