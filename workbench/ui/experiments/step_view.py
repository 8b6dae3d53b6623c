"""A script that runs step by step: the call that waits, and the receive queue before and after the latest recv."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from workbench.engine.tracing.stepping import Looked, Stepping, Told
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
        told = held[0].told if held else None
        source = "" if told is None else journal.text(told.writer, told.source)
        self.query_one(HeldCall).show(Waiting(stepping.rule, told, source, max(0, len(held) - 1), last))
        if told is not None and _size(told) is not None:
            looked, _ = stepping.peeked(told.socket) or (told.queue, 0.0)
            self._show_queue(told, looked, "before", journal)
        elif last is not None and last[1] is not None and _size(last[0]) is not None:
            self._show_queue(last[0], last[1].queue, "after", journal)

    def _show_queue(self, told: Told, looked: Looked | None, when: str, journal: Journal) -> None:
        if looked is None:
            return
        self.add_class("-receives")
        entitle(self.query_one("#queue-frame"), f"receive queue of {safe(told.label)} · {when} {told.call}")
        socket, lineage = socket_id(*told.socket), journal.lineage
        queue = looked.queue(sum(lineage.cuts(socket, 0)))
        parts: Sequence[Part | None] | None = ()
        if queue.keeps_messages:
            parts = lineage.queued_messages(socket, len(queue.messages))
        elif queue.head:
            parts = lineage.queued(socket, queue.offset, queue.offset + (queue.total or 0))
        self.query_one(QueueView).show(queue, _size(told) or 0, parts, call=told.call)


def _size(told: Told) -> int | None:
    """Return how many bytes a recv or recvfrom asks for; None for any other call."""
    match told.call, told.args:
        case (("recv" | "recvfrom"), [int() as size, *_]):
            return size
    return None
