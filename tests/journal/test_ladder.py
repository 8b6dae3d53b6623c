"""Ladders of real sessions: what stands on them, and in which order."""

from __future__ import annotations

import random
import threading
from pathlib import Path

from tests.sessions import DGRAM, INET, STREAM, UNIX, connected, read, recorded
from workbench.journal.ladder import Ladder
from workbench.journal.reader import Journal
from workbench.model.ladder.rungs import Kind, Phase, Rung


def ladder_of(journal: Journal) -> Ladder:
    ladder = Ladder(journal)
    ladder.extend()
    return ladder


def arrows(ladder: Ladder) -> list[tuple[str, str]]:
    rungs = ladder.rungs(0, len(ladder))
    return [(rung.call.call, rung.arrow.kind.value) for rung in rungs if rung.arrow is not None]


def under_way(rung: Rung) -> list[int]:
    return [amount for _, amount in rung.under_way]


def test_two_sends_and_one_recv(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        listener, server, client = connected(Socket, Socket, ("127.0.0.1", 0))
        client.send(b"hello ")
        client.send(b"world")
        assert server.recv(1024) == b"hello world"
        client.close(), server.close(), listener.close()
    ladder = ladder_of(read(tmp_path / "s"))
    assert [arrow for arrow in arrows(ladder) if arrow[1] != "connecting"][:5] == [
        ("connect", "connected"), ("accept", "accepted"), ("send", "data"), ("send", "data"), ("recv", "taken"),
    ]  # fmt: skip
    sends = [rung for rung in ladder.rungs(0, len(ladder)) if rung.call.sends]
    (recv,) = [rung for rung in ladder.rungs(0, len(ladder)) if rung.call.receives]
    assert [under_way(rung) for rung in (*sends, recv)] == [[6], [11], []]
    assert [part.seq for part in recv.sources] == [send.call.seq for send in sends]


def test_one_send_and_three_recvs(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        one, other = (
            Socket.socketpair() if hasattr(Socket, "socketpair") else connected(Socket, Socket, ("127.0.0.1", 0))[1:]
        )
        one.sendall(b"abcdefghij")
        for size in (4, 4, 4):
            other.recv(size)
    ladder = ladder_of(read(tmp_path / "s"))
    moved = [rung for rung in ladder.rungs(0, len(ladder)) if rung.call.sends or rung.call.receives]
    assert [under_way(rung) for rung in moved] == [[10], [6], [2], []]


def test_a_wait_stands_where_it_began(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        _, server, client = connected(Socket, Socket, ("127.0.0.1", 0))
        reader = threading.Thread(target=server.recv, args=(10,))
        reader.start()
        threading.Event().wait(0.05)
        client.send(b"late")
        reader.join()
    ladder = ladder_of(read(tmp_path / "s"))
    rungs = list(ladder.rungs(0, len(ladder)))
    begin = next(number for number, rung in enumerate(rungs) if rung.phase is Phase.BEGIN and rung.call.receives)
    send = next(number for number, rung in enumerate(rungs) if rung.call.sends)
    recv = next(number for number, rung in enumerate(rungs) if rung.phase is Phase.CALL and rung.call.receives)
    assert begin < send < recv
    assert rungs[send].waiting == rungs[begin].waiting == (rungs[recv].call.socket,)
    assert rungs[recv].waiting == ()


def test_a_lost_datagram_and_one_that_came(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        receiver, sender = Socket(UNIX, DGRAM), Socket(UNIX, DGRAM)
        receiver.bind(str(tmp_path / "r"))
        sender.sendto(b"one", str(tmp_path / "r"))
        receiver.recv(10)
        receiver.close(), sender.close()
    ladder = ladder_of(read(tmp_path / "s"))
    assert arrows(ladder) == [("sendto", "data"), ("recv", "taken")]
    assert len(ladder.lifelines().columns) == 2


def test_a_refused_connect(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        client = Socket(INET, STREAM)
        client.connect_ex(("127.0.0.1", 1))
    ladder = ladder_of(read(tmp_path / "s"))
    assert arrows(ladder)[-1] == ("connect_ex", "refused")  # before it the wait, on a busy machine
    assert [life.outside for life in ladder.lifelines().columns] == [False]


def test_a_recv_never_stands_before_the_send_that_fed_it(tmp_path: Path) -> None:
    chance = random.Random(7)
    with recorded(tmp_path / "s") as Socket:
        _, server, client = connected(Socket, Socket, ("127.0.0.1", 0))

        def pour(sock, sizes):
            for size in sizes:
                sock.sendall(bytes(size))
            sock.shutdown(1)

        def drain(sock):
            while sock.recv(chance.randrange(1, 3000)):
                pass

        sizes = [chance.randrange(1, 2000) for _ in range(200)]
        threads = [threading.Thread(target=pour, args=(each, sizes)) for each in (server, client)]
        threads += [threading.Thread(target=drain, args=(each,)) for each in (server, client)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ladder = ladder_of(read(tmp_path / "s"))
    seen: set[int] = set()
    for rung in ladder.rungs(0, len(ladder)):
        if rung.phase is Phase.CALL:
            assert {part.seq for part in rung.sources} <= seen
            seen.add(rung.call.seq)
    assert len(seen) > 400


def test_growing_by_pieces_comes_to_the_same_as_all_at_once(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        _, server, client = connected(Socket, Socket, ("127.0.0.1", 0))
        for number in range(600):
            client.send(b"%d" % number)
            server.recv(3)
    journal = read(tmp_path / "s")
    whole, pieces = ladder_of(journal), Ladder(journal)
    while pieces.extend(37):
        pass
    assert [whole.index_of(at) for at in range(len(whole))] == [pieces.index_of(at) for at in range(len(pieces))]
    assert [rung.under_way for rung in whole.rungs(900, 905)] == [whole[at].under_way for at in range(900, 905)]
    assert all(whole.number_of(whole.index_of(at)) is not None for at in range(0, len(whole), 50))
    assert Kind.DATA in {rung.arrow.kind for rung in whole.rungs(0, 20) if rung.arrow}


def test_what_is_sent_to_a_closed_socket_is_not_under_way(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        _, server, client = connected(Socket, Socket, ("127.0.0.1", 0))
        client.close()
        server.sendall(b"too late")
        server.recv(1)
    ladder = ladder_of(read(tmp_path / "s"))
    (send,) = [rung for rung in ladder.rungs(0, len(ladder)) if rung.call.sends]
    assert send.arrow is not None
    assert send.arrow.kind is Kind.LOST
    assert send.under_way == ()


def test_a_message_that_was_cut_off_tells_what_it_had(tmp_path: Path) -> None:
    with recorded(tmp_path / "s") as Socket:
        receiver, sender = Socket(INET, DGRAM), Socket(INET, DGRAM)
        receiver.bind(("127.0.0.1", 0))
        sender.sendto(b"x" * 600, receiver.getsockname())
        receiver.recvfrom(100)
    ladder = ladder_of(read(tmp_path / "s"))
    assert [rung.cut_from for rung in ladder.rungs(0, len(ladder))] == [None, 600]
