"""A recorded session, asked for its claims as any view asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from workbench.journal.neighbours import annotation, claims, explain
from workbench.journal.reader import Journal
from workbench.model.claims.claim import Claim, Kind

T = TypeVar("T")
COVERED: dict[Kind, list[str]] = {}
"""Which tests hold a claim of each kind against the kernel: filled in as the modules are imported."""


def holds(*kinds: Kind) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a test as the one that holds claims of *kinds* against the kernel."""

    def mark(test: Callable[..., Any]) -> Callable[..., Any]:
        for kind in kinds:
            COVERED.setdefault(kind, []).append(test.__name__)
        return test

    return mark


class Session:
    """The file that the sockets of a test write."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _of(self, call: str, nth: int, ask: Callable[[Journal, int], T]) -> T:
        journal = Journal(self.path)
        journal.read_all()
        try:
            return ask(journal, [each.seq - 1 for each in journal if each.call == call][nth])
        finally:
            journal.close()

    def claim(self, kind: Kind, call: str, nth: int = -1) -> Claim:
        """Return the claim of *kind* on the nth call of that name; it fails where there is none."""
        found = self._of(call, nth, claims)
        made = [each for each in found if each.kind is kind]
        assert made, f"no {kind.name} among {[each.kind.name for each in found]}"
        return made[0]

    def kinds(self, call: str, nth: int = -1) -> set[Kind]:
        """Return the kinds of the claims on the nth call of that name."""
        return {each.kind for each in self._of(call, nth, claims)}

    def seq(self, call: str, nth: int = -1) -> int:
        """Return the number of the nth call of that name."""
        return self._of(call, nth, lambda journal, index: index + 1)

    def says(self, call: str, nth: int = -1) -> str:
        """Return all that is said of the nth call of that name: the annotation and the explanation."""

        def said(journal: Journal, index: int) -> str:
            why = explain(journal, index)
            return " ".join([*annotation(journal, index), *why.sentences, why.next])

        return self._of(call, nth, said)
