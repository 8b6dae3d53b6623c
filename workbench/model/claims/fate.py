"""What became of the bytes of a send, as far as the session tells.

Facts: send(2), tcp(7), udp(7): an error that ICMP answered is told to the next call, once; unix(7).
"""

from __future__ import annotations

from workbench.model.call.address import plain
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.claims.holders import last_close
from workbench.model.words.about import address_of

ANY_HOST = ("0.0.0.0", "::")
_RESETS = ("ECONNRESET", "EPIPE")


def fate(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return what is known of the bytes of *call*, a send: one claim for each part of them; none if nothing went out.

    Their counts add up to what the call moved. FATE_UNKNOWN stands alone: whoever receives is not in the session, or
    bytes were received by ways that no call shows (os.read, a child's stdin, sendfile, a second thread).
    """
    moved = len(call.data)
    if not call.sends or not (moved or (call.datagram and call.error is None)):
        return ()
    if call.dropped:
        return (Claim(Kind.QUEUE_WAS_FULL, moved),)
    if around.lost:
        return (Claim(Kind.OVERTAKEN if around.overtaken else Kind.NOT_IN_QUEUE, moved),)
    if around.takers is None:
        return _unknown(call, around)
    found: list[Claim] = []
    taken = sum(part.size for part in around.takers)
    if around.takers:
        found.append(Claim(Kind.RECEIVED, taken, seqs=tuple(part.seq for part in around.takers)))
        if call.datagram and taken < moved:
            found.append(Claim(Kind.CUT_OFF, moved - taken, seqs=(around.takers[0].seq,)))
            return tuple(found)
    if taken < moved or not found:
        found.append(never_received(call, around, moved - taken) or Claim(Kind.NOT_RECEIVED_YET, moved - taken))
    return tuple(found)


def _unknown(call: Call, around: Around) -> tuple[Claim, ...]:
    refused = _refused(around) if call.datagram else None
    if refused is not None:
        return (Claim(Kind.NEVER_REFUSED, len(call.data), seqs=(refused.seq,)),)
    return (Claim(Kind.FATE_UNKNOWN, len(call.data)),)


def never_received(call: Call, around: Around, count: int) -> Claim | None:
    """Return why nobody will receive *count* bytes of a send that no recv took so far; None where that is not known."""
    if call.datagram and not around.peers:
        receivers = receivers_at(call, around)
        if not receivers and (refused := _refused(around)) is not None:
            return Claim(Kind.NEVER_REFUSED, count, seqs=(refused.seq,))
        if (connect := _connected_elsewhere(call, receivers, around)) is not None:
            return Claim(Kind.NEVER_FILTERED, count, seqs=(connect.seq,))
    else:
        if (told := _reset(around)) is not None:
            return Claim(Kind.NEVER_RESET, count, seqs=(told.seq,))
        receivers = set(around.peers)
    closed = last_close(receivers, around)
    return None if closed is None else Claim(Kind.NEVER_CLOSED, count, seqs=(closed.seq,))


def _refused(around: Around) -> Call | None:
    """Return the next call that could learn of it, if it raised what ICMP had answered."""
    if not around.nearby:
        return None
    later = next((each for each in around.after if each.sends or each.receives or _asks_error(each)), None)
    return later if later is not None and later.error and later.error.errno == "ECONNREFUSED" else None


def _asks_error(call: Call) -> bool:
    return call.call == "getsockopt" and call.args[1:2] == ["SO_ERROR"]


def _reset(around: Around) -> Call | None:
    """Return the later call that learnt of a reset; EPIPE does so unless this side had ended its sending itself."""
    for each in around.after:
        if each.call == "shutdown" and each.error is None and each.args != ["SHUT_RD"]:
            return None
        if each.error is not None and each.error.errno in _RESETS:
            return each
    return None


def _connected_elsewhere(call: Call, receivers: set[str], around: Around) -> Call | None:
    """Return the connect by which the one receiver takes datagrams of another address alone (udp(7))."""
    own = [each.local for each in (call, *reversed(around.before)) if each.local]
    connects = [each for each in around.elsewhere if each.socket in receivers and each.call == "connect"]
    connects = [each for each in connects if each.error is None and each.seq < call.seq]
    if len(receivers) != 1 or not connects or not own:
        return None
    match plain(connects[-1].peer), plain(own[0]):
        case [str() as host, int() as port, *_], [str() as other, int() as number, *_]:
            same = port == number and (host == other or other in ANY_HOST)
            return None if same else connects[-1]
        case _:
            return None


def receivers_at(call: Call, around: Around) -> set[str]:
    """Return the sockets of the session that a datagram's address belonged to."""
    connects = [each for each in around.before if each.call in ("connect", "connect_ex") and each.error is None]
    target = address_of(call) or (address_of(connects[-1]) if connects else None) or call.peer
    binds = [each for each in around.elsewhere if each.call == "bind" and each.error is None]
    listeners = {each.socket for each in around.elsewhere if each.call == "listen"}  # of SEQPACKET; they get no message
    found = {each.socket for each in binds if is_at(plain(each.local), plain(target))}
    return found - listeners


def is_at(local: PlainAddress | None, target: PlainAddress | None) -> bool:
    """Whether a socket bound to *local* receives what is sent to *target*."""
    match local, target:
        case [[host, port, *_], [other, number, *_]]:
            return bool(port == number and (host == other or host in ANY_HOST))
        case [str(), str()]:
            return bool(local == target)
        case _:
            return False
