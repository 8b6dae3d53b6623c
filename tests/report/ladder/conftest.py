from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sessions import connected, read, recorded
from workbench.journal.reader import Journal

HOSTILE = b"<script>alert(1)</script>\x1b]0;x\x07 end; # --> %% \"'&\n"


@pytest.fixture
def conversation(tmp_path: Path) -> Callable[..., Journal]:
    """Return a function that records a conversation of so many sends, with an answer to each third."""

    def record(sends: int, payload: bytes = b"hello ") -> Journal:
        path = tmp_path / f"{sends}.swb"
        with recorded(path) as Socket:
            listener, server, client = connected(Socket, Socket, ("127.0.0.1", 0))
            for number in range(sends):
                client.send(payload + b"%d" % number)
                if number % 3 == 2:
                    server.sendall(server.recv(1024)[:5])
                    client.recv(1024)
            client.shutdown(1)
            for sock in (server, client, listener):
                sock.close()
        return read(path)

    return record
