"""Rules for calls that are made to do what they legally may: `recv:max=1:when=3..9:socket=conn*`.

A rule is CALL:KEY=VALUE[:KEY=VALUE…]; the words are those of strace's inject (strace(1)) where it has them. What a
rule decides for a call depends on the seed, the program, the socket and how many such calls that socket has made:
not on what other sockets and threads do meanwhile.
"""

from __future__ import annotations

import errno
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

RECEIVING = frozenset(("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"))
_FAMILIES = {
    "recv": RECEIVING,
    "send": frozenset(("send", "sendmsg", "sendto")),
    "sendall": frozenset(("sendall",)),
    "accept": frozenset(("accept",)),
    "connect": frozenset(("connect", "connect_ex")),
}
CALLS = {**_FAMILIES, **{name: frozenset((name,)) for names in _FAMILIES.values() for name in names}}
CALLS.update({name: _FAMILIES[name] for name in _FAMILIES}, recvfrom=RECEIVING)
"""What a rule may be about, and the methods that it then means; recvfrom, as recv, all that receive."""
_ACTIONS = {
    "recv": ("max", "delay", "error", "drop", "dup", "reorder"), "send": ("max", "delay", "error"),
    "sendall": ("pieces", "delay", "error"), "accept": ("delay", "error"), "connect": ("delay", "error"),
}  # fmt: skip
_FILTERS = ("when", "socket", "at", "chance", "program")
_EXAMPLE = "recv:max=1, recv:max=1-9:chance=20%, send:max=5:when=3+, connect:error=ECONNREFUSED, recvfrom:drop=10%"
_UNITS = {"ms": 1e-3, "us": 1e-6, "s": 1.0}
_LONGEST = 600.0


class RuleError(ValueError):
    """A rule that can't be read; the message says which part is at fault."""


class Rule:
    """One rule, read: which calls, what they do, and when. The text that it was read from is kept."""

    __slots__ = ("action", "at", "calls", "chance", "least", "most", "number", "program", "socket", "text", "when")

    def __init__(self, text: str, call: str) -> None:
        self.text, self.calls, self.action = text, CALLS[call], ""
        self.least = self.most = 0.0  # of max and pieces in bytes, of delay in seconds
        self.number = 0  # the errno
        self.when: list[tuple[int, int]] = []  # first and last; -1 without end
        self.chance = 1.0
        self.socket = self.at = self.program = ""

    def is_due(self, count: int) -> bool:
        """Tell whether the rule is about the call that is the *count*th of its kind on its socket (from 1)."""
        return not self.when or any(first <= count and (last < 0 or count <= last) for first, last in self.when)


class Injection:
    """All rules of a run, and the seed of what they leave to chance."""

    def __init__(self, seed: int, rules: list[Rule]) -> None:
        self.seed, self.rules = seed, rules

    def of_program(self, name: str) -> Injection:
        """Return the rules that are about the program *name*."""
        return Injection(self.seed, [rule for rule in self.rules if not rule.program or matches(rule.program, name)])

    def __str__(self) -> str:
        """The text that `read` makes the same of: the seed, then a rule a line."""
        return "\n".join([str(self.seed), *(rule.text for rule in self.rules)])


def read(text: str) -> Injection:
    """Return what str() made of an Injection."""
    seed, *rules = text.splitlines()
    return Injection(int(seed), [parse(rule) for rule in rules])


def parse(text: str) -> Rule:
    """Return the rule that *text* writes; raises RuleError."""
    call, *parts = _parts(text)
    if call not in CALLS:
        known = ", ".join(sorted(_FAMILIES))
        raise RuleError("%r in %r is no call that can be injected: take %s" % (call, text, known))
    rule = Rule(text, call)
    family = next(name for name, names in _FAMILIES.items() if names & rule.calls)
    for part in parts:
        key, equals, value = part.partition("=")
        try:
            if key in _ACTIONS[family]:
                if rule.action:
                    raise RuleError("%s and %s are two things to do: write two rules" % (rule.action, key))
                rule.action = key
                _READ[key](rule, value if equals else "100%" if key in ("drop", "dup", "reorder") else "")
            elif key in _FILTERS:
                _READ[key](rule, value)
            else:
                known = ", ".join((*_ACTIONS[family], *_FILTERS))
                raise RuleError("%s knows no %r: take one of %s" % (call, key, known))
        except RuleError as problem:
            raise RuleError("%r in %r: %s" % (part, text, problem)) from None
    if not rule.action:
        does = ", ".join(name + "=" for name in _ACTIONS[family])
        raise RuleError("%r does not say what the call is to do: add one of %s as in %s" % (text, does, _EXAMPLE))
    return rule


def _parts(text: str) -> list[str]:
    """Split at the colons, but for the one in at=FILE:LINE; a backslash keeps the next character as it is."""
    parts: list[str] = []
    for part in text.split(":"):
        if parts and parts[-1].startswith("at=") and part.isdigit():
            parts[-1] += ":" + part
        else:
            parts.append(part)
    return parts


def _bytes(rule: Rule, value: str) -> None:
    least, dash, most = value.partition("-")
    if not least.isdigit() or (dash and not most.isdigit()):
        raise RuleError("takes bytes, or from how many to how many: 1, or 1-9")
    rule.least, rule.most = int(least), int(most or least)
    if not 1 <= rule.least <= rule.most:
        raise RuleError("takes at least 1 byte, the smaller number first: 1, or 1-9")


