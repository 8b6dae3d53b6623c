"""Why a send returned what it did. Facts: send(2), tcp(7), udp(7), unix(7); CPython's Modules/socketmodule.c."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.lineage.lineage import Part
from workbench.model.text.fit import duration_text
from workbench.model.why.around import UNKNOWN, Around, Reason, count, seqs, told
from workbench.model.why.fate import never_received

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
        (first, *_characters(call), *_fate(call, around), *_waited(call)),
        _told_too_late(call, around) or _goes_on(around.kind(call)[0]),
        pages.get(call.call, "send(2), RETURN VALUE"),
    )


def _goes_on(family: str) -> str:
    if family == "AF_UNIX":
        return "They lie in the peer's receive queue until a recv takes them; the next send needs room, not a reader."
    return "The kernel sends them on; the next send needs room in the buffer, not a reader."


def _characters(call: Call) -> Iterator[str]:
    try:
        characters = len(call.data.decode())
    except UnicodeDecodeError:
        return
    if characters != len(call.data):
        yield f"It counts bytes: these {len(call.data)} are {count(characters, 'character')} in UTF-8."


def _fate(call: Call, around: Around) -> Iterator[str]:
    one = len(call.data) == 1
    them, they_were = ("it", "it was") if one else ("them", "they were")
    doubt = f"It does not say that the peer has {them}"
    if around.takers is None:
        accepting = "" if call.datagram else ", or no accept has returned the connection yet"
        yield f"{doubt}: whoever receives is not in this session{accepting}."
        return
    if "MSG_OOB" in str(call.args):
        yield "MSG_OOB makes its last byte urgent: recv with MSG_OOB takes that one, a plain recv leaves it out."
        return
    taken = sum(part.size for part in around.takers)
    rest = len(call.data) - taken
    never = never_received(call, around) if rest > 0 else ""
    if not taken and never:
        yield f"{doubt}: {they_were} {never}."
        return
    if not taken:
        yield f"{doubt}: no recv in this session is known to have taken {'it' if one else 'a byte of them'} so far."
        return
    by = f"recv{'s' if len(around.takers) > 1 else ''} {seqs(around.takers)}"
    yield f"{they_were.capitalize()} taken by {by}" + (f"; {count(rest)} {_rest(rest, never)}." if rest > 0 else ".")


def _rest(rest: int, never: str) -> str:
    verb = "is" if rest == 1 else "are"
    return f"{'was' if rest == 1 else 'were'} {never}" if never else f"{verb} not received yet"


def _waited(call: Call) -> Iterator[str]:
    if call.duration is not None and call.duration > _WAITED:
        yield f"It waited {duration_text(call.duration)}: the buffer was full until the peer's system took some."


def _told_too_late(call: Call, around: Around) -> str:
    """Say where a later send learnt that the peer had gone: a send that returns does not know it."""
    if sum(part.size for part in around.takers or ()) == len(call.data):
        return ""
    for each in around.after:
        if each.call == "shutdown" and each.error is None:
            return ""
        if each.sends and each.error is not None and each.error.errno in _DEAD:
            return f"Later: {told(each)}. A send can return although nobody will receive its bytes."
    return ""


def _short(call: Call, offered: int, around: Around) -> Reason:
    moved = len(call.data)
    match around.timeout:
        case None:
            why = "A blocking send waits until all is copied, so the connection ended or the call was interrupted."
        case unknown if unknown == UNKNOWN:
            why = "A short send happens with a timeout, on a non-blocking socket, or where the connection ends."
        case 0:
            why = "The socket is non-blocking, so send took what there was room for and did not wait."
        case seconds:
            why = f"With a timeout ({duration_text(seconds)}) send waits for the first room, takes it, and returns."
    return Reason(
        (
            f"{call.call} took {moved} of {count(offered)}: the send buffer had no room for more.",
            why,
            f"The other {count(offered - moved)} did not go out, and nobody but the program knows.",
        ),
        f"Send the rest, data[{moved}:], when there is room again; sendall does that by itself.",
        "send(2); CPython: sock_send_impl calls send(2) once",
    )


def _message(call: Call, around: Around) -> Reason:
    moved = len(call.data)
    family, lost = around.kind(call)[0], False
    next_ = "One recv of the peer takes it; what its bufsize does not hold is thrown away."
    if around.takers:
        fate, next_ = _taken(call, around.takers[0])
    elif call.dropped:
        lost = True
        fate = "It is lost: the receiver's queue was full, as its drop counter told before and after this call."
    elif around.lost:
        lost = True
        fate = "It is lost: the receiver took what was sent after it, and datagrams of one sender stay in order."
    elif fate := never_received(call, around):
        lost = True
    elif family == "AF_UNIX":
        fate = "It lies in the peer's queue: UNIX sockets lose nothing, a full queue makes the sender wait."
    elif around.takers is not None:
        fate = "No recv in this session has taken it so far; it may lie in the queue, or be lost."
        next_ = "If it lies there, one recv takes it; what its bufsize does not hold is thrown away."
    else:
        fate = "That it was sent does not say that it arrived: a full receive queue drops it, and nobody is told."
    return Reason(
        (f"The {count(moved)} went out as one message: all of it or nothing.", fate, *_waited(call)),
        "A program that must know lets the receiver answer, and sends again if no answer comes." if lost else next_,
        "unix(7); send(2)" if family == "AF_UNIX" else "udp(7); send(2)",
    )


def _taken(call: Call, part: Part) -> tuple[str, str]:
    """Say which recv took a message, and what it threw away."""
    rest = len(call.data) - part.size
    if rest <= 0:
        return (
            f"Recv #{part.seq} took it whole: messages keep their borders.",
            "The next recv there takes the next one.",
        )
    return (
        f"Recv #{part.seq} took {part.size} of them; {count(rest)} did not fit its bufsize: the kernel "
        "threw them away.",
        "They are gone: no later recv returns the rest of a message.",
    )


def _empty(call: Call, around: Around) -> Reason:
    if call.datagram:
        family, kind = around.kind(call)
        connected = kind == "SOCK_SEQPACKET"
        return Reason(
            (
                "An empty message went out: it has a sender and no bytes.",
                f"Recv #{around.takers[0].seq} took it: it returned b''."
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
