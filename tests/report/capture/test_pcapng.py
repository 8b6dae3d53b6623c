from __future__ import annotations

import errno
import shutil
import socket
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.wireshark import Seen, seen
from tests.sessions import DGRAM, INET, INET6, SEQPACKET, STREAM, UNIX, connected, read, recorded, recv_exactly
from workbench.report.capture.frames import checksum
from workbench.report.capture.wire import export_pcapng

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")


def capture(session: Path) -> Path:
    target = session.with_suffix(".pcapng")
    with target.open("wb") as out:
        assert export_pcapng(read(session), out) == 0
    return target


def shown(session: Path, streams: int = 1) -> Seen:
    """Return the session's capture as tshark sees it, once nothing in it is wrong."""
    found = seen(capture(session), streams)
    assert found.alarms() == []
    return found


def talk(listener, conn, client):
    client.sendall(b"hello ")
    client.send(b"world")
    assert conn.recv(4) == b"hell"
    assert recv_exactly(conn, 7) == b"o world"
    conn.sendall(b"HELLO WORLD")
    assert recv_exactly(client, 11, 3) == b"HELLO WORLD"
    client.shutdown(socket.SHUT_WR)
    assert conn.recv(10) == b""
    conn.sendall(b"bye")
    conn.close()
    assert recv_exactly(client, 3) == b"bye"
    assert client.recv(10) == b""
    client.close()
    listener.close()


ADDRESSES = [("127.0.0.1", 0), ("::1", 0), "path"]


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
@pytest.mark.parametrize("who", ["both", "client", "server"])
def test_a_connection_comes_back(tmp_path, address, who):
    if address == "path":
        address = str(tmp_path / "x.sock")
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        kinds = [traced if who in ("both", side) else socket.socket for side in ("server", "client")]
        talk(*connected(*kinds, address))
    found = shown(session)
    assert found.streams == [(b"hello world", b"HELLO WORLDbye")]
    assert set(found.column("tcp.stream")) == {"0"}
    assert found.flags()[:3] == ["S", "AS", "A"]
    assert [flags for flags in found.flags() if flags not in ("A", "AP")][2:] == ["AF", "AF"]
    ports = found.column("tcp.srcport")
    assert [port for port, flags in zip(ports, found.flags(), strict=True) if "F" in flags] == ports[:2]


