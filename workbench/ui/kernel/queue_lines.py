"""The receive queue in words and rows: what lies in it, and what the next recv(n) will make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.engine.state import Message, Queue
from workbench.model.call.address import show
from workbench.model.lineage.lineage import Part
from workbench.model.text.fit import counted, shorten
from workbench.model.text.hexdump import ASCII
from workbench.model.text.safe import cells, safe
from workbench.ui.kernel.queue_bytes import Bytes, Hue, byte_rows, no_hue
from workbench.ui.parts.piece_view import Line, amount, bar, of_bytes, wide

ABSENT = "not available on this system"


@dataclass(frozen=True, slots=True)
class Seen:
    """A queue, and what is known around it."""

    queue: Queue | None = None
    """None where there is no socket."""
    n: int = 1024
    """What the next recv asks for."""
    call: str = "recv"
    """Its name: recv, or recvfrom."""
    parts: tuple[Part | None, ...] | None = ()
    """Of a stream the sends of its bytes, in order; of messages the send of each. None: not known yet."""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A Seen, the room there is for it, and which hue each send has."""

    seen: Seen
    width: int
    height: int
    hue: Hue = no_hue


def queue_lines(drawing: Drawing) -> list[Line]:
    """Return the rows of the view; 4 to 6 rows of 40 cells or more make a good one."""
    seen, queue = drawing.seen, drawing.seen.queue
    if queue is None or seen.closed:
        return [[("nothing queued", "muted"), (": the socket is closed" if seen.closed else "", "muted")]]
    if queue.total is None:
        why = "not to be seen from outside the program" if queue.foreign else ABSENT
        return [[("receive queue: " + why, "muted")], *_endings(queue, seen)]
    if queue.keeps_messages:
        return _message_rows(drawing, queue)
    return _stream_rows(drawing, queue)


# --- a stream ---------------------------------------------------------------------------------------------------------


def _stream_rows(drawing: Drawing, queue: Queue) -> list[Line]:
    seen, width, total = drawing.seen, drawing.width, queue.total or 0
    said = next_recv(seen, queue, total)
    if not queue.head:
        held: Line = [("nothing queued", "muted")] if not total else [(_hidden(queue, total), "muted")]
        if drawing.height < 5:
            return [beside(said, fill(queue, width - wide(said) - 2), width), held, *_endings(queue, seen)]
        return [fill(queue, width), held, said, *_endings(queue, seen)]
    parts = [part for part in seen.parts or () if part is not None]
    cut = min(max(seen.n, 0), total)
    rows = list(byte_rows(Bytes(queue.head, total, cut, parts, drawing.hue), width))
    if not parts:
        why = "not known yet which send they came from" if seen.parts is None else "sent from outside this session"
        rows[0] = [(shorten(why, width), "muted")]
    short = first_fit([[*said, *_short_ending(queue)], [*said[1:], *_short_ending(queue)]], width)
    if drawing.height < 5:
        return [beside(short, fill(queue, width - wide(short) - 2), width), *rows]
    endings = _endings(queue, seen)
    if not endings or drawing.height < 5 + len(endings):
        return [fill(queue, width), *rows, short]
    return [fill(queue, width), *rows, said, *endings]


def next_recv(seen: Seen, queue: Queue, total: int) -> Line:
    """Say what the next recv(n) of a stream will do."""
    call, n = f"{seen.call}({seen.n})", seen.n
    line: Line = [("next ", ""), (call, "call")]
    match total:
        case _ if n <= 0:
            return [*line, (" returns b'' and takes nothing", "")]
        case 0 if queue.error:
            return [*line, (" raises the error that waits", "error")]
        case 0 if queue.fin:
            return [*line, (" returns b'': the peer has ended its side", "warning")]
        case 0:
            return [*line, (" has to wait for bytes", "")]
        case _:
            return [*line, (f" takes {min(n, total)}, leaves {max(0, total - n)}", "")]


