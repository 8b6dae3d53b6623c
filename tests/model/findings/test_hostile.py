"""No session breaks a rule: calls in any order, with anything in them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls import made
from workbench.model.call.call import Call
from workbench.model.findings.checker import Checker
from workbench.model.findings.scene import Scene
from workbench.model.lineage.lineage import Lineage
from workbench.probe.format import CALLS

ADDRESSES = st.sampled_from(
    [None, [], [1], ["", 0], ["127.0.0.1", 80], ["::1", 80, 0, 0], ["localhost", 80], "", "@x", "/x", ["a", "b"]]
)
VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=5), st.booleans(), st.floats(), ADDRESSES,
    st.sampled_from(["SO_REUSEADDR", "SOL_SOCKET", "SHUT_WR", "AF_INET", "SOCK_STREAM", "SO_ERROR", "MSG_TRUNC"]),
)  # fmt: skip
DATA = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b'{"a": 1}', b"\0\0\0\4"]
    ),
)
ERRORS = st.sampled_from(
    ["", "TimeoutError -", "BlockingIOError EAGAIN", "BrokenPipeError EPIPE", "OSError EMFILE",
     "ConnectionRefusedError ECONNREFUSED", "ConnectionResetError ECONNRESET", "KeyboardInterrupt -"]
)  # fmt: skip


@st.composite
def calls(draw: st.DrawFn, seq: int) -> Call:
    facts = {
        "socket": draw(st.sampled_from(["", "7.1", "7.2", "8.1"])),
        "pid": draw(st.sampled_from([7, 8])),
        "thread": draw(st.sampled_from(["MainThread", "other"])),
        "time": draw(st.floats(-1, 9)),
        "duration": draw(st.one_of(st.none(), st.floats(0, 9))),
        "result": draw(VALUES),
        "error": draw(ERRORS),
        "data": draw(DATA),
        "requested": draw(st.one_of(st.none(), st.integers(0, 2**40))),
        "left": draw(st.one_of(st.none(), st.integers(0, 9))),
        "size": draw(st.one_of(st.none(), st.integers(0, 99))),
        "truncated": draw(st.sampled_from([None, True, False])),
        "peek": draw(st.booleans()),
        "datagram": draw(st.booleans()),
        "unfinished": draw(st.booleans()),
        "tls": draw(st.booleans()),
        "local": draw(ADDRESSES),
        "peer": draw(ADDRESSES),
        "descriptor": draw(st.one_of(st.none(), st.integers(0, 3))),
        "made": tuple(draw(st.lists(st.sampled_from(["7.1", "7.2", "8.1"]), max_size=2))),
        "unread": draw(st.one_of(st.none(), st.integers(0, 9))),
        "source": draw(st.sampled_from(["", "client.py:1", "x"])),
    }
    return made(draw(st.sampled_from(CALLS[1:])), *draw(st.lists(VALUES, max_size=4)), seq=seq, **facts)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_record_breaks_a_rule(data: st.DataObject) -> None:
    some = [data.draw(calls(seq)) for seq in range(1, data.draw(st.integers(1, 25)))]
    checker = Checker(Scene(Lineage(), [len(call.data) for call in some]))
    for call in some:
        checker.take(call)
    for finding in checker.findings():
        assert all(0 < seq <= len(some) for seq in finding.calls)
        assert finding.message.isprintable()
