"""Finding the calls around a call in its session, for its explanation, its annotation and every claim about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.journal.reader import FAILED, Journal
from workbench.model.call.call import Call
from workbench.model.call.value import PlainAddress
from workbench.model.claims import every
from workbench.model.claims.around import Around, ends_stream
from workbench.model.claims.claim import Claim
from workbench.model.claims.holders import SOON
from workbench.model.lineage.lineage import Part
from workbench.model.text.hexdump import cut_character
from workbench.model.why.notes import notes
from workbench.model.words.about import address_of

if TYPE_CHECKING:
    from workbench.model.why.why import Why

NEAR = 500
"""So many calls before and after are looked at, and at most so many MiB of their bytes."""
_BYTES = 4 << 20
_KIN = 8
_MAKERS = frozenset(("socket", "socketpair", "fromfd"))
_TELLING = _MAKERS | {"accept", "bind", "listen", "connect", "connect_ex", "dup", "close"}
_OF_ALL = frozenset(("bind", "listen", "connect", "connect_ex", "shutdown", "setsockopt", "recv", "send"))
"""What one of several descriptors does for all of them."""


def events(journal: Journal, index: int) -> Around:
    """Return the lives of the sockets that matter to call *index*, from the whole session, in well under a millisecond.

    Of its own socket, of duplicates of it, of the other end, and of those that were bound where it goes. It lacks what
    only `around` looks for: the sends and recvs near it, timeouts, and calls to other sockets.
    """
    call, history, lineage = journal[index], journal.history, journal.lineage
    twins = history.twins(call.socket)
    peers = [each for socket in lineage.peers(call.socket) for each in (socket, *history.twins(socket))]
    peers = list(dict.fromkeys(peers))
    own = _lives(journal, [call.socket])
    shared = [each for each in _lives(journal, twins) if _is_for_all(each)]
    bound = history.bound(_goes_to(call, own)) if call.call != "close" else []
    binders = [journal[seq - 1].socket for seq in bound if journal[seq - 1].socket != call.socket]
    mine = sorted({each.seq: each for each in (*own, *shared)}.values(), key=lambda each: each.seq)
    others = _lives(journal, dict.fromkeys((*twins, *peers, *binders)))
    return Around(
        before=tuple(each for each in mine if each.seq < call.seq),
        after=_merged((each for each in mine if each.seq > call.seq), _under_way(journal, index, call)),
        elsewhere=tuple(each for each in others if each.socket != call.socket or call.socket in each.made),
        nearby=False,
        beside=tuple(_beside_close(journal, index, call, peers)),
        whole_life=bool(own) and (own[0].call in _MAKERS or call.socket in own[0].made),
        peers=tuple(peers),
        twins=tuple(twins),
        processes=tuple(journal.processes),
        sources=sources(journal, call),
        takers=takers(journal, call),
        lost=lineage.lost(call),
        overtaken=lineage.overtaken(call),
        knows_sender=call.receives and lineage.knows_peer(call),
    )


def around(journal: Journal, index: int) -> Around:
    """Return everything around call *index*, within a few milliseconds whatever the session's size."""
    call, found = journal[index], events(journal, index)
    near, later = list(_walk(journal, index, -1)), list(_walk(journal, index, 1))
    earlier = [*near, *_setups(journal, index - len(near))]
    parts = (found.sources if call.receives else found.takers) or ()
    return replace(
        found,
        before=_merged(found.before, (each for each in earlier if each.socket == call.socket)),
        all_before=_begins(call, near) or len(near) == index,
        all_setup=_begins(call, earlier) or len(near) == index,
        after=_merged(found.after, (each for each in later if each.socket == call.socket)),
        kin=tuple(_kin(journal, parts)),
        nearby=True,
        beside=_merged((), (each for each in (*near, *later) if each.socket in found.peers)),
        elsewhere=_merged(
            found.elsewhere,
            (each for each in (*earlier, *later) if each.socket != call.socket and each.call in _TELLING),
        ),
    )


def sources(journal: Journal, call: Call) -> tuple[Part, ...] | None:
    """Return the sends that a recv's bytes came from; None where they are not recorded yet."""
    found = journal.lineage.sources(call) if call.receives else []
    return None if found is None else tuple(found)


def takers(journal: Journal, call: Call) -> tuple[Part, ...] | None:
    """Return the recvs that took a send's bytes; None where it is not known which of them were received."""
    return tuple(journal.lineage.takers(call)) if call.sends and journal.lineage.knows_fate(call) else None


def _lives(journal: Journal, sockets: Iterable[str]) -> list[Call]:
    return [journal[seq - 1] for socket in sockets for seq in journal.history.of(socket)]


