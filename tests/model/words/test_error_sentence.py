from __future__ import annotations

import errno
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calls import made
from workbench import TracedSocket
from workbench.journal.reader import Journal
from workbench.model.text.fit import duration_text
from workbench.model.words import error_sentence as error_texts
from workbench.model.words.error_sentence import error_sentence
from workbench.probe.format import CALLS
from workbench.probe.recorder import Recorder

HOST = ["127.0.0.1", 6789]
PATH = "/tmp/x.sock"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (made("connect", HOST, error="C ECONNREFUSED x"), "ECONNREFUSED: nobody listens on 127.0.0.1:6789"),
        (
            made("connect", PATH, error="C ECONNREFUSED x"),
            "ECONNREFUSED: nobody listens on /tmp/x.sock: a path outlives its socket",
        ),
        (made("connect", "@name", error="C ECONNREFUSED x"), "ECONNREFUSED: no socket has the name @name"),
        (
            made("recv", 16, error="C ECONNREFUSED x", datagram=True),
            "ECONNREFUSED: nobody receives at the port of an earlier datagram (ICMP)",
        ),
        (
            made("send", error="C ECONNREFUSED x", data=b"x"),
            "ECONNREFUSED: nobody listens where an earlier connect went",
        ),
        (
            made("sendto", PATH, error="C ECONNREFUSED x", datagram=True),
            "ECONNREFUSED: nobody has /tmp/x.sock: a path outlives its socket",
        ),
        (
            made("bind", HOST, error="OSError EADDRINUSE x"),
            "EADDRINUSE: 127.0.0.1:6789 is in use, or TIME_WAIT keeps it",
        ),
        (
            made("bind", HOST, error="OSError EADDRINUSE x", datagram=True),
            "EADDRINUSE: another socket is bound to 127.0.0.1:6789",
        ),
        (
            made("bind", PATH, error="OSError EADDRINUSE x"),
            "EADDRINUSE: the path /tmp/x.sock exists: it stays until it is removed",
        ),
        (
            made("bind", ["10.9.8.7", 1], error="OSError EADDRNOTAVAIL x"),
            "EADDRNOTAVAIL: 10.9.8.7 is not an address of this machine",
        ),
        (
            made("bind", ["127.0.0.1", 80], error="PermissionError EACCES x"),
            "EACCES: a port below 1024 needs a privilege (CAP_NET_BIND_SERVICE)",
        ),
        (made("bind", PATH, error="PermissionError EACCES x"), "EACCES: no permission to use /tmp/x.sock"),
        (
            made("sendto", ["255.255.255.255", 9], error="PermissionError EACCES x"),
            "EACCES: a broadcast address needs SO_BROADCAST, or a firewall forbids it",
        ),
        (
            made("socket", "AF_INET", "SOCK_RAW", 1, error="PermissionError EPERM x"),
            "EPERM: a raw socket needs a privilege (CAP_NET_RAW)",
        ),
        (
            made("accept", error="BlockingIOError EAGAIN x"),
            "EAGAIN: the accept queue is empty (non-blocking, so accept did not wait)",
        ),
        (
            made("connect", PATH, error="BlockingIOError EAGAIN x"),
            "EAGAIN: the accept queue of /tmp/x.sock is full (it did not wait)",
        ),
        (
            made("send", error="BlockingIOError EWOULDBLOCK x"),
            "EAGAIN: the send buffer is full (non-blocking, so the call did not wait)",
        ),
        (
            made("connect", HOST, error="TimeoutError ETIMEDOUT x", duration=133.2),
            "ETIMEDOUT: no answer from 127.0.0.1:6789 within 133 s",
        ),
        (
            made("connect", HOST, error="TimeoutError - timed out", duration=0.5),
            "no answer from 127.0.0.1:6789 within 500 ms: full accept queue?",
        ),
        (made("accept", error="TimeoutError - timed out", duration=5.002), "nobody connected within 5 s"),
        (made("recv", 16, error="TimeoutError - timed out", duration=5.002), "nothing arrived within 5 s"),
        (made("recv", 16, error="timeout - timed out", duration=5.002), "nothing arrived within 5 s"),
        (
            made("sendall", error="TimeoutError - timed out", duration=0.3),
            "the send buffer stayed full, the peer did not read enough within 300 ms",
        ),
        (
            made("connect", ["nowhere.invalid", 1], error="gaierror - Name or service not known"),
            'the name "nowhere.invalid" has no address: Name or service not known',
        ),
        (made("bind", ["", 70000], error="OverflowError - x"), "port 70000 is not from 0 to 65535"),
        (made("recv", 16, error="Cancelled - x"), "cancelled; the socket is as it was"),
        (made("connect", HOST, error="Cancelled - x"), "cancelled; the kernel tries on until the socket is closed"),
        (made("connect", "/x", error="Cancelled - x"), "cancelled; the socket is as it was"),
        (made("sendall", data=b"ab", requested=9, error="Cancelled - x"), "cancelled"),
        (made("bind", "/" * 108, error="OSError - AF_UNIX path too long"), "the path has 108 bytes, at most 107 fit"),
        (made("listen", "a", error="TypeError - an integer"), "Python refused the arguments: an integer"),
        (made("recv", 1, error="OSError EUCLEAN Structure needs \x1b[2J"), "EUCLEAN: Structure needs ·[2J"),
        (made("recv", 1, error="SSLError - bad record"), "SSLError: bad record"),
        (made("connect_ex", HOST, result=errno.ECONNREFUSED), "ECONNREFUSED: nobody listens on 127.0.0.1:6789"),
        (made("connect_ex", HOST, result=errno.EBUSY), "EBUSY: the system refused connect_ex"),
        (made("connect_ex", HOST, result=0), ""),
        (made("recv", 16, data=b"x", result=1), ""),
    ],
    ids=lambda value: "" if isinstance(value, str) else value.call,
)
def test_sentence(call, sentence):
    assert error_sentence(call) == sentence


