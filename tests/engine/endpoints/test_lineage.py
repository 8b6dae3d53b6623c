"""Lineage of real sockets of every kind at once: a tag in each byte that is sent proves what it says."""

from __future__ import annotations

import random
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tests.model.lineage.test_lineage import shuffle
from tests.sessions import DGRAM, INET, INET6, SEQPACKET, STREAM, UNIX, read
from workbench.engine.sockets.bench_socket import BenchSocket, bench_socket_class
from workbench.journal.reader import Journal
from workbench.model.lineage.lineage import Part
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket

SMALL = 4096
"""SO_RCVBUF of which the kernel makes 8192 bytes: a few datagrams, as each takes 768 and more."""


@dataclass(eq=False)
class Channel:
    """Sockets that send to one that receives. *to*: where, None for those that are connected."""

    senders: list[TracedSocket]
    receiver: TracedSocket
    messages: bool
    to: object = None
    numbers: Iterator[int] = field(default_factory=count)

    def send(self, rng: random.Random) -> None:
        """Send one piece, each byte of which is the piece's number modulo 251; datagrams begin with all of it."""
        number, size = next(self.numbers), rng.choice((4, 5, 9, 40, 700))
        data = bytes([number % 251]) * size
        if self.messages:
            data = number.to_bytes(4, "big") + data[4:]
        sender = rng.choice(self.senders)
        with suppress(BlockingIOError, TimeoutError):
            sender.send(data) if self.to is None else sender.sendto(data, self.to)

    def recv(self, rng: random.Random) -> bool:
        """Receive once in one of the ways there are; False if there was nothing."""
        size = rng.choice((4, 6, 50, 2000))
        try:
            match rng.randrange(6):
                case 0:
                    return bool(self.receiver.recv(size))
                case 1:
                    return bool(self.receiver.recv_into(bytearray(size)))
                case 2:
                    return bool(self.receiver.recvmsg(size)[0])
                case 3:
                    return bool(self.receiver.recv(size, socket.MSG_PEEK))
                case _:
                    return bool(self.receiver.recvfrom(size)[0])
        except (BlockingIOError, TimeoutError):
            return False


class Net:
    """Channels of every kind, in one session."""

    def __init__(self, path: Path, kind: type[TracedSocket]) -> None:
        self.path, self.kind, self.stack, self.names = path, kind, ExitStack(), count()
        self.channels = [
            *(self.connected(INET, STREAM) for _ in range(2)),
            *(self.connected(UNIX, STREAM) for _ in range(3)),
            *(self.connected(UNIX, SEQPACKET) for _ in range(2)),
            self.pair(DGRAM),
            self.pair(STREAM),
            self.datagrams(INET, senders=1),
            self.datagrams(INET, senders=3),
            self.datagrams(INET, senders=1, connect=True),
            self.datagrams(INET6, senders=2, to="::ffff:127.0.0.1"),
            self.datagrams(UNIX, senders=3),
            self.datagrams(UNIX, senders=2, named=True),
            self.datagrams(UNIX, senders=1, connect=True),
        ]

    def make(self, family: int, kind: int, name: object = None) -> TracedSocket:
        sock = self.stack.enter_context(self.kind(family, kind))
        sock.settimeout(0)
        if name is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            sock.bind(name)
        return sock

    def free(self, family: int) -> object:
        return f"{self.path}.{next(self.names)}" if family == UNIX else ("::" if family == INET6 else "", 0)

    def connected(self, family: int, kind: int) -> Channel:
        with self.make(family, kind, self.free(family) if family == UNIX else ("127.0.0.1", 0)) as listener:
            listener.listen()
            client = self.make(family, kind)
            client.settimeout(5)
            client.connect(listener.getsockname())
            client.settimeout(0)
            accepted = self.stack.enter_context(listener.accept()[0])
        accepted.settimeout(0)
        return Channel([client], accepted, kind == SEQPACKET)  # type: ignore[list-item, arg-type]

    def pair(self, kind: int) -> Channel:
        one, other = self.kind.socketpair(UNIX, kind)
        for sock in (one, other):
            self.stack.enter_context(sock).settimeout(0)
        return Channel([one], other, kind == DGRAM)

    def datagrams(
        self, family: int, senders: int, *, to: str = "127.0.0.1", named: bool = False, connect: bool = False
    ) -> Channel:
        receiver = self.make(family, DGRAM, self.free(family))
        name = socket.socket.getsockname(receiver)
        there = name if family == UNIX else (to, name[1])
        socks = [self.make(family, DGRAM, self.free(family) if named else None) for _ in range(senders)]
        if connect:
            for sock in socks:
                sock.connect(there)
        return Channel(socks, receiver, True, None if connect else there)

    def drain(self) -> None:
        """Receive what is left, everywhere."""
        for channel in self.channels:
            channel.receiver.settimeout(0)
            with suppress(BlockingIOError):
                while channel.receiver.recvmsg(100)[0]:
                    pass


