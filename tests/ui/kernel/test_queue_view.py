from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.around_view import AroundView, shown
from workbench.engine.state import Message, Queue
from workbench.model.lineage.lineage import Part
from workbench.model.text.safe import cells
from workbench.ui.kernel.queue_bytes import label, shown_bytes
from workbench.ui.kernel.queue_lines import Drawing, Seen, queue_lines
from workbench.ui.kernel.queue_view import QueueView

DATA = b'"x":1}\r\n{"op":"bye","id":8,"note":"two messages in one buffer"}\r\n'
STREAM = Queue(False, total=65, offset=4, head=DATA, memory=2304, room=131072)
PARTS = (Part(12, 4, 12), Part(13, 0, 57))
SENDER = ["127.0.0.1", 50312]
LONG, EMPTY, SHORT = Message(40, b"q" * 40, SENDER), Message(0, b"", SENDER), Message(3, b"a\x1bc", None)
MESSAGES = Queue(True, total=43, messages=(LONG, EMPTY, SHORT), memory=3000, room=212992)


def hue(seq: int) -> int:
    """Neighbours differ."""
    return seq % 2


def text(queue: Queue | None, n: int = 16, width: int = 60, height: int = 6, **seen: object) -> list[str]:
    facts = {"parts": PARTS, **seen}
    lines = queue_lines(Drawing(Seen(queue, n, **facts), width, height, hue))  # type: ignore[arg-type]
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def test_two_sends_that_lie_in_one_queue_are_seen_as_two_and_the_cut_between_taken_and_left() -> None:
    assert text(STREAM) == [
        "recv buffer █░░░░░░░░░░░░░░░░░░░░░░░ 65 B, 2 % of 128 KiB",
        "#12 bytes 4-11 ──────── #13 bytes 0-56 ─────────────────",
        "22 78 22 3a 31 7d 0d 0a│7b 22 6f 70 22 3a 22 62┃79 65 22 …",
        ' "  x  "  :  1  }  ¬  ¬│ {  "  o  p  "  :  "  b┃ y  e  " …',
        "next recv(16) takes 16, leaves 49",
    ]


def test_four_rows_hold_it_all() -> None:
    assert text(STREAM, height=4) == [
        "next recv(16) takes 16, leaves 49       65 B, 2 % of 128 KiB",
        "#12 bytes 4-11 ──────── #13 bytes 0-56 ─────────────────",
        "22 78 22 3a 31 7d 0d 0a│7b 22 6f 70 22 3a 22 62┃79 65 22 …",
        ' "  x  "  :  1  }  ¬  ¬│ {  "  o  p  "  :  "  b┃ y  e  " …',
    ]


@pytest.mark.parametrize(
    ("n", "hexes", "says"),
    [
        (
            0,
            "┃22 78 22 3a 31 7d 0d 0a│7b 22 6f 70 22 3a 22 62 79 65 22 …",
            "next recv(0) returns b'' and takes nothing",
        ),
        (1, "22┃78 22 3a 31 7d 0d 0a│7b 22 6f 70 22 3a 22 62 79 65 22 …", "next recv(1) takes 1, leaves 64"),
        (8, "22 78 22 3a 31 7d 0d 0a┃7b 22 6f 70 22 3a 22 62 79 65 22 …", "next recv(8) takes 8, leaves 57"),
        (60, "22 78 22 3a 31 7d …  6e 65 20 62 75 66 66 65┃72 22 7d 0d 0a", "next recv(60) takes 60, leaves 5"),
        (65, "22 78 22 3a 31 7d …  6e 65 20 62 75 66 66 65 72 22 7d 0d 0a┃", "next recv(65) takes 65, leaves 0"),
        (4096, "22 78 22 3a 31 7d …  6e 65 20 62 75 66 66 65 72 22 7d 0d 0a┃", "next recv(4096) takes 65, leaves 0"),
    ],
)
def test_the_cut_moves_with_n(n: int, hexes: str, says: str) -> None:
    lines = text(STREAM, n)
    assert lines[2] == hexes
    assert lines[4] == says


@pytest.mark.parametrize("n", [0, 1, 8, 16])
def test_what_will_be_taken_is_drawn_as_taken_in_the_colour_of_its_send(n: int) -> None:
    hexes = queue_lines(Drawing(Seen(STREAM, n, parts=PARTS), 60, 6, hue))[2]
    looks = [look for part, look in hexes if len(part) == 2]
    assert looks[:19] == [f"{'taken' if at < n else 'send'}-{at // 8 and 1}" for at in range(19)]


