from __future__ import annotations

import socket
import threading
import time
from contextlib import closing, contextmanager

import pytest

from tests.sessions import DGRAM, INET, STREAM, UNIX, connected, read, recorded, recv_exactly
from workbench.engine.endpoints.bench import Bench
from workbench.engine.replay.recorded_client import NoClient, find_client
from workbench.engine.replay.replay import Differs, Replay, settings_for
from workbench.model.call.address import Address
from workbench.probe.format import CODE, NO_RESULT, tail_of
from workbench.probe.recorder import Recorder


@contextmanager
def answering(*answers, family=INET, place=("127.0.0.1", 0)):
    """A server for one connection, which answers each recv with the next of *answers*; gives its address and got."""
    listener = socket.socket(family, STREAM)
    listener.bind(place)
    listener.listen()
    got = []

    def serve():
        conn, _ = listener.accept()
        with conn:
            for answer in answers:
                piece = conn.recv(1 << 20)
                got.append((time.monotonic(), piece))
                conn.sendall(answer)
            while piece := conn.recv(1 << 20):
                got.append((time.monotonic(), piece))

    thread = threading.Thread(target=serve)
    thread.start()
    name = listener.getsockname()
    scheme = "unix" if family == UNIX else "tcp"
    try:
        yield Address.from_plain(scheme, list(name) if isinstance(name, tuple) else name), got
    finally:
        thread.join(10)
        listener.close()


def run(tmp_path, session, address, *, wanted="", fast=True, timeout=5.0):
    recorder = Recorder(str(tmp_path / "again.swb"))
    bench = Bench(recorder)
    client = find_client(read(session), wanted)
    try:
        replay = Replay(bench, client, settings_for(client, address, timeout), fast=fast)
        assert replay.connect().ok
        return replay.run()
    finally:
        bench.close()
        recorder.close()


def outcome(*args, **options):
    """Return in words how a replay went: the number of bytes received, or where they differ."""
    try:
        return str(run(*args, **options))
    except Differs as difference:
        return str(difference)


def record_talk(session, who="client", pause=0.0):
    """hello, HELLO, then "world" and the end, as one side or the other saw it."""
    with recorded(session) as traced:
        kinds = [traced if who == side else socket.socket for side in ("server", "client")]
        listener, conn, client = connected(*kinds, ("127.0.0.1", 0))
        client.send(b"hello")
        conn.sendall(conn.recv(9).upper())
        assert recv_exactly(client, 5, 3) == b"HELLO"
        threading.Event().wait(pause)
        client.send(b"world")
        assert conn.recv(9) == b"world"
        client.shutdown(socket.SHUT_WR)
        assert conn.recv(9) == b""
        conn.sendall(b"bye")
        conn.close()
        assert recv_exactly(client, 3) == b"bye"
        assert client.recv(9) == b""
        client.close()
        listener.close()


@pytest.mark.parametrize("who", ["client", "server"])
def test_the_same_pieces_and_the_same_answers_cut_otherwise(tmp_path, who):
    session = tmp_path / "a.swb"
    record_talk(session, who)
    with answering(b"HELLO", b"bye") as (address, got):
        assert run(tmp_path, session, address) == 8
    assert [piece for _, piece in got] == [b"hello", b"world"]
    assert [call.data for call in read(tmp_path / "again.swb") if call.sends] == [b"hello", b"world"]
    assert [call.call for call in read(tmp_path / "again.swb")].count("shutdown") == 1


def test_in_the_rhythm_of_the_recording_unless_fast(tmp_path):
    session = tmp_path / "a.swb"
    record_talk(session, pause=0.8)
    for fast in (False, True):
        (tmp_path / "again.swb").unlink(missing_ok=True)
        with answering(b"HELLO", b"bye") as (address, got):
            run(tmp_path, session, address, fast=fast)
        assert (got[1][0] - got[0][0] >= 0.4) is not fast


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ((b"HELLO", b"bYe"), "the answers differ at byte 6: expected b'ye', got b'Ye'"),
        ((b"HELLObye!", b""), "the answers differ at byte 8: expected nothing more, got b'!'"),
        ((b"HELLO", b"bye!"), "the answers differ at byte 8: expected nothing more, got b'!'"),
        ((b"HELLO", b"by"), "the answers differ at byte 7: expected b'e', got the end of the stream"),
    ],
)
def test_it_says_where_the_answers_differ(tmp_path, answers, sentence):
    session = tmp_path / "a.swb"
    record_talk(session)
    with answering(*answers) as (address, _), pytest.raises(Differs) as caught:
        run(tmp_path, session, address)
    assert str(caught.value) == sentence


