"""Times the log with 1e5 and 1e6 calls, beside a ScrollView that draws nothing: `python -m tests.benchmarks.bench_log`.

Figures differ between machines; the ratios to the bare view say more. The aims: a cold jump within 20 ms, and 1000 new
calls shown within 2 ms.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.journal.reader import RECEIVED, SENT, Journal
from workbench.probe.format import CODE
from workbench.probe.recorder import Recorder
from workbench.ui.log.view import LogView

SIZE = (120, 40)
BATCH = 1000
ROUNDS = 30


class Bare(ScrollView):
    """The least that a ScrollView can do."""

    def render_line(self, y: int) -> Strip:
        return Strip.blank(self.size.width)


class Bench(App[None]):
    def __init__(self, view: ScrollView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


def write(path: Path, calls: int) -> Recorder:
    """Write a session of sends and recvs of 0 to 255 bytes, in turn."""
    recorder = Recorder(str(path))
    for number in range(calls):
        record(recorder, number)
    return recorder


def record(recorder: Recorder, number: int) -> None:
    data = bytes(number * 7 & 255)
    code = CODE["recv" if number & 1 else "send"]
    recorder.call(code, (1, 1 + (number & 1)), number, number + 9, result=len(data), requested=255, left=0, data=data)


def times(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median time of an action in ms."""
    found = []
    for _ in range(rounds):
        began = perf_counter()
        action()
        found.append((perf_counter() - began) * 1000)
    return median(found)


def draw(view: ScrollView) -> None:
    """Have the whole view drawn as for a frame, outside the app's own pace."""
    view._styles_cache.clear()
    view.render_lines(Region(0, 0, *view.size))


def jump(view: ScrollView, random: Random) -> None:
    view.scroll_to(y=random.randrange(int(view.max_scroll_y)), animate=False)
    draw(view)


async def bare(lines: int) -> tuple[float, float]:
    """Return the times of a jump in the bare view, and of taking in more lines."""
    view, random = Bare(), Random(1)
    async with Bench(view).run_test(size=SIZE):
        view.virtual_size = Size(SIZE[0], lines)

        def more() -> None:
            size = Size(SIZE[0], view.virtual_size.height + BATCH * 9)
            view.set_reactive(ScrollView.virtual_size, size)
            view._scroll_update(size)
            view.scroll_to(y=view.max_scroll_y, animate=False)
            draw(view)

        return times(lambda: jump(view, random)), times(more)


async def log(calls: int, folder: Path) -> None:
    recorder = write(folder / str(calls), calls)
    journal = Journal(folder / str(calls))
    began = perf_counter()
    journal.pull()
    indexed = perf_counter() - began
    view, random = LogView(journal), Random(1)
    async with Bench(view).run_test(size=SIZE):
        began = perf_counter()
        view.sync()
        print(f"\n{calls:,} calls, {view.rows.lines:,} lines (index of the file {indexed * 1000:.0f} ms)")
        print(f"  append all           {(perf_counter() - began) * 1000:8.1f} ms")
        print(f"  rows                 {sys.getsizeof(view.rows._starts) / calls:8.1f} bytes a call")
        base_jump, base_more = await bare(view.rows.lines)

        def cold() -> None:
            view._cache.clear()
            journal._call.cache_clear()
            jump(view, random)

        tell("cold jump", times(cold), base_jump)
        view.scroll_end(animate=False)
        number = calls
        taken, drawn = [], []
        for _ in range(ROUNDS):
            for number in range(number, number + BATCH):  # noqa: B020
                record(recorder, number)
            journal.pull()
            taken.append(times(view.sync, 1))
            drawn.append(times(lambda: draw(view), 1))
        tell(f"{BATCH} new calls: sync", median(taken), base_more)
        tell(f"{BATCH} new calls: frame", median(drawn), base_more)
        view.following = False
        view.scroll_to(y=1000, animate=False)
        tell("warm frame", times(lambda: draw(view)), base_jump)
        tell("more of one", times(lambda: view.cycle_density(calls // 2)), base_jump)
        print(f"  next density         {times(view.action_next_density, 3):8.1f} ms")
        keep = bytes(mark & (SENT | RECEIVED) == SENT for mark in range(256))
        print(
            f"  filter               {times(lambda: view.show_only(lambda i: bool(keep[journal.marks[i]])), 1):8.1f} ms"
        )


def tell(what: str, found: float, base: float) -> None:
    print(f"  {what:<20} {found:8.2f} ms   {found / base:6.1f}x the bare view's {base:.2f} ms")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for calls in (100_000, 1_000_000):
            asyncio.run(log(calls, Path(folder)))


if __name__ == "__main__":
    main()
