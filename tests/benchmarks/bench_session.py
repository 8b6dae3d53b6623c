"""A session of 1e7 calls: how soon it shows, how much memory it takes, how long a jump and a search hold up the keys.

    python -m tests.benchmarks.bench_session [CALLS [CALLS_A_CONNECTION [FILE]]]

The aims: the first screen within 0.1 s of the empty bench's, resident memory at most 300 MiB, a jump within 20 ms, a
slice of a search within 50 ms. FILE is made unless it is there, and kept; without it the session is a temporary file.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from tests.benchmarks.bench_log import Bench, draw, times
from tests.benchmarks.bench_start import first_frame
from tests.terminal import Terminal
from workbench.journal.find import Search
from workbench.journal.reader import Journal
from workbench.model.session.query import parse
from workbench.probe.format import CALL, CODE, NO_RESULT, OTHER_RESULT, packed
from workbench.probe.recorder import Recorder
from workbench.ui.log.filter import SLICE
from workbench.ui.log.view import LogView

CALLS, PER_CONNECTION = 10_000_000, 1000
_AT_ONCE = 8
_BLOCK = 4 << 20
_LISTENER = (7, 1)


def write(path: Path, calls: int, per_connection: int) -> None:
    """Write a session in which connections, some at once, ask and answer."""
    recorder = Recorder(str(path), program="bench")
    writer = _Writer(recorder)
    with path.open("ab") as file:
        block = bytearray()
        for number, (code, socket, data, tail, flags) in enumerate(_calls(per_connection)):
            if number == calls:
                break
            block += writer.record(code, socket, data, tail, flags)
            if len(block) > _BLOCK:
                file.write(block)
                block.clear()
        file.write(block)
    recorder.close()


class _Writer:
    """Makes records without a write(2) for each."""

    def __init__(self, recorder: Recorder) -> None:
        self.file = recorder._file
        self.writer, self.name, self.thread = recorder.writer, recorder.text("conn"), recorder.thread()
        self.now = recorder.clock()

    def record(self, code: int, socket: tuple[int, int], data: bytes, tail: bytes, flags: int) -> bytes:
        self.now += 3000
        head = packed(
            self.file, tail, data, CALL, code, flags, self.writer, 7, *socket, self.thread, self.name, 0, self.now,
            self.now + 900, len(data), 4096, 0, -1, 0, 0,
        )  # fmt: skip
        return head + tail + data


_Made = tuple[int, tuple[int, int], bytes, bytes, int]


def _calls(per_connection: int) -> Iterator[_Made]:
    """Yield calls for ever: code, socket, data, tail, flags."""
    numbers = iter(range(2, 1 << 31, 2))
    while True:
        talks = [_talk(next(numbers), per_connection) for _ in range(_AT_ONCE)]
        for steps in zip(*talks, strict=True):
            yield from steps


def _talk(number: int, calls: int) -> Iterator[_Made]:
    client, served, port = (7, number), (7, number + 1), number % 60000 + 1024
    here, there = b'["127.0.0.1", %d]' % port, b'["127.0.0.1", 80]'
    tail = b'{"args": [%s], "local": %s, "peer": %s}' % (there, here, there)
    yield CODE["connect"], client, b"", tail, NO_RESULT
    tail = b'{"made": [[7, %d]], "local": %s, "peer": %s}' % (number + 1, there, here)
    yield CODE["accept"], _LISTENER, b"", tail, OTHER_RESULT
    send, recv = CODE["send"], CODE["recv"]
    for turn in range((calls - 4) // 4):
        asked, answered = b"GET /%d/%d" % (number, turn) + b"." * (turn % 40), b"answer %d" % turn * (turn % 9 + 1)
        yield send, client, asked, b"", 0
        yield recv, served, asked, b"", 0
        yield send, served, answered, b"", 0
        yield recv, client, answered, b"", 0
    yield CODE["close"], client, b"", b"", NO_RESULT
    yield CODE["close"], served, b"", b"", NO_RESULT


def resident(pid: int | str = "self") -> float:
    """Return MiB resident now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def index(path: Path) -> None:
    """Print what the index alone takes."""
    before, journal, began = resident(), Journal(path), perf_counter()
    journal.read_all()
    seconds = perf_counter() - began
    grown = resident() - before
    print(
        f"index        {len(journal) / seconds / 1000:6.0f}k records/s   {grown:6.1f} MiB, "
        f"{grown * (1 << 20) / len(journal):.1f} bytes a call"
    )


