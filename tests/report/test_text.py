from __future__ import annotations

import errno
import io
import re
from datetime import UTC

from tests.report.conftest import SERVER
from workbench.model.session.query import parse
from workbench.probe.format import NO_RESULT, OUT_OF_BAND
from workbench.report.feed import copy
from workbench.report.text import TextReport


def shown(session, wanted=None, **options):
    session.journal.pull()
    out = io.StringIO()
    copy(session.journal, TextReport(out, session.journal, zone=UTC, **options), wanted=wanted)
    return out.getvalue()


def conversation(session):
    session.connect()
    session.send(b"hello world")
    session.recv(b"hello", 5, left=6)
    session.send("¡si!\n".encode())
    session.recv(b" world\xc2", 7, left=5)
    session.send(b"late")


def test_a_conversation(session):
    conversation(session)
    assert (
        shown(session)
        == """\
#1    07:00:00.001000 client   • connect(('127.0.0.1', 6789))    = None
#2    06:59:58.768000 server   • accept()                        = conn 1 from 127.0.0.1:50312
      waited 1.2 s
#3    07:00:00.003000 client   → send(b'hello world')            = 11
      11 bytes · received by #4, #6
      0000 68 65 6c 6c 6f 20 77 6f  72 6c 64                 hello world
#4    07:00:00.004000 conn 1   ← recv(5)                         = b'hello'
      5 bytes · 6 left · bytes 0-4 of #3
      0000 68 65 6c 6c 6f                                    hello
#5    07:00:00.005000 client   → send(b'\\xc2\\xa1si!\\n')          = 6
      6 bytes · received by #6 · 5 bytes not received yet
      0000 c2 a1 73 69 21 0a                                 ××si!¬
#6    07:00:00.006000 conn 1   ← recv(7)                         = b' world\\xc2'
      7 bytes · 5 left · end of #3 and start of #5 · ends inside a UTF-8 character (1 of 2 bytes)
      0000 20 77 6f 72 6c 64 c2                               world×
#7    07:00:00.007000 client   → send(b'late')                   = 4
      4 bytes · not received yet
      0000 6c 61 74 65                                       late
"""
    )


def test_live_says_nothing_of_what_is_still_to_come(session):
    session.connect()
    session.send(b"hello")
    assert "not received yet" in shown(session)
    assert "not received yet" not in shown(session, live=True)


def test_a_peer_outside_is_not_said_to_have_received_nothing(session):
    session.send(b"hello")
    assert "received" not in shown(session)


def test_errors(session):
    session.fail(
        "connect", 1, ("ConnectionRefusedError", "Connection refused"), errno.ECONNREFUSED,
        tail={"args": [SERVER]}, name="client",
    )  # fmt: skip
    session.fail("recv", 1, ("TimeoutError", "timed out"), requested=1024, name="client", took=5_002_000_000)
    assert (
        shown(session, times="start")
        == """\
#1    +0.001000 client   • connect(('127.0.0.1', 6789))    ConnectionRefusedError (ECONNREFUSED)
      ECONNREFUSED: nobody listens on 127.0.0.1:6789
#2    -5.000000 client   ← recv(1024)                      TimeoutError
      nothing arrived within 5 s
"""
    )


def test_a_sendall_that_failed_shows_what_went_out(session):
    session.fail(
        "sendall", 1, ("TimeoutError", "timed out"), requested=99, data=b"abc", name="client", took=300_000_000
    )
    assert (
        shown(session, times="start")
        == """\
#1    -0.299000 client   → sendall(b'abc…')                TimeoutError
      the send buffer stayed full, the peer did not read enough within 300 ms · 3 of 99 bytes went out
      0000 61 62 63                                          abc
"""
    )


def test_width_and_delta(session):
    session.send(bytes(range(0x41, 0x41 + 20)))
    session.send(b"x")
    assert (
        shown(session, width=8, times="delta")
        == """\
#1    +0.000000 client   → send(b'ABCDEFGHIJKLMNOPQRST')   = 20
      20 bytes
      0000 41 42 43 44 45 46 47 48  ABCDEFGH
      0008 49 4a 4b 4c 4d 4e 4f 50  IJKLMNOP
      0010 51 52 53 54              QRST
#2    +0.001000 client   → send(b'x')                      = 1
      1 byte
      0000 78                       x
"""
    )
    assert f"\n      0000 {bytes(range(0x41, 0x49)).hex(' ')}  49 " in shown(session, width=32)


def test_the_column_of_names_is_as_wide_as_the_longest(session):
    session.send(b"a", name="conn 1")
    session.send(b"b", name="client 17")
    session.send(b"c", name="x" * 99)
    heads = [line[22:] for line in shown(session).splitlines() if line.startswith("#")]
    assert [head.split("→")[0] for head in heads] == [f"{'conn 1':20} ", f"{'client 17':20} ", "x" * 19 + "… "]


def test_the_column_of_names_grows_with_a_session(session):
    out = io.StringIO()
    report = TextReport(out, session.journal, zone=UTC)
    session.send(b"a", name="conn 1")
    session.send(b"b", name="a long client")
    session.send(b"c", name="conn 1")
    session.send(b"d", name="x" * 99)
    session.journal.pull()
    copy(session.journal, report)
    heads = [line[22:].rstrip() for line in out.getvalue().splitlines() if line.startswith("#")]
    assert [head.split("→")[0] for head in heads] == [
        "conn 1   ", "a long client ", "conn 1        ", "xxxxxxxxxxxxxxxxxxx… ",
    ]  # fmt: skip


