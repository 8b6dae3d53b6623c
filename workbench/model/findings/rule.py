"""Rules: what each looks for, and the registry that knows them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from workbench.model.call.call import Call
from workbench.model.findings.finding import Finding, Severity
from workbench.model.findings.scene import Scene
from workbench.model.findings.sock import Sock
from workbench.model.text.safe import safe

RULES: dict[str, type[Rule]] = {}
"""All rules by id. A more exact one stands before those that it hides."""


class Evidence(Protocol):
    """A call that proves a finding: a Call, or what is remembered of one."""

    @property
    def seq(self) -> int:
        """Its number in the file's order."""

    @property
    def source(self) -> str:
        """The line of the program that made it."""


class Rule:
    """One rule; a subclass registers itself, so that adding a rule is writing one.

    Calls come in the file's order, each before the scene has taken it in. A finding that is certain is reported from
    `take`; what holds only if nothing more comes is what `settle` (of a socket) and `end` (of the session) yield, both
    without changing anything, so that a session which grows can be asked at any time.
    """

    id: ClassVar[str]
    severity: ClassVar[Severity]
    """The gravest that it gives."""
    on: ClassVar[tuple[str, ...]]
    """The kinds of calls that `take` sees, as `kind` names them."""
    title: ClassVar[str]
    """What is wrong, in half a line, for lists."""
    remedy: ClassVar[str]
    """What to do, in one sentence."""
    text: ClassVar[str]
    """For `check --explain`: why it is wrong, when it is quiet, and its source."""
    experiment: ClassVar[str] = ""
    hides: ClassVar[tuple[str, ...]] = ()
    """Ids of rules whose findings about the same sockets say less."""

    def __init_subclass__(cls) -> None:
        RULES[cls.id] = cls

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.found: list[Finding] = []
        """What `take` has found; whoever reads it empties it."""

    def take(self, call: Call, sock: Sock) -> None:
        """Look at a call on *sock*, which is as the calls before have left it."""

    def settle(self, sock: Sock) -> Iterator[Finding]:
        """Yield what is wrong with *sock* if no more calls are made on it."""
        yield from ()

    def end(self) -> Iterator[Finding]:
        """Yield what else is wrong if no more calls are made."""
        yield from ()

    def finding(
        self,
        message: str,
        *calls: Evidence,
        sock: Sock,
        others: tuple[Sock | None, ...] = (),
        severity: Severity | None = None,
        remedy: str = "",
    ) -> Finding:
        """Return a finding of this rule about *sock*, proved by *calls*, first the one to look at."""
        return Finding(
            rule=self.id,
            severity=severity or self.severity,
            calls=tuple(dict.fromkeys(call.seq for call in calls)),
            socket=sock.id,
            source=calls[0].source,
            message=safe(message),
            remedy=remedy or self.remedy,
            experiment=self.experiment,
            sockets=tuple(dict.fromkeys(each.id for each in (sock, *others) if each is not None)),
        )

    def report(
        self,
        message: str,
        *calls: Evidence,
        sock: Sock,
        others: tuple[Sock | None, ...] = (),
        severity: Severity | None = None,
        remedy: str = "",
    ) -> None:
        """Report such a finding as certain."""
        self.found.append(self.finding(message, *calls, sock=sock, others=others, severity=severity, remedy=remedy))


def kind(call: Call) -> str:
    """Return what a call is to a rule: "send", "send failed", "recv", "recv end", "recv failed", "peek", else its name.

    "recv end" is b'' for the end of a stream; other calls that failed have " failed" behind their name.
    """
    if call.receives:
        if call.error is not None or call.unfinished:
            return "recv failed"
        if call.peek or call.requested == 0:
            return "peek"
        return "recv" if call.data or call.datagram or call.result else "recv end"
    failed = call.error is not None or call.unfinished
    if call.sends:
        return "send failed" if failed else "send"
    return f"{call.call} failed" if failed else call.call
