"""A client of the bench against plain sockets: connecting, sending, receiving, cancelling."""

from __future__ import annotations

import errno
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.engine.live_bench import WAIT, LiveBench, done, listening
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.engine.endpoints.setup import in_background
from workbench.engine.sockets.waker import Cancelled
from workbench.engine.state import Closed, Outcome
from workbench.model.call.address import Address
from workbench.model.call.settings import ClientSettings

SMALL = 4096
BIG = bytes(range(256)) * 4096


# --- connecting ------------------------------------------------------------------------------------------------------


def test_a_client_connects_sends_and_receives_call_by_call(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener, timeout=2.0)
        peer, address = listener.accept()
        with peer:
            assert done(client.send(b"hello", "sendall")).ok
            assert peer.recv(100) == b"hello"
            peer.sendall(b"hello back")
            assert done(client.recv(5)).result == b"hello"
            assert done(client.recv()).result == b" back"
        assert done(client.recv()).result == b""
        assert client.ended
        done(client.close())
    port = client.settings.port
    assert live.log("client 1") == [
        f"socket(AF_INET, SOCK_STREAM, 0) = fd {live.calls()[0].descriptor}",
        "settimeout(2.0) = None",
        f"connect(('127.0.0.1', {port})) = None",
        "sendall(b'hello') = None",
        "recv(5) = b'hello'",
        "recv(1024) = b' back'",
        "recv(1024) = b''",
        "close() = None",
    ]
    assert live.calls("client 1", "connect")[0].local == list(address)
    assert live.calls("client 1", "recv")[0].left == 5


def test_options_and_source_address_come_before_connect(live: LiveBench) -> None:
    with listening() as listener:
        live.client(
            listener, nodelay=True, rcvbuf=8192, sndbuf=SMALL, bind=Address.parse("tcp://127.0.0.2:0"), timeout=1.0
        )
        peer, address = listener.accept()
        peer.close()
    assert address[0] == "127.0.0.2"
    assert [call.call for call in live.calls()] == [
        *("socket", "setsockopt", "setsockopt", "setsockopt", "settimeout", "bind", "connect")
    ]


def test_nobody_listens(live: LiveBench) -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
    client = live.client(port=port)
    assert isinstance(done(client.started).error, ConnectionRefusedError)
    live.eventually(lambda: client.closed)
    assert live.log("client 1")[1:] == [
        f"connect(('127.0.0.1', {port})) ConnectionRefusedError (ECONNREFUSED)",
        "close() = None",
    ]
    assert (client.state().last, client.state().error) == ("connect", "ConnectionRefusedError (ECONNREFUSED)")


def test_connect_ex_returns_the_errno_and_the_client_is_closed(live: LiveBench) -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
        assert done(live.client(listener, connect="connect_ex").started).result == 0
    client = live.client(port=port, connect="connect_ex")
    error = done(client.started).error
    assert isinstance(error, ConnectionRefusedError)
    live.eventually(lambda: client.closed)
    assert live.log("client 2")[1] == f"connect_ex(('127.0.0.1', {port})) = {errno.ECONNREFUSED} (ECONNREFUSED)"


def test_a_connect_that_timed_out_is_closed_and_takes_no_place_later(live: LiveBench) -> None:
    with listening(backlog=0) as listener:
        first = live.client(listener)
        client = live.client(listener, timeout=0.3)
        assert isinstance(done(client.started).error, TimeoutError)
        live.eventually(lambda: client.closed)
        listener.accept()[0].close()
        listener.settimeout(1.5)  # the SYN of a socket left open would be sent again after 1 s
        with pytest.raises(TimeoutError):
            listener.accept()
        done(first.close())


def test_timeout_0_leaves_the_connection_under_way(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener, timeout=0.0, auto_recv=True)
        assert done(client.started).ok
        assert live.calls("client 1", "connect")[0].error.errno == "EINPROGRESS"  # type: ignore[union-attr]
        with listener.accept()[0] as peer:
            peer.sendall(b"welcome")
            live.eventually(lambda: live.state("client 1").bytes_in == 7)
            count, deadline = len(live.calls()), time.monotonic() + 0.3
            live.eventually(lambda: time.monotonic() > deadline)
            assert len(live.calls()) == count


def test_what_the_system_refuses_leaves_no_socket(live: LiveBench) -> None:
    client = live.client(type="SOCK_RDM")
    live.eventually(lambda: client.closed)
    assert [call.call for call in live.calls()] == ["socket"]
    live.bench.forget("client 1")
    assert live.bench.clients == ()


def test_a_name_that_nobody_knows_is_the_error_of_connect(live: LiveBench) -> None:
    client = live.bench.open_client(ClientSettings(host="no-such-name.invalid"))
    assert isinstance(client.started.result(30).error, socket.gaierror)  # a resolver may take its time
    assert live.calls("client 1", "connect")[0].error.type == "gaierror"  # type: ignore[union-attr]


def test_localhost_is_looked_up_in_the_family_asked_for(live: LiveBench) -> None:
    with listening() as listener:
        live.client(listener, host="localhost")
        assert live.calls("client 1", "connect")[0].args == [list(listener.getsockname())]