def brief(queue: Queue, n: int) -> str:
    """Return in few words what is queued, and what the next recv(n) takes of it; "" where nothing is."""
    if queue.keeps_messages:
        return f"{amount_of(queue)} queued" if queue.messages else ""
    return f"{queue.total} queued ┃ recv takes {min(n, queue.total)}" if queue.total else ""


def amount_of(queue: Queue) -> str:
    """Return how many messages are queued, as far as is known."""
    count = counted(len(queue.messages), "message")
    return f"{count} or more" if queue.more else count


def _short_ending(queue: Queue) -> Line:
    if queue.error:
        return [(" · then error", "error")]
    if queue.broken:
        return [(f" · then {queue.ending}", "warning"), (" · send raises", "error")]
    return [(f" · then {queue.ending}", "warning")] if queue.fin else []


def _endings(queue: Queue, seen: Seen) -> list[Line]:
    """Say what waits behind the bytes, a row each."""
    behind = "after these bytes " if queue.total else ""
    rows: list[Line] = []
    if queue.fin and not queue.error:
        end = f"{'then ' if behind else ''}{queue.ending}"
        rows.append([(f"{end}: {behind}{seen.call} returns b'', again and again", "warning")])
    if queue.error:
        when = behind if not queue.keeps_messages else ""
        rows.append([(f"an error waits: {when or 'the next '}{seen.call} raises it", "error")])
    if queue.broken:
        rows.append([("an error waits for the next send, which raises it", "error")])
    return rows


def _hidden(queue: Queue, total: int) -> str:
    if queue.foreign:
        return f"{of_bytes(total)} queued; which, only the program can see"
    return f"{of_bytes(total)} queued; not looked at, as a look would take the error that waits"


# --- messages ---------------------------------------------------------------------------------------------------------


def _message_rows(drawing: Drawing, queue: Queue) -> list[Line]:
    seen, width, height = drawing.seen, drawing.width, drawing.height
    ends = _endings(queue, seen)
    if not queue.messages:
        nothing: Line = [("nothing queued", "muted")]
        return [beside(nothing, fill(queue, width - wide(nothing) - 2), width), *(ends or [_waits(seen)])]
    first, *others = queue.messages
    seqs = [None if part is None else part.seq for part in seen.parts or ()]
    seqs += [None] * (len(queue.messages) - len(seqs))
    counted = f"{len(queue.messages)}{'+' if queue.more else ''}"
    said: Line = [(f"{counted} message{'s' if counted != '1' else ''}, {of_bytes(queue.total or 0)}", "strong")]
    if ends and height < 6:
        said += _short_ending(queue)
    top = beside(said, fill(queue, width - wide(said) - 2, counted=False), width)
    rows = [top, _message(drawing, first, seqs[0]), *_bytes_of(drawing, first, seqs[0])]
    room = height - len(rows) - (len(ends) if height >= 6 else 0)
    return [*rows, *_behind(drawing, others, seqs[1:], room, queue.more), *(ends if height >= 6 else [])]


def _waits(seen: Seen) -> Line:
    return [("next ", ""), (f"{seen.call}({seen.n})", "call"), (" has to wait for a message", "")]


def _message(drawing: Drawing, message: Message, seq: int | None) -> Line:
    """Describe the message that comes next, and what the next recv(n) will make of it."""
    seen = drawing.seen
    number: Line = [(f"#{seq} ", f"send-{drawing.hue(seq)}")] if seq else []
    call = f"{seen.call}({seen.n})"
    lost = message.size - max(seen.n, 0)
    if seen.n <= 0 and seen.call == "recv":
        does: Line = [(call, "call"), (" returns b'' and takes nothing", "")]
    elif not message.size:
        does = [(call, "call"), (" returns b''", "")]
    elif lost > 0:
        does = [(call, "call"), (f" takes {message.size - lost}, ", ""), (f"{lost} lost", "error")]
    else:
        does = [(call, "call"), (" takes it whole", "")]
    size = of_bytes(message.size) if message.size else "empty datagram"
    who = _sender(message, drawing.width - wide([*number, *does]) - cells(size) - 3)
    return [*number, (f"{size}{who} · ", ""), *does]


