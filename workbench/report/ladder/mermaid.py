"""A session's ladder as Mermaid sequence diagrams, as Markdown on code hosts draws them.

Mermaid refuses a text of more than 50,000 characters, so a long ladder becomes several diagrams, each in a fence of
its own. Whatever came from outside is written in characters that mean nothing to Mermaid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from workbench.journal.ladder import Ladder
from workbench.journal.reader import Journal
from workbench.model.ladder.lifelines import Lifelines
from workbench.model.ladder.rungs import INWARD, Kind, Rung
from workbench.model.ladder.strip import GAP, LOOKS, rung_text
from workbench.model.text.fit import duration_text
from workbench.report.exports import TextExport

LIMIT = 48_000
"""Characters of one diagram; Mermaid's own limit is 50,000."""
MOST = 20_000
"""Rungs that are drawn at most."""
_TEXT = 60
_ESCAPED = re.compile(r"[^A-Za-z0-9 .,'()=\[\]_/+-]|\bend\b")
_LINES = {Kind.END: "-->>", Kind.CONNECTING: "--x", Kind.LOST: "-x", Kind.REFUSED: "-x", Kind.RESET: "-x",
          Kind.UNKNOWN: "--)"}  # fmt: skip


def export_mermaid(journal: Journal, out: TextIO, ladder: Ladder | None = None) -> int:
    """Write the ladder of *journal*, or the given one, to *out*; leaves out no call that moved bytes: 0."""
    if ladder is None:
        ladder = Ladder(journal)
        ladder.extend()
    parts = list(diagrams(ladder))
    for number, text in enumerate(parts, 1):
        if len(parts) > 1:
            out.write(f"{number} of {len(parts)}\n\n```mermaid\n{text}```\n\n")
        else:
            out.write(text)
    return 0


EXPORT = TextExport(export_mermaid)


def diagrams(ladder: Ladder) -> Iterator[str]:
    """Yield the texts of one or more diagrams."""
    lives = ladder.lifelines()
    head = "sequenceDiagram\n" + "".join(
        f"    participant p{column} as {_escaped(life.name + ' (outside)' * life.outside)}\n"
        for column, life in enumerate(lives.columns)
    )
    text = head
    for rung in ladder.rungs(0, min(MOST, len(ladder))):
        lines = "".join(f"    {line}\n" for line in _lines(rung, lives))
        if len(text) + len(lines) > LIMIT:
            yield text
            text = head
        text += lines
    if (left := len(ladder) - MOST) > 0 and lives.columns:
        text += f"    Note over p0: {left} more\n"
    yield text


def _lines(rung: Rung, lives: Lifelines) -> Iterator[str]:
    own = lives.of_socket.get(rung.call.socket)
    if own is None:
        return
    said = _escaped("".join(text for text, _ in rung_text(rung, _TEXT)))
    if rung.gap >= GAP:
        yield f"Note over p{own}: {_escaped(duration_text(rung.gap))} later"
    arrow = rung.arrow
    ends = lives.ends(arrow, own) if arrow is not None else None
    if arrow is None or ends is None or arrow.kind in INWARD or max(ends) >= len(lives.columns):
        yield f"Note over p{own}: {said}"
        return
    word = LOOKS[arrow.kind][2]
    more = " ".join(filter(None, (_escaped(word), _escaped(arrow.label))))
    yield f"p{ends[0]}{_LINES.get(arrow.kind, '->>')}p{ends[1]}: {said}{f' ({more})' if more else ''}"


def _escaped(text: str) -> str:
    """Return *text* with each character that could mean something to Mermaid as its number."""
    return _ESCAPED.sub(lambda found: "".join(f"#{ord(char)};" for char in found.group()), text)
