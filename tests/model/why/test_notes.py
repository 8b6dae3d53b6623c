from __future__ import annotations

import pytest

from tests.calls import made
from workbench.model.claims.around import Around
from workbench.model.lineage.lineage import Part
from workbench.model.text.json_note import json_note
from workbench.model.why.notes import notes as notes_on


def notes(call, sources=(), takers=None, lengths=(), kin=(), lost=False, **options):
    sources, takers = (None if parts is None else tuple(parts) for parts in (sources, takers))
    around = Around(sources=sources, takers=takers, kin=tuple(kin), lost=lost)
    return " · ".join(notes_on(call, around, lengths, **options))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (made("recv", data=b"hell", requested=4, left=7), "4 bytes · 7 left"),
        (made("recv", data=b"hell", requested=1024, left=0), "4 of 1024 bytes · 0 left"),
        (made("recv", data=b"h", requested=1), "1 byte"),
        (
            made("recv", data=b"hell", requested=4, peek=True, left=11),
            "4 bytes · peek: nothing consumed · 11 bytes in the queue",
        ),
        (made("recv", data=b"", requested=16, left=0), "end of stream: the peer closed or half-closed"),
        (made("recv", data=b"", requested=0, left=3), "asked for 0 bytes · 3 left"),
        (made("recv", data=b"", requested=9, datagram=True), "an empty message, or the end of the connection"),
        (made("recvfrom", data=b"", requested=9, datagram=True, peer=["::1", 9]), "an empty datagram"),
        (
            made("recv", data=b"hell", requested=4, datagram=True, truncated=True, size=204),
            "4 bytes · truncated: 200 of 204 bytes thrown away",
        ),
        (
            made("recvmsg", data=b"hell", requested=4, datagram=True, truncated=True),
            "4 bytes · truncated: the rest of the message was thrown away",
        ),
        (
            made("recv", data=b"hell", requested=4, datagram=True, truncated=None),
            "4 bytes · maybe truncated: a plain recv does not tell",
        ),
        (made("recv", data=b"hell", requested=5, datagram=True, truncated=None), "4 of 5 bytes"),
        (made("recv", requested=16, error="TimeoutError - x", duration=5.0), "nothing arrived within 5 s"),
        (made("send", data=b"hello", requested=5), "5 bytes"),
        (made("send", data=b"hel", requested=5), "3 of 5 bytes · short send: 2 bytes did not go out"),
        (made("send"), "0 bytes: nothing for the peer to receive"),
        (made("sendto", datagram=True), "an empty datagram"),
        (
            made("sendall", data=bytes(12288), requested=65536, error="TimeoutError - x", duration=0.3),
            "the send buffer stayed full, the peer did not read enough within 300 ms · 12288 of 65536 bytes went out",
        ),
        (
            made("sendall", requested=2, error="BrokenPipeError EPIPE x"),
            "EPIPE: the peer has closed the connection"
            " · none of the 2 bytes went out",
        ),
        (made("accept", duration=3.21), "waited 3.2 s"),
        (made("accept", duration=0.0009), ""),
        (made("send", data=b"a", requested=1, duration=0.0023), "1 byte"),
        (made("send", data=b"a", requested=1, duration=0.021), "1 byte · waited 21 ms"),
        (made("close", duration=3.0), ""),
        (made("recv", data=b"a", requested=1, duration=0.044), "1 byte · waited 44 ms"),
        (made("recv", requested=9, unfinished=True, duration=None), "still running when the recording ended"),
        (made("recv", data=b"\xff\xfe", requested=2), "2 bytes"),
    ],
)  # fmt: skip
def test_notes(call, text):
    assert notes(call) == text


def test_where_received_bytes_came_from():
    call = made("recv", data=b"hell", requested=4)

    def origin(*sources, lengths=()):
        return notes(call, [Part(*source) for source in sources], lengths=lengths).removeprefix("4 bytes · ")

    lengths = [0] * 11 + [4, 9, 1, 1, 1, 9]
    assert origin((12, 0, 4)) == "bytes 0-3 of #12"
    assert origin((12, 0, 4), lengths=lengths) == "all of #12"
    assert origin((13, 0, 4), lengths=lengths) == "bytes 0-3 of #13"
    assert origin((13, 8, 9), lengths=lengths) == "byte 8 of #13"
    assert origin((12, 2, 4), (13, 0, 2)) == "end of #12 and bytes 0-1 of #13"
    assert origin((12, 2, 4), (13, 0, 2), lengths=lengths) == "end of #12 and start of #13"
    assert origin((12, 0, 4), (13, 0, 9), lengths=lengths) == "all of #12 and all of #13"
    assert origin((12, 2, 4), (13, 0, 9), (17, 0, 1), lengths=lengths) == "end of #12, all of #13 and start of #17"
    many = [(12, 0, 4), (13, 0, 9), (14, 0, 1), (15, 0, 1), (16, 0, 1), (17, 0, 9)]
    assert origin(*many, lengths=lengths) == "all of #12, all of 4 sends and all of #17"
    assert notes(call, None) == "4 bytes"


