from __future__ import annotations

import pytest

from tests.ui.around_view import AroundView, shown
from workbench.engine.state import AcceptQueue, Connecting, PendingCall, SendSide
from workbench.model.text.safe import cells
from workbench.ui.kernel.gauges import (
    AcceptGauge,
    SendGauge,
    accept_queue_line,
    connecting_line,
    progress_line,
    send_line,
)
from workbench.ui.kernel.history import Bucket, SampleHistory, Sizes
from workbench.ui.kernel.plots import HistoryPlot, SizesHistogram, blocks, histogram, plot
from workbench.ui.parts.piece_view import Line, amount, bar

WIDTHS = pytest.mark.parametrize("width", [46, 72, 80, 118])


def flat(line: Line) -> str:
    return "".join(part for part, _ in line)


@pytest.mark.parametrize(
    ("queue", "text"),
    [
        (AcceptQueue(2, 5), "accept queue ■■□□□□ 2 of 6 (backlog 5)"),
        (AcceptQueue(0, 0), "accept queue □ 0 of 1 (backlog 0)"),
        (AcceptQueue(6, 5), "accept queue ■■■■■■ 6 of 6 full: the next connect waits"),
        (AcceptQueue(7, 5), "accept queue ■■■■■■ 7 of 6 full: the next connect waits"),
        (AcceptQueue(1, 4096), "accept queue ■□□□□□□□□□□□□□□□ 1 of 4097 (backlog 4096)"),
        (None, "accept queue: not available on this system"),
    ],
)
def test_one_connection_more_than_the_backlog_fits(queue: AcceptQueue | None, text: str) -> None:
    assert flat(accept_queue_line(queue, 60)) == text


@WIDTHS
async def test_who_waits_and_who_is_not_let_in(width: int) -> None:
    async with shown(AcceptGauge, width) as (_, view):
        connecting = Connecting("client 7", "SYN_SENT", 3.14, 2)
        view.show(AcceptQueue(2, 5), ["client 2", "client 3"], [connecting])
        assert view.text() == [
            "accept queue ■■□□□□ 2 of 6 (backlog 5)",
            "waiting: client 2, client 3",
            "client 7 SYN_SENT, 2 retries, 3.1 s",
        ]
        view.show(AcceptQueue(2, 5), ["client 2", "client 3"], [connecting] * 20)
        assert view.text()[-1] == "… 18 more"


async def test_the_accept_gauge_is_as_high_as_what_it_says() -> None:
    async with shown(AcceptGauge, 46) as (pilot, view):
        view.styles.height = "auto"
        view.show(AcceptQueue(0, 5))
        await pilot.pause()
        assert view.size.height == 1
        view.show(AcceptQueue(1, 5), ["client 2"], [Connecting("client 7", "waiting", 0.4)])
        await pilot.pause()
        assert view.size.height == 3
        assert view.text()[-1] == "client 7 waiting, 0.4 s"


def test_one_retry_is_written_as_one() -> None:
    assert flat(connecting_line(Connecting("client 7", "SYN_SENT", 1.5, 1), 46)) == "client 7 SYN_SENT, 1 retry, 1.5 s"


@WIDTHS
async def test_the_progress_of_a_blocked_sendall(width: int) -> None:
    async with shown(SendGauge, width) as (_, view):
        blocked = PendingCall("sendall", "sendall(…)", since=10.0, moved=12288, offered=65536)
        view.show(SendSide(6144, 2048, 3584, 16384), blocked, now=11.23)
        first, second = view.text()
        assert first.startswith("send buffer ") == (width > 46)
        assert "6 KiB not acknowledged" in first
        assert first.endswith("3.5 KiB free")
        assert second.startswith("sendall ██")
        assert second.endswith("░ 12288 of 65536 bytes, 1.2 s")
        assert max(map(cells, view.text())) <= width
        view.show(SendSide(0, 0, 16384, 16384), PendingCall("recv", "recv(16)", since=0.0))
        assert len(view.text()) == 1
        view.show(None)
        assert view.text() == []


