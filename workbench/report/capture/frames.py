"""Frames as a network card would have seen them: Ethernet, IP, TCP and UDP headers with right checksums.

RFC 791 and 8200 (IP), 9293 (TCP), 768 (UDP), 1071 (checksum). The Ethernet addresses are zero, as on a loopback device.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

FIN, SYN, RST, PUSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

LARGEST_SEGMENT = 65475
"""Bytes of data in one TCP segment: what Linux takes over loopback; with its headers it fits into an IP packet."""
LARGEST_DATAGRAM = {4: 65507, 16: 65527}
"""Bytes of data in one UDP datagram, by the length of the IP address."""
SYN_OPTIONS = struct.pack(">BBHBBBB", 2, 4, LARGEST_SEGMENT, 1, 3, 3, 14)
"""Maximum segment size, and a window scale of 14: so the window of 65535 stands for 1 GiB and is never full."""

_TCP, _UDP = 6, 17
_HOP_LIMIT = 64
_DONT_FRAGMENT = 0x4000


class Host(NamedTuple):
    """A packed IP address (4 or 16 bytes) and a port."""

    ip: bytes
    port: int


def tcp(source: Host, target: Host, seq: int, ack: int, flags: int, data: bytes = b"", options: bytes = b"") -> bytes:
    """Return a frame with one TCP segment; *seq* and *ack* count modulo 2**32; *options*: a multiple of 4 bytes."""
    offset_and_flags = (5 + len(options) // 4) << 12 | flags
    ports = struct.pack(
        ">HHIIHH", source.port, target.port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset_and_flags, 0xFFFF
    )
    rest = b"\0\0" + options + data  # behind the checksum: no urgent data
    check = checksum(_pseudo_header(source, target, _TCP, len(ports) + 2 + len(rest)) + ports + rest)
    return _ip(source, target, _TCP, ports + check.to_bytes(2, "big") + rest)


def udp(source: Host, target: Host, data: bytes, size: int | None = None) -> bytes:
    """Return a frame with one datagram; *size* where it had more bytes than *data*, and the frame is cut short."""
    length = 8 + max(len(data), size or 0)
    ports = struct.pack(">HHH", source.port, target.port, length)
    check = checksum(_pseudo_header(source, target, _UDP, length) + ports + data) or 0xFFFF
    return _ip(source, target, _UDP, ports + check.to_bytes(2, "big") + data, length)


def checksum(data: bytes) -> int:
    """Return the Internet checksum of *data*, in which something must not be zero.

    A sum of 16-bit words with the carries added is the remainder modulo 0xFFFF, which a whole number gives in one step.
    """
    number = int.from_bytes(data + bytes(len(data) % 2), "big")
    return 0xFFFF - (number % 0xFFFF or 0xFFFF)


def _pseudo_header(source: Host, target: Host, protocol: int, length: int) -> bytes:
    return source.ip + target.ip + struct.pack(">II", length, protocol)


def _ip(source: Host, target: Host, protocol: int, payload: bytes, length: int | None = None) -> bytes:
    length = len(payload) if length is None else length
    if len(source.ip) == 16:
        head = struct.pack(">IHBB", 6 << 28, length, protocol, _HOP_LIMIT) + source.ip + target.ip
        return bytes(12) + b"\x86\xdd" + head + payload
    begin = struct.pack(">BBHHHBB", 0x45, 0, 20 + length, 0, _DONT_FRAGMENT, _HOP_LIMIT, protocol)
    check = checksum(begin + source.ip + target.ip)
    return bytes(12) + b"\x08\x00" + begin + check.to_bytes(2, "big") + source.ip + target.ip + payload
