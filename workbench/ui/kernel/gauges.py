"""Gauges: the accept queue of a listener with those who wait in it and before it, and the send side of a socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.engine.state import AcceptQueue, Connecting, PendingCall, SendSide
from workbench.model.text.fit import shorten
from workbench.model.text.safe import cells, safe
from workbench.ui.kernel.queue_lines import ABSENT, beside
from workbench.ui.parts.piece_view import Line, PieceView, amount, bar, of_bytes, wide

_SQUARES = 16
"""So many places of an accept queue are drawn as a square each; more of them as a bar."""


@dataclass(frozen=True, slots=True)
class _Accepting:
    queue: AcceptQueue | None
    waiting: tuple[str, ...]
    connecting: tuple[Connecting, ...]


class AcceptGauge(PieceView):
    """How full the accept queue is, and with whom. One row for the queue, one for the waiting, one a connect."""

    DEFAULT_CSS = "AcceptGauge { height: auto; max-height: 5; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            tooltip="Connections that are complete and wait for accept. listen(n) lets n + 1 of them wait; the next "
            "TCP connect is not refused: its SYN is dropped and repeated, at first once a second.",
        )

    def show(
        self, queue: AcceptQueue | None, waiting: Sequence[str] = (), connecting: Sequence[Connecting] = ()
    ) -> None:
        """Draw an accept queue (None: not told), names of the clients in it, and the clients not let in yet."""
        before = self._rows()
        # Tenths of a second are all that is drawn.
        rounded = tuple(Connecting(each.name, each.state, round(each.seconds, 1), each.retries) for each in connecting)
        if self.keep(_Accepting(queue, tuple(waiting), rounded)) and self._rows() != before:
            self.refresh(layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return self._rows()

    def _rows(self) -> int:
        value = self._value
        return 1 + bool(value.waiting) + len(value.connecting) if isinstance(value, _Accepting) else 1

    def lines(self, width: int, height: int) -> list[Line]:
        value = self._value
        if not isinstance(value, _Accepting):
            return []
        rows = [accept_queue_line(value.queue, width)]
        if value.waiting:
            rows.append([(shorten(f"waiting: {', '.join(map(safe, value.waiting))}", width), "")])
        rows += [connecting_line(each, width) for each in value.connecting]
        if len(rows) > height > 1:
            rows[height - 1 :] = [[(f"… {len(rows) - height + 1} more", "muted")]]
        return rows


def accept_queue_line(queue: AcceptQueue | None, width: int) -> Line:
    """Return "accept queue ■■□□□□ 2 of 6 (backlog 5)" in about *width* cells."""
    if queue is None:
        return [("accept queue: " + ABSENT, "muted")]
    fits = queue.most + 1
    full = queue.waiting >= fits
    said = f" {queue.waiting} of {fits} "
    why = "full: the next connect waits" if full else f"(backlog {queue.most})"
    name = "accept queue "
    room = width - cells(name) - cells(said) - cells(why)
    if fits <= min(_SQUARES, room):
        taken = min(queue.waiting, fits)
        gauge: Line = [("■" * taken, "warning" if full else "full"), ("□" * (fits - taken), "rest")]
    else:
        gauge = bar(queue.waiting / fits, max(4, min(_SQUARES, room)), "■□")
    line = [(name, "muted"), *gauge, (said, "strong"), (why, "warning" if full else "muted")]
    return line if wide(line) <= width else line[:-1]


def connecting_line(each: Connecting, width: int) -> Line:
    """Return "client 7 SYN_SENT, 2 retries, 3.1 s"."""
    retries = "" if each.retries is None else f", {each.retries} {'retry' if each.retries == 1 else 'retries'}"
    name = shorten(safe(each.name), max(8, width - 34))
    return [(f"{name} ", ""), (safe(each.state), "warning"), (f"{retries}, {each.seconds:.1f} s", "")]


@dataclass(frozen=True, slots=True)
class _Sending:
    side: SendSide | None
    pending: PendingCall | None
    seconds: float


class SendGauge(PieceView):
    """What the kernel still holds of what was sent, and how far a blocked send has come. One or two rows."""

    DEFAULT_CSS = "SendGauge { height: 2; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            tooltip="Bytes that send copied into the kernel and the peer's system has not acknowledged. Acknowledged "
            "is not read: they may lie unread in the peer's receive queue.",
        )

    def show(self, side: SendSide | None, pending: PendingCall | None = None, now: float = 0.0) -> None:
        """Draw the send side (None: no socket) and a blocked send; *now* on the clock of `Pending.since`."""
        blocked = pending if pending is not None and pending.offered is not None else None
        seconds = round(max(0.0, now - blocked.since), 1) if blocked else 0.0
        self.keep(_Sending(side, blocked, seconds))

    def lines(self, width: int, height: int) -> list[Line]:
        value = self._value
        if not isinstance(value, _Sending) or value.side is None:
            return []
        rows = [send_line(value.side, width)]
        if value.pending is not None:
            held = value.side.unacknowledged if height == 1 else None
            rows.append(progress_line(value.pending, value.seconds, width, held))
        return rows[-height:]


def send_line(side: SendSide, width: int) -> Line:
    """Return "send buffer ██░░░ 12 KiB not acknowledged, 3.5 KiB free"."""
    if side.unacknowledged is None and side.free is None:
        return [("send buffer: " + ABSENT, "muted")]
    said = [] if side.unacknowledged is None else [f"{amount(side.unacknowledged)} not acknowledged"]
    said += [f"{amount(side.unsent)} not sent"] if side.unsent else []
    said += [] if side.free is None else [f"{amount(side.free)} free"]
    name = "send buffer "
    if len(said) == 3 and cells(name + ", ".join(said)) > width:
        del said[1]
    text = ", ".join(said)
    if cells(name + text) > width:
        return [(text, "")]
    room = min(16, width - cells(name) - cells(text) - 1)
    held = side.unacknowledged or 0
    whole = side.size or held + (side.free or 0)
    if room < 4 or not whole:
        return [(name, "muted"), (text, "")]
    share = 1 - side.free / whole if side.free is not None else held / whole
    return [(name, "muted"), *bar(min(1.0, max(0.0, share)), room), (" " + text, "")]


def progress_line(pending: PendingCall, seconds: float, width: int, held: int | None = None) -> Line:
    """Return "sendall █████░░░ 12288 of 65536 bytes, 1.2 s" for a blocked send; with the bytes *held* if they fit."""
    moved, offered = pending.moved or 0, pending.offered or 0
    said = f" {moved} of {of_bytes(offered)}, {seconds:.1f} s"
    name = f"{safe(pending.call)} "
    more = f", {amount(held)} not acknowledged" if held else ""
    if width - cells(name) - cells(said) - cells(more) >= 6:
        said += more
    room = width - cells(name) - cells(said)
    if room < 6:
        return [(name, "call"), (said.strip(), "")]
    return beside([(name, "call"), *bar(moved / offered if offered else 1.0, min(24, room)), (said, "")], [], width)
