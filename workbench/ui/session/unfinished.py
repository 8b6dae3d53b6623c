"""What is asked about sessions that were never closed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.model.text.safe import safe
from workbench.ui.parts.ask import Answer


def question(left: Sequence[Path]) -> str:
    """Say what a crash left; *left*: the newest first."""
    if len(left) == 1:
        return f"A session was not closed: {safe(left[0].name)}. Every call that returned is in it."
    return f"{len(left)} sessions were not closed, the last one {safe(left[0].name)}."


def answers(left: Sequence[Path]) -> tuple[Answer, ...]:
    """Offer to look at it, to throw it away, or to decide another time."""
    discard = "Discard" if len(left) == 1 else f"Discard all {len(left)}"
    return (
        Answer("open", "Open", "o", "Look at what it holds"),
        Answer("discard", discard, "d", "Throw away what was not closed"),
        Answer("later", "Later", "l,escape", "Leave it where it is"),
    )