def test_a_lookup_can_be_cancelled(live: LiveBench) -> None:
    """A lookup that hangs is stood in for by an event that is never set: the resolver can't be made to hang."""
    client = live.client(type="SOCK_DGRAM", connect="none")
    never = threading.Event()
    future = client.submit(lambda: client.attempt("getaddrinfo", lambda: in_background(never.wait)))
    live.blocked("client 1", "getaddrinfo")
    assert client.cancel()
    assert isinstance(done(future).error, Cancelled)
    never.set()


def test_what_is_done_in_the_background_returns_and_raises_as_it_would_here() -> None:
    assert in_background(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        in_background(lambda: 1 // 0)


# --- datagrams -------------------------------------------------------------------------------------------------------


def test_an_unconnected_datagram_client_names_its_peer_in_each_call(live: LiveBench) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        client = live.client(type="SOCK_DGRAM", connect="none")
        assert done(client.send(b"ping", "sendto", peer.getsockname())).result == 4
        data, address = peer.recvfrom(100)
        assert data == b"ping"
        peer.sendto(b"0123456789", address)
        assert done(client.recv(4)).result == (b"0123", peer.getsockname())
    (call,) = live.calls("client 1", "recvfrom")
    assert (call.size, call.truncated) == (10, True)


def test_an_empty_datagram_is_no_end(live: LiveBench) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        client = live.client(peer, type="SOCK_DGRAM")
        peer.sendto(b"", tuple(client.local))
        assert done(client.recv()).result == b""
        assert not client.ended


def test_a_path_that_a_client_bound_goes_with_it(live: LiveBench, tmp_path: Path) -> None:
    path = tmp_path / "client.sock"
    bind = Address.parse(f"unix-dgram://{path}")
    client = live.client(family="AF_UNIX", type="SOCK_DGRAM", path="/none", connect="none", bind=bind)
    assert path.is_socket()
    done(client.close())
    assert not path.exists()


# --- sends -----------------------------------------------------------------------------------------------------------


def test_a_short_send_leaves_a_rest_that_is_sent_next(live: LiveBench) -> None:
    with small_listener() as listener:
        client = live.client(listener, sndbuf=SMALL, timeout=0.0)
        with listener.accept()[0] as peer:
            live.eventually(lambda: live.state("client 1").tcp_state == "ESTABLISHED")
            sent = done(client.send(BIG)).result
            assert 0 < sent < len(BIG)
            assert client.state().rest == BIG[sent:]
            received = b""
            while client.state().rest:
                received += peer.recv(1 << 16)
                done(client.send_rest())
            while len(received) < len(BIG):
                received += peer.recv(1 << 16)
            assert received == BIG
    assert client.state().bytes_out == len(BIG)


def test_a_blocked_sendall_tells_how_far_it_is_and_what_had_gone_when_cancelled(live: LiveBench) -> None:
    with small_listener() as listener:
        client = live.client(listener, sndbuf=SMALL)
        with listener.accept()[0] as peer:
            future = client.send(BIG, "sendall")
            live.eventually(lambda: progress(client) > 0)
            (pending,) = client.state().pending
            assert (pending.call, pending.text, pending.offered) == ("sendall", f"sendall({len(BIG)} bytes)", len(BIG))
            before = progress(client)
            received = peer.recv(1 << 20)
            live.eventually(lambda: progress(client) > before)
            assert client.cancel()
            assert isinstance(done(future).error, Cancelled)
            (call,) = live.calls("client 1", "sendall")
            peer.settimeout(WAIT)
            while len(received) < len(call.data):
                received += peer.recv(1 << 20)
            assert received == call.data == BIG[: len(call.data)]
            assert call.requested == len(BIG)
            assert client.state().rest == BIG[len(call.data) :]
            assert client.state().bytes_out == len(call.data)
            assert not client.closed


def progress(client: Endpoint) -> int:
    return sum(pending.moved or 0 for pending in client.state().pending)


def test_a_recv_that_waits_does_not_keep_one_from_sending(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener)
        with listener.accept()[0] as peer:
            waiting = client.recv()
            live.blocked("client 1", "recv")
            assert done(client.send(b"question")).result == 8
            assert peer.recv(100) == b"question"
            peer.sendall(b"answer")
            assert done(waiting).result == b"answer"
    assert {call.thread for call in live.calls("client 1", "recv")} == {"client 1 recv"}
    assert {call.thread for call in live.calls("client 1", "send")} == {"client 1"}


# --- ending and cancelling -------------------------------------------------------------------------------------------


def test_each_blocked_call_can_be_cancelled_and_the_socket_goes_on(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener)
        with listener.accept()[0] as peer:
            for _ in range(20):
                waiting = client.recv()
                live.blocked("client 1", "recv")
                assert client.cancel()
                assert isinstance(done(waiting).error, Cancelled)
            peer.sendall(b"unharmed")
            assert done(client.recv()).result == b"unharmed"
    assert not client.cancel()


def test_a_cancelled_connect_closes_the_client(live: LiveBench) -> None:
    with listening(backlog=0) as listener:
        live.client(listener)
        client = live.bench.open_client(ClientSettings(port=listener.getsockname()[1]))
        live.blocked("client 2", "connect")
        assert client.state().tcp_state == "SYN_SENT"
        assert client.cancel()
        assert isinstance(done(client.started).error, Cancelled)
        live.eventually(lambda: client.closed)


def test_reset_is_seen_by_the_peer(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener)
        with listener.accept()[0] as peer:
            done(client.reset())
            with pytest.raises(ConnectionResetError):
                peer.recv(100)


def test_what_comes_after_close_is_told_and_not_called(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener)
        assert done(client.close()).ok
        for future in (client.send(b"late"), client.recv(), client.call("getpeername"), client.call("settimeout", 1)):
            assert isinstance(done(future).error, Closed)
        assert live.log("client 1")[-1] == "close() = None"
        assert client.close() is client.close()


def test_jobs_in_line_behind_a_blocked_one_end_with_close(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener)
        futures = [client.recv() for _ in range(5)]
        live.blocked("client 1", "recv")
        done(client.close())
        assert [type(done(future).error) for future in futures] == [Cancelled, *[Closed] * 4]


def test_close_does_not_lose_against_a_send_that_is_about_to_block(live: LiveBench) -> None:
    with small_listener() as listener:
        for _ in range(30):
            client = live.client(listener, sndbuf=SMALL)
            peer = listener.accept()[0]
            client.send(BIG, "sendall")
            assert done(client.close()).ok
            peer.close()


# --- any method ------------------------------------------------------------------------------------------------------


def test_every_method_by_name(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(type="SOCK_STREAM", connect="none")
        address = listener.getsockname()
        assert done(client.call("bind", ("127.0.0.1", 0))).ok
        assert done(client.call("settimeout", 2.5)).ok
        assert client.state().timeout == 2.5
        assert done(client.call("connect_ex", address)).result == 0
        assert client.peer == list(address)
        with listener.accept()[0] as peer:
            assert done(client.call("sendmsg", [b"Hey", b"~~~"])).result == 6
            assert peer.recv(100) == b"Hey~~~"
            peer.sendall(b"back again")
            assert done(client.call("recv", 4, socket.MSG_PEEK)).result == b"back"
            assert client.state().bytes_in == 0
            assert done(client.call("recvmsg", 4)).result[0] == b"back"
            assert done(client.call("recvfrom", 100)).result == (b" again", None)
            assert (client.state().bytes_in, client.state().bytes_out) == (10, 6)
            assert done(client.call("getpeername")).result == address
            assert done(client.call("fileno")).result > 0
            assert done(client.call("getsockopt", socket.SOL_SOCKET, socket.SO_TYPE)).result == socket.SOCK_STREAM
            assert done(client.call("setblocking", False)).ok
            assert client.state().timeout == 0.0
            assert done(client.call("shutdown", socket.SHUT_RDWR)).ok
            assert peer.recv(100) == b""
        assert done(client.call("close")).ok


def test_wrong_arguments_are_rows_with_their_error(live: LiveBench) -> None:
    client = live.client(type="SOCK_STREAM", connect="none")
    for method, *args in (
        ("send", "text"),
        ("sendall", 5),
        ("sendmsg", 5),
        ("listen", "five"),
        ("bind", 7),
        ("recv", -1),
    ):
        outcome = done(client.call(method, *args))
        assert isinstance(outcome.error, TypeError | ValueError), method
    assert [call.call for call in live.calls("client 1")][1:] == [
        "send",
        "sendall",
        "sendmsg",
        "listen",
        "bind",
        "recv",
    ]
    assert {call.error.type for call in live.calls("client 1")[1:] if call.error} == {"TypeError", "ValueError"}
    assert done(client.call("listen", 1)).ok


def test_what_a_client_accepts_is_closed_in_sight(live: LiveBench) -> None:
    client = live.client(connect="none")
    done(client.call("bind", ("127.0.0.1", 0)))
    done(client.call("listen", 1))
    with socket.create_connection(tuple(client.local)) as peer:
        peer.settimeout(WAIT)
        assert done(client.call("accept")).ok
        assert peer.recv(10) == b""
    assert [call.call for call in live.calls()][-2:] == ["accept", "close"]


def test_an_unexpected_exception_is_the_outcome_and_the_lane_lives_on(live: LiveBench) -> None:
    client = live.client(connect="none")

    def broken() -> Outcome:
        raise SystemExit("not a socket error at all")

    for reads in (True, False):
        assert isinstance(done(client.submit(broken, reads=reads)).error, SystemExit)
        assert done(client.submit(Outcome, reads=reads)).ok
    assert isinstance(done(client.call("no_such_method")).error, AttributeError)


def test_nobody_can_cancel_a_future_under_the_lane(live: LiveBench) -> None:
    with listening() as listener:
        client = live.client(listener)
        waiting = client.recv()
        assert not waiting.cancel()
        listener.accept()[0].sendall(b"data")
        assert done(waiting).result == b"data"


def small_listener() -> socket.socket:
    """Return a listener whose connections hold little."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    sock.settimeout(WAIT)
    return sock
