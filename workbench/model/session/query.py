"""A query: words that say which calls of a session are meant.

    socket:conn 1  call:recv  dir:in  error  error:ECONNRESET  after:1.5  before:3  "text"  0xdead  /regular expr/

A call has to have all that is asked for; of several sockets, calls or errors, one. The log's filter and `show --where`
read the same words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from workbench.model.call.call import FAILED, RECEIVED, SENT, Call
from workbench.model.text.fit import quoted
from workbench.model.words.error_sentence import errno_name
from workbench.probe.format import CODE

REACH = 256
"""Bytes that a regular expression may match on either side of the border between two calls of a stream."""
WORDS = 'socket:NAME call:NAME dir:in|out error[:NAME] after:SECONDS before:SECONDS "text" 0xHEX /regex/'

_STRING = r'"(?:\\.|[^"\\])*"'
_TOKEN = re.compile(
    rf"(?P<key>[a-z]+):(?P<value>{_STRING}|[^\s\"]+)(?!\S)|(?P<text>{_STRING})(?!\S)"
    r"|(?P<regex>/(?:\\.|[^/\\])+/)(?!\S)|(?P<word>\S+)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0"}
_MARKS = {"in": RECEIVED, "out": SENT}


class QueryError(ValueError):
    """A word of the query is wrong; the message says in a sentence what to write instead."""


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes that are sought: a pattern, and how far it can reach over the border between two calls of a stream."""

    pattern: re.Pattern[bytes]
    reach: int


@dataclass(frozen=True)
class Query:
    """What a call must have; what is empty is not asked for."""

    sockets: tuple[str, ...] = ()
    """Ids, such as "4711.3", or names, such as "conn 1"."""
    calls: tuple[str, ...] = ()
    direction: str = ""
    """"in" or "out"."""
    error: bool = False
    """Failed, but not by being cancelled: nothing went wrong there."""
    errors: tuple[str, ...] = ()
    """Names of exceptions or of errnos, casefolded."""
    after: float | None = None
    """Seconds since the session began, as for *before*, of the call's start."""
    before: float | None = None
    needles: tuple[Needle, ...] = ()

    @cached_property
    def codes(self) -> frozenset[int]:
        """The calls as the record numbers them."""
        return frozenset(CODE[name] for name in self.calls)

    @cached_property
    def by_mark(self) -> bytes:
        """For each mark that a call can have, 1 where the call can be meant, else 0."""
        wanted = _MARKS.get(self.direction, 0) | (FAILED if self.error or self.errors else 0)
        moved = SENT | RECEIVED if self.needles else 0
        return bytes(mark & wanted == wanted and (not moved or mark & moved != 0) for mark in range(256))

    @cached_property
    def worth_reading(self) -> bytes:
        """The same, but with the calls between which needles can lie, even if these calls can't be meant themselves."""
        return Query(direction=self.direction, needles=self.needles).by_mark if self.needles else self.by_mark

    @property
    def marks_tell(self) -> bool:
        """Whether the marks alone tell which calls are meant."""
        return not (self.sockets or self.calls or self.asks_error or self.needles or self._timed)

    @property
    def asks_error(self) -> bool:
        """Whether it takes a call's error to tell."""
        return self.error or bool(self.errors)

    @property
    def _timed(self) -> bool:
        return self.after is not None or self.before is not None

    def fits(self, code: int, mark: int, time: float, socket: tuple[str, str]) -> bool:
        """Tell what can be told without a call's error and bytes. *socket*: its id and its name."""
        return bool(
            self.by_mark[mark]
            and (not self.calls or code in self.codes)
            and (self.after is None or time >= self.after)
            and (self.before is None or time <= self.before)
            and (not self.sockets or socket[0] in self.sockets or socket[1] in self.sockets)
        )

    def means_error(self, call: Call) -> bool:
        """Whether a call that failed did so with one of the errors that are asked for, or with any but Cancelled."""
        if not self.errors:
            return not call.cancelled
        names = {errno_name(call).casefold(), call.error.type.casefold() if call.error is not None else ""}
        return not names.isdisjoint(self.errors)


def literal(data: bytes) -> Needle:
    """Return what finds *data*, which is not empty."""
    return Needle(re.compile(re.escape(data), re.DOTALL), len(data) - 1)


