from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calls import made
from workbench.model.text.safe import cells
from workbench.model.words.as_python import direction, expression, outcome, time_text

HELLO = b'{"op": "hello"}'


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            made("socket", "AF_INET", "SOCK_STREAM | SOCK_NONBLOCK", 0),
            "socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)",
        ),
        (made("bind", ["127.0.0.1", 6789]), "bind(('127.0.0.1', 6789))"),
        (made("bind", ["::1", 80, 0, 0]), "bind(('::1', 80, 0, 0))"),
        (made("bind", "/tmp/a b"), "bind('/tmp/a b')"),
        (made("connect", "@name"), r"connect('\x00name')"),
        (made("connect", ""), "connect('')"),
        (made("listen", 5), "listen(5)"),
        (made("accept"), "accept()"),
        (made("setsockopt", "SOL_SOCKET", "SO_REUSEADDR", 1), "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)"),
        (made("setsockopt", "SOL_SOCKET", "SO_LINGER", "\1\0"), r"setsockopt(SOL_SOCKET, SO_LINGER, b'\x01\x00')"),
        (made("getsockopt", "SOL_SOCKET", "SO_ERROR"), "getsockopt(SOL_SOCKET, SO_ERROR)"),
        (made("shutdown", "SHUT_WR"), "shutdown(SHUT_WR)"),
        (made("settimeout", None), "settimeout(None)"),
        (made("setblocking", False), "setblocking(False)"),
        (made("makefile", "rb"), "makefile('rb')"),
        (made("recv", 16), "recv(16)"),
        (made("recv", 16, "MSG_PEEK | MSG_DONTWAIT"), "recv(16, MSG_PEEK | MSG_DONTWAIT)"),
        (made("recvmsg", 16, "MSG_PEEK"), "recvmsg(16, 0, MSG_PEEK)"),
        (made("recv_into", 16), "recv_into(buffer, 16)"),
        (made("send", data=HELLO), """send(b'{"op": "hello"}')"""),
        (made("send", "MSG_MORE", data=HELLO), """send(b'{"op": "hello"}', MSG_MORE)"""),
        (made("sendto", ["127.0.0.1", 8080], data=b"hi"), "sendto(b'hi', ('127.0.0.1', 8080))"),
        (made("sendto", "/tmp/x", data=b"hi"), "sendto(b'hi', '/tmp/x')"),
        (made("sendto", "MSG_MORE", "/x", data=b"hi"), "sendto(b'hi', MSG_MORE, '/x')"),
        (made("sendmsg", "MSG_MORE", data=b"hi"), "sendmsg(b'hi', MSG_MORE)"),
        (made("sendmsg", ["127.0.0.1", 8080], data=b"hi"), "sendmsg(b'hi', ('127.0.0.1', 8080))"),
        (made("send", data=b"hel", requested=11), "send(b'hel…')"),
        (made("send", data=b"", requested=0), "send(b'')"),
        (made("sendall", requested=11, error="BrokenPipeError EPIPE x"), "sendall(<11 bytes>)"),
        (made("send", requested=1, error="BrokenPipeError EPIPE x"), "send(<1 byte>)"),
        (made("\x1b[2J", "\x9b"), "·[2J(·)"),
    ],
    ids=lambda value: "" if isinstance(value, str) else value.call,
)
def test_expression(call, text):
    assert expression(call) == text


