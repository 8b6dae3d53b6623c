"""The call of a traced program that waits to be let go, and what the one before it did to its receive queue."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.engine.tracing.stepping import Looked, Rule, StepMessage
from workbench.model.text.fit import shorten
from workbench.model.text.safe import cells, safe
from workbench.model.words.as_python import expression
from workbench.ui.parts.piece_view import Line, PieceView, of_bytes, wide

KEYS = "space lets it go · f5 runs on · f6 sets stops"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is shown. *others*: more calls that wait; *last*: the call let go last, as told before and after it."""

    rule: Rule
    message: StepMessage | None = None
    source: str = ""
    others: int = 0
    last: tuple[StepMessage, StepMessage | None] | None = None


class HeldCall(PieceView):
    """Two rows while calls are held or stops are set; none otherwise."""

    DEFAULT_CSS = """
    HeldCall { height: 2; display: none; background: $boost; }
    HeldCall.-stepping { display: block; }
    """

    def __init__(self, keys: str = KEYS, *, id: str | None = None) -> None:
        """*keys*: what is said before the first call is let go."""
        super().__init__(id=id, tooltip="The call that waits before it is made: space lets it go, f5 runs on")
        self._keys = keys

    def show(self, waiting: Waiting) -> None:
        """Draw the call that waits, or where the program will stop."""
        if self.keep(waiting):
            self.set_class(bool(waiting.message or waiting.rule.every or waiting.rule.stops), "-stepping")

    def lines(self, width: int, height: int) -> list[Line]:
        waiting = self._value if isinstance(self._value, Waiting) else Waiting(Rule())
        return [_now(waiting, width), _before(waiting, self._keys, width)]


def _now(waiting: Waiting, width: int) -> Line:
    message = waiting.message
    if message is None:
        stops = ", ".join(sorted(waiting.rule.stops))
        where = "the next call" if waiting.rule.every else safe(stops)
        return [(" ▶ ", "full"), (shorten(f"running on until {where}", width - 3), "muted")]
    who = f"{safe(message.label)} " if message.label else ""
    more = f" · {waiting.others} more wait" if waiting.others else ""
    call = message.as_call(waiting.source)
    if message.after:
        line: Line = [(" ‖ ", "cut"), (f"{who}raised {safe(message.error)} in ", "error"), (safe(call.call), "call")]
        return [*line, (shorten(f" · {_place(waiting.source)}{more}", max(1, width - wide(line))), "muted")]
    behind = f" · {_place(waiting.source)}{more}"
    room = max(20, width - 3 - cells(who) - len("waits: ") - cells(behind))
    line = [(" ‖ ", "cut"), (f"{who}waits: ", ""), (expression(call, room), "call")]
    return [*line, (shorten(behind, max(1, width - wide(line))), "muted")]


def _place(source: str) -> str:
    """Write "file:line" without the folders."""
    return safe(source.rpartition("/")[2])


def _before(waiting: Waiting, keys: str, width: int) -> Line:
    """Write what the call let go last did; before the first one, which *keys* there are."""
    if waiting.last is None:
        return [("   ", ""), (shorten(keys, width - 3), "muted")]
    message, after = waiting.last
    who = f"{safe(message.label)} " if message.label else ""
    call = f"{who}{safe(message.call)}"
    if after is None:
        return [("   ", ""), (shorten(f"{call} has not returned yet", width - 3), "moved")]
    how = f"raised {safe(after.error)}" if after.error else "returned"
    was, now = _queued(message.queue), _queued(after.queue)
    queue = f" · queue: {was} before, {now} after" if was and now else f" · queue: {now} now" if now else ""
    return [("   ", ""), (shorten(f"{call} {how}{queue}", width - 3), "error" if after.error else "muted")]


def _queued(looked: Looked | None) -> str:
    if looked is None or looked.total < 0:
        return ""
    if looked.messages:
        return f"a message of {of_bytes(looked.total)}" if looked.head or looked.total else "no message"
    return of_bytes(looked.total)
