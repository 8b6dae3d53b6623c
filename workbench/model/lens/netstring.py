"""netstring: the length in decimal digits, a colon, the data, a comma (cr.yp.to/proto/netstrings.txt)."""

from __future__ import annotations

from workbench.model.lens.format import Format, Naive, compare, label_of
from workbench.model.lens.parser import DIGITS, MOST_DIGITS, Cursor, Exactly, Parser, Span


def _parse(cursor: Cursor) -> Parser:
    while True:
        digits = yield Span(DIGITS, MOST_DIGITS)
        colon = yield Exactly(1)
        if not digits.kept or colon.kept != b":" or (len(digits.kept) > 1 and digits.kept.startswith(b"0")):
            yield cursor.broken("no netstring: it does not begin with a length and a colon", lost=True)
            return
        cursor.whole = cursor.at - cursor.start + int(digits.kept) + 1
        data = yield Exactly(int(digits.kept))
        comma = yield Exactly(1)
        if comma.kept != b",":
            yield cursor.broken("no netstring: no comma follows its data", lost=True)
            return
        yield cursor.frame("netstring", label_of(data.kept))


def _read(data: bytes) -> str:
    digits, rest = data.split(b":", 1)
    length = int(digits)
    if rest[length] != ord(","):
        return "no comma where the data should end"
    return compare(length + 1, len(rest))


NETSTRING = Format("netstring", "netstring", "netstrings: 5:hello,", _parse, Naive(lambda: _read, "the parser"))