def screen(path: Path, home: str) -> None:
    """Print how soon the app shows the session, beside the empty bench, and what it takes when all is indexed."""
    python = [sys.executable, "-m", "workbench"]
    empty = median(first_frame(python, "F4 log", home)[0] for _ in range(5))
    shown = median(first_frame([*python, str(path)], "log of ", home)[0] for _ in range(5))
    print(f"first screen {shown * 1000:6.0f} ms, of the empty bench {empty * 1000:.0f} ms")
    with Terminal([*python, str(path)], columns=120, rows=40, env={"XDG_STATE_HOME": home}) as terminal:
        terminal.wait_for("log of ")
        began = perf_counter()
        waits, most = [], 0.0
        while "% read" in terminal.text() or perf_counter() - began < 2:
            pressed, seen = perf_counter(), len(terminal.raw)
            terminal.press("up")
            while len(terminal.raw) == seen and perf_counter() - pressed < 1:
                time.sleep(0.001)
            waits.append((perf_counter() - pressed) * 1000)
            most = max(most, resident(terminal.process.pid))
            time.sleep(0.2)
        print(f"all indexed  {perf_counter() - began:6.1f} s   keys meanwhile: median {median(waits):.0f} ms")
        time.sleep(1)
        print(f"resident     {resident(terminal.process.pid):6.1f} MiB, at most {most:.1f}")


async def jumps(path: Path) -> None:
    """Print how long it takes to draw any place."""
    journal = Journal(path)
    journal.read_all()
    view, random = LogView(journal), Random(1)
    async with Bench(view).run_test(size=(120, 40)):
        began = perf_counter()
        while view.sync():
            pass
        gc.collect()
        gc.freeze()  # as the app does
        print(f"lay out all  {(perf_counter() - began) * 1000:6.0f} ms for {view.rows.lines:,} lines")
        view.following = False

        def cold() -> None:
            view._cache.clear()
            view._settled.clear()
            journal._call.cache_clear()
            view.scroll_to(y=random.randrange(int(view.max_scroll_y)), animate=False)
            draw(view)

        took = [times(cold, 1) for _ in range(100)]
        print(f"jump         {median(took):6.1f} ms, the longest of 100 {max(took):.1f} ms")


def search(path: Path) -> None:
    """Print how long a search for bytes that are nowhere takes, and for how long its slices hold up the keys."""
    journal = Journal(path)
    journal.read_all()
    gc.collect()
    gc.freeze()
    found, slices, began = Search(journal, parse("0xdeadbeefdeadbeef")), [], perf_counter()
    while not found.done:
        slices.append(times(lambda: found.step(SLICE), 1))
    took = perf_counter() - began
    print(f"search       {took:6.1f} s   slices: median {median(slices):.0f} ms, the longest {max(slices):.0f} ms")


def main() -> None:
    """Print the figures."""
    if sys.argv[1:2] == ["--index"]:
        return index(Path(sys.argv[2]))
    calls, per_connection = (int(word) for word in [*sys.argv[1:3], str(CALLS), str(PER_CONNECTION)][:2])
    if len(sys.argv) < 3:
        per_connection = PER_CONNECTION
    with tempfile.TemporaryDirectory() as home:
        path = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(home, "session.swb")
        if not path.exists():
            began = perf_counter()
            write(path, calls, per_connection)
            print(f"written      {perf_counter() - began:6.1f} s, {os.stat(path).st_size / (1 << 30):.2f} GiB")
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_session", "--index", str(path)], check=True)
        screen(path, home)
        asyncio.run(jumps(path))
        search(path)
    return None


if __name__ == "__main__":
    main()
