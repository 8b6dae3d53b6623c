"""An HTTP/1 client's connection as requests and answers, for the rules that ask which are whole."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.findings.sock import FOREVER, Moved, Sock, brief
from workbench.model.lens.lens import Lens
from workbench.model.lens.parser import Frame
from workbench.model.text.fit import duration_text

EXCHANGE = "http"
"""Under which a socket's exchange stands among its facts."""


class Exchange:
    """An HTTP/1 client's connection: how many requests went out, how many answers are whole."""

    def __init__(self) -> None:
        self._requests, self._answers = Lens("http"), Lens("http")
        self.asked = self.answered = 0
        self.told = self._odd = False
        self.last: Moved | None = None

    def sent(self, call: Call) -> None:
        """Take in bytes of requests."""
        found = self._requests.feed(call.data)
        self.asked += sum(isinstance(each, Frame) for each in found)
        self._odd = (
            self._odd
            or call.data.startswith((b"HEAD ", b"CONNECT "))
            or any(not isinstance(each, Frame) for each in found)
        )

    def received(self, call: Call) -> None:
        """Take in bytes of answers."""
        found = self._answers.feed(call.data)
        self._odd = self._odd or any(not isinstance(each, Frame) for each in found)
        whole = [each for each in found if isinstance(each, Frame) and not each.label.startswith("1")]
        self.answered += len(whole)
        self.last = brief(call)

    def cut(self) -> tuple[int, int] | None:
        """Return how many bytes of an answer have come, and how many it has, where it has begun and told that."""
        pending = self._answers.pending
        if self._odd or pending is None or pending.whole is None:
            return None
        return pending.have, pending.whole

    def waits(self, call: Call, sock: Sock) -> str:
        """Say what is wrong with a recv that brought nothing; "" where nothing is."""
        wait = brief(call)
        behind = self.asked and self.asked == self.answered and self._answers.pending is None and not self._odd
        if not behind or self.last is None or sock.last is None or sock.last.seq != self.last.seq:
            return ""
        if not (wait.in_vain or (not wait.failure and wait.seconds >= 1)) or wait.seconds < 0.2:
            return ""
        how = "until the program ended" if wait.end == FOREVER else f"for {duration_text(wait.seconds)}"
        return f"the answer was whole with #{self.last.seq}, and {call.call} waited {how} for more"


def is_request(data: bytes) -> bool:
    """Whether a stream that begins with *data* is HTTP/1."""
    return b" HTTP/1." in data[:8192].partition(b"\n")[0]
