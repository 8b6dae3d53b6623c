"""Why a send returned what it did. Facts: send(2), tcp(7), udp(7), unix(7); CPython's Modules/socketmodule.c."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.claims.around import UNKNOWN, Around, has_flag
from workbench.model.claims.claim import Claim, Kind, find
from workbench.model.claims.fate import fate
from workbench.model.text.fit import duration_text
from workbench.model.why.around import Reason, call_with_outcome, count, names

_WAITED = 0.01  # seconds; a shorter one may just have lost the processor for a moment
_DEAD = ("EPIPE", "ECONNRESET")


def sent(call: Call, around: Around) -> Reason:
    """Explain a send, or one of its kin, that returned."""
    moved, offered = len(call.data), call.requested
    if not moved and not offered:
        return _empty(call, around)
    if offered is not None and moved < offered and not call.datagram:
        return _short(call, offered, around)
    if call.datagram:
        return _message(call, around)
    return _whole(call, around)


def _whole(call: Call, around: Around) -> Reason:
    moved = len(call.data)
    if call.tls:
        first = f"TLS encrypted {count(moved)}, and their ciphertext, which is longer, went into the send buffer."
    elif call.call == "sendall":
        first = f"sendall called send until all {count(moved)} were in the kernel's send buffer; then it returns None."
    elif call.call == "sendfile":
        first = f"The kernel took {count(moved)} of the file into the send buffer."
    else:
        all_of = "the 1 byte" if moved == 1 else f"all {moved} bytes"
        first = f"{call.call} copied {all_of} into the kernel's send buffer, and that is what {moved} says."
    pages = {"sendall": "send(2); CPython: sock_sendall", "sendfile": "sendfile(2); CPython: Lib/socket.py, sendfile"}
    return Reason(
        (first, *_passed(call), *_characters(call), *_fate(call, around), *_waited(call)),
        _failed_later(call, around) or _goes_on(around.kind(call)[0]),
        pages.get(call.call, "send(2), RETURN VALUE"),
    )


def _passed(call: Call) -> Iterator[str]:
    if call.descriptors:
        what = count(call.descriptors, "descriptor")
        yield f"With it went {what} (SCM_RIGHTS): the receiver gets new numbers for the same open files."


def _goes_on(family: str) -> str:
    if family == "AF_UNIX":
        return "A UNIX send puts its bytes into the peer's queue: the next one needs room there, not a reader."
    return "The kernel sends on what is in the buffer; the next send needs room there, not a reader."


def _characters(call: Call) -> Iterator[str]:
    try:
        characters = len(call.data.decode())
    except UnicodeDecodeError:
        return
    if characters != len(call.data):
        yield f"It counts bytes: these {len(call.data)} are {count(characters, 'character')} in UTF-8."


def _fate(call: Call, around: Around) -> Iterator[str]:
    """Say what became of a stream's bytes, from the claims on them."""
    claims = {claim.kind: claim for claim in fate(call, around)}
    one = len(call.data) == 1
    them, they_were = ("it", "it was") if one else ("them", "they were")
    doubt = f"It does not say that the peer has {them}"
    if has_flag(call, "MSG_OOB"):
        yield "MSG_OOB makes its last byte urgent: recv with MSG_OOB takes that one, a plain recv leaves it out."
    elif Kind.FATE_UNKNOWN in claims and around.peers:
        yield (
            f"{doubt}: some bytes of this direction are not in the session's calls, so which were received is "
            "not known."
        )
    elif Kind.FATE_UNKNOWN in claims:
        accepting = "" if call.datagram else ", or no accept has returned the connection yet"
        yield f"{doubt}: whoever receives is not in this session{accepting}."
    elif (received := claims.get(Kind.RECEIVED)) is not None:
        by = f"recv{'s' if len(received.seqs) > 1 else ''} {names(received.seqs)}"
        rest = next((claim for kind, claim in claims.items() if kind is not Kind.RECEIVED), None)
        yield f"{they_were.capitalize()} received by {by}" + (f"; {_rest(rest)}." if rest is not None else ".")
    elif (never := find(tuple(claims.values()), *_NEVER)) is not None:
        yield f"{doubt}: {they_were} never received: {_NEVER[never.kind].format(seq=never.seq)}."
    else:
        yield f"{doubt}: no recv in this session has returned {'it' if one else 'any of them'} so far."


_NEVER = {
    Kind.NEVER_RESET: "the connection was reset, as #{seq} learnt",
    Kind.NEVER_CLOSED: "#{seq} closed the peer's socket",
}


def _rest(claim: Claim) -> str:
    one = claim.count == 1
    if claim.kind in _NEVER:
        return (
            f"{count(claim.count)} {'was' if one else 'were'} never received: "
            f"{_NEVER[claim.kind].format(seq=claim.seq)}"
        )
    return f"{count(claim.count)} {'is' if one else 'are'} not received yet"


def _waited(call: Call) -> Iterator[str]:
    if call.duration is not None and call.duration > _WAITED:
        yield f"It took {duration_text(call.duration)}: a send waits while its buffer is full."


def _failed_later(call: Call, around: Around) -> str:
    """Say where a later send learnt that the peer had gone: a send that returns does not know it."""
    if sum(part.size for part in around.takers or ()) == len(call.data):
        return ""
    for each in around.after:
        if each.call == "shutdown" and each.error is None:
            return ""
        if each.sends and each.error is not None and each.error.errno in _DEAD:
            return f"Later: {call_with_outcome(each)}. A send can return although nobody will receive its bytes."
    return ""


