from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.call.payload import (
    Encoding,
    Ending,
    PayloadError,
    count,
    encode_json,
    encode_text,
    parse_hex,
    unescape,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@pytest.mark.parametrize(
    ("text", "encoding", "ending", "data"),
    [
        ("", "utf-8", "none", b""),
        ("", "utf-16", "none", b""),
        ("Hey~~~", "utf-8", "LF", b"Hey~~~\n"),
        ("héllo 你好", "utf-8", "none", b"h\xc3\xa9llo \xe4\xbd\xa0\xe5\xa5\xbd"),
        ("é", "latin-1", "CRLF", b"\xe9\r\n"),
        ("你好", "gbk", "CRLF", b"\xc4\xe3\xba\xc3\r\n"),
        (r"a\n", "utf-8", "none", b"a\\n"),
    ],
)
def test_text_is_encoded_and_ended(text: str, encoding: Encoding, ending: Ending, data: bytes) -> None:
    assert encode_text(text, encoding, ending) == data


@given(TEXT, st.sampled_from(["utf-8", "utf-16"]), st.sampled_from([("none", ""), ("LF", "\n"), ("CRLF", "\r\n")]))
def test_text_decodes_to_itself_and_its_ending(text: str, encoding: Encoding, ending: tuple[Ending, str]) -> None:
    assert encode_text(text, encoding, ending[0]).decode(encoding) == text + ending[1]


@pytest.mark.parametrize(
    ("text", "encoding", "data"),
    [
        (r"\x00\n\r\t\0\\", "utf-8", b"\0\n\r\t\0\\"),
        (r"\\n", "utf-8", b"\\n"),
        (r"\01", "utf-8", b"\x001"),
        (r"a\xffb", "utf-8", b"a\xffb"),
        (r"\xE4\xbd\xa0", "utf-8", "你".encode()),
        (r"5 \u20ac", "utf-8", b"5 \xe2\x82\xac"),
        (r"\U0001f600", "utf-8", b"\xf0\x9f\x98\x80"),
        (r"\u4f60", "gbk", b"\xc4\xe3"),
        (r"\u00e9\xff", "latin-1", b"\xe9\xff"),
    ],
)
def test_escapes(text: str, encoding: Encoding, data: bytes) -> None:
    assert encode_text(text, encoding, escapes=True) == data


def test_utf_16_has_one_byte_order_mark_however_many_escapes() -> None:
    native: str = f"utf-16-{sys.byteorder[0]}e"
    mark = "\ufeff".encode(native)
    assert encode_text(r"a\xffb\u20ac", "utf-16", "LF", escapes=True) == (
        mark + "a".encode(native) + b"\xff" + "b€\n".encode(native)
    )


def test_the_pieces_of_an_escaped_text_know_their_place() -> None:
    assert list(unescape(r"ab\x00c\n")) == [(0, "ab"), (2, b"\0"), (6, "c"), (7, "\n")]


@given(TEXT)
def test_doubled_backslashes_give_the_text_back(text: str) -> None:
    assert encode_text(text.replace("\\", "\\\\"), escapes=True) == text.encode()


@given(st.binary())
def test_any_bytes_can_be_written_as_escapes(data: bytes) -> None:
    assert encode_text("".join(f"\\x{byte:02x}" for byte in data), "utf-16", escapes=True) == data


@pytest.mark.parametrize(
    ("text", "encoding", "escapes", "message"),
    [
        ("piñata", "gbk", False, "'ñ' at 1:3 is not in gbk"),
        ("one\ntwo\nthree €", "latin-1", False, "'€' at 3:7 is not in latin-1"),
        ("\ud800", "utf-8", False, "U+D800 at 1:1 is not in utf-8"),
        (r"a\n€", "latin-1", True, "'€' at 1:4 is not in latin-1"),
        (r"ab\u20ac", "latin-1", True, "'€' at 1:3 is not in latin-1"),
        (r"\ud83d\ude00", "utf-8", True, "U+D83D at 1:1 is not in utf-8"),
        (r"a\q", "utf-8", True, r"escape \q at 1:2 is not one of \n \r \t \0 \\ \xff \u20ac \U0001f600"),
        ("a\n\\x0g", "utf-8", True, r"escape \x at 2:1 is not one of \n \r \t \0 \\ \xff \u20ac \U0001f600"),
        ("end\\", "utf-8", True, "escape \\ at 1:4 is not one of \\n \\r \\t \\0 \\\\ \\xff \\u20ac \\U0001f600"),
        (r"\U00110000", "utf-8", True, r"escape \U00110000 at 1:1 is beyond the last character, \U0010ffff"),
    ],
)
def test_what_cannot_be_encoded_is_named_with_its_place(
    text: str, encoding: Encoding, escapes: bool, message: str
) -> None:
    with pytest.raises(PayloadError) as caught:
        encode_text(text, encoding, escapes=escapes)
    assert caught.value.message == str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "compact", "newline", "data"),
    [
        ('{"a": 1}', False, False, b'{"a": 1}'),
        ('{"a": 1}\n', False, True, b'{"a": 1}\n\n'),
        ('{"a" : [1,\n 2]}', True, False, b'{"a":[1,2]}'),
        ('{"a": " x  \\" y "}', True, True, b'{"a":" x  \\" y "}\n'),
        ('{"k": "été", "k": "\\u00e9"}', True, False, '{"k":"été","k":"\\u00e9"}'.encode()),
        ("[1.0, 1e400, -0, 10000000000000000000000.50]", True, False, b"[1.0,1e400,-0,10000000000000000000000.50]"),
        (" true ", True, False, b"true"),
        ("9" * 5000, True, False, b"9" * 5000),
    ],
)
def test_json_keeps_what_was_typed(text: str, compact: bool, newline: bool, data: bytes) -> None:
    assert encode_json(text, compact, newline) == data


