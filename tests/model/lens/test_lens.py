from __future__ import annotations

import json
import re
import struct
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registered import defined_in
from workbench.model import lens as room
from workbench.model.lens import json_texts
from workbench.model.lens.format import Format
from workbench.model.lens.lens import Lens
from workbench.model.lens.naive import NaiveProgram
from workbench.model.lens.parser import Broken, Frame
from workbench.model.lens.registry import LENSES, UnknownLens, find_format

NAMES = [*LENSES, "fixed-1", "fixed-7"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def packed(layout):
    return lambda data: struct.pack(layout, len(data)) + data


def with_header(layout):
    def encode(data):
        header = json.dumps({"name": "a.txt", "size": len(data)}).encode()
        return struct.pack(layout, len(header)) + header + data

    return encode


def response(data):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data


def chunked(data):
    chunks = [data[at : at + 5] for at in range(0, len(data), 5)]
    body = b"".join(b"%x;why=not\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n" + body + b"0\r\nTrailer: 1\r\n\r\n"


ENCODERS = {
    "lines": lambda data: data.replace(b"\n", b"") + b"\n",
    "nul": lambda data: data.replace(b"\0", b"") + b"\0",
    "length-u16": packed(">H"),
    "length-u16be": packed(">H"),
    "length-u16le": packed("<H"),
    "length-u32": packed(">I"),
    "length-u32be": packed(">I"),
    "length-u32le": packed("<I"),
    "length-u8": lambda data: packed("B")(data[:255]),
    "length-text": lambda data: b"%d\n%b" % (len(data), data),
    "netstring": lambda data: b"%d:%b," % (len(data), data),
    "header-json": with_header(">I"),
    "header-json-le": with_header("<I"),
    "http": lambda data: chunked(data) if len(data) % 2 else response(data),
    "fixed-7": lambda data: (data + b"1234567")[:7],
}


def test_each_lens_that_is_defined_is_registered_and_has_messages_here():
    assert {format.name for format in defined_in(room, Format)} == set(LENSES) <= {*ENCODERS, "json"}


def naive(lens, pieces):
    program = NaiveProgram(find_format(lens))
    return [program.receive(piece) for piece in pieces]


def cut(stream, at):
    edges = [0, *sorted(place % (len(stream) + 1) for place in at), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(edges)]


def found(name, pieces):
    lens = Lens(name)
    frames = [frame for piece in pieces for frame in lens.feed(piece)]
    return frames, lens.pending, frames + lens.end()


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@given(st.sampled_from(sorted(ENCODERS)), st.lists(st.binary(max_size=40)), CUTS)
def test_every_message_is_a_frame_however_the_stream_is_cut(name, messages, at):
    encoded = [ENCODERS[name](message) for message in messages]
    frames, pending, ended = found(name, cut(b"".join(encoded), at))
    edges = [sum(map(len, encoded[:index])) for index in range(len(encoded) + 1)]
    assert [(frame.start, frame.stop) for frame in frames] == list(pairwise(edges))
    assert all(isinstance(frame, Frame) for frame in frames)
    assert pending is None
    assert ended == frames


@given(st.lists(st.tuples(JSON, st.sampled_from(["", " ", "\r\n"]))), st.booleans(), CUTS)
def test_every_json_text_is_a_frame(texts, ascii, at):
    # Numbers and words need something between them.
    encoded = [
        (
            json.dumps(value, ensure_ascii=ascii).encode("utf-8", "ignore"),
            (space or " " * isinstance(value, int | None)),
        )
        for value, space in texts
    ]
    stream = b"".join(text + space.encode() for text, space in encoded)
    _, _, frames = found("json", cut(stream, at))
    assert [stream[frame.start : frame.stop] for frame in frames] == [text for text, _ in encoded]
    assert all(isinstance(frame, Frame) for frame in frames)


SAMPLES = (
    st.binary(max_size=60)
    | st.text('{}[]"\\ntrue1.,: \n', max_size=60).map(str.encode)
    | st.text("0123456789:,\n\rab", max_size=40).map(str.encode)
    | st.lists(
        st.sampled_from(
            [b"GET / HTTP/1.1\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 101 Go\r\n", b"HTTP/1.1 204 \n", b"\r\n", b"\n",
             b"Content-Length: 3\r\n", b"content-length: x\r\n", b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n",
             b"0\r\n", b"abc", b"x: y\n", b"z\r\n", b" "]
        )
    ).map(b"".join)
)  # fmt: skip


@given(st.sampled_from(NAMES), st.lists(SAMPLES, max_size=3).map(b"".join), CUTS)
def test_no_cutting_changes_what_is_found_in_any_bytes(name, stream, at):
    whole = found(name, [stream])
    assert found(name, cut(stream, at)) == whole
    assert found(name, [bytes([byte]) for byte in stream]) == whole
    _, _, frames = whole
    assert [frame.start for frame in frames] == sorted(frame.start for frame in frames)
    assert all(0 <= frame.start <= frame.stop <= len(stream) for frame in frames)
    assert all(before.stop <= after.start for before, after in pairwise(frames))
    assert all(frame.label.isprintable() for frame in frames if isinstance(frame, Frame))
    assert all(frame.reason.isprintable() for frame in frames if isinstance(frame, Broken))


@pytest.mark.parametrize("name", ["length-u32", "length-u32le", "header-json", "netstring", "length-text", "http"])
def test_a_length_of_4_gb_allocates_nothing(name):
    size = (1 << 32) - 1
    header = b'{"size": %d}' % size
    starts = {
        "header-json": struct.pack(">I", len(header)) + header,
        "netstring": b"%d:" % size,
        "length-text": b"%d\n" % size,
        "http": b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size,
    }
    lens = Lens(name)
    tracemalloc.start()
    assert lens.feed(starts.get(name, b"\xff\xff\xff\xff")) == []
    piece = bytes(1 << 16)
    for _ in range(50):
        assert lens.feed(piece) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
    assert lens.pending is not None
    assert lens.pending.whole == lens.pending.have - 50 * len(piece) + size + (name == "netstring")


@pytest.mark.parametrize("stream", [b'["' + b"x" * 99, b"[" * 99, b'{"a":' * 20, b"x" * 99, b'["' + b'\\"' * 50])
def test_endless_json_is_not_kept(stream, monkeypatch):
    monkeypatch.setattr(json_texts, "LONGEST", 10_000)
    lens, piece = Lens("json"), stream * 1000
    tracemalloc.start()
    for _ in range(8):
        lens.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000 < 8 * len(piece)


def test_json_too_long_to_check(monkeypatch):
    monkeypatch.setattr(json_texts, "LONGEST", 10)
    assert notes_of("json", b'["aaaaaaaaaaa", nonsense] [1]') == [
        (0, 25, 'array: ["aaaaaaaaa (too long to check)'), (26, 29, "array: [1]"),
    ]  # fmt: skip


def notes_of(name, stream, end=True):
    lens = Lens(name)
    frames = lens.feed(stream) + (lens.end() if end else [])
    return [
        (frame.start, frame.stop, f"{frame.kind}: {frame.label}" if isinstance(frame, Frame) else f"! {frame.reason}")
        for frame in frames
    ]


@pytest.mark.parametrize(
    ("name", "stream", "frames"),
    [
        ("lines", b"hi\r\nt\xc3\xa9\nha", [
            (0, 4, "line: hi"), (4, 8, "line: té"), (8, 10, "! the stream ends inside a line, after 2 bytes"),
        ]),
        ("nul", b"a\0\0", [(0, 2, "text: a"), (2, 3, "text: ")]),
        ("lines", b"\x1b[2J" + b"x" * 99 + b"\n", [(0, 104, "line: ·[2J" + "x" * 35 + "…")]),
        ("fixed-4", b"abcdef", [
            (0, 4, "block: abcd"), (4, 6, "! the stream ends inside a block, after 2 of 4 bytes"),
        ]),
        ("length-u8", b"\x00\x02ab\x05a", [
            (0, 1, "message: "), (1, 4, "message: ab"),
            (4, 6, "! the stream ends inside a message, after 2 of 6 bytes"),
        ]),
        ("length-u16le", b"\x02\x00ab\x00", [
            (0, 4, "message: ab"), (4, 5, "! the stream ends inside a message, after 1 byte"),
        ]),
        # As the server of a tutorial does it: the length, and after an acknowledgement the data.
        ("length-text", b"5hello3\nbye", [(0, 6, "message: hello"), (6, 11, "message: bye")]),
        ("length-text", b"1\na!xyz", [
            (0, 3, "message: a"), (3, 4, "! no length: the message does not begin with a digit"),
        ]),
        ("netstring", b"5:hello,0:,", [(0, 8, "netstring: hello"), (8, 11, "netstring: ")]),
        ("netstring", b"2:abc,1:x,", [(0, 5, "! no netstring: no comma follows its data")]),
        ("netstring", b"01:a,", [(0, 3, "! no netstring: it does not begin with a length and a colon")]),
        ("header-json", b'\0\0\0\x20{"file_size":2,"filename":"a\\n"}hi', [(0, 38, "file: a␊ 2 bytes")]),
        ("header-json", b"\x05\0\0\0{", [
            (0, 4, "! a JSON header of 83886080 bytes is not believable; read as little endian it is 5"),
        ]),
        ("header-json", b"\0\0\0\x02{}", [(0, 6, "! the header does not tell the size of the body")]),
        ("header-json", b"\0\0\0\x02{]", [(0, 6, "! the header is not JSON")]),
        ("json", b'{"a":"}\\""}[1] "x"12 true', [
            (0, 11, 'object: {"a":"}\\""}'), (11, 14, "array: [1]"), (15, 18, 'string: "x"'), (18, 20, "value: 12"),
            (21, 25, "value: true"),
        ]),
        ("json", b'{"a": b}{}', [(0, 8, "! not JSON: Expecting value at byte 6"), (8, 10, "object: {}")]),
        ("json", b"<html>\n[1]", [(0, 6, "! not JSON: no text begins with these bytes"), (7, 10, "array: [1]")]),
        ("json", b'"\xff"{"a', [
            (0, 3, "! not JSON: not utf-8 at byte 1"), (3, 6, "! the stream ends inside a JSON text, after 3 bytes"),
        ]),
        ("http", b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\nPUT /b HTTP/1.0\nContent-Length:3\n\nabc", [
            (0, 28, "request: GET /a"), (30, 67, "request: PUT /b"),
        ]),
        ("http", b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall of it", [
            (0, 27, "response: 204 No Content"), (27, 55, "response: 200 OK"),
        ]),
        ("http", b"nonsense\nGET / HTTP/1.1\r\n\r\n", [
            (0, 9, "! broken HTTP: no start line"), (9, 27, "request: GET /"),
        ]),
        ("http", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", [
            (0, 38, "! broken HTTP: the Content-Length is no length"), (38, 57, "request: GET /b"),
        ]),
        ("http", b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", [
            (0, 54, "! broken HTTP: a chunk is longer than its size"),
        ]),
        ("http", b"HTTP/1.1 101 Go\r\n\r\n\x81\x05", [
            (0, 19, "response: 101 Go"), (19, 20, "! after the switch of protocols it is no longer HTTP"),
        ]),
    ],
)  # fmt: skip
def test_what_each_lens_finds(name, stream, frames):
    assert notes_of(name, stream) == frames


