"""What the commands that make calls share: a session to record into, and its calls printed as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from workbench.cli.common import Failure, new_report
from workbench.engine.state import Outcome
from workbench.journal.files import LIMIT, SessionExists, discard, fresh_path, fullness, record_to, sessions_folder
from workbench.journal.reader import Journal
from workbench.model.words.error_sentence import error_sentence
from workbench.probe.recorder import Recorder
from workbench.report.feed import Report

LOOK = 0.02
"""Seconds between two looks at the journal."""


@dataclass(frozen=True)
class Output:
    """Where a command's calls go: the options --record, --append, --overwrite, --limit and --format."""

    form: str
    record: Path | None
    append: bool
    overwrite: bool
    limit: int

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Output:
        """Take these out of a command's options; raises UsageError where they contradict each other."""
        output = cls(**{name: options.pop(name) for name in ("form", "record", "append", "overwrite", "limit")})
        if output.append and output.overwrite:
            raise click.UsageError("--append and --overwrite contradict each other: take one")
        if (output.append or output.overwrite) and output.record is None:
            raise click.UsageError("--append and --overwrite are about a --record FILE, and there is none")
        return output

    @contextmanager
    def opened(self) -> Iterator[tuple[Recorder, Printer]]:
        """Give a recorder for the command's calls, and what prints them."""
        with (
            recording(self.record, self.append, self.overwrite, self.limit) as recorder,
            closing(Journal(recorder.path)) as journal,
        ):
            journal.pull()
            printer = Printer(journal, new_report(journal, self.form, live=True), len(journal), recorder.pid)
            try:
                yield recorder, printer
            finally:
                printer.print_new()


@contextmanager
def recording(path: Path | None, append: bool, overwrite: bool, limit: int = LIMIT) -> Iterator[Recorder]:
    """Give a recorder for a command's calls; the session is kept only where *path* says so."""
    try:
        recorder = record_to(path or fresh_path(sessions_folder()), append=append, overwrite=overwrite, limit=limit)
    except SessionExists as error:
        raise Failure(str(error), 2) from None
    except OSError as error:
        raise Failure(f"the session cannot be recorded: {error.filename}: {error.strerror}", 2) from None
    try:
        yield recorder
    finally:
        said = fullness(recorder)
        recorder.close()
        if said:
            print(f"socket-workbench: {said}", file=sys.stderr)
        if path is None:
            discard(Path(recorder.path))


@dataclass
class Printer:
    """Prints calls as they come: those of process *pid*, as a session may hold others' beside them, or all."""

    journal: Journal
    report: Report
    printed: int = 0
    pid: int | None = None

    def print_new(self) -> None:
        """Print the calls that were added."""
        self.journal.pull()
        first, self.printed = self.printed, len(self.journal)
        for index in range(first, self.printed):
            call = self.journal[index]
            if self.pid in (None, call.pid):
                self.report.write(call)
        self.report.flush()

    def reason(self, outcome: Outcome) -> str:
        """Return in a sentence why a call that was made last did not go well."""
        self.print_new()
        calls = (self.journal[index] for index in reversed(range(len(self.journal))))
        call = next((call for call in calls if self.pid in (None, call.pid) and error_sentence(call)), None)
        if call is not None and (call.error is None or call.error.type == type(outcome.error).__name__):
            return error_sentence(call)
        return f"{type(outcome.error).__name__}: {outcome.error}"
