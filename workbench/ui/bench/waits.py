"""What waits at the endpoints, in a line."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engine.state import EndpointState
from workbench.model.text.safe import safe

_SHOWN_FROM = 0.5
"""Seconds that a call has to last to be told."""


def waiting(states: Sequence[EndpointState], now: float) -> str:
    """Say which call of a person's has not returned, and for how long; what goes on by itself waits all the time."""
    blocked = [
        f"● {safe(state.name)} waits in {safe(call.call)} {now - call.since:.0f} s"
        for state in states
        for call in state.pending
        if not state.auto and now - call.since >= _SHOWN_FROM
    ]
    return " · ".join([*blocked[:3], "esc ends it"]) if blocked else ""
