"""A session's ladder as lines of text."""

from __future__ import annotations

from typing import TextIO

from workbench.journal.ladder import Ladder
from workbench.model.ladder.strip import Pieces, columns, heading, strip

_HUES = ("32", "34", "33", "35")
"""SGR codes of the sends, in turn."""
_CODES = {
    **dict.fromkeys(("time", "outside", "end", "life"), "2"),
    **dict.fromkeys(("name", "call"), "1"),
    **dict.fromkeys(("error", "reset", "lost"), "31"),
    **dict.fromkeys(("gap", "wait"), "33"),
    "queue": "36",
}


def write_ladder(ladder: Ladder, out: TextIO, *, width: int = 80, colour: bool = False) -> int:
    """Write all rungs of *ladder* in *width* cells (more where there are more than two lifelines); return how many."""
    layout = columns(ladder.lifelines(), width)
    out.write(_line(heading(layout), colour))
    for rung in ladder.rungs(0, len(ladder)):
        out.write(_line(strip(rung, layout), colour))
    return len(ladder)


def _line(pieces: Pieces, colour: bool) -> str:
    if not colour:
        return "".join(text for text, _ in pieces) + "\n"
    return "".join(_painted(text, part) for text, part in pieces) + "\n"


def _painted(text: str, part: str) -> str:
    kind, _, seq = part.partition(" ")
    code = _HUES[int(seq) % len(_HUES)] if kind == "send" else _CODES.get(kind, "")
    return f"\x1b[{code}m{text}\x1b[0m" if code else text
