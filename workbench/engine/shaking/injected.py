"""The calls of a session that were injected, each as a rule that is about it alone."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.journal.reader import Journal
from workbench.model.call.call import Call
from workbench.model.text.fit import counted, duration_text
from workbench.model.text.safe import safe
from workbench.probe.rules import RECEIVING, Injection, decide, name_of

_ACTIONS = ("max", "delay", "error", "drop", "dup", "reorder")


@dataclass(frozen=True, slots=True)
class Injected:
    """One call of *program* that was made to do *action*; *nth* among its socket's calls of its kind."""

    call: Call
    program: str
    action: str
    value: int | float | str
    nth: int

    @property
    def socket(self) -> str:
        """The socket's name, the same one in each run."""
        return self.call.name or f"socket {self.call.socket.rpartition('.')[2]}"

    @property
    def kind(self) -> str:
        """The call as rules name it."""
        return "recv" if self.call.call in RECEIVING else self.call.call

    @property
    def site(self) -> tuple[str, str, str, str]:
        """Where in the program it is, and what is done there."""
        return self.program, self.call.source, self.kind, self.action

    def rule(self, value: int | float | str | None = None) -> str:
        """Return the rule for just this call; *value* instead of its own."""
        does = self._does(self.value if value is None else value)
        return f"{does}:socket={_plain(self.socket)}:when={self.nth}{self._of}"

    def rule_of_site(self, when: str) -> str:
        """Return the rule for the calls *when* at the same line."""
        return f"{self._does(self.value)}:at={self.call.source}:when={when}{self._of}"

    @property
    def _of(self) -> str:
        return f":program={_plain(self.program)}" if self.program else ""

    def _does(self, value: int | float | str) -> str:
        match self.action:
            case "max":
                return f"{self.kind}:{'pieces' if self.kind == 'sendall' else 'max'}={value}"
            case "delay":
                return f"{self.kind}:delay={round(float(value) * 1e6)}us"
            case "error":
                return f"{self.kind}:error={value}"
            case _:
                return f"{self.kind}:{self.action}"

    def sentence(self) -> str:
        """Say what the call does: "recv #17 on conn 1 at client.py:12 returns 700 of 1428 bytes"."""
        call = self.call
        where = f" at {safe(call.source)}" if call.source else ""
        return f"{call.call} #{self.nth} on {safe(self.socket)}{where} {self._deed()}"

    def _deed(self) -> str:
        call, moved = self.call, len(self.call.data)
        match self.action:
            case "max" if self.kind == "sendall":
                return f"goes out in pieces of {counted(int(self.value), 'byte')}"
            case "max" if call.sends:
                return f"takes {moved} of {counted(call.requested or 0, 'byte')}"
            case "max":
                return f"returns {moved} of {counted(self.whole, 'byte')}"
            case "delay":
                return f"comes {duration_text(float(self.value))} later"
            case "error":
                return f"fails with {safe(str(self.value))}"
            case "drop":
                return "loses a datagram"
            case "dup":
                return "gets the datagram before once more"
            case _:
                return "gets a datagram that another one has overtaken"

    @property
    def whole(self) -> int:
        """The bytes that the call would have moved, as far as they were there."""
        call = self.call
        if call.receives and call.left is not None:
            return min(len(call.data) + call.left, call.requested or 0)
        return call.requested or 0


def _plain(name: str) -> str:
    return name.replace(":", "*")


def injected(journal: Journal, injection: Injection | None = None) -> Iterator[Injected]:
    """Yield what was injected into the calls of *journal*, in order.

    *injection*: the rules that it was recorded under, which tell of a call that never returned what was dropped in it.
    """
    names: dict[int, str] = {}
    received: Counter[tuple[str, str]] = Counter()
    for call in journal.calls(0, len(journal)):
        if call.pid not in names:
            names[call.pid] = name_of(_words(journal.programs.get(call.pid, "")))
        if call.receives:
            received.update([(call.socket, ""), (call.socket, call.source)])
        if call.unfinished and call.receives and injection is not None:
            yield from _dropped(call, names[call.pid], injection.of_program(names[call.pid]), received)
        if call.injected is None:
            continue
        nth = call.injected.get("nth")
        if not isinstance(nth, int):
            continue
        for action in _ACTIONS:
            if (value := call.injected.get(action)) is not None:
                yield Injected(call, names[call.pid], action, value, nth)


def _dropped(call: Call, program: str, injection: Injection, received: Counter[tuple[str, str]]) -> Iterator[Injected]:
    """Yield the drop after which *call* waited for another datagram that never came."""
    found = Injected(call, program, "drop", 1, received[call.socket, ""])
    counts: dict[object, int] = dict.fromkeys(range(len(injection.rules)), received[call.socket, call.source] - 1)
    counts["recv"] = found.nth - 1
    decision = decide(injection, (0, 0), call.call, found.socket, counts, lambda: call.source)
    if decision is not None and decision.drop:
        yield found


def _words(command: str) -> list[str]:
    return command.split(" ") if "'" in command or '"' in command else shlex.split(command)
