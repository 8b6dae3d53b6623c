"""The calls that make, name, set up and end a socket, and how they are recorded."""

from __future__ import annotations

import errno
import os
import select
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.probe.conftest import Tape
from tests.probe.kinds import CONNECTED, TCP, UNIX, bound, connected
from workbench.probe.traced_socket import TracedSocket


@CONNECTED
def test_the_calls_that_name_a_socket(tape: Tape, tmp_path: Path, kind: tuple[int, int]) -> None:
    listener = bound(tape.socket, kind, tmp_path)
    listener.listen(3)
    client = tape.socket(*kind)
    client.connect(listener.getsockname())
    accepted, address = listener.accept()
    name = client.getsockname()
    assert accepted.getpeername() == name == address
    assert (type(accepted), accepted.gettimeout()) == (tape.socket, None)
    made, bind, listen, _, _, connect, accept, *_, _, _ = tape.new()
    server, shown = (list(a) if isinstance(a, tuple) else a for a in (listener.getsockname(), address))
    assert made.args == [socket.AddressFamily(kind[0]).name, socket.SocketKind(kind[1]).name, 0]
    assert (made.result, made.descriptor) == (listener.fileno(), listener.fileno())
    assert (bind.local, bind.result) == (server, None)
    assert (listen.args, listen.local) == ([3], server)
    assert (connect.args, connect.local, connect.peer) == ([server], shown, server)
    assert accept.socket == listen.socket == made.socket
    assert (accept.args, accept.local, accept.peer) == ([], server, shown)
    assert accept.result == [f"{os.getpid()}.3", shown]
    assert (accept.inode, accept.label) == (os.fstat(accepted.fileno()).st_ino, "")
    accepted.send(b"x")
    assert tape.calls("send")[-1].socket == accept.result[0]


def test_an_accept_without_end(tape: Tape) -> None:
    with tape.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.001)
        with pytest.raises(TimeoutError):
            listener.accept()
    [call] = tape.calls("accept")
    assert call.error is not None
    assert (call.error.type, call.result) == ("TimeoutError", None)


def test_accepted_sockets_of_a_plain_class_are_traced(tmp_path: Path, tape: Tape) -> None:
    class Other(TracedSocket):
        recorder = tape.recorder

    with Other() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
    assert type(accepted) is TracedSocket
    accepted.close()


def test_connects_that_fail_or_go_on(tape: Tape, tmp_path: Path) -> None:
    with tape.socket(*TCP) as bound_only, tape.socket(*TCP) as client, tape.socket(*TCP) as other:
        bound_only.bind(("127.0.0.1", 0))
        nobody = bound_only.getsockname()
        assert client.connect_ex(nobody) == errno.ECONNREFUSED
        with pytest.raises(ConnectionRefusedError):
            other.connect(nobody)
    refused, raised = tape.calls("connect_ex", "connect")
    assert (refused.result, refused.error, refused.peer) == (errno.ECONNREFUSED, None, None)
    assert raised.error is not None
    assert (raised.error.errno, raised.peer, raised.args) == ("ECONNREFUSED", None, [list(nobody)])


@pytest.mark.parametrize("how", ["connect", "connect_ex"])
def test_a_connect_in_the_background_has_lineage(tape: Tape, tmp_path: Path, how: str) -> None:
    with bound(tape.socket, TCP, tmp_path) as listener, tape.socket(*TCP) as client:
        listener.listen()
        client.setblocking(False)
        if how == "connect":
            with pytest.raises(BlockingIOError):
                client.connect(listener.getsockname())
        else:
            assert client.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        accepted, _ = listener.accept()
        select.select([], [client], [], 5)
        client.send(b"x")
        accepted.recv(1)
        accepted.close()
    [send], [recv] = tape.calls("send"), tape.calls("recv")
    assert tape.journal.lineage.sources(recv) == [(send.seq, 0, 1)]


def test_a_connect_that_waits_for_room_is_recorded_with_its_peer(tape: Tape, tmp_path: Path) -> None:
    with bound(tape.socket, TCP, tmp_path) as listener, tape.socket() as one, tape.socket() as other:
        listener.listen(0)
        name = listener.getsockname()
        with socket.create_connection(name):  # the accept queue is full: the kernel answers no other SYN
            for late in (one, other):
                late.setblocking(False)
            assert one.connect_ex(name) == errno.EINPROGRESS
            with pytest.raises(BlockingIOError):
                other.connect(name)
    assert [call.peer for call in tape.calls("connect_ex", "connect")] == [list(name), list(name)]


