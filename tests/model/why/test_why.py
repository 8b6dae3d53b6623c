from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as replace_in

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.calls import made
from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.lineage.lineage import Part
from workbench.model.why.around import names
from workbench.model.why.errors import ERRNOS, TYPES
from workbench.model.why.setup import OTHER
from workbench.model.why.why import Why
from workbench.model.why.why import why as explain
from workbench.model.words.error_sentence import _BY_ERRNO, _BY_TYPE
from workbench.probe.format import CALLS, CODE, RECVS, SENDS

HOST = ["127.0.0.1", 6789]
NOTHING = Around()


def why(
    call: Call,
    sources: Sequence[Part] | None = (),
    takers: Sequence[Part] | None = None,
    around: Around = NOTHING,
) -> Why:
    """Explain a call; of every explanation of these tests, the lines of Python have to be Python."""
    sources, takers = (None if parts is None else tuple(parts) for parts in (sources, takers))
    found = explain(call, replace_in(around, sources=sources, takers=takers))
    compile("\n".join(found.python), "why", "exec")
    return found


def is_whole(found: Why) -> bool:
    """Whether an explanation has all its parts, each fit for a terminal."""
    texts = [found.title, *found.sentences, found.next, *found.python, found.source]
    return (
        2 <= len(found.sentences) <= 3
        and all(text and text.isprintable() for text in texts)
        and all(sentence.endswith((".", "?")) for sentence in found.sentences)
    )


@pytest.mark.parametrize("name", CALLS[1:])
def test_every_call_of_the_contract_is_explained(name: str) -> None:
    code = CODE[name]
    assert name in OTHER or code in SENDS or code in RECVS
    for call in (made(name), made(name, 16, data=b"hello", requested=16, left=3), made(name, HOST, datagram=True)):
        found = why(call)
        assert len(found.sentences) >= 2, found
        assert found.next
        assert "(" in found.source or ":" in found.source
        assert found.python[-1].endswith(")") or "# " in found.python[-1]
        assert not found.sentences[0].endswith(" returned.")


@pytest.mark.parametrize("errno", sorted(_BY_ERRNO))
@pytest.mark.parametrize("name", ["bind", "connect", "accept", "send", "recv", "sendto", "socket"])
def test_every_errno_has_more_than_its_sentence(errno: str, name: str) -> None:
    assert errno in ERRNOS
    found = why(made(name, HOST, error=f"OSError {errno} x"))
    assert f"({errno})." in found.sentences[0]
    assert len(found.sentences) >= 2
    assert found.next
    assert found.source


@pytest.mark.parametrize("kind", sorted(_BY_TYPE))
def test_every_exception_without_errno_has_more_than_its_sentence(kind: str) -> None:
    assert kind in TYPES
    found = why(made("connect", HOST, error=f"{kind} - x", duration=3.2))
    assert len(found.sentences) >= 2
    assert is_whole(found)


def test_a_call_that_never_returned() -> None:
    found = why(made("connect", HOST, unfinished=True, duration=None))
    assert found.sentences[0] == (
        "connect had not returned when the recording ended: 127.0.0.1:6789 had not answered: its accept queue may be "
        "full, or packets are dropped."
    )
    cancelled = why(made("recv", 16, error="Cancelled - cancelled", duration=3.2))
    assert cancelled.sentences[1] == (
        "It was still waiting after 3.2 s: nothing had arrived, and the peer had not ended its side."
    )


def test_a_connect_that_took_over_a_second_lost_its_syn() -> None:
    found = why(made("connect", HOST, result=None, duration=1.03, retries=1))
    assert found.sentences[1].startswith("Its SYN was repeated 1 time, as nobody answered before")


@pytest.mark.parametrize(("connected", "full"), [(5, False), (6, True)])
def test_an_accept_queue_is_called_full_only_if_it_was(connected: int, full: bool) -> None:
    listener = (
        made("bind", HOST, socket="7.1", seq=1, result=None),
        made("listen", 5, socket="7.1", seq=2, result=None),
    )
    clients = tuple(made("connect", HOST, socket=f"7.{n}", seq=n, result=None) for n in range(3, 4 + connected))
    accepted = made("accept", socket="7.1", seq=20, result=None)
    call = made("connect", HOST, error="TimeoutError - t", seq=30, duration=3.2, retries=3)
    found = why(call, around=Around(elsewhere=(*listener, *clients, accepted)))
    claim = "#2 listen(5) lets 6 connections wait, and 6 waited for accept: so its SYN was dropped."
    assert found.sentences[1].startswith(claim) == ("listen(5)" in found.sentences[1]) == full
    assert found.sentences[1].count("was repeated 3 times") == 1


