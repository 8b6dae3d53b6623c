from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.session.query import Query, QueryError, parse, parse_find


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hello", b"hello"), ("你", "你".encode()), ("dead", b"dead"), ("\udcff", b"\xff"),
        ("0xdead", b"\xde\xad"), ("0XDEad", b"\xde\xad"),
    ],
)  # fmt: skip
def test_what_to_find(text, found):
    assert parse_find(text) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "nothing to find: write some text, or bytes such as 0xdead"),
        ("0x", '"0x" has 0 hex digits, and a byte takes two: write bytes such as 0xdead'),
        ("0xdea", '"0xdea" has 3 hex digits, and a byte takes two: write bytes such as 0xdead'),
        ("0xde ad", '" " in "0xde ad" is not a hex digit: write bytes such as 0xdead'),
        ("0x\x1bz", '"·" in "0x·z" is not a hex digit: write bytes such as 0xdead'),
    ],
)
def test_what_can_not_be_found(text, sentence):
    with pytest.raises(ValueError, match="0xdead") as caught:
        parse_find(text)
    assert str(caught.value) == sentence


def needles(text):
    return [needle.pattern.pattern for needle in parse(text).needles]


def test_every_word():
    query = parse('socket:4711.3 call:recv dir:in error error:ECONNRESET after:1.5 before:3 "text" 0xdead /re+/ plain')
    assert (query.sockets, query.calls, query.direction) == (("4711.3",), ("recv",), "in")
    assert (query.error, query.errors, query.after, query.before) == (True, ("econnreset",), 1.5, 3.0)
    assert [needle.pattern.pattern for needle in query.needles] == [b"text", b"\xde\xad", b"re+", b"plain"]
    assert parse("  ") == Query()


@pytest.mark.parametrize(
    ("text", "sockets"),
    [("socket:conn 1 dir:in", ("conn 1",)), ('socket:"conn 1"', ("conn 1",)), ("socket:server", ("server",)),
     ("socket:conn 12 socket:server", ("conn 12", "server")), ("socket:7.3 8", ("7.3",))],
)  # fmt: skip
def test_the_name_of_a_socket_can_be_two_words(text, sockets):
    assert parse(text).sockets == sockets


def test_text_in_quotes():
    assert needles(r'"a b" "GET: \"x\""') == [rb"a\ b", rb'GET:\ "x"']
    assert parse(r'"\r\n\x00\\"').needles[0].pattern.fullmatch(b"\r\n\0\\")
    assert parse('"你好"').needles[0].pattern.search("说你好".encode())


def test_a_regular_expression_is_of_bytes_and_its_dot_is_any():
    assert parse(r"/a.c\/d\xff/").needles[0].pattern.search(b"a\nc/d\xff")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sokcet:1", '"sokcet:" is not one of socket:NAME call:NAME'),
        ("http://x", '"http:" is not one of socket:NAME'),
        ("call:recieve", '"recieve" is not a socket call: write call:recv, call:connect …'),
        ("dir:up", "dir:up says no direction: write dir:in or dir:out"),
        ("after:soon", "after:soon is no number of seconds: write after:1.5"),
        ("before:-1", "before:-1 is no number of seconds: write before:1.5"),
        ('"half', 'the text ""half" has no " at its end'),
        ("/half", 'the pattern "/half" has no / at its end'),
        ("/(/", "/(/ is no regular expression: missing )"),
        ('""', "nothing stands between the quotes"),
        ("0xabc", '"0xabc" has 3 hex digits'),
    ],
)
def test_what_is_no_query(text, sentence):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert sentence in str(caught.value)


@given(st.text())
def test_any_text_is_a_query_or_a_sentence(text):
    sentence = ""
    try:
        parse(text)
    except QueryError as problem:
        sentence = str(problem)
    assert sentence.isprintable()
