from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.model.text.hexdump import CLASS, Category, plain_line
from workbench.report.coloured import coloured
from workbench.report.dump import dump

SIZES = [511, 512, 513, 1000, 16383, 16385, 65535, 65536, 65537, 1 << 17, 200_003]


def line_by_line(data, width, indent):
    return "".join(" " * indent + plain_line(data, at, width) + "\n" for at in range(0, len(data), width))


def uncoloured(text):
    return re.sub("\x1b\\[[0-9]+m", "", text)


def category_of(byte):
    return Category(CLASS[byte])


@given(st.binary(max_size=300), st.sampled_from([8, 16, 32]), st.integers(0, 7))
@example(bytes(range(256)), 16, 0)
def test_it_is_the_hexdump_line_by_line(data, width, indent):
    assert "".join(dump(data, width, indent)) == line_by_line(data, width, indent)


@pytest.mark.parametrize("width", [8, 16, 32])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_the_same_at_every_size(size, width):
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    expected = line_by_line(data, width, 0)
    assert "".join(dump(data, width)) == expected
    assert uncoloured("".join(coloured(data, width))) == expected


@given(st.binary(max_size=300), st.sampled_from([8, 16, 32]), st.integers(0, 7))
@example(bytes(range(256)), 16, 0)
def test_in_colours_it_is_the_same_and_each_byte_has_that_of_its_category(data, width, indent):
    lines = "".join(coloured(data, width, indent))
    assert uncoloured(lines) == line_by_line(data, width, indent)
    colours = {f"\x1b[{code}m": category for category, code in zip(Category, (90, 36, 32, 35, 33), strict=True)}
    for line, start in zip(lines.splitlines(), range(0, len(data), width), strict=True):
        category, found = None, []
        for escape, text in re.findall("(\x1b\\[[0-9]+m)?([^\x1b]*)", line.split("\x1b[0m", 1)[1]):
            category = colours.get(escape, category)
            found += [category] * len("".join(text.split()))
        categories = [category_of(byte) for byte in data[start : start + width]]
        spaces = data[start : start + width].count(b" ")
        assert found[: 2 * len(categories)] == [category for category in categories for _ in "xx"]
        assert len(found) == 3 * len(categories) - spaces