def test_an_error_whose_number_is_no_errno(tape: Tape) -> None:
    with tape.socket() as sock, pytest.raises(socket.gaierror):
        sock.connect(("::1", 9))
    [call] = tape.calls("connect")
    assert call.error is not None
    assert (call.error.type, call.error.errno) == ("gaierror", None)


def test_a_connect_to_a_full_unix_queue_pairs_with_nobody(tape: Tape, tmp_path: Path) -> None:
    with bound(tape.socket, UNIX, tmp_path) as listener:
        listener.listen(0)
        waiting, turned_away, last = (tape.socket(*UNIX) for _ in range(3))
        waiting.connect(listener.getsockname())
        turned_away.setblocking(False)
        with pytest.raises(BlockingIOError):
            turned_away.connect(listener.getsockname())
        first, _ = listener.accept()
        last.connect(listener.getsockname())
        second, _ = listener.accept()
        last.send(b"last")
        second.recv(4)
        for sock in (waiting, turned_away, last, first, second):
            sock.close()
    [send], [recv] = tape.calls("send"), tape.calls("recv")
    assert tape.journal.lineage.sources(recv) == [(send.seq, 0, 4)]


def test_socketpair_dup_and_fromfd(tape: Tape) -> None:
    one, other = tape.socket.socketpair()
    again = one.dup()
    third = tape.socket.fromfd(other.fileno(), other.family, other.type)
    again.send(b"through dup")
    assert third.recv(20) == b"through dup"
    again.close()
    third.close()
    assert one.send(b"still open") == 10
    pair, dup, fromfd = tape.calls("socketpair", "dup", "fromfd")
    ids = [f"{os.getpid()}.{number}" for number in (1, 2, 3, 4)]
    assert (pair.result, pair.args, pair.made) == (ids[:2], ["AF_UNIX", "SOCK_STREAM", 0], tuple(ids[:2]))
    assert (dup.socket, dup.made, dup.result) == (ids[0], (ids[2],), dup.descriptor)
    assert (fromfd.socket, fromfd.args) == (ids[3], [other.fileno(), "AF_UNIX", "SOCK_STREAM", 0])
    assert [call.socket for call in tape.calls("send", "recv", "close")] == [ids[2], ids[3], ids[2], ids[3], ids[0]]
    assert "socket" not in [call.call for call in tape.calls()]


def test_what_can_not_be_made_is_recorded(tape: Tape) -> None:
    with pytest.raises(OSError, match="not supported"):
        tape.socket.socketpair(socket.AF_INET)
    with pytest.raises(OSError, match="Bad file"):
        tape.socket.fromfd(99999, socket.AF_INET, socket.SOCK_STREAM)
    closed = tape.socket()
    closed.close()
    with pytest.raises(OSError, match="Bad file"):
        closed.dup()
    failed = [call for call in tape.new() if call.error is not None]
    assert [call.call for call in failed] == ["socketpair", "fromfd", "dup"]


def test_a_programs_own_subclass_is_made_as_it_wants_by_dup(tape: Tape) -> None:
    class Named(tape.socket):  # type: ignore[name-defined, misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.colour = "green"

    with Named() as one, one.dup() as other:
        assert (type(other), other.colour) == (Named, "green")
    assert [call.call for call in tape.new()] == ["socket", "dup", "close", "close"]


def test_setting_up_and_asking(tape: Tape) -> None:
    with tape.socket() as sock:
        tape.new()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\xff\0\0\0")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == b"\x01\0\0\0\xff\0\0\0"
        sock.settimeout(2.5)
        sock.settimeout(None)
        sock.setblocking(False)
        assert sock.getsockname() == ("0.0.0.0", 0)
        with pytest.raises(OSError, match="not connected"):
            sock.shutdown(socket.SHUT_WR)
        with pytest.raises(OSError, match="not connected"):
            sock.getpeername()
    assert [(call.call, call.args, call.result) for call in tape.new()] == [
        ("setsockopt", ["SOL_SOCKET", "SO_REUSEADDR", 1], None),
        ("setsockopt", ["SOL_SOCKET", "SO_LINGER", "\x01\0\0\0\xff\0\0\0"], None),
        ("getsockopt", ["SOL_SOCKET", "SO_REUSEADDR"], 1),
        ("getsockopt", ["SOL_SOCKET", "SO_LINGER", 8], "\x01\0\0\0\xff\0\0\0"),
        ("settimeout", [2.5], None),
        ("settimeout", [None], None),
        ("setblocking", [False], None),
        ("getsockname", [], ["0.0.0.0", 0]),
        ("shutdown", ["SHUT_WR"], None),
        ("getpeername", [], None),
        ("close", [], None),
    ]


