"""Which injections a run is given: legal ones, chosen by seed from what the program was seen to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.model.call.call import Call
from workbench.probe.rules import Injection, draw, parse

_MANY = 300
"""Calls of a socket that are cut to very little; a program that moves megabytes is to come to its end too."""
_PIECES = 60
"""Pieces that a sendall is sent in, at most."""


@dataclass(slots=True)
class Seen:
    """What a program does: which plans can matter to it."""

    receives: bool = False
    sends: bool = False
    sendall: int = 0
    """Bytes of the largest sendall."""
    datagrams: bool = False
    connects: bool = False

    def take(self, call: Call) -> None:
        """Learn from one call."""
        if call.receives and call.datagram:
            self.datagrams = True
        elif call.receives:
            self.receives = True
        elif call.call in ("send", "sendmsg") and not call.datagram:
            self.sends = True
        elif call.call == "sendall":
            self.sendall = max(self.sendall, len(call.data))
        elif call.call in ("accept", "connect", "connect_ex"):
            self.connects = True


def plan(seed: int, number: int, seen: Seen, *, errors: bool = False) -> Injection:
    """Return the *number*th plan (from 0) of a *seed*: the plainest first, then mixtures."""
    kinds = list(_kinds(seed, number, seen))
    rules = [*kinds[number % len(kinds)]] if kinds else []
    if errors:
        rules += [f"{rule}:chance={5 + int(15 * draw(seed, number, rule))}%" for rule in _ERRORS]
    return Injection(draw_seed(seed, number), list(map(parse, rules)))


def draw_seed(seed: int, number: int) -> int:
    """Return the seed of one plan."""
    return seed * 1000 + number


_ERRORS = ("recv:error=ECONNRESET", "send:error=EPIPE", "connect:error=ECONNREFUSED", "accept:error=EMFILE")


def _kinds(seed: int, number: int, seen: Seen) -> Iterator[tuple[str, ...]]:
    """Yield the kinds of plans that matter to what was *seen*; how strong they are differs from plan to plan."""
    chance = (100, 50, 20, 10)[int(4 * draw(seed, number, "chance"))]
    most = (3, 9, 40, 200)[int(4 * draw(seed, number, "most"))]
    least = max(1, seen.sendall // _PIECES)
    pieces = (f"sendall:pieces={least}-{max(least, seen.sendall // 3)}:when=1..{_MANY}",) if seen.sendall > 1 else ()
    recv = (f"recv:max=1-{most}:chance={chance}%:when=1..{_MANY}",) if seen.receives else ()
    send = (f"send:max=1-{most}:chance={chance}%:when=1..{_MANY}",) if seen.sends else ()
    wait = f"recv:delay=1ms-40ms:chance={chance // 2}%:when=1..50"
    if seen.receives:
        yield (f"recv:max=1:when=1..{_MANY}",)
    if seen.sends:
        yield (f"send:max=1-{most}:when=1..{_MANY}",)
    if seen.datagrams:
        yield (f"recv:drop={chance // 2}%", f"recv:dup=20%:when=1..{_MANY}", f"recv:reorder=20%:when=1..{_MANY}")
        yield (f"recv:dup={chance}%",)
        yield (f"recv:reorder={chance}%",)
    if pieces:
        yield pieces
    if seen.receives or seen.connects:
        yield (wait, "accept:delay=1ms-80ms", "connect:delay=1ms-80ms:chance=50%")
    if seen.receives or seen.sends:
        yield (*recv, *send)
        yield (*recv, *send, *pieces, wait)
