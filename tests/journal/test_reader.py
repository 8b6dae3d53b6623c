"""A session file as a sequence of calls, whatever happened to the file."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.journal.sessions import RECV, SEND, Session, append, made_up, payloads, read
from workbench.journal.reader import FAILED, RECEIVED, SENT, Journal, NotASession, Note
from workbench.model.call.call import to_json
from workbench.probe import format as record_format
from workbench.probe import recorder
from workbench.probe.format import CALLS, CODE, HEAD_SIZE, MAGIC, PREFIX
from workbench.probe.recorder import Recorder


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "session")


THE_END_IS_MISSING = "the end is missing: the program was killed, or is still running"


def use(journal: Journal) -> None:
    """Ask everything that a view asks of every call, and write it as JSON."""
    for index in range(len(journal)):
        call = journal[index]
        sources, takers = journal.lineage.sources(call), journal.lineage.takers(call)
        msgspec.json.encode([to_json(call, sources), takers, journal.lineage.knows_peer(call)])
        assert (call.seq, len(call.data)) == (index + 1, journal.lengths[index])
        assert bool(journal.marks[index] & FAILED) == (
            call.error is not None or (call.call == "connect_ex" and bool(call.result))
        )
    msgspec.json.encode([journal.problems(), journal.notes, journal.start, journal.lost])


def read_hostile(path: Path, data: bytes) -> tuple[list[bytes], list[str]] | None:
    """Return the payloads and the problems of a session file that holds *data*; None if it is no session."""
    path.write_bytes(data)
    journal = Journal(path)
    try:
        journal.read_all()
        use(journal)
        return payloads(journal), journal.problems()
    except NotASession:
        return None
    finally:
        journal.close()


def conversation(path: Path) -> Session:
    """Write a small session with every kind of record."""
    session = Session(path, program="server.py")
    name = session.recorder.text("client")
    there, here = '["127.0.0.1", 9]', '["127.0.0.1", 50000]'
    session.call(
        code=CODE["connect"], tail=f'{{"args": [{there}], "local": {here}, "peer": {there}}}'.encode(), name=name
    )
    session.call(
        code=CODE["accept"], socket=(7, 2), tail=f'{{"made": [[7, 3]], "local": {there}, "peer": {here}}}'.encode()
    )
    session.call(b"hello", name=name)
    session.call(b"hell", RECV, (7, 3), left=1, flags=record_format.PEEK)
    session.call(b"hello", RECV, (7, 3), left=0)
    session.recorder.note(3, "the greeting", bookmark=True)
    session.recorder.lose()
    session.call(
        code=CODE["recv"], flags=record_format.FAILED, number=104, tail=b'{"error": ["ConnectionResetError", "x"]}'
    )
    session.recorder.close()
    return session


# --- whole files --------------------------------------------------------------------------------------------------


def test_calls_by_number_and_their_marks(session: Session) -> None:
    session.call(b"abc")
    session.call(b"ab", RECV)
    session.call(code=RECV, flags=record_format.FAILED)
    session.call(code=CODE["connect_ex"], result=111)
    session.call(code=CODE["connect_ex"], result=0)
    journal = read(session.path)
    assert [call.seq for call in journal] == [1, 2, 3, 4, 5]
    assert list(journal.marks) == [SENT, RECEIVED, RECEIVED | FAILED, FAILED, 0]
    assert list(journal.lengths) == [3, 2, 0, 0, 0]
    assert journal[1] is journal[1]
    for index in (-1, 5):
        with pytest.raises(IndexError):
            journal[index]


def test_the_calls_in_memory_take_a_few_megabytes_however_long_they_are(session: Session) -> None:
    for size in (1, 8191, 8192, 65536):
        for _ in range(600):
            session.call(bytes(size))
    journal = read(session.path)
    tracemalloc.start()
    for index in range(len(journal)):
        journal[index]
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 2 << 20 < kept < 6 << 20


def test_a_conversation(tmp_path: Path) -> None:
    journal = read(conversation(tmp_path / "session").path)
    assert journal.notes == {3: Note(3, "the greeting", True)}
    assert (journal.lost, journal.ended) == (1, True)
    assert journal.problems() == ["1 call was not kept (full disk, size limit, or interrupted)"]
    assert [call.name for call in journal][:3] == ["client", "socket 2", "client"]
    assert [journal.lineage.sources(journal[index]) for index in (3, 4)] == [[(3, 0, 4)], [(3, 0, 5)]]
    use(journal)


def test_the_clocks_of_two_boots(session: Session) -> None:
    session.call()
    start = {"wall": 50_000_000_000, "monotonic": 7_000_000_000, "boot": "another"}
    other = Recorder(str(session.path), clock=lambda: start["monotonic"], wall=lambda: start["wall"])  # type: ignore[arg-type, return-value]
    other._boot = "another"
    other._begin()
    other.call(SEND, (9, 1), 8_000_000_000, 8_000_000_000)
    journal = read(session.path)
    assert [call.time for call in journal] == [1e-6, 51.0]


def test_texts_belong_to_their_writer(session: Session) -> None:
    other = Recorder(str(session.path))
    session.call(name=session.recorder.text("ours"))
    other.call(SEND, (9, 1), 1, 2, name=other.text("theirs"))
    journal = read(session.path)
    assert [call.name for call in journal] == ["ours", "theirs"]
    assert journal.text(other.writer, other.text("theirs")) == "theirs"
    assert journal.text(12345, 1) == ""


# --- files that are not whole ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"\0", b"GIF89a" * 1000, MAGIC, os.urandom(5000), b"\xf5" * 500])
def test_a_foreign_file_is_no_session(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(NotASession, match=r"^file is not a session file: it holds no record of this program$"):
        read(tmp_path / "file")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Journal(tmp_path / "nowhere")


def test_a_session_without_calls_is_one(session: Session) -> None:
    assert len(read(session.path)) == 0


def test_a_newer_format_is_read_as_far_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "FORMAT", 9)
    session = Session(tmp_path / "session")
    monkeypatch.undo()
    session.call(b"x")
    session.recorder.close()
    journal = read(session.path)
    assert payloads(journal) == [b"x"]
    assert journal.problems() == ["written by a newer version (format 9): some of it may be missing"]


def test_a_file_cut_anywhere_gives_all_calls_before_the_cut(tmp_path: Path) -> None:
    whole = conversation(tmp_path / "whole").bytes()
    (tmp_path / "session").write_bytes(whole)
    journal = read(tmp_path / "session")
    ends = [journal._offsets[index] + PREFIX.unpack_from(whole, journal._offsets[index])[2] for index in range(6)]
    sent = payloads(journal)
    for cut in range(len(whole)):
        found, problems = read_hostile(tmp_path / "session", whole[:cut]) or ([], [THE_END_IS_MISSING])
        assert found == sent[: sum(end <= cut for end in ends)]
        assert problems[-1] == THE_END_IS_MISSING


@given(st.data())
def test_flipped_bits_cost_no_more_than_their_records(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    whole = conversation(folder / "whole").bytes()
    bits = data.draw(st.lists(st.integers(0, len(whole) * 8 - 1), min_size=1, max_size=4))
    damaged = bytearray(whole)
    for bit in bits:
        damaged[bit // 8] ^= 1 << bit % 8
    read = read_hostile(folder / "session", bytes(damaged))
    assert read is not None
    assert len(read[0]) >= 6 - len(bits)


@given(
    st.lists(
        st.binary(max_size=60) | st.just(MAGIC) | st.builds(lambda cut: b"\xf5SWB" + bytes(cut), st.integers(0, 120))
    )
)
@example([])
def test_random_bytes_between_records(tmp_path_factory: pytest.TempPathFactory, noise: list[bytes]) -> None:
    session = Session(tmp_path_factory.mktemp("noise") / "session")
    for number, bytes_ in enumerate(noise):
        append(session.path, bytes_)
        session.call(b"%d" % number)
    read = read_hostile(session.path, session.bytes() + b"".join(noise))
    assert read is not None
    assert read[0] == [b"%d" % number for number in range(len(noise))]


@given(st.binary(max_size=3000))
def test_random_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    assert read_hostile(tmp_path_factory.mktemp("random") / "session", data) is None


# --- records whose CRC holds, but that no recorder wrote --------------------------------------------------------------

EDGES = st.sampled_from([0, 1, 2, 255]) | st.integers(0, 2**64 - 1)
SIGNED = st.integers(-(2**63), 2**63 - 1)
ADDRESSES: st.SearchStrategy[object] = st.sampled_from(
    [["127.0.0.1", 1], ["127.0.0.1", 2], "/x", "", None, 7, [], [[]], {}, ["\0"], "\0y"]
)
TAILS = st.binary(max_size=20) | st.builds(
    msgspec.json.encode,
    st.dictionaries(
        st.sampled_from(["args", "result", "error", "local", "peer", "made", "fd", "inode", "wall", "calls", "seq"]),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | st.floats() | ADDRESSES,
            lambda inner: st.lists(inner, max_size=3),
        ),
    ),
)  # fmt: skip


@st.composite
def crafted(draw: st.DrawFn) -> bytes:
    small = [draw(EDGES) & 0xFFFFFFFF for _ in range(7)]
    tail, data = draw(TAILS), draw(st.binary(max_size=5))
    tail_length = draw(st.sampled_from([len(tail), 0, 2**32 - 1]) | st.integers(0, 40))
    kind = draw(st.sampled_from([record_format.CALL, record_format.CALL, *range(9), 255]))
    code = draw(st.integers(0, len(CALLS)) | st.just(255))
    fixed = (
        kind, code, draw(EDGES) & 0xFFFF, 1, 7, draw(st.sampled_from([7, 0])), draw(st.integers(0, 3)), *small[:3],
        draw(EDGES), draw(EDGES), *(draw(SIGNED) for _ in range(4)), draw(st.integers(-(2**31), 2**31 - 1)), small[3],
    )  # fmt: skip
    return made_up(fixed, tail, data, tail_length)


@given(st.lists(crafted(), max_size=8))
def test_made_up_records_are_unknown_and_nothing_worse(
    tmp_path_factory: pytest.TempPathFactory, made: list[bytes]
) -> None:
    read_hostile(tmp_path_factory.mktemp("crafted") / "session", b"".join(made))


@pytest.mark.parametrize(
    "tail",
    [
        b'{"fd": 1' + b"0" * 400 + b"}",
        b'{"inode": 1' + b"0" * 5000 + b"}",
        b'{"made": [[7, 1' + b"0" * 400 + b"]]}",
        b'{"args": "all", "error": 5}',
        b'{"error": ["only one"]}',
        b'{"peer": "\xff"}',
        b'{"peer": "\\ud800"}',
        b"[" * 100_000,
        b'{"result": ' + b"[" * 500 + b"]" * 500 + b"}",
        b"not json",
        b"\0",
    ],
    ids=lambda tail: tail[:14].decode("latin-1"),
)
def test_a_tail_of_wrong_types_is_unknown(session: Session, tail: bytes) -> None:
    session.call(b"data", tail=tail)
    session.call(code=CODE["accept"], tail=tail, flags=record_format.OTHER_RESULT)
    session.call(code=CODE["connect"], tail=tail, flags=record_format.FAILED)
    journal = read(session.path)
    send, accept, connect = journal
    assert (send.data, send.args, send.peer) == (b"data", [], None)
    assert (accept.result, accept.descriptor) == (None, None)
    assert connect.error is not None
    assert (connect.error.type, connect.error.message) == ("OSError", "")
    use(journal)


@pytest.mark.parametrize("kind", [record_format.START, record_format.NOTE, record_format.LOST])
@pytest.mark.parametrize(
    "tail", [b"", b"[]", b'{"program": "\xff"}', b'{"wall": 1e400}', b'{"seq": "x", "calls": 1' + b"0" * 4000 + b"}"]
)
def test_other_records_with_wrong_tails(session: Session, kind: int, tail: bytes) -> None:
    append(session.path, made_up((kind, 0, 0, 9, 7, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), tail))
    session.call(b"after")
    journal = read(session.path)
    assert (payloads(journal), journal.lost, journal.notes) == ([b"after"], 0, {})


def test_recvs_of_more_than_there_is(session: Session) -> None:
    for _ in range(4):
        session.call(code=RECV, result=2**63 - 1)
    use(read(session.path))


def test_a_tail_longer_than_its_record_is_damage(session: Session) -> None:
    fixed = (record_format.CALL, SEND, 0, 9, 7, 7, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0)
    append(session.path, made_up(fixed, tail_length=2**32 - 1))
    session.call(b"after")
    journal = read(session.path)
    assert (payloads(journal), journal.unreadable) == ([b"after"], HEAD_SIZE)


# --- lineage where something is missing -----------------------------------------------------------------------------


def test_lineage_claims_nothing_after_a_gap_or_a_loss(tmp_path: Path) -> None:
    for name in ("gap", "loss"):
        session = conversation_without_end(tmp_path / name)
        session.call(b"one")
        session.call(b"one", RECV, (7, 3))
        if name == "gap":
            append(session.path, b"what may have been a call")
        else:
            session.recorder.lose()
        session.call(b"two")
        session.call(b"two", RECV, (7, 3))
        journal = read(session.path)
        before, after = journal[3], journal[5]
        assert journal.lineage.sources(before) == [(3, 0, 3)]
        assert journal.lineage.sources(after) == []
        assert journal.lineage.takers(journal[4]) == []


def conversation_without_end(path: Path) -> Session:
    session = Session(path)
    there, here = '["127.0.0.1", 9]', '["127.0.0.1", 50000]'
    session.call(code=CODE["connect"], tail=f'{{"local": {here}, "peer": {there}}}'.encode())
    session.call(
        code=CODE["accept"], socket=(7, 2), tail=f'{{"made": [[7, 3]], "local": {there}, "peer": {here}}}'.encode()
    )
    return session
