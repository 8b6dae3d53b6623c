"""A sentence on an option, by its value: a number, or the bytes of a structure."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from workbench.model.text.fit import duration_text

Value: TypeAlias = int | bytes | None
"""An option's value; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What an option does at its value, when it is too late to set it, and its source."""

    say: Callable[[Value], str]
    source: str
    when: str = ""


def switch(on: str, off: str, source: str, when: str = "") -> Sentence:
    """Return the sentence of an option that is on (not 0) or off."""

    def say(value: Value) -> str:
        number = number_of(value)
        return f"{on} With 0: {off[:1].lower()}{off[1:]}" if number is None else on if number else off

    return Sentence(say, source, when)


def number(text: str, source: str, when: str = "", zero: str = "", unit: str = "") -> Sentence:
    """Return the sentence of an option with a number, which stands for {n} in *text*; *zero*: what 0 means."""

    def say(value: Value) -> str:
        found = number_of(value)
        if found is None:
            return text.replace("{n}", f"that many{unit}" if not unit else f"so many {unit}s")
        if not found and zero:
            return zero
        shown = f"{found} {unit}" + ("" if found == 1 else "s") if unit else str(found)
        return text.replace("{n}", shown)

    return Sentence(say, source, when)


def always(text: str, source: str, when: str = "") -> Sentence:
    """Return a sentence that holds for any value."""
    return Sentence(lambda value: text, source, when)


def number_of(value: Value) -> int | None:
    """Return a value as a C int; None where it is none."""
    if isinstance(value, bytes):
        return int(struct.unpack("i", value)[0]) if len(value) == struct.calcsize("i") else None
    return value


def seconds_of(value: Value) -> float | None:
    """Return a struct timeval in seconds."""
    if not isinstance(value, bytes) or len(value) != struct.calcsize("ll"):
        return None
    whole, micros = struct.unpack("ll", value)
    return float(whole + micros / 1e6)


def timeout(what: str, source: str) -> Sentence:
    """Return the sentence of SO_RCVTIMEO or SO_SNDTIMEO."""

    def say(value: Value) -> str:
        found = seconds_of(value) if isinstance(value, bytes) else None
        if found is None:
            return f"It bounds how long a blocking {what} waits in the kernel; then it fails with EAGAIN."
        if not found:
            return f"A blocking {what} waits without end, as far as the kernel is concerned."
        return (
            f"A blocking {what} waits {duration_text(found)} at most in the kernel, then Python raises BlockingIOError "
            "(EAGAIN); with settimeout it has no effect."
        )

    return Sentence(say, source)
