"""Runs the rules over the calls of a session, once, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from workbench.model.call.call import Call
from workbench.model.findings.finding import SEVERITIES, Finding
from workbench.model.findings.rule import Rule, kind
from workbench.model.findings.rules import RULES
from workbench.model.findings.scene import Scene

_LINES = 1000
"""Lines of a program at which one rule may find something; what comes then is not kept."""
_ALIKE = 50
"""Findings of one rule at one line that are kept; the others are counted."""
_PLACES = {id: place for place, id in enumerate(RULES)}


class Checker:
    """Takes in the calls of a session; what is wrong with them can be asked for at any time."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._rules = [rule(scene) for rule in RULES.values()]
        self._certain = _Heap()
        self._by_kind: dict[str, list[Rule]] = {}
        for rule in self._rules:
            for name in rule.on:
                self._by_kind.setdefault(name, []).append(rule)

    def take(self, call: Call) -> None:
        """Take in the next call."""
        sock = self.scene.sock(call)
        for rule in self._by_kind.get(kind(call), ()):
            rule.take(call, sock)
            if rule.found:
                self._certain.add(rule.found)
                rule.found.clear()
        for old in self.scene.take(call, sock):
            for rule in self._rules:
                self._certain.add(rule.settle(old))

    def certain(self) -> list[Finding]:
        """Return what is wrong whatever calls come yet, as `findings` does."""
        return sorted(self._certain.shown(), key=_order)

    def findings(self) -> list[Finding]:
        """Return what is wrong if no more calls come: the gravest first, without what a more exact rule has said."""
        heap = self._certain.copy()
        for rule in self._rules:
            for sock in self.scene:
                heap.add(rule.settle(sock))
            heap.add(rule.end())
        return sorted(heap.shown(), key=_order)


@dataclass(slots=True)
class _Heap:
    """Findings by their rule and the line of the program, and which are said better by others."""

    kept: dict[tuple[str, str], list[Finding]] = field(default_factory=dict)
    more: dict[tuple[str, str], int] = field(default_factory=dict)
    hidden: dict[tuple[str, str], int] = field(default_factory=dict)
    """For a rule and a socket, the severity of what hides its findings there."""

    def copy(self) -> _Heap:
        return _Heap({key: list(alike) for key, alike in self.kept.items()}, dict(self.more), dict(self.hidden))

    def add(self, found: Iterable[Finding]) -> None:
        for finding in found:
            self._hide(finding)
            key = finding.rule, finding.source or finding.socket
            if key not in self.kept and len(self.kept) >= _LINES:
                continue
            alike = self.kept.setdefault(key, [])
            if len(alike) < _ALIKE:
                alike.append(finding)
            else:
                self.more[key] = self.more.get(key, 0) + 1

    def shown(self) -> Iterator[Finding]:
        for key, alike in self.kept.items():
            said = [each for each in alike if not self._is_hidden(each)]
            if said:
                yield replace(min(said, key=_order), times=len(said) + self.more.get(key, 0))

    def _hide(self, finding: Finding) -> None:
        severity = SEVERITIES.index(finding.severity)
        for rule in RULES[finding.rule].hides:
            for socket in finding.sockets:
                key = rule, socket
                self.hidden[key] = min(severity, self.hidden.get(key, severity))

    def _is_hidden(self, finding: Finding) -> bool:
        by = self.hidden.get((finding.rule, finding.socket))
        return by is not None and by <= SEVERITIES.index(finding.severity)


def _order(finding: Finding) -> tuple[int, int, int]:
    severity, seq = finding.order
    return severity, _PLACES[finding.rule], seq


def check(calls: Iterable[Call], scene: Scene) -> list[Finding]:
    """Return what is wrong with a session that is all there."""
    checker = Checker(scene)
    for call in calls:
        checker.take(call)
    return checker.findings()
