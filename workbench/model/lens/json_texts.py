"""JSON texts one after another, with white space between them or not (RFC 8259; json.JSONDecoder.raw_decode)."""

from __future__ import annotations

import json
import re
import string

from workbench.model.lens.format import Format, Naive, label_of
from workbench.model.lens.parser import Cursor, Exactly, Parser, Request, Span
from workbench.model.text.json_note import json_note

LONGEST = 1 << 20
"""Bytes of a text up to which it is kept and checked; of a longer one only strings and brackets are followed."""

_SPACE = b" \t\r\n"
_WORD = (string.ascii_letters + string.digits + "+-.").encode()
_GARBAGE = bytes(set(range(256)) - set(b'{["\n'))
_MOST_GARBAGE = 4096  # bytes that are reported as one
_IN_STRING, _OUTSIDE = re.compile(rb'["\\]'), re.compile(rb'["{}\[\]]')
_KINDS = {b"{": "object", b"[": "array", b'"': "string"}


def _json_texts(cursor: Cursor) -> Parser:
    """Parse concatenated JSON; after bytes that begin no text, go on at the next bracket, quote or line."""
    while True:
        cursor.between = True
        yield Span(_SPACE, keep=0)
        cursor.begin()
        first = bytes((yield Exactly(1)).kept)
        text = bytearray(first)
        if first in _KINDS:
            text += (yield _Rest(first)).kept
        elif first in _WORD:
            text += (yield Span(_WORD, keep=LONGEST)).kept
        else:
            yield Span(_GARBAGE, _MOST_GARBAGE)
            yield cursor.broken("not JSON: no text begins with these bytes")
            continue
        kind = _KINDS.get(first, "value")
        if cursor.at - cursor.start > LONGEST:
            yield cursor.frame(kind, f"{label_of(text)} (too long to check)")
        elif (note := json_note(bytes(text))) == "valid JSON":
            yield cursor.frame(kind, label_of(text))
        else:
            yield cursor.broken(note.replace("JSON is cut", "not JSON"))


class _Rest(Request):
    """All up to what closes the bracket or quote that began a text; brackets within strings do not count."""

    def __init__(self, first: bytes) -> None:
        super().__init__(keep=LONGEST)
        self._string = first == b'"'
        self._depth = 0 if self._string else 1
        self._escaped = False

    def _stop(self, data: bytes, at: int, upto: int) -> int:
        if self._escaped and at < upto:
            self._escaped, at = False, at + 1
        while at < upto and (found := (_IN_STRING if self._string else _OUTSIDE).search(data, at, upto)):
            at = found.end()
            match found[0]:
                case b'"':
                    self._string = not self._string
                case b"{" | b"[":
                    self._depth += 1
                case b"}" | b"]":
                    self._depth -= 1
                case _ if at == upto:
                    self._escaped = True
                case _:
                    at += 1
            if not self._depth and not self._string:
                self.done = True
                return at
        return upto


def _read(data: bytes) -> str:
    json.loads(data.decode())
    return ""


JSON = Format("json", "JSON text", "JSON texts one after another", _json_texts, Naive(lambda: _read, "json.loads"))
