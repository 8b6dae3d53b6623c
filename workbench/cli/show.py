"""show: the annotated log of a recording."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from workbench.cli.common import coloured, new_report, output_options
from workbench.cli.failure import Failure
from workbench.cli.parsed import Parsed
from workbench.cli.reading import reading
from workbench.journal.ladder import Ladder, chosen
from workbench.journal.neighbours import explain
from workbench.journal.reader import Journal
from workbench.model.lens.conversation import HEX, TEXT, Conversation
from workbench.model.lens.registry import LENS_NAMES, find_format
from workbench.model.session.query import WORDS, Query, literal, parse, parse_find
from workbench.model.session.stats import Stats
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.probe.format import CALLS
from workbench.report.explanation import WIDTH, why_json, why_lines
from workbench.report.feed import copy, matching_calls
from workbench.report.jsonl import encode
from workbench.report.ladder.text import write_ladder
from workbench.report.stats import stats_json, stats_lines

EPILOG = """\b
Examples:
  socket-workbench show recorded.swb
  socket-workbench show recorded.swb --socket 4711.3 --call recv --width 8
  socket-workbench show recorded.swb --find 0xdeadbeef
  socket-workbench show recorded.swb --where 'socket:conn 1 dir:in after:1.5 /id=[0-9]+/'
  socket-workbench show recorded.swb --lens json
  socket-workbench show recorded.swb --stream 4711.3 --lens http
  socket-workbench show recorded.swb --ladder --socket 'conn 1'
  socket-workbench show recorded.swb --why 12
  socket-workbench show recorded.swb --stats --where after:1.5
  socket-workbench show recorded.swb --error --format json
