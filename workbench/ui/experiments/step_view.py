"""A script that runs step by step: the call that waits, and the receive queue before and after the latest recv."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from workbench.engine.tracing.stepping import Looked, StepMessage, Stepping
from workbench.journal.reader import Journal
from workbench.model.call.call import socket_id
from workbench.model.lineage.lineage import Part
from workbench.model.text.safe import safe
from workbench.ui.kernel.queue_view import QueueView
from workbench.ui.parts.titles import entitle
from workbench.ui.trace.held_call import HeldCall, Waiting


class StepView(Vertical):
    """Two rows while calls are held, and six more once one of them is a recv; none otherwise."""

    DEFAULT_CSS = """
    StepView { height: auto; display: none; }
    StepView.-stepping { display: block; }
    StepView #queue-frame { height: 7; display: none; }
    StepView.-receives #queue-frame { display: block; }
    """

    def compose(self) -> ComposeResult:
        yield HeldCall("space lets it go · f5 runs on", id="held")
        yield Vertical(QueueView(), id="queue-frame", classes="frame")

    def show(self, stepping: Stepping | None, journal: Journal) -> None:
        """Draw what waits in *stepping*; *journal*: what the script has done so far."""
        self.set_class(stepping is not None and stepping.rule.every, "-stepping")
        if stepping is None or not stepping.rule.every:
            self.remove_class("-receives")
            return
        held, last = stepping.held(), stepping.last()
        message = held[0].message if held else None
        source = "" if message is None else journal.text(message.writer, message.source)
        self.query_one(HeldCall).show(Waiting(stepping.rule, message, source, max(0, len(held) - 1), last))
        if message is not None and _size(message) is not None:
            looked, _ = stepping.peeked(message.socket) or (message.queue, 0.0)
            self._show_queue(message, looked, "before", journal)
        elif last is not None and last[1] is not None and _size(last[0]) is not None:
            self._show_queue(last[0], last[1].queue, "after", journal)

    def _show_queue(self, message: StepMessage, looked: Looked | None, when: str, journal: Journal) -> None:
        if looked is None:
            return
        self.add_class("-receives")
        entitle(self.query_one("#queue-frame"), f"receive queue of {safe(message.label)} · {when} {message.call}")
        socket, lineage = socket_id(*message.socket), journal.lineage
        queue = looked.queue(sum(lineage.cuts(socket, 0)))
        parts: Sequence[Part | None] | None = ()
        if queue.keeps_messages:
            parts = lineage.queued_messages(socket, len(queue.messages))
        elif queue.head:
            parts = lineage.queued(socket, queue.offset, queue.offset + (queue.total or 0))
        self.query_one(QueueView).show(queue, _size(message) or 0, parts, call=message.call)


def _size(message: StepMessage) -> int | None:
    """Return how many bytes a recv or recvfrom asks for; None for any other call."""
    match message.call, message.args:
        case (("recv" | "recvfrom"), [int() as size, *_]):
            return size
    return None
