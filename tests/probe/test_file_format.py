"""The page of the file format: a reader made of nothing but what it says."""

from __future__ import annotations

import json
import os
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.probe.conftest import Tape
from workbench.probe import format as record_format
from workbench.probe.recorder import Recorder

PAGE = str(record_format.__doc__)


def layout(name: str) -> tuple[struct.Struct, list[str]]:
    """Return what unpacks a part of a record, and its fields' names, as the page has them."""
    found = re.search(rf"^    {name} = (<\w+): ((?:[a-z_]+,?\s+)+)", PAGE, re.MULTILINE)
    assert found is not None
    return struct.Struct(found[1]), re.findall(r"\w+", found[2].split("tail:")[0])[: len(found[1]) - 1]


def numbers(section: str) -> dict[str, int]:
    """Return what the page numbers: "1 FAILED" of flags, "2 CALL" of kinds."""
    text = PAGE[PAGE.index(f"\n{section} ") :]
    text = text[: re.search(r"\n[a-z]", text[1:]).start() + 1]  # type: ignore[union-attr]
    return {name: int(number) for number, name in re.findall(r"^(?:\w+)?\s+(\d+) ([A-Z_]+)\b", text[1:], re.MULTILINE)}


def records(data: bytes) -> list[dict[str, Any]]:
    prefix, fixed = layout("PREFIX"), layout("FIXED")
    found, at = [], 0
    while at < len(data):
        record = dict(zip(prefix[1], prefix[0].unpack_from(data, at), strict=True))
        body = data[at + prefix[0].size : at + prefix[0].size + fixed[0].size]
        assert record["magic"].hex(" ") in PAGE
        assert record["crc"] == zlib.crc32(body, record["length"] ^ record["file"])
        record.update(zip(fixed[1], fixed[0].unpack(body), strict=True))
        rest = data[at + prefix[0].size + fixed[0].size : at + record["length"]]
        tail = rest[: record["tail_length"]]
        found.append({**record, "tail": json.loads(tail) if tail else {}, "data": rest[record["tail_length"] :]})
        at += record["length"]
    return found


def test_a_stranger_reads_a_session_from_the_page_alone(tape: Tape) -> None:
    one, other = tape.socket.socketpair()
    one.label = "one"
    one.sendall(b"hello")
    assert other.recv(3) == b"hel"
    with pytest.raises(TypeError):
        one.bind("not a pair", 5)  # type: ignore[call-arg]
    other.close()
    with pytest.raises(BrokenPipeError):
        one.send(b"late")
    tape.recorder.event("exit", None, 3)
    tape.recorder.close()
    kinds, flags = numbers("kind"), numbers("flags")
    read = records(tape.path.read_bytes())
    texts = {each["result"]: each["data"].decode() for each in read if each["kind"] == kinds["TEXT"]}
    assert (read[0]["kind"], read[-1]["kind"]) == (kinds["START"], kinds["END"])
    assert read[0]["tail"]["format"] == 1
    calls = [each for each in read if each["kind"] == kinds["CALL"]]
    sendall, recv = calls[1], calls[2]
    assert (sendall["data"], sendall["requested"], texts[sendall["name"]]) == (b"hello", 5, "one")
    assert sendall["flags"] == flags["NO_RESULT"]
    assert (recv["data"], recv["left"], recv["pid"], recv["socket_pid"]) == (b"hel", 2, os.getpid(), os.getpid())
    assert texts[recv["thread"]] == "MainThread"
    assert calls[-1]["flags"] == flags["FAILED"]
    assert calls[-1]["tail"]["error"] == ["BrokenPipeError", "Broken pipe"]
    [event] = [each for each in read if each["kind"] == kinds["EVENT"]]
    assert (record_format.EVENTS[event["call"]], event["result"]) == ("exit", 3)


def test_the_page_says_what_the_code_does() -> None:
    assert layout("PREFIX")[0].format == record_format.PREFIX.format
    fixed, names = layout("FIXED")
    assert (fixed.format, tuple(names)) == (record_format.FIXED.format, ("kind", "call", *record_format.FIELDS[2:]))
    for section in ("kind", "flags"):
        told = numbers(section)
        assert len(told) == (8 if section == "kind" else 14)
        assert {name: getattr(record_format, name) for name in told} == told


def test_events_and_kinds_that_a_reader_does_not_know_are_passed_over(tmp_path: Path) -> None:
    from workbench.journal.reader import Journal

    recorder = Recorder(str(tmp_path / "s"))
    recorder.call(10, (1, 1), 1, 2, data=b"before")
    recorder.event("exception", {"error": ["ValueError", "x"], "traceback": ["a.py:1 in f"]})
    recorder._other(record_format.WIRE, {"local": ["::1", 1]}, data=b"payload")
    recorder._other(200, {"of": "the future"}, data=b"x" * 300)
    recorder.call(10, (1, 1), 3, 4, data=b"after")
    recorder.close()
    journal = Journal(tmp_path / "s")
    journal.read_all()
    assert [call.data for call in journal] == [b"before", b"after"]
    assert journal.problems() == []


@pytest.mark.parametrize("what", ["a socket", "a file", "closed"])
def test_no_record_goes_into_what_a_program_put_in_the_descriptors_place(tmp_path: Path, what: str) -> None:
    import socket

    recorder = Recorder(str(tmp_path / "s"))
    recorder.call(10, (1, 1), 1, 2, data=b"before")
    assert recorder._descriptor is not None
    number = recorder._descriptor.number
    one, other = socket.socketpair()
    with one, other, open(tmp_path / "log", "ab", buffering=0) as log:
        log.write(b"own")
        if what == "closed":
            os.close(number)
        else:
            os.dup2(one.fileno() if what == "a socket" else log.fileno(), number)
        recorder.call(10, (1, 1), 3, 4, data=b"after")
        recorder.close()
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.recv(10)
        if what != "closed":
            os.close(number)  # it is the program's: nobody but the program closes it
    assert (tmp_path / "log").read_bytes() == b"own"
    assert [each["data"] for each in records((tmp_path / "s").read_bytes()) if each["kind"] == 2] == [
        b"before",
        b"after",
    ]


def test_a_session_that_was_moved_away_is_not_made_anew(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path / "s"))
    os.rename(tmp_path / "s", tmp_path / "moved")
    (tmp_path / "s").write_bytes(b"another's")
    assert recorder._descriptor is not None
    os.close(recorder._descriptor.number)
    recorder.call(10, (1, 1), 1, 2)
    assert (tmp_path / "s").read_bytes() == b"another's"
    assert recorder.lost == 1
