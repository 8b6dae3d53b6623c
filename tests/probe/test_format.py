from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.journal.reader import Journal
from workbench.probe import recorder as recorder_module
from workbench.probe.format import CODE, FAILED, HEAD_SIZE, UNFINISHED
from workbench.probe.recorder import Recorder
from workbench.probe.tail import dumps

SEND = CODE["send"]


def read(path: Path) -> Journal:
    journal = Journal(path)
    journal.read_all()
    return journal


def send(recorder: Recorder, data: bytes = b"", number: int = 1, **facts: int) -> None:
    recorder.call(SEND, (recorder.pid, number), 1, 2, result=len(data), requested=len(data), data=data, **facts)


def test_a_call_is_read_as_it_was_written(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"), program="server.py", clock=lambda: 1000, wall=lambda: 5)
    recorder.call(
        CODE["recvfrom"], (7, 3), 4_000, 6_500, result=3, requested=16, left=9, data=b"abc", flags=FAILED, size=40,
        number=104, message_flags=2, name=recorder.text("conn 1"), source=recorder.text("server.py:12"),
        tail=b'{"peer": ["127.0.0.1", 9], "error": ["ConnectionResetError", "reset"]}',
    )  # fmt: skip
    recorder.close()
    journal = read(tmp_path / "s")
    [call] = journal
    assert (call.seq, call.time, call.duration) == (1, 3e-6, 2.5e-6)
    assert (call.pid, call.thread, call.socket, call.name) == (os.getpid(), "MainThread", "7.3", "conn 1")
    assert (call.call, call.data, call.requested, call.left, call.size) == ("recvfrom", b"abc", 16, 9, 40)
    assert (call.source, call.peer, call.args) == ("server.py:12", ["127.0.0.1", 9], [16, "MSG_PEEK"])
    assert call.error is not None
    assert (call.error.type, call.error.errno, call.error.message) == ("ConnectionResetError", "ECONNRESET", "reset")
    start = journal.start
    assert start is not None
    assert (start.program, start.wall, start.monotonic) == ("server.py", 5, 1000)
    assert (start.platform, start.python) == (sys.platform, sys.version.split()[0])
    assert journal.ended
    assert journal.problems() == []


def test_a_call_of_another_process_that_never_returned(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    recorder.call(SEND, (7, 3), 1, 1, flags=UNFINISHED, pid=7, thread=recorder.text("worker"))
    [call] = read(tmp_path / "s")
    assert (call.pid, call.thread, call.unfinished, call.duration, call.result) == (7, "worker", True, None, None)


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Recorder(str(tmp_path / "s")).close()
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_a_record_is_one_write_and_there_before_the_caller_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    before = (tmp_path / "s").stat().st_size
    recorder.thread()
    named = (tmp_path / "s").stat().st_size
    send(recorder, b"x" * 64)
    assert (tmp_path / "s").stat().st_size == named + HEAD_SIZE + 64
    assert before < named


def test_notes(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    recorder.note(3, "first", bookmark=True)
    recorder.note(3, "second")
    recorder.note(4, "gone")
    recorder.note(4, "")
    assert [(note.seq, note.text, note.bookmark) for note in read(tmp_path / "s").notes.values()] == [
        (3, "second", False)
    ]


# --- many writers -------------------------------------------------------------------------------------------------


def write_many(path: str, first: int, count: int) -> None:
    recorder = Recorder(path)
    for number in range(first, first + count):
        send(recorder, b"%d" % number, name=recorder.text(f"client {number}"))
    recorder.close()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_write_one_file(tmp_path: Path, method: str) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    context = multiprocessing.get_context(method)
    children = [context.Process(target=write_many, args=(str(tmp_path / "s"), first, 200)) for first in (0, 200, 400)]
    for child in children:
        child.start()
    send(recorder, b"parent", name=recorder.text("parent"))
    for child in children:
        child.join(30)
    recorder.close()
    journal = read(tmp_path / "s")
    assert Counter(call.data for call in journal) == Counter([b"parent", *(b"%d" % n for n in range(600))])
    assert all(call.name in ("parent", f"client {call.data.decode()}") for call in journal)
    assert {call.pid for call in journal} == {os.getpid(), *(child.pid for child in children)}
    assert journal.problems() == []


def test_threads_write_one_file_and_each_call_has_the_texts_it_was_given(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    barrier = threading.Barrier(4)

    def write() -> None:
        mine = threading.current_thread().name
        barrier.wait()
        for number in range(300):
            send(recorder, f"{mine} {number}".encode(), name=recorder.text(f"{mine} {number}"))

    threads = [threading.Thread(target=write, name=f"conn {number}") for number in range(4)]
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
    calls = list(read(tmp_path / "s"))
    assert len(calls) == 1200
    assert all(call.name.encode() == call.data and call.name.startswith(call.thread + " ") for call in calls)


def test_a_child_of_fork_writes_as_itself(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    first = recorder.number()
    name = recorder.text("of the parent")
    send(recorder, b"parent", first, name=name)
    child = os.fork()
    if not child:
        send(recorder, b"child", recorder.number(), name=recorder.text("of the child"))
        send(recorder, b"child again", 1, name=recorder.text("of the parent"))
        recorder.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    send(recorder, b"parent again", recorder.number(), name=name)
    recorder.close()
    assert [(call.pid, call.socket, call.name, call.data) for call in read(tmp_path / "s")] == [
        (os.getpid(), f"{os.getpid()}.1", "of the parent", b"parent"),
        (child, f"{child}.1", "of the child", b"child"),
        (child, f"{child}.1", "of the parent", b"child again"),
        (os.getpid(), f"{os.getpid()}.2", "of the parent", b"parent again"),
    ]


def test_a_child_of_fork_does_not_tell_its_parents_losses_again(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"), limit=1)
    send(recorder)
    assert recorder.lost == 1
    child = os.fork()
    if not child:
        recorder.close()
        os._exit(recorder.lost)
    assert os.waitpid(child, 0)[1] == 0
    recorder.close()
    assert read(tmp_path / "s").lost == 1


def test_a_killed_process_leaves_every_call_that_returned(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from workbench.probe.recorder import Recorder\n"
        "recorder = Recorder(sys.argv[1])\n"
        "for n in range(100): recorder.call(10, (1, 1), 1, 2, data=b'%d' % n)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "s")], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    journal = read(tmp_path / "s")
    assert [call.data for call in journal] == [b"%d" % n for n in range(100)]
    assert journal.problems() == ["the end is missing: the program was killed, or is still running"]


# --- tails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "json"),
    [
        ({"a": None, "b": [True, False, 1, -2.5]}, {"a": None, "b": [True, False, 1, -2.5]}),
        (("x", b"/tmp/\xc3\xa9"), ["x", "/tmp/é"]),
        (b"\x00name", "\x00name"),
        (b"/tmp/\xff", "/tmp/\\xff"),
        ("\udcff and \ud800", "\\udcff and \\ud800"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (2**64 - 1, 2**64 - 1),
        pytest.param(1 << 20000, hex(1 << 20000), id="digits that str refuses"),
        (stat.S_IMODE, repr(stat.S_IMODE)),
    ],
)
def test_a_tail_is_json_whatever_it_holds(value: object, json: object) -> None:
    assert msgspec.json.decode(dumps(value)) == json


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(values)
def test_json_is_read_as_it_was_written(value: object) -> None:
    assert msgspec.json.decode(dumps(value)) == value


def test_texts_are_forgotten_where_they_are_too_many_and_written_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(recorder_module, "_MOST_TEXTS", 3)
    recorder = Recorder(str(tmp_path / "s"))
    names = [f"socket {number % 5}" for number in range(20)]
    for name in names:
        recorder.call(CODE["send"], (1, 1), 1, 2, name=recorder.text(name))
    assert [call.name for call in read(tmp_path / "s")] == names
    assert len(recorder._texts) <= 3
