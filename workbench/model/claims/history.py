"""Of every socket the calls that tell of its life: what made, named, set up, connected, failed and ended it.

They are few, while sends and recvs may be millions, so what matters to a call can be found in the whole session at
once. Keeping it costs 10 bytes for each such call, and a dict entry for each socket.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

from workbench.model.call.address import port_or_path
from workbench.model.call.call import Tail
from workbench.model.call.value import PlainAddress
from workbench.probe.format import CODE, RECVS, SENDS

_MOST = 256
"""Calls of one socket's life that are looked at: a program can set options a million times."""
_SAME_FD = 8
_ANEW = frozenset(CODE[name] for name in ("fromfd", "socket", "dup"))
_OPTION = CODE["setsockopt"]
_REPEATED = SENDS | RECVS | {_OPTION, CODE["connect"], CODE["connect_ex"]}


class Process(NamedTuple):
    """A process of the session: when it was forked or began to write, and when it ended, in seconds.

    *parent*: 0 where it was no fork. *ended*: None where it had not, or was killed.
    """

    pid: int
    parent: int
    began: float
    ended: float | None


class History:
    """Takes in calls in the file's order; answers by the id of a socket, such as "4711.3"."""

    def __init__(self) -> None:
        self._seqs, self._before, self._what = array("I"), array("I"), array("H")
        self._last: dict[int, int] = {}
        self._twins: dict[int, list[int]] = {}
        self._by_descriptor: dict[int, list[tuple[int, int]]] = {}
        self._bound: dict[int | str, array[int]] = {}

    def add(self, seq: int, pid: int, number: int, code: int, errno: int = 0) -> None:
        """Take in a call of a socket's life; of equal ones in a row, such as many recvs that return b'', the first."""
        key, what = pid << 32 | number, code << 8 | errno & 0xFF
        at = self._last.get(key, 0)
        if at and code in _REPEATED and self._what[at - 1] == what and code != _OPTION:
            return
        self._seqs.append(seq)
        self._before.append(at)
        self._what.append(what)
        self._last[key] = len(self._seqs)

    def named(self, seq: int, pid: int, number: int, code: int, tail: Tail, errno: int) -> None:
        """Take in a call that made or named a socket; what it made is told by it too."""
        made = [key for key in tail.made if key != (pid, number)]
        if code != CODE["accept"]:  # a listener may accept millions
            self.add(seq, pid, number, code, errno)
        for key in made:
            self.add(seq, *key, code)
        if errno:
            return
        if code == CODE["dup"] and made:
            self._join(pid << 32 | number, made[0][0] << 32 | made[0][1])
        named = made[0] if made else (pid, number)
        self._find_twin(code, named[0] << 32 | named[1], tail)
        if code == CODE["bind"] and (place := port_or_path(tail.local)):
            self._bound.setdefault(place, array("I")).append(seq)

    def of(self, socket: str) -> list[int]:
        """Return the seqs of the calls of a socket's life, in order; the last 256 where there are more."""
        found: list[int] = []
        at = self._last.get(packed(socket), 0)
        while at and len(found) < _MOST:
            found.append(self._seqs[at - 1])
            at = self._before[at - 1]
        return found[::-1]

    def twins(self, socket: str) -> list[str]:
        """Return the other ids that one socket of the kernel has: a dup, a fromfd, the same descriptor wrapped anew."""
        key = packed(socket)
        return [f"{each >> 32}.{each & 0xFFFFFFFF}" for each in self._twins.get(key, ()) if each != key]

    def bound(self, address: PlainAddress | None) -> list[int]:
        """Return the seqs of the binds to the port, or to the path, of *address*, whatever the host."""
        place = port_or_path(address)
        return list(self._bound.get(place, ())[-_MOST:]) if place else []

    def _find_twin(self, code: int, key: int, tail: Tail) -> None:
        """Find the socket that has the same descriptor, or an other one of the same inode."""
        if tail.fd < 0 or not tail.inode:
            return
        descriptor = tail.fd
        if code in _ANEW and tail.args and (code == CODE["fromfd"] or len(tail.args) > 3):
            given = tail.args[0 if code == CODE["fromfd"] else 3]
            descriptor = given if isinstance(given, int) else descriptor
            for inode, other in self._by_descriptor.get(descriptor, ()):
                if inode == tail.inode and other != key:
                    self._join(other, key)
        known = self._by_descriptor.setdefault(tail.fd, [])
        known[:] = [(tail.inode, key), *(each for each in known if each[1] >> 32 != key >> 32)][:_SAME_FD]

    def _join(self, one: int, other: int) -> None:
        joined = self._twins.get(one) or [one]
        joined += [each for each in self._twins.get(other, [other]) if each not in joined]
        for each in joined:
            self._twins[each] = joined


def packed(socket: str) -> int:
    """Return a socket's id as one number."""
    pid, _, number = socket.partition(".")
    return int(pid) << 32 | int(number) if number else 0