def name(sock: TracedSocket) -> str:
    return f"{sock._wb_key[0]}.{sock._wb_key[1]}"


def check(journal: Journal, channel: Channel, *, whole: bool = True, threads: bool = False) -> tuple[int, int]:
    """Compare what lineage says of a channel's calls with the tags; return how many were received and lost.

    *whole*: everything was received, and all records are in the order of the calls. *threads*: what was lost need not
    be known, as nothing tells whether a send or a recv was first, nor what was but peeked at.
    """
    senders = {name(sock) for sock in channel.senders}
    calls = [call for call in journal if call.data and call.error is None]
    sends = {call.seq: call for call in calls if call.sends and call.socket in senders}
    recvs = [call for call in calls if call.receives and call.socket == name(channel.receiver)]
    takers: dict[int, list[Part]] = defaultdict(list)
    place = dict.fromkeys(sends, 0)
    for call in recvs:
        sources = journal.lineage.sources(call)
        if call.peek and not sources and (threads or not whole):
            continue
        assert sources, call
        assert b"".join(sends[part.seq].data[part.start : part.stop] for part in sources) == call.data
        at = 0
        for part in sources:
            assert part.start < part.stop
            assert channel.messages or part.start == place[part.seq]
            if not call.peek:
                takers[part.seq].append(Part(call.seq, at, at + part.stop - part.start))
                place[part.seq] = part.stop
            at += part.stop - part.start
        assert not channel.messages or len(sources) == 1
    if not whole:
        return len(recvs), 0
    for call in sends.values():
        assert journal.lineage.takers(call) == takers[call.seq], call
        lost = journal.lineage.lost(call)
        assert lost == (not takers[call.seq]) or (not lost and threads), call
        assert journal.lineage.knows_peer(call)
        assert channel.messages or place[call.seq] == len(call.data)
    return len(recvs), sum(not takers[seq] for seq in sends)


@pytest.fixture(params=["bench", "traced"])
def net(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Net]:
    recorder = Recorder(str(tmp_path / "session"))
    if request.param == "bench":
        kind: type[TracedSocket] = bench_socket_class(recorder)
    else:
        kind = type("Socket", (TracedSocket,), {"recorder": recorder})
        kind.accepts = kind
    made = Net(tmp_path / "session", kind)
    with made.stack:
        yield made
    recorder.close()


@pytest.mark.parametrize("seed", range(4))
def test_every_byte_comes_from_where_its_tag_says(net: Net, seed: int) -> None:
    rng = random.Random(seed)
    live = Journal(net.path)
    for _ in range(1000):
        channel = rng.choice(net.channels)
        for _ in range(rng.choice((1, 1, 2, 15))):
            (channel.send if rng.random() < 0.55 else channel.recv)(rng)
        if rng.random() < 0.05:
            live.pull()
    net.drain()
    live.pull()
    reopened = read(net.path)
    counts = [check(live, channel) for channel in net.channels]
    assert counts == [check(reopened, channel) for channel in net.channels]
    assert all(received > 20 for received, _ in counts)
    assert any(lost for _, lost in counts)
    other = net.path.with_suffix(".shuffled")
    other.write_bytes(shuffle(net.path, rng))
    again = read(other)
    for channel in net.channels:
        check(again, channel, whole=False)


def test_threads_that_send_and_receive_at_once(net: Net) -> None:
    sent = threading.Event()

    def send(channel: Channel, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(300):
            channel.send(rng)

    def recv(channel: Channel, seed: int) -> None:
        rng = random.Random(seed)
        channel.receiver.settimeout(0.02)
        while channel.recv(rng) or not sent.is_set():
            pass

    senders = [threading.Thread(target=send, args=(channel, seed)) for seed, channel in enumerate(net.channels)]
    receivers = [threading.Thread(target=recv, args=(channel, -seed)) for seed, channel in enumerate(net.channels)]
    for thread in (*receivers, *senders):
        thread.start()
    for thread in senders:
        thread.join(60)
    sent.set()
    for thread in receivers:
        thread.join(60)
    net.drain()
    journal = read(net.path)
    traced = not isinstance(net.channels[0].receiver, BenchSocket)
    assert all(check(journal, channel, threads=traced)[0] for channel in net.channels)