@pytest.mark.parametrize(
    ("call", "width", "text"),
    [
        (made("sendall", data=HELLO), 25, """sendall(b'{"op": "hell…')"""),
        (made("sendall", data=HELLO), 27, """sendall(b'{"op": "hello"}')"""),
        (made("send", data=bytes(9)), 18, r"send(b'\x00\x00…')"),
        (made("send", data=bytes(9)), 17, r"send(b'\x00…')"),
        (made("send", data=b"\"'" * 9), 18, r"""send(b'"\'"\'"…')"""),
        (made("sendto", ["127.0.0.1", 8080], data=HELLO), 40, "sendto(b'{\"op\": …', ('127.0.0.1', 8080))"),
        (made("sendto", ["127.0.0.1", 8080], data=HELLO), 20, "sendto(b'…', ('127…)"),
        (made("connect", ["127.0.0.1", 6789]), 12, "connect(('…)"),
        (made("connect", "/文件/文件"), 14, "connect('/文…)"),
    ],
)
def test_expression_cut(call, width, text):
    assert expression(call, width) == text
    assert cells(text) <= width


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (made("send", data=b"hello", result=5), "= 5"),
        (made("sendall", data=b"hello", result=None), "= None"),
        (made("recv", 16, data=b"Hey~~~", result=6), "= b'Hey~~~'"),
        (made("recv", 16, data=b"", result=0), "= b''"),
        (made("recv_into", 16, data=b"Hey", result=3), "= 3"),
        (made("recvfrom", 16, data=b"Hey", result=3, peer=["::1", 9, 0, 0]), "= b'Hey' from [::1]:9"),
        (made("accept", result=["7.4", ["127.0.0.1", 50312]], label="conn 1"), "= conn 1 from 127.0.0.1:50312"),
        (made("accept", result=["7.4", "/x"], label="\x1b[2J"), "= ·[2J from /x"),
        (made("accept", result=["7.4", ["127.0.0.1", 50312]]), "= 7.4 from 127.0.0.1:50312"),
        (made("accept", result=["7.4", ""]), "= 7.4 from unnamed"),
        (made("socket", "AF_INET", result=5), "= fd 5"),
        (made("fromfd", 5, "AF_INET", result=6), "= fd 6"),
        (made("dup", result=7), "= fd 7"),
        (made("socketpair", "AF_UNIX", result=["7.1", "7.2"]), "= socket 1 and socket 2"),
        (made("connect_ex", ["127.0.0.1", 1], result=0), "= 0"),
        (made("connect_ex", ["127.0.0.1", 1], result=111), "= 111 (ECONNREFUSED)"),
        (made("getsockname", result=["127.0.0.1", 6789]), "= ('127.0.0.1', 6789)"),
        (made("getsockname", result="/tmp/x"), "= '/tmp/x'"),
        (made("getsockopt", result="\1\0"), r"= b'\x01\x00'"),
        (made("connect", error="ConnectionRefusedError ECONNREFUSED x"), "ConnectionRefusedError (ECONNREFUSED)"),
        (made("recv", 16, error="TimeoutError - timed out"), "TimeoutError"),
        (made("recv", 16, unfinished=True), "did not return"),
    ],
    ids=lambda value: "" if isinstance(value, str) else value.call,
)
def test_outcome(call, text):
    assert outcome(call) == text


def test_outcome_cut():
    assert outcome(made("recv", 99, data=b"abcdefghij"), 10) == "= b'abcd…'"
    assert outcome(made("recvfrom", 99, data=b"abcdefghij", peer="@x"), 17) == "= b'abc…' from @x"
    assert outcome(made("getsockname", result="/tmp/abcdef"), 10) == "= '/tmp/a…"
    refused = made("connect", error="ConnectionRefusedError ECONNREFUSED x")
    assert outcome(refused, 37) == "ConnectionRefusedError (ECONNREFUSED)"
    assert outcome(refused, 36) == outcome(refused, 22) == "ConnectionRefusedError"
    assert outcome(refused, 21) == "ConnectionRefusedErr…"


def test_direction():
    assert [direction(made(name)) for name in ("sendto", "recvmsg", "accept")] == ["→", "←", "•"]


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=2)),
    max_leaves=6,
)


@given(
    st.sampled_from(["sendto", "send", "recv", "recvmsg", "bind", "accept", "setsockopt", "getsockopt", "sendmsg"]),
    st.lists(anything, max_size=3),
    st.binary(max_size=80),
    anything,
    st.integers(1, 90),
    st.integers(0, 200),
)
def test_whatever_a_record_holds_is_shown_in_its_width(call, args, data, result, width, requested):
    shown = made(call, *args, data=data, result=result, requested=requested)
    for text in (expression(shown, width), outcome(shown, width)):
        assert cells(text) <= width
        assert text.isprintable()


def test_times():
    wall = 1_795_159_800_000_137_000  # 2026-11-20 07:30:00.000137 UTC
    first, second = made("send", time=0.5), made("send", time=1.504213)
    assert time_text(first, None, "clock", wall, UTC) == "07:30:00.500137"
    assert time_text(first, None, "clock", wall, timezone(timedelta(hours=8))) == "15:30:00.500137"
    assert time_text(second, first, "start", wall) == "+1.504213"
    assert time_text(second, first, "delta", wall) == "+1.004213"
    assert time_text(first, second, "delta", wall) == "+0.000000"
    assert time_text(first, None, "delta", wall) == "+0.000000"
    assert time_text(first, None, "clock", 10**40, UTC) == "+0.500000"
