"""Recordings made by hand, record by record, with fixed times and ports."""

from __future__ import annotations

import errno
from pathlib import Path

from workbench.probe import format as record_format
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder

Socket = tuple[int, int]
SERVER, CLIENT, CONN = (7, 1), (7, 2), (7, 3)
NAMES = {SERVER: "server", CLIENT: "client 1", CONN: "conn 1"}


class Session:
    """A session file made by hand: the clock goes on by 100 µs with each call, from 12:00:00."""

    def __init__(self, path: Path) -> None:
        self.now = 0
        self.path = path
        self.recorder = Recorder(str(path), clock=lambda: self.now, wall=lambda: 1_763_640_000_000_000_000)

    def call(
        self, name: str, socket: Socket = CLIENT, tail: dict[str, object] | bytes | None = None, **facts: object
    ) -> None:
        self.now += 100_000
        text = self.recorder.text(NAMES.get(socket, ""))
        facts["tail"] = tail if isinstance(tail, bytes) else record_format.tail_of(tail)
        self.recorder.call(CODE[name], socket, self.now, self.now, name=text, **facts)  # type: ignore[arg-type]

    def connect(self) -> Session:
        here, there = ["127.0.0.1", 50312], ["127.0.0.1", 6789]
        self.call("connect", tail={"args": [there], "local": here, "peer": there}, flags=record_format.NO_RESULT)
        tail: dict[str, object] = {"made": [CONN], "label": "conn 1", "local": there, "peer": here}
        self.call("accept", SERVER, tail=tail, flags=record_format.OTHER_RESULT)
        return self

    def send(self, data: bytes, socket: Socket = CLIENT) -> Session:
        self.call("send", socket, **record_format.sent("send", len(data), len(data), data))
        return self

    def recv(self, data: bytes, size: int, left: int = 0, socket: Socket = CONN) -> Session:
        self.call("recv", socket, **record_format.received(len(data), size, data, left=left))
        return self

    def fail(self) -> Session:
        refused = ConnectionRefusedError(errno.ECONNREFUSED, "[Errno 111] Connection refused")
        self.call("connect", **record_format.failed("connect", refused, [("127.0.0.1", 9)]))
        return self

    def calls(self, count: int) -> Session:
        for number in range(count):
            self.call("settimeout", tail={"args": [number]}, flags=record_format.NO_RESULT)
        return self

    def note(self, seq: int, text: str = "", bookmark: bool = False) -> Session:
        self.recorder.note(seq, text, bookmark=bookmark)
        return self


def write_story(path: Path) -> None:
    """Write a short story: a greeting in two sends and three recvs, a refused connect, bytes of every kind, an end."""
    story = Session(path).connect()
    story.send(b'{"op": "hello", "id": 7}').send("été\r\n".encode())
    story.recv(b'{"op": "hello", ', 16, left=15)
    story.recv(b'"id": 7}\xc3\xa9t\xc3', 13, left=3)
    story.recv(b"\xa9\r\n", 1024)
    story.fail()
    story.send(bytes(range(64)), CONN)
    story.recv(bytes(range(64)), 4096, socket=CLIENT)
    story.recv(b"", 1024)
    story.note(4, "cut inside the second é", bookmark=True)
    story.recorder.close()
