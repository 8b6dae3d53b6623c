"""The figures of a session, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.model.call.size import size_text
from workbench.model.session.stats import CallFigures, SocketFigures, Stats, Times
from workbench.model.text.fit import counted, duration_text
from workbench.model.text.safe import cells, safe

MOST = 20
"""Sockets that the table shows, the busiest first."""

_CALLS = ("call", "count", "failed", "bytes", "median", "99 %", "longest", "in all")
_SOCKETS = ("socket", "name", "calls", "failed", "sent", "received", "answered in", "99 %", "longest")


def stats_lines(stats: Stats) -> Iterator[str]:
    """Yield the lines for a person; everything from the session went through safe()."""
    yield _headline(stats)
    yield ""
    called = sorted(stats.calls.items(), key=lambda item: -item[1].count)
    yield from _table(_CALLS, 1, [(safe(name), *_call_cells(figures)) for name, figures in called])
    if stats.sockets:
        yield ""
        busiest = list(stats.busiest())
        rows = [(safe(socket), safe(figures.name), *_socket_cells(figures)) for socket, figures in busiest[:MOST]]
        yield from _table(_SOCKETS, 2, rows)
        if len(busiest) > MOST:
            yield f"and {counted(len(busiest) - MOST, 'socket')} more"


def stats_json(stats: Stats) -> dict[str, Any]:
    """Return the figures as JSON has them: times in seconds, null where there were none."""
    return {
        "calls": {
            name: {"count": each.count, "failed": each.failed, "bytes": each.data, "duration": _times(each.times)}
            for name, each in stats.calls.items()
        },
        "sockets": {
            socket: {
                "name": each.name,
                "calls": each.calls,
                "failed": each.failed,
                "sent": each.sent,
                "received": each.received,
                "answers": _times(each.answers),
            }
            for socket, each in stats.busiest()
        },
        "seconds": round(stats.seconds, 9),
    }


def _headline(stats: Stats) -> str:
    sent = sum(each.sent for each in stats.sockets.values())
    received = sum(each.received for each in stats.sockets.values())
    moved = f"{size_text(sent)} sent, {size_text(received)} received"
    line = f"{counted(stats.count, 'call')} of {counted(len(stats.sockets), 'socket')}: {moved}"
    if not stats.seconds:
        return line
    way = "received" if received else "sent"
    rate = f"{stats.count / stats.seconds:.3g} calls/s, {(received or sent) / stats.seconds / 1e6:.3g} MB/s {way}"
    return f"{line}, in {duration_text(stats.seconds)} ({rate})"


def _call_cells(figures: CallFigures) -> tuple[str, ...]:
    times = figures.times
    return (
        *(str(figures.count), _some(figures.failed), size_text(figures.data) if figures.data else ""),
        *_time_cells(times),
        duration_text(times.total) if times.count else "",
    )


def _socket_cells(figures: SocketFigures) -> tuple[str, ...]:
    sizes = (size_text(figures.sent), size_text(figures.received))
    return (str(figures.calls), _some(figures.failed), *sizes, *_time_cells(figures.answers))


def _time_cells(times: Times) -> tuple[str, str, str]:
    """Return median, 99th percentile and longest."""
    if not times.count:
        return "", "", ""
    return duration_text(times.percentile(50)), duration_text(times.percentile(99)), duration_text(times.longest)


def _times(times: Times) -> dict[str, float] | None:
    if not times.count:
        return None
    return {"median": times.percentile(50), "p99": times.percentile(99), "longest": times.longest, "total": times.total}


def _some(count: int) -> str:
    return str(count) if count else ""


def _table(heads: tuple[str, ...], texts: int, rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table's lines; its first *texts* columns begin at the left, its numbers end at the right."""
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        padded = zip(row, widths, strict=True)
        yield "  ".join(
            text + " " * (width - cells(text)) if at < texts else " " * (width - cells(text)) + text
            for at, (text, width) in enumerate(padded)
        ).rstrip()
