"""Short notes on a call, in order of weight: what a programmer looking at the bare result would miss.

They are made of the same claims as an explanation. Facts: recv(2), send(2), udp(7), unix(7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.ending import end
from workbench.model.claims.fate import fate
from workbench.model.claims.texts import cut_of_text
from workbench.model.claims.took import took
from workbench.model.lineage.lineage import Part
from workbench.model.text.fit import counted, duration_text
from workbench.model.text.json_note import json_note
from workbench.model.why.causes import instead
from workbench.model.words.error_sentence import errno_name, error_sentence, is_interrupt
from workbench.model.words.injected import injected_notes

_WAITED = 0.001  # seconds; a call that took longer has waited for something
_SEND_WAITED = 0.02  # of a send, which also takes long where it copies many bytes
_WAITING = frozenset({"accept", "connect", "connect_ex"})
_NAMED_PARTS = 3  # that many sends or recvs are named, the rest are counted
_ALONE = Around()


def notes(
    call: Call,
    around: Around = _ALONE,
    lengths: Sequence[int] = (),
    *,
    unseen: str = "",
    json: bool = False,
    encoding: str = "utf-8",
    sizes: bool = True,
    ranges: bool = True,
) -> list[str]:
    """Return short notes on *call*, most important first; each went through safe().

    *lengths*: bytes moved by the call with seq i + 1, which tells a whole send from its start. *unseen*: "received" or
    "sent" where the kernel counted more bytes than calls moved. *json*: say whether the bytes are JSON in *encoding*.
    *sizes*: say how many bytes moved, as the call itself may not be read. *ranges*: say which bytes of the sends a
    recv took, not just of which sends.
    """
    if call.unfinished:
        return ["still running when the recording ended"]
    found = injected_notes(call)
    if not (call.injected and "error" in call.injected):
        found += [sentence] if (sentence := error_note(call, around)) else []
    if call.sends:
        found += _sent(call, sizes)
        found += [f"{counted(call.descriptors, 'descriptor')} went with it"] if call.descriptors else []
    elif call.receives and call.error is None:
        found += _received(call, around, sizes)
    if call.data and json:
        found.append(json_note(call.data, encoding))
    if call.receives and call.error is None:
        found += _origins(around.sources or (), lengths, ranges)
    elif call.sends:
        found += _fate(fate(call, around))
    if call.data:
        found += _text(call, around, encoding)
        found += ["the plain bytes of TLS"] if call.tls else []
    if call.call == "close" and call.unread:
        found.append(f"closed with {_bytes(call.unread)} unread")
    if call.tls and call.call == "socket":
        found.append("TLS: its sends and recvs show the plain bytes, the ciphertext is not seen")
    if unseen:
        found.append(f"bytes {unseen} passed unseen: no lineage for them")
    return [*found, *waited(call)]


def error_note(call: Call, around: Around) -> str:
    """Return what the call's error means, with its errno's name in front; "" where it did not fail."""
    name = errno_name(call)
    better = instead(call, around, name)
    return f"{name}: {better}" if better and name else better or error_sentence(call)


def _sent(call: Call, sizes: bool) -> Iterator[str]:
    moved, offered = len(call.data), call.requested
    if call.error is not None:
        if is_interrupt(call):
            return
        if offered is not None and (moved or call.call == "sendall") and not call.datagram:
            yield f"{moved} of {_bytes(offered)} went out" if moved else f"none of the {_bytes(offered)} went out"
    elif offered is not None and moved < offered:
        if sizes:
            yield f"{moved} of {_bytes(offered)}"
        yield f"short send: {_bytes(offered - moved)} did not go out"
    elif moved:
        if sizes:
            yield _bytes(moved)
    else:
        yield "an empty datagram" if call.datagram else "0 bytes: nothing for the peer to receive"


# --- what a recv took -------------------------------------------------------------------------------------------------


def _received(call: Call, around: Around, sizes: bool) -> Iterator[str]:
    moved, asked = len(call.data), call.requested
    claims = {claim.kind: claim for claim in took(call, around)}
    if not moved:
        yield _nothing(call, around, claims)
    elif not sizes:
        pass
    elif asked is None or moved == asked:
        yield _bytes(moved)
    else:
        yield f"{moved} of {_bytes(asked)}"
    for kind in (Kind.PEEKED, Kind.TRUNCATED, Kind.MAYBE_TRUNCATED):
        if kind in claims:
            yield _TOOK[kind](claims[kind])
    if Kind.MESSAGE_SIZE in claims:
        yield f"the message has {_bytes(claims[Kind.MESSAGE_SIZE].count)}"
    if Kind.DESCRIPTORS_CAME in claims:
        yield f"{counted(claims[Kind.DESCRIPTORS_CAME].count, 'descriptor')} came with it"
    if Kind.DESCRIPTORS_LOST in claims:
        yield f"{counted(claims[Kind.DESCRIPTORS_LOST].count, 'descriptor')} dropped"
    if (left := claims.get(Kind.LEFT)) is not None:
        yield f"{_bytes(left.count)} in the queue" if call.peek else f"{left.count} left"
    elif call.left == 0 and moved and not call.peek:
        yield "0 left"


def _nothing(call: Call, around: Around, claims: dict[Kind, Claim]) -> str:
    """Explain b'': recv(2), RETURN VALUE. A SEQPACKET socket gives it for an empty message and at the end alike."""
    if Kind.TRUNCATED in claims and call.requested == 0:
        return "asked for 0 bytes of a message, which is gone"
    if call.requested == 0:
        return "asked for 0 bytes"
    if (discarded := claims.get(Kind.DISCARDED)) is not None:
        return f"MSG_TRUNC threw {_bytes(discarded.count)} away"
    if (claim := end(call, around)) is not None:
        return _END[claim.kind].format(seq=claim.seq)
    if not call.datagram:
        return "no bytes"
    is_datagram = call.peer or around.kind(call)[1] == "SOCK_DGRAM"
    return "an empty datagram" if is_datagram else "an empty message, or the end of the connection"


_END = {
    Kind.PEER_ENDED: "end of stream: the peer closed or half-closed",
    Kind.OWN_SHUTDOWN: "b'' because of the own shutdown in #{seq}",
    Kind.AFTER_ERROR: "b'' because the connection had failed in #{seq}",
    Kind.CONNECTION_GONE: "b'': the connection is gone",
}


def _truncated(claim: Claim) -> str:
    if claim.of is None:
        return "truncated: the rest of the message was thrown away"
    return f"truncated: {claim.of - claim.count} of {_bytes(claim.of)} thrown away"


_TOOK: dict[Kind, Callable[[Claim], str]] = {
    Kind.PEEKED: lambda claim: "peek: nothing consumed",
    Kind.TRUNCATED: _truncated,
    Kind.MAYBE_TRUNCATED: lambda claim: "maybe truncated: a plain recv does not tell",
}


def _text(call: Call, around: Around, encoding: str) -> Iterator[str]:
    cut = cut_of_text(call, around) if encoding == "utf-8" else None
    if cut is not None and cut.head:
        yield f"begins inside a UTF-8 character ({_bytes(cut.head)})"
    if cut is not None and cut.have:
        yield f"ends inside a UTF-8 character ({cut.have} of {_bytes(cut.need)})"


# --- lineage ----------------------------------------------------------------------------------------------------------


def _origins(sources: Sequence[Part], lengths: Sequence[int], ranges: bool) -> Iterator[str]:
    """Say which sends a recv's bytes came from: "bytes 0-3 of #12", "end of #12 and start of #13"; or "#12, #13"."""
    match sources:
        case []:
            return
        case _ if not ranges:
            named = [f"#{part.seq}" for part in sources[:_NAMED_PARTS]]
            yield ", ".join(named) + (f" and {more} more" if (more := len(sources) - len(named)) else "")
        case [part]:
            yield f"all of #{part.seq}" if _ends(part, lengths) and not part.start else _range(part)
        case [first, *between, last]:
            begin = f"end of #{first.seq}" if first.start else f"all of #{first.seq}"
            end = f"start of #{last.seq}" if _length(last, lengths) else _range(last)
            end = f"all of #{last.seq}" if _ends(last, lengths) else end
            if len(between) > _NAMED_PARTS:
                middle = [f"all of {len(between)} sends"]
            else:
                middle = [f"all of #{part.seq}" for part in between]
            yield f"{', '.join([begin, *middle])} and {end}"


