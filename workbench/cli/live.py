"""What the commands that make calls share: a session to record into, and its calls printed as they come."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.common import F, Failure, new_report, output_options
from workbench.cli.keeping import limit_option, record_options
from workbench.engine.state import Outcome
from workbench.journal.files import LIMIT, SessionExists, discard, fresh_path, fullness, record_to, sessions_folder
from workbench.model.call.address import plain
from workbench.model.call.call import FAILED, RECEIVED, SENT, Call, Error
from workbench.model.text.fit import counted
from workbench.probe.format import message
from workbench.probe.recorder import Recorder
from workbench.probe.tail import argument

if TYPE_CHECKING:
    from workbench.journal.reader import Journal
    from workbench.report.feed import Report

LOOK = 0.02
"""Seconds between two looks at the journal."""
_SHARE = 0.006
"""Seconds of each look that printing may take while sockets are at work: the interpreter does one thing at a time."""
_CALLS, _BYTES = 4000, 1 << 21
"""Calls and bytes that the log may lag behind; what is beyond is left out of it."""
_LAST = 100
"""Calls at the end of what is left out that are printed all the same."""


def session_options(command: F) -> F:
    """Add what every command has that makes calls: where its session is kept, and how much of it is printed."""
    return unlimited_session_options(limit_option(command))


def unlimited_session_options(command: F) -> F:
    """Add the same without --limit, where that means something else."""
    for option in (
        click.option("--stats", is_flag=True, help="Tell at the end what was moved, how fast, and round trips."),
        click.option("--progress", is_flag=True, help="Tell on stderr how many bytes have passed."),
        click.option("--data", is_flag=True, help="Print only the received bytes, as they are, on stdout."),
        click.option(
            "--bytes", "most", type=click.IntRange(0), default=1024, show_default=True, metavar="N",
            help="Print so many bytes of a call; the session has them all.",
        ),
        click.option("--quiet", is_flag=True, help="Print no log."),
        click.option("--no-record", is_flag=True, help="Keep nothing on disk."),
        record_options,
        output_options,
    ):  # fmt: skip
        command = option(command)
    return command


@dataclass(frozen=True)
class OutputOptions:
    """Where a command's calls go: the options of session_options."""

    form: str
    record: Path | None
    append: bool
    overwrite: bool
    limit: int
    no_record: bool
    quiet: bool
    most: int
    data: bool
    progress: bool
    stats: bool

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> OutputOptions:
        """Take these out of a command's options; raises UsageError where they contradict each other."""
        options.setdefault("limit", LIMIT)
        output = cls(**{name: options.pop(name) for name in cls.__dataclass_fields__})
        if output.append and output.overwrite:
            raise click.UsageError("--append and --overwrite contradict each other: take one")
        if (output.append or output.overwrite) and output.record is None:
            raise click.UsageError("--append and --overwrite are about a --record FILE, and there is none")
        if output.no_record and output.record is not None:
            raise click.UsageError("--record and --no-record contradict each other: take one")
        if output.data and output.form == "json":
            raise click.UsageError("--data prints the received bytes alone, --format json the calls: take one")
        return output

    @property
    def silent(self) -> bool:
        """Whether no log is printed."""
        return self.quiet or self.data

    @contextmanager
    def opened(self) -> Iterator[tuple[Recorder | None, Printer | Silence]]:
        """Give a recorder for the command's calls, None where nobody would read it, and what prints them."""
        if self.silent and self.record is None:
            yield None, Silence()
            return
        with session_recorder(self.record, self.append, self.overwrite, self.limit, self.no_record) as recorder:
            if self.silent:
                yield recorder, Silence()
                return
            from workbench.journal.reader import Journal

            with closing(Journal(recorder.path)) as journal:
                journal.pull()
                report = new_report(journal, self.form, live=True, most=self.most)
                printer = Printer(journal, report, len(journal), recorder.pid)
                try:
                    yield recorder, printer
                finally:
                    printer.print_new(None)


@contextmanager
def session_recorder(
    path: Path | None, append: bool, overwrite: bool, limit: int = LIMIT, no_record: bool = False
) -> Iterator[Recorder]:
    """Give a recorder for a command's calls; the session is kept only where *path* says so.

    Where the state directory can't be written, and with *no_record*, it stands in memory for as long as it is printed.
    """
    try:
        if path is not None:
            recorder = record_to(path, append=append, overwrite=overwrite, limit=limit)
        else:
            recorder = _record_for_now(limit, no_record)
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


