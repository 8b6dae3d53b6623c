"""Times lineage in sessions of 1e6 calls: `python -m tests.benchmarks.bench_lineage [CALLS]`.

The aims: `sources` of any recv within 1 ms, O(1) a call to keep it, and at most 30 MB for 1e6 datagrams, sent and
received, the reader's own index of 17 bytes a call aside. Times are of the processor; they differ between machines.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median
from time import thread_time

from workbench.journal.reader import Journal
from workbench.model.lineage.lineage import Lineage
from workbench.probe.format import CODE, DATAGRAM, DELIVERED, WHOLE
from workbench.probe.recorder import Recorder

SENDER, RECEIVER, LISTENER = 1, 2, 3
BURST = 100
ASKED = 2000

Message = Callable[[int], bytes]


def tcp(recorder: Recorder) -> None:
    there, here = '["127.0.0.1", 9]', '["127.0.0.1", 50000]'
    name(recorder, "connect", SENDER, f'"local": {here}, "peer": {there}', 0)
    name(recorder, "accept", LISTENER, f'"local": {there}, "peer": {here}, "made": [[1, {RECEIVER}]]', 0)


def seqpacket(recorder: Recorder) -> None:
    names = f'"family": 1, "type": 5, "made": [[1, {SENDER}], [1, {RECEIVER}]]'
    name(recorder, "socketpair", SENDER, names, DATAGRAM)


def udp(recorder: Recorder) -> None:
    name(recorder, "bind", RECEIVER, '"family": 2, "type": 2, "local": ["127.0.0.1", 9]', DATAGRAM)


def name(recorder: Recorder, call: str, number: int, names: str, flags: int) -> None:
    recorder.call(CODE[call], (1, number), 1, 2, tail=f"{{{names}}}".encode(), flags=flags)


def write(path: Path, calls: int, connect: Callable[[Recorder], None], flags: int, message: Message, lost: int) -> None:
    """Write a session in which bursts are sent, of each *lost* of 100 are lost, and then the rest is received."""
    recorder = Recorder(str(path))
    connect(recorder)
    datagram = connect is udp
    to = b'{"local": ["0.0.0.0", 50000], "peer": ["127.0.0.1", 9]}' if datagram else b""
    by = b'{"peer": ["127.0.0.1", 50000]}' if datagram else b""
    send, recv = CODE["sendto" if datagram else "send"], CODE["recvfrom" if datagram else "recv"]
    now = 10
    for begin in range(0, calls // 2, BURST):
        burst = [message(number) for number in range(begin, begin + BURST)]
        for data in burst:
            now += 10
            recorder.call(send, (1, SENDER), now, now + 5, len(data), data=data, flags=flags, tail=to)
        for at, data in enumerate(burst[: BURST - lost]):
            now += 10
            left = 0 if at == BURST - lost - 1 else -1
            facts = {"flags": flags & ~DELIVERED | (WHOLE if flags else 0), "tail": by, "left": left}
            recorder.call(recv, (1, RECEIVER), now, now + 5, len(data), data=data, requested=99, **facts)  # type: ignore
    recorder.close()


def resident() -> float:
    """Return this process's memory in MB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Nothing(Lineage):
    """Lineage that takes nothing in."""

    def moved(self, *args: object) -> None: ...

    def message(self, *args: object) -> None: ...


def pulled(path: Path, *, lineage: bool) -> tuple[float, float, str]:
    """Return the seconds and MB that it takes to take in the session, and what asking for sources takes."""
    journal = Journal(path)
    if not lineage:
        journal.lineage = Nothing()
        journal._moved = journal.lineage.moved  # type: ignore[assignment]
    before, began = resident(), thread_time()
    journal.read_all()
    return thread_time() - began, resident() - before, asked(journal) if lineage else ""


def asked(journal: Journal) -> str:
    rng, known = Random(1), 0
    times: list[float] = []
    while len(times) < ASKED:
        call = journal[rng.randrange(len(journal))]
        if call.receives:
            began = thread_time()
            known += bool(journal.lineage.sources(call))
            times.append(thread_time() - began)
    return f"sources {median(times) * 1e6:5.1f} µs, at most {max(times) * 1e6:5.0f}; {known * 100 // ASKED} % known"


def measure(title: str, path: Path, calls: int) -> None:
    """Print the figures, each session taken in by a process of its own."""
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        bare, index, _ = pool.apply(pulled, (path,), {"lineage": False})
        took, memory, answers = pool.apply(pulled, (path,), {"lineage": True})
    each = 1e6 / calls
    costs = f"{took * each:5.2f} µs a call, {(took - bare) * each:5.2f} of it lineage"
    print(f"{title:34} {costs}; {memory:5.1f} MB, {memory - index:5.1f} of it lineage; {answers}", flush=True)


def main() -> None:
    calls = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    unlike: Message = lambda number: b"%08d" % number  # noqa: E731
    alike: Message = lambda number: b"ping"  # noqa: E731
    with tempfile.TemporaryDirectory() as folder:
        for title, *facts in (
            ("TCP", tcp, 0, unlike, 0),
            ("SEQPACKET", seqpacket, DATAGRAM, unlike, 0),
            ("UDP, drop counter known", udp, DATAGRAM | DELIVERED, unlike, 0),
            ("UDP, no losses", udp, DATAGRAM, unlike, 0),
            ("UDP, one of ten lost", udp, DATAGRAM, unlike, 10),
            ("UDP, all alike", udp, DATAGRAM, alike, 0),
            ("UDP, all alike, one of ten lost", udp, DATAGRAM, alike, 10),
        ):
            path = Path(folder) / "session"
            write(path, calls, *facts)  # type: ignore[arg-type]
            measure(title, path, calls)
            path.unlink()


if __name__ == "__main__":
    main()
