"""Finding what stands around a call in its session, for its explanation."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.lineage.lineage import Part
from workbench.model.why.around import Around
from workbench.model.why.why import Why, why

NEAR = 500
"""So many calls before and after are looked at, and at most so many MiB of their bytes."""
_BYTES = 4 << 20
_KIN = 8
_MAKERS = frozenset(("socket", "socketpair", "fromfd"))
_TELLING = _MAKERS | {"accept", "bind", "listen", "connect", "connect_ex", "dup", "close"}


def around(journal: Journal, index: int) -> Around:
    """Return the neighbours of call *index*: a few milliseconds, whatever the session's size."""
    call = journal[index]
    near, later = list(_walk(journal, index, -1)), list(_walk(journal, index, 1))
    earlier = [*near, *_setups(journal, index - len(near))]
    before = [each for each in earlier if each.socket == call.socket]
    parts = (journal.lineage.sources(call) if call.receives else journal.lineage.takers(call)) or []
    return Around(
        before=tuple(reversed(before)),
        all_before=_begins(call, near) or len(near) == index,
        all_setup=_begins(call, earlier) or len(near) == index,
        after=tuple(each for each in later if each.socket == call.socket),
        kin=tuple(_kin(journal, parts)),
        lost=journal.lineage.lost(call),
        knows_sender=call.receives and journal.lineage.knows_peer(call),
        elsewhere=tuple(
            each for each in (*reversed(earlier), *later) if each.socket != call.socket and each.call in _TELLING
        ),
    )


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


def _kin(journal: Journal, parts: list[Part]) -> Iterator[Call]:
    room = _BYTES
    for part in parts[:_KIN]:
        if 0 < part.seq <= len(journal) and (room := room - journal.lengths[part.seq - 1]) >= 0:
            yield journal[part.seq - 1]


def explain(journal: Journal, index: int) -> Why:
    """Return the explanation of call *index*, from the journal alone: so for a reopened session too."""
    call, lineage = journal[index], journal.lineage
    sources = lineage.sources(call) if call.receives else ()
    takers = lineage.takers(call) if call.sends and lineage.knows_peer(call) else None
    return why(call, sources, takers, around(journal, index))
