from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.model.hexdump import plain_line
from workbench.report.dump import dump


def line_by_line(data, width, indent):
    return "".join(" " * indent + plain_line(data, at, width) + "\n" for at in range(0, len(data), width))


@given(st.binary(max_size=300), st.sampled_from([8, 16, 32]), st.integers(0, 7))
@example(bytes(range(256)), 16, 0)
def test_it_is_the_hexdump_line_by_line(data, width, indent):
    assert "".join(dump(data, width, indent)) == line_by_line(data, width, indent)


@pytest.mark.parametrize("size", [65535, 65536, 65537, 1 << 17, 200_003])
def test_it_is_the_same_across_its_blocks(size):
    data = bytes(range(251)) * (size // 251 + 1)
    assert "".join(dump(data[:size], 16)) == line_by_line(data[:size], 16, 0)