def _record_for_now(limit: int, in_memory: bool) -> Recorder:
    """Record into a file that is removed at the end, so that a crash leaves it; in memory where there is no place."""
    if not in_memory:
        try:
            return record_to(fresh_path(sessions_folder()), limit=limit)
        except OSError:
            if not hasattr(os, "memfd_create"):
                raise
    if not hasattr(os, "memfd_create"):
        raise Failure("--no-record needs memory files, which this system has not: add --quiet", 2)
    number = os.memfd_create("session")
    return Recorder(f"/proc/self/fd/{number}", program="socket-workbench", limit=limit)


class Silence:
    """Prints nothing."""

    def print_new(self, seconds: float | None = None) -> None:
        """Do nothing."""


class Printer:
    """Prints calls as they come: those of process *pid*, as a session may hold others' beside them, or all.

    While sockets are at work it takes a share of the time only: a log that falls behind leaves transfers out, and says
    how many.
    """

    def __init__(self, journal: Journal, report: Report, printed: int = 0, pid: int | None = None) -> None:
        self.journal, self.report, self.printed, self._pid = journal, report, printed, pid

    def print_new(self, seconds: float | None = _SHARE) -> None:
        """Print calls that were added, for about *seconds*, or all of them."""
        journal, report = self.journal, self.report
        until = None if seconds is None else time.monotonic() + seconds
        journal.pull(seconds)
        self._catch_up(journal, report)
        while self.printed < len(journal) and (until is None or time.monotonic() < until):
            self._print(journal, report, self.printed)
            self.printed += 1
        report.flush()

    def print_rest(self) -> None:
        """Print all that was added: no other calls come."""
        self.print_new(None)

    def _print(self, journal: Journal, report: Report, index: int) -> None:
        call = journal[index]
        if self._pid in (None, call.pid):
            report.write(call)

    def _catch_up(self, journal: Journal, report: Report) -> None:
        """Leave transfers out where too much waits; connects, closes and what failed are printed all the same."""
        waiting = len(journal) - self.printed
        if waiting <= _LAST or (waiting <= _CALLS and sum(journal.lengths[self.printed :]) <= _BYTES):
            return
        stop = len(journal) - _LAST
        left_out = size = 0
        for index in range(self.printed, stop):
            mark = journal.marks[index]
            if mark & (SENT | RECEIVED) and not mark & FAILED:
                left_out, size = left_out + 1, size + journal.lengths[index]
            else:
                self._print(journal, report, index)
        self.printed = stop
        report.flush()
        if left_out:
            text = f"{counted(left_out, 'call')} ({counted(size, 'byte')}) left out of the log, which could not keep up"
            print(f"socket-workbench: {text}", file=sys.stderr, flush=True)


class OrderedPrinter(Printer):
    """Prints calls of all processes for people: a little later than they come, and so in the order of cause."""

    def __init__(self, journal: Journal, report: Report, begin: int) -> None:
        from workbench.journal.order import Lookahead  # not for send: it takes its time

        super().__init__(journal, report, begin)
        self._ahead = Lookahead(journal, begin)

    def print_new(self, seconds: float | None = None) -> None:
        """Print the calls before which no other has to stand, as far as that can be told by now."""
        self.journal.pull()
        self._print_all(self._ahead.ready(self.journal.seconds(time.monotonic_ns())))

    def print_rest(self) -> None:
        """Print all calls that are left: no others come."""
        self.journal.pull()
        self._print_all(self._ahead.rest())

    def _print_all(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            self._print(self.journal, self.report, index)
        self.report.flush()


def _plain(value: Any) -> Any:
    """Return an argument as a call in the journal has it."""
    return plain(value) if isinstance(value, tuple | str | bytes) else argument(value)


def reason(outcome: Outcome) -> str:
    """Return in a sentence why a call did not go well."""
    from workbench.model.words.error_sentence import error_sentence

    error = outcome.error
    if error is None:
        return ""
    if hasattr(error, "library"):  # OpenSSL's, with numbers of its own
        told = getattr(error, "verify_message", "") or str(getattr(error, "reason", None) or error).lower().replace(
            "_", " "
        )
        return f"TLS: {told}" + (": --ca FILE trusts it" if hasattr(error, "verify_message") else "")
    number = errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
    call = Call(
        seq=0,
        time=0.0,
        duration=outcome.seconds,
        pid=0,
        thread="",
        socket="",
        name="",
        call=outcome.method,
        args=list(map(_plain, outcome.args)),
        result=None,
        data=b"",
        error=Error(type(error).__name__, number, message(error)),
        source="",
        requested=None,
        left=None,
        truncated=None,
        size=None,
    )
    return error_sentence(call)