def test_unix_names(tape: Tape, tmp_path: Path) -> None:
    with tape.socket(*UNIX) as listener, tape.socket(*UNIX) as client:
        assert listener.getsockname() == ""
        listener.bind(b"\0socket-workbench test %d" % os.getpid())
        listener.listen()
        client.connect(listener.getsockname())
        listener.accept()[0].close()
    unnamed, bind, _, name, connect, accept, *_ = tape.calls()[2:]
    abstract = f"@socket-workbench test {os.getpid()}"
    assert unnamed.result == ""
    assert (bind.args, bind.local, name.result) == ([abstract], abstract, abstract)
    assert (connect.local, connect.peer) == ("", abstract)
    assert (accept.local, accept.peer, accept.result) == (abstract, "", [f"{os.getpid()}.3", ""])


def test_a_path_that_is_no_text(tape: Tape, tmp_path: Path) -> None:
    with tape.socket(*UNIX) as sock:
        sock.bind(os.fsencode(tmp_path) + b"/\xff")
    [bind] = tape.calls("bind")
    assert bind.local == bind.args[0] == f"{tmp_path}/\\xff"


# --- ending -------------------------------------------------------------------------------------------------------


def test_close_is_recorded_once(tape: Tape) -> None:
    with tape.socket() as sock:
        sock.close()
        sock.close()
    with tape.socket():
        pass
    assert [call.call for call in tape.new()] == ["socket", "close", "socket", "close"]


def test_a_file_keeps_the_socket_open(tape: Tape) -> None:
    one, other = tape.socket.socketpair()
    tape.new()
    with one.makefile("rwb", buffering=0) as file:
        one.close()
        assert one.fileno() >= 0
        file.write(b"written")
        assert other.recv(20) == b"written"
        other.send(b"answer")
        assert file.read(20) == b"answer"
        assert [call.call for call in tape.new()] == ["makefile", "send", "recv", "send", "recv_into"]
    assert one.fileno() < 0
    assert [(call.call, call.socket) for call in tape.new()] == [("close", f"{os.getpid()}.1")]
    [made] = tape.calls("makefile")
    assert (made.args, made.result) == (["rwb"], None)


def test_detach(tape: Tape) -> None:
    one, other = tape.socket.socketpair()
    fd = one.detach()
    os.write(fd, b"unseen")
    os.close(fd)
    assert other.recv(20) == b"unseen"
    detach, recv = tape.calls("detach", "recv")
    assert detach.result == fd
    assert tape.journal.lineage.sources(recv) == []
    one.close()
    assert not tape.calls("close")


def test_without_a_recorder_nothing_is_recorded_and_everything_works(tmp_path: Path) -> None:
    assert TracedSocket.recorder is None
    client, accepted = connected(TracedSocket, TCP, tmp_path)
    with client, accepted:
        client.sendall(b"hello")
        assert accepted.recv(2) == b"he"
        assert accepted.dup().recv(10) == b"llo"
        assert (client.label, client._wb_key) == ("", (0, 0))  # type: ignore[attr-defined]
    one, other = TracedSocket.socketpair()
    one.label = "one"
    with one, other, pytest.raises(TypeError):
        one.send("text")  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_a_label_names_the_calls_also_in_a_child_of_fork(tape: Tape) -> None:
    one, other = tape.socket.socketpair()
    one.label, other.label = "one", "other"
    child = os.fork()
    if not child:
        one.label = "one in the child"
        one.send(b"child")
        other.send(b"to one")
        tape.recorder.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    other.recv(10)
    _, send, answer, recv = tape.new()
    assert (send.name, answer.name, recv.name) == ("one in the child", "other", "other")
    assert (send.pid, send.socket, recv.pid) == (child, f"{os.getpid()}.1", os.getpid())
    assert tape.journal.lineage.sources(recv) == [(send.seq, 0, 5)]


def test_a_call_that_cannot_be_recorded_is_a_lost_one(tape: Tape, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tape.socket.socketpair()
    monkeypatch.setattr(tape.recorder, "call", None)
    assert one.send(b"hello") == 5
    assert other.recv(10) == b"hello"
    with pytest.raises(TypeError, match="bytes-like"):
        one.send("text")  # type: ignore[arg-type]
    assert tape.recorder.lost == 3
