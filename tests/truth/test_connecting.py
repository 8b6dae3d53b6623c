"""How sockets are named and connected, as the claims have it, against the kernel's queues, states and answers."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.truth.conftest import HERE
from tests.truth.kernel import CAN_CAPTURE, Capture, accept_queue, states, until
from tests.truth.session import Session, holds
from workbench import TracedSocket
from workbench.model.claims.claim import Kind

Ends = tuple[TracedSocket, TracedSocket]


def tcp(family: int = socket.AF_INET) -> TracedSocket:
    return TracedSocket(family, socket.SOCK_STREAM)


def name(sock: socket.socket) -> tuple[str, int]:
    return socket.socket.getsockname(sock)[:2]


def listener(backlog: int = 5, reuse: bool = False) -> TracedSocket:
    made = tcp()
    if reuse:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(HERE)
    made.listen(backlog)
    return made


@holds(Kind.ACCEPTED, Kind.WAITS_FOR_ACCEPT)
def test_a_connection_waits_and_is_accepted(session: Session, server: TracedSocket) -> None:
    with tcp() as client:
        client.connect(name(server))
        assert session.kinds("connect") == {Kind.WAITS_FOR_ACCEPT}
        assert accept_queue(server)[0] == 1
        connection, _ = server.accept()
        assert accept_queue(server)[0] == 0
        connection.close()
    assert session.claim(Kind.ACCEPTED, "connect").seq == session.seq("accept")


@holds(Kind.QUEUE_ROOM, Kind.QUEUE_FULL)
@pytest.mark.parametrize("backlog", [0, 1, 2])
def test_how_many_an_accept_queue_holds(session: Session, backlog: int) -> None:
    with listener(backlog) as server, ExitStack() as stack:
        room = session.claim(Kind.QUEUE_ROOM, "listen").count
        for _ in range(room):
            stack.enter_context(tcp()).connect(name(server))
        late = stack.enter_context(tcp())
        late.settimeout(0.1)
        with pytest.raises(TimeoutError):
            late.connect(name(server))
        waiting, most = accept_queue(server)
        full = session.claim(Kind.QUEUE_FULL, "connect")
        assert (full.count, full.of, full.seq) == (waiting, most + 1, session.seq("listen"))
        assert waiting == room


@pytest.mark.skipif(not CAN_CAPTURE, reason="a capture needs tcpdump, and root")
@holds(Kind.SYN_REPEATED)
@pytest.mark.parametrize("seconds", [1.3, pytest.param(6.5, marks=pytest.mark.slow)])
def test_how_often_a_syn_was_repeated(session: Session, seconds: float) -> None:
    with listener(0) as server, tcp() as first, tcp() as late:
        first.connect(name(server))
        with Capture(name(server)[1]) as capture:
            late.settimeout(seconds)
            with pytest.raises(TimeoutError):
                late.connect(name(server))
            claimed = session.claim(Kind.SYN_REPEATED, "connect").count
            syns = [flags for _, flags in capture.flags() if flags == "S"]
        assert claimed == len(syns) - 1 >= 1


@holds(Kind.REFUSED, Kind.LISTENS_ELSEWHERE)
def test_a_port_that_listens_on_another_address(session: Session, server: TracedSocket) -> None:
    with tcp(socket.AF_INET6) as client:
        with pytest.raises(ConnectionRefusedError):
            client.connect(("::1", name(server)[1]))
        assert (name(server)[1], "LISTEN") in states(name(server)[1])
        assert Kind.REFUSED in session.kinds("connect")
        assert session.claim(Kind.LISTENS_ELSEWHERE, "connect").seq == session.seq("listen")
    server.close()
    with tcp() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.1", 1))
    assert session.kinds("connect") == {Kind.REFUSED}


@holds(Kind.PORT_CHOSEN)
def test_the_port_that_the_kernel_chose(session: Session) -> None:
    with tcp() as sock:
        sock.bind(HERE)
        assert session.claim(Kind.PORT_CHOSEN, "bind").count == name(sock)[1]


@holds(Kind.HELD_BY_SOCKET)
@pytest.mark.parametrize("host", ["127.0.0.1", "", "::"])
def test_an_open_socket_has_the_address(session: Session, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with tcp(family) as old, tcp() as new:
        for sock in (old, new):  # that both have it does not help while one listens
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        old.bind((host, 0))
        old.listen()
        with pytest.raises(OSError, match="in use"):
            new.bind(("127.0.0.1", name(old)[1]))
        assert session.claim(Kind.HELD_BY_SOCKET, "bind").seq == session.seq("bind", 0)
        assert "TIME_WAIT" not in session.says("bind")
        old.close()
        new.bind(("127.0.0.1", name(new)[1]))


@holds(Kind.HELD_BY_CONNECTION)
def test_an_open_connection_keeps_the_address(session: Session) -> None:
    old = listener()
    address = name(old)
    with tcp() as client, tcp() as new:
        client.connect(address)
        connection, _ = old.accept()
        old.close()
        with connection:
            with pytest.raises(OSError, match="in use"):
                new.bind(address)
            assert (address[1], "ESTABLISHED") in states(address[1])
            assert session.claim(Kind.HELD_BY_CONNECTION, "bind").seq == session.seq("accept")


@holds(Kind.HELD_BY_TIME_WAIT)
@pytest.mark.parametrize("reuse", [False, True])
def test_time_wait_keeps_the_address_unless_both_set_reuseaddr(session: Session, reuse: bool) -> None:
    old = listener(reuse=reuse)
    address = name(old)
    with tcp() as client:
        client.connect(address)
        connection, _ = old.accept()
        connection.close()
        assert client.recv(1) == b""
    old.close()
    assert until(lambda: (address[1], "TIME_WAIT") in states(address[1]))
    with tcp() as new:
        if reuse:
            new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            new.bind(address)
        else:
            with pytest.raises(OSError, match="in use"):
                new.bind(address)
            assert session.claim(Kind.HELD_BY_TIME_WAIT, "bind").seq == session.seq("close", 0)


@holds(Kind.NAME_STAYS, Kind.NAME_FREED)
def test_what_stays_of_a_unix_name(session: Session, tmp_path: Path) -> None:
    path, abstract = str(tmp_path / "s"), f"\0workbench-{os.getpid()}"
    for address, kind in ((path, Kind.NAME_STAYS), (abstract, Kind.NAME_FREED)):
        with tcp(socket.AF_UNIX) as sock:
            sock.bind(address)
            assert session.kinds("bind") == {kind}
    assert os.path.exists(path)
    with tcp(socket.AF_UNIX) as again:
        with pytest.raises(OSError, match="in use"):
            again.bind(path)
        again.bind(abstract)


# --- waiting, options -------------------------------------------------------------------------------------------------


@holds(Kind.TIMED_OUT, Kind.DID_NOT_WAIT)
@pytest.mark.parametrize("how", ["settimeout", "SO_RCVTIMEO", "non-blocking", "MSG_DONTWAIT"])
def test_whether_a_call_waited(session: Session, ends: Ends, how: str) -> None:
    _, connection = ends
    connection.settimeout({"settimeout": 0.06, "non-blocking": 0}.get(how))
    if how == "SO_RCVTIMEO":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 60_000))
    flags = socket.MSG_DONTWAIT if how == "MSG_DONTWAIT" else 0
    with suppress(BlockingIOError, TimeoutError):
        connection.recv(9, flags)
    if how in ("settimeout", "SO_RCVTIMEO"):
        claim = session.claim(Kind.TIMED_OUT, "recv")
        assert claim.count >= 60
        assert claim.seqs == ((session.seq("setsockopt"),) if how == "SO_RCVTIMEO" else ())
        assert "did not wait" not in session.says("recv")
    else:
        assert Kind.DID_NOT_WAIT in session.kinds("recv")


OPTIONS = [
    (socket.SOL_SOCKET, socket.SO_SNDBUF, 4096), (socket.SOL_SOCKET, socket.SO_SNDBUF, 999_999_999),
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 7),
    (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 4),
]  # fmt: skip


@holds(Kind.OPTION_IS)
@pytest.mark.parametrize(("level", "option", "value"), OPTIONS)
def test_what_the_kernel_made_of_an_option(session: Session, level: int, option: int, value: int) -> None:
    with tcp() as sock:
        sock.setsockopt(level, option, value)
        claim = session.claim(Kind.OPTION_IS, "setsockopt")
        assert (claim.count, claim.of) == (socket.socket.getsockopt(sock, level, option), value)
        assert f"{claim.count}" in session.says("setsockopt")
