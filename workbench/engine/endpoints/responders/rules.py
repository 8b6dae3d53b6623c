r"""rules: a TOML file of requests and their answers.

lens = "lines"            # where a request ends; without it each recv is one
greeting = "220 ready\r\n"

[[rule]]
matches = 'GET (\w+)'      # or equals, contains, starts, ends; a rule without a test takes what is left
answer = "$1 is ${count}\r\n"
pieces = [3, 1]           # and after = 0.5, times = 2, close = true, reset = true
"""

from __future__ import annotations

import re
import time
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import randrange
from threading import Lock
from typing import TYPE_CHECKING, Any

from workbench.engine.endpoints.responders.framed import Requests
from workbench.engine.endpoints.responders.responder import Kind, NewResponder, UnknownResponder
from workbench.model.call.payload import PayloadError, parse_hex
from workbench.model.lens.registry import UnknownLens, find_format

if TYPE_CHECKING:
    from workbench.engine.endpoints.conversation import Conversation

_TESTS = ("equals", "contains", "starts", "ends", "matches")
_KEYS = (*_TESTS, "answer", "pieces", "pause", "after", "times", "close", "reset")
_TOP = ("lens", "greeting", "rule")
_PLACE = re.compile(rb"\$(?:(\$)|(\d)|\{(\w+)\})")

_DRAWN: dict[str, Callable[[], str]] = {
    "time": time.ctime,
    "random": lambda: str(randrange(10**6)),
    "uuid": lambda: str(uuid.uuid4()),
}


class RulesError(ValueError):
    """What is wrong in the file: its key and, as far as it can be found, its line."""


@dataclass(slots=True)
class Rule:
    """One test and what follows from it; *times*: how often it may still be used, None for ever."""

    test: str
    wanted: bytes
    answer: bytes | None
    pieces: tuple[int, ...]
    pause: float
    after: float
    times: int | None
    close: bool
    reset: bool
    used: int = 0

    def match(self, request: bytes) -> Mapping[str, bytes] | None:
        """Return what the request's captures hold, by number and name; None where it is not meant."""
        stripped = request.rstrip(b"\r\n")
        if self.test == "matches":
            found = re.search(self.wanted, request, re.DOTALL | re.MULTILINE)
            if found is None:
                return None
            numbered = {str(number): found[number] or b"" for number in range(found.re.groups + 1)}
            return {**numbered, **{name: value or b"" for name, value in found.groupdict().items()}}
        meant = {
            "": True,
            "equals": self.wanted in (request, stripped),
            "contains": self.wanted in request,
            "starts": request.startswith(self.wanted),
            "ends": request.endswith(self.wanted) or stripped.endswith(self.wanted),
        }[self.test]
        return {"0": stripped} if meant else None


class Rules:
    """The rules of a file, which all connections share: their counts are the server's."""

    def __init__(self, rules: list[Rule], lens: str = "", greeting: bytes = b"") -> None:
        self.lens, self.greeting = lens, greeting
        self._rules, self._lock = rules, Lock()

    def find(self, request: bytes) -> tuple[Rule, bytes | None] | None:
        """Return the first rule that means *request*, counted as used, and its answer; None where there is none."""
        with self._lock:
            for rule in self._rules:
                captures = rule.match(request) if rule.times != 0 else None
                if captures is not None:
                    rule.used += 1
                    rule.times = None if rule.times is None else rule.times - 1
                    return rule, None if rule.answer is None else filled(rule.answer, captures, rule.used)
        return None