def test_what_is_lost_and_what_is_not():
    lens = Lens("netstring")
    assert not lens.lost
    lens.feed(b"hello")
    assert lens.lost
    assert lens.feed(b"1:a,") == lens.end() == []
    lens = Lens("json")
    lens.feed(b"hello")
    lens.end()
    assert not lens.lost


def test_what_is_pending():
    lens = Lens("length-u16")
    assert lens.pending is None
    lens.feed(b"\0")
    assert (lens.pending.start, lens.pending.have, lens.pending.whole) == (0, 1, None)
    lens.feed(b"\x03a")
    assert (lens.pending.have, lens.pending.whole) == (3, 5)
    lens.feed(b"bc\0")
    assert (lens.pending.start, lens.pending.have, lens.pending.whole) == (5, 1, None)


def test_white_space_between_texts_is_no_begun_frame():
    lens = Lens("json")
    lens.feed(b"[1] \n")
    assert lens.pending is None
    assert lens.end() == []


def test_names():
    assert find_format("fixed-16").what == find_format("fixed(16)").what == "blocks of 16 bytes"
    assert find_format("fixed(16)").name == "fixed-16"
    for name in ("fixed-0", "fixed-", "fixed-x", "fixed-4)", "fixed(4", "lengths"):
        with pytest.raises(UnknownLens, match=f"no lens '{re.escape(name)}': there are lines, nul, .* http, fixed-N"):
            Lens(name)


