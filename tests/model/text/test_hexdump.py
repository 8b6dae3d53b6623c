from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.model.call.payload import parse_hex
from workbench.model.text.hexdump import (
    ASCII,
    CLASS,
    COLOURS,
    SIGNS,
    ByteRun,
    Category,
    CutCharacter,
    TextEncoding,
    as_hex,
    as_python,
    as_text,
    cut_character,
    hex_column,
    line,
    offset_digits,
    plain_line,
    text_cells,
)

HELLO = b'{"op":"hello","id":7,"name":"\xc3\xa9t\xc3\xa9"}\r\n'
ENCODINGS: list[TextEncoding] = ["ascii", "utf-8", "gbk"]
MIXED = st.lists(
    st.one_of(st.binary(max_size=5), st.text(max_size=5).map(str.encode), st.just("你é".encode("gbk")))
).map(b"".join)


def dump(data: bytes, width: int = 16, encoding: TextEncoding = "ascii") -> list[str]:
    return [plain_line(data, offset, width, encoding) for offset in range(0, len(data), width)]


def test_a_dump_of_16_bytes_a_line() -> None:
    assert dump(HELLO) == [
        '0000 7b 22 6f 70 22 3a 22 68  65 6c 6c 6f 22 2c 22 69  {"op":"hello","i',
        '0010 64 22 3a 37 2c 22 6e 61  6d 65 22 3a 22 c3 a9 74  d":7,"name":"××t',
        '0020 c3 a9 22 7d 0d 0a                                 ××"}¬¬',
    ]
    assert len(dump(HELLO)[0]) == 71


def test_a_dump_of_8_and_of_32_bytes_a_line() -> None:
    assert dump(b"GET / HTTP\0", 8) == ["0000 47 45 54 20 2f 20 48 54  GET / HT", "0008 54 50 00                 TP⋄"]
    assert dump(bytes(range(64, 97)), 32) == [
        "0000 40 41 42 43 44 45 46 47  48 49 4a 4b 4c 4d 4e 4f  50 51 52 53 54 55 56 57  58 59 5a 5b 5c 5d 5e 5f"
        "  @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_",
        "0020 60" + " " * 98 + "`",
    ]


def test_the_offsets_of_a_dump_all_have_the_digits_of_the_last() -> None:
    data = bytes(0x10001)
    assert [plain_line(data, offset).split()[0] for offset in (0, 0x10000)] == ["00000", "10000"]
    assert [offset_digits(size) for size in (0, 1, 0x10000, 0x10001, 0x100001)] == [4, 4, 4, 5, 6]


def test_a_line_is_cut_into_runs_of_one_category() -> None:
    shown = line(b"ab\0\0 \n\x1b\x7f\xff", 0)
    assert shown.runs == (
        ByteRun(0, 2, Category.PRINTABLE),
        ByteRun(2, 4, Category.NUL),
        ByteRun(4, 6, Category.SPACE),
        ByteRun(6, 8, Category.CONTROL),
        ByteRun(8, 9, Category.NON_ASCII),
    )
    assert [shown.hex_of(run) for run in shown.runs] == ["61 62 ", "00 00 ", "20 0a ", "1b 7f  ", "ff "]
    assert [shown.text_of(run) for run in shown.runs] == ["ab", "⋄⋄", " ¬", "••", "×"]


def test_a_wide_character_whose_bytes_are_of_two_categories_is_drawn_with_its_first_run() -> None:
    shown = line("吧丂".encode("gbk"), 0, encoding="gbk")  # 丂 is 81 40: the second byte alone is "@"
    assert [shown.text_of(run) for run in shown.runs] == ["吧丂", ""]


def test_every_category_can_be_told_by_its_sign_alone() -> None:
    assert {category: set() for category in Category} | {
        category: {ASCII[byte] for byte in range(256) if CLASS[byte] == category} for category in Category
    } == {
        Category.NUL: {"⋄"},
        Category.PRINTABLE: {chr(byte) for byte in range(0x21, 0x7F)},
        Category.SPACE: {" ", "¬"},
        Category.CONTROL: {"•"},
        Category.NON_ASCII: {"×"},
    }
    assert [sign for sign in SIGNS.values() if cell_len(sign) != 1] == []
    assert set(COLOURS) == set(Category)


