"""Who else holds a socket: other descriptors of it, processes that a fork gave a copy, calls that still use it.

A connection ends with the last of them (close(2), fork(2), dup(2)); a call in another thread keeps the socket until it
returns (seen with ss: both ends stay ESTAB).
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.call.call import Call
from workbench.model.claims.around import Around
from workbench.model.claims.claim import Claim, Kind
from workbench.model.words.error_sentence import errno_name

SOON = 32
"""So many calls after a close are looked at for what its peer found."""
_GIVES_UP = ("close", "detach")
_MAKERS = ("socket", "socketpair", "fromfd", "accept", "dup")


def holders(call: Call, around: Around) -> tuple[Claim, ...]:
    """Return who else holds the socket of *call*, a close, when it returns; empty where nobody is known to."""
    return (*_descriptors(call, around), *_processes(call, around), *_calls(call, around), *_unseen(call, around))


def _unseen(call: Call, around: Around) -> Iterator[Claim]:
    """Yield a holder whom no call shows (os.dup, a child's stdin), if the peer found no end soon after the close.

    On one machine a FIN is there when close returns, unless bytes are queued before it; then recv returns those.
    """
    returned = call.time + (call.duration or 0.0)
    for each in around.beside:
        if 0 < each.seq - call.seq <= SOON and each.time > returned and each.receives and found_nothing(each):
            yield Claim(Kind.HELD_UNSEEN, seqs=(each.seq,))
            return


def found_nothing(call: Call) -> bool:
    """Whether a recv found an empty queue and no end: it timed out, or would have had to wait."""
    timed_out = call.error is not None and call.error.type in ("TimeoutError", "timeout")
    return errno_name(call) == "EAGAIN" or (timed_out and not errno_name(call))


def _descriptors(call: Call, around: Around) -> Iterator[Claim]:
    """Yield the other descriptors that are open, by the call that made each; one wrapped twice is one descriptor."""
    earlier = [each for each in (*around.before, *around.elsewhere) if each.seq < call.seq and each.error is None]
    gone = {each.socket for each in earlier if each.call in _GIVES_UP}
    own = _maker(call.socket, earlier)
    for twin in around.twins:
        made = _maker(twin, earlier)
        if made is not None and twin not in gone and (own is None or made.descriptor != own.descriptor):
            yield Claim(Kind.HELD_BY_DESCRIPTOR, seqs=(made.seq,))


def _maker(socket: str, calls: list[Call]) -> Call | None:
    """Return the call that made a socket."""
    return next((each for each in calls if makes(each, socket)), None)


def makes(call: Call, socket: str) -> bool:
    """Whether *call* made that socket."""
    if call.call in ("accept", "dup"):
        return socket in call.made
    return call.call in _MAKERS and call.error is None and socket in (call.socket, *call.made)


def _processes(call: Call, around: Around) -> Iterator[Claim]:
    """Yield the processes that have a copy from a fork, or use the socket, and have neither closed it nor ended."""
    maker, born = int(call.socket.partition(".")[0] or call.pid), life_began(call, around)
    now = call.time + (call.duration or 0.0)
    ended = {each.pid for each in around.processes if each.ended is not None and each.ended < call.time}
    closed = {each.pid for each in around.before if each.call == "close" and each.error is None}
    forked = {each.pid for each in around.processes if each.parent and born is not None and born < each.began < now}
    for pid in sorted({maker, *forked, *(each.pid for each in (*around.before, *around.after))}):
        if pid not in closed | ended | {call.pid}:
            yield Claim(Kind.HELD_BY_PROCESS, pid)


def life_began(call: Call, around: Around) -> float | None:
    """Return when the socket of *call* was made, None where that is not known."""
    maker = _maker(call.socket, [*around.before, *around.elsewhere])
    return None if maker is None else maker.time + (maker.duration or 0.0)


def _calls(call: Call, around: Around) -> Iterator[Claim]:
    """Yield the calls of other threads that began before and had not returned yet."""
    returned = call.time + (call.duration or 0.0)
    for each in around.after:
        under_way = each.time < call.time and (each.unfinished or each.time + (each.duration or 0.0) > returned)
        if under_way and each.thread != call.thread and each.pid == call.pid:
            yield Claim(Kind.HELD_BY_CALL, seqs=(each.seq,))


def last_close(sockets: set[str], around: Around) -> Call | None:
    """Return the close after which nobody holds *sockets*; None if one of them is open, or may be, or there is none.

    What a program does with a socket's descriptor by other ways ends nothing: see Lineage.knows_fate.
    """
    lives = [each for each in around.elsewhere if each.error is None]
    sockets = sockets | {made for each in lives if each.call in ("dup", "fromfd") for made in _same(each, sockets)}
    closes = {each.socket: each for each in lives if each.call == "close"}
    given = {each.socket for each in lives if each.call == "detach"}
    if not sockets or not sockets - given <= closes.keys() or not sockets - given:
        return None
    last = max((closes[each] for each in sockets - given), key=lambda each: each.seq)
    forked = [each for each in around.processes if each.parent and each.began < last.time]
    closed_by = {each.pid for each in lives if each.call == "close" and each.socket in sockets}
    alive = [each for each in forked if each.pid not in closed_by and (each.ended is None or each.ended > last.time)]
    return None if alive else last


def _same(made: Call, sockets: set[str]) -> tuple[str, ...]:
    """Return the duplicates that a dup made of one of *sockets*."""
    return made.made if made.socket in sockets else ()
