"""Records are found: while a file grows, behind what is torn, and never inside another record's data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.journal.sessions import Session, append, payloads, read
from workbench.journal import scan
from workbench.journal.reader import Journal
from workbench.probe.format import HEAD_SIZE, MAGIC


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session(tmp_path / "session")
    session.call(b"first")
    return session


def test_a_growing_file_is_followed_byte_by_byte(tmp_path: Path, session: Session) -> None:
    for size in (0, 1, 300, 70_000):
        session.call(b"x" * size)
    whole = session.bytes()
    growing = tmp_path / "growing"
    growing.touch()
    journal = Journal(growing)
    came = []
    for at in [*range(2000), *range(2000, len(whole), 999), len(whole)]:
        append(growing, whole[growing.stat().st_size : at])
        came += [journal[len(journal) - new].data for new in [journal.pull()] if new]
    assert came == payloads(read(session.path))
    assert (len(came), journal.unreadable) == (5, 0)


def test_a_record_larger_than_what_is_read_at_once(session: Session) -> None:
    session.call(b"y" * (scan.CHUNK * 3 + 17))
    session.call(b"last")
    journal = read(session.path)
    assert [len(data) for data in payloads(journal)] == [5, scan.CHUNK * 3 + 17, 4]


def test_records_that_end_at_the_edges_of_what_is_read_at_once(tmp_path: Path) -> None:
    for extra in range(-5, 6):
        session = Session(tmp_path / f"session {extra}")
        session.call(b"first")
        room = scan.CHUNK - session.path.stat().st_size - HEAD_SIZE
        session.call(b"z" * (room + extra))
        session.call(b"last")
        assert [len(data) for data in payloads(read(session.path))] == [5, room + extra, 4]


@pytest.mark.parametrize("kept", [1, 3, 4, HEAD_SIZE - 1, HEAD_SIZE, HEAD_SIZE + 1, HEAD_SIZE + 499])
def test_what_others_wrote_behind_a_torn_record_is_found(session: Session, kept: int) -> None:
    torn = session.call(b"t" * 500)
    os.truncate(session.path, session.path.stat().st_size - len(torn) + kept)
    behind = [b"%d" % n for n in range(20)]
    for data in behind:
        session.call(data)
    session.recorder.close()
    journal = read(session.path)
    assert payloads(journal) == [b"first", *behind]
    assert journal.unreadable == kept
    assert journal.problems() == [f"{kept} bytes could not be read"]


def test_a_torn_record_whose_length_reaches_beyond_the_end(session: Session) -> None:
    torn = session.call(b"t" * 100_000)
    os.truncate(session.path, session.path.stat().st_size - len(torn) + 300)
    journal = Journal(session.path)
    assert journal.pull() == 1
    assert journal.unreadable == 300
    session.call(b"behind")
    assert journal.pull() == 1
    assert (payloads(journal), journal.unreadable) == ([b"first", b"behind"], 300)
    for number in range(2000):  # beyond where the torn record says it ends
        session.call(b"%d" % number * 10)
    assert journal.pull() == 2000
    assert (len(journal), journal.unreadable) == (2002, 300)


def test_a_record_that_is_being_written_is_waited_for(session: Session, tmp_path: Path) -> None:
    before = session.path.stat().st_size
    session.call(b"w" * 100_000)
    whole = session.bytes()
    growing = tmp_path / "growing"
    growing.touch()
    journal = Journal(growing)
    for stop in (before + 4, before + 400, 10_000, 60_000, len(whole) - 1, len(whole)):
        append(growing, whole[growing.stat().st_size : stop])
        journal.pull()
        assert len(journal) == (1 if stop < len(whole) else 2)
    assert journal.unreadable == 0


def test_a_record_behind_damage_is_waited_for_too(session: Session) -> None:
    append(session.path, bytes(50))
    record = session.call(b"behind" * 100)
    os.truncate(session.path, session.path.stat().st_size - len(record))
    journal = Journal(session.path)
    for piece in (record[:300], record[300:600], record[600:]):
        assert journal.pull() == (1 if piece == record[:300] else 0)
        append(session.path, piece)
    assert journal.pull() == 1
    assert (payloads(journal), journal.unreadable) == ([b"first", b"behind" * 100], 50)


@pytest.fixture
def inner(tmp_path: Path) -> bytes:
    """Another session, whole."""
    other = Session(tmp_path / "other")
    for number in range(30):
        other.call(b"inner %d" % number)
    other.recorder.close()
    return other.bytes()


def test_a_session_file_that_went_through_a_socket_is_data(session: Session, inner: bytes) -> None:
    session.call(inner)
    session.call(b"last")
    assert payloads(read(session.path)) == [b"first", inner, b"last"]


def test_a_session_file_within_a_torn_record_is_not_read_for_ours(session: Session, inner: bytes) -> None:
    whole = session.call(inner)
    start = session.path.stat().st_size - len(whole)
    for kept in (HEAD_SIZE, HEAD_SIZE + len(inner) // 2, len(whole) - 1):
        os.truncate(session.path, start)
        append(session.path, whole[:kept])
        assert payloads(read(session.path)) == [b"first"]
    session.call(b"behind")
    assert payloads(read(session.path)) == [b"first", b"behind"]


def test_a_session_file_within_a_damaged_record_is_not_read_for_ours(session: Session, inner: bytes) -> None:
    at = session.path.stat().st_size
    record = session.call(inner)
    session.call(b"behind")
    with open(session.path, "r+b") as file:
        file.seek(at + 20)
        file.write(b"\xff")
    journal = read(session.path)
    assert payloads(journal) == [b"first", b"behind"]
    assert journal.unreadable == len(record)


def test_magic_upon_magic_is_no_record_and_takes_no_time(session: Session) -> None:
    append(session.path, MAGIC * 200_000)
    session.call(b"behind")
    journal = read(session.path)
    assert payloads(journal) == [b"first", b"behind"]
    assert journal.unreadable == len(MAGIC) * 200_000


def test_what_was_searched_in_vain_is_not_searched_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    append(session.path, bytes(3_000_000))
    journal = Journal(session.path)
    journal.pull()
    read_again = 0

    def counting(fd: int, length: int, offset: int) -> bytes:
        nonlocal read_again
        data = os.pread(fd, length, offset)
        read_again += len(data)
        return data

    monkeypatch.setattr(scan, "pread", counting)
    append(session.path, bytes(10))
    journal.pull()
    assert 0 < read_again < 300_000
    session.call(b"behind")
    assert (journal.pull(), journal[1].data) == (1, b"behind")


def test_a_whole_record_before_damage_is_kept(session: Session) -> None:
    append(session.path, b"no record")
    session.call(b"behind")
    journal = read(session.path)
    assert (payloads(journal), journal.unreadable) == ([b"first", b"behind"], 9)


def test_two_sessions_in_one_file_are_read_one_after_the_other(session: Session, inner: bytes) -> None:
    append(session.path, inner)  # as a file that was copied and is appended to
    session.call(b"torn" * 50)
    os.truncate(session.path, session.path.stat().st_size - 10)
    session.call(b"behind")
    found = payloads(read(session.path))
    assert found == [b"first", *(b"inner %d" % number for number in range(30)), b"behind"]


def test_reading_without_pread(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "pread", scan._seek_and_read)
    session.call(b"x" * 100_000)
    session.call(b"last")
    assert [len(data) for data in payloads(read(session.path))] == [5, 100_000, 4]


def test_pull_takes_its_time_in_slices(session: Session) -> None:
    for _ in range(999):
        session.call()
    journal = Journal(session.path)
    ticks = iter(range(1000))
    pulls = [journal.pull(0.5, clock=lambda: float(next(ticks))) for _ in range(4)]
    assert sum(pulls) == 1000
    assert pulls[0] < 256
    assert all(0 < new <= 256 for new in pulls)
    assert journal.pull(0.5) == 0
    assert journal.position == journal.size


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("damage", [b"\0", MAGIC])
def test_a_search_through_damage_takes_its_time_in_slices(session: Session, damage: bytes, torn: bool) -> None:
    """Each pull searches a part of what is damaged, also within a torn record, and the next goes on from there."""
    first, second = (damage * (windows * scan.WINDOW // len(damage)) for windows in (8, 5))
    kept = HEAD_SIZE if torn else 0
    if torn:  # it tells to reach beyond the next record
        whole = session.call(bytes(10 * scan.WINDOW))
        os.truncate(session.path, session.path.stat().st_size - len(whole) + kept)
    append(session.path, first)
    session.call(b"behind")
    append(session.path, second)
    session.call(b"last")
    journal = Journal(session.path)
    pulls = [journal.pull(0) for _ in range(40)]
    came = [at for at, new in enumerate(pulls) if new]
    assert came[1] - came[0] >= 7
    assert came[2] - came[1] >= 4
    assert payloads(journal) == [b"first", b"behind", b"last"]
    assert journal.unreadable == kept + len(first) + len(second)


def test_a_record_that_grows_before_damage_is_found_when_it_is_whole(session: Session) -> None:
    append(session.path, bytes(50))
    growing = session.call(b"g" * 4 * scan.WINDOW)
    start = session.path.stat().st_size - len(growing)
    os.truncate(session.path, start + HEAD_SIZE + scan.WINDOW * 3)
    journal = Journal(session.path)
    assert sum(journal.pull(0) for _ in range(20)) == 1
    append(session.path, growing[HEAD_SIZE + scan.WINDOW * 3 :])
    assert sum(journal.pull(0) for _ in range(20)) == 1
    assert (payloads(journal)[1], journal.unreadable) == (b"g" * 4 * scan.WINDOW, 50)
