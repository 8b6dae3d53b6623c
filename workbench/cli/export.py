"""export: a session as a file for others to read."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click

from workbench.cli.failure import Failure
from workbench.cli.reading import reading
from workbench.journal.reader import Journal
from workbench.report.exports import EXPORTS, BinaryExport, Export, FolderExport, export

_TO = "What to make of it: " + "; ".join(f"{name}, {listed.what}" for name, listed in EXPORTS.items()) + "."
EPILOG = """\b
Examples:
  socket-workbench export recorded.swb --to html -o recorded.html
  socket-workbench export recorded.swb --to jsonl | jq .call
  socket-workbench export recorded.swb --to pcapng -o recorded.pcapng && wireshark recorded.pcapng
  socket-workbench export recorded.swb --to python -o repeated && python repeated/server.py
\b
In a capture each byte appears once, as its sender sent it. UNIX sockets are hosts in 2001:db8::/32 there: streams are
TCP, messages are UDP, and a comment on the packet names the path. Captures and scripts have the plain bytes of TLS.
"""


@click.command(epilog=EPILOG)
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(list(EXPORTS)), required=True, help=_TO)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write there instead of to stdout; python takes a folder, for client.py and server.py.",
)
def command(session: Path, form: str, target: Path | None) -> None:
    """Write SESSION as a file for others to read, or as scripts that repeat it."""
    found = export(form)
    _check(found, form, session, target)
    with reading(session) as journal:
        left_out = _write(found, journal, target)
    if left_out:
        print(f"socket-workbench: left out {left_out} calls, of sockets that have no place there", file=sys.stderr)


def _check(found: Export, form: str, session: Path, target: Path | None) -> None:
    match found:
        case FolderExport(files=files) if target is None:
            raise click.UsageError(f"--to {form} writes {' and '.join(files)}: say where with -o DIR")
        case BinaryExport(text=False) if target is None and sys.stdout.isatty():
            raise click.UsageError(f"--to {form} writes bytes, which are not for a terminal: say where with -o FILE")
    with suppress(OSError):
        if target is not None and os.path.samefile(session, target):
            raise click.UsageError(f"-o {target} is the session itself")


def _write(found: Export, journal: Journal, target: Path | None) -> int:
    """Write it; return how many calls have no place in it."""
    if isinstance(found, FolderExport):
        assert target is not None
        try:
            return found.write(journal, target)
        except OSError as error:
            raise Failure(f"-o {error.filename or target}: {error.strerror}", 2) from None
    with _opened(target) as out:
        if isinstance(found, BinaryExport):
            return found.write(journal, out)
        text = io.TextIOWrapper(out, "utf-8", errors="backslashreplace", newline="\n")
        try:
            return found.write(journal, text)
        finally:
            text.detach()


@contextmanager
def _opened(target: Path | None) -> Iterator[BinaryIO]:
    if target is None:
        yield sys.stdout.buffer
        return
    try:
        out = target.open("wb")
    except OSError as error:
        raise Failure(f"-o {target}: {error.strerror}", 2) from None
    with out:
        yield out
