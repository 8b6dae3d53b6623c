"""What real sockets do, explained from nothing but their session file: facts of recv(2), send(2), listen(2), tcp(7)."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journal.asked import Asked, Pair, listening, tcp, udp
from workbench import TracedSocket


def test_why_4_of_11(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.sendall(b"hello world")
    connection.recv(4)
    found = asked()
    assert found.title.endswith("recv(4) = b'hell'")
    assert found.sentences[0] == "recv(4) takes at most 4 bytes, and 11 were queued: it took 4 of them."
    assert found.sentences[1].startswith("They are bytes 0-3 of the 11 that send #")
    assert found.sentences[2] == "7 bytes stayed in the kernel's receive queue: nothing is lost."
    assert found.next == "The next recv(4) takes 4 of these 7 at once."
    assert found.python[0] == "from socket import *"
    assert found.python[-1] == "data = s.recv(4)  # = b'hell'"


def test_why_two_sends_came_in_one_recv(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send(b"one")
    client.send(b"two")
    connection.recv(1024)
    found = asked()
    assert found.sentences[0] == (
        "recv(1024) takes what is there, up to 1024 bytes; 6 were. It never waits for the rest: n is a limit."
    )
    assert found.sentences[1].startswith("They come from 2 sends (#")
    assert found.sentences[1].endswith("): a stream keeps no boundaries between sends.")
    assert found.next.startswith("The queue is empty: the next recv(1024) waits at most 5 s until more arrives")


def test_why_the_bytes_do_not_decode(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send("a€b".encode())
    assert asked().sentences[1] == "It counts bytes: these 5 are 3 characters in UTF-8."
    connection.recv(2)
    assert asked().sentences[2].startswith("They end inside a UTF-8 character (1 of 3 bytes)")
    connection.recv(9)
    assert asked().sentences[2].startswith("They begin inside a UTF-8 character")


def test_why_recv_returned_nothing(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.sendall(b"bye")
    client.shutdown(socket.SHUT_WR)
    assert asked().sentences[0].startswith("Sending ends here: behind what is queued TCP sends a FIN.")
    connection.recv(2)
    connection.recv(2)
    connection.recv(0)
    assert asked().sentences[0].startswith("recv(0) asks for no bytes, so it returns b'' at once")
    connection.recv(2)
    found = asked()
    assert found.sentences[0].startswith("b'' is the end of the stream")
    assert found.sentences[1] == "The FIN comes behind all that it sent: 3 bytes came before, in 2 recvs."
    assert len(found.sentences) == 2
    connection.recv(2)
    assert asked().sentences[2].endswith(" returned the same end.")
    connection.shutdown(socket.SHUT_RD)
    connection.recv(2)
    assert asked().sentences[0].startswith("b'' is the end of the stream")  # the FIN had come before


def test_why_close_resets_and_what_the_peer_learns_when(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send(b"unread")
    connection.recv(2)
    connection.close()
    assert asked().sentences[0].startswith("4 bytes were left unread")
    assert asked().sentences[0].endswith("so TCP sends RST instead of FIN.")
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert asked().sentences[0].startswith("The peer reset the connection (RST)")
    client.recv(1)
    assert asked().sentences[0].startswith("The connection had failed: #")
    with pytest.raises(BrokenPipeError):
        client.send(b"x")
    assert asked().sentences[-1].startswith("The connection was gone already: #")
    assert asked(-5).next.startswith("The next recv(2) takes 2 of these 4")


def test_why_the_address_is_in_use(asked: Asked) -> None:
    with listening() as server, tcp() as second:
        with pytest.raises(OSError, match="in use"):
            second.bind(server.getsockname())
        found = asked()
    assert found.sentences[0].endswith("(EADDRINUSE).")
    assert found.sentences[1] == "#2 (socket 1) bound its socket; it is open and listens (#3)."
    assert "SO_REUSEADDR" in found.source


def test_why_this_connect_hangs(asked: Asked) -> None:
    with listening(backlog=1) as server:
        clients = [tcp() for _ in range(3)]
        for client in clients:
            client.settimeout(0.05)
            with suppress(TimeoutError):
                client.connect(server.getsockname())
        found = asked()
        assert found.sentences[1] == (
            "#3 listen(1) lets 2 connections wait, and 2 waited for accept: so its SYN was dropped. It is repeated, "
            "at first once a second, and nobody refused."
        )
        assert found.next.startswith("Close the socket: it stays in SYN_SENT")
        for client in clients:
            client.close()
        assert asked().sentences[1] == "The socket had no connection, so nothing is sent."


def test_why_listen_and_accept_and_connect_returned(asked: Asked) -> None:
    with listening(backlog=5) as server, tcp() as client:
        assert asked(-2).sentences[0].endswith("before any accept: 6 with backlog 5.")
        client.connect(server.getsockname())
        assert asked().sentences[1].startswith("It did not wait for accept: until one returns it")
        connection, _ = server.accept()
        assert asked().sentences[1].startswith("The client's connect, #")
        assert asked(-2).sentences[1].startswith("It did not wait for accept; that is #")
        connection.close()


def test_why_a_send_was_short_and_how_much_of_a_failed_sendall_went_out(asked: Asked) -> None:
    with listening(buffer=4096) as server, tcp() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        assert asked().sentences[0].endswith("4096 bytes were asked for, which makes 8192.")
        client.connect(server.getsockname())
        client.setblocking(False)
        took = client.send(bytes(65536))
        found = asked()
        assert found.sentences == (
            f"send took {took} of 65536 bytes: the send buffer had no room for more.",
            "The socket is non-blocking, so send took what there was room for and did not wait.",
            f"The other {65536 - took} bytes did not go out, and only the program knows.",
        )
        assert found.next.startswith(f"Send the rest, data[{took}:], when there is room again")
        client.settimeout(0.05)
        client.send(bytes(65536))
        assert "With a timeout (50 ms) send waits for the first room" in asked().sentences[1]
        with pytest.raises(TimeoutError):
            client.sendall(bytes(65536))
        assert "went out; the exception does not say so." in asked().sentences[1]


def test_why_a_send_can_return_though_nobody_receives(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.send(b"lost")
    connection.close()
    assert asked().sentences[0].startswith("SO_LINGER was set in #")
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        client.send(b"x")
    lost = asked(-3)
    assert lost.sentences[1].startswith("It does not say that the peer has them: they were never received: the connec")
    assert lost.next.startswith("Later: #")


def test_why_bytes_that_the_peer_left_when_it_closed_are_never_received(asked: Asked, pair: Pair) -> None:
    client, connection = pair
    client.send(b"hello")
    assert asked().sentences[1].endswith("no recv in this session has returned any of them so far.")
    connection.recv(2)
    assert asked(-2).sentences[1].endswith("; 3 bytes are not received yet.")
    connection.close()
    said = asked(-3).sentences[1]
    assert "; 3 bytes were never received: #" in said
    assert said.endswith(" closed the peer's socket.")


def test_why_nobody_received_a_datagram(asked: Asked) -> None:
    with udp() as sender:
        with udp() as receiver:
            sender.sendto(b"late", receiver.getsockname())
            waits = asked()
            assert waits.sentences[1].endswith("it may be in the queue, or be lost.")
            assert waits.next.startswith("If it is there, one recv takes it")
        found = asked(-2)
        assert found.sentences[1].startswith("Nobody received it: #")
        assert found.sentences[1].endswith(" closed the socket that it was sent to.")
        assert "One recv" not in found.next
        sender.connect(("127.0.0.1", 1))
        sender.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            sender.recv(1)
        assert asked(-2).sentences[1].endswith(" learnt (ECONNREFUSED).")


def test_a_closed_listener_says_nothing_of_a_message_to_its_connection(asked: Asked, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with TracedSocket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(path)
        server.listen()
        client = TracedSocket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.connect(path)
        connection, _ = server.accept()
    with client, connection:
        client.send(b"still to come")
        assert asked().sentences[1].startswith("It is in the receiver's queue")


def test_why_a_datagram_was_cut_and_an_empty_one_is_none(asked: Asked) -> None:
    with udp() as receiver, udp() as sender:
        for data in (b"q" * 40, b"", b"ab"):
            sender.sendto(data, receiver.getsockname())
        receiver.recvmsg(16)
        found = asked()
        assert found.sentences[0].startswith("The datagram was longer than 16: recvmsg(16) kept 16 bytes, and the")
        assert found.next.startswith("The next recv returns the next datagram, not the rest of this one.")
        receiver.recvfrom(16)
        assert (
            asked().sentences[1] == "A datagram socket has no end of stream, so b'' never means that somebody closed."
        )
        receiver.recvfrom(0)
        assert asked().sentences[0].startswith("recvfrom(0) took a whole message and kept none")
        sender.connect(("127.0.0.1", 1))
        assert asked().sentences[0].startswith("On a datagram socket connect sends nothing")
        sender.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            sender.recv(1)
        assert asked().next.startswith("The error is reported once")


def test_unix_sockets_have_other_reasons(asked: Asked, tmp_path: Path) -> None:
    one, other = TracedSocket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one.send(b"hello")
    assert "drops nothing" in asked().sentences[1]
    one.close()
    assert asked().sentences[0] == "The descriptor is given back, and the connection ends."
    other.recv(9)
    other.recv(9)
    assert asked().sentences[0] == "b'' is an empty message, or the end: SEQPACKET returns the same for both."
    other.close()
    path = str(tmp_path / "x")
    with TracedSocket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        bound.bind(path)
        assert "stays after close until it is unlinked" in asked().sentences[0]
    with TracedSocket(socket.AF_UNIX, socket.SOCK_STREAM) as again, pytest.raises(OSError, match="in use"):
        again.bind(path)
    assert asked(-2).next.startswith("os.unlink('/")


def test_why_a_unix_connect_took_long(asked: Asked, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    server, *clients = (TracedSocket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(3))
    server.bind(path)
    server.listen(0)
    clients[0].connect(path)
    accepting = threading.Timer(0.05, server.accept)
    accepting.start()
    clients[1].connect(path)
    accepting.join()
    found = asked(-1) if "connect" in asked(-1).title else asked(-2)
    assert found.sentences[1].endswith("for a place in that queue, which was full.")
    assert found.sentences[2] == "Once it had that place it did not wait to be accepted itself."
    for sock in (server, *clients):
        sock.close()
