"""A session's ladder as one SVG file: without scripts, light or dark as the reader's system is, its text selectable.

Bytes lie beside the lifeline they go to, in the colour of their send, from where they were sent to where the last of
them was received. Hovering over a rung shows its call.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TextIO

from workbench.journal.ladder import Ladder
from workbench.journal.reader import Journal
from workbench.model.ladder.lifelines import Lifelines
from workbench.model.ladder.rungs import INWARD, Arrow, Kind, Rung
from workbench.model.ladder.strip import GAP, LOOKS, rung_text
from workbench.model.text.fit import counted, duration_text, shorten
from workbench.model.text.safe import cells, safe
from workbench.model.words.as_python import expression, outcome
from workbench.report.exports import TextExport

MOST = 5000
"""Rungs that are drawn; a session with more of them says so at its end."""
_CELL, _ROW, _TOP = 7.3, 20, 46  # pixels: of a character, of a rung, above the first
_TIME, _GAP = 120, 170  # pixels of the gutter, and between two lifelines
_TEXT, _NARROW, _FEW = 40, 24, 3  # characters of a text, and where there are more lifelines than that
_CUT = (Kind.LOST, Kind.UNKNOWN, Kind.REFUSED)  # kinds that end before they reach the other lifeline
_BARS, _BAR = 3, 5  # bytes under way side by side at one lifeline, and their width in pixels

_STYLE = """
.ladder { color-scheme: light dark; --ink: #1f2328; --soft: #6e7781; --paper: #ffffff; --line: #d0d7de; --wait: #9a6700;
  --bad: #cf222e; --h0: #1a7f37; --h1: #0969da; --h2: #bc4c00; --h3: #8250df; }
@media (prefers-color-scheme: dark) { .ladder { --ink: #e6edf3; --soft: #8d96a0; --paper: #0d1117; --line: #3d444d;
  --wait: #d29922; --bad: #f85149; --h0: #3fb950; --h1: #58a6ff; --h2: #f0883e; --h3: #bc8cff; } }
.ladder text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink);
  white-space: pre; }
.l-back { fill: var(--paper); } .ladder .l-soft, .ladder .l-outside { fill: var(--soft); }
.ladder .l-name { font-weight: bold; }
.l-life { stroke: var(--line); stroke-width: 2; }
.l-wait { stroke: var(--wait); stroke-width: 3; stroke-dasharray: 2 3; }
.ladder text.l-error, .ladder text.l-bad { fill: var(--bad); } .ladder text.l-wait { fill: var(--wait); stroke: none; }
.l-arrow, .l-end { stroke: var(--soft); fill: var(--soft); } .l-bad { stroke: var(--bad); fill: var(--bad); }
.l-dashed { stroke-dasharray: 5 4; }
.l-h0 { stroke: var(--h0); fill: var(--h0); } .l-h1 { stroke: var(--h1); fill: var(--h1); }
.l-h2 { stroke: var(--h2); fill: var(--h2); } .l-h3 { stroke: var(--h3); fill: var(--h3); }
.ladder tspan[class] { stroke: none; }
.ladder tspan.l-wait { fill: var(--wait); } .ladder tspan.l-error { fill: var(--bad); }
.ladder tspan.l-h0 { fill: var(--h0); } .ladder text.l-label { font-size: 11px; } .l-bar { stroke: none; opacity: .55; }
"""


def export_svg(journal: Journal, out: TextIO, ladder: Ladder | None = None) -> int:
    """Write the ladder of *journal*, or the given one, to *out*; leaves out no call that moved bytes: 0."""
    if ladder is None:
        ladder = Ladder(journal)
        ladder.extend()
    out.writelines(drawing(journal, ladder))
    return 0


EXPORT = TextExport(export_svg)


def drawing(journal: Journal, ladder: Ladder, link: str = "") -> Iterator[str]:
    """Yield the lines of an SVG; *link*: what stands before a call's number where each rung leads to that call."""
    return _Drawing(journal, ladder, link).lines()


class _Drawing:
    """One SVG. Rungs have numbers from 0 on; a rung's height follows from its number."""

    def __init__(self, journal: Journal, ladder: Ladder, link: str) -> None:
        self._journal, self._ladder, self._link = journal, ladder, link
        self._lives: Lifelines = ladder.lifelines()
        self._count = min(MOST, len(ladder))
        self._room = _TEXT if len(self._lives.columns) <= _FEW else _NARROW
        text = self._room * _CELL
        self._at = [_TIME + text + 10 + column * (_GAP + (text if column else 0))
                    for column in range(max(2, len(self._lives.columns)))]  # fmt: skip
        self._width = self._at[-1] + text + 20
        self._height = _TOP + _ROW * (self._count + 2)

    def lines(self) -> Iterator[str]:
        """Yield the file's lines."""
        size = f'width="{self._width:.0f}" height="{self._height}" viewBox="0 0 {self._width:.0f} {self._height}"'
        yield f'<svg class="ladder" xmlns="http://www.w3.org/2000/svg" {size} role="img">\n'
        yield f"<title>{_text(self._journal.path.name)}: the ladder of its calls</title>\n"
        yield f"<style>{_STYLE}</style>\n"
        yield '<rect class="l-back" width="100%" height="100%"/>\n'
        yield from self._lifelines()
        rungs = list(self._ladder.rungs(0, self._count))
        yield from self._waits(rungs)
        yield from self._bars(rungs)
        for number, rung in enumerate(rungs):
            yield from self._rung(number, rung)
        if left := len(self._ladder) - self._count:
            yield _label(20, self._y(self._count + 1), f"… {counted(left, 'rung')} more", "soft")
        yield "</svg>\n"

    def _y(self, number: int) -> int:
        return _TOP + _ROW * number

    def _lifelines(self) -> Iterator[str]:
        for column, life in enumerate(self._lives.columns):
            at, name = self._at[column], f"{life.name} (outside)" if life.outside else life.name
            yield f'<line class="l-life" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP - 18}" y2="{self._height - 10}"/>\n'
            yield _label(at, _TOP - 26, name, "outside" if life.outside else "name", "middle")

    def _waits(self, rungs: list[Rung]) -> Iterator[str]:
        """Yield a dashed line along a life for each time that it waited."""
        since: dict[int, int] = {}
        for number, rung in enumerate(rungs):
            waiting = {self._lives.of_socket[socket] for socket in rung.waiting if socket in self._lives.of_socket}
            for column in waiting - since.keys():
                since[column] = number
            for column in since.keys() - waiting:
                yield self._wait(column, since.pop(column), number)
        for column, number in since.items():
            yield self._wait(column, number, len(rungs))

    def _wait(self, column: int, first: int, last: int) -> str:
        at = self._at[column]
        return f'<line class="l-wait" x1="{at:.1f}" x2="{at:.1f}" y1="{self._y(first)}" y2="{self._y(last)}"/>\n'

    def _bars(self, rungs: list[Rung]) -> Iterator[str]:
        """Yield a bar for the bytes of each send from the rung that sent them to the last one that received some."""
        sent = {rung.call.seq: number for number, rung in enumerate(rungs)
                if rung.arrow is not None and rung.arrow.kind is Kind.DATA and rung.arrow.end}  # fmt: skip
        last: dict[int, int] = {}
        for number, rung in enumerate(rungs):
            last.update({part.seq: number for part in rung.sources if part.seq in sent and not rung.call.peek})
        for place, (seq, number) in enumerate(last.items()):
            arrow = rungs[sent[seq]].arrow
            column = self._lives.of_socket.get(arrow.end) if arrow is not None else None
            if column is None:
                continue
            shift = 14 + _BAR * (place % _BARS)
            at = self._at[column] + (shift if column == 0 else -shift - _BAR + 1)
            top, bottom = self._y(sent[seq]), self._y(number)
            yield (f'<rect class="l-bar l-h{seq % 4}" x="{at:.1f}" y="{top}" width="{_BAR - 1}" '
                   f'height="{max(2, bottom - top)}"><title>bytes of #{seq} under way</title></rect>\n')  # fmt: skip

    def _rung(self, number: int, rung: Rung) -> Iterator[str]:
        y, own = self._y(number), self._lives.of_socket.get(rung.call.socket)
        call = rung.call
        yield f"<g><title>{_text(f'#{call.seq} {call.name} {expression(call, 400)} {outcome(call, 200)}')}</title>\n"
        yield _label(10, y + 4, f"{rung.time:+.4f}", "soft")
        if rung.gap >= GAP:
            yield _label(72, y + 4, f"┊{duration_text(rung.gap)}", "soft")
        if own is not None:
            yield from self._arrow(y, rung, own)
            at = self._at[own] + (-10 if own == 0 else 10)
            words = _words(at, y + 4, rung_text(rung, self._room - 1), "end" if own == 0 else "start")
            yield f'<a href="{self._link}{call.seq}">{words}</a>' if self._link else words
        yield "</g>\n"

    def _arrow(self, y: int, rung: Rung, own: int) -> Iterator[str]:
        arrow = rung.arrow
        ends = self._lives.ends(arrow, own) if arrow is not None else None
        if arrow is None or ends is None or max(ends) >= len(self._at):
            return
        start, end = (self._at[column] for column in ends)
        if arrow.kind in INWARD:
            start = end + (22 if ends[1] == 0 else -22)
        way = 1 if end > start else -1
        if own and way > 0 and arrow.kind not in INWARD:  # the rung's text stands where its arrow would begin
            start += _CELL * cells("".join(words for words, _ in rung_text(rung, self._room - 1))) + 12
        stop = end - way * (60 if arrow.kind in _CUT else 3)
        look = _look(rung, arrow)
        yield f'<line class="{_prefixed(look)}" x1="{start + 3 * way:.1f}" x2="{stop:.1f}" y1="{y}" y2="{y}"/>\n'
        yield _head(arrow.kind, look, stop, y, way)
        waiting = f"{rung.unaccepted}■" if rung.unaccepted and arrow.kind is Kind.CONNECTED else ""
        said = " ".join(filter(None, (LOOKS[arrow.kind][2], arrow.label, waiting)))
        if said and arrow.kind not in INWARD:
            middle = start + way * _GAP / 2 if abs(end - start) > 2 * _GAP else (start + end) / 2
            yield _label(middle, y - 3, shorten(safe(said), 18), "soft label", "middle")


def _look(rung: Rung, arrow: Arrow) -> str:
    """Return the classes of an arrow: the colour of the send whose bytes it moves, else what kind it is."""
    if arrow.kind is Kind.DATA:
        return f"h{rung.call.seq % 4}"
    if arrow.kind is Kind.TAKEN and rung.sources:
        return f"h{rung.sources[0].seq % 4}"
    kind = "bad" if LOOKS[arrow.kind][3] in ("lost", "reset") else "arrow"
    return f"{kind} dashed" if arrow.kind in (Kind.CONNECTING, Kind.UNKNOWN) else kind


def _head(kind: Kind, look: str, x: float, y: int, way: int) -> str:
    """Return the head of an arrow that ends at *x*; *way*: 1 to the right, -1 to the left."""
    if kind in (Kind.LOST, Kind.REFUSED):
        return _label(x, y + 5, "✗", "bad", "middle")
    if kind in (Kind.UNKNOWN, Kind.CONNECTING):
        return _label(x + way * 6, y + 5, "?", "soft", "middle")
    back = x - 8 * way
    return f'<polygon class="{_prefixed(look)}" points="{x:.1f},{y} {back:.1f},{y - 4} {back:.1f},{y + 4}"/>\n'


def _words(at: float, y: int, pieces: list[tuple[str, str]], anchor: str) -> str:
    spans = "".join(f'<tspan class="{_prefixed(_class(part))}">{_text(text)}</tspan>' for text, part in pieces)
    return f'<text x="{at:.1f}" y="{y}" text-anchor="{anchor}">{spans}</text>\n'


def _class(part: str) -> str:
    kind, _, seq = part.partition(" ")
    return f"h{int(seq) % 4}" if kind == "send" else "soft" if kind == "time" else kind


def _label(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{_prefixed(kind)}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{_text(text)}</text>\n'


def _prefixed(kinds: str) -> str:
    """Return class names that no page has for something else, where the drawing stands within one."""
    return " ".join(f"l-{kind}" for kind in kinds.split())


def _text(text: str) -> str:
    """Return *text* harmless, and written as XML has it."""
    return escape(safe(text))
