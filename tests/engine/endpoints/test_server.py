"""A server of the bench as programs outside meet it: plain Python sockets, ncat, socat and curl."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.engine.limits import descriptors_left
from tests.engine.live_bench import WAIT, LiveBench, dial, done, port_of
from workbench.engine.endpoints.responders.registry import responder
from workbench.engine.state import Outcome
from workbench.model.call.settings import ServerSettings

RESET = struct.pack("ii", 1, 0)


# --- families and types ----------------------------------------------------------------------------------------------


def test_a_tcp_server_accepts_receives_and_answers_call_by_call(live: LiveBench) -> None:
    server = live.serve(responder="upper")
    with dial(server) as peer:
        peer.sendall(b"hello")
        assert peer.recv(100) == b"HELLO"
    live.eventually(lambda: live.state("conn 1").closed)
    port = port_of(server)
    log = live.log("server")
    assert log[:4] == [
        f"socket(AF_INET, SOCK_STREAM, 0) = fd {live.calls('server')[0].descriptor}",
        "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1) = None",
        "bind(('127.0.0.1', 0)) = None",
        "listen(5) = None",
    ]
    assert log[4].startswith("accept() = conn 1 from 127.0.0.1:")
    assert live.calls("server", "accept")[0].result[0] == live.calls("conn 1")[0].socket
    assert live.calls("server", "bind")[0].local == ["127.0.0.1", port]
    assert live.log("conn 1") == [
        "recv(1024) = b'hello'",
        "sendall(b'HELLO') = None",
        "recv(1024) = b''",
        "close() = None",
    ]


def test_over_ipv6(live: LiveBench) -> None:
    server = live.serve(family="AF_INET6", host="::1", responder="echo")
    assert server.local[:2] == ["::1", port_of(server)]
    with socket.create_connection(("::1", port_of(server)), WAIT) as peer:
        peer.sendall(b"six")
        assert peer.recv(100) == b"six"
    assert live.state("conn 1").peer[0] == "::1"


def test_a_udp_server_answers_whoever_sends(live: LiveBench) -> None:
    server = live.serve(type="SOCK_DGRAM", responder="upper")
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
        for peer, text in ((one, b"one"), (other, b"other")):
            peer.settimeout(WAIT)
            peer.sendto(text, ("127.0.0.1", port_of(server)))
        assert one.recvfrom(100) == (b"ONE", tuple(server.local))
        assert other.recvfrom(100) == (b"OTHER", tuple(server.local))
        assert live.calls("server", "recvfrom")[0].peer[1] == one.getsockname()[1]
        live.eventually(lambda: len(live.calls("server", "sendto")) == 2)
        assert live.calls("server", "sendto")[1].args == [["127.0.0.1", other.getsockname()[1]]]
    assert "listen" not in live.state("server").done
    assert live.state("server").bytes_in == 8


@pytest.mark.parametrize("type", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_a_running_server_takes_another_responder(live: LiveBench, type: str) -> None:
    server = live.serve(type=type, responder="echo")
    with socket.socket(type=getattr(socket, type)) as peer:
        peer.settimeout(WAIT)
        peer.connect(tuple(server.local))
        peer.sendall(b"one")
        assert peer.recv(100) == b"one"
        server.answer_with(responder("upper"))
        peer.sendall(b"two")
        assert peer.recv(100) == b"TWO"


def test_a_udp_server_has_no_use_for_reuse_address(live: LiveBench) -> None:
    """On Linux two UDP sockets that both set it share a port, and the first hears nothing any more."""
    server = live.serve(type="SOCK_DGRAM")
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(tuple(server.local))


def test_a_datagram_that_is_cut_is_recorded_with_its_real_size(live: LiveBench) -> None:
    server = live.serve(type="SOCK_DGRAM", bufsize=4)
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.sendto(b"0123456789", ("127.0.0.1", port_of(server)))
        live.eventually(lambda: live.calls("server", "recvfrom"))
    (call,) = live.calls("server", "recvfrom")
    assert (call.data, call.requested, call.size, call.truncated) == (b"0123", 4, 10, True)


@pytest.mark.parametrize(("type_", "number"), [("SOCK_STREAM", 1), ("SOCK_SEQPACKET", 5)])
def test_a_unix_server_with_connections(type_: str, number: int, live: LiveBench, tmp_path: Path) -> None:
    path = str(tmp_path / "x.sock")
    server = live.serve(family="AF_UNIX", type=type_, path=path, responder="upper")
    assert server.local == path
    with socket.socket(socket.AF_UNIX, number) as peer:
        peer.connect(path)
        peer.sendall(b"unix")
        assert peer.recv(100) == b"UNIX"
    live.eventually(lambda: live.state("conn 1").closed)
    assert live.state("conn 1").peer == ""


def test_a_unix_datagram_server_answers_those_that_have_a_name(live: LiveBench, tmp_path: Path) -> None:
    path = str(tmp_path / "x.sock")
    live.serve(family="AF_UNIX", type="SOCK_DGRAM", path=path, responder="upper")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.settimeout(WAIT)
        peer.sendto(b"from nobody", path)
        live.eventually(lambda: live.state("server").bytes_in)
        peer.bind(str(tmp_path / "peer.sock"))
        peer.sendto(b"from me", path)
        assert peer.recv(100) == b"FROM ME"
        live.eventually(lambda: live.calls("server", "sendto"))
    assert [call.data for call in live.calls("server", "sendto")] == [b"FROM ME"]


def test_an_abstract_name(live: LiveBench) -> None:
    name = f"workbench-test-{os.getpid()}"
    server = live.serve(family="AF_UNIX", path=f"@{name}", responder="echo")
    assert server.local == f"@{name}"
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(f"\0{name}")
        peer.sendall(b"no file")
        assert peer.recv(100) == b"no file"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"type": "SOCK_RDM"}, "ESOCKTNOSUPPORT"),
        ({"type": "SOCK_RAW", "protocol": 0}, "EPROTONOSUPPORT"),
        ({"type": "SOCK_SEQPACKET"}, "ESOCKTNOSUPPORT"),
        ({"family": "AF_UNIX", "type": "SOCK_RDM", "path": "/nowhere"}, "ESOCKTNOSUPPORT"),
    ],
)
def test_what_the_system_refuses_is_a_row_with_its_error(
    settings: dict[str, object], error: str, live: LiveBench
) -> None:
    server = live.bench.start_server(ServerSettings(**settings))  # type: ignore[arg-type]
    assert not done(server.started).ok
    (call,) = live.calls()
    assert call.call == "socket"
    assert call.error is not None
    assert call.error.errno == error
    live.eventually(lambda: live.state("server").closed)
    assert not server.running


# --- settings --------------------------------------------------------------------------------------------------------


def test_the_timeout_is_set_on_each_connection_and_never_on_the_listener(live: LiveBench) -> None:
    server = live.serve(timeout=7.5, nodelay=True)
    with dial(server), dial(server):
        live.eventually(lambda: live.state("conn 2").timeout == 7.5)
        assert live.calls("server", "settimeout") == []
        assert live.state("server").timeout is None
        for name in ("conn 1", "conn 2"):
            assert live.log(name)[:2] == ["setsockopt(IPPROTO_TCP, TCP_NODELAY, 1) = None", "settimeout(7.5) = None"]


def test_the_listener_has_a_timeout_of_its_own(live: LiveBench) -> None:
    server = live.serve(accept_timeout=7.5)
    with dial(server):
        live.eventually(lambda: "recv" in [pending.call for pending in live.state("conn 1").pending])
        assert live.log("server")[4] == "settimeout(7.5) = None"
        assert live.calls("conn 1", "settimeout") == []


def test_a_datagram_server_has_but_one_socket_and_its_timeout(live: LiveBench) -> None:
    live.serve(type="SOCK_DGRAM", timeout=7.5, accept_timeout=1)
    live.eventually(lambda: live.state("server").timeout == 7.5)


def test_options_are_rows_before_bind(live: LiveBench) -> None:
    live.serve(rcvbuf=8192, sndbuf=4096, reuse_address=False, options=((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),))
    assert live.log("server")[1:5] == [
        "setsockopt(SOL_SOCKET, SO_RCVBUF, 8192) = None",
        "setsockopt(SOL_SOCKET, SO_SNDBUF, 4096) = None",
        "setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1) = None",
        "bind(('127.0.0.1', 0)) = None",
    ]


def test_an_option_that_is_refused_is_a_row_and_no_more(live: LiveBench) -> None:
    server = live.serve(options=((socket.IPPROTO_TCP, 9999, 1),))
    (call,) = live.calls("server", "setsockopt")[1:]
    assert call.error is not None
    assert call.error.errno == "ENOPROTOOPT"
    assert server.running


def test_backlog_is_how_many_wait_and_one_more(live: LiveBench) -> None:
    server = live.serve(backlog=1, auto_accept=False)
    assert live.log("server")[-1] == "listen(1) = None"
    with contextlib.ExitStack() as peers:
        for _ in range(2):
            peers.enter_context(dial(server))
        late = peers.enter_context(socket.socket())
        late.settimeout(0.2)
        with pytest.raises(TimeoutError):
            late.connect(("127.0.0.1", port_of(server)))


def test_a_name_is_looked_up_and_its_address_shown(live: LiveBench) -> None:
    server = live.serve(host="localhost")
    assert live.calls("server", "bind")[0].args == [["127.0.0.1", 0]]
    assert server.local[0] == "127.0.0.1"


def test_a_port_in_use_is_a_row_and_the_socket_is_closed(live: LiveBench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = live.bench.start_server(ServerSettings(port=other.getsockname()[1]))
        outcome = done(server.started)
    assert isinstance(outcome.error, OSError)
    live.eventually(lambda: live.state("server").closed)
    assert [call.call for call in live.calls()] == ["socket", "setsockopt", "bind", "close"]
    assert not server.running


def test_one_server_at_a_time(live: LiveBench) -> None:
    live.serve()
    with pytest.raises(ValueError, match="a server is running"):
        live.bench.start_server(ServerSettings(port=0))


def test_a_server_can_take_the_port_of_the_one_that_was_stopped_just_now(live: LiveBench) -> None:
    for _ in range(20):
        server = live.serve(port=port_of(live.bench.server) if live.bench.server else 0, reuse_address=False)
        server.stop()
    failed = [call for call in live.calls() if call.error and call.error.type != "Cancelled"]
    assert failed == []


# --- paths -----------------------------------------------------------------------------------------------------------


def test_a_path_that_bind_made_goes_with_the_server(live: LiveBench, tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    server = live.serve(family="AF_UNIX", path=str(path))
    assert path.is_socket()
    server.stop()
    live.eventually(lambda: live.state("server").closed)
    live.eventually(lambda: not path.exists())


def test_a_path_that_was_there_stays(live: LiveBench, tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
    server = live.bench.start_server(ServerSettings(family="AF_UNIX", path=str(path)))
    assert not done(server.started).ok
    assert live.calls("server", "bind")[0].error.errno == "EADDRINUSE"  # type: ignore[union-attr]
    assert live.bench.close()
    assert path.is_socket()


def test_a_path_that_another_took_over_stays(live: LiveBench, tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    live.serve(family="AF_UNIX", path=str(path))
    path.rename(tmp_path / "ours.sock")  # so that its inode is not given to the next
    path.write_text("another's")
    assert live.bench.close()
    assert path.read_text() == "another's"


def test_a_path_goes_when_listen_fails_after_bind(live: LiveBench, tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    server = live.serve(family="AF_UNIX", type="SOCK_DGRAM", path=str(path))
    assert not done(server.listener.call("listen", 5)).ok
    done(server.listener.close())
    assert not path.exists()


# --- connections -----------------------------------------------------------------------------------------------------


def test_accept_and_recv_by_hand(live: LiveBench) -> None:
    server = live.serve(auto_accept=False, auto_recv=False, responder="echo")
    with dial(server) as peer:
        peer.sendall(b"waiting")
        assert live.calls("server", "accept") == []
        assert done(server.listener.accept()).ok
        connection = live.endpoint("conn 1")
        assert not connection.auto
        assert done(connection.recv(4)).result == b"wait"
        assert peer.recv(100) == b"wait"
        assert done(connection.recv()).result == b"ing"
        assert live.state("conn 1").pending == ()
    assert [call.requested for call in live.calls("conn 1", "recv")] == [4, 1024]


def test_accept_through_call_gives_a_connection_too(live: LiveBench) -> None:
    server = live.serve(auto_accept=False)
    with dial(server) as peer:
        assert done(server.listener.call("accept")).ok
        done(live.endpoint("conn 1").send(b"hi"))
        assert peer.recv(10) == b"hi"


def test_auto_accept_can_be_turned_off_and_on(live: LiveBench) -> None:
    server = live.serve()
    live.blocked("server", "accept")
    server.listener.set_auto(False)
    live.eventually(lambda: live.state("server").pending == ())
    with dial(server):
        assert live.calls("server", "accept")[0].error.type == "Cancelled"  # type: ignore[union-attr]
        server.listener.set_auto(True)
        live.endpoint("conn 1")
    assert len(live.calls("server", "accept")) == 2


def test_off_and_on_at_once_leaves_it_on(live: LiveBench) -> None:
    server = live.serve()
    for _ in range(50):
        live.blocked("server", "accept")
        server.listener.set_auto(False)
        server.listener.set_auto(True)
    live.blocked("server", "accept")
    with dial(server):
        live.endpoint("conn 1")
    assert live.state("server").auto


def test_turning_auto_off_just_before_the_wait_ends_it_all_the_same(live: LiveBench) -> None:
    server = live.serve(auto_recv=False)
    with dial(server):
        connection = live.endpoint("conn 1")
        connection.wait_for_turn = lambda: connection.set_auto(False)  # type: ignore[method-assign]
        connection.set_auto(True)
        done(connection.submit(Outcome, reads=True))
        assert [call.error.type for call in live.calls("conn 1", "recv") if call.error] == ["Cancelled"]
        assert not connection.closed


def test_half_close_lets_the_peer_answer(live: LiveBench) -> None:
    server = live.serve()
    with dial(server) as peer:
        connection = live.endpoint("conn 1")
        done(connection.send(b"last words"))
        done(connection.half_close())
        assert peer.recv(100) == b"last words"
        assert peer.recv(100) == b""
        peer.sendall(b"I heard")
        live.eventually(lambda: live.state("conn 1").bytes_in == 7)
        assert live.state("conn 1").tcp_state == "FIN_WAIT2"
    assert "shutdown(SHUT_WR) = None" in live.log("conn 1")


def test_close_is_an_end_of_stream_to_the_peer_and_reset_an_error(live: LiveBench) -> None:
    server = live.serve()
    with dial(server) as one, dial(server) as other:
        done(live.endpoint("conn 1").close())
        assert one.recv(100) == b""
        done(live.endpoint("conn 2").reset())
        with pytest.raises(ConnectionResetError):
            other.recv(100)
    assert live.log("conn 2")[-2:] == [
        "setsockopt(SOL_SOCKET, SO_LINGER, b'\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00') = None",
        "close() = None",
    ]


def test_a_peer_that_resets_ends_its_connection_alone(live: LiveBench) -> None:
    server = live.serve(responder="echo")
    with dial(server) as stays:
        goes = dial(server)
        live.endpoint("conn 2")
        goes.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        goes.close()
        live.eventually(lambda: live.state("conn 2").closed)
        stays.sendall(b"still here")
        assert stays.recv(100) == b"still here"
    assert "recv(1024) ConnectionResetError (ECONNRESET)" in live.log("conn 2")


def test_a_connection_that_is_silent_too_long_is_closed(live: LiveBench) -> None:
    server = live.serve(timeout=0.1)
    with dial(server) as peer:
        assert peer.recv(100) == b""
        live.eventually(lambda: live.state("conn 1").closed)
    assert live.log("conn 1") == ["settimeout(0.1) = None", "recv(1024) TimeoutError", "close() = None"]


def test_an_accept_that_times_out_is_a_row_and_the_next_one_waits_again(live: LiveBench) -> None:
    server = live.serve(accept_timeout=0.05)
    live.eventually(lambda: len(live.calls("server", "accept")) >= 3)
    assert {call.error.type for call in live.calls("server", "accept") if call.error} == {"TimeoutError"}
    with dial(server):
        live.endpoint("conn 1")


def test_a_timeout_of_0_waits_for_input_instead_of_spinning(live: LiveBench) -> None:
    server = live.serve(timeout=0, responder="echo")
    with dial(server) as peer:
        live.eventually(lambda: "settimeout" in live.state("conn 1").done)
        before, deadline = len(live.calls()), time.monotonic() + 0.3
        live.eventually(lambda: time.monotonic() > deadline)
        assert len(live.calls()) == before
        peer.sendall(b"now")
        assert peer.recv(100) == b"now"
    assert [call for call in live.calls() if call.error and call.error.errno == "EAGAIN"] == []


def test_cancelling_with_a_timeout_of_0_keeps_the_connection(live: LiveBench) -> None:
    server = live.serve(timeout=0)
    with dial(server) as peer:
        connection = live.endpoint("conn 1")
        live.eventually(lambda: connection.auto)
        connection.set_auto(False)
        done(connection.send(b"open"))
        assert peer.recv(10) == b"open"
        assert live.calls("conn 1", "recv") == []


def test_max_connections_leaves_the_next_in_the_accept_queue(live: LiveBench) -> None:
    server = live.serve(max_connections=2, responder="echo")
    with dial(server) as one, dial(server), dial(server) as third:
        live.endpoint("conn 2")
        third.sendall(b"me too")
        third.settimeout(0.3)
        with pytest.raises(TimeoutError):
            third.recv(10)
        assert len(live.calls("server", "accept")) == 2
        one.close()
        third.settimeout(WAIT)
        assert third.recv(10) == b"me too"


def test_no_descriptors_left_is_one_row_and_said_until_accept_goes_on(live: LiveBench) -> None:
    server = live.serve(responder="echo")
    live.blocked("server", "accept")
    with dial(server) as first:
        live.endpoint("conn 1")
        waiting = socket.socket()
        with descriptors_left(0):
            waiting.connect(("127.0.0.1", port_of(server)))
            live.eventually(lambda: len(server.problems) == 1)
            assert "accept pauses" in server.problems[0]
            assert len(emfile(live)) == 1
            first.sendall(b"I have mine")
            assert first.recv(100) == b"I have mine"
        with waiting:
            waiting.settimeout(WAIT)
            waiting.sendall(b"at last")
            assert waiting.recv(100) == b"at last"
    assert list(server.problems)[1:] == ["accept goes on"]


def emfile(live: LiveBench) -> list[object]:
    return [call for call in live.calls("server", "accept") if call.error and call.error.errno == "EMFILE"]


@pytest.mark.parametrize("left", [1, 2, 3, 4])
def test_whichever_call_meets_the_limit_of_descriptors_no_client_is_reset(live: LiveBench, left: int) -> None:
    """With 1 the accept takes the last one, so that none is left for the connection's lane."""
    server = live.serve(responder="echo")
    live.blocked("server", "accept")
    peers = [socket.socket() for _ in range(3)]
    with descriptors_left(left):
        for peer in peers:
            peer.connect(("127.0.0.1", port_of(server)))
            peer.sendall(b"here")
        live.eventually(lambda: any("accept pauses" in problem for problem in server.problems))
    for peer in peers:
        with peer:
            peer.settimeout(WAIT)
            assert peer.recv(100) == b"here"


