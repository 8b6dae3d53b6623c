from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.truth.session import Session
from workbench import TracedSocket
from workbench.probe.recorder import Recorder

HERE = ("127.0.0.1", 0)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that records every TracedSocket."""
    path = tmp_path / "session"
    TracedSocket.recorder = Recorder(str(path))
    yield Session(path)
    TracedSocket.recorder.close()
    TracedSocket.recorder = None


@pytest.fixture
def server(session: Session) -> Iterator[TracedSocket]:
    """A TCP listener."""
    with TracedSocket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.bind(HERE)
        made.listen(5)
        yield made


@pytest.fixture
def ends(server: TracedSocket) -> Iterator[tuple[TracedSocket, TracedSocket]]:
    """A client, and the connection that the server accepted from it; both wait 5 s at most."""
    with TracedSocket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(socket.socket.getsockname(server))
        connection, _ = server.accept()
        assert isinstance(connection, TracedSocket)
        connection.settimeout(5)
        with connection:
            yield client, connection
