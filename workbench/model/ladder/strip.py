"""A rung as one line of text: time, lifelines, an arrow between them, and what is under way beside who is to get it.

    +0.0011      #9 send(b'hello ')├──── 6 B ────▶  6 ┃│
    +0.0011       #10 send(b'world')├─── 5 B ───▶ 11 ┃│
    +0.0012                        │             0 ──▶┤#11 recv(1024) = b'hello world' #9 #10

Two lifelines have their texts at the outside; of more, each but the first has its text at its right. A piece of a line
is a text that went through safe(), and the name of the part that it is: "time", "gap", "life", "name", "outside",
"wait", "call", "result", "error", "arrow", "queue", "end", "reset", "lost", or "send" with a call's seq behind it,
"send 12", whose colour is that of the send.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from msgspec import structs

from workbench.model.call.call import Call
from workbench.model.ladder.lifelines import Lifelines
from workbench.model.ladder.rungs import INWARD, Arrow, Kind, Phase, Rung, has_end
from workbench.model.text.fit import duration_text, shorten
from workbench.model.text.safe import cells, safe
from workbench.model.words.as_python import expression, outcome

Pieces = list[tuple[str, str]]

TIME = 9  # cells: "+12.3456 "
GAP = 0.1
"""Seconds without a rung that are told in the gutter."""
_GAP_CELLS = 8
_ROOMY, _ROOMIER = 100, 140  # cells from which on the gutter tells how long a gap was: of two lifelines, of more
_TIGHTER = 4
_BRIEF = 20  # cells below which a call is told by its name alone
_FEW = 24  # cells of a text that says of a recv how many bytes it got, but not which
_BETWEEN = (14, 30)  # cells between two lifelines, where they are the only ones
_TEXT, _ARROW = 12, 9  # cells of a text and of an arrow at least, where there are more lifelines

# Of each kind of arrow: its line, its head, its word, its part.
LOOKS = {
    Kind.DATA: ("─", "▶◀", "", "arrow"),
    Kind.TAKEN: ("─", "▶◀", "", "arrow"),
    Kind.LOST: ("─", "✗✗", "lost", "lost"),
    Kind.UNKNOWN: ("─", "??", "", "arrow"),
    Kind.CONNECTING: ("┄", "??", "connect", "arrow"),
    Kind.CONNECTED: ("═", "▶◀", "connected", "arrow"),
    Kind.ACCEPTED: ("═", "▶◀", "", "arrow"),
    Kind.REFUSED: ("─", "✗✗", "refused", "lost"),
    Kind.END: ("─", "▶◀", "end", "end"),
    Kind.RESET: ("─", "▶◀", "reset", "reset"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the lifelines stand in a line: their cells, how wide a text may be, and how wide all is."""

    lives: Lifelines
    at: tuple[int, ...]
    text: int
    width: int
    gutter: int


