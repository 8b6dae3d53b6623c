"""Rules on what went out of a stream, and what did not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import Moved, Sock, brief
from workbench.model.text.fit import counted


class _Cut(NamedTuple):
    """A send of which only a part went out."""

    send: Moved
    periodic: bool
    """Whether what it sent repeats itself, so that its rest may begin as it began."""

    @property
    def rest(self) -> int:
        return self.send.asked - self.send.size


class ShortSend(Rule):
    """A send whose result nobody looked at."""

    id = "short-send"
    severity = "error"
    on = ("send", "send failed")
    title = "send took a part of the bytes, and the rest was never sent"
    remedy = "Use sendall, or send the rest in a loop: data = data[sock.send(data):]."
    experiment = "send-short"
    hides = ("both-wait", "no-timeout", "cut-message", "partial-message", "not-closed", "waits-after-answer")
    text = """send(data) hands the kernel as many bytes as its send buffer has room for, and returns that number.
Where the socket has a timeout, or does not block, this may be less than it was given (send(2)); the program has to
offer the rest again. Programs that do, as asyncio and loops over select do, are not reported, nor is a send after
which the peer was gone. sendall does the loop itself."""

    def take(self, call: Call, sock: Sock) -> None:
        """Compare a send with what the one before left over, and note what this one leaves."""
        if not sock.stream:
            return
        before: _Cut | None = sock.facts.get(self.id)
        if before is not None:
            if _goes_on_elsewhere(before, call):
                self.report(self._sentence(before, call), before.send, call, sock=sock, others=(self.scene.peer(sock),))
            del sock.facts[self.id]
        if call.error is None and call.call in ("send", "sendmsg") and call.requested is not None:
            if 0 < len(call.data) < call.requested:
                sock.facts[self.id] = _Cut(brief(call), _repeats(call.data))
        elif before is not None and not call.data and call.error is not None and call.error.errno == "EAGAIN":
            sock.facts[self.id] = before

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a rest that was never offered, unless the connection was gone or there may still be time to."""
        cut: _Cut | None = sock.facts.get(self.id)
        if cut is None or _was_gone(sock):
            return
        peer = self.scene.peer(sock)
        if sock.timeout == 0:
            if peer is None or peer.received < sock.sent or peer.gone <= sock.gone:
                return
            if sock.last is None or sock.last.seq <= cut.send.seq or sock.last.failure not in ("", "unfinished"):
                return
        proof = [cut.send] + ([sock.last] if sock.last is not None and sock.last.seq > cut.send.seq else [])
        yield self.finding(self._sentence(cut, None), *proof, sock=sock, others=(peer,))

    def _sentence(self, cut: _Cut, later: Call | None) -> str:
        send = cut.send
        told = f"{send.call} offered {counted(send.asked, 'byte')} and the kernel took {send.size}"
        if later is None:
            return f"{told}: the other {cut.rest} were never sent"
        return f"{told}: instead of the other {cut.rest}, #{later.seq} sent something else"


class PartialMessage(Rule):
    """A sendall that failed in the middle, and other bytes behind it."""

    id = "partial-message"
    severity = "error"
    on = ("send", "send failed")
    title = "a sendall failed after a part of its bytes, and the peer has a piece of a message"
    remedy = "After a sendall that failed close the connection: nobody can tell how much went out."
    experiment = "sendall-timeout"
    text = """sendall that runs into its timeout has sent a part of its bytes, and Python tells nobody how many
(socket.sendall in the library reference: "there is no way to determine how much data, if any, was successfully
sent"). What is sent next stands in the middle of a message for the peer. Where the connection is closed at once, the
peer has half a message (a warning); a failure because the peer was gone is not reported."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for other bytes behind a part."""
        before: _Cut | None = sock.facts.pop(self.id, None)
        if before is not None and sock.stream and call.requested != before.rest and not _starts_alike(before, call):
            if call.data:
                told = _went_out(before.send)
                message = f"{told}, and #{call.seq} then sent other bytes: the peer takes them for the rest"
                self.report(message, before.send, call, sock=sock, others=(self.scene.peer(sock),))
            elif call.error is not None:
                sock.facts[self.id] = before
        if (cut := failed_part(call, sock)) is not None:
            sock.facts[self.id] = cut

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report a part behind which nothing came."""
        cut: _Cut | None = sock.facts.get(self.id)
        if cut is not None and not _was_gone(sock):
            message = f"{_went_out(cut.send)}: the peer has a part of the message"
            yield self.finding(message, cut.send, sock=sock, others=(self.scene.peer(sock),), severity="warning")


class SentTwice(Rule):
    """A sendall that failed in the middle, and was made again from the start."""

    id = "sent-twice"
    severity = "error"
    on = ("send", "send failed")
    title = "a sendall that had failed in the middle was made again from the start"
    remedy = "After a sendall that failed close the connection and send everything on a new one."
    experiment = "sendall-timeout"
    hides = ("partial-message", "both-send", "short-send")
    text = """A sendall that failed has sent a part of its bytes. Made again with the same bytes, the peer gets that
part twice, and cuts its messages at the wrong places from there on. To send on where it stopped, use send and count
what it returns."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look for the same bytes again."""
        before: _Cut | None = sock.facts.pop(self.id, None)
        if before is not None and call.requested == before.send.asked and _starts_alike(before, call):
            twice = min(before.send.size, len(call.data))
            again = f"#{call.seq} then sent all {before.send.asked} from the start: the peer got {twice} bytes twice"
            self.report(
                f"{_went_out(before.send)}, and {again}", before.send, call, sock=sock, others=(self.scene.peer(sock),)
            )
        elif before is not None and call.error is not None and not call.data:
            sock.facts[self.id] = before  # nothing of it went out
        if (cut := failed_part(call, sock)) is not None:
            sock.facts[self.id] = cut


def failed_part(call: Call, sock: Sock) -> _Cut | None:
    """Return a sendall that ended in the middle while the connection was in order."""
    if call.call != "sendall" or call.error is None or not sock.stream or call.requested is None:
        return None
    ended_so = call.error.type in ("TimeoutError", "timeout", "BlockingIOError", "SSLWantWriteError")
    return _Cut(brief(call), _repeats(call.data)) if ended_so and 0 < len(call.data) < call.requested else None


def _goes_on_elsewhere(before: _Cut, call: Call) -> bool:
    """Whether a send is certainly not the rest of the one before, nor begins with it."""
    if call.requested is None or (call.error is not None and not call.data):
        return call.requested is not None and call.requested < before.rest and not _would_block(call)
    if call.requested < before.rest:
        return True
    return call.requested == before.send.asked and _starts_alike(before, call) and not before.periodic


def _would_block(call: Call) -> bool:
    return call.error is not None and call.error.type in ("BlockingIOError", "SSLWantWriteError", "SSLWantReadError")


def _starts_alike(before: _Cut, call: Call) -> bool:
    """Whether two sends begin with the same bytes, of which at least one has to be there."""
    length = min(len(before.send.head), len(call.data), 256)
    return length > 0 and before.send.head[:length] == call.data[:length]


def _repeats(data: bytes) -> bool:
    """Whether the beginning of *data* stands in it again."""
    return data.find(data[:64], 1) >= 0 if len(data) > 64 else True


def _was_gone(sock: Sock) -> bool:
    """Whether the connection had ended, or the peer its side, as far as the program could see."""
    return sock.failed is not None or sock.ended is not None


def _went_out(send: Moved) -> str:
    how = "timed out" if send.failure in ("TimeoutError", "timeout") else "failed"
    return f"sendall {how} after {send.size} of {counted(send.asked, 'byte')}"
