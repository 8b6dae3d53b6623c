"""What was sent from the composer before, and what was typed and left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.model.call.payload import Draft


class DraftHistory:
    """Sent drafts, oldest first, and the unsent one below them. What was typed and left is kept, wherever it was."""

    def __init__(self, past: Sequence[Draft] = (), limit: int = 200) -> None:
        self._past = list(past)
        self._unsent = Draft()
        self._at = len(self._past)
        self._limit = limit

    @property
    def past(self) -> tuple[Draft, ...]:
        """What was sent, the oldest first."""
        return tuple(self._past)

    def add(self, sent: Draft) -> None:
        """Note what was sent; it stays in the editor."""
        from_below = self._at == len(self._past)
        others = [draft for draft in self._past if draft != sent]
        self._past = [*others[-self._limit + 1 :], sent]
        self._at = len(self._past) if from_below else len(self._past) - 1

    def step(self, by: int, current: Draft) -> Draft | None:
        """Leave *current* for the next other draft before (-1) or after (1) it; None where there is none."""
        self._keep(current)
        all_drafts = [*self._past, self._unsent]
        at = self._at + by
        while 0 <= at < len(all_drafts):
            if all_drafts[at] != current:
                self._at = at
                return all_drafts[at]
            at += by
        return None

    def _keep(self, current: Draft) -> None:
        if self._at == len(self._past):
            self._unsent = current
        elif self._past[self._at] != current:
            self._past.insert(self._at + 1, current)
            self._at += 1


def replaced(draft: Draft, text: str) -> Draft:
    """Return a plain text in place of *draft*."""
    return replace(draft, text=text, mode="Text", escapes=False, ending="none")