def test_stopping_closes_listener_and_connections(live: LiveBench) -> None:
    server = live.serve()
    with dial(server) as peer:
        live.endpoint("conn 1")
        for future in server.stop():
            done(future)
        assert peer.recv(10) == b""
        assert not server.running
        with pytest.raises(ConnectionRefusedError):
            dial(server)


def test_a_connection_accepted_while_stopping_is_closed_too(live: LiveBench) -> None:
    for _ in range(30):
        server = live.serve(backlog=50)
        peers = [dial(server) for _ in range(5)]
        for future in server.stop():
            done(future)
        for connection in server.connections:
            live.eventually(lambda connection=connection: connection.closed)
        for peer in peers:
            with contextlib.suppress(ConnectionResetError):
                assert peer.recv(10) == b""
            peer.close()


def test_closed_connections_can_be_dropped_from_the_list(live: LiveBench) -> None:
    server = live.serve()
    dial(server).close()
    with dial(server):
        live.endpoint("conn 2")
        live.eventually(lambda: server.served == 1)
        live.bench.forget("conn 1")
        live.bench.forget("conn 2")
        assert [connection.name for connection in server.connections] == ["conn 2"]
        assert server.served == 1
    live.eventually(lambda: server.served == 2)
    server.sweep()
    assert (server.connections, server.served) == ((), 2)