def parse(text: str) -> Query:
    """Read the words of a query; raises QueryError."""
    sockets: list[str] = []
    calls: list[str] = []
    errors: list[str] = []
    needles: list[Needle] = []
    facts: dict[str, object] = {}
    joins = False  # a socket's name can be two words: conn 1
    for token in _TOKEN.finditer(text):
        key, value, word = token["key"], token["value"], token["word"]
        if joins and word is not None and word.isdecimal():
            sockets[-1] += f" {word}"
            joins = False
            continue
        joins = key == "socket" and value.isalpha()
        if value is not None and value.startswith('"'):
            value = _unquoted(value).decode("utf-8", "surrogateescape")
        match key:
            case "socket":
                sockets.append(value)
            case "call":
                calls.append(_call(value))
            case "error":
                errors.append(value.casefold())
            case "dir":
                facts["direction"] = _direction(value)
            case "after" | "before":
                facts[key] = _seconds(key, value)
            case None if word == "error":
                facts["error"] = True
            case None:
                needles.append(_needle(token))
            case _:
                raise QueryError(f"{quoted(key + ':')} is not one of {WORDS}; text with a colon stands in quotes")
    return Query(
        sockets=tuple(sockets), calls=tuple(calls), errors=tuple(errors), needles=tuple(needles),
        **facts,  # type: ignore[arg-type]
    )  # fmt: skip


def parse_find(text: str) -> bytes:
    """Read what to find: text, in utf-8, or 0x and hex digits; raises QueryError."""
    if not text:
        raise QueryError("nothing to find: write some text, or bytes such as 0xdead")
    if not text.startswith(("0x", "0X")):
        return text.encode("utf-8", "surrogateescape")
    digits = text[2:]
    if wrong := re.search(r"[^0-9A-Fa-f]", digits):
        raise QueryError(f"{quoted(wrong[0])} in {quoted(text)} is not a hex digit: write bytes such as 0xdead")
    if not digits or len(digits) % 2:
        raise QueryError(
            f"{quoted(text)} has {len(digits)} hex digits, and a byte takes two: write bytes such as 0xdead"
        )
    return bytes.fromhex(digits)


def _needle(token: re.Match[str]) -> Needle:
    if token["text"] is not None:
        data = _unquoted(token["text"])
        if not data:
            raise QueryError('nothing stands between the quotes: write some text, such as "hello"')
        return literal(data)
    if token["regex"] is not None:
        return _regex(token["regex"][1:-1])
    word = token["word"]
    if word.startswith('"'):
        raise QueryError(f'the text {quoted(word)} has no " at its end')
    if word.startswith("/"):
        raise QueryError(f'the pattern {quoted(word)} has no / at its end: write /…/, or "…" for plain text')
    return literal(parse_find(word))


def _regex(source: str) -> Needle:
    try:
        return Needle(re.compile(source.replace(r"\/", "/").encode("utf-8", "surrogateescape"), re.DOTALL), REACH)
    except (re.error, OverflowError, RecursionError) as problem:
        raise QueryError(f"/{quoted(source)[1:-1]}/ is no regular expression: {problem}") from None


def _unquoted(text: str) -> bytes:
    r"""Return the bytes of a text in quotes, with \n \r \t \0 \xHH \" and \\ in it."""
    done, at, inner = b"", 0, text[1:-1]
    for escape in _ESCAPE.finditer(inner):
        done += inner[at : escape.start()].encode("utf-8", "surrogateescape")
        sign = escape[1]
        done += bytes.fromhex(sign[1:]) if len(sign) == 3 else _ESCAPES.get(sign, sign.encode("utf-8"))
        at = escape.end()
    return done + inner[at:].encode("utf-8", "surrogateescape")


def _call(name: str) -> str:
    if name not in CODE or not name:
        raise QueryError(f"{quoted(name)} is not a socket call: write call:recv, call:connect …")
    return name


def _direction(value: str) -> str:
    if value not in _MARKS:
        raise QueryError(f"dir:{quoted(value)[1:-1]} says no direction: write dir:in or dir:out")
    return value


def _seconds(key: str, value: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", value):
        raise QueryError(f"{key}:{quoted(value)[1:-1]} is no number of seconds: write {key}:1.5")
    return float(value)
