"""Calls that cannot be written: the program goes on, and the journal says how many."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from workbench.journal.reader import Journal
from workbench.probe.format import CODE, HEAD_SIZE
from workbench.probe.recorder import Recorder

SEND = CODE["send"]


def read(path: Path) -> Journal:
    journal = Journal(path)
    journal.read_all()
    return journal


def send(recorder: Recorder, data: bytes = b"", number: int = 1, **facts: int) -> None:
    recorder.call(SEND, (recorder.pid, number), 1, 2, result=len(data), requested=len(data), data=data, **facts)


def test_a_full_disk_costs_records_and_not_the_program() -> None:
    recorder = Recorder("/dev/full")
    for _ in range(5):
        send(recorder, b"x")
    assert recorder.lost == 5
    recorder.close()


def test_a_limit_costs_records_and_the_file_says_how_many(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"), limit=3000)
    for _ in range(1000):
        send(recorder, b"x" * 100)
    kept = recorder.lost
    recorder.close()
    journal = read(tmp_path / "s")
    assert 0 < len(journal) < 30
    assert len(journal) + kept == 1000
    assert journal.lost == kept
    assert f"{kept} calls were not kept (full disk, size limit, or interrupted)" in journal.problems()
    assert (tmp_path / "s").stat().st_size < 3000 + 20 * (HEAD_SIZE + 30)


def test_a_smaller_call_after_a_lost_one_is_kept_and_the_loss_told_before_it(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"), limit=2000)
    send(recorder, b"x" * 5000)
    send(recorder, b"small")
    journal = read(tmp_path / "s")
    assert [call.data for call in journal] == [b"small"]
    assert journal.lost == 1


def test_a_loss_is_told_once_and_not_with_every_call_after_it(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"), limit=3000)
    send(recorder, b"x" * 5000)
    sizes = []
    for _ in range(4):
        send(recorder, b"small")
        sizes.append((tmp_path / "s").stat().st_size)
    assert [after - before for before, after in pairwise(sizes)] == [HEAD_SIZE + len(b"small")] * 3
    assert read(tmp_path / "s").lost == 1


def test_the_limit_is_the_files_whoever_writes_it(tmp_path: Path) -> None:
    one, other = Recorder(str(tmp_path / "s"), limit=3000), Recorder(str(tmp_path / "s"), limit=3000)
    for _ in range(50):
        send(one, b"x" * 100)
    send(other, b"x" * 100)
    assert other.lost == 1


def test_writers_who_rarely_look_at_the_size_stay_within_the_limit_together(tmp_path: Path) -> None:
    recorders = [Recorder(str(tmp_path / "s"), limit=1 << 20) for _ in range(4)]
    for _ in range(5000):
        for recorder in recorders:
            send(recorder, b"x" * 100)
    kept = 20000 - sum(recorder.lost for recorder in recorders)
    for recorder in recorders:
        recorder.close()
    journal = read(tmp_path / "s")
    assert len(journal) == kept
    assert 0.99 * (1 << 20) < (tmp_path / "s").stat().st_size < 1.01 * (1 << 20)


def test_a_file_that_may_not_grow_is_torn_and_all_before_is_read(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from workbench.probe.recorder import Recorder\n"
        "recorder = Recorder(sys.argv[1])\n"
        "for n in range(10): recorder.call(10, (1, 1), 1, 2, data=b'%d' % n)\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "import os; size = os.stat(sys.argv[1]).st_size\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 150, hard))\n"
        "for n in range(7): recorder.call(10, (1, 1), 1, 2, data=b'x' * 100)\n"
        "print(recorder.lost)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
        "recorder.call(10, (1, 1), 1, 2, data=b'room again')\n"
        "recorder.close()\n"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "s")], check=True, timeout=30, capture_output=True, text=True
    )
    assert done.stdout == "7\n"
    journal = read(tmp_path / "s")
    assert [call.data for call in journal] == [*(b"%d" % n for n in range(10)), b"room again"]
    assert journal.lost == 7
    assert 0 < journal.unreadable <= 150
    assert journal.ended


def test_a_process_that_could_not_say_it_began_says_so_later(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from workbench.probe.recorder import Recorder\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))\n"
        "recorder = Recorder(sys.argv[1], program='late')\n"
        "recorder.call(10, (1, 1), 1, 2)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
        "recorder.call(10, (1, 1), 1, 2, name=recorder.text('named'))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "s")], check=True, timeout=30)
    journal = read(tmp_path / "s")
    assert journal.start is not None
    assert (journal.start.program, journal.lost) == ("late", 1)
    assert [(call.name, call.thread) for call in journal] == [("named", "MainThread")]


def test_threads_lose_calls_and_each_is_counted(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"), limit=1)
    threads = [threading.Thread(target=lambda: [send(recorder) for _ in range(500)]) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    recorder.close()
    assert recorder.lost == 2000
    assert read(tmp_path / "s").lost == 2000


@pytest.mark.parametrize("number", ["errno", "result", "started", "left"])
def test_a_number_that_no_record_can_hold_is_a_lost_call(tmp_path: Path, number: str) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    facts = {"result": 1, "left": 1, "number": 1, "started": 1, number.replace("errno", "number"): 1 << 70}
    recorder.call(SEND, (1, 1), ended=2, **facts)
    assert recorder.lost == 1


def test_a_closed_recorder_used_again_is_harmless(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    recorder.close()
    size = (tmp_path / "s").stat().st_size
    recorder.close()
    send(recorder, b"late", name=recorder.text("late"))
    recorder.note(1, "late")
    assert (recorder.lost, (tmp_path / "s").stat().st_size) == (0, size)


def test_a_closed_recorder_keeps_its_descriptor_from_others_while_a_thread_may_write(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    writing = recorder._descriptor  # as a thread holds it that is about to write
    assert writing is not None
    number = writing.number
    recorder.close()
    assert os.fstat(number).st_ino == (tmp_path / "s").stat().st_ino
    del writing
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


def test_a_recorder_that_nobody_holds_is_not_kept_for_forks(tmp_path: Path) -> None:
    gc.collect()
    open_before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        Recorder(str(tmp_path / "s"))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == open_before
