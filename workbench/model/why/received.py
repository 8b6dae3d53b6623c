"""Why a recv returned what it did. Facts: recv(2), tcp(7), udp(7), unix(7); CPython's Modules/socketmodule.c."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.claims.around import UNKNOWN, Around, ends_stream, has_flag
from workbench.model.claims.claim import Claim, Kind, find
from workbench.model.claims.ending import end, error_learnt
from workbench.model.claims.texts import cut_of_text
from workbench.model.claims.took import took
from workbench.model.lineage.lineage import Part
from workbench.model.text.fit import duration_text
from workbench.model.why.around import Reason, count, names, protocol_page, waits_how

_WAITED = 0.01  # seconds; a shorter one may just have lost the processor for a moment


def received(call: Call, around: Around) -> Reason:
    """Explain a recv, or one of its kin, that returned."""
    if call.peek and (call.data or call.datagram):
        return _peeked(call, around)
    if not call.data and isinstance(call.result, int) and call.result > 0 and not call.datagram:
        return _discarded(call, call.result)
    if not call.data:
        return _nothing(call, around)
    if has_flag(call, "MSG_OOB"):
        return _urgent(call)
    if call.datagram:
        return _message(call, around)
    return _decrypted(call, around) if call.tls else _stream(call, around)


def _stream(call: Call, around: Around) -> Reason:
    left = call.left
    sentences = [_amount(call, around), *_passed(call, around), *_origin(call, around), *_cut(call, around)]
    if left:
        sentences.append(f"{count(left)} stayed in the kernel's receive queue: nothing is lost.")
    sentences += _waited(call, around)
    return Reason(tuple(sentences), _next(call, around), f"recv(2), DESCRIPTION; {protocol_page(call, around)}")


def _decrypted(call: Call, around: Around) -> Reason:
    name, moved = _name(call), len(call.data)
    return Reason(
        (
            f"{name} returned {count(moved)} that TLS had decrypted: at most {call.requested}, and of one record only.",
            *_origin(call, around),
            *_cut(call, around),
            *_waited(call, around),
        ),
        f"The next {name} returns what is left of that record at once, or waits until a next one is there whole.",
        "CPython: Modules/_ssl.c, SSLSocket.read; SSL_read(3)",
    )


def _passed(call: Call, around: Around) -> Iterator[str]:
    """Say which descriptors came with the bytes, and which did not."""
    claims = took(call, around)
    if (came := find(claims, Kind.DESCRIPTORS_CAME)) is not None:
        yield f"{count(came.count, 'descriptor')} came with it (SCM_RIGHTS): the program has to close each."
    if (lost := find(claims, Kind.DESCRIPTORS_LOST)) is not None:
        why = "its ancbufsize is too small" if call.call.startswith("recvmsg") else "only recvmsg takes them"
        yield f"{count(lost.count, 'descriptor')} that went with it did not come, and were closed: {why}."


def _amount(call: Call, around: Around) -> str:
    moved, asked = len(call.data), call.requested
    name = _name(call)
    if asked is None or moved > asked:
        return f"{call.call} returned the {count(moved)} that were there."
    if moved == asked and call.left:
        return f"{name} takes at most {count(asked)}, and {moved + call.left} were queued: it took {asked} of them."
    if moved == asked:
        queue = "" if call.left is None else f", which {'was' if moved == 1 else 'were'} all that was queued"
        return f"{name} takes at most {count(asked)}, and got {moved}{queue}."
    if has_flag(call, "MSG_WAITALL"):
        waits = around.waits(call)
        why = "the stream ended, a signal came, or urgent data lies there"
        if waits is not None and waits != UNKNOWN:
            why = "with a timeout Python's descriptor does not block, so the kernel returned what was there"
        elif waits is None and around.did("setsockopt", "SO_RCVTIMEO"):
            why = "SO_RCVTIMEO, the end of the stream or a signal ended the wait"
        return f"MSG_WAITALL is to wait for all {asked} bytes, but got {moved}: {why}."
    there = "1 was" if moved == 1 else f"{moved} were"
    return f"{name} takes what is there, up to {count(asked)}; {there}. It never waits for the rest: n is a limit."


def _origin(call: Call, around: Around) -> Iterator[str]:
    match around.sources:
        case None:
            yield "The send that they came from is not recorded yet."
        case () if around.knows_sender:
            yield (
                "Which sends they came from is not known: two calls received at once, or bytes passed that "
                "no call shows."
            )
        case ():
            yield "Their sender is not known in this session, so neither is where its sends begin and end."
        case (part,):
            yield _one(part, around)
        case parts:
            yield (
                f"They come from {len(parts)} sends ({names([part.seq for part in parts])}): a stream keeps "
                "no boundaries between sends."
            )


def _one(part: Part, around: Around) -> str:
    whole, size = around.whole(part), part.size
    if whole == size:
        all_of = "It is the 1 byte" if size == 1 else f"They are all {size} bytes"
        return f"{all_of} that send #{part.seq} sent."
    place = f"It is byte {part.start}" if size == 1 else f"They are bytes {part.start}-{part.stop - 1}"
    of = "" if whole is None else f" of the {whole}"
    return f"{place}{of} that send #{part.seq} sent: one send can take several recvs."


def _waited(call: Call, around: Around) -> Iterator[str]:
    if call.duration is not None and call.duration > _WAITED:
        lowat = around.did("setsockopt", "SO_RCVLOWAT")
        least = lowat.args[2] if lowat is not None else 1
        short = (
            "was empty" if not isinstance(least, int) or least < 2 else f"held fewer than SO_RCVLOWAT's {least} bytes"
        )
        if has_flag(call, "MSG_WAITALL"):
            short = "did not hold all that was asked for"
        yield f"The queue {short} when it was called, so it waited {duration_text(call.duration)}."


def _cut(call: Call, around: Around) -> Iterator[str]:
    cut = cut_of_text(call, around)
    if cut is None:
        return
    if cut.have:
        yield (
            f"They end inside a UTF-8 character ({cut.have} of {count(cut.need)}): "
            "to decode them alone raises UnicodeDecodeError."
        )
    elif cut.head:
        yield f"They begin inside a UTF-8 character, whose first bytes the recv before took ({count(cut.head)} here)."


def _next(call: Call, around: Around) -> str:
    name, waits = _name(call), around.waits(call)
    if call.left and call.requested:
        took = min(call.left, call.requested)
        them = "it" if call.left == 1 else "them"
        return f"The next {name} takes {them if took == call.left else f'{took} of these {call.left}'} at once."
    if call.left is None and call.requested == len(call.data):
        return f"If more is queued the next {name} takes it at once, else it {waits_how(waits, 'some comes')}."
    return f"The queue is empty: the next {name} {waits_how(waits, 'more arrives or the peer ends its side')}."


def _name(call: Call) -> str:
    asked = "" if call.requested is None else str(call.requested)
    match call.call:
        case "recv_into" | "recvfrom_into":
            return f"{call.call}(buffer, {asked})"
        case "recvmsg_into":
            return f"recvmsg_into with {asked} bytes of buffers"
        case name:
            return f"{name}({asked})"


def _discarded(call: Call, number: int) -> Reason:
    return Reason(
        (
            f"On a TCP stream MSG_TRUNC throws bytes away instead of copying them: {count(number)} left the queue so.",
            "What recv returned was never filled in: its bytes mean nothing, and are not recorded.",
        ),
        "The next recv without MSG_TRUNC returns what comes behind them.",
        "tcp(7), MSG_TRUNC; recv(2)",
    )


def _urgent(call: Call) -> Reason:
    return Reason(
        (
            "MSG_OOB took the urgent byte, ahead of what lies before it in the stream.",
            "TCP keeps one urgent byte at most, and a plain recv stops at its place and leaves it out.",
        ),
        "The bytes before and behind it are received as ever.",
        "tcp(7), Sockets API; recv(2), MSG_OOB",
    )


# --- messages ---------------------------------------------------------------------------------------------------------


def _message(call: Call, around: Around) -> Reason:
    moved, asked = len(call.data), call.requested
    kind, family = _kind(call, around), around.kind(call)[0]
    claims = took(call, around)
    if (cut := find(claims, Kind.TRUNCATED)) is not None:
        return _truncated(call, around, cut)
    fits = "" if not asked or moved > asked else f", and up to {asked} would have fit" if moved < asked else ""
    maybe = "It filled the buffer to the last byte, so more of it may have been thrown away unseen."
    return Reason(
        (
            f"One recv takes one {kind}: this one has {count(moved)}{fits}.",
            *_passed(call, around),
            *_sent_as(around),
            *([maybe] if find(claims, Kind.MAYBE_TRUNCATED) else []),
            *_waited(call, around),
        ),
        f"The next recv {waits_how(around.waits(call), f'the next {kind} is there')}.",
        f"recv(2), DESCRIPTION; {'unix(7)' if family == 'AF_UNIX' else 'udp(7)'}",
    )


def _truncated(call: Call, around: Around, cut: Claim) -> Reason:
    kind = _kind(call, around)
    lost = "the rest" if cut.of is None else f"{count(cut.of - cut.count)} of its {cut.of}"
    marked = "(recvmsg sets MSG_TRUNC)" if call.call.startswith("recvmsg") else "(recvmsg would set MSG_TRUNC)"
    return Reason(
        (
            f"The {kind} was longer than {call.requested}: {_name(call)} kept {count(cut.count)}, and the kernel threw "
            f"{lost} away.",
            f"A {kind} is received whole or cut, never in pieces: what does not fit is gone, and plain recv "
            "does not say so "
            f"{marked}.",
            *_sent_as(around),
        ),
        f"The next recv returns the next {kind}, not the rest of this one.",
        f"recv(2), MSG_TRUNC; {'unix(7)' if around.kind(call)[0] == 'AF_UNIX' else 'udp(7)'}",
    )


def _kind(call: Call, around: Around) -> str:
    return "datagram" if call.peer or around.kind(call)[1] == "SOCK_DGRAM" else "message"


def _sent_as(around: Around) -> Iterator[str]:
    if around.sources:
        yield f"It is what send #{around.sources[0].seq} sent: messages keep their boundaries."


# --- nothing ----------------------------------------------------------------------------------------------------------


def _nothing(call: Call, around: Around) -> Reason:
    if call.requested == 0:
        return _asked_for_nothing(call)
    if call.datagram:
        return _empty_message(call, around)
    again = next((each for each in around.before if ends_stream(each)), None)
    claim, unix = end(call, around) or Claim(Kind.PEER_ENDED), around.kind(call)[0] == "AF_UNIX"
    next_ = "Every further recv returns b'' at once: leave the loop and close."
    match claim.kind:
        case Kind.AFTER_ERROR:
            failed = next(each for each in around.before if each.seq == claim.seq)
            name = error_learnt(failed)
            first = (
                f"The connection had failed: #{claim.seq} learnt it ({name}), which is reported once. From "
                "then on b'' comes."
            )
            second = "This b'' is no clean end of the peer's: what was on its way is lost."
        case Kind.OWN_SHUTDOWN:
            first = f"This socket's own shutdown in #{claim.seq} ended receiving: since then recv returns b''."
            second = (
                "It does not say that the peer has closed: on Linux, what it sends all the same can still be received."
            )
            second = "The peer's sends raise EPIPE since then." if unix else second
            next_ = (
                next_ if unix else "A further recv returns b'' at once, unless the peer has sent something meanwhile."
            )
        case Kind.CONNECTION_GONE:
            first = "The connection is gone: the kernel has it as closed, and recv returns b''."
            second = "How it ended no call here has learnt: most likely a reset, reported to whoever asked first."
        case _:
            first, second = _end(call, around)
            next_ += " If the peer only shut down its sending side, it still receives."
    third = f"#{again.seq} returned the same end." if again is not None and claim.kind is Kind.PEER_ENDED else ""
    return Reason(
        tuple(filter(None, (first, second, third))), next_, f"recv(2), RETURN VALUE; {protocol_page(call, around)}"
    )


def _end(call: Call, around: Around) -> tuple[str, str]:
    taken = [each for each in around.before if each.receives and each.data and not each.peek]
    total = sum(len(each.data) for each in taken)
    before = f": {count(total)} came before, in {count(len(taken), 'recv')}" if taken else ": nothing came before it"
    before = before if around.all_before else ""
    if call.tls:
        return (
            "b'' is the end of the TLS stream: the peer sent close_notify, or ended its side without it.",
            f"It comes behind all that the peer sent{before}.",
        )
    if around.kind(call)[0] == "AF_UNIX":
        return (
            "b'' is the end of the stream: the peer closed or shut down its sending side.",
            f"It comes behind all that the peer sent{before}.",
        )
    return (
        "b'' is the end of the stream: the peer closed or shut down its sending side, and its FIN came.",
        f"The FIN comes behind all that it sent{before}.",
    )


def _asked_for_nothing(call: Call) -> Reason:
    if call.datagram and call.call not in ("recv", "recv_into"):
        return Reason(
            (
                f"{_name(call)} took a whole message and kept none of its bytes: the kernel threw them away.",
                "Only recv(0) leaves the queue alone.",
            ),
            "The next recv returns the next message.",
            "recv(2), MSG_TRUNC; CPython: sock_recvfrom_guts",
        )
    nothing = "0" if call.call.endswith("_into") else "b''"
    return Reason(
        (
            f"{_name(call)} asks for no bytes, so it returns {nothing} at once"
            + ("; CPython makes no system call for it." if call.call in ("recv", "recv_into") else "."),
            "That does not say that the stream has ended.",
        ),
        "What is queued stays queued; ask for 1 byte or more to take some.",
        "CPython: sock_recv_guts (Modules/socketmodule.c)",
    )


def _empty_message(call: Call, around: Around) -> Reason:
    family, kind = around.kind(call)
    page = "unix(7)" if family == "AF_UNIX" else "udp(7)"
    if call.peer or kind == "SOCK_DGRAM":
        first = "An empty datagram arrived: it has a sender and no bytes, and recv returns b'' for it."
        second = "A datagram socket has no end of stream, so b'' never means that somebody closed."
        next_ = f"The next recv {waits_how(around.waits(call), 'the next datagram is there')}."
        return Reason((first, second, *_sent_as(around)), next_, page)
    if around.sources:
        first = f"An empty message arrived, which send #{around.sources[0].seq} sent: the connection goes on."
        second = "recv returns the same b'' at the end of a SEQPACKET connection, so a program can't tell the two."
        return Reason((first, second), "The next recv takes the next message.", "recv(2), RETURN VALUE; unix(7)")
    return Reason(
        (
            "b'' is an empty message, or the end: SEQPACKET returns the same for both.",
            "If the next recv returns b'' at once too, the peer has most likely closed.",
        ),
        "The next recv tells: it returns b'' again at the end, else it waits for a message.",
        "recv(2), RETURN VALUE; unix(7)",
    )


def _peeked(call: Call, around: Around) -> Reason:
    queue = "" if not call.left else f" {count(call.left)} are in the queue."
    if (size := find(took(call, around), Kind.MESSAGE_SIZE)) is not None:
        queue = f" The message has {count(size.count)}, as MSG_TRUNC returns; beyond the buffer nothing was filled in."
    return Reason(
        (
            f"MSG_PEEK copied {count(len(call.data))} and left them in the queue.{queue}",
            "A peek takes a waiting error though, as any recv does.",
        ),
        "The next recv without MSG_PEEK returns the same bytes again.",
        "recv(2), MSG_PEEK",
    )
