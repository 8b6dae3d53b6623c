"""Session files made by hand: records as bytes, to be torn and put together again."""

from __future__ import annotations

from binascii import crc32
from pathlib import Path

from workbench.journal.reader import Journal
from workbench.probe.format import CODE, FIXED, HEAD_SIZE, MAGIC, PREFIX, sent
from workbench.probe.recorder import Recorder

SEND, RECV = CODE["send"], CODE["recv"]


class Session:
    """A session file of process 7; its clock goes on by 1000 ns a call."""

    def __init__(self, path: Path, program: str = "") -> None:
        self.path = path
        self.recorder = Recorder(str(path), program=program, clock=lambda: 0, wall=lambda: 0)
        self.recorder.pid = 7
        self.now = 0

    def call(
        self, data: bytes = b"", code: int = SEND, socket: tuple[int, int] = (7, 1), **facts: int | bytes
    ) -> bytes:
        """Write a call, and return its record (behind those that it needed, such as its thread's name)."""
        before = self.path.stat().st_size
        self.now += 1000
        self.recorder.call(
            code, socket, self.now, self.now + 500, **{**sent("send", len(data), len(data), data), **facts}
        )  # fmt: skip
        with open(self.path, "rb") as file:
            file.seek(before)
            return file.read()

    def bytes(self) -> bytes:
        return self.path.read_bytes()


def append(path: Path, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


def read(path: Path) -> Journal:
    journal = Journal(path)
    journal.read_all()
    return journal


def payloads(journal: Journal) -> list[bytes]:
    return [call.data for call in journal]


def made_up(fixed: tuple[int, ...], tail: bytes = b"", data: bytes = b"", tail_length: int | None = None) -> bytes:
    """Return a record as no recorder may write it, but with a CRC that holds."""
    body = FIXED.pack(*fixed, len(tail) if tail_length is None else tail_length)
    length = HEAD_SIZE + len(tail) + len(data)
    return PREFIX.pack(MAGIC, 5, length, crc32(body, length ^ 5)) + body + tail + data
