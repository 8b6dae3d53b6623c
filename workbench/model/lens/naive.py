"""What becomes of a program that takes one recv for one message."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from workbench.model.lens.format import Format
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

_LONGEST = 100  # characters of an exception's message


@dataclass(frozen=True, slots=True)
class Slip:
    """What went wrong with one recv; *exception* is "" where such a program goes on with wrong data."""

    exception: str
    """The exception's name and message, such as "JSONDecodeError: Extra data: line 1 column 3 (char 2)"."""
    text: str
    """One line for a person, such as "json.loads would raise …" or "2 lines taken for one"."""


class NaiveProgram:
    """A program that takes one recv for one message of a format."""

    def __init__(self, format: Format) -> None:
        self._reader, self._raises = format.naive.reader(), format.naive.raises
        self.takes_two = format.naive.takes_two

    def receive(self, data: bytes) -> Slip | None:
        """Return what it does wrong with what one recv returned; nothing with b"", which it takes for the end."""
        if not data:
            return None
        try:
            silent = self._reader(data)
        except (ValueError, KeyError, IndexError, TypeError, struct.error, RecursionError) as error:
            kind = "struct.error" if isinstance(error, struct.error) else type(error).__name__
            exception = f"{kind}: {cut(safe(str(error)), _LONGEST)}"
            return Slip(exception, f"one recv taken for one message: {self._raises} raises {exception}")
        return Slip("", f"one recv taken for one message: {cut(silent, _LONGEST)}") if silent else None