# --- other programs --------------------------------------------------------------------------------------------------

needs = {name: pytest.mark.skipif(not shutil.which(name), reason=f"no {name}") for name in ("ncat", "socat", "curl")}


@needs["ncat"]
def test_ncat_sends_and_half_closes(live: LiveBench) -> None:
    server = live.serve(responder="upper")
    command = ["ncat", "127.0.0.1", str(port_of(server))]
    ran = subprocess.run(command, input=b"from ncat", capture_output=True, timeout=20)
    assert ran.stdout == b"FROM NCAT"


@needs["socat"]
def test_socat_over_a_unix_socket(live: LiveBench, tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    live.serve(family="AF_UNIX", path=str(path), responder="upper")
    command = ["socat", "-t5", "-", f"UNIX-CONNECT:{path}"]
    ran = subprocess.run(command, input=b"from socat", capture_output=True, timeout=20)
    assert ran.stdout == b"FROM SOCAT"


@needs["curl"]
def test_curl_reads_a_fixed_reply(live: LiveBench) -> None:
    reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    server = live.serve(responder="fixed", reply=reply)
    url = f"http://127.0.0.1:{port_of(server)}/path"
    ran = subprocess.run(["curl", "-s", "--noproxy", "*", url], capture_output=True, timeout=20)
    assert ran.stdout == b"hello"
    assert live.calls("conn 1", "recv")[0].data.startswith(b"GET /path HTTP/1.1\r\n")
