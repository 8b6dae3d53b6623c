"""Which UNIX connections are one: by the inode that accept told of its peer, by order where it told none."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.model.lineage.test_lineage import Written
from tests.sessions import SEQPACKET, STREAM, UNIX, read, recorded


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "session")


def connect(written: Written, at: float, number: int, inode: int = 0) -> None:
    written.call(at, "connect", number, tail=f'{{"local": "", "peer": "/x", "inode": {inode}}}')


def accept(written: Written, at: float, number: int, inode: int = 0) -> None:
    names = f'"local": "/x", "peer": "", "made": [[7, {number}]], "peer_inode": {inode}'
    written.call(at, "accept", 1, tail=f"{{{names}}}")


@pytest.mark.parametrize("accepts_first", [False, True])
def test_by_inode_in_whatever_order_they_are_told(written: Written, accepts_first: bool) -> None:
    connects = [(connect, 1, 2, 102), (connect, 2, 3, 103), (connect, 3, 4, 104)]
    accepts = [(accept, 4, 14, 104), (accept, 5, 12, 102), (accept, 6, 13, 103)]
    for tell, *facts in accepts + connects if accepts_first else connects + accepts:
        tell(written, *facts)
    for number, at in ((2, 10), (3, 20), (4, 30)):
        send = len(written.journal) + 1
        assert written.talk(at, number, number + 10) == [(send, 0, 5)]


def test_by_order_among_those_whose_inode_was_not_told(written: Written) -> None:
    """A client that was closed before the accept has no inode any more."""
    for number in (2, 3, 4, 5):
        connect(written, number, number, 100 + number)
    accept(written, 10, 14, 104)
    for number in (2, 3, 5):
        accept(written, 10 + number, 10 + number)
    for number in (2, 3, 4, 5):
        send = len(written.journal) + 1
        assert written.talk(number * 20, number, number + 10) == [(send, 0, 5)]


def test_a_client_of_another_session_takes_nobodys_place(written: Written) -> None:
    accept(written, 1, 12, 999)
    connect(written, 2, 3, 103)
    accept(written, 3, 13, 103)
    assert written.talk(10, 3, 13) == [(4, 0, 5)]
    assert written.talk(20, 12, 13) is None


@pytest.mark.parametrize("kind", [STREAM, SEQPACKET])
@pytest.mark.skipif(not hasattr(socket, "AF_NETLINK"), reason="the system does not tell")
def test_a_real_accept_tells_its_peers_inode(tmp_path: Path, kind: int) -> None:
    with recorded(tmp_path / "session") as made, made(UNIX, kind) as listener, socket.socket(UNIX, kind) as outside:
        listener.bind(str(tmp_path / "x"))
        listener.listen()
        outside.connect(str(tmp_path / "x"))  # nobody records this one, which is first in the queue
        with made(UNIX, kind) as client:
            client.connect(str(tmp_path / "x"))
            first, second = listener.accept()[0], listener.accept()[0]
            client.send(b"hello")
            outside.send(b"other")
            with first, second:
                assert [first.recv(9), second.recv(9)] == [b"other", b"hello"]
    journal = read(tmp_path / "session")
    send, other, hello = (call for call in journal if call.data)
    assert journal.lineage.sources(other) == []
    assert journal.lineage.sources(hello) == [(send.seq, 0, 5)]


# --- what is queued --------------------------------------------------------------------------------------------------


def test_the_sends_of_what_lies_in_a_streams_queue(written: Written) -> None:
    written.connect(1, 2)
    written.accept(2, 3)
    for at, data in ((10, b"hello"), (11, b"my"), (12, b"world")):
        written.call(at, "send", 2, data)
    written.call(13, "recv", 3, b"hel")
    queued = written.journal.lineage.queued
    assert queued("7.3", 3, 12) == [(3, 3, 5), (4, 0, 2), (5, 0, 5)]
    assert queued("7.3", 6, 8) == [(4, 1, 2), (5, 0, 1)]
    assert queued("7.3", 3, 13) is None
    assert queued("7.9", 0, 3) == []


def test_messages_in_a_seqpacket_queue(tmp_path: Path) -> None:
    with recorded(tmp_path / "session") as made:
        one, other = made.socketpair(UNIX, SEQPACKET)
        with one, other:
            for data in (b"a", b"bb", b"ccc"):
                one.send(data)
            other.recv(1)
            journal = read(tmp_path / "session")
            sent = [call.seq for call in journal if call.sends]
            socket_id = journal[0].made[1]
            assert journal.lineage.queued_messages(socket_id, 3) == [(sent[1], 0, 2), (sent[2], 0, 3), None]