def _seconds(rule: Rule, value: str) -> None:
    least, dash, most = value.partition("-")
    rule.least, rule.most = _time(least), _time(most if dash else least)
    if rule.most < rule.least:
        raise RuleError("takes the shorter time first: 5ms-50ms")


def _time(text: str) -> float:
    number = text.rstrip("mus")
    unit = text[len(number) :]
    try:
        seconds = float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        raise RuleError("takes a time with its unit: 50ms, 1s, 5ms-50ms") from None
    if not 0 <= seconds <= _LONGEST:
        raise RuleError("takes a time from 0 to %d s" % _LONGEST)
    return seconds


def _error(rule: Rule, value: str) -> None:
    number = getattr(errno, value, None) if value.startswith("E") else None
    if not isinstance(number, int):
        raise RuleError("takes an errno by its name, such as ECONNRESET")
    rule.number = number


def _share(rule: Rule, value: str) -> None:
    try:
        share = float(value[:-1]) / 100 if value.endswith("%") else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise RuleError("takes a share from 0% to 100%, such as 20%")
    rule.chance *= share


def _when(rule: Rule, value: str) -> None:
    for item in value.split("/"):
        first, dots, last = item.partition("..")
        endless = first.endswith("+") and not dots
        first = first[:-1] if endless else first
        if not first.isdigit() or (dots and not last.isdigit()) or int(first) < 1 or (dots and int(last) < int(first)):
            raise RuleError("takes which of a socket's calls, from 1: 3, 3+, 3..9, or several: 3/5/9..12")
        rule.when.append((int(first), -1 if endless else int(last or first)))


def _text(name: str) -> Callable[[Rule, str], None]:
    def take(rule: Rule, value: str) -> None:
        if not value:
            raise RuleError("is empty")
        setattr(rule, name, value)

    return take


_READ: dict[str, Callable[[Rule, str], None]] = {
    "max": _bytes, "pieces": _bytes, "delay": _seconds, "error": _error, "drop": _share, "dup": _share,
    "reorder": _share, "chance": _share, "when": _when, "socket": _text("socket"), "at": _text("at"),
    "program": _text("program"),
}  # fmt: skip


def name_of(words: list[str]) -> str:
    """Return the name of a program for the rules, from an interpreter's command line: of its script or module."""
    for place, word in enumerate(words[1:], 1):
        if word == "-m" and place + 1 < len(words):
            return words[place + 1]
        if word == "-c" or not word.startswith("-"):
            return word.rpartition("/")[2]
    return ""


def matches(pattern: str, name: str) -> bool:
    """Tell whether *name* matches *pattern*, in which * matches anything."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(name) - at >= len(rest[-1]) and name.endswith(rest[-1])


def draw(*what: Any) -> float:
    """Return a number from 0 to below 1 that depends on nothing but *what*."""
    number = crc32(repr(what).encode()) or 1
    for factor in (0x85EBCA6B, 0xC2B2AE35):  # MurmurHash3's last step, as near texts have near CRCs
        number = ((number ^ (number >> 15)) * factor) & 0xFFFFFFFF
    return (number ^ (number >> 16)) / 4294967296.0


class Decision:
    """What is to be done to one call, and what is then written into its record."""

    __slots__ = ("call", "datagram", "delay", "drop", "dup", "error", "key", "most", "note", "reorder")

    def __init__(self, key: tuple[int, int], call: str) -> None:
        self.key, self.call = key, call
        self.most = self.error = 0
        self.delay = 0.0
        self.drop = self.dup = self.reorder = self.datagram = False
        self.note: dict[str, Any] = {}

    def add(self, rule: Rule, part: float) -> None:
        """Let *rule* have its say; *part*, from 0 to below 1, chooses within its range."""
        if rule.action in ("max", "pieces"):
            most = int(rule.least + part * (rule.most - rule.least + 1))
            self.most = min(self.most or most, most)
        elif rule.action == "delay":
            self.delay += rule.least + part * (rule.most - rule.least)
        elif rule.action == "error":
            self.error = rule.number
        else:
            setattr(self, rule.action, True)


def decide(
    injection: Injection, key: tuple[int, int], call: str, who: str, counts: dict[Any, int], at: Callable[[], str]
) -> Optional[Decision]:
    """Return what the rules do to the *call* that a socket is about to make; None for nothing.

    *who*: the socket, as the program's run repeats it; *counts*: of its calls, which are counted here; *at*: tells
    the line of the program, "client.py:12".
    """
    family = "recv" if call in RECEIVING else call
    nth = counts[family] = counts.get(family, 0) + 1
    decision = None
    for place, rule in enumerate(injection.rules):
        if call not in rule.calls or (rule.socket and not matches(rule.socket, who)):
            continue
        count = nth
        if rule.at:
            if not _is_at(rule.at, at()):
                continue
            count = counts[place] = counts.get(place, 0) + 1
        if not rule.is_due(count) or draw(injection.seed, rule.text, who, count) >= rule.chance:
            continue
        if decision is None:
            decision = Decision(key, call)
            decision.note["nth"] = nth
        decision.add(rule, draw(rule.text, count, who, injection.seed))
    return decision


def _is_at(wanted: str, source: str) -> bool:
    """Tell whether "folder/client.py:12" is at "client.py:12", or "client.py"."""
    if not wanted.rpartition(":")[2].isdigit():
        source = source.rpartition(":")[0]
    return source == wanted or source.endswith("/" + wanted)
