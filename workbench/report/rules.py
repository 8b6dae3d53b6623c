"""A session as rules for `serve --respond FILE.toml`: each request that a server got, and what it answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.report.exports import TextExport


@dataclass(slots=True)
class _Turn:
    """What one side asked, in how many bytes ever, and the pieces of the answer; the first has no request."""

    request: bytes = b""
    answers: list[bytes] = field(default_factory=list)

    def same(self, other: _Turn) -> bool:
        return (self.request, self.answers) == (other.request, other.answers)


def export_rules(journal: Journal, out: TextIO) -> int:
    """Write them; of a session without a server, as its clients saw it. Datagrams have no place in it."""
    accepted = {made for call in journal if call.call == "accept" for made in call.made}
    connected = {call.socket for call in journal if call.call in ("connect", "connect_ex")}
    turns: dict[str, list[_Turn]] = {}
    left_out = 0
    for call in journal:
        if not call.data or call.peek:
            continue
        if call.socket not in (accepted or connected) or call.datagram:
            left_out += call.datagram
            continue
        _take(turns.setdefault(call.socket, [_Turn()]), call, asked=call.receives if accepted else call.sends)
    first = [talk[0] for talk in turns.values() if talk[0].answers]
    if first:
        out.write(f"greeting = {_value(b''.join(first[0].answers))}\n\n")
    for turn, times in _distinct([turn for talk in turns.values() for turn in talk if turn.request]):
        out.writelines(_rule(turn, times, pieces=bool(accepted)))
    return left_out


def _take(talk: list[_Turn], call: Call, *, asked: bool) -> None:
    if not asked:
        talk[-1].answers.append(call.data)
    elif talk[-1].answers or not talk[-1].request:
        talk.append(_Turn(call.data))
    else:
        talk[-1].request += call.data


def _distinct(turns: list[_Turn]) -> Iterator[tuple[_Turn, int | None]]:
    """Yield each turn once; of a request with several answers in a row all but the last a number of times."""
    done: list[tuple[_Turn, int]] = []
    for turn in turns:
        last = next((at for at in reversed(range(len(done))) if done[at][0].request == turn.request), None)
        if last is not None and done[last][0].same(turn):
            done[last] = turn, done[last][1] + 1
        else:
            done.append((turn, 1))
    for at, (turn, times) in enumerate(done):
        again = any(later.request == turn.request for later, _ in done[at + 1 :])
        yield turn, times if again else None


def _rule(turn: _Turn, times: int | None, *, pieces: bool) -> Iterator[str]:
    yield f"[[rule]]\nequals = {_value(turn.request)}\n"
    if turn.answers:
        yield f"answer = {_value(b''.join(turn.answers), answer=True)}\n"
    if pieces and len(turn.answers) > 1:
        yield f"pieces = {[len(answer) for answer in turn.answers]}\n"
    if times is not None:
        yield f"times = {times}\n"
    yield "\n"


def _value(data: bytes, *, answer: bool = False) -> str:
    """Return bytes as TOML has text, or as hex; a dollar in an answer would stand for something."""
    data = data.replace(b"$", b"$$") if answer else data
    try:
        return json.dumps(data.decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
    except UnicodeDecodeError:
        return f'{{ hex = "{data.hex(" ")}" }}'


EXPORT = TextExport(export_rules)