class ByRules:
    """Answers one peer by the rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def answer(self, data: bytes) -> bytes | None:
        """Return the answer to a datagram, or to a recv that was made by hand; its delays and ends are left out."""
        found = self._rules.find(data)
        return found[1] if found else None

    def silence(self) -> bytes | None:
        """Say nothing."""
        return None

    def converse(self, conn: Conversation) -> None:
        """Greet, and do for each request what the first rule says that means it."""
        requests = Requests(self._rules.lens)
        if self._rules.greeting:
            conn.send(filled(self._rules.greeting, {}, conn.number))
        for data in conn:
            if not all(self._follow(conn, request) for request in requests.feed(data)):
                return
        for request in requests.end():
            self._follow(conn, request)

    def _follow(self, conn: Conversation, request: bytes) -> bool:
        """Do what the rules say; tell whether the connection goes on."""
        found = self._rules.find(request)
        if found is None:
            return True
        rule, answer = found
        if rule.after:
            conn.sleep(rule.after)
        if answer is not None:
            if rule.pieces:
                conn.pieces(answer, *rule.pieces, pause=rule.pause)
            else:
                conn.send(answer)
        if rule.reset:
            conn.reset()
        elif rule.close:
            conn.close()
        return not (rule.reset or rule.close)


def filled(answer: bytes, captures: Mapping[str, bytes], used: int) -> bytes:
    """Fill in the placeholders $1, ${name}, ${count}, ${time}, ${random}, ${uuid}; $$ is a dollar."""

    def value(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return b"$"
        name = (found[2] or found[3]).decode()
        if name == "count":
            return str(used).encode()
        if name in captures:
            return captures[name]
        return _DRAWN[name]().encode() if name in _DRAWN else found[0]

    return _PLACE.sub(value, answer)


def read_rules(text: str) -> Rules:
    """Return the rules of a file; raises RulesError."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(str(error)) from None
    for key in told:
        if key not in _TOP:
            raise RulesError(f"{_place(text, key)}there is no {key}: there are {', '.join(_TOP)}")
    lens = told.get("lens", "")
    try:
        if lens:
            find_format(lens)
    except (UnknownLens, TypeError) as error:
        raise RulesError(f"{_place(text, 'lens')}{error}") from None
    tables = told.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RulesError(f"{_place(text, 'rule')}each rule is a table: [[rule]]")
    return Rules([_rule(table, number, text) for number, table in enumerate(tables)], lens, _greeting(told, text))


def _greeting(told: dict[str, Any], text: str) -> bytes:
    try:
        return _bytes(told.get("greeting", ""))
    except ValueError as error:
        raise RulesError(f"{_place(text, 'greeting')}greeting {error}") from None


def _rule(table: dict[str, Any], number: int, text: str) -> Rule:
    key = ""
    try:
        for key in table:
            if key not in _KEYS:
                raise ValueError(f"is no key of a rule: there are {', '.join(_KEYS)}")
        tests = [name for name in _TESTS if name in table]
        if len(tests) > 1:
            key = tests[1]
            raise ValueError(f"and {tests[0]} are two tests: a rule has one")
        key = test = tests[0] if tests else ""
        wanted = _bytes(table[test]) if test else b""
        if test == "matches":
            re.compile(wanted)
        values: dict[str, Any] = {}
        for key, read in _READ.items():
            values[key] = read(table[key]) if key in table else _DEFAULTS.get(key)
    except (ValueError, re.error) as error:
        raise RulesError(f"{_place(text, key, number)}{key} {error}") from None
    return Rule(test, wanted, **values)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and list(value) == ["hex"] and isinstance(value["hex"], str):
        try:
            return parse_hex(value["hex"])
        except PayloadError as error:
            raise ValueError(f"has no hex bytes: {error}") from None
    raise ValueError('is a text, or bytes as { hex = "de ad" }')


def _seconds(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    raise ValueError(f"is a number of seconds, not {value!r}")


def _times(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError(f"is a whole number from 1 on, not {value!r}")


def _sizes(value: Any) -> tuple[int, ...]:
    if isinstance(value, list) and value:
        return tuple(map(_times, value))
    return (_times(value),)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"is true or false, not {value!r}")


_READ = {
    "answer": _bytes, "pieces": _sizes, "pause": _seconds, "after": _seconds, "times": _times, "close": _flag,
    "reset": _flag,
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {"pieces": (), "pause": 0.0, "after": 0.0, "close": False, "reset": False}


def _place(text: str, key: str, number: int | None = None) -> str:
    """Return "line N: " for the line where a key stands: in rule *number*, or before the first one."""
    rules, numbers = -1, count(1)
    for line_number, line in zip(numbers, text.splitlines(), strict=False):
        if re.match(r"\s*\[\[\s*rule\s*\]\]", line):
            rules += 1
            if key == "rule" or (rules == number and not key):
                return f"line {line_number}: "
        elif (rules == number or (number is None and rules < 0)) and re.match(rf'\s*"?{re.escape(key)}"?\s*[=.]', line):
            return f"line {line_number}: "
    return ""


def _from_file(argument: str) -> NewResponder:
    try:
        rules = read_rules(Path(argument).read_text("utf-8"))
    except OSError as error:
        raise UnknownResponder(f"no responder {argument}: {error.strerror}") from None
    except (RulesError, UnicodeDecodeError) as error:
        raise UnknownResponder(f"{argument}: {error}") from None
    return lambda: ByRules(rules)


RULES = Kind("rules", "what the rules of your file say", _from_file, "FILE.toml", ".toml")
