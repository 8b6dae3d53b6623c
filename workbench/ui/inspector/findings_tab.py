"""What is wrong with the program: what is about the selected call with its remedy, and else all in a line each."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

from workbench.model.findings.finding import Finding
from workbench.model.text.fit import shorten, wrap
from workbench.model.text.safe import safe
from workbench.report.findings.counts import counts
from workbench.ui.inspector.scroll_tab import Lines, ScrollTab
from workbench.ui.inspector.tab import Subject
from workbench.ui.parts.piece_view import Line

_MOST_LINES = 6
_LOOKS = {"error": "error", "warning": "strong", "note": "muted"}


class FindingsTab(ScrollTab):
    """The findings of the session; it is there only where there is more than notes among them."""

    TITLE: ClassVar[str] = "Findings"
    IS_LARGE: ClassVar[bool] = True
    NEEDS_FINDINGS: ClassVar[bool] = True

    def key(self, subject: Subject) -> Hashable:
        return id(subject.journal), subject.index, tuple(subject.findings)

    def about(self, subject: Subject) -> str:
        return counts(subject.findings)

    def lines(self, subject: Subject, width: int) -> Lines:
        seq = 0 if subject.index is None else subject.index + 1
        here = [finding for finding in subject.findings if seq in finding.calls]
        lines = [line for finding in here for line in _whole(finding, width)]
        lines += [_short(finding, width) for finding in subject.findings if finding not in here]
        return len(lines), lines.__getitem__


def _whole(finding: Finding, width: int) -> Iterator[Line]:
    yield _short(finding, width, with_message=False)
    for text, look in ((finding.message, ""), (finding.remedy, "muted")):
        yield from ([("  ", ""), (line, look)] for line in wrap(text, width - 2, _MOST_LINES))


def _short(finding: Finding, width: int, *, with_message: bool = True) -> Line:
    source = f" at {safe(finding.source)}" if finding.source else ""
    head = f"#{finding.calls[0]} {finding.rule}{source}"
    text = f"{head}: {finding.message}" if with_message else head
    return [(f"{finding.severity:<8}", _LOOKS[finding.severity]), (shorten(text, max(1, width - 8)), "")]
