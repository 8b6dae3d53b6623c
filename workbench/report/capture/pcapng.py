"""The pcapng file format: a capture of Ethernet frames, each with its time and a comment.

draft-ietf-opsawg-pcapng. Written here because it is little: three kinds of block, and no library needed to export.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _NAME, _DESCRIPTION, _APPLICATION, _RESOLUTION = 1, 2, 3, 4, 9
_ETHERNET = 1
_LONGEST_OPTION = 0xFFFC


class Capture:
    """Writes blocks to *out*: what heads the file at once, then a frame at a time."""

    def __init__(self, out: BinaryIO, *, application: str, interface: str, description: str, comment: str) -> None:
        self._out = out
        head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)  # the byte order's mark, version 1.0, length not told
        self._block(_SECTION, head, _option(_COMMENT, comment) + _option(_APPLICATION, application))
        options = _option(_NAME, interface) + _option(_DESCRIPTION, description) + _raw_option(_RESOLUTION, b"\x09")
        self._block(_INTERFACE, struct.pack("<HHI", _ETHERNET, 0, 0), options)  # times in units of 10**-9 s

    def frame(self, time: int, frame: bytes, comment: str = "", missing: int = 0) -> None:
        """Write a frame that was seen at *time*, in ns since 1970; *missing* bytes at its end were not captured."""
        time = min(max(time, 0), 2**64 - 1)
        head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame) + missing)
        self._block(_PACKET, head + _padded(frame), _option(_COMMENT, comment))

    def _block(self, kind: int, body: bytes, options: bytes) -> None:
        end = bytes(4) if options else b""
        length = struct.pack("<I", 12 + len(body) + len(options) + len(end))
        self._out.write(struct.pack("<I", kind) + length + body + options + end + length)


def _option(code: int, text: str) -> bytes:
    return _raw_option(code, text.encode("utf-8", "replace")[:_LONGEST_OPTION]) if text else b""


def _raw_option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
