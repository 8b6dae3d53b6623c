"""What is wrong with the session on screen, as far as it was looked at: a little in every tick, beside the drawing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.journal.reader import Journal

if TYPE_CHECKING:
    from workbench.journal.checking import Check
    from workbench.model.findings.finding import Finding

_SLICE = 0.005  # seconds of a tick
_RARELY = 10  # ticks between two looks at what came of it while calls come


class Watch:
    """The findings of a journal that may be replaced by another and may grow."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._check: Check | None = None
        self._told = -1
        self._ticks = 0
        self._growing = True

    def tick(self, journal: Journal, growing: Callable[[], bool]) -> bool:
        """Go on with the check; tell whether the findings are others than before. *growing*: whether calls come yet."""
        if not len(journal):  # the rules take their time to be loaded: not in the first frame
            return False
        if self._check is None or self._check.journal is not journal:
            from workbench.journal.checking import Check

            self._check, self._told, self.findings = Check(journal), -1, []
        self._ticks += 1
        done = self._check.step(_SLICE)
        if self._ticks % _RARELY or not done:
            return False
        grows = growing()
        if self._told == self._check.position and grows == self._growing:
            return False
        before, self.findings = self.findings, self._check.findings(growing=grows)
        self._told, self._growing = self._check.position, grows
        return self.findings != before

    @property
    def settled(self) -> bool:
        """Whether every call there is was looked at, and the findings are those of all."""
        return self._check is not None and self._told == len(self._check.journal)

    @property
    def marked(self) -> frozenset[int]:
        """The numbers of the calls that are to be looked at first, but for those of mere notes."""
        return frozenset(finding.calls[0] for finding in self.findings if finding.severity != "note")

    @property
    def told(self) -> str:
        """The count for the log's frame, such as " · 2 errors, 1 warning (!)"; "" where there is none."""
        grave = [finding for finding in self.findings if finding.severity != "note"]
        if not grave:
            return ""
        from workbench.report.findings.counts import counts

        return f" · {counts(grave)} (!)"

    def beside(self, seq: int, direction: int) -> int | None:
        """Return the number of the next call after *seq* that a finding is about, or of the one before; from an end
        it goes on at the other one."""
        marked = sorted(self.marked)
        if direction > 0:
            return next((each for each in marked if each > seq), marked[0] if marked else None)
        return next((each for each in reversed(marked) if each < seq), marked[-1] if marked else None)
