"""Why a recv returned what it did. Facts: recv(2), tcp(7), udp(7), unix(7); CPython's Modules/socketmodule.c."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.about import duration_text
from workbench.model.call import Call
from workbench.model.hexdump import cut_character
from workbench.model.lineage import Part
from workbench.model.reason import Around, Reason, count, seqs, waits_how

_WAITED = 0.01  # seconds; a shorter one may just have lost the processor for a moment


def received(call: Call, around: Around) -> Reason:
    """Explain a recv, or one of its kin, that returned."""
    if call.peek:
        return _peeked(call)
    if not call.data:
        return _nothing(call, around)
    if call.datagram:
        return _message(call, around)
    return _stream(call, around)


def _stream(call: Call, around: Around) -> Reason:
    moved, asked, left = len(call.data), call.requested, call.left
    sentences = [_amount(call, around), *_origin(call, around), *_cut(call)]
    if left:
        sentences.append(f"{count(left)} stayed in the kernel's receive queue: nothing is lost.")
    sentences += _waited(call)
    source = "recv(2), DESCRIPTION; tcp(7)" if asked is not None and moved < asked else "recv(2), RETURN VALUE"
    return Reason(tuple(sentences), _next(call, around), source)


def _amount(call: Call, around: Around) -> str:
    moved, asked = len(call.data), call.requested
    name = f"{call.call}({asked})"
    if asked is None or moved > asked:
        return f"{call.call} returned the {count(moved)} that were there."
    if moved == asked and call.left:
        return f"{name} takes at most {count(asked)}, and {moved + call.left} were queued: it took {asked} of them."
    if moved == asked:
        queue = "" if call.left is None else ", which were all that was queued"
        return f"{name} takes at most {count(asked)}, and got {moved}{queue}."
    if "MSG_WAITALL" in str(call.args):
        return f"MSG_WAITALL waits for all {asked} bytes, but the stream, the timeout or a signal ended it at {moved}."
    there = "1 was" if moved == 1 else f"{moved} were"
    return f"{name} takes what is there, up to {count(asked)}; {there}. It never waits for the rest: n is a limit."


def _origin(call: Call, around: Around) -> Iterator[str]:
    match around.sources:
        case None:
            yield "The send that they came from is not recorded yet."
        case ():
            yield "Their sender is not in this session, so where its sends begin and end is not known."
        case (part,):
            yield _one(part, around)
        case parts:
            yield f"They come from {len(parts)} sends ({seqs(parts)}): a stream keeps no borders between sends."


def _one(part: Part, around: Around) -> str:
    whole, size = around.whole(part), part.stop - part.start
    if whole == size:
        return f"They are all {count(size)} that send #{part.seq} sent."
    place = f"byte {part.start}" if size == 1 else f"bytes {part.start}-{part.stop - 1}"
    of = "" if whole is None else f" of the {whole}"
    return f"They are {place}{of} that send #{part.seq} sent: one send can take several recvs."


def _waited(call: Call) -> Iterator[str]:
    if call.duration is not None and call.duration > _WAITED:
        yield f"The queue was empty when it was called, so it waited {duration_text(call.duration)}."


def _cut(call: Call) -> Iterator[str]:
    cut = cut_character(call.data)
    if cut.have:
        yield (
            f"They end inside a UTF-8 character ({cut.have} of {count(cut.need)}): "
            "to decode them alone raises UnicodeDecodeError."
        )
    elif cut.head:
        yield f"They begin inside a UTF-8 character, whose first bytes the recv before took ({count(cut.head)} here)."


def _next(call: Call, around: Around) -> str:
    name = f"{call.call}({'' if call.requested is None else call.requested})"
    if call.left and call.requested:
        took = min(call.left, call.requested)
        return f"The next {name} takes {'them' if took == call.left else f'{took} of these {call.left}'} at once."
    if call.left is None and call.requested == len(call.data):
        return f"If more is queued the next {name} takes it at once, else it {waits_how(around.timeout, 'some comes')}."
    return f"The queue is empty: the next {name} {waits_how(around.timeout, 'more arrives or the peer ends its side')}."


# --- messages ---------------------------------------------------------------------------------------------------------


def _message(call: Call, around: Around) -> Reason:
    moved, asked = len(call.data), call.requested
    kind = "datagram" if call.peer else "message"
    if call.truncated:
        lost = "the rest" if call.size is None else f"{count(call.size - moved)} of its {call.size}"
        return Reason(
            (
                f"The {kind} was longer than {asked}: {call.call}({asked}) kept {count(moved)}, and the kernel threw "
                f"{lost} away.",
                f"A {kind} is taken whole or cut, never in pieces: what does not fit is gone, and plain recv does not "
                "tell (recvmsg sets MSG_TRUNC).",
                *_sent_as(around),
            ),
            f"The next recv returns the next {kind}, not the rest of this one.",
            "recv(2), MSG_TRUNC; udp(7)",
        )
    maybe = call.truncated is None and moved == asked
    return Reason(
        (
            f"One recv takes one {kind}: this one has {count(moved)}"
            + (f", and up to {asked} would have fit." if asked and moved < asked else "."),
            *_sent_as(around),
            *(
                ["It filled the buffer to the last byte, so more of it may have been thrown away unseen."]
                if maybe
                else []
            ),
            *_waited(call),
        ),
        f"The next recv {waits_how(around.timeout, f'the next {kind} is there')}.",
        "recv(2), DESCRIPTION; udp(7)" if kind == "datagram" else "recv(2); unix(7), SOCK_SEQPACKET",
    )


def _sent_as(around: Around) -> Iterator[str]:
    if around.sources:
        yield f"It is what send #{around.sources[0].seq} sent: messages keep their borders."


# --- nothing ----------------------------------------------------------------------------------------------------------


def _nothing(call: Call, around: Around) -> Reason:
    if call.requested == 0:
        return _asked_for_nothing(call)
    if call.datagram:
        return _empty_message(call, around)
    again = [each for each in around.before if _ended(each)]
    reset, own = around.failed("ECONNRESET"), around.did("shutdown", "SHUT_RD") or around.did("shutdown", "SHUT_RDWR")
    if reset is not None:
        first = f"The connection was reset; #{reset.seq} raised ECONNRESET, which is told once. From then on b'' comes."
        second = "A reset is not a clean end: what the peer had not read, or had still to send, is lost."
    elif own is not None:
        first = f"This socket's own shutdown in #{own.seq} ended receiving, so recv returns b'' without waiting."
        second = "On Linux, data that the peer sends all the same can still be read."
    else:
        taken = [each for each in around.before if each.receives and each.data and not each.peek]
        total = sum(len(each.data) for each in taken)
        first = "b'' is the end of the stream: the peer closed or shut down its sending side, and its FIN came."
        second = "Its FIN stands behind all that it sent"
        second += f": {count(total)} came before, in {count(len(taken), 'recv')}." if around.all_before else "."
    third = [f"It is the same end that #{again[0].seq} returned."] if again and not reset else []
    return Reason(
        (first, second, *third),
        "Every further recv returns b'' at once: leave the loop and close. If the peer only shut down its sending "
        "side, it still receives.",
        "recv(2), RETURN VALUE; tcp(7)",
    )


def _ended(call: Call) -> bool:
    return call.receives and not call.data and call.error is None and call.requested != 0 and not call.unfinished


def _asked_for_nothing(call: Call) -> Reason:
    if call.datagram and call.call not in ("recv", "recv_into"):
        return Reason(
            (
                f"{call.call}(0) took a whole message and kept none of its bytes: the kernel threw them away.",
                "Only recv(0) leaves the queue alone.",
            ),
            "The next recv returns the next message.",
            "recv(2), MSG_TRUNC; CPython: sock_recvfrom_guts",
        )
    return Reason(
        (
            f"{call.call}(0) asks for no bytes, so it returns b'' at once; CPython makes no system call for it.",
            "This b'' does not say that the stream has ended.",
        ),
        "What is queued stays queued; ask for 1 byte or more to take some.",
        "CPython: sock_recv_guts (Modules/socketmodule.c)",
    )


def _empty_message(call: Call, around: Around) -> Reason:
    if call.peer:
        first = "An empty datagram arrived: it has a sender and no bytes. UDP delivers it, and recv returns b''."
        second = "A datagram socket has no end of stream, so b'' never means that somebody closed."
        return Reason((first, second, *_sent_as(around)), "The next recv waits for the next datagram.", "udp(7)")
    return Reason(
        (
            "b'' is an empty message, or the end: SEQPACKET returns the same for both.",
            "If the next recv returns b'' at once too, the peer has most likely closed.",
        ),
        "The next recv tells: it returns b'' again at the end, else it waits for a message.",
        "recv(2), RETURN VALUE; unix(7)",
    )


def _peeked(call: Call) -> Reason:
    queue = "" if not call.left else f" {count(call.left)} are in the queue."
    return Reason(
        (
            f"MSG_PEEK copied {count(len(call.data))} and left them in the queue.{queue}",
            "A peek takes a waiting error though, as any recv does.",
        ),
        "The next recv without MSG_PEEK returns the same bytes again.",
        "recv(2), MSG_PEEK",
    )
