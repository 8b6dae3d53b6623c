"""Rules on calls that wait for what does not come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import FOREVER, Moved, Run, Sock, brief
from workbench.model.text.fit import counted, duration_text

_SLOW = 0.05  # seconds; shorter waits are no stand-still
_LONG = 2.0
_MANY = 50


class _Wait(NamedTuple):
    """A recv that waited and moved nothing."""

    call: Moved
    fruitless: int
    """How many recvs in a row had ended so."""


class BothWait(Rule):
    """Two ends of a connection that wait in recv for each other."""

    id = "both-wait"
    severity = "error"
    on = ("recv failed", "recv end")
    title = "both ends of a connection waited in recv for each other"
    remedy = (
        "Tell the receiver where a message ends (a length, a line end), or end the sending with shutdown(SHUT_WR), "
        "so that it need not wait for more."
    )
    experiment = "half-close"
    hides = ("no-timeout", "not-closed")
    text = """recv waits until something arrives or the peer ends its side (recv(2)). Where both sides do that at the
same time, nobody sends. Often one reads until b'' while the other keeps its side open and waits for the answer, or
one waits for more bytes than the other has sent. Reported where one of the two waits ended by its timeout, an
interrupt or the end of the program and nothing moved afterwards. A note where another thread could have sent, or
where the peer had just spoken: such waits may be meant, as for news from a server."""

    def take(self, call: Call, sock: Sock) -> None:
        """Remember a wait that brought nothing."""
        if sock.stream:
            _remember(self, call, sock)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a wait that ended in vain during one of the peer's, if nothing moved since."""
        peer = self.scene.peer(sock)
        mine: _Wait | None = sock.facts.get(self.id)
        other: _Wait | None = None if peer is None else peer.facts.get(self.id)
        if peer is None or mine is None or other is None or not mine.call.in_vain or not self._at_once(mine, other):
            return
        moment = min(mine.call.end, self.scene.now)
        if max(sock.moved_at, peer.moved_at) > moment or len(sock.pids) > 1 or len(peer.pids) > 1:
            return
        message = (
            f"{sock.label} waited in {mine.call.call} {_how_long(mine.call)} for {peer.label}, "
            f"while {peer.label} waited in {other.call.call} (#{other.call.seq}) for {sock.label}"
        )
        asked = _last_speaker(sock, peer)
        proof = [mine.call, other.call, *([asked.last_sent] if asked and asked.last_sent else [])]
        certain = self._certain(mine, other, sock, peer)
        yield self.finding(message, *proof, sock=sock, others=(peer,), severity=None if certain else "note")

    def _at_once(self, mine: _Wait, other: _Wait) -> bool:
        """Whether *mine* ended within *other*, and of two that ended so is the one to be told of."""
        moment = min(mine.call.end, self.scene.now)
        if not other.call.start <= moment <= other.call.end or moment - max(mine.call.start, other.call.start) < _SLOW:
            return False
        return not other.call.in_vain or (mine.call.end, mine.call.seq) < (other.call.end, other.call.seq)

    def _certain(self, mine: _Wait, other: _Wait, sock: Sock, peer: Sock) -> bool:
        """Whether nobody else could have ended the waits, and one side was owed something."""
        for wait, one in ((mine, sock), (other, peer)):
            if one.threads - {wait.call.thread} or wait.fruitless > 1:
                return False
        asked = _last_speaker(sock, peer)
        owed = asked is None or asked.role in ("client", "pair") or (asked is sock and "imeout" in mine.call.failure)
        return owed or any(_wants_rest(wait, one) for wait, one in ((mine, sock), (other, peer)))


class BothSend(Rule):
    """Two ends of a connection that wait in send for each other."""

    id = "both-send"
    severity = "error"
    on = ("send failed", "send")
    title = "both ends of a connection waited in send for each other"
    remedy = "Receive while sending: with a thread for each direction, or with select and non-blocking sockets."
    hides = ("no-timeout", "partial-message", "both-wait", "closed-unread")
    text = """A send waits while the peer's receive queue and the own send buffer are full (send(2)). Where both sides
send much and read nothing meanwhile, both queues fill, and neither send returns."""

    def take(self, call: Call, sock: Sock) -> None:
        """Remember a send that had to wait."""
        if sock.stream and (call.unfinished or (call.duration or 0.0) > _SLOW):
            sock.facts[self.id] = brief(call)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a send that ended in vain during one of the peer's."""
        peer = self.scene.peer(sock)
        mine: Moved | None = sock.facts.get(self.id)
        other: Moved | None = None if peer is None else peer.facts.get(self.id)
        if mine is None or other is None or peer is None or not mine.in_vain or mine.thread == other.thread:
            return
        moment = min(mine.end, self.scene.now)
        if not other.start <= moment <= other.end or moment - max(mine.start, other.start) < _SLOW:
            return
        if (other.in_vain and (other.end, other.seq) < (mine.end, mine.seq)) or _reads_within(sock, mine, moment):
            return
        message = (
            f"{sock.label} waited in {mine.call} {_how_long(mine)} ({mine.size} of {counted(mine.asked, 'byte')} went "
            f"out) while {peer.label} waited in {other.call} (#{other.seq}): neither received"
        )
        yield self.finding(message, mine, other, sock=sock, others=(peer,))