def columns(lives: Lifelines, width: int) -> Columns:
    """Lay the lifelines out in *width* cells; more than two may take more."""
    count = max(2, len(lives.columns))
    gutter = TIME + (_GAP_CELLS if width >= (_ROOMY if count == 2 else _ROOMIER) else 2)
    if count == 2:
        between = min(max(_BETWEEN[0], (width - gutter) // 4), _BETWEEN[1])
        text = max(8, (width - gutter - between - 2) // 2)
        return Columns(lives, (gutter + text, gutter + text + between + 1), text, width, gutter)
    text = max(_TEXT, (width - gutter - 1 - _ARROW * (count - 1)) // (count + 1))
    step = text + _ARROW
    at = tuple(gutter + text + step * column for column in range(count))
    return Columns(lives, at, text, max(width, at[-1] + 1 + text), gutter)


def heading(layout: Columns) -> Pieces:
    """Return the line with the names of the lifelines."""
    line = _Line(layout.width)
    for column, life in enumerate(layout.lives.columns[: len(layout.at)]):
        part = "outside" if life.outside else "name"
        name = shorten(f"{life.name} (outside)" if life.outside else life.name, layout.text)
        line.put(_text_at(layout, column, cells(name)), name, part)
    return line.pieces()


def foot(layout: Columns, now: Mapping[str, str]) -> Pieces:
    """Return the line at the foot of the lifelines: what lies in the kernel for each socket *now*, by its id."""
    line = _Line(layout.width)
    line.put(0, "now", "time")
    for at in layout.at[: len(layout.lives.columns)]:
        line.put(at, "╵", "life")
    for socket, text in now.items():
        column = layout.lives.of_socket.get(socket)
        if column is not None and column < len(layout.at):
            said = shorten(safe(text), layout.text)
            line.put(_text_at(layout, column, cells(said)), said, "queue")
    return line.pieces()


def strip(rung: Rung, layout: Columns, marked: Container[int] = ()) -> Pieces:
    """Return the rung as a line; *marked*: numbers of the calls that findings are about, which get a "!"."""
    line = _Line(layout.width)
    _gutter(line, rung, layout)
    if rung.call.seq in marked:
        line.put(TIME - 1, "!", "error")
    waiting = {layout.lives.of_socket.get(socket) for socket in rung.waiting}
    for column, at in enumerate(layout.at[: len(layout.lives.columns)]):
        line.put(at, *(("┊", "wait") if column in waiting else ("│", "life")))
    own = layout.lives.of_socket.get(rung.call.socket)
    if own is None:
        return line.pieces()
    ahead = own > 0 and rung.arrow is not None and layout.lives.of_socket.get(rung.arrow.end, 0) > own
    text = rung_text(rung, layout.text - _TIGHTER * ahead)  # its arrow begins behind it
    _between(line, rung, layout, own, _width(text))
    at = _text_at(layout, own, _width(text))
    for words, part in text:
        line.put(at, words, part)
        at += cells(words)
    return line.pieces()


def _gutter(line: _Line, rung: Rung, layout: Columns) -> None:
    line.put(0, f"{rung.time:+.4f}", "time")
    if rung.gap >= GAP and layout.gutter > TIME + 2:
        line.put(TIME, f"┊{duration_text(rung.gap)}"[: layout.gutter - TIME - 1], "gap")
    elif rung.gap >= GAP:
        line.put(TIME, "┊", "gap")


# --- the text of a rung -----------------------------------------------------------------------------------------------


def rung_text(rung: Rung, room: int) -> Pieces:
    """Return number, call, result and sources in at most *room* cells."""
    call, sources = rung.call, _sources(rung)
    number = f"#{call.seq} "
    if room - (len(number) + _width(sources) if call.receives else 0) < _BRIEF:
        return _brief(rung, sources, room)
    room -= len(number) + _width(sources)
    said = _said(rung, room)
    kind = "wait" if said in (_WAITS, _NEVER) else "error" if call.error is not None else "result"
    kind = kind if rung.cut_from is None else "lost"
    changed = [(_INJECTED, "wait")] if call.injected else []
    room -= _width(changed)
    pieces = [(number, "time"), (written(call, max(6, room - cells(said))), "call"), (said, kind), *changed, *sources]
    room += _width(changed)
    return [(text, part) for text, part in _fitted(pieces, room + len(number) + _width(sources)) if text]


def _brief(rung: Rung, sources: Pieces, room: int) -> Pieces:
    """Return in few cells the call's name, what came of it, and if it fits its number."""
    call, kind = rung.call, "result"
    said = ""
    if rung.phase is Phase.BEGIN or (rung.phase is Phase.CALL and has_end(call)):
        said, kind = _NEVER if call.unfinished else _WAITS, "wait"
    elif call.error is not None:
        said, kind = f" {outcome(call, max(6, room - len(call.call) - 1))}", "error"
    elif call.receives:
        said = f" {len(call.data)}B" if call.data else " b''"
        said, kind = (f" {len(call.data)}/{rung.cut_from}B", "lost") if rung.cut_from is not None else (said, kind)
    pieces = [(safe(call.call), "call"), (said, kind), *sources]
    if _width(pieces) + len(f"#{call.seq} ") <= room:
        pieces.insert(0, (f"#{call.seq} ", "time"))
    return [(text, part) for text, part in _fitted(pieces, room) if text]


_INJECTED = " ✂"
"""Sign of a call that --inject changed."""
_WAITS, _NEVER = " waits", " did not return"


def _said(rung: Rung, room: int) -> str:
    """Return what came of the call at this rung, "" where the arrow tells it."""
    call = rung.call
    if rung.phase is Phase.BEGIN:
        return _NEVER if call.unfinished else _WAITS
    if rung.phase is Phase.CALL and has_end(call):
        return _WAITS
    if rung.cut_from is not None:
        return f" = {len(call.data)} of {rung.cut_from} B"
    if call.receives and call.error is None and call.data and room < _FEW:
        return f" = {len(call.data)} B"
    if call.receives and call.error is None:
        head = cells(written(call, room))
        return f" {outcome(structs.replace(call, peer=None), max(8, room - head - 1))}"
    if call.call == "accept" and call.error is None:
        return f" = {shorten(safe(call.label or call.made[0] if call.made else ''), 12)}"
    if call.error is not None or rung.phase is Phase.END or call.call == "connect_ex" or _is_short(call):
        return f" {outcome(call, max(8, room // 2))}"
    return ""


def _is_short(call: Call) -> bool:
    """Whether a send moved fewer bytes than were offered."""
    return call.sends and call.error is None and call.requested is not None and len(call.data) < call.requested


def written(call: Call, room: int) -> str:
    """Return the call in at most *room* cells without what its arrow tells: addresses, and where to connect."""
    if call.sends:
        return expression(structs.replace(call, args=[]), room)
    if call.call in ("connect", "connect_ex", "accept", "close"):
        return safe(call.call)
    return expression(call, room)


def _sources(rung: Rung) -> Pieces:
    """Name the sends that the bytes came from, with their ranges where they are parts."""
    named = []
    for part in rung.sources[:3]:
        whole = len(rung.sources) > 1 and part.start == 0
        span = "" if whole or (part.start == 0 and part.size == len(rung.call.data)) else f"[{part.start}:{part.stop}]"
        named.append((f" #{part.seq}{span}", f"send {part.seq}"))
    if len(rung.sources) > 3:
        named.append((f" +{len(rung.sources) - 3}", "time"))
    return named


def _fitted(pieces: Pieces, room: int) -> Pieces:
    """Shorten the longest pieces, from the call on, until all fit."""
    over = _width(pieces) - room
    for index in sorted(range(len(pieces)), key=lambda each: -cells(pieces[each][0])):
        if over <= 0:
            break
        text, part = pieces[index]
        kept = shorten(text, max(3, cells(text) - over))
        over -= cells(text) - cells(kept)
        pieces[index] = kept, part
    return pieces


def _width(pieces: Pieces) -> int:
    return sum(cells(text) for text, _ in pieces)


def _text_at(layout: Columns, column: int, width: int) -> int:
    """Return where a text of *width* cells begins that belongs to a lifeline."""
    return layout.at[0] - width if column == 0 else layout.at[column] + 1


# --- between the lifelines --------------------------------------------------------------------------------------------


def _between(line: _Line, rung: Rung, layout: Columns, own: int, text: int) -> None:
    """Draw what is under way beside the lifelines it goes to, and the rung's arrow. *text*: cells of the own text."""
    arrow = rung.arrow
    ends = layout.lives.ends(arrow, own) if arrow is not None else None
    ends = None if ends is not None and max(ends) >= len(layout.at) else ends
    for column, (words, part) in _queues(rung, layout, ends).items():
        at = layout.at[column]
        line.put(at - cells(words) if column else at + 1, words, part)
        if arrow is not None and arrow.kind in INWARD and ends is not None and column == ends[1]:
            return
    if arrow is None or ends is None or arrow.kind in INWARD:
        return
    start, end = ends
    first, last = sorted((layout.at[start], layout.at[end]))
    first, last = first + 1, last - 1
    if own == start < end and own:  # the text stands where the arrow would begin
        first += text + 1
    queue = cells(_queues(rung, layout, ends).get(end, ("", ""))[0])
    if start < end:
        last -= queue
    elif end == 0:
        first += queue
    _stroke(line, rung, arrow, first, last, rightward=start < end)


def _stroke(line: _Line, rung: Rung, arrow: Arrow, first: int, last: int, *, rightward: bool) -> None:
    """Draw an arrow from cell *first* to *last*, with its label in the middle if there is room."""
    stroke, heads, word, part = LOOKS[arrow.kind]
    room = last - first
    if room < 2:
        return
    label = " ".join(filter(None, (word, arrow.label)))
    label = next((f" {each} " for each in (label, arrow.label, word) if each and room >= cells(each) + 4), "")
    drawn = label.center(room, stroke)
    part = f"send {rung.call.seq}" if arrow.kind is Kind.DATA else part
    line.put(first, drawn + heads[0] if rightward else heads[1] + drawn, part)


def _queues(rung: Rung, layout: Columns, ends: tuple[int, int] | None) -> dict[int, tuple[str, str]]:
    """Return what stands beside each lifeline that something is under way to, and its part."""
    amounts: dict[int, int] = {}
    for socket, count in rung.under_way:
        column = layout.lives.of_socket.get(socket)
        if column is not None and column < len(layout.at):
            amounts[column] = amounts.get(column, 0) + count
    found = dict.fromkeys(amounts, ("┃", "queue"))
    if rung.arrow is None or ends is None:
        return found
    end, kind = ends[1], rung.arrow.kind
    amount = str(amounts.get(end, 0))
    if kind in (Kind.CONNECTED, Kind.ACCEPTED):
        amount = "" if rung.unaccepted is None else f"{rung.unaccepted}■"
    if kind in INWARD:
        part = f"send {rung.sources[0].seq}" if rung.sources else "queue"
        found[end] = (f" {amount} ──▶" if end else f"◀── {amount} ", part)
    elif (kind is Kind.DATA and end in amounts) or (kind is Kind.CONNECTED and amount):
        sign = "┃" if kind is Kind.DATA else ""
        found[end] = (f" {amount} {sign}" if end else f"{sign} {amount} ", "queue")
    return found


class _Line:
    """A line of cells, written at any place; what is put later covers what was there."""

    def __init__(self, width: int) -> None:
        self._text = [" "] * width
        self._part = [""] * width

    def put(self, at: int, text: str, part: str) -> None:
        """Write *text*, which went through safe(), from cell *at* on, as far as the line reaches."""
        for char in text:
            room = cells(char)
            if at >= 0 and at + room <= len(self._text):
                self._text[at], self._part[at] = char, part
                for beside in range(at + 1, at + room):
                    self._text[beside], self._part[beside] = "", part
            at += room

    def pieces(self) -> Pieces:
        """Return the line as pieces, without blanks at its end."""
        end = len(self._text)
        while end and self._text[end - 1] == " ":
            end -= 1
        found: Pieces = []
        for char, part in zip(self._text[:end], self._part[:end], strict=True):
            if found and found[-1][1] == part:
                found[-1] = found[-1][0] + char, part
            else:
                found.append((char, part))
        return found
