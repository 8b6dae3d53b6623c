"""Rules on questions and their answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.findings.exchange import EXCHANGE, Exchange, is_request
from workbench.model.findings.finding import Finding, Severity
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import At, Moved, Sock, brief
from workbench.model.text.fit import counted, duration_text

_SMALL = 1400
_DELAY = (0.035, 0.25)


class _Asked(NamedTuple):
    """A question, the wait for its answer that timed out, the next question, and what came then."""

    question: Moved
    timeout: Moved
    again: Moved | None = None
    answer: Moved | None = None
    source: int = 0


class LateAnswer(Rule):
    """An answer that is taken for that of the next question."""

    id = "late-answer"
    severity = "error"
    on = ("send", "recv", "recv failed", "close")
    title = "the late answer to one question was read as the answer to the next"
    remedy = "After a timeout close the connection, or number questions and answers and drop what does not match."
    hides = ("closed-unread", "both-wait", "stale-connection")
    text = """A recv that times out takes nothing back: the answer still comes, and is the first thing that the next
recv finds. From there on every question gets the answer of the one before. Reported where a recv timed out, the
program asked something else, and the next recv brought what had been sent before that; quiet where the same question
is asked again, where the program receives once more before it goes on, and where the peer also speaks unasked."""

    def take(self, call: Call, sock: Sock) -> None:
        """Follow question, timeout, question, answer, next step."""
        known: _Asked | None = sock.facts.get(self.id)
        if known is not None and known.answer is not None:
            if not call.receives:
                self.found += self.settle(sock)
            del sock.facts[self.id]
        elif call.receives and call.error is not None:
            self._time_out(call, sock)
        elif known is not None and call.sends and known.again is None:
            if call.data[:64] != known.question.head[:64] and call.thread == known.timeout.thread[1]:
                sock.facts[self.id] = known._replace(again=brief(call))
            else:
                del sock.facts[self.id]
        elif known is not None and call.receives:
            parts = self.scene.lineage.sources(call) if known.again is not None else None
            if parts:
                sock.facts[self.id] = known._replace(answer=brief(call), source=parts[-1].seq)
            else:
                del sock.facts[self.id]

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report an answer that is late, behind which nothing was received."""
        known = sock.facts.get(self.id)
        if known is None or known.answer is None:
            return
        peer = self.scene.peer(sock) if sock.stream else self.scene.sender(known.source)
        if peer is None or not _answers_only(peer):
            return
        source = next((send for send in peer.sends if send.seq == known.source), None)
        if source is not None and source.start < known.again.start:
            yield self._finding(known, sock)

    def _time_out(self, call: Call, sock: Sock) -> None:
        wait, sent = brief(call), sock.last_sent
        timed_out = wait.failure in ("TimeoutError", "timeout") and wait.seconds > 0.01
        if timed_out and sent is not None and sock.last is not None and sent.seq == sock.last.seq:
            sock.facts[self.id] = _Asked(sent, wait)
        else:
            sock.facts.pop(self.id, None)

    def _finding(self, known: _Asked, sock: Sock) -> Finding:
        assert known.again is not None
        assert known.answer is not None
        message = (
            f"#{known.answer.seq} read the answer to #{known.question.seq}, late after #{known.timeout.seq} had timed "
            f"out, as that to #{known.again.seq}: #{known.source} had sent it before #{known.again.seq} asked"
        )
        proof = (known.answer, known.timeout, known.again, At(known.source))
        return self.finding(message, *proof, sock=sock, others=(self.scene.peer(sock),))


