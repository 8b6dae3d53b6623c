"""A session may come from anywhere: whatever stands in it, every export makes a whole file of it."""

from __future__ import annotations

import ast
import io
import os
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.html.test_page import Page
from workbench.engine.replay.recorded_client import NoClient, find_client
from workbench.journal.reader import Journal, NotASession
from workbench.probe import format as record_format
from workbench.probe.format import CALLS
from workbench.probe.recorder import Recorder
from workbench.probe.tail import dumps
from workbench.report.capture.wire import export_pcapng
from workbench.report.feed import copy
from workbench.report.html.page import export_html
from workbench.report.jsonl import JsonReport
from workbench.report.scripts.two_scripts import export_python
from workbench.report.text import TextReport

WORDS = st.sampled_from(
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "/tmp/x",
        "@x",
        "",
        "\0x",
        "SOCK_STREAM",
        "<b>",
        "MSG_OOB",
        "SO_LINGER",
        "'\"\\\n\udcff",
    ]
) | st.text(max_size=5)
NUMBERS = st.integers(-2, 9) | st.sampled_from([65535, 65536, 2**31, 2**63 - 1, -(2**63)])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | WORDS, lambda inner: st.lists(inner, max_size=4), max_leaves=6
)
ADDRESSES = st.tuples(WORDS, NUMBERS).map(list) | st.tuples(WORDS, NUMBERS, NUMBERS, NUMBERS).map(list) | WORDS | VALUES
TAILS = st.fixed_dictionaries(
    {},
    optional={
        "args": st.lists(ADDRESSES | st.integers(0, 20), max_size=3),
        "result": VALUES,
        "error": st.tuples(WORDS, WORDS).map(list),
        "local": ADDRESSES,
        "peer": ADDRESSES,
        "made": st.lists(st.tuples(st.just(7), st.integers(0, 4)).map(list), max_size=2),
    },
)
TIMES = st.integers(0, 50) | st.sampled_from([2**63, 2**64 - 1])
USUAL = ("socket", "socketpair", "bind", "listen", "connect", "connect_ex", "accept", "dup", "send", "sendto", "recv")
CODES = st.sampled_from([record_format.CODE[name] for name in (*USUAL, "recvfrom", "shutdown", "setsockopt", "close")])
CODES |= st.integers(0, len(CALLS) + 1)
CALL = st.fixed_dictionaries(
    {
        "code": CODES,
        "socket": st.tuples(st.just(7), st.integers(0, 4)),
        "started": TIMES,
        "ended": TIMES,
        "result": NUMBERS,
        "requested": NUMBERS,
        "left": NUMBERS,
        "size": NUMBERS,
        "data": st.binary(max_size=20),
        "flags": st.sampled_from([0, record_format.DATAGRAM, record_format.FAILED, record_format.NO_RESULT])
        | st.integers(0, 511),
        "number": st.sampled_from([0, 104, 111, -5]),
        "message_flags": st.sampled_from([0, 1, 2, 0xFFFFFFFF]),
        "tail": TAILS.map(lambda tail: dumps(tail).encode()) | st.just(b"["),
    }
)


def blocks(data: bytes) -> list[int]:
    """Walk over a capture's blocks; return their kinds."""
    kinds, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, at + length - 4) == (length,)
        kinds.append(kind)
        at += length
    return kinds


def export_all(path: Path, folder: Path) -> None:
    journal = Journal(path)
    try:
        journal.read_all()
    except NotASession:
        return
    capture, page, text, lines = io.BytesIO(), io.StringIO(), io.StringIO(), io.BytesIO()
    export_pcapng(journal, capture)
    assert blocks(capture.getvalue())[:2] == [0x0A0D0D0A, 1]
    export_html(journal, page)
    assert len([a for _, a in Page(page.getvalue()).elements if a.get("class", "").startswith("call ")]) == len(journal)
    copy(journal, TextReport(text, journal))
    copy(journal, JsonReport(lines, journal))
    assert lines.getvalue().count(b"\n") == len(journal)
    export_python(journal, folder)
    for role in ("client", "server"):
        ast.parse((folder / f"{role}.py").read_text("utf-8"))
    with suppress(NoClient):
        find_client(journal)
    journal.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CALL, max_size=12), WORDS, st.integers(0, 2**20), st.integers(0, 255))
def test_any_calls_and_any_damage(calls, name, place, value):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.swb")
        recorder = Recorder(str(path))
        for call in calls:
            recorder.call(**call, name=recorder.text(name))
        recorder.close()
        export_all(path, Path(folder, "out"))
        with path.open("r+b") as file:
            place %= os.path.getsize(path)
            file.seek(place)
            file.write(bytes([value]))
            file.truncate(max(place + 1, os.path.getsize(path) - value))
        export_all(path, Path(folder, "out"))
