"""Every claim that can be made of a call: what an explanation says of the kernel and of the peer, as values."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.connecting import connecting
from workbench.model.claims.ending import end, ended
from workbench.model.claims.fate import fate
from workbench.model.claims.took import took
from workbench.model.claims.waiting import waiting
from workbench.model.words.error_sentence import is_interrupt


def claims(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return the claims on *call*, those of most weight first."""
    if call.unfinished:
        return ()
    return (
        *filter(None, (end(call, around), waiting(call, around), short(call), option(call), passed(call))),
        *took(call, around),
        *fate(call, around),
        *ended(call, around),
        *connecting(call, around),
    )


def short(call: Call) -> Claim | None:
    """Return that a send of a stream moved less than it was offered; also one that failed, where that is known."""
    moved, offered = len(call.data), call.requested or 0
    known = call.sends and not call.datagram and moved < offered and not is_interrupt(call)
    counts = call.error is None or moved > 0 or call.call == "sendall"
    return Claim(Kind.SHORT, moved, offered) if known and counts else None


def passed(call: Call) -> Claim | None:
    """Return how many descriptors went with a message."""
    return Claim(Kind.DESCRIPTORS_SENT, call.descriptors) if call.sends and call.descriptors else None


def option(call: Call) -> Claim | None:
    """Return what the kernel made of the number that a setsockopt gave it, where it is another one."""
    asked = call.args[2] if call.call == "setsockopt" and len(call.args) > 2 else None
    return Claim(Kind.OPTION_IS, call.now, asked) if call.now is not None and isinstance(asked, int) else None