def test_a_timeout_is_told_by_the_calls_before() -> None:
    calls = made("settimeout", 5.0, result=None), made("setblocking", True, result=None)
    assert Around(before=calls[:1]).timeout == 5.0
    assert Around(before=calls).timeout is None
    assert Around(before=(made("setblocking", False, result=None),)).timeout == 0
    assert Around().timeout == -1
    assert Around(all_before=True).timeout is None


def test_a_stream_may_go_to_a_connection_that_no_accept_has_returned_yet() -> None:
    reasons = [why(made("send", data=b"x", result=1, requested=1, datagram=kept), None) for kept in (False, True)]
    assert ["no accept has returned" in " ".join(each.sentences) for each in reasons] == [True, False]


def test_nothing_is_claimed_of_a_sender_outside_or_of_calls_not_at_hand() -> None:
    call = made("recv", 16, data=b"hello", requested=16, left=0)
    assert why(call, ()).sentences[1].startswith("Their sender is not known in this session")
    assert why(call, None).sentences[1] == "The send that they came from is not recorded yet."
    assert why(call, [Part(3, 0, 5)]).sentences[1] == (
        "They are bytes 0-4 that send #3 sent: one send can take several recvs."
    )
    ended = why(made("recv", 16, requested=16))
    assert ended.sentences[1] == "The FIN comes behind all that it sent."
    assert "a short send happens" in why(made("send", data=b"abc", requested=9)).sentences[1].lower()


def test_many_sends_are_counted() -> None:
    assert names([1, 2]) == "#1 and #2"
    assert names(range(1, 9)) == "#1, #2, #3, #4 and 4 more"


def test_the_python_lines_set_the_socket_up_again() -> None:
    before = (
        made("socket", "AF_INET", "SOCK_STREAM", 0),
        made("settimeout", 5.0, result=None),
        made("connect", HOST, result=None),
    )
    found = why(made("send", data=b"hi", result=2), around=Around(before=before, all_before=True))
    assert found.python == (
        "from socket import *",
        "s = socket(AF_INET, SOCK_STREAM, 0)",
        "s.settimeout(5.0)",
        "s.connect(('127.0.0.1', 6789))",
        "count = s.send(b'hi')  # = 2",
    )


def test_bytes_that_are_not_recorded_or_too_long_for_a_line_are_named_in_python() -> None:
    refused = why(made("sendall", requested=7, error="ConnectionRefusedError ECONNREFUSED x"))
    assert refused.python[-1] == "s.sendall(data)  # 7 bytes; ConnectionRefusedError (ECONNREFUSED)"
    assert why(made("send", data=b"x" * 99, result=99)).python[-1] == "count = s.send(data)  # 99 bytes; = 99"
    short = why(made("sendto", HOST, data=b"abc", requested=9, result=3))
    assert short.python[-1] == "count = s.sendto(data, ('127.0.0.1', 6789))  # 9 bytes; = 3"
    pieces = why(made("sendmsg", data=b"abc", requested=3, result=3))
    assert pieces.python[-1] == "count = s.sendmsg([data])  # 3 bytes; = 3"


def test_a_connect_ex_before_the_call_is_among_its_lines() -> None:
    before = made("socket", "AF_INET", "SOCK_STREAM", 0), made("connect_ex", HOST, result=115)
    found = why(made("send", data=b"hi", result=2), around=Around(before=before, all_before=True))
    assert found.python[2:] == (
        "number = s.connect_ex(('127.0.0.1', 6789))  # = 115 (EINPROGRESS)",
        "count = s.send(b'hi')  # = 2",
    )


def test_arguments_that_are_no_python_stand_in_a_comment() -> None:
    assert why(made("shutdown", "[/nope", result=None)).python[1].startswith("# s.shutdown(")