class NoTimeout(Rule):
    """A recv without a timeout, for an answer that did not come."""

    id = "no-timeout"
    severity = "warning"
    on = ()
    title = "an answer was awaited without a timeout, and did not come"
    remedy = "Set a timeout before the call: sock.settimeout(5)."
    experiment = "waiting-reader"
    text = """Without settimeout a recv waits for ever: a peer that has crashed, lost its network or forgotten to
answer is not noticed (socket.settimeout). Reported where a program sent something, waited for the answer in the same
thread for more than two seconds, and had to be ended."""

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a last wait that is behind a send."""
        last, sent = sock.last, sock.last_sent
        if last is None or sent is None or not last.in_vain or last.call in ("send", "sendall", "sendto", "sendmsg"):
            return
        got = sock.last_received
        behind = sent.seq < last.seq and (got is None or got.seq < sent.seq) and sent.thread == last.thread
        waited = min(last.end, self.scene.now) - last.start
        if sock.timeout is None and behind and waited > _LONG and last.failure in ("KeyboardInterrupt", "unfinished"):
            message = f"{last.call} waited {duration_text(waited)} for an answer to #{sent.seq}, with no timeout set"
            yield self.finding(message, last, sent, sock=sock)


class CloseWhileBlocked(Rule):
    """A close that does not wake a call in another thread."""

    id = "close-while-blocked"
    severity = "error"
    on = ("recv", "recv end", "recv failed", "send", "send failed", "accept", "accept failed")
    title = "a socket was closed while another thread waited in a call on it, which went on"
    remedy = "Call shutdown(socket.SHUT_RDWR) first: it wakes the call, and tells the peer."
    hides = ("no-timeout", "both-wait", "closed-unread", "not-closed")
    text = """close gives the descriptor back, but a call that another thread has under way keeps the socket alive: on
Linux it is not woken (close(2), NOTES), and the peer gets no FIN until it returns. shutdown wakes it. Calls with a
timeout are not reported, as they end soon."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a call that began before the close and went on long after it."""
        closed = sock.closed
        if closed is None or call.pid != closed.pid or call.thread == closed.thread or sock.timeout is not None:
            return
        shut = sock.shut is not None and sock.shut.seq < closed.seq and sock.shut.args[:1] != ["SHUT_WR"]
        end = self.scene.now if call.unfinished else call.time + (call.duration or 0.0)
        if call.time < closed.time and end > closed.time + 0.2 and not shut and len(sock.pids) == 1:
            how = "never returned" if call.unfinished else f"went on for {duration_text(end - closed.time)}"
            message = f"#{closed.seq} closed the socket, but {call.call} in thread {call.thread} {how}"
            self.report(message, closed, call, sock=sock, others=(self.scene.peer(sock),))


class BusyWait(Rule):
    """A loop that asks a non-blocking socket again and again."""

    id = "busy-wait"
    severity = "warning"
    on = (
        *("recv", "recv end", "recv failed", "send", "send failed", "accept", "accept failed"),
        *("connect failed", "connect"),
    )
    title = "a non-blocking socket was asked again and again without waiting"
    remedy = "Wait with select, poll or selectors until the socket is ready, or give it a timeout."
    experiment = "non-blocking"
    text = """A non-blocking call raises BlockingIOError when nothing can be done at once. A loop that just tries
again uses a whole core. Reported from 50 in a row with less than a millisecond between them."""

    def take(self, call: Call, sock: Sock) -> None:
        """Count failures in a row."""
        run: Run | None = sock.facts.get(self.id)
        again = call.error is not None and call.error.type == "BlockingIOError" and call.error.errno != "EINPROGRESS"
        if again and run is not None and run.goes_on(call, 0.001):
            run.add(call)
            return
        yet = [] if run is None else list(self._finding(run, sock))
        self.found += yet
        sock.facts[self.id] = Run(call) if again else None

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report the run that goes on."""
        run: Run | None = sock.facts.get(self.id)
        if run is not None:
            yield from self._finding(run, sock)

    def _finding(self, run: Run, sock: Sock) -> Iterator[Finding]:
        if run.times >= _MANY:
            message = f"{run.first.call} raised BlockingIOError {run.times} times in {duration_text(run.seconds)}"
            yield self.finding(message, run.first, sock=sock)


def _remember(rule: Rule, call: Call, sock: Sock) -> None:
    """Keep the last wait of a socket that moved nothing."""
    wait = brief(call)
    if wait.seconds < _SLOW:
        return
    before: _Wait | None = sock.facts.get(rule.id)
    again = before is not None and sock.last is not None and sock.last.seq == before.call.seq
    sock.facts[rule.id] = _Wait(wait, before.fruitless + 1 if before is not None and again else 1)


def _last_speaker(sock: Sock, peer: Sock) -> Sock | None:
    """Return the end of a connection that sent last."""
    spoke = [one for one in (sock, peer) if one.last_sent is not None and one.sent]
    return max(spoke, key=lambda one: one.last_sent.start if one.last_sent else 0.0, default=None)


def _wants_rest(wait: _Wait, sock: Sock) -> bool:
    """Whether a recv asks for exactly what the one before it left of its request."""
    got = sock.recvs[-1] if sock.recvs else None
    return got is not None and 0 < got.size < got.asked == got.size + wait.call.asked


def _reads_within(sock: Sock, mine: Moved, moment: float) -> bool:
    return any(mine.start <= each.end <= moment for each in sock.recvs)


def _how_long(wait: Moved) -> str:
    return "until the program ended" if wait.end == FOREVER else f"for {duration_text(wait.seconds)}"