def test_no_answer_in_time(tmp_path):
    session = tmp_path / "a.swb"
    record_talk(session)
    with answering(b"HEL") as (address, _), pytest.raises(Differs) as caught:
        run(tmp_path, session, address, timeout=0.1)
    assert str(caught.value) == "the answers differ at byte 3: expected b'LObye', got nothing within 0.1 s"


def test_more_than_all_buffers_hold_in_both_directions(tmp_path):
    session, size = tmp_path / "a.swb", 8_000_000
    place = str(tmp_path / "x.sock")
    with recorded(session) as traced:
        _, conn, client = connected(socket.socket, traced, place)
        echo = threading.Thread(
            target=lambda: [conn.sendall(conn.recv(1 << 20)) for _ in iter(lambda: conn.recv(1, socket.MSG_PEEK), b"")]
        )
        echo.start()
        taking = threading.Thread(target=recv_exactly, args=(client, size))
        taking.start()
        client.sendall(b"x" * size)
        taking.join()
        client.close()
        echo.join()
    again = socket.socket(UNIX, STREAM)
    again.bind(str(tmp_path / "y.sock"))
    again.listen()

    def serve():
        conn, _ = again.accept()
        with conn:
            while piece := conn.recv(1 << 20):
                conn.sendall(piece)

    serving = threading.Thread(target=serve)
    serving.start()
    assert run(tmp_path, session, Address("unix", path=str(tmp_path / "y.sock"))) == size
    serving.join()
    again.close()


def test_datagrams_are_compared_one_by_one(tmp_path):
    session = tmp_path / "a.swb"
    server = socket.socket(INET, DGRAM)
    server.bind(("127.0.0.1", 0))
    name = server.getsockname()
    with recorded(session) as traced:
        client = traced(INET, DGRAM)
        for text in (b"one", b"two"):
            client.sendto(text, name)
            server.sendto(text.upper(), server.recvfrom(9)[1])
            assert client.recvfrom(9)[0] == text.upper()

    def serve(*answers):
        for answer in answers:
            server.sendto(answer, server.recvfrom(9)[1])

    for answers, sentence in (
        ((b"ONE", b"TWO"), "6"),
        ((b"ONE", b"TW"), "the answers differ at byte 5: expected b'O', got the end of the message"),
        ((b"ONEx",), "the answers differ at byte 3: expected nothing more, got b'x'"),
    ):
        (tmp_path / "again.swb").unlink(missing_ok=True)
        thread = threading.Thread(target=serve, args=answers)
        thread.start()
        assert outcome(tmp_path, session, Address.from_plain("udp", list(name))) == sentence
        thread.join(5)
    server.close()


def test_which_client(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener = traced(INET, STREAM)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        for name in ("first", "second"):
            client = traced(INET, STREAM)
            client.label = name
            client.connect(listener.getsockname())
            client.send(name.encode())
            client.close()
    journal = read(session)
    assert find_client(journal).steps[0].data == b"first"
    assert find_client(journal, "second").steps[0].data == b"second"
    assert find_client(journal, f"{journal[0].pid}.3").name == "second"
    for wanted, sentence in (("third", 'no socket "third"'), (f"{journal[0].pid}.1", "is no client")):
        with pytest.raises(NoClient, match=sentence):
            find_client(journal, wanted)


def test_a_session_without_clients(tmp_path):
    with recorded(tmp_path / "a.swb") as traced:
        traced(INET, STREAM).close()
    with pytest.raises(NoClient, match="no socket connected"):
        find_client(read(tmp_path / "a.swb"))


def test_a_send_that_returned_after_the_answer_is_still_repeated_before_it(tmp_path):
    """Two threads: the send began first and returned last, so the file has the answer before it."""
    session, sock = tmp_path / "a.swb", (7, 1)
    peer = {"args": [["127.0.0.1", 9]], "local": ["127.0.0.1", 8], "peer": ["127.0.0.1", 9]}
    with closing(Recorder(str(session), clock=lambda: 0)) as recorder:
        recorder.call(CODE["connect"], sock, 10, 20, tail=tail_of(peer), flags=NO_RESULT)
        recorder.call(CODE["recv"], sock, 35, 50, result=6, requested=9, data=b"ANSWER")
        recorder.call(CODE["sendall"], sock, 30, 60, requested=8, data=b"question", flags=NO_RESULT)
    steps = find_client(read(session)).steps
    assert [(step.what, step.data) for step in steps] == [("send", b"question"), ("recv", b"ANSWER")]