def test_one_line_holds_the_progress_of_a_send_and_what_is_not_acknowledged() -> None:
    blocked = PendingCall("sendall", "sendall(…)", since=10.0, moved=12288, offered=65536)
    line = flat(progress_line(blocked, 1.2, 72, 8192)).rstrip()
    assert line.startswith("sendall ██")
    assert line.endswith("░ 12288 of 65536 bytes, 1.2 s, 8 KiB not acknowledged")
    assert cells(line) <= 72
    assert flat(progress_line(blocked, 1.2, 46, 8192)).rstrip().endswith("░ 12288 of 65536 bytes, 1.2 s")


def test_a_send_buffer_that_tells_nothing_is_said_so() -> None:
    assert flat(send_line(SendSide(), 60)) == "send buffer: not available on this system"
    assert flat(send_line(SendSide(free=100), 60)).endswith("100 B free")


def test_a_bar_shows_a_little_as_something_and_almost_all_as_not_all() -> None:
    assert [flat(bar(share, 4)) for share in (0, 0.001, 0.5, 0.999, 1, 7, -1)] == [
        "░░░░", "█░░░", "██░░", "███░", "████", "████", "░░░░",
    ]  # fmt: skip


def test_amounts() -> None:
    assert [amount(n) for n in (0, 65, 1023, 1024, 2304, 131072, 3_000_000)] == [
        "0 B", "65 B", "1023 B", "1 KiB", "2.2 KiB", "128 KiB", "2.9 MiB",
    ]  # fmt: skip


def test_columns_are_drawn_to_an_eighth_of_a_row() -> None:
    assert blocks([0, 1, 8, 16, None], 16, 2) == ["   █ ", " ▁██ "]
    assert blocks([1, 1000], 1000, 1) == ["▁█"]
    assert blocks([0, 0], 0, 1) == ["  "]


def test_the_newest_column_stands_at_the_right_and_the_largest_value_beside_it() -> None:
    assert flat(plot("recv queue", [0, 512, 1024], 30, 1)[0]) == "recv queue         ▄█ 1 KiB   "
    assert flat(plot("send queue", [None], 34, 1)[0]).rstrip().endswith("not available")


@WIDTHS
async def test_a_plot_fits_and_is_not_drawn_again_while_nothing_moves(width: int) -> None:
    async with shown(HistoryPlot, width, 7) as (pilot, view):
        history = SampleHistory()
        assert view.text() == ["no samples yet"]
        for tick in range(300):
            history.add(tick / 20, tick % 50, None, tick * 16)
        view.show(history)
        assert [line[:10] for line in view.text()[::2]] == ["recv queue", "send queue", "recv sizes", " " * 10]
        assert view.text()[-1].strip() == "the last 15 s, now at the right"
        assert max(map(cells, view.text())) <= width
        history.clear()
        history.add(0.0, 0, 0, 0)
        view.show(history)
        await pilot.pause()
        drawn = view._drawn
        history.add(0.1, 0, 0, 0)
        view.show(history)
        assert view._drawn is drawn is not None


@WIDTHS
async def test_how_a_stream_was_cut(width: int) -> None:
    async with shown(SizesHistogram, width) as (pilot, view):
        assert view.text() == ["no recv yet"]
        sizes = Sizes()
        for length in [1, 3, 3, 16, 16, 16, 16]:
            sizes.add(length)
        view.show(sizes)
        lines = view.text()
        assert lines[0] == "71 B in 7 recvs, 10 B on average"
        assert [line.split()[0] for line in lines[1:]] == ["1", "2-3", "4-7", "8-15", "16-31"]
        assert [line.split()[-1] for line in lines[1:]] == ["1", "2", "0", "0", "4"]
        assert max(map(cells, lines)) <= width
        assert isinstance(pilot.app, AroundView)


async def test_of_messages_it_is_said_that_nothing_is_cut() -> None:
    async with shown(SizesHistogram, 40) as (_, view):
        view.show(Sizes(), messages=True)
        assert view.text() == ["no stream: each recv takes one message"]


def test_the_fullest_buckets_are_shown_where_there_are_more_than_rows() -> None:
    buckets = [Bucket(1, 1, 5), Bucket(2, 3, 1), Bucket(4, 7, 9)]
    assert [flat(line) for line in histogram(buckets, 15, 2)] == ["  1 ████▌ 5", "4-7 ████████ 9"]
