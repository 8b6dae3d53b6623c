"""Every claim that can be made of a call: what an explanation says of the kernel and of the peer, as values."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim
from workbench.model.claims.connecting import connecting
from workbench.model.claims.ending import end, ended
from workbench.model.claims.fate import fate
from workbench.model.claims.took import took


def claims(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return the claims on *call*, those of most weight first."""
    if call.unfinished:
        return ()
    ending = end(call, around)
    found = (*took(call, around), *fate(call, around), *ended(call, around), *connecting(call, around))
    return (ending, *found) if ending is not None else found
