"""How a connection ended: what a recv's b'' means, what a close or a shutdown did, and on which side TIME_WAIT is.

Facts: tcp_close, tcp_close_state and tcp_fin in Linux's net/ipv4/tcp.c and tcp_input.c; unix_release_sock in
net/unix/af_unix.c; states as in net/tcp_states.h. The recorder notes the state before a close or shutdown, and at b''.
"""

from __future__ import annotations

import errno
import struct

from workbench.model.call.call import Call
from workbench.model.claims.around import Around, ends_stream
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.holders import holders, last_close
from workbench.model.words.error_sentence import errno_name

ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSED, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING = (
    1, 2, 4, 5, 6, 7, 8, 9, 10, 11,
)  # fmt: skip
_FAILS = frozenset(
    ("ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNABORTED", "EPIPE", "EPROTO")
)
"""Errors after which a connection is gone; each is told once, then recv returns b'' (tcp_reset, tcp_write_err)."""


def ended_by(around: Around) -> Call | None:
    """Return the earlier call that learnt that the connection had failed: the first, as later ones only repeat it."""
    own, connected = own_shutdown(around, "SHUT_WR"), around.did("connect")
    for call in around.before:
        if connected is not None and call.seq < connected.seq:
            continue
        number = call.error.errno if call.error else None
        if number == "EPIPE" and own is not None and own.seq < call.seq:
            continue
        if number in _FAILS and not call.datagram:
            return call
        if call.call == "getsockopt" and call.args[1:2] == ["SO_ERROR"] and call.result not in (0, None):
            return call
    return None


def error_learnt(call: Call) -> str:
    """Name the error that a call learnt: that it raised, or that SO_ERROR returned."""
    number = call.result if call.call == "getsockopt" else None
    return errno.errorcode.get(number, "SO_ERROR") if isinstance(number, int) else errno_name(call) or "an error"


def own_shutdown(around: Around, how: str) -> Call | None:
    """Return the own shutdown that ended receiving (SHUT_RD) or sending (SHUT_WR) before.

    On a datagram socket without a peer it raises ENOTCONN, and takes effect all the same (inet_shutdown).
    """
    for call in around.before:
        took_effect = call.error is None or (call.datagram and call.error.errno == "ENOTCONN")
        if call.call == "shutdown" and call.args[:1] in ([how], ["SHUT_RDWR"]) and took_effect:
            return call
    return None


def end(call: Call, around: Around) -> Claim | None:
    """Return why *call*, a recv of a stream, returned b''; None where it did not, or asked for nothing."""
    if not ends_stream(call) or call.datagram:
        return None
    failed, state = ended_by(around), call.tcp_state
    if failed is not None and (state in (CLOSED, None)) and not _after_fin(failed):
        return Claim(Kind.AFTER_ERROR, seqs=(failed.seq,))
    own = own_shutdown(around, "SHUT_RD")
    fin = state in (CLOSE_WAIT, LAST_ACK, CLOSING, TIME_WAIT) or any(ends_stream(each) and each.tcp_state in
        (CLOSE_WAIT, LAST_ACK, CLOSING, TIME_WAIT) for each in around.before)  # fmt: skip
    if own is not None and not fin and not _peer_over(around, call):
        return Claim(Kind.OWN_SHUTDOWN, seqs=(own.seq,))
    if failed is None and state == CLOSED and own_shutdown(around, "SHUT_WR") is None and not _fin_is_learnt(around):
        return Claim(Kind.CONNECTION_GONE)
    return Claim(Kind.PEER_ENDED)


def _after_fin(failed: Call) -> bool:
    """Whether an error tells that the peer's FIN had come before: Linux raises EPIPE for a RST in CLOSE_WAIT."""
    return failed.error is not None and failed.error.errno == "EPIPE"


def _fin_is_learnt(around: Around) -> bool:
    """Whether a later call tells that the peer's FIN had come, by the first error that it raises."""
    later = next((each for each in around.after if each.error is not None and each.error.errno in _FAILS), None)
    return later is not None and _after_fin(later)


def _peer_over(around: Around, call: Call) -> bool:
    """Whether the other end, in the session too, had ended its side before *call* returned."""
    until = call.time + (call.duration or 0.0)
    return any(
        each.socket in around.peers and each.time < until and _ends_sending(each)
        for each in around.elsewhere
    )  # fmt: skip


