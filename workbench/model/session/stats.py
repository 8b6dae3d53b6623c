"""The figures of a session: how much moved, in how many calls, how long they took, and how soon answers came.

Memory stays flat: of times, only how many fell between two powers of 1.05 is kept, so a median is right within 5 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from workbench.model.call.call import Call

_STEP = math.log(1.05)
_SHORTEST = 1e-9


class Times:
    """Many spans of time, in seconds."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.total, self.longest, self.count = 0.0, 0.0, 0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[round(math.log(max(seconds, _SHORTEST)) / _STEP)] += 1
        self.total, self.longest, self.count = self.total + seconds, max(self.longest, seconds), self.count + 1

    def percentile(self, percent: float) -> float:
        """Return the time that *percent* of them did not exceed; there has to be one."""
        wanted, seen = max(1, math.ceil(self.count * percent / 100)), 0
        for step in sorted(self._counts):
            seen += self._counts[step]
            if seen >= wanted:
                break
        return min(math.exp(step * _STEP), self.longest)


class CallFigures:
    """The calls of one name. *times*: seconds inside them, waiting included; *data*: bytes that they moved."""

    def __init__(self) -> None:
        self.count = self.failed = self.data = 0
        self.times = Times()

    def add(self, call: Call) -> None:
        """Take in a call."""
        self.count += 1
        self.failed += call.error is not None
        self.data += 0 if call.peek else len(call.data)
        if call.duration is not None:
            self.times.add(call.duration)


class SocketFigures:
    """The calls of one socket. *answers*: from the end of a send to the first bytes received after it."""

    def __init__(self) -> None:
        self.name = ""
        self.calls = self.failed = self.sent = self.received = 0
        self.answers = Times()
        self._asked: float | None = None

    def add(self, call: Call) -> None:
        """Take in a call."""
        self.name = call.name or self.name
        self.calls += 1
        self.failed += call.error is not None
        if not call.data or call.peek:
            return
        ended = call.time + (call.duration or 0)
        if call.sends:
            self.sent += len(call.data)
            self._asked = ended
        elif call.receives:
            self.received += len(call.data)
            if self._asked is not None and ended >= self._asked:
                self.answers.add(ended - self._asked)
            self._asked = None


class Stats:
    """Takes in the calls of a session, in any order but each socket's in its own."""

    def __init__(self) -> None:
        self.calls: dict[str, CallFigures] = {}
        self.sockets: dict[str, SocketFigures] = {}
        self.began, self.ended = math.inf, 0.0

    def add(self, call: Call) -> None:
        """Take in a call."""
        self.calls.setdefault(call.call, CallFigures()).add(call)
        if call.socket:
            self.sockets.setdefault(call.socket, SocketFigures()).add(call)
        self.began = min(self.began, call.time)
        self.ended = max(self.ended, call.time + (call.duration or 0))

    @property
    def count(self) -> int:
        """How many calls there were."""
        return sum(each.count for each in self.calls.values())

    @property
    def seconds(self) -> float:
        """From the beginning of the first call to the end of the last one."""
        return max(0.0, self.ended - self.began)

    def busiest(self) -> Iterator[tuple[str, SocketFigures]]:
        """Yield the sockets, those that moved most first."""
        yield from sorted(self.sockets.items(), key=lambda item: -(item[1].sent + item[1].received))
