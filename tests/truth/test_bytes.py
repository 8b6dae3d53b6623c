"""What became of bytes, as the claims have it, against what the peer got and what lies in the kernel's queues."""

from __future__ import annotations

import os
import socket
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.truth.conftest import HERE
from tests.truth.kernel import queued, state, states, udp_drops, until
from tests.truth.session import Session, holds
from workbench import TracedSocket
from workbench.engine.sockets.bench_socket import bench_socket_class
from workbench.journal.neighbours import around, events
from workbench.journal.reader import Journal
from workbench.model.claims.claim import Kind
from workbench.model.claims.ending import end, ended
from workbench.model.claims.fate import fate

Ends = tuple[TracedSocket, TracedSocket]
RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def udp(session: Session) -> Iterator[Ends]:
    """A sender and a receiver, both bound; neither waits."""
    with (
        TracedSocket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        TracedSocket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        for sock in (sender, receiver):
            sock.bind(HERE)
            sock.settimeout(0)
        yield sender, receiver


def name(sock: socket.socket) -> tuple[str, int]:
    """Return a socket's address, unrecorded."""
    return socket.socket.getsockname(sock)[:2]


@holds(Kind.RECEIVED, Kind.NOT_RECEIVED_YET, Kind.LEFT)
def test_received_and_not_yet(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.sendall(b"hello world")
    assert session.claim(Kind.NOT_RECEIVED_YET, "sendall").count == queued(connection) == 11
    got = connection.recv(4)
    received, rest = session.claim(Kind.RECEIVED, "sendall"), session.claim(Kind.NOT_RECEIVED_YET, "sendall")
    assert (received.count, received.seqs) == (len(got), (session.seq("recv"),))
    assert rest.count == session.claim(Kind.LEFT, "recv").count == queued(connection)


@holds(Kind.FATE_UNKNOWN)
@pytest.mark.parametrize("way", ["os.read", "dup", "threads"])
def test_nothing_is_claimed_of_bytes_that_pass_unseen(session: Session, ends: Ends, way: str) -> None:
    client, connection = ends
    if way == "threads":  # two recvs at once: which of them got the first byte no call tells
        got: list[bytes] = []
        readers = [threading.Thread(target=lambda: got.append(connection.recv(3))) for _ in range(2)]
        for reader in readers:
            reader.start()
        client.sendall(b"abcdef")
        for reader in readers:
            reader.join()
        assert sorted(got) == [b"abc", b"def"]
    else:
        client.sendall(b"hello")
        assert until(lambda: queued(connection) == 5)
        other = os.dup(connection.fileno()) if way == "dup" else connection.fileno()
        assert os.read(other, 9) == b"hello"
        if way == "dup":
            os.close(other)
    connection.close()
    assert session.kinds("sendall") == {Kind.FATE_UNKNOWN}
    assert "never received" not in session.says("sendall")


@holds(Kind.NEVER_CLOSED, Kind.NEVER_RESET)
def test_bytes_that_died_with_the_receiver(session: Session, ends: Ends, server: TracedSocket) -> None:
    client, connection = ends
    client.sendall(b"lost")
    assert until(lambda: queued(connection) == 4)
    connection.close()
    assert until(lambda: not any(s == "ESTABLISHED" for _, s in states(name(server)[1])))
    closed = session.claim(Kind.NEVER_CLOSED, "sendall")
    assert (closed.count, closed.seq) == (4, session.seq("close"))
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert session.claim(Kind.NEVER_RESET, "sendall").seq == session.seq("recv")
    assert state(client) == "CLOSE"


@holds(Kind.SHORT)
def test_a_short_send_and_where_its_bytes_are(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.setblocking(False)
    took = client.send(bytes(30_000_000))
    claim = session.claim(Kind.SHORT, "send")
    assert (claim.count, claim.of) == (took, 30_000_000)
    assert until(lambda: queued(client, termios.TIOCOUTQ) + queued(connection) == took)


def test_of_a_failed_sendall_it_is_known_how_much_went_out(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.sendall(bytes(30_000_000))
    client.close()
    connection.settimeout(5)
    got = 0
    while data := connection.recv(1 << 20):
        got += len(data)
    assert f"{got} of 30000000 bytes went out" in session.says("sendall")


@holds(Kind.PEEKED)
def test_a_peek_takes_nothing(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.sendall(b"peeked")
    assert until(lambda: queued(connection) == 6)
    peeked = connection.recv(3, socket.MSG_PEEK)
    assert session.claim(Kind.PEEKED, "recv").count == len(peeked)
    assert session.claim(Kind.LEFT, "recv").count == queued(connection) == 6
    assert connection.recv(9) == b"peeked"


@holds(Kind.DISCARDED)
def test_msg_trunc_throws_bytes_of_a_stream_away(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.sendall(b"abcdef")
    assert until(lambda: queued(connection) == 6)
    connection.recv(2, socket.MSG_TRUNC)
    assert session.claim(Kind.DISCARDED, "recv").count == 6 - queued(connection)
    assert connection.recv(9) == b"cdef"


@holds(Kind.URGENT)
def test_an_urgent_byte_is_not_in_the_stream(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.send(b"abc", socket.MSG_OOB)
    assert until(lambda: queued(connection) >= 2)
    assert connection.recv(9, socket.MSG_OOB) == b"c"
    assert session.claim(Kind.URGENT, "recv").count == 1
    assert connection.recv(9) == b"ab"


# --- datagrams --------------------------------------------------------------------------------------------------------


@holds(Kind.TRUNCATED, Kind.CUT_OFF)
def test_a_datagram_that_did_not_fit(session: Session, udp: Ends) -> None:
    sender, receiver = udp
    sender.sendto(b"0123456789", name(receiver))
    data, _, flags, _ = receiver.recvmsg(4)
    assert flags & socket.MSG_TRUNC
    cut = session.claim(Kind.TRUNCATED, "recvmsg")
    assert (cut.count, cut.of) == (len(data), 10)
    assert session.claim(Kind.CUT_OFF, "sendto").count == 10 - len(data)
    with pytest.raises(BlockingIOError):
        receiver.recv(9)


@holds(Kind.MAYBE_TRUNCATED)
@pytest.mark.parametrize("size", [4, 9])
def test_a_full_buffer_may_have_cut_the_datagram_of_a_stranger(session: Session, udp: Ends, size: int) -> None:
    _, receiver = udp
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(bytes(size), name(receiver))
    receiver.recv(4)
    assert session.claim(Kind.MAYBE_TRUNCATED, "recv").count == 4


@holds(Kind.OVERTAKEN, Kind.NOT_IN_QUEUE)
@pytest.mark.parametrize("later", [True, False])
def test_lost_datagrams_are_those_that_the_receiver_dropped(session: Session, udp: Ends, later: bool) -> None:
    sender, receiver = udp
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    for number in range(8):
        sender.sendto(bytes([number]) * 700, name(receiver))
    drops = udp_drops(name(receiver)[1])
    got = 0
    with suppress(BlockingIOError):
        while receiver.recv(1000):
            got += 1
            if later and got == 1:
                sender.sendto(b"later", name(receiver))
    sent = range(8)
    lost = [nth for nth in sent if session.kinds("sendto", nth) & {Kind.OVERTAKEN, Kind.NOT_IN_QUEUE}]
    assert drops
    assert len(lost) == drops == 8 - got + later
    kind = Kind.OVERTAKEN if later else Kind.NOT_IN_QUEUE
    assert {session.claim(kind, "sendto", nth).count for nth in lost} == {700}


@holds(Kind.QUEUE_WAS_FULL)
def test_the_bench_knows_which_datagram_its_receiver_dropped(session: Session) -> None:
    assert TracedSocket.recorder is not None
    kind = bench_socket_class(TracedSocket.recorder)
    with kind(socket.AF_INET, socket.SOCK_DGRAM) as receiver, kind(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        receiver.bind(HERE)
        for _ in range(6):
            sender.sendto(bytes(700), name(receiver))
        dropped = sum(Kind.QUEUE_WAS_FULL in session.kinds("sendto", nth) for nth in range(6))
        assert dropped == udp_drops(name(receiver)[1]) > 0


@holds(Kind.NEVER_REFUSED, Kind.RECEIVER_GONE)
@pytest.mark.parametrize("known", [False, True])
def test_a_datagram_to_a_port_that_nobody_has(session: Session, udp: Ends, known: bool) -> None:
    sender, recorded = udp
    receiver = recorded if known else socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if not known:
        receiver.bind(HERE)
    port = name(receiver)[1]
    sender.connect(name(receiver))
    receiver.close()
    assert udp_drops(port) is None
    if known:
        assert Kind.RECEIVER_GONE in session.kinds("close")
        sender.send(b"1")
        assert session.claim(Kind.NEVER_CLOSED, "send").seq == session.seq("close")
        return
    sender.send(b"1")  # this one is sent, and answered by ICMP: the next call learns of it
    with pytest.raises(ConnectionRefusedError):
        sender.send(b"2")
    assert session.claim(Kind.NEVER_REFUSED, "send", 0).seq == session.seq("send")
    assert sender.send(b"3") == 1


def test_a_datagram_is_not_lost_while_its_queue_holds_it(session: Session, tmp_path: Path) -> None:
    with (
        TracedSocket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        TracedSocket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(str(tmp_path / "d"))
        sender.sendto(b"kept", str(tmp_path / "d"))
        assert Kind.NOT_RECEIVED_YET in session.kinds("sendto")
        assert queued(receiver) == 4
        receiver.close()
        assert Kind.NEVER_CLOSED in session.kinds("sendto")


@holds(Kind.NEVER_FILTERED)
def test_a_connected_socket_takes_its_peers_datagrams_alone(session: Session, udp: Ends) -> None:
    sender, receiver = udp
    receiver.connect(("127.0.0.1", 9))
    sender.sendto(b"stranger", name(receiver))
    with pytest.raises(BlockingIOError):
        receiver.recv(9)
    assert session.claim(Kind.NEVER_FILTERED, "sendto").seq == session.seq("connect")


@holds(Kind.MESSAGE_SIZE)
def test_the_size_of_a_message_that_is_only_looked_at(session: Session, udp: Ends) -> None:
    sender, receiver = udp
    sender.sendto(b"0123456789", name(receiver))
    receiver.recv_into(bytearray(2), 2, socket.MSG_PEEK | socket.MSG_TRUNC)
    claim = session.claim(Kind.MESSAGE_SIZE, "recv_into")
    assert claim.count == len(receiver.recv(99))


# --- descriptors ------------------------------------------------------------------------------------------------------


@holds(Kind.DESCRIPTORS_SENT, Kind.DESCRIPTORS_CAME, Kind.DESCRIPTORS_LOST)
@pytest.mark.parametrize(("room", "come"), [(2, 2), (0, 0)])
def test_descriptors_go_with_a_message(session: Session, room: int, come: int) -> None:
    one, other = TracedSocket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with one, other:
        socket.send_fds(one, [b"F"], [0, 1])
        assert session.claim(Kind.DESCRIPTORS_SENT, "sendmsg").count == 2
        if room:
            _, got, _, _ = socket.recv_fds(other, 9, room)
            assert session.claim(Kind.DESCRIPTORS_CAME, "recvmsg").count == len(got) == come
            for fd in got:
                os.close(fd)
        else:
            before = len(os.listdir("/proc/self/fd"))
            other.recv(9)
            assert len(os.listdir("/proc/self/fd")) == before
            assert session.claim(Kind.DESCRIPTORS_LOST, "recv").count == 2


# --- one answer, whoever asks -----------------------------------------------------------------------------------------


def test_an_annotation_and_an_explanation_answer_alike(session: Session, ends: Ends, udp: Ends) -> None:
    """The life of the sockets alone (`events`) and all that is near (`around`) lead to the same claims."""
    client, connection = ends
    sender, receiver = udp
    twin = connection.dup()
    client.sendall(b"hello")
    connection.recv(2)
    sender.sendto(b"one", name(receiver))
    sender.sendto(b"two", name(receiver))
    receiver.recv(1)
    connection.close()
    twin.close()
    with suppress(OSError):
        while client.send(b"late"):
            pass
    client.recv(9)
    receiver.close()
    client.close()
    journal = Journal(session.path)
    journal.read_all()
    for index, call in enumerate(journal):
        alone, near = events(journal, index), around(journal, index)
        for ask in (fate, end, ended):
            assert ask(call, alone) == ask(call, near), (call.seq, call.call, ask)
    journal.close()
