"""Rules on programs that are slower than they need be."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding
from workbench.model.findings.rule import Rule
from workbench.model.findings.sock import Sock, brief
from workbench.model.text.fit import duration_text


class TinyRecv(Rule):
    """A loop that receives byte by byte."""

    id = "tiny-recv"
    severity = "warning"
    on = ("recv",)
    title = "a stream was received byte by byte"
    remedy = "Receive 4096 bytes or more at a time into a buffer, or read lines through makefile()."
    experiment = "bufsize"
    text = """Each recv is a system call of its own; a loop of recv(1) makes one for every byte. Reported from 1000
such calls that left more bytes in the queue."""

    def take(self, call: Call, sock: Sock) -> None:
        """Count recvs of one byte that left something."""
        if call.requested == 1 and sock.stream and call.left:
            first, count, _ = sock.facts.get(self.id) or (brief(call), 0, 0.0)
            sock.facts[self.id] = first, count + 1, call.time + (call.duration or 0.0)

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Report from 1000."""
        first, count, last = sock.facts.get(self.id) or (None, 0, 0.0)
        if first is not None and count >= 1000:
            message = (
                f"{first.call}(1) was called {count} times in {duration_text(last - first.start)}, with more waiting"
            )
            yield self.finding(message, first, sock=sock)
