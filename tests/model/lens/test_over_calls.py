from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calls import made
from workbench.model.lens.over_calls import FramedLog
from workbench.model.lens.registry import UnknownLens

NAIVE = "one recv taken for one message: "


class Log:
    """Gives a FramedLog the calls of one socket, numbered from 1."""

    def __init__(self, lens: str) -> None:
        self.log = FramedLog(lens)
        self._seqs = count(1)

    def __call__(self, call, *args, **facts):
        return self.log.feed(made(call, *args, seq=next(self._seqs), **facts))

    def recv(self, data, **facts):
        framing = self("recv", 1024, data=data, requested=1024, result=len(data), **facts)
        return [*framing.notes, *([framing.slip.removeprefix(NAIVE)] if framing.slip else [])] if framing else []


def test_a_frame_over_three_recvs():
    log = Log("length-u16")
    assert log.recv(b"\0") == [
        "frame 1 begins here: 1 byte so far",
        "struct.unpack raises struct.error: unpack requires a buffer of 2 bytes",
    ]  # fmt: skip
    assert log.recv(b"\5he") == [
        "frame 1, begun in #1, goes on: 4 of 7 bytes", "1 of 1384 bytes taken for all",
    ]  # fmt: skip
    assert log.recv(b"llo") == [
        "frame 1, begun in #1, ends here: message hello", "1 of 27756 bytes taken for all",
    ]  # fmt: skip
    assert log.recv(b"\0\2hi") == ["frame 2: message hi"]


def test_several_frames_in_one_recv():
    log = Log("json")
    assert log.recv(b'{"a":1}{"b":2}[') == [
        'frame 1 at 0000-0006: object {"a":1}',
        'frame 2 at 0007-000d: object {"b":2}',
        "frame 3 begins here at 000e: 1 byte so far",
        "json.loads raises JSONDecodeError: Extra data: line 1 column 8 (char 7)",
    ]
    assert log.recv(b"]")[0] == "frame 3, begun in #1, ends here: array []"
    assert log.recv(b"1 2 3 4 5 ")[-2:] == [
        "and 2 more", "json.loads raises JSONDecodeError: Extra data: line 1 column 3 (char 2)",
    ]  # fmt: skip


def test_sends_are_cut_and_nobody_is_said_to_fail():
    log = Log("lines")
    assert log("send", data=b"one\ntw").notes == (
        "frame 1 at 0000-0003: line one", "frame 2 begins here at 0004-0005: 2 bytes so far",
    )  # fmt: skip
    assert log("close").notes == ("broken, begun in #1: the stream ends inside a line, after 2 bytes",)
    assert log("close") is None


def test_what_ends_a_stream():
    response = b"HTTP/1.1 200 OK\r\n\r\nbody"
    for ending in (("recv", 1024), ("recv", 0), ("shutdown", "SHUT_WR"), ("shutdown", "SHUT_RD"), ("close",)):
        log = Log("http")
        receives = ending[0] == "recv"
        log("recv" if receives else "send", data=response)
        framing = log(*ending, requested=ending[1] if receives else None)
        if ending in (("recv", 0), ("shutdown", "SHUT_RD")):
            assert framing is None
        else:
            assert framing.notes == ("frame 1, begun in #1, ends here: response 200 OK",)


def test_broken_and_lost():
    log = Log("netstring")
    assert log.recv(b"1:a,hello")[:2] == [
        "broken at 0004: no netstring: it does not begin with a length and a colon",
        "frame 1 at 0000-0003: netstring a",
    ]
    assert log.recv(b"1:a,") == ["not cut into frames: broken since #1"]


def test_a_reset_ends_a_stream_too():
    log = Log("lines")
    log.recv(b"half")
    ended = log("recv", 64, error="ConnectionResetError ECONNRESET reset", requested=64)
    assert ended.notes == ("broken, begun in #1: the stream ends inside a line, after 4 bytes",)


def test_a_naive_program_that_raises_nothing_goes_on_with_what_is_no_message():
    log = Log("json")
    log.recv(b'{"a":')
    assert log.recv(b'"x"')[-1] == "a piece of frame 1 taken for a whole JSON text"
    assert log.recv(b"}")[0] == 'frame 1, begun in #1, ends here: object {"a":"x"}'
    assert log.recv(b'{"a": 1}\n') == ['frame 2: object {"a": 1}']
    log = Log("http")
    assert log.recv(b"HTTP/1.1 204 a\r\n\r\nHTTP/1.1 204 b\r\n\r\n")[-1] == "2 messages taken for one"
    log = Log("length-text")
    assert len(log.recv(b"5\n")) == len(log.recv(b"hello")) == 1


def test_calls_that_move_nothing_of_the_stream():
    log = Log("lines")
    assert log("connect", ["127.0.0.1", 1]) is None
    assert log("recv", 4, data=b"a\n", peek=True) is None
    assert log("recv", 4, error="TimeoutError - timed out", requested=4) is None
    assert log.recv(b"a\n") == ["frame 1: line a"]


def test_each_socket_and_direction_has_frames_of_its_own():
    log = Log("lines")
    log.recv(b"half")
    assert log.recv(b"a\n", socket="7.2") == ["frame 1: line a"]
    assert log("send", data=b"b\n").notes == ("frame 1: line b",)
    assert log.recv(b"\n")[0] == "frame 1, begun in #1, ends here: line half"


def test_a_datagram_ends_its_frames():
    log = Log("lines")
    assert log.recv(b"a\nb", datagram=True)[0] == (
        "broken at 0002: the datagram ends inside a line, after 1 byte"
    )  # fmt: skip
    assert log.recv(b"c\n", datagram=True) == ["frame 1: line c"]


def test_marks():
    log = Log("lines")
    log.recv(b"on")
    marks = log("recv", 9, data=b"e\ntwo\nth").marks
    assert [(mark.number, mark.start, mark.stop, mark.begins, mark.ends) for mark in marks] == [
        (1, 0, 2, False, True), (2, 2, 6, True, True), (3, 6, 8, True, False),
    ]  # fmt: skip


@given(
    st.sampled_from(["lines", "json", "length-u8", "netstring", "http", "length-text", "fixed-3"]),
    st.lists(st.binary(max_size=20) | st.text('{}[]",: 123\n\r').map(str.encode), max_size=8),
)
def test_marks_and_notes_of_any_calls(lens, pieces):
    log = Log(lens)
    for piece in pieces:
        framing = log("recv", 64, data=piece, requested=64)
        if framing is not None:
            assert all(0 <= mark.start <= mark.stop <= len(piece) for mark in framing.marks)
            assert all(note.isprintable() for note in framing.notes)


def test_an_unknown_lens():
    with pytest.raises(UnknownLens):
        FramedLog("jsn")
