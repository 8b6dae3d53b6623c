"""What becomes of a program that takes one recv for one message: its own lines, run on what each recv returned."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workbench.model.lens.formats import SIZE_KEYS
from workbench.model.lens.lens import find_format
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

_LONGEST = 100  # characters of an exception's message


@dataclass(frozen=True, slots=True)
class Slip:
    """What went wrong with one recv; *exception* is "" where such a program goes on with wrong data."""

    exception: str
    """The exception's name and message, such as "JSONDecodeError: Extra data: line 1 column 3 (char 2)"."""
    text: str
    """One line for a person, such as "json.loads would raise …" or "2 lines taken for one"."""


Reader = Callable[[bytes], str]
"""Takes what one recv returned for one message; returns what is silently wrong, or "", or raises as programs do."""


def naive(lens: str, pieces: Iterable[bytes]) -> list[Slip | None]:
    """Return for each recv's bytes what a naive program for format *lens* does wrong with it, None where all is well.

    Raises UnknownLens.
    """
    program = NaiveProgram(lens)
    return [program.receive(piece) for piece in pieces]


class NaiveProgram:
    """A program that takes one recv for one message of a format."""

    def __init__(self, lens: str) -> None:
        """Raises UnknownLens."""
        self._reader, self._says = _program(find_format(lens).name)
        self.takes_two = find_format(lens).name == "length-text"
        """Whether it takes two recvs for a message: one for its length, one for its data."""

    def receive(self, data: bytes) -> Slip | None:
        """Return what it does wrong with what one recv returned; nothing with b"", which it takes for the end."""
        if not data:
            return None
        try:
            silent = self._reader(data)
        except (ValueError, KeyError, IndexError, TypeError, struct.error, RecursionError) as error:
            kind = "struct.error" if isinstance(error, struct.error) else type(error).__name__
            exception = f"{kind}: {cut(safe(str(error)), _LONGEST)}"
            return Slip(exception, f"one recv taken for one message: {self._says} raises {exception}")
        return Slip("", f"one recv taken for one message: {cut(silent, _LONGEST)}") if silent else None


def _program(name: str) -> tuple[Reader, str]:
    """Return the naive program for a format, and the call in it that may raise."""
    kind, _, detail = name.partition("-")
    match kind:
        case "lines":
            return _delimited(b"\n", "line"), "decode"
        case "nul":
            return _delimited(b"\0", "text"), "decode"
        case "length" if detail == "text":
            return _length_text(), "int"
        case "length":
            order = "<" if detail.endswith("le") else ">"
            return _packed(order + {"u8": "B", "u16": "H", "u32": "I"}[detail.removesuffix("be").removesuffix("le")])
        case "netstring":
            return _netstring, "the parser"
        case "header":
            return _header_json("<I" if detail.endswith("le") else ">I"), "the parser"
        case "http":
            return _http, "split"
        case "fixed":
            return _fixed(int(detail)), "struct.unpack"
        case _:
            return _json, "json.loads"


def _json(data: bytes) -> str:
    json.loads(data.decode())
    return ""


def _delimited(by: bytes, unit: str) -> Reader:
    def read(data: bytes) -> str:
        data.decode()
        count = data.count(by)
        if not data.endswith(by):
            return f"half a {unit}" if not count else f"{_many(count, unit)} and a half taken for one"
        return f"{_many(count, unit)} taken for one" if count > 1 else ""

    return read


def _packed(layout: str) -> tuple[Reader, str]:
    width = struct.calcsize(layout)

    def read(data: bytes) -> str:
        (length,) = struct.unpack(layout, data[:width])
        return _compare(length, len(data) - width)

    return read, "struct.unpack"


def _length_text() -> Reader:
    """Take one recv for the length, and the next for the data: the loop of the tutorials, without the loop."""
    expected: list[int] = []

    def read(data: bytes) -> str:
        if expected:
            return _compare(expected.pop(), len(data))
        expected.append(int(data.decode()))
        return ""

    return read


def _netstring(data: bytes) -> str:
    digits, rest = data.split(b":", 1)
    length = int(digits)
    comma = rest[length]
    if comma != ord(","):
        return "no comma where the data should end"
    return _compare(length + 1, len(rest))


def _header_json(layout: str) -> Reader:
    def read(data: bytes) -> str:
        (length,) = struct.unpack(layout, data[:4])
        header = json.loads(data[4 : 4 + length].decode())
        key = next((key for key in SIZE_KEYS if key in header), SIZE_KEYS[0])
        return _compare(header[key], len(data) - 4 - length)

    return read


def _http(data: bytes) -> str:
    head, body = data.split(b"\r\n\r\n", 1)
    start, *lines = head.decode("latin-1").split("\r\n")
    _, _, _ = start.split(" ", 2)
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    if "content-length" in headers:
        return _compare(int(headers["content-length"]), len(body))
    return ""


def _fixed(size: int) -> Reader:
    def read(data: bytes) -> str:
        struct.unpack(f"{size}s", data)
        return ""

    return read


def _compare(promised: int, came: int) -> str:
    """Say what is wrong where *came* bytes are taken for the *promised* ones."""
    if came < promised:
        return f"{came} of {_many(promised, 'byte')} taken for all"
    return f"{_many(came - promised, 'byte')} after the message thrown away" if came > promised else ""


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' * (count != 1)}"
