from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.asked import Asked, listening, tcp
from workbench import TracedSocket
from workbench.journal.neighbours import explain as explain_call
from workbench.journal.reader import Journal
from workbench.model.why.why import Why
from workbench.probe.recorder import Recorder


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """Give asked(nth=-1): the explanation of the session's nth call, read from its file by somebody else."""
    path = tmp_path / "session"
    TracedSocket.recorder = Recorder(str(path))

    def explain(nth: int = -1) -> Why:
        journal = Journal(path)
        journal.read_all()
        found = explain_call(journal, nth % len(journal))
        journal.close()
        return found

    yield explain
    TracedSocket.recorder.close()
    TracedSocket.recorder = None


@pytest.fixture
def pair(asked: Asked) -> Iterator[tuple[TracedSocket, socket.socket]]:
    """A client and the server's connection."""
    with listening() as server, tcp() as client:
        client.connect(server.getsockname())
        connection, _ = server.accept()
        with connection:
            connection.settimeout(5)
            yield client, connection
