from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from workbench.journal.reader import Journal
from workbench.probe import format as record_format
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder

MS = 1_000_000  # ns
BEGAN = 5000 * MS
WALL = 1_795_158_000 * 1000 * MS  # 2026-11-20 07:00:00 UTC

CLIENT = ["127.0.0.1", 50312]
SERVER = ["127.0.0.1", 6789]


class Session:
    """A session file of process 7 that a test writes call by call, each 1 ms after the last.

    A call takes 10 µs; one that takes longer began to wait before, and returns when its turn has come.
    """

    def __init__(self, path: str) -> None:
        self.recorder = Recorder(path, clock=lambda: BEGAN, wall=lambda: WALL)
        self.recorder.pid = 7
        self.journal = Journal(path)
        self._times = count(BEGAN + MS, MS)

    def call(self, call: str, socket: int, *, name: str = "", took: int = 10_000, **facts: object) -> None:
        started = next(self._times) - (took if took > MS else 0)
        if isinstance(tail := facts.get("tail"), dict):
            facts["tail"] = record_format.tail_of(tail)
        recorder = self.recorder
        recorder.call(
            CODE[call], (7, socket), started, started + took, name=recorder.text(name), **facts  # type: ignore[arg-type]
        )  # fmt: skip
        self.journal.pull()

    def connect(self) -> None:
        """Connect client 1 with server 2, whose end of the connection is 3."""
        self.call(
            "connect",
            1,
            name="client",
            flags=record_format.NO_RESULT,
            tail={"args": [SERVER], "local": CLIENT, "peer": SERVER},
        )
        tail = {"made": [[7, 3]], "label": "conn 1", "result": [None, CLIENT], "local": SERVER, "peer": CLIENT}
        self.call("accept", 2, name="server", took=1234 * MS, flags=record_format.OTHER_RESULT, tail=tail)

    def send(self, data: bytes, offered: int | None = None, socket: int = 1, name: str = "client") -> None:
        offered = len(data) if offered is None else offered
        self.call("send", socket, name=name, **record_format.sent("send", len(data), offered, data))

    def recv(self, data: bytes, size: int, left: int = 0, socket: int = 3, name: str = "conn 1") -> None:
        self.call("recv", socket, name=name, **record_format.received(len(data), size, data, left=left))

    def fail(self, call: str, socket: int, error: tuple[str, str], number: int = 0, **facts: object) -> None:
        tail = {"error": list(error), **facts.pop("tail", {})}  # type: ignore[dict-item]
        self.call(call, socket, flags=record_format.FAILED, number=number, tail=tail, **facts)  # type: ignore[arg-type]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(str(tmp_path / "a.session"))
    yield session
    session.recorder.close()
    session.journal.close()
