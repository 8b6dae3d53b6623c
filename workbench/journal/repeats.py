"""Calls that say again what the call before them said: an empty recv, an EAGAIN, an accept that timed out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workbench.probe.format import DATAGRAM, FAILED, HEAD_SIZE, PREFIX, UNFINISHED

Facts: TypeAlias = tuple[int, ...]
"""What the index knows of a call: its socket (pid, number), code, flags, result, length of its tail."""

_BODY = PREFIX.size
_TIMES = slice(_BODY + 32, _BODY + 48)  # started and ended, within FIXED


class Repeats:
    """Compares each call that moved no bytes with the one before it: all of the record but its times has to agree."""

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        """*read* returns the bytes of the session file from one offset up to another."""
        self._read = read
        self._facts: Facts = ()
        self._offset = 0
        self._text = b""

    def interrupt(self) -> None:
        """A call came that moved bytes: what follows repeats nothing."""
        self._facts = ()

    def seen(self, offset: int, facts: Facts) -> bool:
        """Take in the call at *offset*, which moved no bytes; tell whether it repeats the call before it.

        An empty datagram is a message of its own, and repeats nothing.
        """
        before, self._facts = self._facts, facts
        before_at, self._offset = self._offset, offset
        if facts != before or facts[3] & UNFINISHED or facts[3] & (DATAGRAM | FAILED) == DATAGRAM:
            self._text = b""
            return False
        length = HEAD_SIZE + facts[-1]
        known = self._text or self._said(before_at, length)
        self._text = self._said(offset, length)
        return self._text == known

    def _said(self, offset: int, length: int) -> bytes:
        """Return the record at *offset* without its prefix and times."""
        whole = self._read(offset, offset + length)
        return whole[_BODY : _TIMES.start] + whole[_TIMES.stop :]
