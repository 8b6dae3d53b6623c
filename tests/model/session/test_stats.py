"""The figures of a session."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calls import made
from workbench.model.session.stats import Stats, Times


@given(st.lists(st.floats(1e-9, 1e6), min_size=1), st.floats(1, 100))
def test_a_percentile_is_right_within_5_percent(spans: list[float], percent: float) -> None:
    times = Times()
    for span in spans:
        times.add(span)
    exact = sorted(spans)[max(1, math.ceil(len(spans) * percent / 100)) - 1]
    assert times.percentile(percent) == pytest.approx(exact, rel=0.05)
    assert times.percentile(100) <= times.longest == max(spans)


def test_an_answer_is_what_first_comes_after_the_last_send() -> None:
    stats = Stats()
    for call in (
        made("recv", 9, data=b"hello", time=0.0, duration=0.5),
        made("send", data=b"ab", time=1.0, duration=0.0),
        made("send", data=b"c", time=2.0, duration=0.25),
        made("recv", 9, data=b"peek", time=2.5, duration=0.0, peek=True),
        made("recv", 9, data=b"", time=2.5, duration=0.0),
        made("recv", 9, data=b"answer", time=2.5, duration=1.75),
        made("recv", 9, data=b"more", time=9.0, duration=0.0),
        made("recv", 9, error="TimeoutError - timed out", time=9.0, duration=1.0),
    ):
        stats.add(call)
    figures = stats.sockets["7.1"]
    assert (figures.calls, figures.failed, figures.sent, figures.received) == (8, 1, 3, 15)
    assert (figures.answers.count, figures.answers.longest) == (1, 2.0)
    assert (stats.count, stats.seconds) == (8, 10.0)
    assert (stats.calls["recv"].count, stats.calls["recv"].failed, stats.calls["recv"].data) == (6, 1, 15)
    assert stats.calls["recv"].times.total == pytest.approx(3.25)


def test_what_takes_no_time_and_what_never_returned_are_counted() -> None:
    stats = Stats()
    stats.add(made("close", duration=0.0))
    stats.add(made("recv", 9, duration=None, unfinished=True))
    assert stats.calls["close"].times.percentile(50) == 0.0
    assert (stats.calls["recv"].count, stats.calls["recv"].times.count) == (1, 0)
    assert stats.seconds == 0.0


def test_the_busiest_socket_comes_first() -> None:
    stats = Stats()
    for socket, data in (("7.1", b"a"), ("7.2", b"abc"), ("7.3", b"ab")):
        stats.add(made("send", socket=socket, data=data))
    assert [socket for socket, _ in stats.busiest()] == ["7.2", "7.3", "7.1"]