@given(JSON, st.sampled_from([None, 2, "\t"]), st.booleans())
def test_compact_json_is_what_python_writes_compactly(value: object, indent: int | str | None, ascii: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    assert encode_json(text, compact=True).decode() == json.dumps(value, separators=(",", ":"), ensure_ascii=ascii)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "not JSON: Expecting value at 1:1", (0, 1, 1)),
        ('{"a": 1}{"b": 2}', "not JSON: Extra data at 1:9", (8, 1, 9)),
        ('{"a": 1,\n "b" 2}', "not JSON: Expecting ':' delimiter at 2:6", (14, 2, 6)),
        ('["NaN",\n-Infinity, NaN]', "not JSON: -Infinity at 2:1 is not a JSON number", (8, 2, 1)),
        ('{"\\"NaN": NaN}', "not JSON: NaN at 1:11 is not a JSON number", (10, 1, 11)),
        ("[" * 100_000, "JSON at 1:1 is nested too deeply to be checked", (0, 1, 1)),
        ('[ "\ud800"]', "U+D800 at 1:4 is not in utf-8", (3, 1, 4)),
    ],
)
def test_what_is_not_json_is_said_with_its_place(text: str, message: str, place: tuple[int, int, int]) -> None:
    with pytest.raises(PayloadError) as caught:
        encode_json(text, compact=True)
    assert caught.value.message == message
    assert (caught.value.start, caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    "text",
    ["de ad be ef", "deadbeef", "DEADBEEF", "0xde,0xad,0xbe,0xef", "0xdead 0XBEEF", "de:ad:be:ef", "dead\n\tbe ef\n"],
)
def test_the_forms_of_hex(text: str) -> None:
    assert parse_hex(text) == b"\xde\xad\xbe\xef"


@given(st.binary(), st.sampled_from(["", " ", ":", ",", "\n", ", "]))
def test_hex_gives_the_bytes_back(data: bytes, separator: str) -> None:
    assert parse_hex(separator.join(f"{byte:02x}" for byte in data)) == data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dea", "'a' at 1:3 is an odd digit: a byte takes two"),
        ("de ad\n0xb", "'b' at 2:3 is an odd digit: a byte takes two"),
        ("de xy", "'x' at 1:4 is not a hex digit"),
        ("de \x1b[2J", "U+001B at 1:4 is not a hex digit"),
        ("１２", "'１' at 1:1 is not a hex digit"),
        ("0xde0xad", "'x' at 1:6 is not a hex digit"),
        ("de 0x", "0x at 1:4 has no digits after it"),
    ],
)
def test_what_is_not_hex_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_hex(text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "counted"),
    [("héllo 你好", "8 characters, 13 bytes"), ("a", "1 character, 1 byte"), ("", "0 characters, 0 bytes")],
)
def test_count(text: str, counted: str) -> None:
    assert count(text, encode_text(text)) == counted
