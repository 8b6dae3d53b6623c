"""Findings as text: what is wrong, the lines of the log that prove it, and what to do.

error short-send at client.py:8: send offered 8000004 bytes and the kernel took 3932160: the other 4067844 were never …

  #10   12:00:00.004213 client 1 → send(b'MSG|AAAAA…')           = 3932160  at client.py:8
        3932160 of 8000004 bytes · short send: 4067844 bytes did not go out

  Use sendall, or send the rest in a loop: data = data[sock.send(data):].
  socket-workbench run send-short shows it; check --explain short-send says more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from textwrap import indent
from typing import TextIO

from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.model.text.safe import safe
from workbench.report.findings.counts import counts
from workbench.report.text import TextReport

_COLOURS = {"error": "31", "warning": "33", "note": "36"}
_MOST_CALLS = 3


def write(out: TextIO, findings: Sequence[Finding], journal: Journal) -> None:
    """Write all of it, and how many there are."""
    colour = out.isatty() and not os.environ.get("NO_COLOR")
    log = TextReport(out, journal, colour=colour)
    for finding in findings:
        out.write("\n".join(_lines(finding, journal, log, colour)) + "\n\n")
    out.write(f"{counts(findings)}\n")


def headline(finding: Finding) -> str:
    """Return the first line on a finding, without its severity."""
    where = f" at {safe(finding.source)}" if finding.source else ""
    times = f" ({finding.times} times)" if finding.times > 1 else ""
    return f"{finding.rule}{where}: {finding.message}{times}"


def _lines(finding: Finding, journal: Journal, log: TextReport, colour: bool) -> Iterator[str]:
    severity = f"\x1b[1;{_COLOURS[finding.severity]}m{finding.severity}\x1b[0m" if colour else finding.severity
    yield f"{severity} {headline(finding)}"
    yield ""
    for seq in sorted(finding.calls[:_MOST_CALLS]):
        if 0 < seq <= len(journal):
            yield indent(log.text(journal[seq - 1]).rstrip("\n"), "  ")
    yield ""
    yield f"  {finding.remedy}"
    shows = f"socket-workbench run {finding.experiment} shows it; " if finding.experiment else ""
    yield f"  {shows}socket-workbench check --explain {finding.rule} says more."
