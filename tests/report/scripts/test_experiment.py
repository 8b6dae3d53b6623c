"""Sessions driven by hand, and the scripts made of them: each runs, and moves the same bytes."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.live_bench import port_of
from tests.ui.recording import Session as Recording
from workbench.engine.endpoints.bench import Bench
from workbench.engine.endpoints.client import Client
from workbench.engine.endpoints.endpoint import Endpoint
from workbench.experiments.catalog import Verdict, load
from workbench.experiments.runner import ExperimentRun
from workbench.journal.reader import Journal
from workbench.model.call.settings import ClientSettings, ServerSettings
from workbench.probe.recorder import Recorder
from workbench.probe.traced_socket import TracedSocket
from workbench.report.scripts.experiment import CannotRepeat, experiment_from, write_experiment

WAIT = 10

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.binary(min_size=1, max_size=40)),
        st.tuples(st.just("send"), st.binary(min_size=1, max_size=3).map(lambda data: data * 20_000)),
        st.tuples(st.just("answer"), st.binary(min_size=1, max_size=70)),
        st.tuples(st.just("recv"), st.integers(1, 50)),
        st.tuples(st.just("take"), st.integers(1, 70_000)),
    ),
    max_size=12,
)


def moved(journal: Journal) -> dict[tuple[str, bool], bytes]:
    """The bytes that each socket sent and took, by its name."""
    found: dict[tuple[str, bool], bytes] = defaultdict(bytes)
    for call in journal:
        if call.data and not call.peek:
            found[call.name, call.sends] += call.data
    return dict(found)


def repeated(session: Path) -> tuple[dict, dict, str]:
    """What the session moved, what the script made of it moves, and that script."""
    with closing(Journal(session)) as journal:
        journal.read_all()
        write_experiment(journal, session.with_suffix(".py"))
        before = moved(journal)
    experiment = load(session.with_suffix(".py"))
    with (
        closing(Recorder(str(session.with_suffix(".again")))) as recorder,
        closing(ExperimentRun(experiment, recorder, deadline=15)) as run,
    ):
        result = run.wait()
        assert result.verdict is Verdict.HOLDS, result.complaint + experiment.source
        assert run.proof is not None
        return before, moved(run.journal), experiment.source


def drive(session: Path, actions: list[tuple], ends: list[str]) -> None:
    """Do the actions with a client and the connection that accepted it, without ever waiting for nothing."""
    recorder = Recorder(str(session))
    bench = Bench(recorder)
    server = bench.start_server(ServerSettings(port=0, auto_recv=False))
    assert server.started.result(WAIT).ok
    client = bench.open_client(ClientSettings(port=server.local[1]))
    assert client.started.result(WAIT).ok
    conn = None
    while conn is None:
        conn = next(iter(server.connections), None)
    waiting = {client: 0, conn: 0}
    for action, value in actions:
        match action:
            case "send" | "answer":
                sender, taker = (client, conn) if action == "send" else (conn, client)
                assert sender.send(value, "sendall").result(WAIT).ok
                waiting[taker] += len(value)
            case "recv" | "take":
                taker = client if action == "recv" else conn
                if waiting[taker]:
                    waiting[taker] -= len(taker.recv(value).result(WAIT).result)
    for end in ends:
        (client if end == "client" else conn).half_close().result(WAIT)
    bench.close()
    recorder.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS, st.lists(st.sampled_from(["client", "conn"]), unique=True))
def test_any_small_session_is_repeated_with_the_same_bytes(actions: list[tuple], ends: list[str]) -> None:
    with TemporaryDirectory() as folder:
        session = Path(folder, "by_hand.swb")
        drive(session, actions, ends)
        before, after, _ = repeated(session)
        assert after == before


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "by_hand.swb"


def test_an_echo_by_itself_and_its_end(session: Path) -> None:
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        server = bench.start_server(ServerSettings(port=0, responder="echo"))
        server.started.result(WAIT)
        client = bench.open_client(ClientSettings(port=server.local[1]))
        client.send(b"hello ").result(WAIT)
        assert client.recv(4).result(WAIT).result == b"hell"
        client.half_close().result(WAIT)
        assert client.recv(100).result(WAIT).result == b"o "
        assert client.recv(100).result(WAIT).result == b""
        bench.close()
    before, after, source = repeated(session)
    assert after == before
    assert "client_1.send(b'hello ')" in source
    assert "received = client_1.recv(4)" in source
    assert "client_1.shutdown(socket.SHUT_WR)" in source
    assert "assert received == b'', received" in source


def test_an_end_outside_the_session_is_made_up(session: Path) -> None:
    def serve(listener: socket.socket) -> None:
        there, _ = listener.accept()
        assert there.recv(5) == b"hello"
        there.sendall(b"welcome")
        there.close()

    with socket.create_server(("127.0.0.1", 0)) as listener, closing(Recorder(str(session))) as recorder:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        bench = Bench(recorder)
        client = bench.open_client(ClientSettings(port=listener.getsockname()[1]))
        client.send(b"hello").result(WAIT)
        assert client.recv(100).result(WAIT).result == b"welcome"
        assert client.recv(100).result(WAIT).result == b""
        thread.join()
        bench.close()
    before, after, source = repeated(session)
    assert {after[key] for key in after} >= set(before.values())
    assert "peer_of_client_1.sendall(b'welcome')" in source


def test_datagrams_and_their_answers(session: Path) -> None:
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        server = bench.start_server(ServerSettings(port=0, type="SOCK_DGRAM", responder="upper"))
        server.started.result(WAIT)
        client = bench.open_client(ClientSettings(port=server.local[1], type="SOCK_DGRAM"))
        for text in (b"one", b"two"):
            client.send(text).result(WAIT)
            assert client.recv(100).result(WAIT).result
        bench.close()
    before, after, source = repeated(session)
    assert sorted(after.values()) == sorted(before.values())
    assert "recvfrom" in source


FAMILIES = {
    "IPv6": {"family": "AF_INET6", "host": "::1"},
    "UNIX": {"family": "AF_UNIX", "path": "PATH"},
    "UNIX abstract": {"family": "AF_UNIX", "path": "@from-session"},
}
BINDS = {
    "IPv6": "server.bind(('::1', 0))",
    "UNIX": 'server.bind(folder.name + "/server")',
    "UNIX abstract": 'server.bind(f"\\0server-{os.getpid()}")',
}


def where(family: str, session: Path) -> dict[str, str]:
    """What is the same in the settings of a server of that family and its clients."""
    given = FAMILIES[family]
    return {**given, "path": str(session.with_suffix(".sock"))} if given.get("path") == "PATH" else given


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_of_another_family(session: Path, family: str) -> None:
    given = where(family, session)
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        server = bench.start_server(ServerSettings(**given, port=0, responder="upper"))
        assert server.started.result(WAIT).ok
        port = server.local[1] if family == "IPv6" else 0
        client = bench.open_client(ClientSettings(**given, port=port or 6789))
        assert client.send(b"hello").result(WAIT).ok
        assert client.recv(3).result(WAIT).result == b"HEL"
        assert client.recv(100).result(WAIT).result == b"LO"
        client.half_close().result(WAIT)
        assert client.recv(100).result(WAIT).result == b""
        bench.close()
    before, after, source = repeated(session)
    assert after == before
    assert BINDS[family] in source
    assert f"socket.socket(socket.{given['family']}, socket.SOCK_STREAM)" in source
    assert "client_1.connect(server.getsockname())" in source


@pytest.mark.parametrize("family", FAMILIES)
def test_datagrams_of_another_family(session: Path, family: str) -> None:
    given = where(family, session)
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        server = bench.start_server(ServerSettings(**given, port=0, type="SOCK_DGRAM", auto_recv=False))
        assert server.started.result(WAIT).ok
        port = server.local[1] if family == "IPv6" else 0
        client = bench.open_client(ClientSettings(**given, port=port or 6789, type="SOCK_DGRAM"))
        for text in (b"one", b"two"):
            assert client.send(text).result(WAIT).ok
            assert server.listener.recv(100).result(WAIT).result[0] == text
        bench.close()
    before, after, source = repeated(session)
    assert before["client 1", True] == b"onetwo"
    assert sorted(after.values()) == sorted(before.values())
    assert BINDS[family] in source
    assert f"socket.socket(socket.{given['family']}, socket.SOCK_DGRAM)" in source


@pytest.mark.parametrize("family", ["IPv6", "UNIX"])
def test_a_server_of_another_family_outside_the_session_is_made_up(session: Path, family: str) -> None:
    kind = socket.AF_INET6 if family == "IPv6" else socket.AF_UNIX
    given = where(family, session)
    with socket.socket(kind) as listener, closing(Recorder(str(session))) as recorder:
        listener.bind(("::1", 0) if family == "IPv6" else given["path"])
        listener.listen()
        bench = Bench(recorder)
        port = listener.getsockname()[1] if family == "IPv6" else 6789
        client = bench.open_client(ClientSettings(**given, port=port))
        assert client.started.result(WAIT).ok
        there, _ = listener.accept()
        there.sendall(b"welcome")
        assert client.recv(100).result(WAIT).result == b"welcome"
        there.close()
        bench.close()
    before, after, source = repeated(session)
    assert before == {("client 1", False): b"welcome"}
    assert after["client 1", False] == b"welcome"
    free = "('::1', 0)" if family == "IPv6" else 'folder.name + "/listener_for_client_1"'
    assert f"listener_for_client_1.bind({free})" in source


def test_a_socketpair(session: Path) -> None:
    with closing(Recorder(str(session))) as recorder:
        kind = type("Recorded", (TracedSocket,), {"recorder": recorder})
        one, other = kind.socketpair()
        one.sendall(b"ping")
        assert other.recv(2) == b"pi"
        other.sendall(b"pong")
        assert one.recv(10) == b"pong"
        one.close()
        other.close()
    before, after, source = repeated(session)
    assert sorted(after.values()) == sorted(before.values()) == [b"pi", b"ping", b"pong", b"pong"]
    assert " = socket.socketpair()  # 1" in source


def test_what_was_sent_before_the_connection_was_accepted(session: Path) -> None:
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        server = bench.start_server(ServerSettings(port=0, auto_accept=False, auto_recv=False))
        assert server.started.result(WAIT).ok
        settings = ClientSettings(port=port_of(server))
        first = bench.open_client(settings)
        assert first.started.result(WAIT).ok  # before the second connects: accept takes them in turn
        second = bench.open_client(settings)
        assert second.started.result(WAIT).ok
        for client, text in ((second, b"second"), (first, b"first")):
            assert client.send(text).result(WAIT).ok
        second.half_close().result(WAIT)
        for text in (b"first", b"second"):
            server.listener.accept().result(WAIT)
            assert server.connections[-1].recv(100).result(WAIT).result == text
        assert server.connections[-1].recv(100).result(WAIT).result == b""
        bench.close()
    before, after, source = repeated(session)
    assert after == before
    assert "not in the session" not in source


def connected(bench: Bench, **given: str) -> tuple[Client, Endpoint]:
    """A client of a server that does nothing by itself, and the connection that accepted it."""
    server = bench.start_server(ServerSettings(**given, port=0, auto_accept=False, auto_recv=False))
    assert server.started.result(WAIT).ok
    client = bench.open_client(ClientSettings(**given, port=6789 if given else server.local[1]))
    assert client.started.result(WAIT).ok
    assert server.listener.accept().result(WAIT).ok
    return client, server.connections[-1]


def test_what_was_queued_before_a_reset_that_a_send_met(session: Path) -> None:
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        path = str(session.with_suffix(".sock"))
        client, conn = connected(bench, family="AF_UNIX", type="SOCK_SEQPACKET", path=path)
        assert conn.send(b"hello").result(WAIT).ok
        assert client.send(b"unread").result(WAIT).ok
        conn.close().result(WAIT)
        assert client.send(b"more").result(WAIT).error is not None
        assert [client.recv(3).result(WAIT).result for _ in range(2)] == [b"hel", b""]
        bench.close()
    before, after, source = repeated(session)
    assert after == before
    assert "received = after_reset(client_1, 3)" in source


@pytest.mark.parametrize("met_by", ["recv", "send"])
def test_a_reset_and_the_end_after_it(session: Path, met_by: str) -> None:
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        client, conn = connected(bench)
        assert client.send(b"hello").result(WAIT).ok
        conn.reset().result(WAIT)
        if met_by == "recv":
            assert client.recv(10).result(WAIT).error is not None
        else:
            assert client.send(b"more").result(WAIT).error is not None
        assert client.recv(10).result(WAIT).result == b""
        bench.close()
    before, after, source = repeated(session)
    assert after == before == {("client 1", True): b"hello"}
    assert "received = after_reset(client_1, 10)" in source


def test_messages_that_were_cut(session: Path) -> None:
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        path = str(session.with_suffix(".sock"))
        client, conn = connected(bench, family="AF_UNIX", type="SOCK_SEQPACKET", path=path)
        for data in (b"hello", b"world", b"!"):
            assert client.send(data).result(WAIT).ok
        assert [conn.recv(2).result(WAIT).result for _ in range(3)] == [b"he", b"wo", b"!"]
        bench.close()
    before, after, source = repeated(session)
    assert after == before
    assert "received = conn_1.recv(2)" in source


def test_what_failed_stands_as_a_remark(session: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with closing(Recorder(str(session))) as recorder:
        bench = Bench(recorder)
        bench.open_client(ClientSettings(port=port)).started.result(WAIT)
        bench.close()
        with closing(Journal(session)) as journal:
            journal.read_all()
            source = experiment_from(journal, "t")
    assert "raised ConnectionRefusedError" in source
    compile(source, "t.py", "exec")


def test_a_session_without_calls_has_nothing_to_repeat(session: Path) -> None:
    Recorder(str(session)).close()
    with closing(Journal(session)) as journal:
        journal.read_all()
        with pytest.raises(CannotRepeat, match="no calls yet"):
            experiment_from(journal, "t")


def test_a_connection_that_was_accepted_twice(tmp_path: Path) -> None:
    """Two files that were joined, or a damaged one, can tell so."""
    path = tmp_path / "s"
    Recording(path).connect().send(b"one").connect().send(b"two").recorder.close()
    with closing(Journal(path)) as journal:
        journal.read_all()
        assert "b'two'" in experiment_from(journal, "twice")
