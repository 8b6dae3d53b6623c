"""Lineage over real sockets: for every byte received, the send that it really came from."""

from __future__ import annotations

import os
import random
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.journal.reader import Journal
from workbench.journal.scan import Scanner
from workbench.model.call.call import Call
from workbench.probe.format import CALL, CALLS, CODE, PREFIX
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket

Byte = tuple[int, int]
"""A byte of a send: the call's seq, and its place in the data."""


class Wire(NamedTuple):
    """The two ends of a connection, by the place where a call of each stands in the journal."""

    one: TracedSocket
    other: TracedSocket


class Net:
    """A recorded session with connections in it."""

    def __init__(self, path: Path, kinds: str) -> None:
        self.path = path

        class Socket(TracedSocket):
            recorder = Recorder(str(path))

        Socket.accepts = Socket
        self.socket = Socket
        self.stack = ExitStack()
        self.wires = [self._connect(kind, number) for number, kind in enumerate(kinds)]
        self.stack.callback(lambda: Socket.recorder and Socket.recorder.close())

    def _connect(self, kind: str, number: int) -> Wire:
        unix = kind == "u"
        family = socket.AF_UNIX if unix else socket.AF_INET6 if kind == "6" else socket.AF_INET
        with self.socket(family) as listener:
            where = {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::", 0)}
            listener.bind(where.get(family, str(self.path) + f".{number}"))
            listener.listen()
            client = self.socket(socket.AF_INET if kind == "6" else family)  # IPv4 to a listener for both
            name = listener.getsockname()
            client.connect(("127.0.0.1", name[1]) if kind == "6" else name)
            accepted, _ = listener.accept()
        self.stack.enter_context(client)
        self.stack.enter_context(accepted)
        return Wire(client, accepted)  # type: ignore[arg-type]

    def ends(self) -> dict[str, str]:
        """Return each socket's id, and its peer's."""
        pairs = [tuple(f"{end._wb_key[0]}.{end._wb_key[1]}" for end in wire) for wire in self.wires]
        return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


def check(journal: Journal, ends: dict[str, str]) -> int:
    """Compare lineage with what the offsets of all calls, byte by byte, say; return how many bytes were received."""
    sent: dict[str, list[Byte]] = defaultdict(list)
    calls = [call for call in journal if call.data]
    for call in calls:
        if call.sends:
            sent[call.socket] += [(call.seq, place) for place in range(len(call.data))]
    offsets: dict[str, int] = defaultdict(int)
    taken: dict[int, list[Byte]] = defaultdict(list)
    data = {call.seq: call.data for call in calls}
    for call in calls:
        if call.receives:
            start = offsets[call.socket]
            truth = sent[ends[call.socket]][start : start + len(call.data)]
            sources = journal.lineage.sources(call)
            assert sources is not None
            assert [(part.seq, place) for part in sources for place in range(part.start, part.stop)] == truth
            assert bytes(data[seq][place] for seq, place in truth) == call.data
            assert all(part.start < part.stop for part in sources)
            if not call.peek:
                offsets[call.socket] += len(call.data)
                for place, (seq, _) in enumerate(truth):
                    taken[seq].append((call.seq, place))
    for call in calls:
        if call.sends:
            takers = journal.lineage.takers(call)
            assert [(part.seq, place) for part in takers for place in range(part.start, part.stop)] == taken[call.seq]
    return sum(offsets.values())


steps = st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from("ssrrrp"), st.integers(0, 40))


