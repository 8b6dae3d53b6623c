"""Numbers that never fall, in 4 bytes each: an index of ten million calls has several rows of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable

_ROUND = 1 << 32


class Ascending:
    """A list of numbers from 0 up, none lower than the one before; bisect works on it.

    It keeps their low 32 bits, and where the bits above change.
    """

    __slots__ = ("_limit", "_low", "_turns")

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._low = array("I")
        self._turns: tuple[int, ...] = ()
        self._limit = _ROUND
        for number in numbers:
            self.append(number)

    def __len__(self) -> int:
        return len(self._low)

    def __getitem__(self, index: int) -> int:
        low = self._low[index]
        if not self._turns:
            return low
        return low + (bisect_right(self._turns, index if index >= 0 else len(self) + index) << 32)

    def append(self, number: int) -> None:
        """Append a number that is no lower than the last."""
        while number >= self._limit:
            self._turns += (len(self._low),)
            self._limit += _ROUND
        self._low.append(number & 0xFFFFFFFF)
