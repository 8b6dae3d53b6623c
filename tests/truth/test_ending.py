"""How connections end, as the claims have it, against captures, the kernel's states and what the peer is told."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import threading

import pytest

from tests.truth.conftest import HERE
from tests.truth.kernel import CAN_CAPTURE, Capture, queued, state, states, until
from tests.truth.session import Session, holds
from workbench import TracedSocket
from workbench.model.claims.claim import Kind

Ends = tuple[TracedSocket, TracedSocket]
RESET = struct.pack("ii", 1, 0)
captures = pytest.mark.skipif(not CAN_CAPTURE, reason="a capture needs tcpdump, and root")


def port_of(sock: socket.socket) -> int:
    return int(socket.socket.getsockname(sock)[1])


# --- what recv's b'' means --------------------------------------------------------------------------------------------


@holds(Kind.PEER_ENDED)
def test_the_end_of_a_stream_is_the_peers_fin(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.shutdown(socket.SHUT_WR)
    assert connection.recv(9) == b""
    assert state(connection) == "CLOSE_WAIT"
    assert session.kinds("recv") == {Kind.PEER_ENDED}


@holds(Kind.OWN_SHUTDOWN)
def test_an_own_shutdown_is_no_end_of_the_peer(session: Session, ends: Ends) -> None:
    client, connection = ends
    connection.shutdown(socket.SHUT_RD)
    assert connection.recv(9) == b""
    assert state(connection) == state(client) == "ESTABLISHED"
    assert session.claim(Kind.OWN_SHUTDOWN, "recv").seq == session.seq("shutdown")
    assert "FIN" not in session.says("recv")


@holds(Kind.AFTER_ERROR)
def test_nothing_comes_after_a_reset_and_no_fin_came(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
    with pytest.raises(ConnectionResetError):
        connection.recv(9)
    reset = session.seq("recv")
    assert connection.recv(9) == b""
    assert state(connection) == "CLOSE"
    assert session.claim(Kind.AFTER_ERROR, "recv").seq == reset
    assert "peer closed" not in session.says("recv")


@pytest.mark.parametrize("nothing", [b""])
def test_nothing_comes_after_a_refused_connect(session: Session, nothing: bytes) -> None:
    with TracedSocket(socket.AF_INET, socket.SOCK_STREAM) as client:
        with pytest.raises(ConnectionRefusedError):
            client.connect(("127.0.0.1", 1))
        try:
            assert client.recv(9) == nothing
        except OSError:
            return  # this kernel says ENOTCONN
        assert session.kinds("recv") == {Kind.AFTER_ERROR}


@holds(Kind.CONNECTION_GONE)
def test_a_reset_that_somebody_else_was_told(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
    assert until(lambda: state(connection) == "CLOSE")
    plain = socket.socket(fileno=os.dup(connection.fileno()))
    with plain, pytest.raises(ConnectionResetError):
        plain.recv(1)
    assert connection.recv(9) == b""
    assert session.kinds("recv") == {Kind.CONNECTION_GONE}


# --- what close and shutdown send -------------------------------------------------------------------------------------


@captures
@holds(Kind.FIN_SENT, Kind.FIN_WAS_SENT)
def test_shutdown_sends_the_fin_and_close_no_second_one(session: Session, ends: Ends, server: TracedSocket) -> None:
    client, _ = ends
    here = port_of(client)
    with Capture(port_of(server)) as capture:
        client.shutdown(socket.SHUT_WR)
        assert Kind.FIN_SENT in session.kinds("shutdown")
        client.close()
        sent = [flags for source, flags in capture.flags() if source == here]
    assert session.claim(Kind.FIN_WAS_SENT, "close").seq == session.seq("shutdown")
    assert [flags for flags in sent if "F" in flags] == ["F."]
    assert not any("R" in flags for flags in sent)


@captures
@holds(Kind.RST_SENT, Kind.NO_TIME_WAIT)
@pytest.mark.parametrize("why", ["linger", "unread"])
def test_a_reset_is_sent_instead(session: Session, ends: Ends, server: TracedSocket, why: str) -> None:
    client, connection = ends
    here, port = port_of(client), port_of(server)
    if why == "linger":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    else:
        connection.send(b"unread")
        assert until(lambda: queued(client) == 6)
    with Capture(port) as capture:
        client.close()
        sent = [flags for source, flags in capture.flags() if source == here]
    claim = session.claim(Kind.RST_SENT, "close")
    assert claim.count == (6 if why == "unread" else 0)
    assert claim.seqs == ((session.seq("setsockopt"),) if why == "linger" else ())
    assert [flags for flags in sent if "R" in flags] == ["R."]
    assert not any("F" in flags for flags in sent)
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert Kind.NO_TIME_WAIT in session.kinds("close")
    assert not any(each == "TIME_WAIT" for _, each in states(port))


@captures
@holds(Kind.NOTHING_SENT)
@pytest.mark.parametrize("how", ["reset before", "never connected"])
def test_nothing_is_sent(session: Session, ends: Ends, server: TracedSocket, how: str) -> None:
    client, connection = ends
    port = port_of(server)
    if how == "reset before":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
        closing = connection
    else:
        closing = TracedSocket(socket.AF_INET, socket.SOCK_STREAM)
        closing.bind(HERE)
        port = port_of(closing)
    with Capture(port) as capture:
        closing.close()
        assert capture.flags() == []
    assert Kind.NOTHING_SENT in session.kinds("close")


@holds(Kind.TIME_WAIT_HERE, Kind.TIME_WAIT_HERE_IF, Kind.TIME_WAIT_THERE)
@pytest.mark.parametrize("half", [False, True])
def test_on_which_side_time_wait_is(session: Session, ends: Ends, server: TracedSocket, half: bool) -> None:
    client, connection = ends
    here, port = port_of(client), port_of(server)
    client.close()
    assert Kind.TIME_WAIT_HERE_IF in session.kinds("close")
    assert until(lambda: (here, "FIN_WAIT2") in states(port))
    assert connection.recv(1) == b""
    if half:
        connection.shutdown(socket.SHUT_WR)
        assert until(lambda: state(connection) == "CLOSE")
    connection.close()
    assert until(lambda: states(port) & {(here, "TIME_WAIT"), (port, "TIME_WAIT")})
    assert (here, "TIME_WAIT") in states(port)
    assert (port, "TIME_WAIT") not in states(port)
    assert session.claim(Kind.TIME_WAIT_HERE, "close", 0).seq == session.seq("shutdown" if half else "close")
    assert session.kinds("close") & {Kind.TIME_WAIT_THERE, Kind.NO_TIME_WAIT}


def test_there_is_no_time_wait_where_the_peer_sends_afterwards(
    session: Session, ends: Ends, server: TracedSocket
) -> None:
    client, connection = ends
    client.close()
    connection.send(b"too late")
    assert until(lambda: state(connection) == "CLOSE")
    connection.close()
    assert not any(each == "TIME_WAIT" for _, each in states(port_of(server)))
    assert Kind.NO_TIME_WAIT in session.kinds("close", 0)


@pytest.mark.parametrize("first", ["client", "connection"])
def test_who_shut_down_first_keeps_time_wait(session: Session, ends: Ends, server: TracedSocket, first: str) -> None:
    client, connection = ends
    here, port = port_of(client), port_of(server)
    one, other = (client, connection) if first == "client" else (connection, client)
    one.shutdown(socket.SHUT_WR)
    other.shutdown(socket.SHUT_WR)
    assert until(lambda: state(one) == "CLOSE")
    client.close()
    connection.close()
    keeps = here if first == "client" else port
    assert until(lambda: (keeps, "TIME_WAIT") in states(port))
    claimed = {"client": session.kinds("close", 0), "connection": session.kinds("close", 1)}
    assert [side for side, kinds in claimed.items() if Kind.TIME_WAIT_HERE in kinds] == [first]


# --- who else holds it ------------------------------------------------------------------------------------------------


def is_open(client: TracedSocket) -> bool:
    return state(client) == "ESTABLISHED"


@holds(Kind.HELD_BY_DESCRIPTOR)
@pytest.mark.parametrize("how", ["dup", "fromfd"])
def test_another_descriptor_keeps_the_connection(session: Session, ends: Ends, how: str) -> None:
    client, connection = ends
    if how == "dup":
        other = connection.dup()
    else:
        other = TracedSocket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
    connection.close()
    assert session.claim(Kind.HELD_BY_DESCRIPTOR, "close").seq == session.seq(how)
    assert is_open(client)
    other.close()
    assert client.recv(1) == b""
    assert Kind.FIN_SENT in session.kinds("close")


@holds(Kind.HELD_BY_PROCESS)
@pytest.mark.parametrize("uses", [True, False])
def test_a_forked_process_keeps_the_connection(session: Session, ends: Ends, uses: bool) -> None:
    client, connection = ends
    wait, go = os.pipe()
    child = os.fork()
    if not child:
        try:
            if uses:
                connection.send(b"c")
            os.read(wait, 1)
        finally:
            os._exit(0)
    if uses:
        assert client.recv(1) == b"c"
    connection.close()
    try:
        held = until(lambda: Kind.HELD_BY_PROCESS in session.kinds("close"))
        assert held
        assert session.claim(Kind.HELD_BY_PROCESS, "close").count == child
        assert is_open(client)
    finally:
        os.write(go, b"x")
        os.waitpid(child, 0)
        os.close(wait)
        os.close(go)
    assert client.recv(1) == b""


@holds(Kind.HELD_UNSEEN)
@pytest.mark.parametrize("how", ["os.dup", "a child's stdin"])
def test_a_copy_that_no_call_shows_keeps_the_connection(session: Session, ends: Ends, how: str) -> None:
    client, connection = ends
    child, copy = None, -1
    connection.setblocking(True)  # else cat finds a descriptor that does not wait
    if how == "os.dup":
        copy = os.dup(connection.fileno())
    else:
        child = subprocess.Popen(["cat"], stdin=connection.fileno(), stdout=subprocess.DEVNULL)
    connection.close()
    client.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert is_open(client)
    assert session.claim(Kind.HELD_UNSEEN, "close").seq == session.seq("recv")
    if child is None:
        os.close(copy)
    else:
        client.shutdown(socket.SHUT_WR)
        child.wait()
    client.settimeout(5)
    assert client.recv(1) == b""


def test_a_connection_after_a_refused_one_ends_as_any(session: Session, server: TracedSocket) -> None:
    with TracedSocket(socket.AF_INET, socket.SOCK_STREAM) as client:
        with pytest.raises(ConnectionRefusedError):
            client.connect(("127.0.0.1", 1))
        client.connect(socket.socket.getsockname(server))
        connection, _ = server.accept()
    assert Kind.FIN_SENT in session.kinds("close")
    with connection:
        assert connection.recv(1) == b""


def test_the_error_that_so_error_took_is_no_end_of_the_peer(session: Session, ends: Ends) -> None:
    client, connection = ends
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()
    assert until(lambda: state(connection) == "CLOSE")
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
    assert connection.recv(1) == b""
    assert session.claim(Kind.AFTER_ERROR, "recv").seq == session.seq("getsockopt")
    assert "peer closed" not in session.says("recv")


@holds(Kind.HELD_BY_CALL)
def test_a_call_in_another_thread_keeps_the_connection(session: Session, ends: Ends) -> None:
    client, connection = ends
    connection.settimeout(None)
    reader = threading.Thread(target=lambda: connection.recv(1))
    reader.start()
    assert until(lambda: b"recv" in b"".join(_stacks()))
    connection.close()
    assert is_open(client)
    client.send(b"x")
    reader.join()
    assert session.claim(Kind.HELD_BY_CALL, "close").seq == session.seq("recv")


def _stacks() -> list[bytes]:
    """Return the kernel's wait channels of this process's threads, where one waits in a recv."""
    found = []
    for thread in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{thread}/syscall", "rb") as file:
            number = file.read().split()[0]
        found.append(b"recv" if number in (b"45", b"207") else b"")  # recvfrom on x86-64 and arm64
    return found


# --- UNIX, listeners --------------------------------------------------------------------------------------------------


@holds(Kind.PEER_SEES_END, Kind.PEER_SEES_RESET)
@pytest.mark.parametrize("unread", [0, 6])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_SEQPACKET])
def test_what_the_peer_of_a_unix_socket_sees(session: Session, unread: int, kind: int) -> None:
    one, other = TracedSocket.socketpair(socket.AF_UNIX, kind)
    with one, other:
        if unread:
            other.send(bytes(unread))
        one.close()
        if unread:
            assert session.claim(Kind.PEER_SEES_RESET, "close").count == unread
            with pytest.raises(ConnectionResetError):
                other.recv(1)
        else:
            assert Kind.PEER_SEES_END in session.kinds("close")
            assert other.recv(1) == b""
        with pytest.raises(BrokenPipeError):
            other.send(b"x")


@holds(Kind.LISTENER_GONE)
def test_a_listener_that_was_closed(session: Session, server: TracedSocket) -> None:
    port = port_of(server)
    with socket.create_connection(("127.0.0.1", port)) as waiting:
        assert (port, "LISTEN") in states(port)
        server.close()
        assert Kind.LISTENER_GONE in session.kinds("close")
        assert (port, "LISTEN") not in states(port)
        with pytest.raises(ConnectionResetError):
            waiting.recv(1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
