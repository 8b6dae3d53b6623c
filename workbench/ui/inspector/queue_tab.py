"""What the kernel holds for the endpoint that is driven."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from workbench.model.text.safe import safe
from workbench.ui.inspector.tab import Endpoint, Subject, Tab
from workbench.ui.kernel.inside_view import InsideView


class QueueTab(Tab):
    """The receive queue with the mark where the next recv will end, the send side, or a listener's accept queue."""

    TITLE: ClassVar[str] = "Queue"
    IS_LIVE: ClassVar[bool] = True

    def compose(self) -> ComposeResult:
        yield InsideView()

    def show(self, subject: Subject) -> None:
        endpoint = subject.endpoint or Endpoint()
        self.query_one(InsideView).show(endpoint.state, endpoint.inside, endpoint.parts, endpoint.now, endpoint.hue)

    def about(self, subject: Subject) -> str:
        endpoint = subject.endpoint
        if endpoint is None or not endpoint.name:
            return ""
        return f"{'accept queue' if endpoint.inside.listens else 'receive queue'} of {safe(endpoint.name)}"
