"""How real sockets end, explained from nothing but their session file: close(2), shutdown(2), tcp(7), unix(7)."""

from __future__ import annotations

import select
import socket
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journal.asked import ANY, Asked, Pair, listening, tcp, udp
from workbench import TracedSocket
from workbench.journal.neighbours import NEAR, annotation
from workbench.journal.reader import Journal


def test_close_with_bytes_that_no_recv_saw_resets(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send(b"unread")
    connection.close()
    assert asked().sentences[0] == "6 bytes were left unread: so TCP sends RST instead of FIN."
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    reset = asked(-1).title.split()[0]
    client.close()
    assert asked().sentences[0].endswith(f"the connection had ended before, as {reset} learnt (ECONNRESET).")
    assert "no TIME_WAIT" in asked().next


def test_time_wait_is_told_for_the_side_that_ended_first(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    connection.close()
    assert "If the peer then closes cleanly, TIME_WAIT (60 s) is on this side" in asked().next
    assert client.recv(1) == b""
    client.close()
    assert asked().next.endswith("so nothing stays here; TIME_WAIT (60 s), if any, is on its side.")
    assert asked(-3).next.startswith("This side ended first, here, and the peer cleanly")


def test_close_after_a_half_close_sends_no_second_fin(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.shutdown(socket.SHUT_WR)
    half = asked().title.split()[0]
    connection.recv(1)
    connection.close()
    client.recv(1)
    client.close()
    assert asked().sentences[0] == f"The descriptor is given back; the FIN was sent by {half} shutdown."
    assert asked().next == (
        f"This side ended first, with {half}, and the peer cleanly: so TIME_WAIT (60 s) is on this side."
    )


def test_a_time_for_linger_is_no_reset(asked: Asked, pair: Pair) -> None:
    client, _ = pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
    client.close()
    assert "sends a FIN" in asked().sentences[0]
    assert asked().sentences[1].endswith("lets close wait 5 s at most for what is not acknowledged.")


def test_a_duplicate_keeps_the_connection(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    twin = connection.dup()
    connection.close()
    assert asked().sentences[0].startswith("This descriptor is given back, but #")
    client.send(b"still here")
    assert "never received" not in asked().sentences[1]
    assert twin.recv(99) == b"still here"
    assert asked().python[1].startswith("s = other.dup()  # #")
    twin.close()
    assert "sends a FIN" in asked().sentences[0]


def test_a_unix_connection_knows_neither_fin_nor_rst(asked: Asked) -> None:
    one, other = TracedSocket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    one.send(b"unread")
    other.close()
    assert asked().sentences[0] == "6 bytes were left unread: so the peer is reset."
    with pytest.raises(ConnectionResetError):
        one.recv(1)
    assert asked().sentences[0] == ("The peer closed with bytes unread, which resets a UNIX connection (ECONNRESET).")
    assert "RST" not in " ".join(asked().sentences)
    one.close()
    third, fourth = TracedSocket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    third.shutdown(socket.SHUT_WR)
    assert "FIN" not in asked().sentences[0]
    fourth.recv(1)
    assert "FIN" not in " ".join(asked().sentences)
    assert asked().python[1] == "peer, s = socketpair(AF_UNIX, SOCK_STREAM, 0)"
    third.close()
    fourth.close()


def test_an_end_of_datagrams_or_of_a_listener_is_no_fin(asked: Asked) -> None:
    with udp() as one:
        one.connect(one.getsockname())
        one.shutdown(socket.SHUT_WR)
        assert asked().sentences[1] == "Datagrams have no end of stream, so the peer does not learn of it."
    with listening() as server:
        server.shutdown(socket.SHUT_WR)
        assert asked().sentences[0] == "On a listener SHUT_WR changes nothing."


def test_the_address_of_a_closed_listener_is_kept_by_time_wait(asked: Asked) -> None:
    with listening() as server, tcp() as client:
        address = server.getsockname()
        client.connect(address)
        connection, _ = server.accept()
        connection.close()
        client.recv(1)
    assert "another bind needs SO_REUSEADDR" in asked(-2).sentences[1] + asked(-1).sentences[1]
    with tcp() as again, pytest.raises(OSError, match="in use"):
        again.bind(address)
    found = asked(-2)
    assert found.sentences[1].endswith(" closed ended on this side first, so TIME_WAIT keeps the port for 60 s.")
    assert "both set SO_REUSEADDR" in found.next


def test_a_send_or_recv_without_a_peer_blames_nobody_else(asked: Asked) -> None:
    with tcp() as lonely, listening() as server:
        with pytest.raises(BrokenPipeError):
            lonely.send(b"x")
        assert asked().sentences[0] == "The socket is not connected, so there is nobody to send to (EPIPE)."
        assert asked().python[-1] == "count = s.send(data)  # 1 byte; BrokenPipeError (EPIPE)"
        with pytest.raises(OSError, match="not connected"):
            lonely.recv(1)
        assert asked().sentences[1] == "No connect was made on it before this call."
        with pytest.raises(BrokenPipeError):
            server.send(b"x")
        assert asked().sentences[1].startswith("It listens: what a client receives is sent on the socket that accept")
        with pytest.raises(OSError, match="already connected"):
            server.connect(ANY)
        assert asked().sentences[0].startswith("The socket listens, and a listener can't connect")
    with udp() as receiver:
        receiver.settimeout(0.01)
        with pytest.raises(TimeoutError):
            receiver.accept()
        assert asked().sentences[1] == "It never can: a datagram socket has no connections to accept."


def test_a_send_whose_bytes_all_arrived_is_not_doubted_later(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send(b"a")
    connection.recv(1)
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        client.send(b"b")
    assert asked().sentences[0] == "Sending was shut down here (EPIPE)."
    assert asked(-4).next.startswith("The kernel sends on what is in the buffer")


def test_msg_trunc_and_urgent_bytes_are_no_end_of_stream(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send(b"zzzz")
    connection.recv(2, socket.MSG_TRUNC)
    assert asked().sentences[0].endswith(": 2 bytes left the queue so.")
    client.send(b"abc", socket.MSG_OOB)
    assert asked().sentences[1].startswith("MSG_OOB makes its last byte urgent")
    assert connection.recv(1, socket.MSG_OOB) == b"c"
    assert asked().sentences[0].startswith("MSG_OOB took the urgent byte")
    connection.recv(9)
    assert asked().sentences[1].startswith("Which sends they came from is not known")


def test_a_seqpacket_connection_is_one_with_messages(asked: Asked, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    server, client = (TracedSocket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2))
    server.bind(path)
    assert asked().sentences[1] == "Nobody can connect yet: it has to listen first."
    server.listen(1)
    assert asked().next.startswith("A connect that finds the queue full waits for accept")
    client.connect(path)
    assert asked().sentences[0].startswith("The connection to ")
    connection, _ = server.accept()
    client.send(b"hello world")
    connection.recv(4)
    cut = asked()
    assert cut.sentences[0].startswith(
        "The message was longer than 4: recv(4) kept 4 bytes, and the kernel threw 7 byte"
    )
    assert cut.source == "recv(2), MSG_TRUNC; unix(7)"
    assert (
        asked(-2).sentences[1].endswith("took 4 of them; 7 bytes did not fit its bufsize: the kernel threw them away.")
    )
    client.send(b"")
    connection.recv(4)
    assert asked().sentences[0].endswith(" sent: the connection goes on.")
    connection.close()
    assert asked().sentences[0] == "The descriptor is given back, and the connection ends."
    client.close()
    server.close()


def test_a_datagram_cut_by_a_plain_recv_is_told_by_its_send(asked: Asked) -> None:
    with udp() as receiver, udp() as sender:
        sender.sendto(b"0123456789", receiver.getsockname())
        receiver.recv(4)
        assert (
            asked()
            .sentences[0]
            .startswith("The datagram was longer than 4: recv(4) kept 4 bytes, and the kernel threw")
        )
        assert "6 bytes of its 10" in asked().sentences[0]
        assert (
            asked(-2)
            .sentences[1]
            .endswith("took 4 of them; 6 bytes did not fit its bufsize: the kernel threw them away.")
        )
        sender.sendto(b"", receiver.getsockname())
        receiver.recv(4)
        assert asked().sentences[0].startswith("An empty datagram arrived")


def test_unix_datagrams_have_reasons_of_their_own(asked: Asked, tmp_path: Path) -> None:
    one, other = (TracedSocket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    name = str(tmp_path / "d")
    other.bind(name)
    one.setblocking(False)
    with suppress(BlockingIOError):
        while one.sendto(b"x", name):
            pass
    assert asked().sentences[0] == "The receiver's queue is full, and the call did not wait (EAGAIN)."
    with pytest.raises(OSError, match="long"):
        one.sendto(bytes(500_000), name)
    assert "SO_SNDBUF" in asked().sentences[0]
    other.close()
    assert asked().next.startswith("A send to its name raises ECONNREFUSED")
    with pytest.raises(ConnectionRefusedError):
        one.sendto(b"x", name)
    assert "ICMP" not in " ".join(asked().sentences)
    assert asked().next.startswith("Every send raises it")
    one.close()


def test_a_connect_in_the_background_that_was_refused_had_no_datagram(asked: Asked) -> None:
    with TracedSocket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.connect(("127.0.0.1", 1))
        select.select([], [client], [], 5)
        with pytest.raises(ConnectionRefusedError):
            client.send(b"x")
    told = asked(-2)
    assert told.sentences[0] == "Nobody listens where an earlier connect went (ECONNREFUSED)."
    assert "answered with RST" in told.sentences[1]
    assert told.next == "Start the listener, then connect again with a new socket."


def test_a_small_buffer_is_not_what_was_asked_for(asked: Asked) -> None:
    with tcp() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10)
        told = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert f"less than {told} is too small: the kernel made it {told}." in asked(-2).sentences[0]
        assert "asked for 10, within the kernel's bounds" in asked().sentences[0]
        one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert asked().sentences[0].endswith("or else the kernel's own choice.")


def test_a_long_session_keeps_what_set_a_socket_up_and_claims_no_sums(asked: Asked) -> None:
    with listening() as server, tcp() as client:
        client.settimeout(3)
        client.connect(server.getsockname())
        connection, _ = server.accept()
        for _ in range(NEAR):
            client.send(b"x")
            connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        found = asked()
        assert "received before it" not in " ".join(found.sentences)
        assert "s.settimeout(3)" in found.python
        server.close()
        assert asked().sentences[0].startswith("The listener is gone")


def test_the_log_says_at_a_close_what_it_threw_away(asked: Asked, pair: Pair, tmp_path: Path) -> None:
    client, connection = pair
    client.send(b"unread")
    connection.close()
    client.close()
    journal = Journal(tmp_path / "session")
    journal.read_all()
    marked = [call for call, mark in zip(journal, journal.marks, strict=True) if call.call == "close" and mark]
    assert [annotation(journal, call.seq - 1) for call in marked] == [["closed with 6 bytes unread"]]
    journal.close()
