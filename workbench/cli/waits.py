"""Tells of a traced program which of its calls wait: a program that hangs would print nothing."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.journal.pages import Doing, LivePages
from workbench.journal.reader import Journal
from workbench.model.text.fit import duration_text
from workbench.model.text.safe import safe
from workbench.probe.format import CODE

LONG = 2.0
"""Seconds that a call waits before it is told of."""
_SETTING = frozenset((CODE["settimeout"], CODE["setblocking"]))


class Waits:
    """Finds calls that wait long, each once."""

    def __init__(self, live: LivePages, journal: Journal) -> None:
        self._live, self._journal = live, journal
        self._told: set[tuple[int, int]] = set()
        self._timeouts: dict[str, str] = {}
        self._read = 0

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each call that has waited for LONG seconds by now."""
        doings = self._live.doing(self._journal)
        several = len({doing.pid for doing in doings}) > 1
        for doing in doings:
            known = doing.slot, doing.started
            if doing.seconds() >= LONG and known not in self._told:
                self._told.add(known)
                yield self._sentence(doing, several)

    def _sentence(self, doing: Doing, several: bool) -> str:
        name = (doing.name or doing.socket) + f" ({doing.pid})" * several
        asked = doing.requested if doing.requested is not None and doing.call.startswith("recv") else ""
        self._learn()
        limit = self._timeouts.get(doing.socket, ", no timeout set in this session")
        source = f" at {doing.source}" if doing.source else ""
        return safe(f"{name} has waited in {doing.call}({asked}) for {duration_text(doing.seconds())}{limit}{source}")

    def _learn(self) -> None:
        """Take in which timeouts were set since the last look."""
        for index, head, _ in self._journal.heads(self._read, len(self._journal)):
            if head.code in _SETTING:
                call = self._journal[index]
                match call.args:
                    case [bool(blocking)] if call.call == "setblocking":
                        self._timeouts[call.socket] = ", no timeout" if blocking else ", non-blocking"
                    case [int() | float() as seconds]:
                        self._timeouts[call.socket] = f", timeout {seconds:g} s"
                    case [None]:
                        self._timeouts[call.socket] = ", no timeout"
        self._read = len(self._journal)
