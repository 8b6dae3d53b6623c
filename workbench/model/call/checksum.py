"""Checksums that protocols append to a message."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32


def crc16(data: bytes, start: int = 0xFFFF, polynomial: int = 0x1021) -> int:
    """Return CRC-16/CCITT-FALSE: polynomial 0x1021, begun with 0xFFFF."""
    crc = start
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def crc16_modbus(data: bytes) -> int:
    """Return CRC-16/MODBUS: the same with the bits the other way round, polynomial 0xA001."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def lrc(data: bytes) -> int:
    """Return the two's complement of the sum of all bytes (Modbus ASCII)."""
    return -sum(data) & 0xFF


CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "crc16": lambda data: crc16(data).to_bytes(2),
    "modbus": lambda data: crc16_modbus(data).to_bytes(2, "little"),
    "crc32": lambda data: crc32(data).to_bytes(4),
    "sum8": lambda data: bytes([sum(data) & 0xFF]),
    "xor8": lambda data: bytes([_xor(data)]),
    "lrc": lambda data: bytes([lrc(data)]),
}
"""By name, as the bytes that are appended: the most significant one first, but for Modbus, which has it last."""


def _xor(data: bytes) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result