def test_notes(session):
    session.send(b"")
    session.recorder.note(1, "look\nhere \x1b[31m")
    assert shown(session).splitlines()[2:] == ["      note: look", "            here ·[31m"]
    session.recorder.note(1, "", bookmark=True)
    assert shown(session).splitlines()[2:] == ["      bookmark"]


def test_colour_changes_nothing_but_colour(session):
    conversation(session)
    session.fail("recv", 3, ("ConnectionResetError", "x"), errno.ECONNRESET, requested=9)
    session.send(bytes(range(256)))
    plain, coloured = shown(session), shown(session, colour=True)
    assert re.sub(r"\x1b\[[0-9]+m", "", coloured) == plain
    assert "\x1b" not in plain
    assert "\x1b[31mConnectionResetError (ECONNRESET)\x1b[0m\n      \x1b[31mECONNRESET: " in coloured
    assert "\x1b[33m c2 a1\x1b[36m 73 69 21\x1b[32m 0a " in coloured
    assert "\x1b[33m××\x1b[36msi!\x1b[32m¬\x1b[0m\n" in coloured


def test_nothing_from_outside_steers_the_terminal(session):
    hostile = "\x1b[2J\u202e\n"
    session.send(hostile.encode(), name=hostile)
    session.fail("recv", 1, (hostile, hostile), requested=9)
    session.call("connect", 1, flags=NO_RESULT, tail={"args": [hostile]}, name=hostile)
    assert all(line.isprintable() for line in shown(session).split("\n"))
    assert len(shown(session).splitlines()) == 1 + 1 + 1 + 2 + 1


def test_a_lens(session):
    session.connect()
    session.send(b"one\ntw")
    session.recv(b"one", 3, left=3)
    session.recv(b"\ntw", 3)
    session.send(b"o\n")
    session.recv(b"o\n", 8)
    session.call("close", 3)
    lines = re.findall(r"^(#\d+|      (?:lines|one recv).*)", shown(session, lens="lines"), re.MULTILINE)
    half = "one recv taken for one message: half a line"
    assert lines == [
        "#1", "#2",
        "#3", "      lines: frame 1 at 0000-0003: line one · "
        "frame 2 begins here at 0004-0005: 2 bytes so far",
        "#4", "      lines: frame 1 begins here: 3 bytes so far", f"      {half}",
        "#5", "      lines: frame 1, begun in #4, ends here at 0000: line one · frame 2 begins here at 0001-0002: "
        "2 bytes so far",
        "      one recv taken for one message: 1 line and a half taken for one",
        "#6", "      lines: frame 2, begun in #3, ends here: line two",
        "#7", "      lines: frame 2, begun in #5, ends here: line two",
        "      one recv taken for one message: a piece of frame 2 taken for a whole line",
        "#8",
    ]  # fmt: skip
    # Calls that are not shown count all the same.
    assert "lines: frame 2, begun in #5, ends here" in shown(session, parse(r'"o\n"'), lens="lines")


def test_filters(session):
    conversation(session)
    session.fail("recv", 3, ("ConnectionResetError", "x"), errno.ECONNRESET, requested=9)
    session.call("connect_ex", 1, result=errno.ECONNREFUSED, tail={"args": [SERVER]})

    def numbers(words=""):
        return [int(seq) for seq in re.findall(r"^#(\d+)", shown(session, parse(words)), re.MULTILINE)]

    assert numbers() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert numbers("socket:conn 1") == [4, 6]
    assert numbers("socket:7.3") == [4, 6, 8]
    assert numbers("call:send") == [3, 5, 7]
    assert numbers("error") == [8, 9]
    assert numbers("world") == [3, 6]
    assert numbers("world call:recv") == [6]
    assert numbers("w" * 50) == []


class Flushed(io.StringIO):
    flushed = ""

    def flush(self):
        self.flushed = self.getvalue()


def test_a_session_that_grows(session):
    out = Flushed()
    report = TextReport(out, session.journal, zone=UTC, times="delta")
    session.send(b"a")
    assert copy(session.journal, report) == 1
    session.send(b"b")
    assert copy(session.journal, report, 1) == 1
    assert copy(session.journal, report, 2) == 0
    assert out.flushed == shown(session, times="delta")


def test_a_source_file_of_any_name_steers_no_terminal(session):
    session.call("listen", 2, name="server", source=session.recorder.text("evil\x1b[2J.py:3"))
    assert "at evil·[2J.py:3" in shown(session)


def test_of_a_send_whose_lineage_has_stopped_nothing_is_claimed(session):
    session.connect()
    session.send(b"before")
    session.recv(b"before", 9)
    session.call("send", 1, name="client", result=1, requested=1, data=b"!", flags=OUT_OF_BAND)
    session.send(b"after")
    session.recv(b"after", 9)
    assert "6 bytes · received by #4" in shown(session)
    assert "not received yet" not in shown(session)
