"""What a tap does to what it forwards: frozen settings, one for each direction, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.model.call.size import SizeError, parse_size
from workbench.model.text.fit import quoted

_MOST_SECONDS = 86400.0


class ToxicError(ValueError):
    """The value of an option is none; the message says in a sentence what to write."""


@dataclass(frozen=True, slots=True)
class Toxics:
    """Those of one direction; none by default. Sizes in bytes, times in seconds, chances from 0 to 1."""

    latency: float = 0.0
    jitter: float = 0.0
    """The latency is this much more or less; the order stays."""
    rate: float | None = None
    """Bytes a second."""
    slice: tuple[int, int] | None = None
    """Sizes of the pieces, from and to: each is sent with a call, and in a segment, of its own."""
    merge: float = 0.0
    """What comes within so long is sent as one."""
    limit: int | None = None
    """The connection is closed after so many bytes."""
    drop: float = 0.0
    dup: float = 0.0
    reorder: float = 0.0
    """Chances of a datagram to be lost, to come twice, to come after the next one."""
    reset_after: int | None = None
    reset_at: float | None = None
    """The connection is reset after so many bytes, so many seconds after it began."""
    stall_after: int | None = None
    """Nothing more passes after so many bytes; the connection stays open."""

    @property
    def delays(self) -> bool:
        """Whether a piece may be due later than at once."""
        return bool(self.latency or self.jitter or self.rate or self.merge)


NO_TOXICS = Toxics()


def _delay(text: str) -> dict[str, Any]:
    latency, _, jitter = text.partition("~")
    return {"latency": _milliseconds(latency), "jitter": _milliseconds(jitter or "0")}


def _milliseconds(text: str) -> float:
    return _number(text.removesuffix("ms"), _MOST_SECONDS * 1000) / 1000


def _number(text: str, most: float) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", text) or float(text) > most:
        raise ValueError
    return float(text)


def _slice(text: str) -> dict[str, Any]:
    low, _, high = text.partition("-")
    sizes = (int(low), int(high or low))
    if not 0 < sizes[0] <= sizes[1]:
        raise ValueError
    return {"slice": sizes}


def _chance(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda text: {name: _number(text.removesuffix("%"), 100) / 100}


def _size(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda text: {name: parse_size(text)}


def _reset(text: str) -> dict[str, Any]:
    if text.endswith("s"):
        return {"reset_at": _number(text[:-1], _MOST_SECONDS)}
    return {"reset_after": parse_size(text)}


@dataclass(frozen=True, slots=True)
class Toxic:
    """An option of tap: how its value is written, what it does, and the fields that it sets."""

    metavar: str
    example: str
    help: str
    read: Callable[[str], dict[str, Any]]


TOXICS = {
    "--latency": Toxic("MS[~JITTER]", "100~20", "Hold each piece so long, give or take the jitter.", _delay),
    "--rate": Toxic("BYTES/S", "64k", "Let no more pass.", lambda text: {"rate": parse_size(text.removesuffix("/s"))}),
    "--slice": Toxic("A-B", "1-10", "Cut into pieces of these sizes, each in a segment of its own.", _slice),
    "--merge": Toxic("MS", "50", "Send as one what comes within so long.", lambda text: {"merge": _milliseconds(text)}),
    "--limit": Toxic("BYTES", "10k", "Close the connection after so many.", _size("limit")),
    "--drop": Toxic("%", "5", "Lose so many of the datagrams.", _chance("drop")),
    "--dup": Toxic("%", "5", "Send so many of them twice.", _chance("dup")),
    "--reorder": Toxic("%", "5", "Send so many of them after the next one.", _chance("reorder")),
    "--reset-after": Toxic("BYTES|Ss", "2s", "Reset the connection after so many bytes, or seconds: 2s.", _reset),
    "--stall-after": Toxic("BYTES", "1000", "Let nothing pass after so many.", _size("stall_after")),
}
"""The options by their names."""


def read_toxic(name: str, text: str) -> dict[str, Any]:
    """Return the fields that an option's value sets; raises ToxicError."""
    toxic = TOXICS[name]
    try:
        return toxic.read(text)
    except (ValueError, SizeError):
        raise ToxicError(f"{name} {toxic.metavar} is not {quoted(text)}: write {name} {toxic.example}") from None
