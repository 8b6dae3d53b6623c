"""What the calls of a session come to, followed one after another in the order of cause.

What is told as under way is what the peer sent and the socket has not received: whether it lies in one kernel, on the
wire or in the other kernel is not known from calls. Nothing is told of a direction whose lineage cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.claims.claim import Claim, find
from workbench.model.claims.claim import Kind as Claimed
from workbench.model.ladder.rungs import Arrow, Kind, Phase, Rung, has_end
from workbench.model.lineage.lineage import Lineage, Part
from workbench.model.session.sockets import Sockets, connected_to, connects, takes
from workbench.model.words.error_sentence import errno_name

_CONNECTS = ("connect", "connect_ex")
_UNDER_WAY = ("EINPROGRESS", "EAGAIN", "EALREADY")
_NO_ANSWER = ("ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH")
_TOLD = {
    Claimed.FIN_SENT: Kind.END,
    Claimed.PEER_SEES_END: Kind.END,
    Claimed.RST_SENT: Kind.RESET,
    Claimed.PEER_SEES_RESET: Kind.RESET,
}
"""Of what a close or shutdown did: what the peer is told."""
_LOST = (
    Claimed.QUEUE_WAS_FULL, Claimed.OVERTAKEN, Claimed.NOT_IN_QUEUE,
    Claimed.NEVER_CLOSED, Claimed.NEVER_REFUSED, Claimed.NEVER_RESET,
)  # fmt: skip


@dataclass(slots=True)
class _Direction:
    """What a socket's peer has sent it in all, and what it has received of that; None where not known yet."""

    sent: int | None
    received: int | None

    @property
    def under_way(self) -> int:
        return 0 if self.sent is None or self.received is None else self.sent - self.received


