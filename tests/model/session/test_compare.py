"""Two runs of one program: what is the same though ports differ, and where they part."""

from __future__ import annotations

from pathlib import Path

from tests.ui.recording import CONN, Session
from workbench.journal.reader import Journal
from workbench.model.session.compare import WINDOW, Difference, bytes_differ_at, compare, first, steps
from workbench.probe.format import CODE


def differences(one: Session, other: Session) -> list[Difference]:
    return list(compare(*(steps(_read(session)) for session in (one, other))))


def _read(session: Session) -> Journal:
    journal = Journal(session.path)
    journal.read_all()
    return journal


def seqs(difference: Difference) -> tuple[str, list[int], list[int]]:
    return difference.socket, [step.seq for step in difference.left], [step.seq for step in difference.right]


def two(folder: Path) -> tuple[Session, Session]:
    return Session(folder / "a").connect(), Session(folder / "b").connect()


def test_two_runs_with_other_ports_and_times_are_the_same(tmp_path: Path) -> None:
    one, other = Session(tmp_path / "a"), Session(tmp_path / "b")
    other.now = 5_000_000
    for port, session in ((6789, one), (40001, other)):
        session.call("connect", tail={"args": [["127.0.0.1", port]], "peer": ["127.0.0.1", port]})
        session.send(b"hello").recv(b"hello", 16)
    assert differences(one, other) == []
    assert first([]) is None


def test_the_order_in_which_sockets_take_turns_is_no_difference(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    one.send(b"a").send(b"b", CONN)
    other.send(b"b", CONN).send(b"a")
    assert differences(one, other) == []


def test_another_payload_another_result_another_call(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    one.send(b"same").send(b"hello").recv(b"x", 9).send(b"end")
    other.send(b"same").send(b"help").recv(b"x", 9).send(b"end")
    one.fail()
    found = differences(one, other)
    assert [seqs(each) for each in found] == [("client 1", [4], [4]), ("client 1", [7], [])]
    assert first(found) == found[0]


def test_a_call_more_does_not_set_all_that_follows_apart(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    for number in range(600):
        one.send(b"%d" % number)
        other.send(b"%d" % number)
        if number in (100, 400):
            other.send(b"more")
    assert [seqs(each) for each in differences(one, other)] == [
        ("client 1", [], [104]),
        ("client 1", [], [405]),
    ]


def test_a_socket_that_only_one_has(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    one.send(b"x", (7, 9))
    assert [seqs(each) for each in differences(one, other)] == [("socket", [3], [])]


def test_a_socket_goes_by_the_name_that_it_bears_in_the_end(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    for session, data in ((one, b"x"), (other, b"y")):
        session.recorder.call(CODE["connect"], (7, 9), 1, 2, name=session.recorder.text("socket 9"))
        session.recorder.call(CODE["send"], (7, 9), 3, 4, name=session.recorder.text("client 2"), data=data)
    assert [seqs(each) for each in differences(one, other)] == [("client 2", [4], [4])]


def test_what_never_meets_again_is_all_of_it_and_soon_done(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    for number in range(WINDOW * 5):
        one.send(b"a%d" % number)
        other.send(b"b%d" % number)
    found = differences(one, other)
    assert len(found) == 5
    assert sum(len(each.left) for each in found) == WINDOW * 5


def test_where_bytes_differ() -> None:
    assert [bytes_differ_at(*pair) for pair in ((b"ab", b"ab"), (b"ab", b"ac"), (b"ab", b"abc"), (b"", b"x"))] == [
        None, 1, 2, 0,
    ]  # fmt: skip
