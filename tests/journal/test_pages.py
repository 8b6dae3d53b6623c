"""What the tracer writes into the session for a process that died: the calls it was making, and how many it lost."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.journal.sessions import read
from workbench.journal.pages import LivePages, recover
from workbench.journal.reader import Journal
from workbench.probe.bootstrap import sign_in
from workbench.probe.format import CODE
from workbench.probe.page import HEADER, MAGIC, NOTE, SLOT
from workbench.probe.recorder import Recorder


def dead_process() -> int:
    """Return the pid of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write_page(pages: LivePages, recorder: Recorder, pid: int, *, lost: int = 0, calls: int = 1) -> None:
    """Leave the page of a process that wrote with *recorder* and was making so many recvs."""
    place = sign_in(str(pages.path))
    with open(pages.path, "r+b") as file:
        file.seek(place)
        file.write(HEADER.pack(MAGIC, pid, recorder.writer, lost))
        for number in range(1, calls + 1):
            file.seek(place + number * SLOT)
            thread, name = recorder.text("MainThread"), recorder.text("client 1")
            file.write(NOTE.pack(thread, pid, number, name, 0, 0, 1024, 1000, CODE["recv"]))


def unfinished(journal: Journal) -> list[tuple[int, str, str, int | None]]:
    journal.read_all()
    return [(call.pid, call.call, call.name, call.requested) for call in journal if call.unfinished]


def test_a_call_that_never_returned_is_written_once_however_often_one_settles(tmp_path: Path) -> None:
    session, pid = tmp_path / "session", dead_process()
    with closing(Recorder(str(session))) as recorder, LivePages.made(session) as pages:
        write_page(pages, recorder, pid)
        with closing(Journal(session)) as journal:
            pages.settle(recorder, journal)
            pages.settle(recorder, journal)
            assert unfinished(journal) == [(pid, "recv", "client 1", 1024)]
            assert pages.doing(journal) == []


def test_a_call_that_a_living_process_makes_is_not_unfinished(tmp_path: Path) -> None:
    session = tmp_path / "session"
    with closing(Recorder(str(session))) as recorder, LivePages.made(session) as pages:
        write_page(pages, recorder, os.getpid())
        with closing(Journal(session)) as journal:
            pages.settle(recorder, journal)
            assert unfinished(journal) == []
            assert len(pages.doing(journal)) == 1


def test_calls_that_were_lost_and_not_written_down_are_counted_once(tmp_path: Path) -> None:
    session = tmp_path / "session"
    with closing(Recorder(str(session))) as recorder, LivePages.made(session) as pages:
        write_page(pages, recorder, dead_process(), lost=3, calls=0)
        with closing(Journal(session)) as journal:
            pages.settle(recorder, journal)
            journal.pull()
            assert journal.lost == 3


def test_a_session_whose_tracer_was_killed_is_recovered_once(tmp_path: Path) -> None:
    session, pid = tmp_path / "session", dead_process()
    with closing(Recorder(str(session))) as recorder:
        with closing(LivePages(session, make=True)) as pages:
            write_page(pages, recorder, pid, calls=2)
        recover(session)
        with closing(Journal(session)) as journal:
            assert unfinished(journal) == []  # the recorder still has the session open
    for _ in range(2):
        recover(session)
        assert len(unfinished(read(session))) == 2
        assert not Path(f"{session}.live").exists()
