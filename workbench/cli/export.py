"""export: a session as a file for others to read."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from workbench.cli.failure import Failure
from workbench.cli.reading import reading
from workbench.journal.reader import Journal

FORMATS = ("jsonl", "text", "html", "pcapng", "python")
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
@click.option("--to", "form", type=click.Choice(FORMATS), required=True, help="What to make of it.")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write there instead of to stdout; python takes a folder, for client.py and server.py.",
)
def command(session: Path, form: str, target: Path | None) -> None:
    """Write SESSION as JSON lines, text, a web page, a capture for Wireshark, or scripts that repeat it."""
    if form == "python" and target is None:
        raise click.UsageError("--to python writes client.py and server.py: say where with -o DIR")
    if form == "pcapng" and target is None and sys.stdout.isatty():
        raise click.UsageError("--to pcapng writes bytes, which are not for a terminal: say where with -o FILE")
    with suppress(OSError):
        if target is not None and os.path.samefile(session, target):
            raise click.UsageError(f"-o {target} is the session itself")
    with reading(session) as journal:
        left_out = _scripts(journal, target) if form == "python" and target else _file(journal, form, target)
    if left_out:
        print(f"socket-workbench: left out {left_out} calls, of sockets that have no place there", file=sys.stderr)


def _scripts(journal: Journal, folder: Path) -> int:
    from workbench.report.scripts.two_scripts import export_python

    try:
        return export_python(journal, folder)
    except OSError as error:
        raise Failure(f"-o {error.filename or folder}: {error.strerror}", 2) from None


def _file(journal: Journal, form: str, target: Path | None) -> int:
    """Write one file; return how many calls have no place in it."""
    with _opened(target) as out:
        if form == "pcapng":
            count: int = import_module("workbench.report.capture.wire").export_pcapng(journal, out)
            return count
        if form == "jsonl":
            _lines(journal, out)
            return 0
        text = io.TextIOWrapper(out, "utf-8", errors="backslashreplace", newline="\n")
        try:
            _text(journal, form, text)
        finally:
            text.detach()
    return 0


def _lines(journal: Journal, out: BinaryIO) -> None:
    from workbench.report.feed import copy
    from workbench.report.jsonl import JsonReport

    copy(journal, JsonReport(out, journal))


def _text(journal: Journal, form: str, out: TextIO) -> None:
    if form == "html":
        import_module("workbench.report.html.page").export_html(journal, out)
    else:
        from workbench.report.feed import copy
        from workbench.report.text import TextReport

        copy(journal, TextReport(out, journal))


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
