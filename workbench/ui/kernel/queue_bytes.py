"""Queued bytes as three rows of hex, text and where they came from, with a mark where the next recv will end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from workbench.model.lineage.lineage import Part
from workbench.model.text.hexdump import ASCII
from workbench.model.text.safe import cells
from workbench.ui.parts.piece_view import Line

CUT = "┃"
"""Where the next recv ends."""
BOUNDARY = "│"
"""Where another send begins."""
_CELLS = 3  # two digits of hex and the gap behind them
_BEHIND = 5  # bytes shown behind a cut that is far away
_LEFT_OUT = -1
_GAP = -2  # stands for the send of bytes that are left out


Hue = Callable[[int], int]
"""Gives the hue of a send by its seq: see parts.style."""


def no_hue(seq: int) -> int:
    """Give every send the same hue."""
    return 0


@dataclass(frozen=True, slots=True)
class Bytes:
    """What is drawn. *total*: bytes in all, of which *head* is the beginning; *cut*: how many of them recv takes."""

    head: bytes
    total: int
    cut: int
    parts: Sequence[Part] = ()
    """Which sends they came from, in order; may cover less than all."""
    hue: Hue = no_hue
    loses: bool = False
    """Whether what is behind the cut will be thrown away."""

    @property
    def begins(self) -> list[int]:
        """Where each part begins, and where the last one ends."""
        at = [0]
        for part in self.parts:
            at.append(at[-1] + part.size)
        return at

    def owners(self) -> list[int]:
        """Return for each byte of head the index of its part, -1 where none is known."""
        found: list[int] = []
        for index, part in enumerate(self.parts):
            room = len(self.head) - len(found)
            if room <= 0:
                break
            found += [index] * min(part.size, room)
        return found + [-1] * (len(self.head) - len(found))

    def look(self, at: int, owner: int) -> str:
        """Name the look of byte *at*, which came from part *owner*."""
        if at < self.cut:
            return "taken" if owner < 0 else f"taken-{self._colour(owner)}"
        if self.loses:
            return "lost"
        return "" if owner < 0 else f"send-{self._colour(owner)}"

    def _colour(self, owner: int) -> int:
        return self.hue(self.parts[owner].seq)


def shown_bytes(known: int, total: int, cut: int, width: int) -> list[int]:
    """Return which bytes fit in *width* cells, the first ones and those around the cut; -1 where some are left out."""
    room = max(1, (width + 1) // _CELLS)
    if total <= room and known == total:
        return list(range(known))
    room -= 1  # for the sign that there are more
    if cut <= room - 2 or cut > known or room < 2 * _BEHIND:
        return [*range(min(room, known)), _LEFT_OUT]
    behind = min(_BEHIND, known - cut)
    ends = cut + behind == total
    lead = room // 3
    around = range(cut - (room + ends - lead - behind - 1), cut + behind)
    return [*range(lead), _LEFT_OUT, *around] + ([] if ends else [_LEFT_OUT])


def byte_rows(seen: Bytes, width: int) -> tuple[Line, Line, Line]:
    """Return where the bytes came from, the hex and the text, each in at most *width* cells."""
    places = shown_bytes(len(seen.head), seen.total, seen.cut, width - (seen.cut in (0, seen.total)))
    owners = seen.owners()
    edges = set(seen.begins[1:-1]) if seen.parts else set()
    hexes: Line = [(CUT, "cut")] if seen.cut == 0 and seen.total else []
    texts: Line = list(hexes)
    for index, at in enumerate(places):
        if at == _LEFT_OUT:
            hexes.append(("…  ", "muted"))
            texts.append(("…  ", "muted"))
            continue
        look, byte = seen.look(at, owners[at]), seen.head[at]
        gap, gap_look = " ", look if at + 1 < seen.cut and index + 1 < len(places) else ""
        if at + 1 == seen.cut:
            gap, gap_look = CUT, "cut"
        elif at + 1 in edges:
            gap, gap_look = BOUNDARY, "cut" if gap_look == "" else gap_look
        hexes += [(f"{byte:02x}", look), (gap, gap_look)]
        texts += [(f" {ASCII[byte]}", look), (gap, gap_look)]
    return _labels(seen, places, owners), hexes, texts


def _labels(seen: Bytes, places: Sequence[int], owners: Sequence[int]) -> Line:
    """Return the numbers of the sends, each over its bytes, and how many are left out with theirs."""
    line: Line = [(" ", "")] if seen.cut == 0 and seen.total else []
    owner_of = [_GAP if at == _LEFT_OUT else owners[at] for at in places]
    runs = [(owner, len(list(run)) * _CELLS) for owner, run in groupby(owner_of)]
    for index, (owner, room) in enumerate(runs):
        if owner < 0:
            before = runs[index - 1][0] if index else -1
            after = runs[index + 1][0] if index + 1 < len(runs) else len(seen.parts)
            hidden = after - before - 1 if owner == _GAP and before >= 0 else 0
            line += _left_out(line, seen.parts[before], hidden) if hidden > 0 else [(" " * room, "")]
        else:
            look = seen.look(seen.cut, owner) if not seen.loses else f"send-{seen._colour(owner)}"
            line += [(label(seen.parts[owner], room - 1), look), (" ", "")]
    return line


def _left_out(line: Line, part: Part, hidden: int) -> Line:
    """Count the sends in a gap: "+2 sends" if the label of *part* before it can be shortened for that, else "+2"."""
    name, look = line[-2]
    shortest = len(f"#{part.seq}")
    for text in (f"+{hidden} send{'s' if hidden > 1 else ''} ", f"+{hidden} "):
        room = cells(name) - max(0, len(text) - _CELLS)
        if room >= min(shortest, cells(name)):
            line[-2] = label(part, room), look
            return [(f"{text:{_CELLS}}", "muted")]
    return [(f"+{hidden}" if hidden < 100 else "+… ", "muted")]


def label(part: Part, room: int) -> str:
    """Name a send in exactly *room* cells: "#12 bytes 4-19 ────", "#12 ──", "12", "··" if nothing fits."""
    last = f"-{part.stop - 1}" if part.size > 1 else ""
    names = f"#{part.seq} byte{'s' if last else ''} {part.start}{last} ", f"#{part.seq} ", f"#{part.seq}", str(part.seq)
    name = next((name for name in names if cells(name) <= room), "")
    return (name + "─" * (room - cells(name))) if name else "·" * room