def _range(part: Part) -> str:
    if part.size < 1:
        return f"no byte of #{part.seq}"
    if part.size == 1:
        return f"byte {part.start} of #{part.seq}"
    return f"bytes {part.start}-{part.stop - 1} of #{part.seq}"


def _length(part: Part, lengths: Sequence[int]) -> int:
    return lengths[part.seq - 1] if 0 < part.seq <= len(lengths) else 0


def _ends(part: Part, lengths: Sequence[int]) -> bool:
    return part.stop == _length(part, lengths)


def _fate(claims: tuple[Claim, ...]) -> Iterator[str]:
    """Say what became of a send's bytes: "received by #15, #16", "3 bytes not received yet", "lost: …"."""
    for claim in claims:
        some = "" if len(claims) == 1 else f"{_bytes(claim.count)} "
        match claim.kind:
            case Kind.RECEIVED:
                named = ", ".join(f"#{seq}" for seq in claim.seqs[:_NAMED_PARTS])
                more = len(claim.seqs) - _NAMED_PARTS
                yield f"received by {named}" + (f" and {more} more" if more > 0 else "")
            case Kind.CUT_OFF:
                yield f"{some}thrown away there"
            case kind if kind in _NEVER:
                yield f"{some}never received: {_NEVER[claim.kind]} (#{claim.seq})"
            case kind if kind in _FATE:
                yield some + _FATE[kind]


_NEVER = {
    Kind.NEVER_RESET: "the connection was reset",
    Kind.NEVER_CLOSED: "the receiver was closed",
    Kind.NEVER_REFUSED: "nobody had the port",
    Kind.NEVER_FILTERED: "the receiver takes its peer's alone",
}
_FATE = {
    Kind.NOT_RECEIVED_YET: "not received yet",
    Kind.QUEUE_WAS_FULL: "lost: the receiver's queue was full",
    Kind.OVERTAKEN: "lost: never received",
    Kind.NOT_IN_QUEUE: "lost: never received",
}


# --- time, numbers ----------------------------------------------------------------------------------------------------


def waited(call: Call) -> list[str]:
    """Return "waited 81 ms" where the call can block and took so long that it will have; a timeout's error tells it."""
    waits = call.sends or call.receives or call.call in _WAITING
    timeout = call.error is not None and call.error.type in ("TimeoutError", "timeout") and not errno_name(call)
    least = _SEND_WAITED if call.sends else _WAITED
    told = waits and not timeout and not call.unfinished and call.duration is not None and call.duration > least
    return [f"waited {duration_text(call.duration or 0)}"] if told else []


def _bytes(count: int) -> str:
    return counted(count, "byte")