@given(st.binary(min_size=1, max_size=80), st.sampled_from([8, 16, 32]), st.sampled_from(ENCODINGS))
def test_the_runs_of_a_line_make_its_columns(data: bytes, width: int, encoding: TextEncoding) -> None:
    for offset in range(0, len(data), width):
        shown = line(data, offset, width, encoding)
        size = len(data[offset : offset + width])
        padding = shown.hex[hex_column(size) :]
        assert "".join(map(shown.hex_of, shown.runs)) + padding == shown.hex
        assert padding.strip() == ""
        assert bytes.fromhex(shown.hex) == data[offset : offset + width]
        assert "".join(map(shown.text_of, shown.runs)) == shown.text
        assert len(shown.hex) == hex_column(width - 1) + 2


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        ("été".encode(), "utf-8", "é·té·"),
        ("你好!".encode(), "utf-8", "你·好·!"),
        ("😀\n".encode(), "utf-8", "😀··¬"),
        ("e\u0301\u202e".encode(), "utf-8", "e·····"),
        ("\x85\u2028".encode(), "utf-8", "·····"),
        (b"\x00\x1b[2J\x7f", "utf-8", "⋄•[2J•"),
        (b"caf\xe9 \xc3", "utf-8", "caf× ×"),
        (b"\xed\xa0\x80\xc0\x80\xf5", "utf-8", "××××××"),
        (b"\x82\xac!\xe2\x82", "utf-8", "××!××"),
        ("你好!".encode("gbk"), "gbk", "你好!"),
        ("éа ".encode("gbk"), "gbk", "é·а· "),
        (b"\xc4\xe3\xba", "gbk", "你×"),
        (b"\x80\xff\x81\x20\xa2\xa0\x81\x7f", "gbk", "××× ×××•"),
        ("你é".encode(), "ascii", "×××××"),
    ],
)
def test_the_text_column(data: bytes, encoding: TextEncoding, text: str) -> None:
    assert "".join(text_cells(data, 0, len(data), encoding)) == text


@pytest.mark.parametrize(
    ("data", "encoding", "lines"),
    [
        (b"1234567" + "你好".encode(), "utf-8", ["1234567×", "××好·"]),
        (b"123456" + "你好".encode(), "utf-8", ["123456××", "×好·"]),
        (b"12345" + "😀x".encode(), "utf-8", ["12345×××", "×x"]),
        (b"1234567" + "😀x".encode(), "utf-8", ["1234567×", "×××x"]),
        (b"1234567" + "你好".encode("gbk"), "gbk", ["1234567×", "×好"]),
        ("你好吗吧你好吗吧".encode("gbk"), "gbk", ["你好吗吧", "你好吗吧"]),
        (b"\x80" + "你好吗吧你好吗吧".encode("gbk"), "gbk", ["×你好吗×", "×你好吗×", "×"]),
    ],
)
def test_a_character_cut_by_a_line_end_is_marked_on_both_lines(
    data: bytes, encoding: TextEncoding, lines: list[str]
) -> None:
    assert [line(data, offset, 8, encoding).text for offset in range(0, len(data), 8)] == lines


@given(MIXED, st.integers(0, 40), st.integers(0, 40), st.sampled_from(ENCODINGS))
def test_the_text_column_takes_one_cell_a_byte(data: bytes, start: int, size: int, encoding: TextEncoding) -> None:
    start, stop = min(start, len(data)), min(start + size, len(data))
    text = "".join(text_cells(data, start, stop, encoding))
    assert cell_len(text) == stop - start
    assert text.isprintable()


