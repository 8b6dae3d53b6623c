from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.model.text.safe import cells, safe

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize("text", ["", "GET / HTTP/1.1", "été", "你好", "[/nope]", "日本語 кот", "😀"])
def test_what_people_write_stays(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]0;title\x07", "·]0;title·"),
        ("a\x00b\x7f", "a·b·"),
        ("\x9b2J", "·2J"),
        ("one\r\ntwo", "one·␊two"),
        ("tab\there", "tab·here"),
        ("abc\u202edcb\u2066", "abc·dcb·"),
        ("e\u0301 \u20dd", "e· ·"),
        ("zero\u200bwidth\ufeff", "zero·width·"),
        ("lone \ud800", "lone ·"),
        ("jamo ᄀ\u1161, filler \u3164", "jamo ᄀ·, filler ·"),
        ("no\u00a0break, line\u2028end", "no·break, line·end"),
    ],
)
def test_what_steers_a_terminal_is_replaced(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


def test_the_sign_for_a_newline_can_be_chosen() -> None:
    assert safe("one\ntwo\x1b", newline=" ") == "one two·"


@given(ANY_TEXT)
def test_one_character_stays_one_and_none_is_a_control(text: str) -> None:
    result = safe(text)
    assert len(result) == len(text)
    assert result.isprintable()
    assert not any(unicodedata.combining(char) or "\u202a" <= char <= "\u202e" for char in result)
    assert safe(result) == result


def test_cells_of_every_safe_character_are_those_that_rich_counts() -> None:
    every = (safe(chr(code)) for code in range(0x110000))
    assert [hex(ord(char)) for char in every if cells(char) != cell_len(char)] == []


def test_cells_of_wide_characters_count_twice() -> None:
    assert cells("a你b") == 4
