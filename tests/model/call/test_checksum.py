"""The check values that everybody gives for the text 123456789, and Modbus's own example."""

from __future__ import annotations

import pytest

from workbench.model.call.checksum import CHECKSUMS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("crc16", "29b1"),
        ("modbus", "374b"),
        ("crc32", "cbf43926"),
        ("sum8", "dd"),
        ("xor8", "31"),
        ("lrc", "23"),
    ],
)
def test_the_check_value(name: str, expected: str) -> None:
    assert CHECKSUMS[name](b"123456789").hex() == expected


def test_modbus_has_the_least_significant_byte_first() -> None:
    assert CHECKSUMS["modbus"](bytes.fromhex("010300000001")).hex() == "840a"
