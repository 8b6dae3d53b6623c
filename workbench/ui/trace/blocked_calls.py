"""The calls of traced programs that have not returned: which socket, which call, for how long."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engine.state import EndpointState
from workbench.model.text.fit import shorten
from workbench.model.text.safe import cells, safe
from workbench.ui.parts.piece_view import Line, PieceView

_SHOWN_FROM = 0.2
"""Seconds that a call has to last to be shown."""


class BlockedCalls(PieceView):
    """A row for each blocked call, three of them at most; no rows where there is none."""

    DEFAULT_CSS = "BlockedCalls { height: auto; max-height: 3; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, tooltip="Calls that have not returned yet, and for how long they have been waiting")

    def show(self, states: Sequence[EndpointState], now: float) -> None:
        """Draw the calls under way."""
        before = self._rows()
        blocked = tuple(
            (state.name, call.text, f"{now - call.since:.1f} s")
            for state in states
            for call in state.pending
            if now - call.since >= _SHOWN_FROM
        )
        if self.keep(blocked) and self._rows() != before:
            self.refresh(layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return self._rows()

    def _rows(self) -> int:
        return len(self._value) if isinstance(self._value, tuple) else 0

    def lines(self, width: int, height: int) -> list[Line]:
        blocked = self._value if isinstance(self._value, tuple) else ()
        shown = blocked if len(blocked) <= height else blocked[: height - 1]
        rows = [_row(name, call, seconds, width) for name, call, seconds in shown]
        if len(shown) < len(blocked):
            rows.append([(f"… {len(blocked) - len(shown)} more are blocked", "muted")])
        return rows


def _row(name: str, call: str, seconds: str, width: int) -> Line:
    before, behind = f"{safe(name)} blocked in ", f" for {seconds}"
    room = max(8, width - cells(before) - cells(behind))
    return [(before, "muted"), (shorten(safe(call), room), "call"), (behind, "moved")]