HOSTILE = st.text(max_size=8) | st.just("\x1b]0;x\x07[/nope]")
VALUES = st.none() | HOSTILE | st.integers() | st.floats() | st.lists(HOSTILE | st.integers(), max_size=3)
ADDRESSES = st.none() | HOSTILE | st.lists(HOSTILE | st.integers(), max_size=4)
"""As a record decodes: what is no address is none."""
CALL = st.builds(
    lambda name, args, facts: made(name, *args, **facts),
    st.sampled_from(CALLS[1:]),
    st.lists(VALUES, max_size=4),
    st.fixed_dictionaries(
        {},
        optional={
            "data": st.binary(max_size=20), "requested": st.none() | st.integers(0, 30),
            "left": st.none() | st.integers(0),
            "error": st.sampled_from(["OSError EADDRINUSE \x1b[2J", "X - \x07", "TimeoutError - t", "gaierror - -"]),
            "result": VALUES, "peer": ADDRESSES, "local": ADDRESSES, "duration": st.none() | st.floats(0, 1e6),
            "truncated": st.none() | st.booleans(), "size": st.none() | st.integers(0, 99), "peek": st.booleans(),
            "datagram": st.booleans(), "unfinished": st.booleans(), "name": HOSTILE,
        },
    ),
)  # fmt: skip
PARTS = st.none() | st.lists(st.builds(Part, st.integers(0, 9), st.integers(0, 9), st.integers(0, 20)), max_size=4)
CALLS_AROUND = st.lists(CALL, max_size=4).map(tuple)


@settings(max_examples=150, deadline=None)
@given(CALL, PARTS, PARTS, CALLS_AROUND, CALLS_AROUND, CALLS_AROUND)
def test_any_record_has_an_explanation_that_is_safe_to_print(
    call: Call,
    sources: list[Part] | None,
    takers: list[Part] | None,
    before: tuple[Call, ...],
    after: tuple[Call, ...],
    elsewhere: tuple[Call, ...],
) -> None:
    later = tuple(replace(each, seq=5) for each in elsewhere)
    found = why(call, sources, takers, Around(before, False, after, before, later))
    texts = [found.title, *found.sentences, found.next, *found.python, found.source]
    assert all(text.isprintable() for text in texts)
    assert 1 < len(found.sentences) <= 3
    assert max(map(len, found.sentences)) < 400


def test_tls_is_explained_by_its_records_and_not_by_the_kernels_queue() -> None:
    got = why(made("recv", 100, data=b"hello", requested=100, tls=True))
    assert got.sentences[0] == "recv(100) returned 5 bytes that TLS had decrypted: at most 100, and of one record only."
    assert "queue" not in got.next
    assert "close_notify" in why(made("recv", 100, requested=100, tls=True)).sentences[0]
    assert "ciphertext" in why(made("sendall", data=b"hello", result=None, tls=True)).sentences[0]
    maker = made("socket", "AF_INET", "SOCK_STREAM", 6, 4, tls=True)
    assert (
        why(made("recv", 9, requested=9, tls=True), around=Around(before=(maker,)))
        .python[1]
        .startswith("s = context.wrap_socket(s)")
    )
    waits = why(made("recv", 10, error="SSLWantReadError - The operation did not complete (read)"))
    assert waits.next.endswith("(POLLIN).")


def test_time_wait_goes_by_the_state_where_it_is_known() -> None:
    """After close_notify a TLS recv returns b'', though no FIN has come."""
    before = made("connect", HOST, result=None), made("recv", 9, requested=9, seq=4, tls=True)
    assert why(made("close", result=None), around=Around(before=before)).next.endswith("if any, is on its side.")
    known = why(made("close", result=None, tcp_state=1, unread=0), around=Around(before=before))
    assert "If the peer then closes cleanly, TIME_WAIT (60 s) is on this side" in known.next


def test_a_socket_that_another_process_has_from_a_fork_does_not_end_here() -> None:
    listened = made("listen", 5, result=None, pid=7, seq=2)
    child = why(made("close", result=None, pid=8, seq=9), around=Around(before=(listened,)))
    assert child.sentences[0].startswith("This descriptor is given back, but process 7 got a copy")
    later = made("recv", 4, data=b"x", requested=4, pid=8, seq=12)
    parent = why(made("close", result=None, pid=7, seq=9), around=Around(after=(later,)))
    assert "process 8 got a copy" in parent.sentences[0]
    gone = made("close", result=None, pid=7, seq=5)
    last = why(made("close", result=None, pid=8, seq=9), around=Around(before=(listened, gone)))
    assert last.sentences[0].startswith("The listener is gone")
