"""What an explanation is made from: a call's neighbours in the session, and what a table says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workbench.model.about import duration_text
from workbench.model.call import Call
from workbench.model.describe import expression, outcome
from workbench.model.lineage import Part

UNKNOWN = -1.0
_MAKERS = ("socket", "socketpair", "fromfd")


class Reason(NamedTuple):
    """Sentences on a call, most important first; what would happen next; the man page or function it rests on."""

    sentences: tuple[str, ...]
    next: str
    source: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a call in its session; all of it may be missing, and nothing is claimed then."""

    before: tuple[Call, ...] = ()
    """Earlier calls of the same socket, oldest first."""
    all_before: bool = False
    """Whether those are all, from the one that made the socket."""
    after: tuple[Call, ...] = ()
    """Later calls of the same socket, oldest first."""
    kin: tuple[Call, ...] = ()
    """The sends that a recv's bytes came from, or the recvs that took a send's."""
    elsewhere: tuple[Call, ...] = ()
    """Calls near it of other sockets that make, name or close one."""
    sources: tuple[Part, ...] | None = ()
    """Of a recv: see Lineage.sources."""
    takers: tuple[Part, ...] | None = None
    """Of a send: see Lineage.takers; None where the receiver is not in the session."""

    def whole(self, part: Part) -> int | None:
        """Return how many bytes the call that *part* belongs to moved in all, None where it is not at hand."""
        return next((len(call.data) for call in self.kin if call.seq == part.seq), None)

    @property
    def timeout(self) -> float | None:
        """The socket's timeout as its calls before tell: None for none, 0 for non-blocking, -1 if not known."""
        for call in reversed(self.before):
            match call.call, call.args:
                case "settimeout", [(int() | float() | None) as value, *_] if call.error is None:
                    return value
                case "setblocking", [flag, *_] if call.error is None:
                    return None if flag else 0.0
        return None if self.all_before else UNKNOWN

    def kind(self, call: Call) -> tuple[str, str]:
        """Return family and type of the call's socket, by name; "" for what its session does not tell."""
        if call.call in _MAKERS and len(call.args) >= 2:
            return str(call.args[0]), str(call.args[1]).partition(" ")[0]
        made = self.made_by(call)
        for each in (*self.before, *self.elsewhere):
            if each.call in _MAKERS and len(each.args) >= 2 and call.socket in (each.socket, *each.made):
                return str(each.args[0]), str(each.args[1]).partition(" ")[0]
        family = "AF_UNIX" if made is not None and isinstance(made.local, str) else ""
        return family, "" if made is None or call.datagram else "SOCK_STREAM"

    def made_by(self, call: Call) -> Call | None:
        """Return the accept that made the call's socket, if it is at hand."""
        return next((each for each in self.elsewhere if each.call == "accept" and call.socket in each.made), None)

    def did(self, name: str, *args: str) -> Call | None:
        """Return the last call before of that name that succeeded and has *args* among its arguments."""
        for call in reversed(self.before):
            if call.call == name and call.error is None and all(arg in map(str, call.args) for arg in args):
                return call
        return None

    def failed(self, errno: str) -> Call | None:
        """Return the last call before that raised *errno*."""
        return next((call for call in reversed(self.before) if call.error and call.error.errno == errno), None)

    def next_of(self, like: Call) -> Call | None:
        """Return the next call of the same kind on the socket: a recv for a recv, a send for a send."""
        for call in self.after:
            same = (call.sends, call.receives) == (like.sends, like.receives) != (False, False)
            if (same or call.call == like.call) and not call.unfinished:
                return call
        return None


def count(number: int, what: str = "byte") -> str:
    """Write a number with its noun: "1 byte", "7 bytes"."""
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def seqs(parts: Sequence[Part], most: int = 4) -> str:
    """Name calls: "#12 and #13", "#12, #13, #14, #15 and 3 more"."""
    names = [f"#{part.seq}" for part in parts]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def told(call: Call) -> str:
    """Name a call and what came of it: "#17 recv(4) = b'hell'"."""
    return f"#{call.seq} {expression(call, 40)} {outcome(call, 40)}"


def waits_how(timeout: float | None, ready: str) -> str:
    """Say what a call does until *ready*: by the socket's timeout."""
    if timeout is None or timeout == UNKNOWN:
        return f"waits until {ready}"
    if timeout == 0:
        return f"raises BlockingIOError until {ready}, as the socket is non-blocking"
    return f"waits at most {duration_text(timeout)} until {ready}"
