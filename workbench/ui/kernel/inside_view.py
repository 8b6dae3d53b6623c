"""What the kernel holds for the chosen endpoint: its receive queue and send side, or a listener's accept queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive

from workbench.engine.state import EndpointState, Inside
from workbench.model.lineage.lineage import Part
from workbench.model.text.safe import safe
from workbench.ui.kernel.gauges import AcceptGauge, SendGauge
from workbench.ui.kernel.history import SampleHistory, Sizes
from workbench.ui.kernel.plots import HistoryPlot, SizesHistogram
from workbench.ui.kernel.queue_bytes import Hue, no_hue
from workbench.ui.kernel.queue_view import QueueView
from workbench.ui.parts.piece_view import PieceView
from workbench.ui.parts.titles import entitle

V = TypeVar("V", bound=PieceView)


class InsideView(Vertical):
    """Shows one endpoint at a time; `plots` turns from the queues now to how they changed."""

    DEFAULT_CSS = """
    InsideView { height: 8; }
    InsideView SendGauge { height: 1; display: none; }
    InsideView AcceptGauge, InsideView HistoryPlot, InsideView SizesHistogram { display: none; }
    InsideView QueueView { height: 1fr; }
    InsideView.-listens QueueView { display: none; }
    InsideView.-listens AcceptGauge { display: block; height: 1fr; max-height: 100%; }
    InsideView.-sends SendGauge { display: block; }
    InsideView.-plots QueueView, InsideView.-plots AcceptGauge, InsideView.-plots SendGauge { display: none; }
    InsideView.-plots HistoryPlot, InsideView.-plots SizesHistogram { display: block; height: 1fr; }
    """

    plots: reactive[bool] = reactive(False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._name_shown = ""
        self._history = SampleHistory()
        self._sizes = Sizes()
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

    def watch_plots(self) -> None:
        self._turn(self.has_class("-listens"))

    def _turn(self, listens: bool) -> None:
        """Let a listener's accept queue be seen even while plots are asked for: what they plot is of connections."""
        self.set_class(listens, "-listens")
        self.set_class(self.plots and not listens, "-plots")

    def show(
        self,
        state: EndpointState | None,
        inside: Inside,
        parts: Sequence[Part | None] | None,
        now: float,
        hue: Hue = no_hue,
    ) -> None:
        """Draw the endpoint *state*; *parts*: which sends its queued bytes or messages came from, as QueueView's."""
        self._turn(inside.listens)
        self._entitle(state)
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
        self._remember(state, inside, now)

    @property
    def counted(self) -> int:
        """How many recvs of the endpoint that is shown have been counted."""
        return self._sizes.recvs

    def count(self, sizes: Sequence[int]) -> None:
        """Count further recvs of the endpoint that is shown, by the bytes they returned."""
        for size in sizes:
            self._sizes.add(size)

    def _entitle(self, state: EndpointState | None) -> None:
        name = "" if state is None else state.name
        if name != self._name_shown:
            self._name_shown = name
            self._history.clear()
            self._sizes = Sizes()
        what = "accept queue" if self.has_class("-listens") else "over time" if self.plots else "receive queue"
        entitle(self, f"{what} of {safe(name)}" if name else "receive queue")

    def _remember(self, state: EndpointState, inside: Inside, now: float) -> None:
        queued = inside.queue.total if inside.queue is not None else None
        unacknowledged = inside.send.unacknowledged if inside.send is not None else None
        self._history.add(now, queued, unacknowledged, state.bytes_in)
        if self.plots:
            self._view(HistoryPlot).show(self._history)
            messages = inside.queue is not None and inside.queue.keeps_messages
            self._view(SizesHistogram).show(self._sizes, messages=messages)