# --- a program that takes one recv for one message ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("lens", "pieces", "slips"),
    [
        ("json", [b'{"a":1}', b'{"a":1}{"b"', b":2}", b'"\xe2', b""], [
            "",
            "json.loads raises JSONDecodeError: Extra data: line 1 column 8 (char 7)",
            "json.loads raises JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            "json.loads raises UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe2 in position 1: "
            "unexpected end of data",
            "",
        ]),
        ("lines", [b"a\n", b"a\nb\n", b"a", b"a\nb", b"\xe2\n"], [
            "", "2 lines taken for one", "half a line", "1 line and a half taken for one",
            "decode raises UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe2 in position 0: "
            "invalid continuation byte",
        ]),
        ("length-u16", [b"\0\1a", b"\0", b"\0\2a", b"\0\1abc"], [
            "", "struct.unpack raises struct.error: unpack requires a buffer of 2 bytes",
            "1 of 2 bytes taken for all", "2 bytes after the message thrown away",
        ]),
        ("length-text", [b"5", b"hello", b"3bye"], [
            "", "", "int raises ValueError: invalid literal for int() with base 10: '3bye'",
        ]),
        ("netstring", [b"1:a,", b"1", b"9:a", b"1:a,2:b"], [
            "", "the parser raises ValueError: not enough values to unpack (expected 2, got 1)",
            "the parser raises IndexError: index out of range", "3 bytes after the message thrown away",
        ]),
        ("header-json", [b'\0\0\0\x0a{"size":1}a', b"\0", b"\0\0\0\x0a{", b"\0\0\0\2{}"], [
            "", "the parser raises struct.error: unpack requires a buffer of 4 bytes",
            "the parser raises JSONDecodeError: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
            "the parser raises KeyError: 'size'",
        ]),
        ("fixed-4", [b"abcd", b"ab"], ["", "struct.unpack raises struct.error: unpack requires a buffer of 4 bytes"]),
        ("http", [b"GET / HTTP/1.1\r\n\r\n", b"GET / HT", b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\na"], [
            "", "split raises ValueError: not enough values to unpack (expected 2, got 1)",
            "1 of 9 bytes taken for all",
        ]),
    ],
)  # fmt: skip
def test_how_a_naive_program_fails(lens, pieces, slips):
    found = [slip.text.removeprefix("one recv taken for one message: ") if slip else "" for slip in naive(lens, pieces)]
    assert found == slips


@given(st.sampled_from(NAMES), st.lists(SAMPLES, max_size=4))
def test_the_naive_program_fails_with_a_sentence_only(lens, pieces):
    for slip in naive(lens, pieces):
        assert slip is None or (slip.text.isprintable() and len(slip.text) < 250)


@given(st.sampled_from(sorted(set(ENCODERS) - {"length-text", "http"})), st.lists(st.binary(max_size=40), min_size=1))
def test_a_naive_program_is_right_where_each_recv_is_one_message(name, messages):
    if name in ("lines", "nul"):
        messages = [message.hex().encode() for message in messages]
    assert naive(name, [ENCODERS[name](message) for message in messages]) == [None] * len(messages)
