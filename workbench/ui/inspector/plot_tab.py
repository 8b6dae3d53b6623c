"""How the queues of the endpoint that is driven changed, and into which sizes recv cut the stream."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from workbench.model.text.safe import safe
from workbench.ui.inspector.tab import Endpoint, Subject, Tab
from workbench.ui.kernel.history import SampleHistory, Sizes
from workbench.ui.kernel.plots import HistoryPlot, SizesHistogram


class PlotTab(Tab):
    """Half a minute of the queues, and a histogram of recv sizes."""

    DEFAULT_CSS = "PlotTab HistoryPlot, PlotTab SizesHistogram { height: 1fr; }"
    TITLE: ClassVar[str] = "Plot"
    IS_LIVE: ClassVar[bool] = True

    def compose(self) -> ComposeResult:
        yield HistoryPlot()
        yield SizesHistogram()

    def show(self, subject: Subject) -> None:
        endpoint = subject.endpoint or Endpoint()
        queue = endpoint.inside.queue
        self.query_one(HistoryPlot).show(subject.history or SampleHistory())
        self.query_one(SizesHistogram).show(
            subject.sizes or Sizes(), messages=queue is not None and queue.keeps_messages
        )

    def about(self, subject: Subject) -> str:
        endpoint = subject.endpoint
        return f"over time: {safe(endpoint.name)}" if endpoint is not None and endpoint.name else ""
