"""A session as one HTML page, which loads nothing: colours, folding, and on hover where each byte came from and went.

Reading and folding need no script. Everything from the session goes through safe() and escape().
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import islice, pairwise
from typing import NamedTuple, TextIO

from workbench.journal.checking import check
from workbench.journal.ladder import Ladder
from workbench.journal.neighbours import annotation, explain
from workbench.journal.order import by_cause
from workbench.journal.reader import Journal
from workbench.model.call.call import FAILED, Call
from workbench.model.findings.finding import Finding
from workbench.model.lineage.lineage import Part
from workbench.model.text.fit import counted
from workbench.model.text.hexdump import ByteRun, Category, HexLine, hex_column, line, offset_digits
from workbench.model.text.safe import safe
from workbench.model.why.why import Why
from workbench.model.words.as_python import direction, expression, outcome, time_text
from workbench.model.words.error_sentence import errno_name
from workbench.report.exports import TextExport
from workbench.report.findings.counts import counts
from workbench.report.findings.text import headline
from workbench.report.ladder.svg import drawing
from workbench.report.text import name_cells, name_in, processes

SHOWN = 2048
"""Bytes of one call that the page shows: the text and JSON exports have them all."""
OPEN = 256
"""A call with more bytes than this is folded at first."""
EXPLAINED = 1000
"""Calls up to which each has its why?, at 1 or 2 ms a call; in a longer session so many of those that failed have."""
LADDER = 1000
"""Calls of a session up to which the page has its ladder too; `export --to svg` draws longer ones."""
_EXPRESSION, _OUTCOME = 80, 60
_CATEGORY_CLASS = {Category.NUL: "z", Category.SPACE: "s", Category.CONTROL: "k", Category.NON_ASCII: "h"}
_REFERENCE = re.compile(r"#(\d+)")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


class _Stretch(NamedTuple):
    """Bytes of a call that one other call sent or took: where they lie, and how the two are linked."""

    start: int
    stop: int
    link: str
    title: str


def export_html(journal: Journal, out: TextIO, zone: tzinfo | None = None) -> int:
    """Write the whole session as a page; leaves out nothing: 0. *zone*: of the clock times; None is the local one."""
    out.write(_head(journal))
    out.writelines(_findings(check(journal)))
    out.writelines(_ladder(journal))
    wall = journal.start.wall if journal.start is not None else 0
    previous: Call | None = None
    explained, several = _explained(journal), len(processes(journal)) > 1
    for index in by_cause(journal):
        call = journal[index]
        when = time_text(call, previous, "clock", wall, zone)
        why = explain(journal, call.seq - 1) if call.seq in explained else None
        out.writelines(_call(call, name_in(call, several), when, journal, why))
        previous = call
    out.write(f"</main>\n<script>\n{_file('page.js')}</script>\n</body></html>\n")
    return 0


EXPORT = TextExport(export_html)


def _ladder(journal: Journal) -> Iterator[str]:
    """Yield the session's ladder, folded, each rung of which leads to its call; nothing where it would be too long."""
    ladder = Ladder(journal)
    if len(journal) <= LADDER:
        ladder.extend()
    if len(ladder):
        yield '<details class="rungs"><summary>Ladder: both sides, and what lies between them</summary>\n'
        yield from drawing(journal, ladder, "#c")
        yield "</details>\n"


def _explained(journal: Journal) -> Container[int]:
    """Return the numbers of the calls that have their why?."""
    if len(journal) <= EXPLAINED:
        return range(1, len(journal) + 1)
    failed = (index + 1 for index, mark in enumerate(journal.marks) if mark & FAILED)
    return frozenset(islice(failed, EXPLAINED))


def _head(journal: Journal) -> str:
    name, start = _text(journal.path.name), journal.start
    facts = [counted(len(journal), "call")]
    if len(journal) > EXPLAINED:
        facts.append("why? of the calls that failed (show --why explains any)")
    if start is not None and start.wall:
        facts.append(f"began {_date(start.wall)}")
        facts += [_text(word) for word in (start.program, f"Python {start.python}", start.platform) if word]
    problems = "".join(f'<p class="problem">{_text(problem)}</p>\n' for problem in journal.problems())
    columns = f"--number: {len(str(len(journal))) + 1}ch; --who: {name_cells(journal)}ch"
    buttons = '<button value="open">unfold all</button> <button value="">fold all</button>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width"><title>{name}</title>\n'
        f"<style>\n{_file('page.css')}</style></head>\n<body>\n"
        f"<header><h1>{name}</h1>\n<p>{' · '.join(facts)}</p>\n{problems}"
        f'<p id="folding" hidden>{buttons}</p></header>\n<main style="{columns}">\n'
    )


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what is wrong with the program, with links to the calls that prove it."""
    if findings:
        yield f'<section class="findings"><h2>{counts(findings)}</h2>\n'
    for finding in findings:
        links = " ".join(f'<a href="#c{seq}">#{seq}</a>' for seq in finding.calls)
        yield (
            f'<details class="finding {finding.severity}" open><summary><b>{finding.severity}</b> '
            f"{_linked(headline(finding))}</summary><p>{escape(finding.remedy)}</p><p>See {links}</p></details>\n"
        )
    if findings:
        yield "</section>\n"


def _call(call: Call, name: str, when: str, journal: Journal, why: Why | None) -> Iterator[str]:
    """Yield a call: a line, its annotations, a person's note; and, to fold, its why? and its bytes."""
    kind = "sent" if call.sends else "received" if call.receives else "other"
    failed = " failed" if call.error is not None or errno_name(call) else ""
    tag = "details" if call.data else "div"
    opened = " open" if 0 < len(call.data) <= OPEN else ""
    yield f'<{tag} class="call {kind}{failed}" id="c{call.seq}"{opened}>'
    yield "<summary>" if call.data else ""
    yield (
        f"{_at(call)}"
        f'<a class="number" href="#c{call.seq}">#{call.seq}</a> <time>{escape(when)}</time> '
        f'<span class="who">{_text(name)}</span> <span class="way">{direction(call)}</span> '
        f"<b>{escape(expression(call, _EXPRESSION))}</b> "
        f'<span class="out">{escape(outcome(call, _OUTCOME))}</span>'
    )
    if notes := annotation(journal, call.seq - 1):
        yield f'<span class="notes">{_linked(" · ".join(notes))}</span>'
    if note := journal.notes.get(call.seq):
        lines = "\n".join(safe(text) for text in note.text.splitlines())
        yield f'<span class="note">{"★ " if note.bookmark else ""}{escape(lines)}</span>'
    if call.data:
        yield "</summary>\n"
    if why is not None:
        yield _why(why)
    if call.data:
        yield from _dump(call.data, _stretches(call, journal))
    yield f"</{tag}>\n"


