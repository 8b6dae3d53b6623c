"""The source of a traced program around the line that is calling."""

from __future__ import annotations

import sysconfig
from functools import lru_cache
from pathlib import Path

from workbench.model.text.fit import shorten
from workbench.model.text.safe import cells, safe
from workbench.ui.parts.piece_view import Line, PieceView

_LARGEST = 1 << 20
"""Bytes of a source file that are read at most."""


class CallingLine(PieceView):
    """Shows a few lines with the calling one in their middle; where the file can't be read, its name and number."""

    DEFAULT_CSS = "CallingLine { height: 1fr; min-height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, tooltip="The line of the program that waits in a call, or that made the last one")

    def show(self, source: str, *, held: bool = False) -> None:
        """Show *source*, "file:line"; *held*: its call has not been made yet."""
        self.keep((source, held))

    def lines(self, width: int, height: int) -> list[Line]:
        source, held = self._value if isinstance(self._value, tuple) else ("", False)
        name, _, number = source.rpartition(":")
        if not number.isdecimal():
            return [[("no call yet", "muted")]]
        text, at = source_lines(name), int(number)
        if not 0 < at <= len(text):
            return [[(shorten(f"{safe(source)} cannot be read from here", width), "muted")]]
        first = max(1, min(at - height // 2, len(text) - height + 1))
        last = min(len(text), first + height - 1)
        digits, sign = len(str(last)), "‖" if held else "▸"
        return [
            _line(text[line - 1], line, digits, width, sign if line == at else " ") for line in range(first, last + 1)
        ]


def _line(text: str, number: int, digits: int, width: int, sign: str) -> Line:
    head = f"{sign}{number:>{digits}} "
    body = shorten(safe(text.expandtabs(4)), width - cells(head))
    if sign == " ":
        return [(head, "rest"), (body, "muted" if text.lstrip().startswith("#") else "")]
    return [(head, "call"), (body + " " * (width - cells(head) - cells(body)), "taken")]


@lru_cache(16)
def source_lines(name: str) -> tuple[str, ...]:
    """Return the lines of the file that a call's source names; none where it is no file that can be read."""
    beside = [Path(name), Path(sysconfig.get_path("stdlib"), name)]
    for path in beside:
        try:
            if path.is_file():
                with path.open("rb") as file:
                    return tuple(file.read(_LARGEST).decode("utf-8", "replace").splitlines())
        except (OSError, ValueError):
            continue
    return ()
