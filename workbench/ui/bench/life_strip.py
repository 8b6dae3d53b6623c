"""The strip of a socket's life: its calls in order, where it stands, and what it is blocked in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from workbench.engine.state import EndpointState, PendingCall
from workbench.ui.bench.wishes import CancelWanted

LISTENER = ("socket", "bind", "listen", "accept", "recv", "send", "close")
DATAGRAM_SERVER = ("socket", "bind", "recvfrom", "sendto", "close")
CLIENT = ("socket", "connect", "send", "recv", "shutdown", "close")
DATAGRAM_CLIENT = ("socket", "sendto", "recvfrom", "close")

_STEPS = {
    "connect_ex": "connect",
    "sendall": "send",
    "sendto": "send",
    "sendmsg": "send",
    "recvfrom": "recv",
    "recvmsg": "recv",
    "recv_into": "recv",
    "recvfrom_into": "recv",
    "recvmsg_into": "recv",
}


def step_of(call: str) -> str:
    """Return the step of the strip that a call belongs to."""
    return _STEPS.get(call, call)


def steps_of(states: Iterable[EndpointState], role: str) -> tuple[str, ...]:
    """Return the strip for the sockets shown: that of the first, or of a stream where there is none."""
    first = next(iter(states), None)
    datagrams = first is not None and first.type in ("SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM")
    if role == "server":
        return DATAGRAM_SERVER if datagrams else LISTENER
    return DATAGRAM_CLIENT if datagrams and first is not None and first.peer is None else CLIENT


@dataclass(frozen=True, slots=True)
class Standing:
    """What a strip draws. *seconds* run in the step *at*, if a person's call is blocked there.

    *waits*: where it waits by itself, which is how it should be.
    """

    steps: tuple[str, ...] = LISTENER
    done: frozenset[str] = frozenset()
    at: str = ""
    blocked: frozenset[str] = frozenset()
    waits: frozenset[str] = frozenset()
    seconds: str = ""
    failed: bool = False

    @classmethod
    def of(cls, states: tuple[EndpointState, ...], steps: tuple[str, ...], now: float) -> Standing:
        """Read it from the chosen endpoint, and after it those that stand behind it (a connection's listener)."""
        pending: list[PendingCall] = [call for state in states for call in state.pending]
        chosen = states[0] if states else None
        told = [call for state in states for call in state.pending if not state.auto]
        oldest = min((call.since for call in told[:1]), default=None)
        at = pending[0].call if pending else (chosen.last or "") if chosen else ""
        return cls(
            steps=steps,
            done=frozenset(step_of(call) for state in states for call in state.done),
            at=step_of(at),
            blocked=frozenset(step_of(call.call) for call in told),
            waits=frozenset(step_of(call.call) for call in pending),
            seconds="" if oldest is None else f"{max(0.0, now - oldest):.1f} s",
            failed=bool(not pending and chosen and chosen.error),
        )


class LifeStrip(Widget):
    """socket › bind › … in one row; a click on it ends the blocked call."""

    DEFAULT_CSS = "LifeStrip { height: 1; width: 1fr; }"

    def __init__(self, id: str, standing: Standing) -> None:
        super().__init__(id=id)
        self.tooltip = (
            "The calls of this socket's life, where it stands, and how long it is blocked. A click cancels that."
        )
        self._standing = standing
        self._endpoint = ""

    def show(self, name: str, standing: Standing) -> None:
        """Draw another standing of the endpoint *name*; costs nothing if it is the same."""
        self._endpoint = name
        if standing != self._standing:
            self._standing = standing
            self.refresh()

    def on_click(self) -> None:
        if self._endpoint and self._standing.blocked:
            self.post_message(CancelWanted(self._endpoint))

    def render(self) -> Content:
        parts = [self._part(step) for step in self._standing.steps]
        here = [step_of(step) for step in self._standing.steps]
        at = here.index(self._standing.at) if self._standing.at in here else 0
        drawn = Content("›").join(parts)
        for first in range(1, at + 1):  # too narrow: leave out what is long past
            if drawn.cell_length <= self.content_size.width:
                break
            drawn = Content.assemble("…", Content("›").join(parts[first:]))
        return drawn

    def _part(self, step: str) -> Content:
        standing, here = self._standing, step_of(step)
        if here in standing.blocked:
            running = f" {standing.seconds}" if here == standing.at and standing.seconds else ""
            return Content.styled(f"{step}{running}", "reverse bold $text-accent")
        if here in standing.waits:
            return Content.styled(step, "bold underline $text-success")
        if here == standing.at:
            mark = "!" if standing.failed else ""
            return Content.styled(f"{step}{mark}", "reverse bold " + ("$text-error" if mark else "$text-success"))
        return Content.styled(step, "$text-success" if here in standing.done else "$text-muted dim")
