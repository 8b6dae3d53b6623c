from __future__ import annotations

import pytest

from workbench.model.call.size import SizeError, parse_size, size_text


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), ("1k", 1024), ("500M", 500 << 20), ("1.5 GiB", 3 << 29), ("2gb", 2 << 30), (" 1T ", 1 << 40)],
)
def test_a_size(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "much", "1e9", "1 PB", "9" * 30, "nan", "9" * 15 + "T"])
def test_no_size(text: str) -> None:
    with pytest.raises(SizeError, match=r"is no size: write bytes, or 500M, 2G …$"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1 << 30, "1 GiB"), (5 << 38, "1.25 TiB")]
)
def test_a_size_in_words(size: int, text: str) -> None:
    assert size_text(size) == text
