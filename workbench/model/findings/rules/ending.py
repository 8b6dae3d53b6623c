"""Rules on how connections end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Evidence, Rule
from workbench.model.findings.scene import Scene
from workbench.model.findings.sock import Moved, Sock, brief
from workbench.model.text.fit import counted, duration_text

_IDLE = 0.02  # seconds after which a close was not just crossed by a send


class _Run(NamedTuple):
    """Recvs in a row that told the end."""

    first: Moved
    last: float
    times: int


class ReadsOnAfterEnd(Rule):
    """A loop that goes on after b''."""

    id = "reads-on-after-end"
    severity = "error"
    on = ("recv end",)
    title = "recv was called again and again after it had returned b''"
    remedy = "Leave the loop when recv returns b'': the peer has ended, and nothing more will come."
    experiment = "transfer-end"
    hides = ("not-closed", "busy-wait", "short-recv", "cut-message")
    text = """b'' from a stream is its end: the peer has closed, or shut down its sending (recv(2), RETURN VALUE).
Every further recv returns b'' at once, so a loop that waits for more bytes runs for ever on a whole core. A warning
from three in a row, an error from ten; one read more, as http.client makes, is not reported."""

    def take(self, call: Call, sock: Sock) -> None:
        """Count them."""
        if sock.stream and not call.datagram:
            run: _Run | None = sock.facts.get(self.id)
            end = call.time + (call.duration or 0.0)
            sock.facts[self.id] = _Run(brief(call), end, 1) if run is None else _Run(run.first, end, run.times + 1)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report three and more."""
        run: _Run | None = sock.facts.get(self.id)
        if run is not None and run.times >= 3:
            message = (
                f"{run.first.call} returned b'' {run.times} times in {duration_text(run.last - run.first.end)} "
                "after the stream had ended"
            )
            yield self.finding(message, run.first, sock=sock, severity="error" if run.times >= 10 else "warning")


class ClosedUnread(Rule):
    """A close that resets the connection because bytes were unread."""

    id = "closed-unread"
    severity = "error"
    on = ("close",)
    title = "a close with unread bytes reset the connection, and took what had been sent with it"
    remedy = "Read to the end before close, or call shutdown(SHUT_WR) and receive until b''."
    experiment = "close-resets"
    hides = ("stale-connection",)
    text = """close on a TCP socket whose receive queue still holds bytes sends a RST instead of a FIN (tcp(7)), and
what the peer had not received yet is thrown away at its side: it gets ECONNRESET instead of the answer. An error
where bytes sent here never got to the peer's program, which was told of the reset; else a note, as clients that give
up do it on purpose."""

    def take(self, call: Call, sock: Sock) -> None:
        """Remember what lay unread."""
        if call.unread and sock.stream and not sock.tls and sock.family != "AF_UNIX" and len(sock.pids) == 1:
            sock.facts[self.id] = call

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Say what it cost, once the peer was told."""
        call: Call | None = sock.facts.get(self.id)
        if call is None:
            return
        peer, sent = self.scene.peer(sock), sock.last_sent
        lost = 0 if peer is None else sock.sent - peer.received
        told = None if peer is None else peer.failed
        unread = counted(call.unread or 0, "byte")
        if lost > 0 and told is not None and sent is not None and peer is not None:
            message = (
                f"close with {unread} unread sent a RST: {counted(lost, 'byte')} that had been sent (#{sent.seq}) "
                f"never got to {peer.label}, which got {told.failure} (#{told.seq})"
            )
            yield self.finding(message, call, sent, told, sock=sock, others=(peer,))
        else:
            message = f"close with {unread} unread, so the peer gets a RST and not an orderly end"
            proof = (call,) if told is None else (call, told)
            yield self.finding(message, *proof, sock=sock, others=(peer,), severity="note")


class StaleConnection(Rule):
    """A request on a connection that the server had closed long before."""

    id = "stale-connection"
    severity = "warning"
    on = ("send", "send failed", "recv failed", "recv end", "recv")
    title = "a request went out on a connection that the peer had closed already"
    remedy = "Before a connection is used again see whether it has ended (a recv that does not wait), or try once more."
    experiment = "peer-gone"
    text = """After the peer has closed, the first send still succeeds: its bytes go out and are answered with a RST,
