"""Looking into the receive queue: what is seen, and that the next call returns what it would have returned anyway."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from workbench.engine.endpoints.inside import send_side
from workbench.engine.sockets.bench_socket import BenchSocket
from workbench.engine.sockets.queued_socket import HEAD, MESSAGE_HEAD, QueuedSocket

RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def tcp() -> Iterator[tuple[QueuedSocket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        own = QueuedSocket(fileno=accepted.detach())
        own.settimeout(2)
        with own, peer:
            yield own, peer


@pytest.fixture
def udp() -> Iterator[tuple[QueuedSocket, socket.socket]]:
    own = QueuedSocket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 0))
    own.settimeout(2)
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    peer.connect(own.getsockname())
    with own, peer:
        yield own, peer


def test_a_stream_shows_its_bytes_and_keeps_them(tcp, eventually) -> None:
    own, peer = tcp
    peer.sendall(b"hello")
    eventually(lambda: own.look().total == 5)
    seen = own.look()
    assert (seen.keeps_messages, seen.head, seen.offset, seen.fin, seen.error) == (False, b"hello", 0, False, False)
    assert own.recv(2) == b"he"
    seen = own.look()
    assert (seen.head, seen.total, seen.offset) == (b"llo", 3, 2)
    assert own.recv(100) == b"llo"
    assert own.look().offset == 5


def test_of_a_long_queue_the_head_is_shown_and_the_rest_counted(tcp, eventually) -> None:
    own, peer = tcp
    peer.sendall(bytes(50_000))
    eventually(lambda: own.look().total == 50_000)
    assert len(own.look().head) == HEAD
    assert own.look().memory > 50_000 // 2


def test_fin_is_told_behind_the_bytes(tcp, eventually) -> None:
    own, peer = tcp
    peer.sendall(b"bye")
    peer.shutdown(socket.SHUT_WR)
    eventually(lambda: own.look().fin)
    assert own.look().head == b"bye"
    assert [own.recv(10), own.recv(10)] == [b"bye", b""]


def test_looking_at_a_reset_connection_leaves_the_error_to_the_recv(tcp, eventually) -> None:
    own, peer = tcp
    peer.sendall(b"last words")
    eventually(lambda: own.look().total == 10)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()
    eventually(lambda: own.look().error)
    for _ in range(5):
        assert own.look().total == 10
    assert own.recv(100) == b"last words"
    own.look()
    with pytest.raises(ConnectionResetError):
        own.recv(100)
    assert own.recv(100) == b""


@pytest.mark.parametrize("read", [b"", b"las"])
@pytest.mark.parametrize("reset_by", ["a send", "the peer"])
def test_an_error_after_the_fin_waits_for_a_send_and_recv_returns_the_end(tcp, eventually, read, reset_by) -> None:
    own, peer = tcp
    peer.sendall(b"last words")
    peer.shutdown(socket.SHUT_WR)
    eventually(lambda: own.look().fin)
    assert own.recv(len(read)) == read
    if reset_by == "the peer":
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    peer.close()
    if reset_by == "a send":
        own.send(b"is anybody there?")
    eventually(lambda: own.look().broken)
    seen = own.look()
    assert (seen.fin, seen.error, seen.head) == (True, False, b"last words"[len(read) :])
    assert [own.recv(100), own.recv(100)] == [b"last words"[len(read) :], b""]
    with pytest.raises(BrokenPipeError):
        own.send(b"no")
    assert not own.look().broken


def test_a_connection_that_a_reset_closed_holds_nothing_that_is_not_acknowledged(eventually) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, BenchSocket(socket.AF_INET, socket.SOCK_STREAM) as own:
        own.connect(listener.getsockname())
        listener.accept()[0].close()
        eventually(lambda: own.look().fin)
        own.send(b"x")
        eventually(lambda: own.look().broken)
        side = send_side(own)
        assert side is not None
        assert (side.unacknowledged, side.unsent) == (0, 0)


def test_a_socket_that_its_thread_closes_meanwhile_tells_nothing(tcp, monkeypatch) -> None:
    own, _ = tcp

    def closing(sock: socket.socket) -> str:
        sock.close()
        return "ESTABLISHED"

    monkeypatch.setattr("workbench.engine.endpoints.inside.tcp_state", closing)
    side = send_side(own)
    assert side is not None
    assert (side.unacknowledged, side.unsent) == (None, None)


def test_an_error_that_a_peek_took_is_given_to_the_next_recv(udp, monkeypatch) -> None:
    own, _ = udp
    dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dead.bind(("127.0.0.1", 0))
    own.connect(dead.getsockname())
    dead.close()
    monkeypatch.setattr(QueuedSocket, "_ready", lambda self: select.POLLIN)  # the error comes between poll and peek
    own.send(b"into nothing")
    own.look()
    with pytest.raises(ConnectionRefusedError):
        own.recv(100)


def test_a_look_does_not_take_a_udp_error(udp, eventually) -> None:
    own, _ = udp
    dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dead.bind(("127.0.0.1", 0))
    own.connect(dead.getsockname())
    dead.close()
    own.send(b"into nothing")
    eventually(lambda: own.look().error)
    with pytest.raises(ConnectionRefusedError):
        own.recv(100)


def test_datagrams_are_seen_one_by_one_with_sender_and_true_size(udp) -> None:
    own, peer = udp
    for data in (b"first", b"", b"x" * 5000, b""):
        peer.send(data)
    for _ in range(3):  # an empty datagram shows itself to the first peek only
        seen = own.look()
        assert [one.size for one in seen.messages] == [5, 0, 5000, 0]
    assert seen.messages[0].head == b"first"
    assert len(seen.messages[2].head) == MESSAGE_HEAD
    assert seen.messages[0].sender == list(peer.getsockname())
    assert own.recv(3) == b"fir"
    assert [one.size for one in own.look().messages] == [0, 5000, 0]
    peer.send(b"new")
    assert [own.recv(10), own.recv(3)] == [b"", b"xxx"]
    assert [one.size for one in own.look().messages] == [0, 3]
    assert [own.recv(10), own.recv(10)] == [b"", b"new"]
    assert own.look().messages == ()


def test_a_peek_of_ones_own_still_begins_at_the_head(udp) -> None:
    own, peer = udp
    peer.send(b"first")
    own.look()
    assert own.recv(10, socket.MSG_PEEK) == b"first"
    assert own.recv(10) == b"first"


def test_seqpacket_messages_and_their_end(eventually) -> None:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    own = QueuedSocket(fileno=one.detach())
    with own, other:
        other.send(b"one")
        other.send(b"three")
        assert [message.size for message in own.look().messages] == [3, 5]
        other.close()
        seen = own.look()
        assert [message.size for message in seen.messages] == [3, 5]
        assert seen.fin
        assert [own.recv(10), own.recv(10), own.recv(10)] == [b"one", b"three", b""]


def test_a_closed_socket_has_an_empty_queue() -> None:
    own = QueuedSocket()
    own.close()
    assert own.look().total in (None, 0)


def test_looking_never_mixes_with_a_recv(tcp) -> None:
    own, peer = tcp
    stop = threading.Event()
    wrong: list[object] = []

    def watch() -> None:
        while not stop.is_set():
            seen = own.look()
            expected = bytes((seen.offset + at) % 251 for at in range(len(seen.head)))
            if seen.head != expected:
                wrong.append((seen.offset, seen.head[:20], expected[:20]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    data = bytes(at % 251 for at in range(200_000))
    sender = threading.Thread(target=peer.sendall, args=(data,))
    sender.start()
    got = b""
    while len(got) < len(data):
        got += own.recv(777)
    stop.set()
    watcher.join()
    sender.join()
    assert got == data
    assert wrong == []


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX], ids=["tcp", "unix"])
def test_a_send_buffer_that_takes_no_more_has_nearly_no_room(family: socket.AddressFamily) -> None:
    one, other = socket.socketpair(socket.AF_UNIX) if family == socket.AF_UNIX else _tcp_pair()
    with BenchSocket(fileno=one.detach()) as own, other:
        side = send_side(own)
        assert side is not None
        assert side.free == side.size
        own.settimeout(0)
        with pytest.raises(BlockingIOError):
            own.sendall(bytes(1 << 24))
        side = send_side(own)
        assert side is not None
        assert side.free is not None
        assert side.size is not None
        assert side.free < side.size / 4


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        return one, listener.accept()[0]


def test_without_fionread_a_peek_tells_what_is_queued_and_the_end(tcp, eventually, monkeypatch) -> None:
    own, peer = tcp
    monkeypatch.setattr("workbench.probe.facts.ioctl", None)
    assert (own.look().total, own.look().fin) == (0, False)
    peer.send(b"hello")
    eventually(lambda: own.look().total == 5)
    assert own.look().head == b"hello"
    peer.send(bytes(1 << 17))
    eventually(lambda: own.look().total is None)
    while own.look().total != 0:
        own.recv(1 << 16)
    peer.close()
    monkeypatch.setattr("workbench.engine.sockets.queued_socket.POLLRDHUP", 0)
    eventually(lambda: own.look().fin)


def test_without_so_peek_off_the_first_datagram_is_seen(udp, eventually, monkeypatch) -> None:
    own, peer = udp
    monkeypatch.setattr("workbench.engine.sockets.queued_socket._PEEK_OFF", 9999)
    assert own.look().messages == ()
    peer.send(b"first")
    peer.send(b"")
    eventually(lambda: own.look().messages)
    seen = own.look()
    assert ([each.head for each in seen.messages], seen.more) == ([b"first"], True)
    assert own.recv(9) == b"first"
    assert [each.size for each in own.look().messages] == [0]
    assert own.recv(9) == b""
    assert (own.look().messages, own.look().more) == ((), False)


def test_without_so_meminfo_or_with_another_answer_the_rest_is_told(tcp, eventually, monkeypatch) -> None:
    own, peer = tcp
    peer.send(b"x")
    for missing in (9999, socket.SO_RCVBUF):
        monkeypatch.setattr("workbench.engine.sockets.queued_socket._MEMINFO", missing)
        eventually(lambda: own.look().total == 1)
        assert own.look().memory is None


def test_the_end_of_a_unix_connection_is_no_fin(tcp, eventually) -> None:
    own, peer = tcp
    peer.close()
    eventually(lambda: own.look().fin)
    assert own.look().ending == "FIN"
    one, other = socket.socketpair(socket.AF_UNIX)
    with QueuedSocket(fileno=one.detach()) as unix:
        other.close()
        assert (unix.look().fin, unix.look().ending) == (True, "end")


def test_an_urgent_byte_is_not_of_the_stream(tcp, eventually) -> None:
    own, peer = tcp
    peer.send(b"ab!", socket.MSG_OOB)
    eventually(lambda: own.look().total == 2)
    assert own.recv(1, socket.MSG_OOB) == b"!"
    assert own.look().offset == 0
    assert own.recv(10) == b"ab"
    assert own.look().offset == 2


def test_a_peek_of_the_program_takes_nothing(tcp, eventually) -> None:
    own, peer = tcp
    peer.sendall(b"hello")
    eventually(lambda: own.look().total == 5)
    assert own.recv(3, socket.MSG_PEEK) == b"hel"
    assert (own.look().offset, own.look().total) == (0, 5)