def _why(why: Why) -> str:
    told = "".join(f"<p>{_linked(text)}</p>" for text in (*why.sentences, f"Next: {why.next}"))
    python = escape("\n".join(why.python), quote=False)
    source = escape(why.source, quote=False)
    return f'<details class="why"><summary>why?</summary>{told}<code>{python}</code><p>See {source}</p></details>\n'


def _at(call: Call) -> str:
    """Return where in the program the call stands."""
    return f'<span class="at">{_text(call.source)}</span>' if call.source else ""


def _linked(notes: str) -> str:
    """Return annotations in which each "#12" leads to that call."""
    return _REFERENCE.sub(r'<a href="#c\1">#\1</a>', escape(notes, quote=False))


def _stretches(call: Call, journal: Journal) -> list[_Stretch]:
    if call.receives:
        parts = journal.lineage.sources(call) or []
        links = [(f"{part.seq}-{call.seq}", f"bytes {part.start}-{part.stop - 1} of #{part.seq}") for part in parts]
    else:
        parts = journal.lineage.takers(call)
        links = [(f"{call.seq}-{part.seq}", f"received by #{part.seq}") for part in parts]
    return [_Stretch(*span, *link) for span, link in zip(_spans(parts), links, strict=True)]


def _spans(parts: list[Part]) -> Iterator[tuple[int, int]]:
    """Yield where the parts lie within the call's own data: end to end, from its first byte."""
    at = 0
    for part in parts:
        yield at, at + part.size
        at += part.size


# --- bytes ------------------------------------------------------------------------------------------------------------


def _dump(data: bytes, stretches: list[_Stretch]) -> Iterator[str]:
    shown, digits = data[:SHOWN], offset_digits(len(data))
    whole = stretches[0] if len(stretches) == 1 and stretches[0].stop >= len(shown) else None
    yield f"<pre{_attributes(whole)}>" if whole else "<pre>"
    within = [] if whole else [each for each in stretches if each.start < len(shown)]
    for offset in range(0, len(shown), 16):
        dumped = line(shown, offset)
        here = [each for each in within if each.start < offset + 16 and offset < each.stop]
        hexed, text = _columns(dumped, here)
        yield f"<u>{offset:0{digits}x}</u> {hexed}  {text}\n"
    yield "</pre>"
    if len(data) > SHOWN:
        yield f'<p class="more">… {len(data) - SHOWN} bytes more</p>'


def _columns(dumped: HexLine, stretches: list[_Stretch]) -> tuple[str, str]:
    """Return a line's hex and text, coloured by category, and each stretch of them under its link."""
    size, padding = len(dumped.cells), dumped.hex[hex_column(len(dumped.cells)) :]
    if not stretches:
        return _coloured(dumped.runs, dumped.hex_of) + padding, _coloured(dumped.runs, dumped.text_of)
    edges = {0, size}
    for stretch in stretches:
        edges |= {max(0, stretch.start - dumped.offset), min(size, stretch.stop - dumped.offset)}
    hexed, text = "", ""
    for start, stop in pairwise(sorted(edges)):
        runs = [
            ByteRun(max(start, run.start), min(stop, run.stop), run.category)
            for run in dumped.runs
            if run.start < stop and start < run.stop
        ]
        owner = next((each for each in stretches if each.start <= dumped.offset + start < each.stop), None)
        begin, end = (f"<span{_attributes(owner)}>", "</span>") if owner else ("", "")
        hexed += begin + _coloured(runs, dumped.hex_of) + end
        text += begin + _coloured(runs, dumped.text_of) + end
    return hexed + padding, text


def _coloured(runs: Sequence[ByteRun], part: Callable[[ByteRun], str]) -> str:
    return "".join([_painted(part(run), run.category) for run in runs])


@lru_cache(4096)
def _painted(text: str, category: Category) -> str:
    shown, name = escape(text, quote=False), _CATEGORY_CLASS.get(category)
    return f'<i class="{name}">{shown}</i>' if name else shown


def _attributes(stretch: _Stretch) -> str:
    return f' data-l="{stretch.link}" title="{stretch.title}"'


# --- text -------------------------------------------------------------------------------------------------------------


def _text(text: str) -> str:
    return escape(safe(text))


def _date(wall_ns: int) -> str:
    try:
        return f"{datetime.fromtimestamp(wall_ns // 10**9, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"


def _file(name: str) -> str:
    return files("workbench.report.html").joinpath(name).read_text("utf-8")