def test_addresses_times_and_comments_are_the_calls_own(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        server, own = listener.getsockname(), client.getsockname()
        talk(listener, conn, client)
    found, journal = shown(session), read(session)
    sends = [call for call in journal if call.sends]
    ends = set(zip(*map(found.column, ("ip.src", "tcp.srcport", "tcp.dstport")), strict=True))
    assert ends == {(own[0], str(own[1]), str(server[1])), (server[0], str(server[1]), str(own[1]))}
    rows = [frame for frame in found.frames if frame["tcp.payload"]]
    assert [row["frame.comment"] for row in rows] == [f"#{call.seq} {call.name} {call.call}" for call in sends]
    assert [row["frame.time_epoch"] for row in rows] == [
        "{}.{:09}".format(*divmod(journal.start.wall + round(call.time * 1e9), 10**9)) for call in sends
    ]


@pytest.mark.parametrize("who", ["both", "server"])
def test_much_at_once(tmp_path, who):
    session = tmp_path / "a.swb"
    data = bytes(range(256)) * 4096 * 3  # 3 MiB
    with recorded(session) as traced:
        _, conn, client = connected(traced, traced if who == "both" else socket.socket, ("127.0.0.1", 0))
        sending = threading.Thread(target=client.sendall, args=(data,))
        sending.start()
        assert recv_exactly(conn, len(data)) == data
        sending.join()
        conn.close()
        client.close()
    found = shown(session)
    assert found.streams[0][0] == data
    assert max(map(int, found.column("frame.len"))) <= 65535 + 14


@pytest.mark.parametrize("how", ["linger", "unread"])
def test_reset(tmp_path, how):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        _, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        client.sendall(b"hello")
        conn.recv(5 if how == "linger" else 4)
        if how == "linger":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()
        with pytest.raises(ConnectionResetError):
            client.recv(5)
        client.close()
    found = shown(session)
    assert found.streams[0][0] == b"hello"
    assert found.flags() == ["S", "AS", "A", "AP", "A", "AR"]


def test_a_reset_from_a_peer_outside(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        _, conn, client = connected(socket.socket, traced, ("127.0.0.1", 0))
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()
        with pytest.raises(ConnectionResetError):
            client.recv(5)
        client.close()
    found = shown(session)
    assert found.flags() == ["S", "AS", "A", "AR"]
    assert found.column("tcp.dstport")[-1] == found.column("tcp.srcport")[0]


def test_many_connections_at_once(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener = traced(UNIX, STREAM)
        listener.bind(str(tmp_path / "x.sock"))
        listener.listen(9)
        pairs = []
        for _ in range(8):
            client = traced(UNIX, STREAM)
            client.connect(listener.getsockname())
            pairs.append((client, listener.accept()[0]))
        for number, (client, conn) in enumerate(pairs):
            client.sendall(b"%d" % number * 3)
            conn.sendall(conn.recv(9) * 2)
        for client, conn in reversed(pairs):
            client.recv(9)
            client.close()
            conn.close()
    found = shown(session, 8)
    assert found.streams == [(b"%d" % n * 3, b"%d" % n * 6) for n in range(8)]
    assert f"UNIX socket {tmp_path / 'x.sock'}" in found.column("frame.comment")[0]


def test_a_refused_connect_and_a_blocked_accept_put_nothing_on_the_wire(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener = traced(INET, STREAM)
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
        listener.close()
        with pytest.raises(ConnectionRefusedError):
            traced(INET, STREAM).connect(address)
    assert shown(session).frames == []


def test_a_duplicate_is_the_same_end(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        _, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        copy = client.dup()
        client.sendall(b"one ")
        client.close()
        copy.sendall(b"two")
        copy.close()
        assert recv_exactly(conn, 7) == b"one two"
        conn.close()
    found = shown(session)
    assert found.streams[0][0] == b"one two"
    assert found.flags().count("AF") == 2


def test_a_socket_made_of_a_descriptor_goes_on_with_its_connection(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        _, conn, client = connected(traced, traced, ("127.0.0.1", 0))
        client.sendall(b"hello ")
        assert recv_exactly(conn, 6) == b"hello "
        wrapped = traced(fileno=client.detach())  # as ssl's wrap_socket does
        wrapped.sendall(b"world")
        assert recv_exactly(conn, 5) == b"world"
        wrapped.close()
        assert conn.recv(9) == b""
    found = shown(session)
    assert found.streams == [(b"hello world", b"")]
    assert set(found.column("tcp.stream")) == {"0"}
    assert found.flags().count("AF") == 1


# --- messages ---------------------------------------------------------------------------------------------------------


def datagrams(found: Seen) -> list[bytes]:
    return [bytes.fromhex(frame["udp.payload"]) for frame in found.frames]


@pytest.mark.parametrize("family", [INET, INET6, UNIX], ids=str)
@pytest.mark.parametrize("who", ["both", "client", "server"])
def test_datagrams(tmp_path, family, who):
    session = tmp_path / "a.swb"
    names = (
        [str(tmp_path / "s"), str(tmp_path / "c")]
        if family == UNIX
        else [("::1" if family == INET6 else "127.0.0.1", 0)] * 2
    )
    with recorded(session) as traced:
        server, client = (
            (traced if who in ("both", side) else socket.socket)(family, DGRAM) for side in ("server", "client")
        )
        server.bind(names[0])
        client.bind(names[1])
        client.sendto(b"one", server.getsockname())
        data, sender = server.recvfrom(100)
        server.sendto(data.upper(), sender)
        client.connect(server.getsockname())
        assert client.recv(100) == b"ONE"
        client.send(b"")
        client.send(b"two")
        assert [server.recvfrom(100)[0], server.recvfrom(100)[0]] == [b"", b"two"]
        server.close()
        client.close()
    found = shown(session)
    assert datagrams(found) == [b"one", b"ONE", b"", b"two"]
    sources = [(frame["ip.src"], frame["ipv6.src"], frame["udp.srcport"]) for frame in found.frames]
    assert sources == [sources[0], sources[1], sources[0], sources[0]]
    assert sources[0] != sources[1]


@pytest.mark.parametrize("family", [INET, UNIX], ids=str)
def test_a_message_from_a_sender_that_is_known_by_lineage_alone_is_there_once(tmp_path, family):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        server, client = traced(family, DGRAM), traced(family, DGRAM)
        server.bind(str(tmp_path / "s") if family == UNIX else ("127.0.0.1", 0))
        client.sendto(b"one", server.getsockname())  # unbound: no call tells its address
        assert server.recv(100) == b"one"
        if family == INET:
            client.sendto(b"two", server.getsockname())
            server.sendto(b"TWO", server.recvfrom(100)[1])
            assert client.recv(100) == b"TWO"
    assert datagrams(shown(session)) == ([b"one"] if family == UNIX else [b"one", b"two", b"TWO"])


def test_a_datagram_socket_that_connects_again_elsewhere(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        servers = [socket.socket(INET, DGRAM) for _ in range(2)]
        client = traced(INET, DGRAM)
        for server in servers:
            server.bind(("127.0.0.1", 0))
            client.connect(server.getsockname())
            client.send(b"hello")
    assert shown(session).column("udp.dstport") == [str(server.getsockname()[1]) for server in servers]


def test_a_non_blocking_connect_that_is_asked_twice_is_one_handshake(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced, socket.create_server(("127.0.0.1", 0)) as server:
        client = traced(INET, STREAM)
        client.setblocking(False)
        assert client.connect_ex(server.getsockname()) == errno.EINPROGRESS
        server.accept()
        assert client.connect_ex(server.getsockname()) == 0
        client.send(b"hello")
    assert shown(session).flags() == ["S", "AS", "A", "AP", "A"]


def test_a_truncated_datagram_has_its_real_size(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        server, client = traced(INET, DGRAM), socket.socket(INET, DGRAM)
        server.bind(("127.0.0.1", 0))
        client.sendto(b"hello world", server.getsockname())
        server.real_size = 11
        assert server.recvfrom(5)[0] == b"hello"
    [frame] = shown(session).frames
    assert [frame[name] for name in ("udp.length", "frame.cap_len", "frame.len")] == ["19", "47", "53"]


def test_seqpacket_keeps_messages_and_large_ones_are_cut(tmp_path):
    session = tmp_path / "a.swb"
    with recorded(session) as traced:
        listener = traced(UNIX, SEQPACKET)
        listener.bind(str(tmp_path / "x"))
        listener.listen()
        client = traced(UNIX, SEQPACKET)
        client.connect(str(tmp_path / "x"))
        conn, _ = listener.accept()
        client.send(b"one")
        client.send(b"x" * 100_000)
        assert (conn.recv(1 << 20), len(conn.recv(1 << 20))) == (b"one", 100_000)
        conn.send(b"two")
        assert client.recv(9) == b"two"
        client.close()
        assert conn.recv(9) == b""
    found = shown(session)
    assert [len(data) for data in datagrams(found)] == [3, 65527, 34473, 3]
    assert found.column("frame.comment")[2].endswith("piece 2 of 2")


@given(st.binary(min_size=1, max_size=99).filter(any))
def test_the_checksum_is_the_sum_of_words(data):
    words = struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert checksum(data) == total ^ 0xFFFF


def test_an_empty_session_is_an_empty_capture(tmp_path):
    with recorded(tmp_path / "a.swb"):
        pass
    assert shown(tmp_path / "a.swb").frames == []