class DelayedAck(Rule):
    """Two small sends, of which the second waits for the acknowledgement of the first."""

    id = "delayed-ack"
    severity = "warning"
    on = ("recv", "setsockopt")
    title = "a message in two small sends waited for the delayed acknowledgement of the first, each time"
    remedy = "Send the message in one call (join head and body), or set TCP_NODELAY."
    experiment = "nagle-delay"
    text = """Nagle's algorithm holds back a small segment while one is not acknowledged, and the receiver delays its
acknowledgement by 40 ms in the hope of an answer to carry it (tcp(7), TCP_NODELAY; RFC 9293, 3.7.4 and 3.8.6.3).
Write, write, read so costs 40 ms a round. Reported from three rounds in which the peer waited in recv all the
while."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look at a recv that waited behind two small sends."""
        waited = call.duration or 0.0
        if not call.receives or not sock.stream or not _DELAY[0] <= waited <= _DELAY[1]:
            return
        if len(sock.sends) < 2 or sock.last is not sock.last_sent or sock.options.get("TCP_NODELAY", (0, 0))[1]:
            return
        one, two = sock.sends[-2], sock.sends[-1]
        got = sock.last_received
        if (got is not None and got.seq > one.seq) or max(one.size, two.size) > _SMALL or sock.family == "AF_UNIX":
            return
        peer = self.scene.peer(sock)
        taker = None if peer is None else next((each for each in peer.recvs if each.end > two.end + 0.03), None)
        if peer is None or taker is None or taker.start > two.start + 0.01 or taker.end > call.time + waited + 0.01:
            return
        first, rounds, spent = sock.facts.get(self.id, ((brief(call), one, two, taker), 0, 0.0))
        sock.facts[self.id] = first, rounds + 1, spent + taker.end - two.start

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report from three rounds."""
        (recv, one, two, _), rounds, spent = sock.facts.get(self.id, ((None,) * 4, 0, 0.0))
        if rounds >= 3 and recv is not None:
            message = (
                f"{rounds} times a second small send waited about {duration_text(spent / rounds)} for the "
                f"acknowledgement of the first, first #{two.seq} ({counted(two.size, 'byte')}) behind #{one.seq} "
                f"({counted(one.size, 'byte')}): together {duration_text(spent)}"
            )
            yield self.finding(message, two, one, recv, sock=sock, others=(self.scene.peer(sock),))


class FileAndRecv(Rule):
    """A stream that is read through a file and by recv."""

    id = "file-and-recv"
    severity = "error"
    on = ("recv", "recv end", "recv failed")
    title = "a stream was read through makefile() and then with recv, which misses what the file has in its buffer"
    remedy = "Read everything through the file (file.read(n)), or everything with recv."
    hides = ("both-wait", "no-timeout", "cut-message", "short-recv", "waits-after-answer")
    text = """The file that makefile() makes reads 8192 bytes at a time into a buffer of its own (io.BufferedReader):
a readline() may have taken the bytes behind the line too, and a recv on the socket waits for bytes that lie there. An
error where that recv got nothing; a warning where it went well, by luck. makefile(buffering=0) has no buffer and is
not reported."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for a recv behind one of the file's."""
        if not sock.files or call.peek:
            return
        if call.call == "recv_into" and call.error is None and (call.requested or 0) >= 4096:
            sock.facts[self.id] = brief(call)
            return
        read: Moved | None = sock.facts.get(self.id)
        if call.call == "recv" and isinstance(read, Moved) and read.seq > sock.files and read.size:
            wait = brief(call)
            if wait.failure and not wait.in_vain:
                return
            came = "waited in vain" if wait.in_vain else "read on behind it" if call.data else "got b''"
            message = (
                f"#{read.seq} read {counted(read.size, 'byte')} into the buffer of makefile() (#{sock.files}), "
                f"and #{call.seq} recv then {came}"
            )
            severity: Severity | None = "warning" if call.data else None
            proof = (call, read, At(sock.files))
            self.report(message, *proof, sock=sock, others=(self.scene.peer(sock),), severity=severity)
            sock.facts[self.id] = None


class WaitsAfterAnswer(Rule):
    """A recv behind a whole answer."""

    id = "waits-after-answer"
    severity = "error"
    on = ("send", "recv", "recv end", "recv failed")
    title = "the answer was whole, and recv waited for more"
    remedy = "Stop at the length that the answer tells (Content-Length, the last chunk), not at b'': it is kept open."
    hides = ("both-wait", "no-timeout", "reads-on-after-end")
    text = """An HTTP/1.1 connection stays open after an answer (RFC 9112, 9.3), so a client that receives until b''
waits until the server gives up. Reported where as many whole answers had come as requests had been sent, and a recv
waited in vain for a second or more, or until its timeout."""

    def take(self, call: Call, sock: Sock) -> None:
        """Cut both directions into HTTP messages, and look at a recv behind a whole answer."""
        known: Exchange | None = sock.facts.get(EXCHANGE)
        if not sock.stream or call.datagram or call.peek:
            return
        if call.sends:
            if known is None and not sock.sent and not sock.received and is_request(call.data):
                known = sock.facts[EXCHANGE] = Exchange()
            if known is not None and call.data:
                known.sent(call)
        elif known is not None:
            if call.error is None and call.data:
                known.received(call)
            elif (found := known.waits(call, sock)) and not known.told:
                known.told = True
                proof = (call,) if known.last is None else (call, known.last)
                self.report(found, *proof, sock=sock, others=(self.scene.peer(sock),))


def _answers_only(peer: Sock) -> bool:
    """Whether a peer's last sends each came behind a recv of its own, so that it does not speak unasked."""
    moves = sorted((*peer.sends, *peer.recvs), key=lambda each: each.end)
    sends = [place for place, each in enumerate(moves) if each.call.startswith("send")]
    return all(place == 0 or moves[place - 1].call.startswith("recv") for place in sends[1:]) or len(sends) < 2
