"""What a responder is: one for each peer, which turns what was received into a reply; and what a Kind tells of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias


class Responder(Protocol):
    """Answers one peer."""

    def answer(self, data: bytes) -> bytes | None:
        """Return what to send back for what one recv returned; None for nothing."""

    def silence(self) -> bytes | None:
        """Return what to send when a recv timed out; None for nothing."""


NewResponder: TypeAlias = Callable[[], Responder]
"""Makes the responder of one more peer."""
Reply: TypeAlias = Callable[[bytes], bytes | None]


class UnknownResponder(ValueError):
    """No responder goes by that name, or not with that argument; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of responder, as the command line and the form offer it."""

    name: str
    what: str
    """What it answers, in few words, for a list."""
    make: Callable[[str], NewResponder]
    """Takes the argument; raises UnknownResponder for one that can't be."""
    argument: str = ""
    """How the argument is written, such as TEXT, or [N] for one that may be missing; "" where there is none."""
    suffix: str = ""
    """Of the file that the argument names, such as ".py": the argument then stands for itself, without the name."""

    @property
    def form(self) -> str:
        """How a person writes it, such as fixed:TEXT, source[:N] or FILE.py:FUNCTION."""
        if self.suffix or not self.argument:
            return self.argument or self.name
        return f"{self.name}[:{self.argument[1:]}" if self.argument.startswith("[") else f"{self.name}:{self.argument}"


class Pure:
    """Answers with a function of the bytes."""

    def __init__(self, function: Reply, on_silence: bytes | None = None) -> None:
        self._function, self._on_silence = function, on_silence

    def answer(self, data: bytes) -> bytes | None:
        """Return the function's value."""
        return self._function(data)

    def silence(self) -> bytes | None:
        """Return the fixed text for silence."""
        return self._on_silence


def pure(name: str, what: str, function: Reply, on_silence: bytes | None = None) -> Kind:
    """Return the kind of a responder that answers with a function and takes no argument."""
    return Kind(name, what, lambda _: lambda: Pure(function, on_silence))
