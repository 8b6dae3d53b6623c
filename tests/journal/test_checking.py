"""A session is checked in slices, and while it grows."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from pathlib import Path

from tests.journal.sessions import RECV, SEND, Session
from workbench.journal.checking import Check, check
from workbench.journal.reader import Journal
from workbench.probe.format import CODE


def write(session: Session, numbers: range) -> None:
    """Write messages of which every third is cut by a send that nobody goes on with."""
    for number in numbers:
        short = number % 3 == 0
        session.call(b"message %d" % number, SEND, (7, number), requested=99 if short else 9 + len(str(number)))
        session.call(b"answer", RECV, (7, number), requested=1024)


def test_slices_give_what_one_pass_gives(tmp_path: Path) -> None:
    session = Session(tmp_path / "s")
    write(session, range(1, 400))
    with closing(Journal(session.path)) as journal:
        journal.read_all()
        sliced = Check(journal)
        ticks = count()
        slices = 1
        while not sliced.step(0.5, clock=lambda: float(next(ticks))):
            slices += 1
        assert slices > 5
        assert sliced.findings() == check(journal)
        assert {finding.rule for finding in sliced.findings()} == {"short-send"}
        assert len(sliced.findings()) > 100


def test_a_session_that_grows_tells_what_is_certain(tmp_path: Path) -> None:
    session = Session(tmp_path / "s")
    session.call(b"hel", SEND, requested=5)
    with closing(Journal(session.path)) as journal:
        journal.pull()
        checking = Check(journal)
        assert checking.step()
        assert not checking.findings(growing=True)  # the rest may come yet
        assert [finding.rule for finding in checking.findings()] == ["short-send"]
        session.call(b"lo", SEND)
        session.call(b"", CODE["close"])
        journal.pull()
        assert not checking.done
        assert checking.step()
        assert not checking.findings()


def test_asking_changes_nothing(tmp_path: Path) -> None:
    session = Session(tmp_path / "s")
    write(session, range(1, 30))
    with closing(Journal(session.path)) as journal:
        journal.read_all()
        asked, once = Check(journal), Check(journal)
        while not asked.step(0.0, clock=lambda: 1.0):
            asked.findings()
        once.step()
        assert asked.findings() == once.findings()