@pytest.fixture
def session(tmp_path):
    """Give last(): the last call that a TracedSocket recorded."""
    path = str(tmp_path / "a.session")
    TracedSocket.recorder = Recorder(path)
    journal = Journal(path)

    def last():
        journal.pull()
        return journal[len(journal) - 1]

    yield last
    TracedSocket.recorder.close()
    TracedSocket.recorder = None
    journal.close()


def tcp():
    return TracedSocket(socket.AF_INET, socket.SOCK_STREAM)


def test_what_real_sockets_refuse(session, tmp_path):
    """The system's own errors meet the sentence that was written for them."""

    def said(action, *args):
        with pytest.raises((OSError, OverflowError)):
            action(*args)
        return error_sentence(session())

    with tcp() as one, tcp() as two, tcp() as three:
        assert said(one.accept) == "EINVAL: the socket does not listen: listen comes before accept"
        assert said(one.recv, 1).startswith("ENOTCONN: the socket is not connected")
        assert said(one.getpeername).startswith("ENOTCONN: the socket has no peer")
        one.bind(("127.0.0.1", 0))
        address = one.getsockname()
        assert said(one.bind, address).startswith("EINVAL: the socket is bound already")
        where = f"127.0.0.1:{address[1]}"
        assert said(two.connect, address) == f"ECONNREFUSED: nobody listens on {where}"
        one.listen(1)
        assert said(two.bind, address).startswith(f"EADDRINUSE: {where} is in use, or ")
        three.connect(address)
        assert said(three.connect, address) == "EISCONN: the socket is connected already"
        three.settimeout(0.05)
        assert said(three.recv, 1).startswith("nothing arrived within ")
        accepted, _ = one.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        accepted.close()
        assert said(three.recv, 1).startswith("ECONNRESET: the peer reset the connection (RST)")
        assert said(three.send, b"x").startswith("EPIPE: the peer closed, or ")
        assert said(three.bind, ("127.0.0.1", 70000)) == "port 70000 is not from 0 to 65535"
        assert said(three.setsockopt, socket.IPPROTO_TCP, 250, 1) == (
            "ENOPROTOOPT: this socket has no option 250 at level IPPROTO_TCP"
        )
    assert said(three.recv, 1) == "EBADF: the socket is closed"


