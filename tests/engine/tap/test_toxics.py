"""What a tap does to bytes, without sockets and with a clock of its own."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest

from workbench.engine.tap.channel import Channel, Datagrams
from workbench.engine.tap.toxics import TOXICS, ToxicError, Toxics, read_toxic


def channel(**fields: Any) -> Channel:
    return Channel(Toxics(**fields), Random(1))


def sent(one: Channel, until: float = 0.0, most: int = 1 << 30) -> list[tuple[float, bytes]]:
    """Return what a receiver that takes *most* bytes at once gets up to a time, and when."""
    found = []
    while (due := one.next_due()) is not None and due <= until:
        piece = one.head(due) or b""
        found.append((due, piece[:most]))
        one.sent(min(most, len(piece)))
    return found


def test_without_toxics_bytes_pass_as_they_came() -> None:
    one = channel()
    one.feed(b"hello", 1.0)
    one.feed(b"you", 2.0)
    assert sent(one, 2.0) == [(1.0, b"hello"), (2.0, b"you")]
    assert one.empty


def test_what_was_not_taken_whole_comes_again() -> None:
    one = channel()
    one.feed(b"hello", 0.0)
    assert sent(one, most=2) == [(0.0, b"he"), (0.0, b"ll"), (0.0, b"o")]


def test_it_takes_in_no_more_than_may_wait() -> None:
    one = channel()
    one.feed(bytes(1 << 18), 0.0)
    assert not one.has_room
    one.sent(1)
    assert one.has_room


def test_latency_holds_each_piece_and_jitter_keeps_the_order() -> None:
    one = channel(latency=1.0)
    one.feed(b"a", 0.0)
    one.feed(b"b", 0.5)
    assert one.head(0.99) is None
    assert sent(one, 9) == [(1.0, b"a"), (1.5, b"b")]
    one = channel(latency=1.0, jitter=0.5)
    for number in range(50):
        one.feed(bytes([number]), number / 100)
    found = sent(one, 9)
    assert b"".join(data for _, data in found) == bytes(range(50))
    assert [due for due, _ in found] == sorted(due for due, _ in found)
    assert all(due >= 0.5 for due, _ in found)
    assert found[-1][0] <= 0.49 + 1.5


def test_a_rate_lets_so_many_bytes_pass_a_second() -> None:
    one = channel(rate=1000)
    one.feed(bytes(3000), 0.0)
    found = sent(one, 9)
    assert sum(len(data) for due, data in found if due < 1.0) == 1000
    assert found[-1][0] == pytest.approx(2.98)
    assert max(len(data) for _, data in found) <= 20


def test_slices_have_the_sizes_that_were_asked_for() -> None:
    one = channel(slice=(3, 3))
    one.feed(b"hello you", 0.0)
    assert [data for _, data in sent(one)] == [b"hel", b"lo ", b"you"]
    one = channel(slice=(1, 4))
    one.feed(bytes(1000), 0.0)
    sizes = [len(data) for _, data in sent(one)]
    assert set(sizes[:-1]) == {1, 2, 3, 4}
    assert sum(sizes) == 1000


def test_the_same_seed_cuts_alike() -> None:
    ways = [Channel(Toxics(slice=(1, 9)), Random(seed)) for seed in (1, 1, 2)]
    for way in ways:
        way.feed(bytes(500), 0.0)
    one, same, other = ([len(data) for _, data in sent(way)] for way in ways)
    assert one == same != other


def test_merge_sends_as_one_what_comes_within_its_time() -> None:
    one = channel(merge=0.1)
    one.feed(b"a", 0.0)
    one.feed(b"b", 0.05)
    assert sent(one, 0.1) == [(0.1, b"ab")]
    one.feed(b"c", 0.2)
    assert sent(one, 1) == [(pytest.approx(0.3), b"c")]


def test_limit_reset_and_stall_let_only_so_many_bytes_pass() -> None:
    for name, told in (("limit", "cut"), ("reset_after", "resets"), ("stall_after", "stalled")):
        one = channel(**{name: 7})
        one.feed(b"12345", 0.0)
        assert sent(one) == [(0.0, b"12345")]
        assert not getattr(one, told)
        one.feed(b"67890", 0.0)
        assert sent(one) == [(0.0, b"67")]
        assert getattr(one, told)


def test_datagrams_are_lost_doubled_and_overtaken() -> None:
    def passed(count: int = 1000, **fields: float) -> list[bytes]:
        way = Datagrams(Toxics(**fields), Random(3))
        found = []
        for number in range(count):
            way.feed(number.to_bytes(2), number / 1000)
            found += way.take_due(number / 1000)
        return found + way.take_due(99.0)

    whole = [number.to_bytes(2) for number in range(1000)]
    assert passed() == whole
    lost = passed(drop=0.2)
    assert 700 < len(lost) < 900
    assert lost == sorted(lost)
    doubled = passed(dup=0.2)
    assert 1100 < len(doubled) < 1300
    assert sorted(set(doubled)) == whole
    swapped = passed(reorder=0.2)
    assert sorted(swapped) == whole
    steps = [int.from_bytes(two) - int.from_bytes(one) for one, two in itertools.pairwise(swapped)]
    assert set(steps) == {1, 2, -1, 3}
    assert passed(drop=1) == []


@pytest.mark.parametrize(
    ("name", "text", "fields"),
    [
        ("--latency", "100~20", {"latency": 0.1, "jitter": 0.02}),
        ("--latency", "5ms", {"latency": 0.005, "jitter": 0.0}),
        ("--rate", "64k", {"rate": 65536}),
        ("--slice", "2-5", {"slice": (2, 5)}),
        ("--slice", "4", {"slice": (4, 4)}),
        ("--drop", "2.5%", {"drop": 0.025}),
        ("--reset-after", "1000", {"reset_after": 1000}),
        ("--reset-after", "1.5s", {"reset_at": 1.5}),
    ],
)
def test_how_toxics_are_written(name: str, text: str, fields: dict[str, Any]) -> None:
    assert read_toxic(name, text) == fields
    assert read_toxic(name, TOXICS[name].example)


@pytest.mark.parametrize(
    ("name", "text"), [("--latency", "x"), ("--slice", "0-3"), ("--slice", "5-2"), ("--drop", "101")]
)
def test_what_can_not_be_is_told_with_one_that_can(name: str, text: str) -> None:
    with pytest.raises(ToxicError, match=f"{name} .* is not .*: write {name}"):
        read_toxic(name, text)
