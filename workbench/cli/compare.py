"""compare: two sessions side by side, and where they first differ."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.failure import Failure
from workbench.cli.reading import reading
from workbench.journal.reader import Journal
from workbench.model.session.compare import ComparedCall, Difference, bytes_differ_at, compare, first, steps
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.model.words.as_python import expression, outcome

_MOST = 3
_WIDTH = 70
EPILOG = """\b
Examples:
  socket-workbench compare yesterday.swb today.swb
  socket-workbench run two-sends-one-recv --record a.swb   (and again with b.swb, then compare a.swb b.swb)
"""


@click.command(epilog=EPILOG)
@click.argument("left", metavar="A", type=click.Path(path_type=Path))
@click.argument("right", metavar="B", type=click.Path(path_type=Path))
def command(left: Path, right: Path) -> None:
    """Say whether the calls of sessions A and B are the same, and print the first that are not.

    Compared socket by socket, by name or order: the call, its arguments, its result or error, its bytes. Times, ports
    and process numbers are not.
    """
    with reading(left) as one, reading(right) as other:
        ours, theirs = steps(one), steps(other)
        differences = list(compare(ours, theirs))
        found = first(differences)
        if found is None:
            calls = sum(map(len, ours.values()))
            click.echo(f"the same: {calls} calls on {len(ours)} sockets")
            return
        _show(found, one, other)
    places = "1 place" if len(differences) == 1 else f"{len(differences)} places"
    raise Failure(f"the sessions differ in {places}, first at {found.socket}", 1)


def _show(found: Difference, one: Journal, other: Journal) -> None:
    click.echo(f"first difference, at {safe(found.socket)}:")
    for side, journal, calls in (("A", one, found.left), ("B", other, found.right)):
        for step in calls[:_MOST]:
            click.echo(f"  {side} #{step.seq:<5} {_written(journal, step)}")
        if len(calls) > _MOST:
            click.echo(f"  {side} … {counted(len(calls) - _MOST, 'more call')} that the other has not")
        if not calls:
            click.echo(f"  {side} has no such call here")
    if found.left and found.right:
        datas = one[found.left[0].seq - 1].data, other[found.right[0].seq - 1].data
        if (at := bytes_differ_at(*datas)) is not None:
            click.echo(f"    their bytes ({len(datas[0])} and {len(datas[1])}) differ from {at:04x} on")


def _written(journal: Journal, step: ComparedCall) -> str:
    call = journal[step.seq - 1]
    return f"{expression(call, _WIDTH)} {outcome(call, _WIDTH)}"
