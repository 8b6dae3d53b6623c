from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket


class Tape:
    """A recorder, the class of sockets that it records, and what it has written so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recorder = Recorder(str(path))

        class Socket(TracedSocket):
            recorder = self.recorder

        Socket.accepts = Socket
        self.socket = Socket
        self.journal = Journal(path)
        self._seen = 0

    def calls(self, *names: str) -> list[Call]:
        """Return the calls so far; with *names* only those."""
        self.journal.pull()
        return [call for call in self.journal if not names or call.call in names]

    def new(self) -> list[Call]:
        """Return the calls since the last time."""
        self.journal.pull()
        first, self._seen = self._seen, len(self.journal)
        return [self.journal[index] for index in range(first, self._seen)]


@pytest.fixture
def tape(tmp_path: Path) -> Iterator[Tape]:
    tape = Tape(tmp_path / "session")
    yield tape
    tape.recorder.close()
    tape.journal.close()
