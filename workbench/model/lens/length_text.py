r"""length-text: messages that begin with their length in decimal digits.

A line feed after the digits belongs to the prefix. Without one the data begins with the first byte that is no digit,
as where a program sends the length, awaits an acknowledgement, and sends the data: such a stream is ambiguous where
the data begins with a digit or a line feed.
"""

from __future__ import annotations

from workbench.model.lens.format import Format, Naive, Reader, compare, label_of
from workbench.model.lens.parser import DIGITS, MOST_DIGITS, Cursor, Exactly, Parser, Span


def _parse(cursor: Cursor) -> Parser:
    while True:
        digits = yield Span(DIGITS, MOST_DIGITS)
        if not digits.kept:
            yield Exactly(1)
            yield cursor.broken("no length: the message does not begin with a digit", lost=True)
            return
        yield Span(b"\n", 1)
        cursor.whole = cursor.at - cursor.start + int(digits.kept)
        data = yield Exactly(int(digits.kept))
        yield cursor.frame("message", label_of(data.kept))


def _naive() -> Reader:
    """Take one recv for the length, and the next for the data: the loop of the tutorials, without the loop."""
    expected: list[int] = []

    def read(data: bytes) -> str:
        if expected:
            return compare(expected.pop(), len(data))
        expected.append(int(data.decode()))
        return ""

    return read


LENGTH_TEXT = Format(
    *("length-text", "message", r"the length in digits (and \n), then the data"),
    parser=_parse,
    naive=Naive(_naive, "int", takes_two=True),
)