def ended(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return what *call*, a close or a shutdown that returned, did for the peer, and where TIME_WAIT is then."""
    if call.error is not None or call.unfinished or call.call not in ("close", "shutdown"):
        return ()
    if call.call == "close" and (held := holders(call, around)):
        return held
    family, kind = around.kind(call)
    if around.did("listen"):
        return () if call.args == ["SHUT_WR"] else (Claim(Kind.LISTENER_GONE),)
    if call.datagram and kind != "SOCK_SEQPACKET":
        return (Claim(Kind.RECEIVER_GONE),) if call.call == "close" else ()
    if family == "AF_UNIX":
        return _unix(call, around)
    return _shut(call, around) if call.call == "shutdown" else _closed(call, around)


def _unix(call: Call, around: Around) -> tuple[Claim, ...]:
    if not around.connected(call) or call.args == ["SHUT_RD"] or _peer_is_gone(call, around):
        return (Claim(Kind.NOTHING_SENT),)
    if call.call == "close" and (number := unread(call, around)):
        return (Claim(Kind.PEER_SEES_RESET, number),)
    return (Claim(Kind.PEER_SEES_END),)


def _peer_is_gone(call: Call, around: Around) -> bool:
    """Whether the other end of a UNIX connection was closed before *call*."""
    closed = last_close(set(around.peers), around)
    return (closed is not None and closed.time < call.time) or ended_by(around) is not None


def _shut(call: Call, around: Around) -> tuple[Claim, ...]:
    if call.args == ["SHUT_RD"]:
        return (Claim(Kind.NOTHING_SENT),)
    own = own_shutdown(around, "SHUT_WR")
    if call.tcp_state in (ESTABLISHED, CLOSE_WAIT, None) and own is None:
        return (Claim(Kind.FIN_SENT),)
    return (Claim(Kind.FIN_WAS_SENT, seqs=(own.seq,)),) if own is not None else (Claim(Kind.NOTHING_SENT),)


def _closed(call: Call, around: Around) -> tuple[Claim, ...]:
    state, own, failed = call.tcp_state, own_shutdown(around, "SHUT_WR"), ended_by(around)
    if state == SYN_SENT or not around.connected(call):
        return Claim(Kind.NOTHING_SENT), Claim(Kind.NO_TIME_WAIT)
    if state == CLOSED or (state is None and failed is not None):
        return _over(around, own, failed)
    number, (linger, seconds) = unread(call, around), lingers(around)
    if number or (linger is not None and not seconds):
        cause = (linger.seq,) if linger is not None and not seconds else ()
        return Claim(Kind.RST_SENT, number, seqs=cause), Claim(Kind.NO_TIME_WAIT)
    first = Claim(Kind.FIN_SENT) if own is None else Claim(Kind.FIN_WAS_SENT, seqs=(own.seq,))
    return first, _time_wait(call, around, own)


def _over(around: Around, own: Call | None, failed: Call | None) -> tuple[Claim, ...]:
    """Return the claims on the close of a connection that was over before."""
    first = Claim(Kind.NOTHING_SENT) if own is None else Claim(Kind.FIN_WAS_SENT, seqs=(own.seq,))
    if failed is not None or own is None:
        return first, Claim(Kind.NO_TIME_WAIT)
    here = own.tcp_state == ESTABLISHED
    return first, Claim(Kind.TIME_WAIT_HERE if here else Kind.NO_TIME_WAIT)


def _time_wait(call: Call, around: Around, own: Call | None) -> Claim:
    """Say on which side TIME_WAIT is: the one that sent its FIN first (tcp(7)), if both end with FIN."""
    state = call.tcp_state if own is None else own.tcp_state
    if state == CLOSE_WAIT or (state is None and any(ends_stream(each) for each in around.before)):
        return Claim(Kind.TIME_WAIT_THERE)
    peers = [each for each in around.elsewhere if each.socket in around.peers and each.seq > call.seq]
    clean = next((each for each in peers if _ends_sending(each)), None)
    if any(each.error is not None and each.error.errno in _FAILS for each in peers) or (
        clean is not None and (clean.unread or clean.tcp_state == CLOSED)
    ):
        return Claim(Kind.NO_TIME_WAIT)
    if clean is not None and clean.tcp_state == CLOSE_WAIT:
        return Claim(Kind.TIME_WAIT_HERE, seqs=(clean.seq,))
    return Claim(Kind.TIME_WAIT_HERE_IF)


def _ends_sending(call: Call) -> bool:
    """Whether a call ended its side, with a FIN unless there was reason for a reset."""
    return call.error is None and (call.call == "close" or (call.call == "shutdown" and call.args != ["SHUT_RD"]))


def unread(call: Call, around: Around) -> int:
    """Return the bytes that a close threw away unread: as the kernel told, or else as the last recv had left."""
    if call.unread is not None:
        return call.unread
    last = next((each for each in reversed(around.before) if each.receives and not each.peek), None)
    return last.left or 0 if last is not None else 0


def lingers(around: Around) -> tuple[Call | None, int]:
    """Return the setsockopt that turned SO_LINGER on last, and its seconds."""
    call = around.did("setsockopt", "SO_LINGER")
    match call:
        case Call(args=[_, _, str() as value, *_]) if len(value) == struct.calcsize("ii"):
            on, seconds = struct.unpack("ii", value.encode("latin-1", "replace"))
            return (call, seconds) if on else (None, 0)
        case _:
            return None, 0
