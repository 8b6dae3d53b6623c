"""The bench as a whole: its endpoints, and that it always ends, whatever is blocked."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.engine.limits import descriptors_left
from tests.engine.live_bench import LiveBench, descriptors, dial, done, listening, port_of
from workbench.engine.endpoints.bench import Bench
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.probe.recorder import Recorder

BIG = bytes(16 << 20)


def test_server_and_client_of_one_bench_talk_and_both_sides_are_in_the_journal(live: LiveBench) -> None:
    server = live.serve(responder="echo")
    client = live.client(server)
    assert done(client.send(b"hello")).ok
    assert done(client.recv(5)).result == b"hello"
    live.eventually(lambda: len(live.calls("conn 1")) == 2)
    sent, received = live.calls("client 1", "send")[0], live.calls("conn 1", "recv")[0]
    assert [part.seq for part in live.journal.lineage.sources(received) or ()] == [sent.seq]


def test_endpoints_are_listed_server_first_then_its_connections_then_the_clients(live: LiveBench) -> None:
    assert live.bench.endpoints() == ()
    server = live.serve()
    clients = [live.client(server), live.client(server)]
    live.eventually(lambda: len(live.bench.endpoints()) == 5)
    states = live.bench.endpoints()
    assert [state.name for state in states] == ["server", "conn 1", "conn 2", "client 1", "client 2"]
    assert [(state.role, state.number) for state in states[:3]] == [
        *(("server", 0), ("connection", 1), ("connection", 2))
    ]
    assert live.bench.find("client 2") is clients[1]
    assert live.bench.find("client 3") is None
    assert states[1].peer == states[3].local
    assert [state.tcp_state for state in states] == ["LISTEN", *["ESTABLISHED"] * 4]


def test_only_closed_endpoints_are_forgotten(live: LiveBench) -> None:
    server = live.serve()
    client = live.client(server)
    live.bench.forget("client 1")
    assert live.bench.clients == (client,)
    done(client.close())
    live.bench.forget("client 1")
    assert live.bench.clients == ()
    live.bench.forget("server")
    assert live.bench.find("server") is server.listener
    assert live.client(server).name == "client 2"


def test_connections_are_counted_on_from_one_server_to_the_next(live: LiveBench) -> None:
    for number in (1, 2):
        server = live.serve()
        with dial(server):
            live.endpoint(f"conn {number}")
        for future in server.stop():
            done(future)


def test_a_call_under_way_tells_what_it_is_and_since_when(live: LiveBench) -> None:
    client = live.client(type="SOCK_DGRAM", connect="none")
    before = time.monotonic()
    client.recv(7)
    live.blocked("client 1", "recvfrom")
    (pending,) = client.state().pending
    assert (pending.text, pending.offered) == ("recvfrom(7)", None)
    assert before <= pending.since <= time.monotonic()


def test_state_tells_the_last_call_and_its_error(live: LiveBench) -> None:
    client = live.client(connect="none")
    assert (client.state().last, client.state().error) == ("socket", None)
    done(client.send(b"x"))
    assert (client.state().last, client.state().error) == ("send", "BrokenPipeError (EPIPE)")
    done(client.call("settimeout", 1.0))
    assert (client.state().last, client.state().error) == ("settimeout", None)
    assert client.state().done == {"socket", "settimeout"}


def test_closing_takes_no_time_whatever_is_blocked(tmp_path: Path, eventually: Callable[..., None]) -> None:
    """50 endpoints, blocked in accept, recv, sendall and connect, and nothing of them remains."""
    gc.collect()
    threads_before, before = threading.active_count(), descriptors()
    live = LiveBench(tmp_path / "session.swb", eventually)
    with listening(backlog=0) as full, listening(backlog=100) as deaf:
        server = live.serve()
        filling = live.client(full)
        for number in range(12):
            live.client(server)
            live.bench.open_client(ClientSettings(port=port_of(full)))  # blocked in connect
            live.client(deaf).send(BIG, "sendall")
            live.client(server).set_auto(True)
            live.endpoint(f"conn {2 * number + 2}")
        live.client(deaf).recv()

        def blocked() -> list[str]:
            return sorted(pending.call for state in live.bench.endpoints() for pending in state.pending)

        expected = sorted(["accept", *["connect"] * 12, *["sendall"] * 12, *["recv"] * (24 + 12 + 1)])
        eventually(lambda: blocked() == expected)
        assert len(live.bench.endpoints()) > 50
        started = time.monotonic()
        assert live.bench.close()
        assert time.monotonic() - started < 2
        assert all(endpoint.closed for endpoint in live.bench.endpoints())
        assert filling.closed
    live.close()
    eventually(lambda: threading.active_count() <= threads_before)
    gc.collect()
    assert descriptors() - before == set()


def test_closing_at_any_moment_of_the_start(tmp_path: Path) -> None:
    for number in range(30):
        recorder = Recorder(str(tmp_path / f"{number}.swb"))
        bench = Bench(recorder)
        bench.start_server(ServerSettings(port=0))
        bench.open_client(ClientSettings(port=1, host="localhost"))
        if number % 3:
            threading.Event().wait(number / 10_000)
        assert bench.close()
        assert all(endpoint.closed for endpoint in bench.all())
        assert bench.close()
        recorder.close()


def test_closing_tells_when_a_responder_does_not_return(tmp_path: Path) -> None:
    bench = Bench(Recorder(str(tmp_path / "session.swb")))
    goes_on, asked = threading.Event(), threading.Event()

    class Slow:
        def answer(self, data: bytes) -> bytes | None:
            asked.set()
            goes_on.wait()
            return data

        def silence(self) -> bytes | None:
            return None

    server = bench.start_server(ServerSettings(port=0), Slow)
    assert done(server.started).ok
    with dial(server) as peer:
        peer.sendall(b"?")
        assert asked.wait(5)
        started = time.monotonic()
        assert not bench.close(timeout=0.3)
        assert time.monotonic() - started < 1
        goes_on.set()
        assert bench.close()
        assert peer.recv(10) == b""


def test_nothing_that_a_person_drives_blocks_the_one_who_asks(live: LiveBench) -> None:
    with listening(backlog=0) as full:
        live.client(full)
        started = time.monotonic()
        client = live.bench.open_client(ClientSettings(port=port_of(full)))
        futures = [client.send(b"x"), client.recv(), client.half_close(), client.call("settimeout", 3)]
        client.set_auto(True)
        client.set_bufsize(16)
        assert client.state().bufsize == 16
        assert time.monotonic() - started < 0.5
        done(client.close())
        assert not any(done(future).ok for future in futures)


def test_the_socket_is_closed_even_without_a_descriptor_for_its_lane(live: LiveBench) -> None:
    server = live.serve()
    peer = dial(server)
    connection = live.endpoint("conn 1")  # has a thread for receiving, none yet for the rest
    live.blocked("conn 1", "recv")
    with descriptors_left(0), peer:
        assert isinstance(done(connection.send(b"no thread to send it")).error, OSError)
        assert done(connection.close()).ok
        assert peer.recv(10) == b""
    assert connection.closed


def test_a_udp_socket_hears_that_nobody_is_there(live: LiveBench) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    client = live.client(type="SOCK_DGRAM", port=port, timeout=5.0)
    done(client.send(b"anybody?"))
    assert isinstance(done(client.recv()).error, ConnectionRefusedError)
