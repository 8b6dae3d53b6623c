"""Two sessions, or two runs, side by side: their calls aligned per socket, and where they first differ.

Addresses, ports the kernel chose, times and process numbers differ in every run; so sockets are matched by their part
(the name, or the order in which they appear) and calls by what was called, with what, and what came of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice, zip_longest

from workbench.model.call.call import Call

WINDOW = 200
"""So many calls ahead are searched for the place where both sessions agree again."""
_AGREE = 3


@dataclass(frozen=True, slots=True)
class ComparedCall:
    """What of a call is compared. *seq*: where it stands in its session."""

    seq: int
    call: str
    args: str
    outcome: str
    digest: bytes
    """Stands for the bytes that the call moved."""

    @property
    def key(self) -> Hashable:
        """What two calls have in common when they are equal."""
        return self.call, self.args, self.outcome, self.digest


@dataclass(frozen=True, slots=True)
class Difference:
    """Calls of one socket that the other session has not: *left* those of the first, *right* those of the second."""

    socket: str
    left: tuple[ComparedCall, ...]
    right: tuple[ComparedCall, ...]

    @property
    def seq(self) -> int:
        """Where it begins, in the numbers of the session that has it first."""
        return min(step.seq for step in (*self.left[:1], *self.right[:1]))


def steps(calls: Iterable[Call]) -> dict[str, list[ComparedCall]]:
    """Return the calls of each socket, in order, by the name that it bore last; of several with one, by its number."""
    names: dict[str, str] = {}
    made: dict[str, list[ComparedCall]] = {}
    for call in calls:
        names[call.socket] = "socket" if call.name.startswith("socket ") or not call.name else call.name
        made.setdefault(call.socket, []).append(_step(call))
    found: dict[str, list[ComparedCall]] = {}
    number: dict[str, int] = {}
    for socket, its in made.items():
        name = names[socket]
        number[name] = number.get(name, 0) + 1
        found[name if number[name] == 1 else f"{name} ({number[name]})"] = its
    return found


def compare(left: dict[str, list[ComparedCall]], right: dict[str, list[ComparedCall]]) -> Iterator[Difference]:
    """Yield where two sessions differ, socket by socket."""
    for socket in dict.fromkeys((*left, *right)):
        for ours, theirs in _apart(left.get(socket, []), right.get(socket, [])):
            yield Difference(socket, tuple(ours), tuple(theirs))


def first(differences: Iterable[Difference]) -> Difference | None:
    """Return the difference that begins first; None where there is none."""
    return min(differences, key=lambda each: each.seq, default=None)


def _apart(
    ours: Sequence[ComparedCall], theirs: Sequence[ComparedCall]
) -> Iterator[tuple[Sequence[ComparedCall], Sequence[ComparedCall]]]:
    """Yield the stretches that differ; linear but for the WINDOW in which both are brought together again."""
    at, other = 0, 0
    while at < len(ours) or other < len(theirs):
        if at < len(ours) and other < len(theirs) and ours[at].key == theirs[other].key:
            at, other = at + 1, other + 1
            continue
        skip, skip_other = _meeting(ours[at : at + WINDOW], theirs[other : other + WINDOW])
        yield ours[at : at + skip], theirs[other : other + skip_other]
        at, other = at + skip, other + skip_other


def _meeting(ours: Sequence[ComparedCall], theirs: Sequence[ComparedCall]) -> tuple[int, int]:
    """Return how many calls of each are to be left out until they agree, the fewest; all where they do not."""
    places: dict[Hashable, list[int]] = {}
    for place, step in enumerate(theirs):
        places.setdefault(step.key, []).append(place)
    met = [
        (at + other, at, other)
        for at, step in enumerate(ours)
        for other in islice(places.get(step.key, ()), _AGREE)
        if _agree(ours[at:], theirs[other:])
    ]
    return min(met)[1:] if met else (len(ours), len(theirs))


def _agree(ours: Sequence[ComparedCall], theirs: Sequence[ComparedCall]) -> bool:
    """Whether the next calls are equal too, as far as there are any: one equal close could be chance."""
    pairs = islice(zip_longest(ours, theirs), 2)
    return all(one is None or two is None or one.key == two.key for one, two in pairs)


def bytes_differ_at(one: bytes, other: bytes) -> int | None:
    """Return the offset of the first byte that differs, or where the shorter ends; None where they are equal."""
    if one == other:
        return None
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _step(call: Call) -> ComparedCall:
    error = call.error.errno or call.error.type if call.error else ""
    result = str(call.result) if isinstance(call.result, int) and call.call != "fileno" else ""
    return ComparedCall(
        call.seq, call.call, _arguments(call), error or result, blake2b(call.data, digest_size=12).digest()
    )


def _arguments(call: Call) -> str:
    """Return the arguments as text, without what the kernel chose: ports, and descriptors."""
    if call.call in ("bind", "connect", "connect_ex", "sendto", "sendmsg"):
        return repr([_host(each) for each in call.args])
    return "" if call.call in ("fromfd", "detach") else repr(call.args)


def _host(argument: object) -> object:
    return argument[0] if isinstance(argument, list) and argument else argument