@settings(max_examples=40, deadline=None)
@given(st.text("ut6", min_size=4, max_size=4), st.lists(steps, max_size=60), st.randoms(use_true_random=False))
def test_random_sends_and_recvs(
    tmp_path_factory: pytest.TempPathFactory, kinds: str, steps: list[tuple[int, bool, str, int]], rng: random.Random
) -> None:
    net = Net(tmp_path_factory.mktemp("net") / "session", kinds)
    with net.stack:
        for number, backwards, what, size in steps:
            end = net.wires[number][backwards]
            try:
                match what:
                    case "s":
                        end.sendall(rng.randbytes(size)) if size % 2 else end.send(rng.randbytes(size))
                    case "r":
                        end.recv(size, socket.MSG_DONTWAIT)
                    case "p":
                        end.recv_into(bytearray(size + 1), 0, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
    journal = Journal(net.path)
    journal.read_all()
    check(journal, net.ends())
    shuffled = net.path.with_suffix(".shuffled")
    shuffled.write_bytes(shuffle(net.path, rng))
    other = Journal(shuffled)
    other.read_all()
    assert len(other) == len(journal)
    check(other, net.ends())
    journal.close()
    other.close()


def shuffle(path: Path, rng: random.Random) -> bytes:
    """Return the session's records in another order: each socket keeps its own, and comes after its making.

    What connects UNIX sockets keeps its order too, as it is all that there is to pair them by.
    """
    whole = path.read_bytes()
    head, queues = [], defaultdict[tuple[int, int], list[bytes]](list)
    for record, fields in records(path, whole):
        _, _, _, _, kind, code, _, pid, number, *_ = fields
        tcp_connect = code == CODE["connect"] and b'"127.0.0.1"' in record
        names = CALLS[code] in ("socket", "socketpair", "bind", "listen", "connect", "accept") and not tcp_connect
        (queues[pid, number] if kind == CALL and not names else head).append(record)
    order = [key for key, queue in queues.items() for _ in queue]
    rng.shuffle(order)
    return b"".join([*head, *(queues[key].pop(0) for key in order)])


def records(path: Path, whole: bytes) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    with open(path, "rb") as file:
        for offset, fields in Scanner(file.fileno()).records():
            yield whole[offset : offset + PREFIX.unpack_from(whole, offset)[2]], fields  # type: ignore[misc]


def test_threads_in_both_directions(tmp_path: Path) -> None:
    net = Net(tmp_path / "session", "tut6")
    size = 300_000

    def send(end: TracedSocket, rng: random.Random) -> None:
        left = size
        while left:
            left -= end.send(rng.randbytes(min(left, rng.randint(1, 9000))))
        end.shutdown(socket.SHUT_WR)

    def recv(end: TracedSocket, rng: random.Random) -> None:
        while end.recv(rng.randint(1, 9000)):
            if rng.random() < 0.2:
                end.recv(rng.randint(1, 100), socket.MSG_PEEK)

    jobs: list[Callable[..., None]] = [send, recv]
    threads = [
        threading.Thread(target=job, args=(end, random.Random(seed)))
        for seed, (end, job) in enumerate((end, job) for wire in net.wires for end in wire for job in jobs)
    ]
    with net.stack:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    journal = Journal(net.path)
    journal.read_all()
    assert check(journal, net.ends()) == size * 8


# --- pairing --------------------------------------------------------------------------------------------------------

THERE = ["127.0.0.1", 6789]


class Written:
    """A session written call by call, at chosen times (ms)."""

    def __init__(self, path: Path) -> None:
        self.recorder = Recorder(str(path), clock=lambda: 0, wall=lambda: 0)
        self.journal = Journal(path)

    def call(self, at: float, name: str, number: int, data: bytes = b"", tail: str = "", took: float = 0.1) -> Call:
        self.recorder.call(
            CODE[name], (7, number), int(at * 1e6), int((at + took) * 1e6), len(data), len(data), -1, data,
            tail=tail.encode(),
        )  # fmt: skip
        self.journal.pull()
        return self.journal[len(self.journal) - 1]

    def connect(self, at: float, number: int, port: int = 50000, took: float = 0.1) -> None:
        self.call(
            at, "connect", number, tail=f'{{"local": ["127.0.0.1", {port}], "peer": ["127.0.0.1", 9]}}', took=took
        )

    def accept(self, at: float, number: int, port: int = 50000) -> None:
        names = f'"local": ["127.0.0.1", 9], "peer": ["127.0.0.1", {port}], "made": [[7, {number}]]'
        self.call(at, "accept", 1, tail=f"{{{names}}}")

    def bind(self, at: float, number: int, path: str = "/x") -> None:
        self.call(at, "bind", number, tail=f'{{"local": "{path}"}}')

    def unix_connect(self, at: float, number: int, path: str = "/x") -> None:
        self.call(at, "connect", number, tail=f'{{"local": "", "peer": "{path}"}}')

    def unix_accept(self, at: float, number: int, path: str = "/x") -> None:
        self.call(at, "accept", 1, tail=f'{{"local": "{path}", "peer": "", "made": [[7, {number}]]}}')

    def talk(self, at: float, sender: int, receiver: int) -> list[tuple[int, int, int]] | None:
        """Return where a recv says its bytes came from; empty if from nobody known."""
        self.call(at, "send", sender, b"hello")
        return self.journal.lineage.sources(self.call(at + 1, "recv", receiver, b"hello"))  # type: ignore[return-value]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "session")


@pytest.mark.parametrize("accept_first", [False, True])
def test_either_end_may_be_told_first(written: Written, accept_first: bool) -> None:
    if accept_first:
        written.accept(2, 3)
    written.connect(1, 2, took=5)
    if not accept_first:
        written.accept(2, 3)
    assert written.talk(10, 2, 3) == [(3, 0, 5)]
    assert written.talk(20, 3, 2) == [(5, 0, 5)]


def test_a_client_that_has_closed_before_the_accept(written: Written) -> None:
    written.connect(1, 2)
    sent = written.call(2, "send", 2, b"hello")
    written.call(3, "close", 2)
    written.accept(4, 3)
    recv = written.call(5, "recv", 3, b"hello")
    assert written.journal.lineage.sources(recv) == [(sent.seq, 0, 5)]


@pytest.mark.parametrize("accept_first", [False, True])
def test_an_address_pair_used_again_is_another_connection(written: Written, accept_first: bool) -> None:
    written.connect(1, 2)
    written.accept(2, 3)
    assert written.talk(5, 2, 3) == [(3, 0, 5)]
    if accept_first:
        written.accept(22, 5)
    written.connect(21, 4, took=5)
    if not accept_first:
        written.accept(22, 5)
    assert written.talk(30, 4, 5) == [(7, 0, 5)]
    send, recv = written.journal[2], written.journal[3]
    assert written.journal.lineage.sources(recv) == [(3, 0, 5)]
    assert written.journal.lineage.takers(send) == [(4, 0, 5)]


@pytest.mark.parametrize("accept_first", [False, True])
def test_an_end_whose_partner_was_not_recorded_takes_no_later_one(written: Written, accept_first: bool) -> None:
    written.connect(1, 2)  # to a server that nobody recorded, on the port where later one is
    written.call(3, "send", 2, b"other")
    written.call(4, "close", 2)
    if accept_first:
        written.accept(22, 5)
    written.connect(21, 4, took=5)
    if not accept_first:
        written.accept(22, 5)
    assert written.talk(30, 4, 5) == [(6, 0, 5)]
    assert written.journal.lineage.takers(written.journal[1]) == []


def test_an_accept_before_a_connect_began_is_not_its_own(written: Written) -> None:
    written.accept(2, 3)
    written.connect(10, 4)
    assert written.talk(20, 4, 3) == []


def test_unix_connections_pair_in_the_order_of_the_queue(written: Written) -> None:
    written.bind(0, 1)
    for number in (2, 3):
        written.unix_connect(number, number)
    written.unix_accept(4, 12)
    written.unix_accept(5, 13)
    assert written.talk(10, 2, 12) == [(6, 0, 5)]
    assert written.talk(20, 3, 13) == [(8, 0, 5)]
    assert written.talk(30, 3, 12) is None  # the peer of 12 is 2, and has sent nothing more


def test_a_path_bound_again_has_an_accept_queue_of_its_own(written: Written) -> None:
    written.unix_connect(1, 2)  # to a server that nobody recorded
    written.unix_connect(1, 3, "/y")
    written.bind(10, 1)
    written.unix_connect(11, 4)
    written.unix_accept(12, 5)
    written.unix_accept(13, 6, "/y")
    assert written.talk(20, 4, 5) == [(7, 0, 5)]
    assert written.talk(30, 3, 6) == [(9, 0, 5)]


def test_failed_connects_pair_with_nobody(written: Written) -> None:
    for number in range(2, 6):
        written.call(number, "connect", number, tail='{"error": ["ConnectionRefusedError", "x"], "args": ["/x"]}')
    written.unix_connect(7, 7)
    written.unix_accept(8, 8)
    assert written.talk(10, 7, 8) == [(7, 0, 5)]


def test_a_process_that_replaced_itself_counts_its_sockets_anew(written: Written) -> None:
    written.connect(1, 2)
    written.accept(2, 3)
    written.call(3, "send", 2, b"never read")
    written.call(10, "socket", 2, tail='{"made": [[7, 2]]}')
    written.connect(11, 2, 50001)
    written.accept(12, 3, 50001)
    assert written.talk(20, 2, 3) == [(7, 0, 5)]


def test_sockets_from_before_the_recorder_are_not_taken_for_one(written: Written) -> None:
    written.connect(1, 0)
    written.accept(2, 3)
    assert written.talk(10, 0, 3) == []


def test_two_threads_that_send_at_once_leave_the_order_unknown(written: Written) -> None:
    written.connect(1, 2)
    written.accept(2, 3)
    sure = written.call(10, "send", 2, b"sure", took=5)
    written.call(12, "send", 2, b"meanwhile", took=1)
    assert written.journal.lineage.sources(written.call(20, "recv", 3, b"sure")) == [(sure.seq, 0, 4)]
    assert written.journal.lineage.sources(written.call(21, "recv", 3, b"mean")) == []


def test_what_is_not_there_yet_is_not_known_yet(written: Written) -> None:
    written.connect(1, 2)
    written.accept(2, 3)
    recv = written.call(3, "recv", 3, b"hello")
    assert written.journal.lineage.sources(recv) is None
    written.call(2.5, "send", 2, b"hel", took=0.1)
    assert written.journal.lineage.sources(recv) is None
    written.call(2.7, "send", 2, b"lo!", took=0.1)
    assert written.journal.lineage.sources(recv) == [(4, 0, 3), (5, 0, 2)]
    assert written.journal.lineage.takers(written.journal[4]) == [(3, 3, 5)]


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    """One TCP connection in a session."""
    net = Net(tmp_path / "session", "4")
    with net.stack:
        yield net


def sources(net: Net) -> list[list[tuple[int, int, int]] | None]:
    """Return what each recv of bytes is said to have come from."""
    journal = Journal(net.path)
    journal.read_all()
    return [journal.lineage.sources(call) for call in journal if call.call == "recv" and call.data]


def test_an_urgent_byte_ends_what_is_known_of_its_stream(net: Net) -> None:
    one, other = net.wires[0]
    one.send(b"ab")
    assert other.recv(2) == b"ab"
    one.send(b"c!", socket.MSG_OOB)
    assert other.recv(1, socket.MSG_OOB) == b"!"
    one.send(b"d")
    data = b""
    while len(data) < 2:
        data += other.recv(2 - len(data))
    assert data == b"cd"
    before, *after = sources(net)
    assert before is not None
    assert len(before) == 1
    assert after[-1] == []


def test_what_is_sent_on_a_detached_descriptor_is_nobodys(net: Net) -> None:
    one, other = net.wires[0]
    one.send(b"ab")
    assert other.recv(2) == b"ab"
    fd = one.detach()
    os.write(fd, b"raw")
    assert other.recv(3) == b"raw"
    os.close(fd)
    before, after = sources(net)
    assert before is not None
    assert len(before) == 1
    assert after == []
