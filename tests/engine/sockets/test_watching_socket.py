"""Which datagrams were lost between sockets of one bench, all of them alike: only the drop counter can tell."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.sessions import DGRAM, INET, read
from workbench.engine.sockets.bench_socket import BenchSocket, bench_socket_class
from workbench.model.call.call import Call
from workbench.probe.format import DELIVERED, DROPPED
from workbench.probe.recorder import Recorder

Make = Callable[..., BenchSocket]
ALIKE = b"ping"

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_NETLINK"), reason="the system does not tell")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session"


@pytest.fixture
def make(path: Path) -> Iterator[Make]:
    recorder, stack = Recorder(str(path)), ExitStack()
    kind = bench_socket_class(recorder)

    def made(*, room: int = 0, host: str = "") -> BenchSocket:
        sock = stack.enter_context(kind(INET, DGRAM))
        sock.settimeout(0)
        if room:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        if host:
            sock.bind((host, 0))
        return sock

    with stack:
        yield made
    recorder.close()


def address(sock: BenchSocket) -> tuple[str, int]:
    return ("127.0.0.1", socket.socket.getsockname(sock)[1])


def take_all(sock: BenchSocket) -> int:
    """Receive until nothing is left; return how many datagrams there were."""
    taken = 0
    while True:
        try:
            sock.recv(99)
        except BlockingIOError:
            return taken
        taken += 1


def sends(path: Path) -> list[Call]:
    return [call for call in read(path) if call.sends]


@pytest.mark.parametrize("how", ["send", "sendall", "sendto", "sendmsg"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_what_did_not_fit_into_the_queue_is_lost(path: Path, make: Make, how: str, host: str) -> None:
    receiver, sender = make(room=4096, host=host), make()
    if how != "sendto":
        sender.connect(address(receiver))
    for _ in range(2):
        for _ in range(20):
            match how:
                case "sendto":
                    sender.sendto(ALIKE, address(receiver))
                case "sendmsg":
                    sender.sendmsg([ALIKE])
                case _:
                    getattr(sender, how)(ALIKE)
        room = take_all(receiver)
    assert 0 < room < 20
    assert [call.dropped for call in sends(path)] == ([False] * room + [True] * (20 - room)) * 2
    journal = read(path)
    taken = [journal.lineage.sources(call) for call in journal if call.receives and call.data]
    assert taken == [[(call.seq, 0, 4)] for call in sends(path) if not call.dropped]


def test_two_senders_at_once_do_not_mix_up_their_losses(path: Path, make: Make, in_time: None) -> None:
    receiver = make(room=4096, host="127.0.0.1")
    senders = [make() for _ in range(4)]

    def send(sock: BenchSocket) -> None:
        for _ in range(200):
            sock.sendto(ALIKE, address(receiver))

    threads = [threading.Thread(target=send, args=(sock,)) for sock in senders]
    for thread in threads:
        thread.start()
    taken = 0
    while any(thread.is_alive() for thread in threads):
        taken += take_all(receiver)
    taken += take_all(receiver)
    assert sum(not call.dropped for call in sends(path)) == taken < 800


def test_where_nobody_of_the_bench_receives_nothing_is_claimed(path: Path, make: Make) -> None:
    receiver, sender, stranger = make(host="127.0.0.1"), make(), make(host="127.0.0.1")
    receiver.connect(address(stranger))
    for where in (address(receiver), ("127.0.0.1", 9)):
        sender.sendto(ALIKE, where)
        assert sender.fate == 0
    stranger.sendto(ALIKE, address(receiver))
    assert stranger.fate == DELIVERED != DROPPED
    where = address(receiver)
    receiver.close()
    sender.sendto(ALIKE, where)
    assert sender.fate == 0
