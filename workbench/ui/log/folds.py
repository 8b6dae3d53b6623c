"""Runs of calls that say the same, each folded into the line of its first one unless a person opened it."""

from __future__ import annotations

from array import array
from bisect import bisect_right


class Folds:
    """Of the entries of a log: those that repeat the entry before them. Asking costs O(log runs)."""

    def __init__(self) -> None:
        self._heads = array("I")
        self._more = array("I")
        """How many entries follow each head."""
        self.opened: set[int] = set()
        """Heads of the runs that are shown entry by entry."""

    def add(self, entry: int) -> None:
        """Take in an entry, each after those before it, that repeats the one before it."""
        if self._heads and self._heads[-1] + self._more[-1] == entry - 1:
            self._more[-1] += 1
        else:
            self._heads.append(entry - 1)
            self._more.append(1)

    def head(self, entry: int) -> int | None:
        """Return the first entry of the run that holds *entry*; None where it is in none."""
        at = self._at(entry)
        return None if at is None else self._heads[at]

    def is_open(self, entry: int) -> bool:
        """Whether the entry is in a run that is shown entry by entry."""
        return bool(self.opened) and self.head(entry) in self.opened

    def hides(self, entry: int) -> bool:
        """Whether the entry has no line of its own."""
        head = self.head(entry)
        return head is not None and head != entry and head not in self.opened

    def size(self, entry: int) -> int:
        """Return how many entries are folded into the line of *entry*."""
        at = self._at(entry)
        return 0 if at is None or self._heads[at] != entry or entry in self.opened else self._more[at]

    def start(self, entry: int) -> int:
        """Return the entry whose line holds *entry*."""
        head = self.head(entry)
        return entry if head is None or not self.hides(entry) else head

    def stop(self, entry: int) -> int:
        """Return the entry after the run that holds *entry*."""
        at = self._at(entry)
        return entry + 1 if at is None else self._heads[at] + self._more[at] + 1

    def any_in(self, begin: int, stop: int) -> bool:
        """Whether any entry from *begin* up to *stop* may be hidden."""
        at = bisect_right(self._heads, stop - 1) - 1
        return at >= 0 and self._heads[at] + self._more[at] >= begin

    def _at(self, entry: int) -> int | None:
        at = bisect_right(self._heads, entry) - 1
        return at if at >= 0 and entry <= self._heads[at] + self._more[at] else None
