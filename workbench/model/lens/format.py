"""What a Format tells of a lens: its names, its parser, and how a program fails that takes one recv for one message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.model.lens.parser import Cursor, Parser
from workbench.model.text.fit import counted, cut
from workbench.model.text.safe import safe

LABEL = 40  # characters

Reader = Callable[[bytes], str]
"""Takes what one recv returned for one message; returns what is silently wrong, or "", or raises as programs do."""


@dataclass(frozen=True, slots=True)
class Naive:
    """A program that takes one recv for one message: its own lines, to be run on what each recv returned."""

    reader: Callable[[], Reader]
    """Begins the program anew."""
    raises: str
    """What in it raises, as a person knows it, such as json.loads."""
    takes_two: bool = False
    """Whether it takes two recvs for a message: one for its length, one for its data."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of a stream: its *name*, what it calls a frame, and what makes its parser."""

    name: str
    unit: str
    what: str
    """One line for a list of lenses."""
    parser: Callable[[Cursor], Parser]
    naive: Naive


def label_of(data: bytes | bytearray) -> str:
    """Return the beginning of *data* as a short text that is safe to show."""
    return cut(safe(data.decode("utf-8", "replace")), LABEL)


def compare(promised: int, came: int) -> str:
    """Say what is wrong where a program takes *came* bytes for the *promised* ones; "" for nothing."""
    if came < promised:
        return f"{came} of {counted(promised, 'byte')} taken for all"
    return f"{counted(came - promised, 'byte')} after the message thrown away" if came > promised else ""