@pytest.mark.parametrize(
    ("width", "labels"),
    [
        (46, "#14 ── +1 send #16 bytes 0-32 ──────────────"),
        (60, "#14 ──────── +1 send #16 bytes 0-32 ───────────────────────"),
        (72, "#14 bytes 0-19  +1 send #16 bytes 0-32 ────────────────────────────────"),
    ],
)
def test_sends_whose_bytes_are_all_left_out_are_counted(width: int, labels: str) -> None:
    queue = replace(STREAM, total=61, head=DATA[:61])
    parts = Part(14, 0, 20), Part(15, 0, 8), Part(16, 0, 33)
    found = text(queue, 60, width, parts=parts)
    assert found[1] == labels
    assert "…" in found[2]
    assert text(queue, 4, width, parts=parts[:2])[1].endswith(" +1 send") == (width < 72)
    assert "+" not in text(queue, 60, width, parts=(Part(14, 0, 61),))[1]


@pytest.mark.parametrize("width", range(12, 90))
@pytest.mark.parametrize("n", [0, 1, 30, 60, 61])
def test_the_numbers_of_sends_never_move_what_stands_behind_them(width: int, n: int) -> None:
    queue = replace(STREAM, total=61, head=DATA[:61])
    for size in (1, 3, 20):
        parts = [Part(seq, 0, size) for seq in range(9, 9 + -(-61 // size))]
        rows = queue_lines(Drawing(Seen(queue, n, parts=tuple(parts)), width, 6))
        lengths = [sum(cells(part) for part, _ in row) for row in rows[1:4]]
        assert lengths[0] == lengths[1] == lengths[2] <= width + 1


def test_of_a_queue_of_megabytes_the_head_is_shown_and_the_rest_counted() -> None:
    queue = replace(STREAM, total=3_000_000, head=b"a" * 4096, memory=131072)
    lines = text(queue, 65536, parts=(Part(12, 0, 3_000_000),))
    assert lines[0].endswith("2.9 MiB, 100 % of 128 KiB")
    assert lines[2].endswith("61 …")
    assert lines[4] == "next recv(65536) takes 65536, leaves 2934464"


def test_fin_and_an_error_that_wait_are_told() -> None:
    assert text(replace(STREAM, fin=True))[-1] == "then FIN: after these bytes recv returns b'', again and again"
    assert text(replace(STREAM, fin=True), height=5)[-1] == "next recv(16) takes 16, leaves 49 · then FIN"
    assert text(replace(STREAM, fin=True, ending="end"), height=5)[-1] == "next recv(16) takes 16, leaves 49 · then end"
    assert text(replace(STREAM, error=True))[-1] == "an error waits: after these bytes recv raises it"
    unseen = text(replace(STREAM, error=True, head=b""))
    assert unseen[1] == "65 bytes queued; not looked at, as a look would take the error that waits"
    empty = replace(STREAM, total=0, head=b"")
    assert text(empty)[1:3] == ["nothing queued", "next recv(16) has to wait for bytes"]
    assert text(replace(empty, fin=True))[2] == "next recv(16) returns b'': the peer has ended its side"
    assert text(replace(empty, error=True))[2] == "next recv(16) raises the error that waits"
    assert text(replace(MESSAGES, error=True), 16, 72, 7)[-1] == "an error waits: the next recv raises it"


def test_an_error_after_the_fin_waits_for_a_send_and_recv_still_returns_the_end() -> None:
    broken = replace(STREAM, total=0, head=b"", fin=True, broken=True)
    assert text(broken)[2:5] == [
        "next recv(16) returns b'': the peer has ended its side",
        "FIN: recv returns b'', again and again",
        "an error waits for the next send, which raises it",
    ]
    queued = replace(STREAM, fin=True, broken=True)
    assert text(queued)[-1] == "next recv(16) takes 16, leaves 49 · then FIN · send raises"
    assert text(queued, height=4)[0].startswith("next recv(16) takes 16, leaves 49 · then FIN · send raises")


def test_where_the_sender_is_outside_nothing_is_claimed() -> None:
    assert text(STREAM, parts=())[1] == "sent from outside this session"
    assert text(STREAM, parts=None)[1] == "not known yet which send they came from"


def test_messages_stay_apart_and_what_recv_throws_away_is_marked() -> None:
    parts = (Part(3, 0, 40), None, Part(5, 0, 3))
    assert text(MESSAGES, 16, 72, parts=parts, call="recvfrom") == [
        "3 messages, 43 bytes  recv buffer █░░░░░░░░░░░░░░░░░░░░░░ 1 % of 208 KiB",
        "#3 40 bytes from 127.0.0.1:50312 · recvfrom(16) takes 16, 24 lost",
        "71 71 71 71 71 71 71 71 71 71 71 71 71 71 71 71┃71 71 71 71 71 71 71 …",
        " q  q  q  q  q  q  q  q  q  q  q  q  q  q  q  q┃ q  q  q  q  q  q  q …",
        "then empty datagram from 127.0.0.1:50312",
        "then #5 3 bytes  a•c",
    ]
    lines = queue_lines(Drawing(Seen(MESSAGES, 16), 72, 6))
    assert {look for part, look in lines[2] if part == "71"} == {"taken", "lost"}


def test_more_messages_than_rows_are_counted() -> None:
    queue = replace(MESSAGES, messages=(LONG, *[SHORT] * 63), more=True, total=229)
    assert text(queue, parts=())[0].startswith("64+ messages, 229 bytes")
    assert text(queue, parts=())[-1] == "… 62 or more behind"
    assert len(text(queue, parts=(), height=4)) == 4


def test_an_empty_datagram_is_seen_as_one() -> None:
    queue = replace(MESSAGES, messages=(EMPTY,), total=0)
    assert text(queue, parts=())[1:] == ["empty datagram from 127.0.0.1:50312 · recv(16) returns b''", "(no bytes)"]


def test_recv_0_takes_no_datagram_but_recvfrom_0_loses_it() -> None:
    assert text(MESSAGES, 0, parts=())[1].endswith("recv(0) returns b'' and takes nothing")
    assert text(MESSAGES, 0, parts=(), call="recvfrom")[1].endswith("recvfrom(0) takes 0, 40 lost")
    assert all(look != "lost" for _, look in queue_lines(Drawing(Seen(MESSAGES, 0), 72, 6))[2])


def test_nothing_to_see() -> None:
    assert text(None) == ["nothing queued"]
    assert text(STREAM, closed=True) == ["nothing queued: the socket is closed"]
    assert text(Queue(False)) == ["receive queue: not available on this system"]
    assert text(replace(STREAM, memory=None))[0] == "65 B, SO_RCVBUF: not available on this system"


@pytest.mark.parametrize("width", range(40, 120, 7))
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 30, 55, 64, 65, 66])
def test_no_row_of_bytes_is_wider_than_the_view_and_the_cut_is_seen(width: int, n: int) -> None:
    rows = queue_lines(Drawing(Seen(STREAM, n, parts=PARTS), width, 6))[1:4]
    texts = ["".join(part for part, _ in row) for row in rows]
    assert all(cells(row.rstrip()) <= width for row in texts)
    assert texts[1].count("┃") == texts[2].count("┃") == 1


def test_a_label_fills_its_room() -> None:
    assert [label(Part(12, 4, 12), room) for room in (16, 14, 5, 3, 2, 1)] == [
        "#12 bytes 4-11 ─", "#12 ──────────", "#12 ─", "#12", "12", "·",
    ]  # fmt: skip
    assert label(Part(7, 3, 4), 12) == "#7 byte 3 ──"
    assert shown_bytes(4, 4, 2, 11) == [0, 1, 2, 3]


@pytest.mark.parametrize("width", [46, 72, 80, 118])
async def test_what_a_peer_sent_or_calls_itself_reaches_no_terminal(width: int) -> None:
    hostile = "\x1b]0;x\x07[/nope]\u202e"
    message = Message(9, hostile.encode()[:9], hostile)
    async with shown(QueueView, width) as (pilot, view):
        for queue in (replace(MESSAGES, messages=(message, message)), replace(STREAM, head=hostile.encode())):
            view.show(queue, 4, PARTS)
            await pilot.pause()
            assert isinstance(pilot.app, AroundView)
            assert all(line.isprintable() for line in pilot.app.screen_text())


async def test_it_draws_only_what_changed() -> None:
    async with shown(QueueView, 80) as (pilot, view):
        view.show(STREAM, 16, PARTS)
        await pilot.pause()
        drawn = view._drawn
        view.show(replace(STREAM), 16, list(PARTS))
        assert view._drawn is drawn
        view.show(replace(STREAM, total=57, head=DATA[8:]), 16, [Part(13, 0, 57), Part(14, 0, 3)])
        assert view._drawn is None


def test_how_full_the_buffer_is_stays_in_its_place() -> None:
    empty = replace(STREAM, total=0, head=b"", memory=0)
    assert [text(queue)[0].startswith("recv buffer") for queue in (STREAM, empty, replace(empty, fin=True))] == [
        True
    ] * 3
    assert [text(queue, height=4)[0].endswith(" of 128 KiB") for queue in (STREAM, empty)] == [True] * 2
    messages = replace(MESSAGES, total=0, messages=(), memory=0)
    assert [text(queue, 16, 72)[0].endswith(" of 208 KiB") for queue in (MESSAGES, messages)] == [True] * 2
