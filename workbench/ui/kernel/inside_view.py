"""What the kernel holds for the chosen endpoint: its receive queue and send side, or a listener's accept queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical

from workbench.engine.state import EndpointState, Inside
from workbench.model.lineage.lineage import Part
from workbench.ui.kernel.gauges import AcceptGauge, SendGauge
from workbench.ui.kernel.queue_bytes import Hue, no_hue
from workbench.ui.kernel.queue_view import QueueView
from workbench.ui.parts.piece_view import PieceView

V = TypeVar("V", bound=PieceView)


class InsideView(Vertical):
    """Shows one endpoint at a time."""

    DEFAULT_CSS = """
    InsideView { height: 1fr; }
    InsideView SendGauge { height: 1; display: none; }
    InsideView AcceptGauge { display: none; }
    InsideView QueueView { height: 1fr; }
    InsideView.-listens QueueView { display: none; }
    InsideView.-listens AcceptGauge { display: block; height: 1fr; max-height: 100%; }
    InsideView.-sends SendGauge { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._made: dict[type[PieceView], PieceView] = {}

    def compose(self) -> ComposeResult:
        yield QueueView()
        yield SendGauge()

    def _view(self, kind: type[V]) -> V:
        """Return the view of that kind, which is made when it is first needed."""
        view = self._made.get(kind)
        if view is None:
            view = self._made[kind] = kind()
            self.mount(view)
        return view  # type: ignore[return-value]

    def show(
        self,
        state: EndpointState | None,
        inside: Inside,
        parts: Sequence[Part | None] | None,
        now: float,
        hue: Hue = no_hue,
    ) -> None:
        """Draw the endpoint *state*; *parts*: which sends its queued bytes or messages came from, as QueueView's."""
        self.set_class(inside.listens, "-listens")
        if state is None:
            self.query_one(QueueView).show(None, 0)
            return
        if inside.listens:
            self._view(AcceptGauge).show(inside.accept, inside.waiting, inside.connecting)
            return
        sending = next((call for call in state.pending if call.offered is not None), None)
        held = inside.send is not None and bool(inside.send.unacknowledged)
        self.set_class(sending is not None or held, "-sends")
        self.query_one(SendGauge).show(inside.send, sending, now)
        loose = state.type == "SOCK_DGRAM" and state.peer is None
        self.query_one(QueueView).show(
            inside.queue, state.bufsize, parts, call="recvfrom" if loose else "recv", closed=state.closed, hue=hue
        )