def _short(call: Call, offered: int, around: Around) -> Reason:
    moved = len(call.data)
    limit = around.did("setsockopt", "SO_SNDTIMEO")
    match around.waits(call):
        case None if limit is not None:
            why = (
                f"SO_SNDTIMEO (#{limit.seq}) bounds how long a send may wait; it returns with what it has "
                "copied by then."
            )
        case None:
            why = "A blocking send waits until all is copied, so the connection ended or a signal interrupted the call."
        case unknown if unknown == UNKNOWN:
            why = "A short send happens with a timeout, on a non-blocking socket, or where the connection ends."
        case 0:
            why = "The socket is non-blocking, so send took what there was room for and did not wait."
        case seconds:
            why = f"With a timeout ({duration_text(seconds)}) send waits for the first room, fills it, and returns."
    return Reason(
        (
            f"{call.call} took {moved} of {count(offered)}: the send buffer had no room for more.",
            why,
            f"The other {count(offered - moved)} did not go out, and only the program knows.",
        ),
        f"Send the rest, data[{moved}:], when there is room again; sendall does that by itself.",
        "send(2); CPython: sock_send_impl calls send(2) once",
    )


def _message(call: Call, around: Around) -> Reason:
    moved, family = len(call.data), around.kind(call)[0]
    claims = fate(call, around)
    text, next_ = _fate_of_message(claims, family, around)
    return Reason(
        (f"The {count(moved)} went out as one message: all of it or nothing.", *_passed(call), text, *_waited(call)),
        next_,
        "unix(7); send(2)" if family == "AF_UNIX" else "udp(7); send(2)",
    )


_ANSWER = "A program that must know lets the receiver answer, and sends again if no answer comes."


def _fate_of_message(claims: tuple[Claim, ...], family: str, around: Around) -> tuple[str, str]:
    """Return what became of a message, and what comes next."""
    claim = claims[0]
    cut = find(claims, Kind.CUT_OFF)
    match claim.kind:
        case Kind.RECEIVED if cut is not None:
            return (
                f"Recv #{claim.seq} took {claim.count} of them; {count(cut.count)} did not fit its bufsize: the kernel "
                f"threw {'it' if cut.count == 1 else 'them'} away.",
                "What is gone is gone: no later recv returns the rest of a message.",
            )
        case Kind.RECEIVED:
            return (
                f"Recv #{claim.seq} received it whole: messages keep their boundaries.",
                "The next recv there takes the next message.",
            )
        case Kind.NOT_RECEIVED_YET if family == "AF_UNIX":
            return (
                "It is in the receiver's queue: a full UNIX queue makes the sender wait, and drops nothing.",
                "One recv of the peer takes it; what its bufsize does not hold is thrown away.",
            )
        case Kind.NOT_RECEIVED_YET:
            return (
                "No recv in this session has returned it so far; it may be in the queue, or be lost.",
                "If it is there, one recv takes it; what its bufsize does not hold is thrown away.",
            )
        case Kind.FATE_UNKNOWN if family == "AF_UNIX":
            return (
                "It was put into the receiver's queue, which is not in this session.",
                "One recv of the peer takes it.",
            )
        case Kind.FATE_UNKNOWN:
            return (
                "That it was sent does not say that it arrived: a full receive queue drops it, and nobody "
                "learns of it.",
                "One recv of the peer takes it; what its bufsize does not hold is thrown away.",
            )
        case kind:
            return _LOST[kind].format(seq=claim.seq), _ANSWER


_LOST = {
    Kind.QUEUE_WAS_FULL: "It is lost: the receiver's queue was full, as its drop counter showed before and "
    "after this call.",
    Kind.OVERTAKEN: "It is lost: one that was sent later was received, and datagrams of one sender stay in order.",
    Kind.NOT_IN_QUEUE: "It is lost: the receiver's queue was empty later, and no recv had returned it.",
    Kind.NEVER_REFUSED: "Nobody received it: no socket had the port, as #{seq} learnt (ECONNREFUSED).",
    Kind.NEVER_FILTERED: "Nobody received it: the socket there takes datagrams of its peer alone (#{seq} connect).",
    Kind.NEVER_CLOSED: "Nobody received it: #{seq} closed the socket that it was sent to.",
    Kind.NEVER_RESET: "Nobody received it: the connection was reset, as #{seq} learnt.",
}


def _empty(call: Call, around: Around) -> Reason:
    if call.datagram:
        family, kind = around.kind(call)
        connected = kind == "SOCK_SEQPACKET"
        return Reason(
            (
                "An empty message went out: it has a sender and no bytes.",
                f"Recv #{around.takers[0].seq} received it: it returned b''."
                if around.takers
                else "It is delivered as such: the peer's recv returns b''.",
            ),
            "On SEQPACKET the peer can't tell that b'' from the end of the connection."
            if connected
            else "The peer's recv returns b'', which does not mean that anybody closed.",
            "unix(7); send(2)" if family == "AF_UNIX" else "udp(7); send(2)",
        )
    return Reason(
        (
            "There were no bytes to send: on a stream that puts nothing on the wire.",
            "The peer's recv sees nothing of it; it goes on waiting.",
        ),
        "To end the stream call shutdown(SHUT_WR) or close: then the peer's recv returns b''.",
        "send(2); tcp(7)",
    )
