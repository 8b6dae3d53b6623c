from __future__ import annotations

import pytest

from workbench.report.filters import parse_find


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
