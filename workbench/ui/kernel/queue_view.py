"""The receive queue of the chosen endpoint, read without consuming it: see engine.queue."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engine.state import Queue
from workbench.model.lineage.lineage import Part
from workbench.ui.kernel.queue_bytes import Hue, no_hue
from workbench.ui.kernel.queue_lines import Drawing, Seen, queue_lines
from workbench.ui.parts.piece_view import Line, PieceView


class QueueView(PieceView):
    """The queued bytes with a mark where the next recv(n) will end. 4 to 6 rows; it makes the best of any size."""

    DEFAULT_CSS = "QueueView { height: 6; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            tooltip="What lies in the kernel's receive queue, and what the next recv(n) will take of it (┃). "
            "How full: the kernel's memory, its book-keeping included, against SO_RCVBUF.",
        )
        self._hue: Hue = no_hue

    def show(
        self,
        queue: Queue | None,
        n: int,
        parts: Sequence[Part | None] | None = (),
        *,
        call: str = "recv",
        closed: bool = False,
        hue: Hue = no_hue,
    ) -> None:
        """Draw a queue (None: no socket). Costs nothing if all is as before.

        *n*: what the next *call* asks for. *parts*: of a stream the sends that its bytes came from, in order; of
        messages one for each, None where its send is not known; empty if sent from outside, None if not known yet.
        *hue*: of each send, see parts.style.
        """
        taken = None if parts is None else tuple(parts)
        self._hue = hue
        self.keep(Seen(queue, n, call, taken, closed))

    def lines(self, width: int, height: int) -> list[Line]:
        seen = self._value if isinstance(self._value, Seen) else Seen()
        return queue_lines(Drawing(seen, width, height, self._hue))
