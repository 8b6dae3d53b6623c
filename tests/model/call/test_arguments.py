from __future__ import annotations

import contextlib
import socket
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.call.arguments import EXAMPLES, METHODS, ArgumentsError, parse_arguments

LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.binary()
    # repr writes what isn't printable as an escape
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", ()),
        ("  # nothing", ()),
        ("5", (5,)),
        ("1024, ", (1024,)),
        ('("127.0.0.1", 6789)', (("127.0.0.1", 6789),)),
        ('b"Hey~~~", ("127.0.0.1", 8080)', (b"Hey~~~", ("127.0.0.1", 8080))),
        ('[b"a",\r\n b"\\xff"]', ([b"a", b"\xff"],)),
        ("SOL_SOCKET, socket.SO_REUSEADDR, 1", (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)),
        ("SHUT_WR", (socket.SHUT_WR,)),
        ("1024, MSG_PEEK | MSG_DONTWAIT | 1", (1024, socket.MSG_PEEK | socket.MSG_DONTWAIT | 1)),
        ("-1, +2.5, ~0, None, True", (-1, 2.5, -1, None, True)),
    ],
)
def test_arguments_as_a_programmer_writes_them(text: str, arguments: tuple[object, ...]) -> None:
    assert parse_arguments(text) == arguments


@given(st.lists(LITERALS, max_size=4))
def test_any_literals_are_read_back(values: list[object]) -> None:
    assert parse_arguments(", ".join(map(repr, values))) == tuple(values)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SOL_SOCKET, SO_REUSEADR, 1", '"SO_REUSEADR" at 1:13 is not a constant of socket: did you mean SO_REUSEADDR?'),
        ("1,\n  af_inett", '"af_inett" at 2:3 is not a constant of socket: did you mean AF_INET?'),
        ('"é", nobody', '"nobody" at 1:6 is not a constant of socket, or not on this system'),
        ('"\x1b[2J", zzz', '"zzz" at 1:9 is not a constant of socket, or not on this system'),
        ("1,\r zzz", '"zzz" at 2:2 is not a constant of socket, or not on this system'),
        ("level=1", '"level=1" at 1:1 is a keyword argument: socket methods take theirs by position'),
        ("*[1]", '"*[1]" at 1:1 is neither a literal nor a constant of socket'),
        ('1, open("x")', '"open("x")" at 1:4 is neither a literal nor a constant of socket'),
        ("os.environ", '"os.environ" at 1:1 is neither a literal nor a constant of socket'),
        ("socket.socket.__init__", '"socket.socket.__init__" at 1:1 is neither a literal nor a constant of socket'),
        ('"a" * 9', '""a" * 9" at 1:1 is neither a literal nor a constant of socket'),
        ('1, -"a"', '"-"a"" at 1:4 has a sign before something that is not a number'),
        ("1 | 2.5", '"1 | 2.5" at 1:1 has a | beside something that is not a whole number'),
        ("1)(2", '"1)(2" is not a list of arguments: write values with commas between them'),
        ("1) + f(2", '"1) + f(2" is not a list of arguments: write values with commas between them'),
        ("1, 2)", "not Python at 1:6: unmatched ')'"),
        ("1, (2", "not Python at 1:6: '(' was never closed"),
        ('5, "abc', "not Python at 1:4: unterminated string literal (detected at line 1)"),
        ("1, 2 3", "not Python at 1:4: invalid syntax. Perhaps you forgot a comma?"),
        ("-" * 100_000 + "1", "the arguments are nested too deeply"),
        ("1|" * 5_000 + "1", "the arguments are nested too deeply"),
    ],
)
def test_what_is_no_argument_is_said_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        parse_arguments(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["\0", '"\ud800"', "9" * 5000, "(" * 1000, '"\\q"', "1(2)", "1 is 1", "\x1b[2J"])
def test_odd_texts_are_refused_without_a_word_on_the_screen(
    text: str, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    warnings.simplefilter("always")
    with pytest.raises(ArgumentsError) as caught:
        parse_arguments(text)
    assert str(caught.value).isprintable()
    assert list(recwarn) == []
    assert capfd.readouterr() == ("", "")


@given(st.text(st.characters(exclude_categories=())) | st.text("(),[]\"'\\|~-=*#:\n\r\f \té1ab\0", max_size=12))
def test_no_text_does_anything_but_parse_or_fail(text: str) -> None:
    with contextlib.suppress(ArgumentsError):
        assert isinstance(parse_arguments(text), tuple)


def test_every_method_of_the_bench_is_one_of_a_socket() -> None:
    assert [name for name in METHODS if not callable(getattr(socket.socket, name, None))] == []
    assert set(EXAMPLES) <= set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_the_help_of_a_method_shows_arguments_that_can_be_read(name: str) -> None:
    if name in EXAMPLES:
        assert EXAMPLES[name] in METHODS[name]
        assert len(parse_arguments(EXAMPLES[name])) > 0
    else:
        assert METHODS[name].endswith("; no arguments.")
