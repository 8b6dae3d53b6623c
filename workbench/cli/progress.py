"""How far it has come: one line on stderr, written anew again and again; where that is no terminal, some lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from workbench.engine.endpoints.driven import Driven
from workbench.model.call.size import size_text

_OFTEN, _SELDOM = 0.2, 2.0
"""Seconds between two lines, on a terminal and elsewhere."""


class Progress:
    """The bytes that *endpoints* have moved so far, told while it lasts."""

    def __init__(self, wanted: bool, endpoints: Callable[[], Sequence[Driven]]) -> None:
        self._wanted, self._endpoints = wanted, endpoints
        self._terminal = sys.stderr.isatty()
        self._began = self._shown = time.monotonic()
        self._told = False

    def show(self) -> None:
        """Tell, if it is time to."""
        now = time.monotonic()
        if self._wanted and now - self._shown >= (_OFTEN if self._terminal else _SELDOM):
            self._shown, self._told = now, True
            print(f"\r{self._line(now)}\x1b[K" if self._terminal else self._line(now), end=self._end, file=sys.stderr)
            sys.stderr.flush()

    def end(self) -> None:
        """Tell the sum."""
        if self._wanted:
            start = "\r" if self._terminal and self._told else ""
            print(f"{start}{self._line(time.monotonic())}", file=sys.stderr, flush=True)

    @property
    def _end(self) -> str:
        return "" if self._terminal else "\n"

    def _line(self, now: float) -> str:
        bytes_in = bytes_out = offered = 0
        for endpoint in self._endpoints():
            state = endpoint.moved()
            bytes_in, bytes_out, offered = bytes_in + state[0], bytes_out + state[1], offered + state[2]
        seconds = max(now - self._began, 1e-6)
        out = f"{size_text(bytes_out)} out" + (f" of {size_text(offered)}" if offered > bytes_out else "")
        return f"{out}, {size_text(bytes_in)} in, {size_text(int((bytes_in + bytes_out) / seconds))}/s, {seconds:.1f} s"