@given(MIXED, st.integers(0, 40), st.sampled_from(ENCODINGS))
def test_where_a_line_begins_changes_only_the_characters_it_cuts(
    data: bytes, start: int, encoding: TextEncoding
) -> None:
    start = min(start, len(data))
    whole, part = line(data, 0, 512, encoding).cells, line(data, start, 512, encoding).cells
    rest = whole[start:]
    cut = next(
        (index for index, pair in enumerate(zip(part, rest, strict=True)) if pair[0] == pair[1] != ""), len(part)
    )
    assert part[cut:] == rest[cut:]
    assert set(part[:cut]) <= {"×"}
    assert cut <= 3


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_beyond_the_data_there_is_no_text(encoding: TextEncoding) -> None:
    assert "".join(text_cells("é".encode(), 1, 9, encoding)) == "×"
    assert "".join(text_cells(b"\x81", 2, 9, encoding)) == ""


def test_gbk_borders_are_found_in_a_long_run_of_pairs() -> None:
    data = b"!" + "你".encode("gbk") * 3000
    assert "".join(text_cells(data, 5001, 5005, "gbk")) == "你你"
    assert "".join(text_cells(data, 4000, 4004, "gbk")) == "×你×"


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"", CutCharacter()),
        (b"plain", CutCharacter()),
        ("héllo 你好".encode(), CutCharacter()),
        (b"a\xe2", CutCharacter(0, 1, 3)),
        (b"a\xe2\x82", CutCharacter(0, 2, 3)),
        (b"\xf0\x9f\x98", CutCharacter(0, 3, 4)),
        (b"\xc3", CutCharacter(0, 1, 2)),
        (b"\x82\xacb", CutCharacter(2)),
        (b"\x98\x80", CutCharacter(2)),
        (b"\xa9t\xc3", CutCharacter(1, 1, 2)),
        (b"\x80\x80\x80\x80", CutCharacter()),
        (b"\xff\xfe\x00", CutCharacter()),
        (b"caf\xe9 ol\xe9", CutCharacter()),
        (b"a\xed\xa0", CutCharacter()),
        (b"a\xc0", CutCharacter()),
    ],
)
def test_a_character_cut_at_the_edges(data: bytes, cut: CutCharacter) -> None:
    assert cut_character(data) == cut


@given(st.text(), st.integers(0, 60))
def test_two_pieces_of_a_text_agree_on_the_character_cut_between_them(text: str, at: int) -> None:
    data = text.encode()
    before, after = cut_character(data[:at]), cut_character(data[at:])
    assert before.head == 0
    assert before.need - before.have == after.head
    assert after.have == 0


@given(st.binary())
def test_copied_hex_is_read_back_by_the_composer(data: bytes) -> None:
    assert parse_hex(as_hex(data)) == data


def test_copied_hex_has_16_bytes_a_line() -> None:
    assert as_hex(bytes(range(18))) == "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n10 11"


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (HELLO, "utf-8", '{"op":"hello","id":7,"name":"été"}\n'),
        ("你好\t\u3000e\u0301".encode(), "utf-8", "你好\t\u3000e\u0301"),
        ("你好".encode("gbk"), "gbk", "你好"),
        (b"caf\xe9", "utf-8", r"caf\xe9"),
        ("é".encode(), "ascii", r"\xc3\xa9"),
        (b"\x1b[2J\x00 one\rtwo\x7f", "utf-8", r"\x1b[2J\x00 one\rtwo\x7f"),
        ("\u202eabc\x9b".encode(), "utf-8", r"\u202eabc\x9b"),
        ("a\u2028b".encode(), "utf-8", r"a\u2028b"),
    ],
)
def test_copied_text(data: bytes, encoding: str, text: str) -> None:
    assert as_text(data, encoding) == text


@given(st.binary() | st.text(min_size=50).map(str.encode) | st.text("'\"\\\n", min_size=50).map(str.encode))
def test_copied_python_is_those_bytes(data: bytes) -> None:
    source = as_python(data)
    assert ast.literal_eval(source) == data
    assert max(map(len, source.splitlines())) <= 72


def test_long_python_is_wrapped_in_parentheses() -> None:
    assert as_python(b"short\n") == r"b'short\n'"
    assert as_python(b"a" * 64 + b"\0bc") == f"(\n    b'{'a' * 64}'\n    b'\\x00bc'\n)"