"""


_FIND = Parsed("text|0xhex", parse_find, "--find: ")
_WHERE = Parsed("query", parse, "--where: ")
_LENS = Parsed("name", lambda name: find_format(name).name if name else "", "--lens: ")


@click.command(epilog=EPILOG)
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--socket", default="", metavar="ID", help="Only the calls of this socket, by id or name.")
@click.option("--call", metavar="NAME", type=click.Choice(CALLS[1:]), help="Only these calls.")
@click.option("--error", is_flag=True, help="Only calls that failed.")
@click.option(
    "--find",
    type=_FIND,
    metavar="TEXT|0xHEX",
    help="Only calls whose bytes hold this.",
)
@click.option(
    "--where",
    type=_WHERE,
    default="",
    metavar="QUERY",
    help=f"Only calls that have all of: {WORDS}.",
)
@click.option("--lens", type=_LENS, default="", metavar="NAME", help=f"Tell the frames: {', '.join(LENS_NAMES)}.")
@click.option("--stream", default="", metavar="ID", help="What this socket sent and received, as a conversation.")
@click.option("--hex", "as_hex", is_flag=True, help="With --stream: in hex; with --lens in frames, else as text.")
@click.option("--ladder", is_flag=True, help="Draw the calls of both sides and what lies between them.")
@click.option("--width", type=click.Choice(["8", "16", "32"]), default="16", show_default=True, help="Bytes a line.")
@click.option("--bytes", "most", type=click.IntRange(min=0), metavar="N", help="So many bytes of a call; else all.")
@click.option("--why", "explained", type=click.IntRange(min=1), metavar="SEQ", help="Explain this one call instead.")
@click.option("--stats", is_flag=True, help="Print figures instead: calls, bytes, times, how soon answers came.")
@output_options
def command(
    session: Path,
    socket: str,
    call: str | None,
    error: bool,
    find: bytes | None,
    where: Query,
    stream: str,
    as_hex: bool,
    ladder: bool,
    explained: int | None,
    stats: bool,
    form: str,
    lens: str,
    **look: Any,
) -> None:
    """Print the annotated log of SESSION, as far as it can be read."""
    asked = _asked(where, socket, call, error, find)
    _check({"--stream": stream, "--why": explained, "--stats": stats, "--ladder": ladder}, asked, form, lens, as_hex)
    if explained:
        return explain_call(session, explained, form)
    if ladder:
        return draw(session, asked)
    if stats:
        return figures(session, asked, form)
    if stream:
        return follow(session, stream, HEX if as_hex else lens or TEXT)
    return show(session, asked, form, lens=lens, width=int(look["width"]), most=look["most"])


def _asked(where: Query, socket: str, call: str | None, error: bool, find: bytes | None) -> Query | None:
    """Return which calls are meant, None for all."""
    wanted = replace(
        where,
        sockets=(*where.sockets, *([socket] if socket else [])),
        calls=(*where.calls, *([call] if call else [])),
        error=where.error or error,
        needles=(*where.needles, *([literal(find)] if find else [])),
    )
    return None if wanted == Query() else wanted


def _check(views: dict[str, object], asked: Query | None, form: str, lens: str, as_hex: bool) -> None:
    """Raise UsageError for options that do not go together; *views*: what is printed in place of the log."""
    given = [name for name, wanted in views.items() if wanted]
    view = given[0] if given else ""
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} each print something of their own: take one")
    if as_hex and (lens or view != "--stream"):
        raise click.UsageError("--hex goes with --stream, and not with --lens")
    if lens and (form == "json" or view not in ("", "--stream")):
        raise click.UsageError("--lens: frames are told in the text only, and not with --why, --stats or --ladder")
    if form == "json" and view in ("--stream", "--ladder"):
        raise click.UsageError(f"{view} is text only, not --format json")
    if asked and view in ("--stream", "--why"):
        raise click.UsageError(f"{view} says itself what to print: leave the filters out")


def show(session: Path, wanted: Query | None, form: str, **look: Any) -> None:
    """Print the calls of *session* that are *wanted*; exit 1 where there are none."""
    with reading(session) as journal:
        if not copy(journal, new_report(journal, form, **look), wanted=wanted) and wanted is not None:
            raise _none_fits(journal)


def explain_call(session: Path, seq: int, form: str) -> None:
    """Print why a call came out as it did; exit 1 where there is no such call."""
    with reading(session) as journal:
        if seq > len(journal):
            raise Failure(f"no call #{seq}: {safe(session.name)} has {counted(len(journal), 'call')}")
        why = explain(journal, seq - 1)
    if form == "json":
        return click.echo(encode(why_json(seq, why)))
    for line in why_lines(why, min(WIDTH, get_terminal_size((WIDTH, 0)).columns)):
        click.echo(line)
    return None


def figures(session: Path, wanted: Query | None, form: str) -> None:
    """Print the figures of the calls that are *wanted*; exit 1 where there are none."""
    stats = Stats()
    with reading(session) as journal:
        for index in range(len(journal)) if wanted is None else matching_calls(journal, wanted):
            stats.add(journal[index])
        if not stats.count and wanted is not None:
            raise _none_fits(journal)
    for line in [encode(stats_json(stats))] if form == "json" else stats_lines(stats):
        click.echo(line)


def _none_fits(journal: Journal) -> Failure:
    return Failure(f"none of {counted(len(journal), 'call')} fits")


def draw(session: Path, wanted: Query | None) -> None:
    """Print the ladder of *session*, or of the calls that are *wanted*, of a socket with its peer's."""
    with reading(session) as journal:
        ladder = Ladder(journal, None if wanted is None else chosen(journal, wanted))
        ladder.extend()
        width = get_terminal_size((100, 24)).columns
        if not write_ladder(ladder, sys.stdout, width=width, colour=coloured(sys.stdout)):
            raise Failure(f"none of {counted(len(journal), 'call')} has a place on a ladder", 1)


def follow(session: Path, socket: str, form: str) -> None:
    """Print what one socket sent (→) and received (←) as a conversation; exit 1 where it moved nothing."""
    conversation, before, moved = Conversation(form), 0, False
    with reading(session) as journal:
        for index in matching_calls(journal, Query(sockets=(socket,))):
            call = journal[index]
            moved = moved or bool(call.data)
            for line in conversation.feed(call):
                number = "" if line.seq == before else f"#{line.seq}"
                before = line.seq
                click.echo(f"{'→' if line.sent else '←'} {number:<6} {line.text}")
        for line in conversation.end():
            click.echo(f"{'→' if line.sent else '←'}        {line.text}")
    if not moved:
        raise Failure(f"no socket {socket!r} moved bytes in {session.name}: name it by its id or its name", 1)