def _under_way(journal: Journal, index: int, call: Call) -> Iterator[Call]:
    """Yield calls on a socket that is closed which had begun before, and returned afterwards: in other threads."""
    for each in range(index + 1, min(index + 1 + SOON, len(journal)) if call.call == "close" else index):
        if (later := journal[each]).socket == call.socket and later.time < call.time:
            yield later


def _beside_close(journal: Journal, index: int, call: Call, peers: list[str]) -> Iterator[Call]:
    """Yield the calls of the other end soon after a close."""
    for each in range(index + 1, min(index + 1 + SOON, len(journal)) if call.call == "close" and peers else index):
        if (later := journal[each]).socket in peers:
            yield later


def _is_for_all(call: Call) -> bool:
    return call.call in _OF_ALL or call.error is not None or ends_stream(call)


def _goes_to(call: Call, own: list[Call]) -> PlainAddress | None:
    """Return the address that a call is about: its own, or the one that its socket was connected to."""
    if (address := address_of(call)) is not None:
        return call.local if call.call == "bind" and call.local is not None else address
    connects = [each for each in own if each.call in ("connect", "connect_ex") and each.seq < call.seq]
    return (call.peer or (address_of(connects[-1]) if connects else None)) if call.datagram else None


def _merged(one: Iterable[Call], other: Iterable[Call]) -> tuple[Call, ...]:
    return tuple(sorted({each.seq: each for each in (*one, *other)}.values(), key=lambda each: each.seq))


def _begins(call: Call, earlier: list[Call]) -> bool:
    """Whether the call that made the socket is among those."""
    return any((call.socket == each.socket and each.call in _MAKERS) or call.socket in each.made for each in earlier)


def _setups(journal: Journal, stop: int) -> Iterator[Call]:
    """Yield calls before *stop* that moved nothing and did not fail, the nearest first: those that set sockets up."""
    for _ in range(NEAR):
        stop = journal.marks.rfind(0, 0, stop)
        if stop < 0:
            return
        yield journal[stop]


def _walk(journal: Journal, index: int, step: int) -> Iterator[Call]:
    """Yield the calls next to *index*, the nearest first."""
    room = _BYTES
    for each in range(index + step, index + step * (NEAR + 1), step):
        if not 0 <= each < len(journal) or (room := room - journal.lengths[each]) < 0:
            return
        yield journal[each]


def _kin(journal: Journal, parts: Iterable[Part]) -> Iterator[Call]:
    room = _BYTES
    for part in list(parts)[:_KIN]:
        if 0 < part.seq <= len(journal) and (room := room - journal.lengths[part.seq - 1]) >= 0:
            yield journal[part.seq - 1]


def explain(journal: Journal, index: int) -> Why:
    """Return the explanation of call *index*, from the journal alone: so for a reopened session too."""
    from workbench.model.why.why import why  # a large part of the model, and nobody has asked before

    return why(journal[index], around(journal, index))


def claims(journal: Journal, index: int) -> tuple[Claim, ...]:
    """Return every claim that can be made of call *index*: see workbench.model.claims."""
    return every.claims(journal[index], around(journal, index))


def annotation(
    journal: Journal,
    index: int,
    *,
    fate: bool = True,
    json: bool = False,
    encoding: str = "utf-8",
    sizes: bool = True,
    ranges: bool = True,
) -> list[str]:
    """Return the annotation of call *index*: the short notes that stand beside it in the log and in every report.

    *fate*: whether to say what became of a send's bytes, which nobody can know while the program runs on. *sizes*,
    *ranges*: see notes.
    """
    call = journal[index]
    beside = _beside(journal, index, call, fate)
    cut = cut_character(call.data) if call.receives and call.data else None
    if (cut is not None and (cut.head or cut.have)) or (call.receives and call.datagram):
        beside = replace(beside, kin=tuple(_kin(journal, beside.sources or ())))
    unseen = journal.lineage.unseen(call)
    return notes(call, beside, journal.lengths, unseen=unseen, json=json, encoding=encoding, sizes=sizes, ranges=ranges)


def _beside(journal: Journal, index: int, call: Call, fate: bool) -> Around:
    """Return of the neighbours of a call what its annotation needs: most calls need none."""
    if call.call == "bind" and call.error is not None:  # who has the address, others' calls tell
        return around(journal, index)
    if journal.marks[index] & FAILED or not (call.sends or call.data) or call.datagram:
        found = events(journal, index)
        return found if fate else replace(found, takers=None)
    if call.receives:
        return Around(sources=sources(journal, call))
    taken = takers(journal, call) if fate else None
    if taken is None or sum(part.size for part in taken) == len(call.data):
        return Around(takers=taken)
    return events(journal, index)
