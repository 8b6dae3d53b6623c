"""What a recv took, what it left, and what was thrown away. Facts: recv(2), MSG_TRUNC and MSG_PEEK; tcp(7); unix(7)."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.claims.around import Around, has_flag
from workbench.model.claims.claim import Claim, Kind

_WITHOUT_SYSTEM_CALL = ("recv", "recv_into")  # with a size of 0: CPython, sock_recv_guts


def took(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return the claims on a recv that returned: which bytes it copied, discarded, cut off and left."""
    return tuple(_took(call, around)) if call.receives and call.error is None and not call.unfinished else ()


def _took(call: Call, around: Around) -> Iterator[Claim]:
    if call.peek:
        yield Claim(Kind.PEEKED, len(call.data))
    elif has_flag(call, "MSG_OOB"):
        yield Claim(Kind.URGENT, len(call.data))
    elif not call.datagram and not call.data and isinstance(call.result, int) and call.result > 0:
        yield Claim(Kind.DISCARDED, call.result)
    if call.datagram and not call.peek:
        yield from _cut(call, around)
    elif call.datagram and call.size is not None and call.size > len(call.data):
        yield Claim(Kind.MESSAGE_SIZE, call.size)
    yield from _descriptors(call, around)
    if call.left:
        yield Claim(Kind.LEFT, call.left)


def _descriptors(call: Call, around: Around) -> Iterator[Claim]:
    """Say how many descriptors came with the bytes, and how many of those that were sent did not (unix(7))."""
    if call.descriptors:
        yield Claim(Kind.DESCRIPTORS_CAME, call.descriptors)
    begun = {part.seq for part in around.sources or () if not part.start}
    sent = sum(each.descriptors for each in around.kin if each.seq in begun)
    if sent > call.descriptors and not call.peek:
        yield Claim(Kind.DESCRIPTORS_LOST, sent - call.descriptors)


def _cut(call: Call, around: Around) -> Iterator[Claim]:
    """Say whether a message was cut: as the call told, or else as its send does."""
    kept, size = len(call.data), call.size
    if size is None and around.sources and len(around.sources) == 1:
        size = around.whole(around.sources[0])
    if call.requested == 0 and call.call in _WITHOUT_SYSTEM_CALL:
        return
    if call.truncated or (size is not None and size > kept):
        yield Claim(Kind.TRUNCATED, kept, size)
    elif call.truncated is None and size is None and kept and kept == call.requested:
        yield Claim(Kind.MAYBE_TRUNCATED, kept)
