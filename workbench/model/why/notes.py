"""Short notes on a call, in order of weight: what a programmer looking at the bare result would miss.

Facts about sockets in them: recv(2), send(2), udp(7), unix(7); the shape of JSON errors: CPython's json.decoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.model.call.call import Call
from workbench.model.lineage.lineage import Lineage, Part
from workbench.model.text.fit import counted, duration_text
from workbench.model.text.hexdump import cut_character
from workbench.model.text.json_note import json_note
from workbench.model.words.error_sentence import errno_name, error_sentence

_WAITED = 0.001  # seconds; a call that took longer has waited for something
_SEND_WAITED = 0.02  # of a send, which also takes long where it copies many bytes
_WAITING = frozenset({"accept", "connect", "connect_ex"})
_NAMED_PARTS = 3  # that many sends or recvs are named, the rest are counted


def annotate(
    call: Call, lineage: Lineage, lengths: Sequence[int] = (), *, json: bool = False, encoding: str = "utf-8"
) -> list[str]:
    """Return the annotations of *call* with what *lineage* knows of it; *lengths* as in notes_from."""
    sources = lineage.sources(call) if call.receives else []
    takers = lineage.takers(call) if call.sends and lineage.knows_fate(call) else None
    return notes_from(
        call,
        sources,
        takers,
        lengths,
        lost=lineage.lost(call),
        unseen=lineage.unseen(call),
        json=json,
        encoding=encoding,
    )


def notes_from(
    call: Call,
    sources: Sequence[Part] | None,
    takers: Sequence[Part] | None,
    lengths: Sequence[int] = (),
    *,
    lost: bool = False,
    unseen: str = "",
    json: bool = False,
    encoding: str = "utf-8",
) -> list[str]:
    """Return short notes on *call*, most important first; each went through safe().

    *sources*: the sends that a recv's bytes came from, None where they are not recorded yet. *takers*: the recvs that
    took a send's bytes, None where they are not known: the receiver is not in the session, or bytes passed unseen.
    *lengths*: bytes moved by the call with seq i + 1, which tells a whole send from its start. *lost*: a datagram sent
    is known to be lost. *unseen*: "received" or "sent" where the kernel counted more bytes than calls moved. *json*:
    say whether the bytes are JSON in *encoding*.
    """
    if call.unfinished:
        return ["still running when the recording ended"]
    notes = [sentence] if (sentence := error_sentence(call)) else []
    if call.sends:
        notes += _sent(call)
    elif call.receives and call.error is None:
        notes += _received(call)
    if call.data and json:
        notes.append(json_note(call.data, encoding))
    if call.data or call.datagram:
        notes += _origins(sources or (), lengths) if call.receives else _fate(call, takers, lost)
    if call.data:
        notes += _text(call, encoding)
        notes += ["the plain bytes of TLS"] if call.tls else []
    if call.call == "close" and call.unread:
        notes.append(f"closed with {_bytes(call.unread)} unread")
    if call.tls and call.call == "socket":
        notes.append("TLS: its sends and recvs show the plain bytes, the ciphertext is not seen")
    if unseen:
        notes.append(f"bytes {unseen} passed unseen: no lineage for them")
    return [*notes, *waited(call)]


def _sent(call: Call) -> Iterator[str]:
    moved, offered = len(call.data), call.requested
    if call.error is not None:
        if offered is not None and (moved or call.call == "sendall"):
            yield f"{moved} of {_bytes(offered)} went out"
    elif offered is not None and moved < offered:
        yield f"{moved} of {_bytes(offered)}"
        yield f"short send: {_bytes(offered - moved)} did not go out"
    elif moved:
        yield _bytes(moved)
    else:
        yield "an empty datagram" if call.datagram else "0 bytes: nothing for the peer to receive"


def _received(call: Call) -> Iterator[str]:
    moved, asked = len(call.data), call.requested
    if not moved:
        yield _nothing(call)
    elif asked is None or moved == asked:
        yield _bytes(moved)
    else:
        yield f"{moved} of {_bytes(asked)}"
    if call.peek:
        yield "peek: nothing consumed"
    elif call.truncated:
        yield _truncated(call)
    elif call.truncated is None and asked and moved == asked:
        yield "maybe truncated: a plain recv does not tell"
    if call.left:
        yield f"{call.left} left" if not call.peek else f"{_bytes(call.left)} in the queue"
    elif call.left == 0 and moved and not call.peek:
        yield "0 left"


def _nothing(call: Call) -> str:
    """Explain b'': recv(2), RETURN VALUE. A SEQPACKET socket gives it for an empty message and at the end alike."""
    if call.requested == 0:
        return "asked for 0 bytes"
    if not call.datagram and isinstance(call.result, int) and call.result > 0:
        return f"MSG_TRUNC threw {_bytes(call.result)} away"
    if not call.datagram:
        return "end of stream: the peer closed or half-closed"
    return "an empty datagram" if call.peer else "an empty datagram (SEQPACKET: or the end)"


def _truncated(call: Call) -> str:
    if call.size is None:
        return "truncated: the rest of the datagram was thrown away"
    return f"truncated: {call.size - len(call.data)} of {_bytes(call.size)} thrown away"


def _text(call: Call, encoding: str) -> Iterator[str]:
    if encoding != "utf-8":
        return
    cut = cut_character(call.data)
    if cut.head:
        yield f"begins inside a UTF-8 character ({_bytes(cut.head)})"
    if cut.have:
        yield f"ends inside a UTF-8 character ({cut.have} of {_bytes(cut.need)})"


# --- JSON -------------------------------------------------------------------------------------------------------------


# --- lineage ----------------------------------------------------------------------------------------------------------


def _origins(sources: Sequence[Part], lengths: Sequence[int]) -> Iterator[str]:
    """Say which sends a recv's bytes came from: "bytes 0-3 of #12", "end of #12 and start of #13"."""
    match sources:
        case []:
            return
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
    if part.size == 1:
        return f"byte {part.start} of #{part.seq}"
    return f"bytes {part.start}-{part.stop - 1} of #{part.seq}"


def _length(part: Part, lengths: Sequence[int]) -> int:
    return lengths[part.seq - 1] if 0 < part.seq <= len(lengths) else 0


def _ends(part: Part, lengths: Sequence[int]) -> bool:
    return part.stop == _length(part, lengths)


def _fate(call: Call, takers: Sequence[Part] | None, lost: bool) -> Iterator[str]:
    """Say which recvs took a send's bytes: "taken by #15, #16", "not received yet", "lost: …"."""
    if call.dropped or lost:
        yield "lost: the receiver's queue was full" if call.dropped else "lost: never received"
        return
    if takers is None or (call.error is not None and not call.data):
        return
    if not takers:
        yield "not received yet"
        return
    named = ", ".join(f"#{part.seq}" for part in takers[:_NAMED_PARTS])
    more = len(takers) - _NAMED_PARTS
    yield f"taken by {named}" + (f" and {more} more" if more > 0 else "")
    waiting = len(call.data) - sum(part.size for part in takers)
    if waiting > 0:
        yield f"{_bytes(waiting)} thrown away there" if call.datagram else f"{_bytes(waiting)} not received yet"


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
