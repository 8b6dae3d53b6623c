"""The table of figures."""

from __future__ import annotations

from tests.calls import made
from workbench.model.session.stats import Stats
from workbench.report.stats import MOST, stats_lines


def test_columns_stand_below_each_other_whatever_a_name_holds() -> None:
    stats = Stats()
    for socket, name in (("7.1", "a"), ("7.2", "\x1b[31m名"), ("7.3", "client 1000")):
        stats.add(made("send", socket=socket, name=name, data=b"x" * 2000, duration=0.25))
    lines = list(stats_lines(stats))
    assert lines[0] == "3 calls of 3 sockets: 5.859 KiB sent, 0 B received, in 250 ms (12 calls/s, 0.024 MB/s sent)"
    assert [line.split() for line in lines[2:4]] == [
        ["call", "count", "failed", "bytes", "median", "99", "%", "longest", "in", "all"],
        ["send", "3", "5.859", "KiB", "250", "ms", "250", "ms", "250", "ms", "750", "ms"],
    ]
    assert lines[6].startswith("7.1     a            ")
    assert lines[7].startswith("7.2     ·[31m名        ")
    assert all("\x1b" not in line for line in lines)


def test_of_many_sockets_the_busiest_are_shown() -> None:
    stats = Stats()
    for number in range(MOST + 3):
        stats.add(made("send", socket=f"7.{number}", data=b"x" * number))
    lines = list(stats_lines(stats))
    assert lines[-1] == "and 3 sockets more"
    assert f"7.{MOST + 2} " in lines[6]
