"""Finding records in a session file: in order, and again after a place that is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from threading import Lock
from typing import TypeAlias, TypeVar

from workbench.probe.format import CALL, HEAD_SIZE, MAGIC, START, is_sound, reading

CHUNK = 1 << 16
WINDOW = 1 << 17  # bytes that are searched without a pause

HEAD = reading(
    *("kind", "code", "flags", "socket_pid", "socket_number", "started", "ended", "result", "errno", "tail_length")
)  # fmt: skip
"""What the index needs of a record."""
Fields = tuple[bytes, int, int, int, int, int, int, int, int, int, int, int, int, int]
"""Magic, file, length, crc, kind, call, flags, socket pid and number, started, ended, result, errno, tail's length."""

GAP = 0
"""Kind of what is no record: *length* bytes that could not be read."""
PAUSE = -1
"""Kind of nothing: a long search has got on, and may be left here; the next one goes on from there."""

_T = TypeVar("_T")
_Walk: TypeAlias = Generator[tuple[int, Fields], None, _T]


class Scanner:
    """Walks over the records of an open session file, from where it last stopped to the file's present end.

    A record whose CRC does not hold, or whose data holds records of others because it is torn, is damage: the scanner
    goes on at the next place that holds a whole one, and counts the bytes in between in *skipped*. A record at the end
    that is not all there is left for later, as the file may still be growing. One may stop at any record
    and go on later.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.position = 0
        self.skipped = 0
        self._files: set[int] = set()
        self._sought = 0  # up to here no whole record begins, but for those in _growing
        self._growing: list[int] = []
        self._clear: dict[int, int] = {}  # up to where the records that begin at these places hold no other's head

    def records(self) -> Iterator[tuple[int, Fields]]:
        """Yield the offset and fields of each record from *position* on, advancing it.

        GAP where bytes are skipped, PAUSE while they are searched.
        """
        size = os.fstat(self._fd).st_size
        while self.position + HEAD_SIZE <= size:
            yield from self._whole_ones(pread(self._fd, CHUNK, self.position))
            fields = yield from self._record_at(self.position, size)
            if fields is not None:  # the last one of the chunk, or of the file
                self.position += fields[2]
                yield self.position - fields[2], self._noted(fields)
            elif self.position + HEAD_SIZE <= size:
                place = yield from self._search(size)
                if place is None:
                    return
                gap, offset = place - self.position, self.position
                self.skipped += gap
                self.position = place
                yield offset, _nothing(GAP, gap)

    def waiting(self) -> int:
        """Return the number of bytes at the end that make no whole record (yet)."""
        return max(0, os.fstat(self._fd).st_size - self.position)

    def _whole_ones(self, chunk: bytes) -> Iterator[tuple[int, Fields]]:
        """Yield the records of *chunk*, read at *position*, for as long as each is whole and leads to another."""
        base, at, last = self.position, 0, len(chunk) - HEAD_SIZE
        unpack, leads_on, head_size = HEAD.unpack_from, chunk.startswith, HEAD_SIZE
        while at <= last:
            fields: Fields = unpack(chunk, at)
            length = fields[2]
            after = at + length
            if (
                not leads_on(MAGIC, after)
                or fields[0] != MAGIC
                or head_size + fields[13] > length
                or not is_sound(chunk, at, length, fields[1], fields[3])
            ):
                return
            self.position = base + after
            yield base + at, fields if fields[4] == CALL else self._noted(fields)
            at = after

    def _noted(self, fields: Fields) -> Fields:
        """Remember which file the record was written to: one that lies in another's data was written elsewhere."""
        if fields[4] == START or not self._files:
            self._files.add(fields[1])
        return fields

    def _head_at(self, offset: int) -> Fields | None:
        """Return the fields of the record that begins at *offset*, None where none does."""
        head = pread(self._fd, HEAD_SIZE, offset)
        if len(head) < HEAD_SIZE:
            return None
        fields: Fields = HEAD.unpack(head)
        magic, file, length, crc, *_, tail = fields
        sound = magic == MAGIC and HEAD_SIZE + tail <= length and is_sound(head, 0, length, file, crc)
        return fields if sound else None

    def _record_at(self, offset: int, size: int) -> _Walk[Fields | None]:
        """Return the fields of the record at *offset* if it is all there.

        A torn one is not, even if the file has grown beyond its length: the records of others lie where its data was.
        """
        fields = self._head_at(offset)
        if fields is None or offset + fields[2] > size:
            return None
        after = offset + fields[2]
        if self._leads_on(after, size):
            return fields
        for place, head in self._heads(self._clear.get(offset, offset + 1), after):
            self._clear[offset] = place
            if head is not None:
                return None
            yield place, _nothing(PAUSE)
        return fields

    def _leads_on(self, after: int, size: int) -> bool:
        """Tell whether a record begins at *after*, as far as the file goes."""
        return MAGIC.startswith(pread(self._fd, min(len(MAGIC), size - after), after))

    def _heads(self, place: int, stop: int) -> Iterator[tuple[int, Fields | None]]:
        """Yield where records of this file begin from *place* up to *stop*, whole or not; None after each window."""
        while place < stop:
            window = pread(self._fd, min(WINDOW, stop - place) + len(MAGIC) - 1, place)
            at = window.find(MAGIC)
            while at >= 0:
                fields = self._head_at(place + at)
                if fields is not None and (not self._files or fields[1] in self._files):
                    yield place + at, fields
                at = window.find(MAGIC, at + 1)
            place = min(place + WINDOW, stop)
            yield place, None

    def _search(self, size: int) -> _Walk[int | None]:
        """Return the next place with a whole record of this file; what was searched in vain is not searched again."""
        self._growing = [place for place in self._growing if place > self.position]
        self._clear = {place: stop for place, stop in self._clear.items() if place >= self.position}
        for place in self._growing:
            if (yield from self._record_at(place, size)) is not None:
                return place
        start = max(self.position + 1, self._sought)
        for place, head in self._heads(start, size - HEAD_SIZE + 1):
            if head is None:
                self._sought = place
                yield place, _nothing(PAUSE)
            elif (yield from self._record_at(place, size)) is not None:
                return place
            else:
                self._sought = place + 1
                if place + head[2] > size:
                    self._growing.append(place)
        return None


def _nothing(kind: int, length: int = 0) -> Fields:
    return MAGIC, 0, length, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0


def _seek_and_read(fd: int, length: int, offset: int) -> bytes:
    """os.pread for Windows, where one thread at a time may move the file's position."""
    with _SEEKING:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, length)


_SEEKING = Lock()
pread: Callable[[int, int, int], bytes] = getattr(os, "pread", _seek_and_read)