def _bytes_of(drawing: Drawing, message: Message, seq: int | None) -> list[Line]:
    if not message.size:
        return [[("(no bytes)", "muted")]]
    n = drawing.seen.n
    parts = () if seq is None else (Part(seq, 0, message.size),)
    loses = not (n <= 0 and drawing.seen.call == "recv")
    cut = min(max(n, 0), message.size)
    return list(byte_rows(Bytes(message.head, message.size, cut, parts, drawing.hue, loses), drawing.width)[1:])


def _behind(
    drawing: Drawing, others: Sequence[Message], seqs: Sequence[int | None], room: int, more: bool
) -> list[Line]:
    """Return a row for each message behind the first, as far as there is room; the last counts the rest."""
    whole = len(others) if len(others) <= room else max(0, room - 1)
    rows = [_one_row(drawing, message, seq) for message, seq in zip(others[:whole], seqs, strict=False)]
    rest = len(others) - whole
    if rest and room > 0:
        rows.append([(f"… {rest}{' or more' if more else ''} behind", "muted")])
    return rows


def _one_row(drawing: Drawing, message: Message, seq: int | None) -> Line:
    number: Line = [(f"#{seq} ", f"send-{drawing.hue(seq)}")] if seq else []
    size = of_bytes(message.size) if message.size else "empty datagram"
    line: Line = [("then ", "muted"), *number, (size + _sender(message, drawing.width // 2), "")]
    text = "".join(ASCII[byte] for byte in message.head)
    more = "…" if message.size > len(message.head) else ""
    return [*line, ("  " + shorten(text + more, max(1, drawing.width - wide(line) - 2)), "muted")]


def _sender(message: Message, room: int) -> str:
    """Name the sender in at most *room* cells; "" if it has no name, or there is no room to say it."""
    name = show(message.sender) if isinstance(message.sender, str | list) and message.sender else ""
    text = f" from {safe(name)}"
    return "" if not name or room < 12 else shorten(text, room)


# --- how full ---------------------------------------------------------------------------------------------------------


def fill(queue: Queue, room: int, *, counted: bool = True) -> Line:
    """Say in at most *room* cells how full the receive buffer is: "recv buffer ██░░░ 65 B, 2 % of 128 KiB"."""
    held = amount(queue.total or 0) if counted else ""
    if queue.foreign:
        return [(held if cells(held) <= room else "", "muted")]
    if queue.memory is None or not queue.room:
        text = f"{held}{', ' if held else ''}SO_RCVBUF: {ABSENT}"
        return [(text if cells(text) <= room else held if cells(held) <= room else "", "muted")]
    share = queue.memory / queue.room
    percent = f"{share * 100:.0f} %" if not 0 < share < 0.01 else "< 1 %"
    text = f"{held}{', ' if held else ''}{percent} of {amount(queue.room)}"
    name = "recv buffer "
    gauge = min(24, room - cells(name) - cells(text) - 1)
    if gauge >= 6:
        return [(name, "muted"), *bar(share, gauge), (" " + text, "")]
    if room >= cells(text) + 7:
        return [*bar(share, 6), (" " + text, "")]
    return [(next((short for short in (text, percent) if cells(short) <= room), ""), "")]


def first_fit(lines: Sequence[Line], width: int) -> Line:
    """Return the first line that takes at most *width* cells, or the last one."""
    return next((line for line in lines if wide(line) <= width), lines[-1])


def beside(left: Line, right: Line, width: int) -> Line:
    """Put *right* at the right edge of a row."""
    return [*left, (" " * max(1, width - wide(left) - wide(right)), ""), *right]
