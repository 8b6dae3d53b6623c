"""How far it has come, and what it came to: lines on stderr for --progress and --stats."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from workbench.engine.state import Moved
from workbench.model.call.size import size_text
from workbench.model.text.fit import counted, duration_text

_OFTEN, _SELDOM = 0.2, 2.0
"""Seconds between two lines, on a terminal and elsewhere."""


class Progress:
    """What has been *moved* so far, told while it lasts, and at the end."""

    def __init__(self, moved: Callable[[], Moved], *, progress: bool, stats: bool) -> None:
        self._moved, self._progress, self._stats = moved, progress, stats
        self._terminal = sys.stderr.isatty()
        self._began = self._shown = time.monotonic()
        self._told = False

    def show(self) -> None:
        """Tell, if it is time to."""
        now = time.monotonic()
        if self._progress and now - self._shown >= (_OFTEN if self._terminal else _SELDOM):
            self._shown, self._told = now, True
            line = self._line(now)
            print(f"\r{line}\x1b[K" if self._terminal else line, end="" if self._terminal else "\n", file=sys.stderr)
            sys.stderr.flush()

    def end(self, round_trips: Sequence[float] = ()) -> None:
        """Tell the sum; *round_trips*: seconds from a send to the first bytes that came after it."""
        if self._progress:
            start = "\r" if self._terminal and self._told else ""
            print(f"{start}{self._line(time.monotonic())}", file=sys.stderr, flush=True)
        if self._stats:
            for line in self._sums(max(time.monotonic() - self._began, 1e-6), sorted(round_trips)):
                print(line, file=sys.stderr, flush=True)

    def _line(self, now: float) -> str:
        moved, seconds = self._moved(), max(now - self._began, 1e-6)
        more = f" of {size_text(moved.offered)}" if moved.offered > moved.bytes_out else ""
        both = size_text(int((moved.bytes_in + moved.bytes_out) / seconds))
        return f"{size_text(moved.bytes_out)} out{more}, {size_text(moved.bytes_in)} in, {both}/s, {seconds:.1f} s"

    def _sums(self, seconds: float, trips: list[float]) -> list[str]:
        moved = self._moved()
        rates = [f"{way} {size / 1e6 / seconds:.3g} MB/s" for way, size in (("out", moved[1]), ("in", moved[0]))]
        calls = f"{counted(moved.calls, 'call')} in {duration_text(seconds)}, {moved.calls / seconds:.4g} calls/s"
        lines = [f"{calls}; {', '.join(rates)}"]
        if trips:
            points = ", ".join(
                f"{name} {duration_text(trips[int(share * (len(trips) - 1))])}" for name, share in _POINTS
            )
            lines.append(f"{counted(len(trips), 'round trip')}: {points}")
        return lines


_POINTS = (("least", 0.0), ("median", 0.5), ("90 %", 0.9), ("99 %", 0.99), ("most", 1.0))
