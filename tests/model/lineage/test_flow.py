"""Flows: short ones in one table, long ones on their own, all with the same answers."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.model.lineage.flow import Flows

CALLS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1, 2, 3, 2**31, 2**32 - 1])), max_size=30)


def flows_of(calls: list[tuple[int, int]]) -> tuple[Flows, list[dict[int, int]]]:
    """Give three flows with these calls, flow and length of each, and what they moved: length by seq."""
    flows, moved = Flows(), [{}, {}, {}]  # type: tuple[Flows, list[dict[int, int]]]
    assert [flows.new() for _ in moved] == [0, 1, 2]
    for seq, (number, length) in enumerate(calls, 1):
        flows.add(number, seq, length, 10 * seq, 10 * seq + 5)
        moved[number][seq] = length
    return flows, moved


@given(CALLS)
def test_each_flow_tells_where_its_calls_lie(calls: list[tuple[int, int]]) -> None:
    flows, moved = flows_of(calls)
    for number, lengths in enumerate(moved):
        flow, ends = flows[number], [0, *accumulate(lengths.values())]
        assert flow.total == ends[-1]
        assert flow.lengths(0) == list(lengths.values())
        assert [flow.span(seq) for seq in lengths] == list(pairwise(ends))
        assert [flow.span(seq) for seq in range(len(calls) + 2) if seq not in lengths] == [None] * (
            len(calls) + 2 - len(lengths)
        )
        assert flow.parts(0, ends[-1]) == [(seq, 0, length) for seq, length in lengths.items()]


@given(CALLS, st.booleans(), st.integers(0, 2))
def test_a_stopped_flow_takes_no_more(calls: list[tuple[int, int]], every: bool, stopped: int) -> None:
    flows, moved = flows_of(calls)
    flows.stop_all() if every else flows.stop(stopped)
    for number, lengths in enumerate(moved):
        stops = every or number == stopped
        assert flows[number].stopped == stops
        flows.add(number, 1000, 7, 1000_000, 1000_001)
        assert flows[number].lengths(0) == [*lengths.values(), *([] if stops else [7])]


@given(CALLS)
def test_a_call_that_overlaps_the_last_one_stops_its_flow(calls: list[tuple[int, int]]) -> None:
    flows, moved = flows_of(calls)
    for number, lengths in enumerate(moved):
        last = max(lengths, default=0)
        flows.add(number, 1000, 7, 10 * last + 4, 1000_000)
        assert flows[number].stopped == bool(lengths)
        assert flows[number].lengths(0) == (list(lengths.values()) or [7])
