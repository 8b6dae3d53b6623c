"""The calls that moved the same bytes as one: the sends that a recv got them from, or the recvs that took them."""

from __future__ import annotations

from workbench.journal.reader import Journal
from workbench.ui.log.rows import Rows


class Related:
    """Of one call of the journal, named by its index. Going to one of them keeps the call that they belong to."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._of: int | None = None
        self._calls: frozenset[int] = frozenset()
        self._known = True
        self._stepped_to: int | None = None

    def __contains__(self, call: int | None) -> bool:
        """Whether it is one of them, or the call itself."""
        return call in self._calls or (call is not None and call == self._of)

    def choose(self, call: int | None) -> None:
        """Look up what is related to *call*, which is selected now; nothing changes if step led there."""
        if call is None or call != self._stepped_to:
            self._of = call
            self._look_up()
        self._stepped_to = None

    def sync(self) -> bool:
        """Look again after calls came, as long as not all is known; tell whether there are more now."""
        before = self._calls
        if not self._known:
            self._look_up()
        return self._calls != before

    def _look_up(self) -> None:
        if self._of is None:
            self._calls, self._known = frozenset(), True
            return
        call, lineage = self._journal[self._of], self._journal.lineage
        parts = lineage.takers(call) if call.sends else lineage.sources(call)
        self._calls = frozenset(part.seq - 1 for part in parts or ())
        moved = sum(part.size for part in parts or ())
        self._known = moved >= len(call.data) if call.sends else parts is not None

    def step(self, rows: Rows, here: int | None, direction: int) -> int | None:
        """Return the next of them and the call itself, in the order of the log, round and round; None if none shows."""
        shown = [call for call in {self._of, *self._calls} if call is not None and rows.entry(call) is not None]
        if here not in shown or len(shown) < 2:
            return None
        shown.sort(key=rows.line)
        self._stepped_to = shown[(shown.index(here) + direction) % len(shown)]
        return self._stepped_to