class Story:
    """How things stand after the rungs so far. It can begin at any rung, and says only what it knows from there."""

    def __init__(
        self,
        sockets: Sockets,
        lineage: Lineage,
        call_at: Callable[[int], Call],
        unaccepted: Callable[[PlainAddress | None, float], int],
        claims: Callable[[Call], tuple[Claim, ...]],
        *,
        whole: bool = True,
    ) -> None:
        """*sockets*: what is known of all sockets of the session; *call_at* returns the call with a seq.

        *unaccepted* counts the connections to an address that no accept had returned at a time, *claims* says
        what a call did. *whole*: no rung
        stands before the first one that is to come.
        """
        self._sockets, self._lineage, self._call_at = sockets, lineage, call_at
        self._unaccepted, self._claims, self._whole = unaccepted, claims, whole
        self._streams: dict[str, _Direction] = {}
        self._messages: dict[str, int] = {}
        self._waiting: dict[int, str] = {}
        self._closed: set[str] = set()
        self._time: float | None = None

    def follow(self, call: Call, phase: Phase, time: float) -> None:
        """Take in the next rung's call, whose rung nobody wants to see: it takes less time."""
        asked, self._claims = self._claims, lambda call: ()
        self.next(call, phase, time)
        self._claims = asked

    def next(self, call: Call, phase: Phase, time: float) -> Rung:
        """Take in the next rung's call; return the rung."""
        gap = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time
        rung = Rung(call, phase, time, gap)
        if phase is Phase.BEGIN:
            self._waiting[call.seq] = call.socket
        elif phase is Phase.END:
            self._waiting.pop(call.seq, None)
            rung = self._connect(call, rung) if call.call in _CONNECTS else rung
        else:
            self._waiting.pop(call.seq, None)
            rung = self._happened(call, rung)
            if has_end(call):
                self._waiting[call.seq] = call.socket
        return replace(rung, under_way=self._under_way(), waiting=tuple(dict.fromkeys(self._waiting.values())))

    def _under_way(self) -> tuple[tuple[str, int], ...]:
        streams = ((socket, direction.under_way) for socket, direction in self._streams.items())
        found = dict(streams) | (self._messages if self._whole else {})
        return tuple((socket, amount) for socket, amount in found.items() if amount > 0)

    def _happened(self, call: Call, rung: Rung) -> Rung:
        if call.sends:
            return self._sent(call, rung)
        if call.receives:
            return self._received(call, rung)
        if call.call in _CONNECTS and has_end(call):
            return replace(rung, arrow=Arrow(Kind.CONNECTING, call.socket, self._listener(call)))
        if call.call in _CONNECTS:
            return self._connect(call, rung)
        if call.call == "accept" and call.error is None and call.made:
            arrow = Arrow(Kind.ACCEPTED, self._peer(call.made[0]) or "", call.socket)
            return replace(rung, arrow=arrow, unaccepted=self._unaccepted(call.local, rung.time))
        if call.call in ("shutdown", "close") and call.error is None:
            rung = self._ended(call, rung)
        if call.call == "close":  # what it had not received is nobody's now
            self._closed.add(call.socket)
            self._streams.pop(call.socket, None)
            self._messages.pop(call.socket, None)
        return rung

    # --- bytes and messages ----------------------------------------------------------------------------------------

    def _sent(self, call: Call, rung: Rung) -> Rung:
        if call.datagram and (other := self._peer(call.socket)) is None:
            return self._datagram_sent(call, rung)
        other = self._peer(call.socket)
        if _resets(call) and not call.data:
            return replace(rung, arrow=Arrow(Kind.RESET, other or "", call.socket))
        if not call.data and not (call.datagram and call.error is None):
            return rung
        if other in self._closed and find(self._claims(call), *_LOST) is not None:
            return replace(rung, arrow=Arrow(Kind.LOST, call.socket, other or "", _size(call)))
        if other is not None and other not in self._closed and self._lineage.knows_fate(call):
            self._direction(other).sent = self._lineage.reach(call)
        return replace(rung, arrow=Arrow(Kind.DATA, call.socket, other or "", _size(call)))

    def _datagram_sent(self, call: Call, rung: Rung) -> Rung:
        if call.error is not None:
            return rung
        taken = self._lineage.takers(call)
        target = self._call_at(taken[0].seq).socket if taken else self._addressed(call)
        if call.dropped or self._lineage.lost(call) or (not taken and find(self._claims(call), *_LOST)):
            return replace(rung, arrow=Arrow(Kind.LOST, call.socket, target, _size(call)))
        if taken:
            self._messages[target] = self._messages.get(target, 0) + 1
            return replace(rung, arrow=Arrow(Kind.DATA, call.socket, target, _size(call)))
        return replace(rung, arrow=Arrow(Kind.UNKNOWN, call.socket, target, _size(call)))

    def _received(self, call: Call, rung: Rung) -> Rung:
        if call.error is not None:
            if not _resets(call):
                return rung
            return replace(rung, arrow=Arrow(Kind.RESET, self._peer(call.socket) or "", call.socket))
        sources = tuple(self._lineage.sources(call) or ())
        if takes(call) and call.socket in self._messages:
            self._messages[call.socket] -= 1
        elif takes(call) and self._peer(call.socket) is not None and (reach := self._lineage.reach(call)) is not None:
            self._direction(call.socket).received = reach
        if not call.data and not sources:
            return rung
        start = self._call_at(sources[0].seq).socket if sources else self._peer(call.socket) or ""
        arrow = Arrow(Kind.TAKEN, start, call.socket, _size(call))
        return replace(rung, arrow=arrow, sources=sources, cut_from=self._cut_from(call, sources))

    def _cut_from(self, call: Call, sources: tuple[Part, ...]) -> int | None:
        """Return the bytes of a message of which the recv threw some away; None where it did not, or nobody knows."""
        if not call.datagram or call.peek:
            return None
        size = call.size if call.size is not None else len(self._call_at(sources[0].seq).data) if sources else None
        return size if size is not None and size > len(call.data) else None

    # --- connections -----------------------------------------------------------------------------------------------

    def _connect(self, call: Call, rung: Rung) -> Rung:
        listener = self._listener(call)
        error = errno_name(call)
        if error == "ECONNREFUSED":
            return replace(rung, arrow=Arrow(Kind.REFUSED, call.socket, listener))
        if call.datagram or (call.error is not None and error not in _UNDER_WAY + _NO_ANSWER and not _timed_out(call)):
            return rung
        if not connects(call):
            return replace(rung, arrow=Arrow(Kind.CONNECTING, call.socket, listener))
        arrow = Arrow(Kind.CONNECTED, call.socket, listener)
        unaccepted = self._unaccepted(connected_to(call), rung.time) if listener else None
        return replace(rung, arrow=arrow, unaccepted=unaccepted)

    def _ended(self, call: Call, rung: Rung) -> Rung:
        """Return the rung of a close or a shutdown, with an arrow where the peer is told of it."""
        told = find(self._claims(call), *_TOLD)
        if told is None:
            return rung
        label = f"{told.count} unread" if told.count else ""
        return replace(rung, arrow=Arrow(_TOLD[told.kind], call.socket, self._peer(call.socket) or "", label))

    def _peer(self, socket: str) -> str | None:
        """Return the socket at the other end of a connection; None where it is not in the session."""
        facts = self._sockets.get(socket)
        return facts.other or None if facts is not None else None

    def _direction(self, socket: str) -> _Direction:
        known = 0 if self._whole else None
        return self._streams.setdefault(socket, _Direction(known, known))

    def _listener(self, call: Call) -> str:
        """Return the listener that the call's connection came or was to come to; "" where it is not in the session."""
        other = self._peer(call.socket)
        facts = self._sockets.get(other) if other else None
        if facts is not None and facts.listener:
            return facts.listener
        peer = call.peer if call.peer is not None else (call.args or [None])[-1]
        return next((each.id for each in self._sockets if each.role == "listener" and each.local == peer), "")

    def _addressed(self, call: Call) -> str:
        """Return the datagram socket of the session with the address that a datagram was sent to, else ""."""
        facts = self._sockets.get(call.socket)
        address = call.args[-1] if call.call == "sendto" and call.args else facts.peer if facts is not None else None
        owners = (each for each in self._sockets if each.keeps_messages and each.id != call.socket)
        return next((each.id for each in owners if address is not None and each.local == address), "")


def _size(call: Call) -> str:
    return f"{len(call.data)} B"


def _resets(call: Call) -> bool:
    return errno_name(call) == "ECONNRESET"


def _timed_out(call: Call) -> bool:
    return call.error is not None and call.error.type in ("TimeoutError", "timeout", "Cancelled")