def test_what_other_families_refuse(session, tmp_path):
    def said(action, *args):
        with pytest.raises(OSError):  # noqa: PT011 - any: the sentence tells which
            action(*args)
        return error_sentence(session())

    assert said(TracedSocket, socket.AF_INET, socket.SOCK_RDM) == (
        "ESOCKTNOSUPPORT: AF_INET has no sockets of type SOCK_RDM"
    )
    assert said(TracedSocket, socket.AF_INET, socket.SOCK_RAW) == (
        "EPROTONOSUPPORT: SOCK_RAW needs a protocol, such as IPPROTO_ICMP"
    )
    path = str(tmp_path / "x")
    with TracedSocket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        assert said(stream.connect, path).startswith("ENOENT: there is no socket at /")
        stream.bind(path)
    with TracedSocket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        assert said(stream.bind, path).startswith("EADDRINUSE: the path ")
        assert said(stream.connect, path).startswith("ECONNREFUSED: nobody listens on ")
    with TracedSocket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        assert said(udp.listen).startswith("EOPNOTSUPP: a socket of this type has no connections")
        assert said(udp.send, b"x") == "EDESTADDRREQ: no destination: connect first, or use sendto"
        assert said(udp.sendto, bytes(70000), ("127.0.0.1", 9)).startswith("EMSGSIZE: 70000 bytes are too long")
        with tcp() as free:
            free.bind(("127.0.0.1", 0))
            udp.connect(free.getsockname())
        udp.settimeout(1)
        udp.send(b"x")
        assert said(udp.recv, 1).startswith("ECONNREFUSED: nobody receives at the port of an earlier")


def typical(name: str) -> list[object]:
    """Arguments as such a call often has them."""
    match name:
        case "bind" | "connect" | "connect_ex" | "sendto" | "sendmsg":
            return [["127.0.0.1", 50312]]
        case "socket" | "socketpair":
            return ["AF_INET6", "SOCK_SEQPACKET", 0]
        case _:
            return ["IPPROTO_TCP", "TCP_QUICKACK", 1]


@pytest.mark.parametrize("name", CALLS[1:])
@pytest.mark.parametrize("datagram", [False, True])
def test_a_sentence_fits_beside_its_number_in_eighty_cells(name: str, datagram: bool) -> None:
    for error in [
        *(f"OSError {errno_name}" for errno_name in error_texts._BY_ERRNO),
        "TimeoutError -",
        "Cancelled -",
    ]:
        if "ENOPROTOOPT" not in error or name.endswith("sockopt"):
            call = made(name, *typical(name), error=f"{error} x", datagram=datagram, duration=0.12, requested=65508)
            assert len(error_sentence(call)) <= 72, error_sentence(call)


@given(
    st.sampled_from(CALLS[1:]),
    st.sampled_from([*errno.errorcode.values(), "-"]),
    st.sampled_from(["OSError", "TimeoutError", "OverflowError", "gaierror", "\x1b[31m"]),
    st.lists(st.one_of(st.none(), st.text(), st.integers(), st.lists(st.one_of(st.text(), st.integers()))), max_size=4),
    st.text(),
)
def test_every_error_has_a_sentence_that_is_safe_to_print(call, number, kind, args, message):
    sentence = error_sentence(made(call, *args, error=f"{kind} {number} {message}"))
    assert sentence
    assert sentence.isprintable()
    assert len(sentence) < 300


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0003, "0.3 ms"), (0.001, "1 ms"), (0.044, "44 ms"), (0.9994, "999 ms"), (0.9996, "1 s"), (3.24, "3.2 s"),
        (9.96, "10 s"), (133.2, "133 s"),
    ],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration_text(seconds) == text
