"""Calls that say again what the call before them said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.recording import CLIENT, CONN, Session
from workbench.journal.reader import REPEATED, Journal
from workbench.probe import format as record_format


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "session")


def repeated(session: Session) -> list[bool]:
    """Of each call, whether it is one."""
    journal = Journal(session.path)
    journal.read_all()
    return [bool(mark & REPEATED) for mark in journal.marks]


def again(session: Session, message: str = "nothing there", socket: tuple[int, int] = CONN, size: int = 9) -> None:
    session.call("recv", socket, **record_format.failed("recv", BlockingIOError(11, message)), requested=size)


def test_what_fails_or_ends_in_the_same_way_repeats_the_call_before(session: Session) -> None:
    for _ in range(3):
        again(session)
    for _ in range(2):
        session.recv(b"", 9)
    assert repeated(session) == [False, True, True, False, True]


def test_another_socket_size_message_or_argument_repeats_nothing(session: Session) -> None:
    again(session)
    again(session, socket=CLIENT)
    again(session, socket=CLIENT, size=10)
    again(session, "another message", socket=CLIENT, size=10)
    session.calls(2)
    assert not any(repeated(session))


def test_bytes_between_end_a_repetition_and_are_none(session: Session) -> None:
    again(session)
    session.recv(b"x", 9).recv(b"x", 9)
    again(session)
    again(session)
    assert repeated(session) == [False, False, False, False, True]


def test_an_empty_datagram_is_a_message_of_its_own(session: Session) -> None:
    for _ in range(2):
        session.call("recvfrom", flags=record_format.DATAGRAM, result=0, requested=9)
    assert not any(repeated(session))


def test_it_is_the_same_however_the_file_is_read(session: Session) -> None:
    journal = Journal(session.path)
    for _ in range(4):
        again(session)
        journal.pull()
    assert [bool(mark & REPEATED) for mark in journal.marks] == [False, True, True, True]
