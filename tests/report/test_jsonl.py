from __future__ import annotations

import base64
import errno
import io
import json

from tests.report.conftest import SERVER
from workbench.probe.format import NO_RESULT
from workbench.report.feed import copy
from workbench.report.jsonl import JsonReport, encode


class Flushed(io.BytesIO):
    """Remembers how much was written at each flush."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def flush(self):
        self.sizes.append(self.tell())


def lines(session):
    out = Flushed()
    copy(session.journal, JsonReport(out, session.journal))
    written = out.getvalue().splitlines(keepends=True)
    assert out.sizes == [sum(map(len, written[: index + 1])) for index in range(len(written))]
    return [json.loads(line) for line in written]


def test_a_call_as_the_contract_has_it(session):
    session.connect()
    session.send(b"hello world")
    session.recv(b"hell", 4, left=7)
    *_, send, recv = lines(session)
    assert recv == {
        "seq": 4, "time": 0.004, "duration": 0.00001, "pid": 7, "thread": "MainThread", "socket": "7.3",
        "name": "conn 1", "call": "recv", "args": [4], "result": 4, "error": None, "data": "aGVsbA==", "requested": 4,
        "left": 7, "truncated": False, "source": "", "lineage": [{"seq": 3, "start": 0, "stop": 4}],
    }  # fmt: skip
    assert (send["args"], send["result"], send["left"], send["lineage"]) == ([], 11, None, [])
    assert lines(session)[1]["result"] == ["7.3", ["127.0.0.1", 50312]]


def test_lineage_is_null_until_the_send_is_recorded(session):
    session.connect()
    session.recv(b"hello", 5)
    assert lines(session)[-1]["lineage"] is None
    session.send(b"hello")
    assert lines(session)[-2]["lineage"] == [{"seq": 4, "start": 0, "stop": 5}]
    session.recv(b"x", 5, socket=9)
    assert lines(session)[-1]["lineage"] == []


def test_an_error(session):
    session.fail(
        "connect", 1, ("ConnectionRefusedError", "Connection refused"), errno.ECONNREFUSED, tail={"args": [SERVER]}
    )
    [call] = lines(session)
    assert (call["args"], call["result"]) == ([["127.0.0.1", 6789]], None)
    assert call["error"] == {"type": "ConnectionRefusedError", "errno": "ECONNREFUSED", "message": "Connection refused"}


def test_text_that_is_no_unicode(session):
    session.call("bind", 1, flags=NO_RESULT, tail={"args": ["/tmp/x"]}, name=b"\xff".decode("utf-8", "surrogateescape"))
    session.fail("send", 1, ("OSError", "x"), data=b"\xff\x00", requested=2, name="\udcff")
    bind, send = lines(session)
    assert bind["name"] == send["name"] == "\\xff"
    assert base64.b64decode(send["data"]) == b"\xff\x00"
    assert send["error"] == {"type": "OSError", "errno": None, "message": "x"}


def test_a_path_whose_bytes_are_no_text_is_written_as_python_reads_it():
    shown = {"path": "/tmp/\udcff", "data": b"\xff", "n": 1}
    assert json.loads(encode(shown)) == {"path": "/tmp/\udcff", "data": "/w==", "n": 1}
