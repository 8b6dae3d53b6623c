"""Traces small programs with the command line, as a person does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TRACE = (sys.executable, "-m", "workbench", "trace")
_FINDINGS = re.compile(r"^\d+ (?:error|warning)s?\b.*: socket-workbench check .*\n\Z", re.MULTILINE)
"""The last line of `trace`, its own, where something is wrong with the program."""


@dataclass(frozen=True)
class Traced:
    """What a traced program left."""

    code: int
    out: str
    err: str
    findings: str
    calls: list[dict[str, Any]]

    def named(self, *names: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["call"] in names]


def trace(folder: Path, *words: str, timeout: float = 90, **options: Any) -> Traced:
    """Run `trace -o session` with *words* in *folder* and read back what it recorded."""
    session = folder / "session.swb"
    done = subprocess.run(
        [*TRACE, "-o", str(session), "--overwrite", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        **options,
    )
    findings = _FINDINGS.search(done.stderr)
    err = done.stderr[: findings.start()] if findings else done.stderr
    return Traced(done.returncode, done.stdout, err, findings[0] if findings else "", calls_of(session))


def calls_of(session: Path) -> list[dict[str, Any]]:
    """Return a session's calls as `show --format json` gives them."""
    words = [sys.executable, "-m", "workbench", "show", str(session), "--format", "json"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in shown.splitlines()]


def write(folder: Path, name: str, source: str) -> str:
    """Write a program and return its name."""
    (folder / name).write_text(source)
    return name


@cache
def interpreters() -> list[str]:
    """Return the CPythons from 3.9 on that are installed here, one of each version."""
    found: dict[int, str] = {}
    beside = Path(sys.base_prefix).parent.glob("3.*/bin/python3")
    for path in (*map(str, beside), *filter(None, (shutil.which(f"python3.{minor}") for minor in range(9, 15)))):
        ask = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
        answer = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False).stdout.split()
        if answer[:2] == ["cpython", "3"] and int(answer[2]) >= 9:
            found.setdefault(int(answer[2]), path)
    return [found[minor] for minor in sorted(found)]
