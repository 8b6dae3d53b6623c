"""A finding: what a rule says is wrong with a program, with the calls that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Severity: TypeAlias = Literal["error", "warning", "note"]
"""error: bytes were lost or mixed up, or nobody can go on; warning: works by luck, or slowly; note: may be meant."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, once; several of one rule at one line of the program stand as one."""

    rule: str
    severity: Severity
    calls: tuple[int, ...]
    """Numbers (seq) of the calls that prove it, first the one to look at."""
    socket: str
    """Id of the socket that the first call was made on."""
    source: str
    """Line of the program that made the first call, such as "client.py:12"; "" where not known."""
    message: str
    """One sentence with this session's numbers; it may hold text from outside, so it goes through safe()."""
    remedy: str
    """What to do, in one sentence."""
    experiment: str = ""
    """Name of the experiment that shows it; "" where there is none."""
    sockets: tuple[str, ...] = ()
    """Every socket that it is about: there it hides findings of more general rules."""
    times: int = 1
    """How often it was found at this line."""

    @property
    def order(self) -> tuple[int, int]:
        """Sort key: the gravest first, then in the order of the file."""
        return SEVERITIES.index(self.severity), self.calls[0]


def to_json(finding: Finding) -> dict[str, Any]:
    """Return the object that stands for *finding* in JSON."""
    shown = {
        "rule": finding.rule,
        "severity": finding.severity,
        "calls": list(finding.calls),
        "socket": finding.socket,
        "source": finding.source,
        "message": finding.message,
        "remedy": finding.remedy,
        "experiment": finding.experiment or None,
    }
    return shown | ({"times": finding.times} if finding.times > 1 else {})
