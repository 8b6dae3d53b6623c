"""The receive queue of the chosen endpoint, read without consuming it: see engine.queue."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engine.state import Queue
from workbench.model.lineage.lineage import Part
from workbench.ui.kernel.queue_lines import Drawing, Seen, queue_lines
from workbench.ui.parts.piece_view import SENDS, Line, PieceView


class QueueView(PieceView):
    """The queued bytes with a mark where the next recv(n) will end. 4 to 6 rows; it makes the best of any size."""

    DEFAULT_CSS = "QueueView { height: 6; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            tooltip="What lies in the kernel's receive queue, and what the next recv(n) will take of it (┃). "
            "How full: the kernel's memory, its book-keeping included, against SO_RCVBUF.",
        )
        self._colours: dict[int, int] = {}

    def show(
        self,
        queue: Queue | None,
        n: int,
        parts: Sequence[Part | None] | None = (),
        *,
        call: str = "recv",
        closed: bool = False,
    ) -> None:
        """Draw a queue (None: no socket). Costs nothing if all is as before.

        *n*: what the next *call* asks for. *parts*: of a stream the sends that its bytes came from, in order; of
        messages one for each, None where its send is not known; empty if sent from outside, None if not known yet.
        """
        taken = None if parts is None else tuple(parts)
        self._colour({part.seq for part in taken or () if part is not None})
        self.keep(Seen(queue, n, call, taken, closed))

    def _colour(self, seqs: set[int]) -> None:
        """Give each send the next colour, which it keeps for as long as bytes of it are queued."""
        if not seqs:
            self._colours.clear()
            return
        for seq in [seq for seq in self._colours if seq not in seqs]:
            del self._colours[seq]
        latest = self._colours[max(self._colours)] if self._colours else -1
        for seq in sorted(seqs - self._colours.keys()):
            latest = (latest + 1) % SENDS
            self._colours[seq] = latest

    def lines(self, width: int, height: int) -> list[Line]:
        seen = self._value if isinstance(self._value, Seen) else Seen()
        return queue_lines(Drawing(seen, width, height, dict(self._colours)))
