"""HTTP/1 messages: a start line, headers, and a body as RFC 9112, section 6, tells its length.

One direction of a connection does not tell which request a response answers: the answer to HEAD, which has the length
of a body and no body, is taken for one whose body is still to come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.model.lens.format import Format, Naive, compare, label_of
from workbench.model.lens.parser import Broken, Cursor, Exactly, Parser, Rest, Until

_LONGEST_LINE = 8192
_REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+) HTTP/1\.[01]\r?\n")
_RESPONSE = re.compile(rb"HTTP/1\.[01] ((\d{3})(?: [^\r\n]*)?)\r?\n")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_EMPTY = (b"\r\n", b"\n")


@dataclass
class _Head:
    """What the start line and the headers tell."""

    kind: str
    label: str
    status: bytes = b""
    length: int | None = None
    chunked: bool = False
    wrong: str = ""

    def feed(self, line: bytes) -> None:
        """Take in a header."""
        name, colon, value = line.partition(b":")
        value = value.strip()
        match name.lower() if colon else b"":
            case b"content-length":
                length = int(value) if _LENGTH.fullmatch(value) else None
                if length is None or self.length not in (None, length):
                    self.wrong = self.wrong or "broken HTTP: the Content-Length is no length"
                self.length = length
            case b"transfer-encoding":
                self.chunked = value.lower().split(b",")[-1].strip() == b"chunked"
            case b"" if line[:1] not in b" \t":
                self.wrong = self.wrong or "broken HTTP: a header has no colon"


def _http(cursor: Cursor) -> Parser:
    """Parse HTTP/1 messages; after bytes that are none, go on at the next start line."""
    while True:
        cursor.begin()
        line = bytes((yield Until(b"\n", _LONGEST_LINE, _LONGEST_LINE)).kept)
        if line in _EMPTY:  # RFC 9112, section 2.2: to be ignored before a start line
            cursor.begin()
            continue
        head = _start(line)
        if head is None:
            yield cursor.broken("broken HTTP: no start line")
            continue
        yield from _headers(head)
        if not head.wrong:
            yield from _body(head, cursor)
        yield cursor.broken(head.wrong) if head.wrong else cursor.frame(head.kind, head.label)
        if head.status == b"101":
            cursor.begin()
            yield Exactly(1)
            yield Broken(cursor.start, cursor.at, "after the switch of protocols it is no longer HTTP", lost=True)
            return


def _start(line: bytes) -> _Head | None:
    if found := _RESPONSE.fullmatch(line):
        return _Head("response", label_of(found[1]), found[2])
    if found := _REQUEST.fullmatch(line):
        return _Head("request", label_of(found[1]))
    return None


def _headers(head: _Head) -> Parser:
    while True:
        line = bytes((yield Until(b"\n", _LONGEST_LINE, _LONGEST_LINE)).kept)
        if line in _EMPTY:
            return
        head.feed(line)
        if not line.endswith(b"\n"):
            head.wrong = head.wrong or f"broken HTTP: a header longer than {_LONGEST_LINE} bytes"
            return


def _body(head: _Head, cursor: Cursor) -> Parser:
    if head.status[:1] == b"1" or head.status in (b"204", b"304"):
        return
    if head.chunked:
        yield from _chunks(head)
    elif head.length is not None:
        cursor.whole = cursor.at - cursor.start + head.length
        yield Exactly(head.length)
    elif head.kind == "response":
        yield Rest()


def _chunks(head: _Head) -> Parser:
    while True:
        line = yield Until(b"\n", _LONGEST_LINE, _LONGEST_LINE)
        found = _CHUNK.fullmatch(bytes(line.kept))
        if found is None:
            head.wrong = "broken HTTP: a chunk does not begin with its size"
            return
        if size := int(found[1], 16):
            yield Exactly(size)
            if (yield Until(b"\n", 2)).kept not in _EMPTY:
                head.wrong = "broken HTTP: a chunk is longer than its size"
                return
        else:
            yield from _headers(_Head("", ""))
            return


def _read(data: bytes) -> str:
    head, body = data.split(b"\r\n\r\n", 1)
    start, *lines = head.decode("latin-1").split("\r\n")
    _, _, _ = start.split(" ", 2)
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    if "content-length" in headers:
        return compare(int(headers["content-length"]), len(body))
    return ""


HTTP = Format("http", "message", "HTTP/1 requests or responses", _http, Naive(lambda: _read, "split"))