which the next call is told of as EPIPE or ECONNRESET, or which comes behind the b'' of the peer's end (send(2),
tcp(7)). Reported for clients that had received their answer, were idle, and sent again after the server's close."""

    def take(self, call: Call, sock: Sock) -> None:
        """Note a send after the peer's close, and what comes of it."""
        stale: Moved | None = sock.facts.pop(self.id, None)
        peer = self.scene.peer(sock) if sock.role == "client" else None
        if peer is None or peer.closed is None or call.datagram:
            return
        if stale is not None:
            failure = brief(call).failure
            if failure in ("EPIPE", "ECONNRESET") or (call.receives and not call.data and not failure):
                got = failure or "b''"
                message = (
                    f"{stale.call} still returned, but {peer.label} had been closed "
                    f"{duration_text(stale.start - peer.closed.time)} before (#{peer.closed.seq}), "
                    f"and #{call.seq} {call.call} got {got}"
                )
                self.report(message, stale, peer.closed, call, sock=sock, others=(peer,))
        elif call.sends and call.error is None and self._is_idle(sock, call) and not _is_record(call.data):
            sock.facts[self.id] = brief(call)

    def _is_idle(self, sock: Sock, call: Call) -> bool:
        """Whether the last thing on the connection was an answer, and the peer's close came long before *call*."""
        last, peer = sock.last_received, self.scene.peer(sock)
        closed = None if peer is None else peer.closed
        answered = sock.shut is None and last is not None and last is sock.last and last.size > 0
        return answered and closed is not None and call.time > closed.time + _IDLE


class NotClosed(Rule):
    """Connections whose peer has ended, and which are never closed here."""

    id = "not-closed"
    severity = "error"
    on = ("accept failed", "socket failed", "recv")
    title = "connections that the peer had ended were never closed"
    remedy = "Close the socket when recv returns b'': with a with-block, or in a finally."
    experiment = "many-clients"
    text = """When the peer closes, recv returns b'', and the connection stays in CLOSE_WAIT until it is closed here
too (tcp(7)). Each keeps a descriptor; at the limit accept and socket raise EMFILE. A warning from ten such
connections, an error where a call failed with EMFILE. A socket that was collected as garbage counts as closed once
its number was used again."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._full: dict[int, Call] = {}

    def take(self, call: Call, sock: Sock) -> None:
        """Note that descriptors ran out."""
        if call.error is not None and call.error.errno == "EMFILE":
            self._full.setdefault(call.pid, call)

    def end(self) -> Iterator[Finding]:
        """Count what is open after its end, by process and by the line that was told."""
        left: dict[tuple[int, str], list[Sock]] = {}
        for sock in self.scene:
            ended, open_still = sock.ended, sock.closed is None and sock.gone > self.scene.now
            if ended is not None and open_still and not (sock.last_sent and sock.last_sent.seq > ended.seq):
                left.setdefault((sock.pid, ended.source), []).append(sock)
        for (pid, _), socks in left.items():
            full = self._full.get(pid)
            if len(socks) >= 10 or (full is not None and len(socks) >= 3):
                first = socks[0].ended
                assert first is not None
                message = f"{counted(len(socks), 'connection')} had ended (b'') and {_were(socks)} never closed here"
                proof: list[Evidence] = [first]
                if full is not None:
                    message += f", until {full.call} raised EMFILE (#{full.seq}): no descriptor was left"
                    proof.append(full)
                yield self.finding(message, *proof, sock=socks[0], severity="warning" if full is None else None)


def _is_record(data: bytes) -> bool:
    """Whether bytes are a small record of TLS, such as the alert that says goodbye."""
    return len(data) < 64 and data[:1] in (b"\x15", b"\x17") and data[1:2] == b"\x03"


def _were(socks: list[Sock]) -> str:
    return "was" if len(socks) == 1 else "were"
