"""The live page: a slot for each thread that makes calls, given back when the thread ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from workbench.journal.pages import LivePages
from workbench.journal.reader import Journal
from workbench.probe.bootstrap import sign_in
from workbench.probe.format import CODE, UNKNOWN
from workbench.probe.page import AT_CALL, NOTE, PAGE, SLOT, Live
from workbench.probe.recorder import Recorder

SLOTS = PAGE // SLOT - 1


class Page:
    """The page of one process, and what a reader of the live file sees of it."""

    def __init__(self, session: Path) -> None:
        self._recorder = Recorder(str(session))
        self.pages = LivePages(session, make=True)
        place = sign_in(str(self.pages.path))
        assert place >= 0
        self.live = Live(str(self.pages.path), place)
        self.live.begin(self._recorder.writer)
        self._journal = Journal(session)

    def begin(self, number: int = 1) -> memoryview:
        """Note a recv of the process's socket with that number, as the current thread does before the call."""
        slot, _ = self.live.mine.both or self.live.claim_slot(0)
        NOTE.pack_into(slot, 0, 0, 7, number, 0, 0, 0, UNKNOWN, time.monotonic_ns(), CODE["recv"])
        return slot

    def under_way(self) -> list[int]:
        """Return the numbers of the sockets whose calls go on, as a reader sees them."""
        self._journal.pull()
        return sorted(doing.key[1] for doing in self.pages.doing(self._journal))

    def close(self) -> None:
        self._recorder.close()
        self.pages.close()
        self._journal.close()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with closing(Page(tmp_path / "session")) as page:
        yield page


def in_a_thread(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    thread.join()


def test_a_call_is_seen_until_its_slot_is_wiped(page: Page) -> None:
    slot = page.begin(5)
    assert page.under_way() == [5]
    slot[AT_CALL] = 0
    assert page.under_way() == []


def test_a_thread_that_ends_gives_its_slot_back(page: Page) -> None:
    def call_and_end() -> None:
        page.begin(1)[AT_CALL] = 0

    for _ in range(SLOTS + 5):
        in_a_thread(call_and_end)
    page.begin(9)
    assert page.under_way() == [9]


def test_a_slot_that_a_thread_left_in_the_middle_of_a_call_is_wiped_when_it_is_claimed(page: Page) -> None:
    in_a_thread(lambda: page.begin(1))
    assert page.under_way() == [1]
    page.live.claim_slot(0)
    assert page.under_way() == []


def test_more_threads_than_slots_make_their_calls_unseen(page: Page) -> None:
    done, started = threading.Event(), threading.Barrier(SLOTS + 4)

    def call_and_wait(number: int) -> None:
        page.begin(number)
        started.wait(20)
        done.wait(20)

    threads = [threading.Thread(target=call_and_wait, args=(number,)) for number in range(SLOTS + 3)]
    for thread in threads:
        thread.start()
    started.wait(20)
    assert len(page.under_way()) == SLOTS
    done.set()
    for thread in threads:
        thread.join()