def test_what_became_of_sent_bytes():
    call = made("send", data=b"hello world")

    def fate(*takers):
        return notes(call, takers=[Part(*taker) for taker in takers]).removeprefix("11 bytes · ")

    assert fate((15, 0, 11)) == "received by #15"
    assert fate((15, 0, 4), (16, 0, 7)) == "received by #15, #16"
    assert fate((15, 0, 4)) == "received by #15 · 7 bytes not received yet"
    assert fate(*((seq, 0, 2) for seq in range(20, 25)), (25, 0, 1)) == "received by #20, #21, #22 and 3 more"
    assert fate() == "not received yet"
    assert notes(call, takers=None) == "11 bytes"


def test_what_became_of_a_datagram():
    call = made("sendto", data=b"hello world", datagram=True)
    assert notes(call, takers=[Part(15, 0, 11)]) == "11 bytes · received by #15"
    assert notes(call, takers=[Part(15, 0, 4)]) == "11 bytes · received by #15 · 7 bytes thrown away there"
    assert notes(call, takers=[]) == "11 bytes · not received yet"
    assert notes(call, takers=[], lost=True) == "11 bytes · lost: never received"
    dropped = made("sendto", data=b"hello world", datagram=True, dropped=True)
    assert notes(dropped, takers=[], lost=True) == "11 bytes · lost: the receiver's queue was full"


def test_an_empty_datagram_has_a_sender_too():
    empty = made("recvfrom", requested=9, datagram=True, peer=["::1", 9])
    assert notes(empty, [Part(12, 0, 0)], lengths=[0] * 12) == "an empty datagram · all of #12"
    assert notes(made("sendto", datagram=True), takers=[Part(15, 0, 0)]) == "an empty datagram · received by #15"


def test_a_cut_character_is_told_only_of_text():
    def told(data, *sends):
        kin = [made("send", data=send, seq=seq) for seq, send in enumerate(sends, 1)]
        found = notes(made("recv", data=data), [Part(each.seq, 0, 1) for each in kin], kin=kin).split(" · ")
        return [note for note in found if "inside" in note]

    text = "a€ and so on".encode()
    assert told(text[:3], text) == ["ends inside a UTF-8 character (2 of 3 bytes)"]
    assert told(text[2:], text) == ["begins inside a UTF-8 character (2 bytes)"]
    assert told(text[:3]) == told(text[2:]) == []  # a length before a frame looks like that
    assert told(b"\0\0\0\xc3", b"\0\0\0\xc3\xa4") == []
    assert told("größer als ein Längenfeld €".encode()[:-1]) == ["ends inside a UTF-8 character (2 of 3 bytes)"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'{"a": 1}', "valid JSON"),
        (b'{"a": 1}\r\n', "valid JSON"),
        (b"9" * 5000, "valid JSON"),
        (b'{"op": "hello"} \n{"a": 1}', "not JSON: Extra data at byte 17"),
        ('{"你": 1}{'.encode(), "not JSON: Extra data at byte 10"),
        (b'{"a": "\x01"}', "not JSON: Invalid control character at byte 7"),
        (b"hello", "not JSON: Expecting value at byte 0"),
        (b"{'a': 1}", "not JSON: Expecting property name enclosed in double quotes at byte 1"),
        (b'"\\u12zz"', "not JSON: Invalid \\uXXXX escape at byte 2"),
        (b"[" * 100_000, "not JSON: nested too deeply"),
        (b"\xff", "not JSON: not utf-8 at byte 0"),
        (b'{"a": "hel', "JSON is cut: Unterminated string at byte 6"),
        (b'{"a": ', "JSON is cut: Expecting value at byte 6"),
        (b'{"a": tru', "JSON is cut: Expecting value at byte 6"),
        (b'{"a": -', "JSON is cut: Expecting value at byte 6"),
        (b'{"a"', "JSON is cut: Expecting ':' delimiter at byte 4"),
        (b'{"a": 1', "JSON is cut: Expecting ',' delimiter at byte 7"),
        (b'{"a": 1,', "JSON is cut: Expecting property name enclosed in double quotes at byte 8"),
        (b'"\\u12', "JSON is cut: Invalid \\uXXXX escape at byte 2"),
        (b'"\\', "JSON is cut: Unterminated string at byte 0"),
        ('"你'.encode()[:-1], "JSON is cut: inside a character at byte 1"),
        (b"\n", "not JSON: Expecting value at byte 1"),
    ],
)  # fmt: skip
def test_json(data, text):
    assert json_note(data) == text


def test_whether_it_is_json_is_told_right_after_the_counts():
    call = made("recv", data=b'{"a": 1}{', requested=99, left=0)
    told = notes(call, [Part(12, 0, 9)], json=True)
    assert told == "9 of 99 bytes · 0 left · not JSON: Extra data at byte 8 · bytes 0-8 of #12"


def test_json_is_told_only_if_asked_for_and_in_its_encoding():
    call = made("recv", data='{"你": 1}{'.encode("gbk"), requested=99)
    assert notes(call) == "10 of 99 bytes"
    assert notes(call, json=True, encoding="gbk") == "10 of 99 bytes · not JSON: Extra data at byte 9"
