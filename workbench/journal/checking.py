"""Checking a session for what is wrong with its program: one pass for all rules, in slices, also while it grows."""

from __future__ import annotations

import time
from collections.abc import Callable

from workbench.journal.reader import Journal
from workbench.model.findings.checker import Checker
from workbench.model.findings.finding import Finding
from workbench.model.findings.scene import Scene

_LOOKS = 64  # calls between two looks at the clock


class Check:
    """The findings of a journal, as far as its calls were looked at: those up to `position`."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.position = 0
        self._checker = Checker(Scene(journal.lineage, journal.lengths, lambda pid: journal.programs.get(pid, "")))

    @property
    def done(self) -> bool:
        """Whether all calls that the journal holds now were looked at."""
        return self.position >= len(self.journal)

    def step(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> bool:
        """Go on for about *seconds*, or to the end; tell whether the end is reached."""
        until = None if seconds is None else clock() + seconds
        take = self._checker.take
        for call in self.journal.calls(self.position, len(self.journal)):
            take(call)
            self.position = call.seq
            if until is not None and call.seq % _LOOKS == 0 and clock() >= until:
                break
        return self.done

    def findings(self, *, growing: bool = False) -> list[Finding]:
        """Return what is wrong if the session ends where the check stands, the gravest first.

        *growing*: it does not end there, and only what stays wrong whatever follows is reported.
        """
        return self._checker.certain() if growing else self._checker.findings()


def check(journal: Journal) -> list[Finding]:
    """Return what is wrong with a session, all of which is looked at now."""
    checking = Check(journal)
    checking.step()
    return checking.findings()
