"""Finding calls: by what they are, and by bytes that may lie across several of them."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.sessions import RECV, SEND, Session, read
from workbench.journal.find import Search
from workbench.journal.reader import Journal
from workbench.model.session.query import Query, literal, parse
from workbench.probe import format as record_format
from workbench.probe.format import CODE

ONE, OTHER = (7, 1), (7, 2)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "session")


def hits(journal: Journal, words: str) -> list[int]:
    """Return the seqs of the calls that *words* mean."""
    search = Search(journal, parse(words))
    assert search.step()
    return [index + 1 for index, found in enumerate(search.found) if found]


def test_by_what_a_call_is(session: Session) -> None:
    name = session.recorder.text("conn 1")
    session.call(b"hello", name=name)
    session.call(b"hello", RECV, OTHER)
    session.call(code=RECV, flags=record_format.FAILED, number=104, tail=b'{"error": ["ConnectionResetError", "x"]}')
    session.call(code=CODE["close"], socket=OTHER)
    session.call(code=RECV, flags=record_format.FAILED, tail=b'{"error": ["Cancelled", ""]}')
    journal = read(session.path)
    for words, found in {
        "": [1, 2, 3, 4, 5],
        "dir:in": [2, 3, 5],
        "dir:out": [1],
        "error": [3],
        "error:ECONNRESET": [3],
        "error:ConnectionResetError dir:in": [3],
        "error:EPIPE": [],
        "error:econnreset error:epipe": [3],
        "error:Cancelled": [5],
        "error dir:in": [3],
        "call:close call:send": [1, 4],
        "socket:conn 1": [1],
        "socket:7.2": [2, 4],
        'socket:"socket 2" hello': [2],
        "after:0.000002 before:0.000003": [2, 3],
        "hello": [1, 2],
        "hello /^h/ 0x6c6c": [1, 2],
        "hello nothing": [],
    }.items():
        assert hits(journal, words) == found, words


def test_bytes_across_the_recvs_of_a_stream(session: Session) -> None:
    session.call(b"say hel", RECV)
    session.call(b"l", RECV, OTHER)
    session.call(b"l", RECV)
    session.call(b"o again", RECV)
    journal = read(session.path)
    assert hits(journal, "hello") == [1, 3, 4]
    assert hits(journal, "/h.*n/") == [1, 3, 4]
    assert hits(journal, '"hello again"') == [1, 3, 4]
    assert hits(journal, "hello say") == [1]
    assert hits(journal, "hell call:recv socket:7.1 after:0.000002") == [3]


def test_not_across_directions_datagrams_peeks_or_what_failed_between(session: Session) -> None:
    session.call(b"ab", SEND)
    session.call(b"cd", RECV)
    session.call(b"ab", RECV, OTHER, flags=record_format.DATAGRAM)
    session.call(b"cd", RECV, OTHER, flags=record_format.DATAGRAM)
    session.call(b"ab", RECV, (7, 3))
    session.call(b"ab", RECV, (7, 3), flags=record_format.PEEK)
    session.call(b"cd", RECV, (7, 3))
    session.call(b"b", SEND, (7, 4), flags=record_format.FAILED)
    session.call(b"x", SEND, (7, 4))
    session.call(b"cd", SEND, (7, 4), flags=record_format.FAILED)
    journal = read(session.path)
    assert hits(journal, "bc") == [5, 7]
    assert hits(journal, "bc error") == []


@given(st.lists(st.binary(max_size=5), max_size=12), st.binary(min_size=1, max_size=6))
def test_a_text_is_found_wherever_the_stream_was_cut(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], needle: bytes
) -> None:
    session = Session(tmp_path_factory.mktemp("cut") / "session")
    for piece in pieces:
        session.call(piece, RECV)
    search = Search(read(session.path), Query(needles=(literal(needle),)))
    search.step()
    whole = b"".join(pieces)
    touched = {at + place for at in range(len(whole)) if whole.startswith(needle, at) for place in range(len(needle))}
    starts = [sum(map(len, pieces[:number])) for number in range(len(pieces))]
    expected = [
        int(bool(touched & set(range(start, start + len(piece))))) for start, piece in zip(starts, pieces, strict=True)
    ]
    assert list(search.found) == expected


def test_in_slices_while_the_session_grows(session: Session) -> None:
    for number in range(500):
        session.call(b"%d." % number, RECV)
    journal = read(session.path)
    search, ticks = Search(journal, parse('"7." "499.500"')), count()
    steps = 0
    while not search.step(1, clock=lambda: next(ticks) / 2):
        steps += 1
        assert len(search.found) == search.position
    assert steps > 3
    assert search.count() == 0
    session.call(b"500.7.", RECV)
    journal.pull()
    assert not search.done
    search.step()
    assert (search.next(-1), search.next(500), search.count(), search.revised) == (500, None, 1, 0)


def test_a_call_before_is_found_when_the_next_one_goes_on(session: Session) -> None:
    session.call(b"hel", RECV)
    journal = read(session.path)
    search = Search(journal, parse("hello"))
    search.step()
    assert search.count() == 0
    session.call(b"lo", RECV)
    journal.pull()
    search.step()
    assert (list(search.found), search.revised) == ([1, 1], 1)
    assert (search.next(0, -1), search.next(1, -1), search.next(-1), search.next(0)) == (None, 0, 0, 1)


def test_bytes_larger_than_what_is_read_at_once(session: Session) -> None:
    for number in range(4):
        session.call(b"x" * (3 << 19) + b"end %d" % number, RECV)
    assert hits(read(session.path), '"end 2"') == [3]
    assert hits(read(session.path), '"2xx"') == [3, 4]
