"""Finding records in a session file: in order, and again after a place that is damaged."""

from __future__ import annotations

import os
from binascii import crc32
from collections.abc import Iterator
from typing import NamedTuple

from workbench.probe.record import FIXED, HEAD_SIZE, MAGIC, PREFIX

CHUNK = 1 << 18


class Found(NamedTuple):
    """A record: its place in the file, its whole length, and its fixed part as FIXED unpacks it."""

    offset: int
    length: int
    fixed: tuple[int, ...]


class Scanner:
    """Walks over the records of an open session file, from where it last stopped to the file's present end.

    A record whose CRC does not hold, or whose length does not lead to another record, is damage: the scanner goes on
    at the next place that holds a whole one, and counts the bytes in between in *skipped*. A record at the end that is
    not all there is left for later, as the file may still be growing.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.position = 0
        self.skipped = 0
        self._base, self._chunk = 0, b""

    def records(self) -> Iterator[Found]:
        """Yield the records from *position* on, advancing it past each."""
        size = os.fstat(self._fd).st_size
        while self.position + HEAD_SIZE <= size:
            found = self._parse(self.position)
            if found is None or not self._leads_on(found, size):
                if not self._resume(size):
                    return
                continue
            self.position += found.length
            yield found

    def waiting(self) -> int:
        """Return the number of bytes at the end that make no whole record (yet)."""
        return os.fstat(self._fd).st_size - self.position

    def _parse(self, offset: int) -> Found | None:
        head = self._read(offset, HEAD_SIZE)
        if len(head) < HEAD_SIZE:
            return None
        magic, length, crc = PREFIX.unpack_from(head)
        if magic != MAGIC or length < HEAD_SIZE or crc32(head[PREFIX.size :], length) != crc:
            return None
        return Found(offset, length, FIXED.unpack_from(head, PREFIX.size))

    def _leads_on(self, found: Found, size: int) -> bool:
        """Whether the record is all there and the next one, if any, begins where it ends: a torn one leads astray."""
        after = found.offset + found.length
        return after <= size and MAGIC.startswith(self._read(after, min(len(MAGIC), size - after)))

    def _resume(self, size: int) -> bool:
        """Move to the next place that holds a record; False when there is none, and then nothing is skipped."""
        place = self.position + 1
        while place + HEAD_SIZE <= size:
            window = self._read(place, CHUNK)
            at = window.find(MAGIC)
            if at < 0:
                place += max(1, len(window) - len(MAGIC) + 1)
            elif (found := self._parse(place + at)) is None or found.offset + found.length > size:
                place += at + 1
            else:
                self.skipped += place + at - self.position
                self.position = place + at
                return True
        return False

    def _read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file, from a chunk read ahead; what was at the end of the file is read anew."""
        start = offset - self._base
        if start < 0 or start + length > len(self._chunk):
            self._base, self._chunk = offset, os.pread(self._fd, max(length, CHUNK), offset)
            start = 0
        return self._chunk[start : start + length]
