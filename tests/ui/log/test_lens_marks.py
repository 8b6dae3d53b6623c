from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.log.test_view import Bench, shown
from tests.ui.recording import Session
from workbench.journal.reader import Journal
from workbench.ui.log.lens_marks import CHOICES, LensMarks
from workbench.ui.log.view import LogView
from workbench.ui.parts.controls import ErrorLine, Field


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """connect, accept, two lines in two sends (#3, #4), which two recvs (#5, #6) cut elsewhere."""
    made = Session(tmp_path / "session").connect()
    made.send(b"first\nsec").send(b"ond\nrest")
    return made.recv(b"first\nse", 8, left=9).recv(b"cond\nrest", 64)


async def test_a_lens_marks_frames_in_the_bytes_and_tells_them(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        await pilot.press("z")
        pilot.app.query_one(LogView).lens = "lines"
        pilot.app.pull()
        lines = await shown(pilot)
        at = next(row for row, line in enumerate(lines) if "recv(8)" in line)
        assert "lines: frame 1 at 0000-0005: line" in lines[at + 1]
        assert "66 69 72 73 74 0a│73 65 " in lines[at + 2]
        assert lines[at + 2].endswith(" f2")
        assert any("frame 2, begun in #5, ends here" in line for line in lines)


async def test_l_chooses_a_lens_from_the_list_and_none_takes_it_away(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        before = await shown(pilot)
        await pilot.press("l", "down", "enter")
        await pilot.pause()
        view = pilot.app.query_one(LogView)
        assert view.lens == "lines"
        pilot.app.pull()
        assert any("lines: frame 1" in line for line in await shown(pilot))
        await pilot.press("l", "home", "enter")
        await pilot.pause()
        assert view.lens == "none"
        pilot.app.pull()
        assert await shown(pilot) == before


async def test_blocks_may_have_any_size(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        view = pilot.app.query_one(LogView)
        await pilot.press("l", "end", "enter")
        await pilot.pause()
        line = pilot.app.screen.query_one("#line", Field)
        assert line.value == "16"
        line.value = "0"
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen.query_one(ErrorLine).sentence == "A block has a whole number of bytes, 1 or more."
        line.value = "5"
        await pilot.press("enter")
        await pilot.pause()
        assert view.lens == "fixed-5"
        pilot.app.pull()
        await pilot.press("z")
        assert any("fixed-5: frame 1 at 0000-0004: block first" in line for line in await shown(pilot))
        await pilot.press("l", "enter")
        await pilot.pause()
        assert pilot.app.screen.query_one("#line", Field).value == "5"
        await pilot.press("escape")
        assert view.lens == "fixed-5"


async def test_calls_that_come_later_are_seen_through_the_lens_too(session: Session) -> None:
    async with Bench(session.path).run_test(size=(81, 60)) as pilot:
        await pilot.pause()
        await pilot.press("z")
        pilot.app.query_one(LogView).lens = "lines"
        session.send(b" of it\n").recv(b" of it\n", 64)
        pilot.app.pull()
        pilot.app.pull()
        assert any("frame 3, begun in #6, ends here" in line for line in await shown(pilot))


async def test_another_journal_is_seen_through_the_same_lens(session: Session, tmp_path: Path) -> None:
    Session(tmp_path / "other").connect().send(b"one\ntwo\n")
    async with Bench(session.path).run_test(size=(81, 40)) as pilot:
        await pilot.pause()
        view = pilot.app.query_one(LogView)
        view.lens = "lines"
        other = Journal(tmp_path / "other")
        other.read_all()
        view.show_journal(other)
        assert any("0a│74 77 6f 0a" in line for line in await shown(pilot))


def test_every_choice_is_a_lens(session: Session) -> None:
    journal = Journal(session.path)
    journal.read_all()
    for name in set(CHOICES) - {"none", "fixed-N"} | {"fixed-5"}:
        marks = LensMarks(journal, name)
        assert marks.advance()
        assert not marks.advance()
