from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.call.call import FAILED, RECEIVED, REPEATED, SENT
from workbench.ui.log.rows import FEW, Density, Layout, LineKind, Rows, displaced

PLAIN = Layout()
ALL, HEADS = Layout(density=Density.ALL), Layout(density=Density.HEAD)


def rows(*calls: tuple[int, int], layout: Layout = PLAIN) -> Rows:
    """Lay out calls given as (bytes moved, marks)."""
    made = Rows(array("I", [length for length, _ in calls]), bytearray(mark for _, mark in calls), layout)
    made.extend(len(calls))
    return made


def shown(table: Rows) -> list[str]:
    """Say for every line which call it belongs to and what it shows."""
    lines = []
    for line in range(table.lines):
        call, within = table.locate(line)
        part, which = table.part(call, within)
        lines.append(f"{call} {part.name.lower()}" + (f" {which}" if part is LineKind.BYTES else ""))
    return lines


def test_a_call_takes_one_line_and_its_bytes_below() -> None:
    table = rows((0, 0), (17, SENT), (0, FAILED))
    assert shown(table) == ["0 head", *("1 head", "1 bytes 0", "1 bytes 1"), "2 head"]
    assert [table.line(call) for call in range(3)] == [0, 1, 4]


def test_in_the_least_density_every_call_takes_one_line() -> None:
    assert shown(rows((500, SENT), (0, FAILED), layout=HEADS)) == ["0 head", "1 head"]


def test_in_the_most_density_a_call_has_all_its_bytes_and_a_line_for_its_annotation() -> None:
    table = rows((0, 0), (64, SENT), (0, FAILED), (0, REPEATED), layout=ALL)
    assert shown(table) == [
        "0 head",
        *("1 head", "1 annotation", "1 bytes 0", "1 bytes 1", "1 bytes 2", "1 bytes 3"),
        *("2 head", "2 annotation"),
        "3 head",
    ]


def test_where_annotations_have_a_column_they_take_no_line() -> None:
    table = rows((5, SENT), (0, FAILED), layout=Layout(beside=True, density=Density.ALL))
    assert shown(table) == ["0 head", "0 bytes 0", "1 head"]


def test_where_narrow_a_line_holds_eight_bytes() -> None:
    assert rows((17, SENT), layout=Layout(per_line=8)).lines == 1 + 3


def test_a_long_call_is_cut_until_all_of_it_is_asked_for() -> None:
    table = rows((FEW * 16, SENT), (1024, SENT), (1, SENT))
    assert (table.height(0), table.hidden(0)) == (1 + FEW, 0)
    assert shown(table)[1 + FEW :] == [
        "1 head",
        *(f"1 bytes {row}" for row in range(FEW)),
        "1 more",
        "2 head",
        "2 bytes 0",
    ]
    assert table.hidden(1) == 61

    table.cycle_density(1)
    assert (table.height(1), table.hidden(1)) == (1 + 64, 0)
    assert table.part(1, 64) == (LineKind.BYTES, 63)
    assert table.locate(table.line(2)) == (2, 0)

    table.cycle_density(1)
    assert shown(table)[1 + FEW :] == ["1 head", "2 head", "2 bytes 0"]
    assert table.shows_less(1)
    table.cycle_density(1)
    assert table.hidden(1) == 61


def test_one_call_is_shown_by_its_head_alone_and_again_with_its_bytes() -> None:
    table = rows((16, SENT), (16, RECEIVED), (16, SENT))
    table.cycle_density(1)
    assert shown(table) == ["0 head", "0 bytes 0", "1 head", "2 head", "2 bytes 0"]
    table.cycle_density(1)
    assert table.lines == 6


def test_a_call_without_bytes_has_nothing_more_to_show() -> None:
    table = rows((0, 0), (16, SENT))
    table.cycle_density(0)
    assert table.lines == 3
    assert not table.shows_less(0)


def test_what_one_call_shows_outlives_another_width_but_not_another_density() -> None:
    table = rows((16, SENT), (16, RECEIVED))
    table.cycle_density(0)
    table.rebuild(Layout(per_line=8))
    assert table.shows_less(0)
    table.rebuild(Layout(per_line=8, density=Density.HEAD))
    table.cycle_density(0)
    table.rebuild(Layout(per_line=8))
    assert not table.shows_less(0)


AGAIN = (0, FAILED | RECEIVED | REPEATED)


def test_calls_that_say_the_same_take_one_line() -> None:
    table = rows((16, SENT), (0, FAILED | RECEIVED), AGAIN, AGAIN, (0, 0), (0, REPEATED), (16, SENT))
    assert shown(table) == ["0 head", "0 bytes 0", "1 head", "4 head", "6 head", "6 bytes 0"]
    assert [table.repeats(call) for call in range(7)] == [1, 3, 1, 1, 2, 1, 1]
    assert table.shows_less(1)
    assert [table.is_hidden(call) for call in range(7)] == [False, False, True, True, False, True, False]


def test_a_line_of_several_calls_opens_and_closes_from_any_of_them() -> None:
    table = rows((0, FAILED), AGAIN, AGAIN, (0, 0), (0, REPEATED))
    table.cycle_density(0)
    assert shown(table) == ["0 head", "1 head", "2 head", "3 head"]
    assert (table.repeats(0), table.shows_less(0), table.repeats(3)) == (1, False, 2)
    table.cycle_density(2)
    assert shown(table) == ["0 head", "3 head"]


def test_the_line_of_several_calls_grows_as_more_come() -> None:
    lengths, marks = array("I", [0] * 50), bytearray([FAILED, *[FAILED | REPEATED] * 49])
    table = Rows(lengths, marks)
    table.extend(20)
    assert (table.lines, table.repeats(0)) == (1, 20)
    table.extend(50)
    assert (table.lines, table.repeats(0)) == (1, 50)
    table.cycle_density(0)
    lengths.extend([0] * 3)
    marks.extend([FAILED | REPEATED] * 2 + [0])
    table.extend(53)
    assert table.lines == 53


def test_in_the_most_density_each_of_several_calls_has_a_line() -> None:
    assert len(rows((0, 0), (0, REPEATED), (0, REPEATED), layout=ALL)) == 3
    assert rows((0, 0), (0, REPEATED), (0, REPEATED), layout=ALL).lines == 3


def test_steps_go_over_calls_that_have_no_line() -> None:
    table = rows((0, 0), (0, FAILED), AGAIN, AGAIN, (0, 0), (0, REPEATED))
    assert [table.step(1, count) for count in (1, 2, -1)] == [4, 4, 0]
    assert table.step(4, -1) == 1
    assert (table.step(4, 1), table.step(0, 9)) == (4, 4)


def test_what_repeats_a_call_that_is_left_out_has_a_line() -> None:
    table = rows((0, FAILED), AGAIN, AGAIN, (0, 0))
    table.show_only(lambda call: call != 0)
    assert shown(table) == ["1 head", "3 head"]
    assert table.repeats(1) == 2
    table.show_only(lambda call: call != 1)
    assert shown(table) == ["0 head", "2 head", "3 head"]


def test_a_note_is_seen_on_a_call_that_would_have_no_line() -> None:
    table = rows((0, FAILED), AGAIN, AGAIN, (0, 0))
    table.note({2: 1})
    assert shown(table) == ["0 head", "2 head", "2 note", "3 head"]


def test_a_note_takes_a_line_under_the_head() -> None:
    table = rows((16, SENT), (0, 0), (0, 0))
    table.note({0: 1, 2: 1, 9: 1})
    assert shown(table) == ["0 head", "0 note", "0 bytes 0", "1 head", "2 head", "2 note"]
    table.note({})
    assert table.lines == 4


def test_a_note_known_before_its_call_counts_when_the_call_comes() -> None:
    table = Rows(array("I", [0, 0]), bytearray(2))
    table.note({1: 1})
    table.extend(2)
    assert shown(table) == ["0 head", "1 head", "1 note"]


def test_calls_can_be_left_out() -> None:
    table = rows((16, SENT), (0, 0), (16, RECEIVED), (0, FAILED))
    table.show_only(lambda call: call != 2)
    assert [line for line in shown(table) if "head" in line] == ["0 head", "1 head", "3 head"]
    assert (table.entry(3), table.entry(2)) == (2, None)
    assert table.line(2) == table.line(3) == 3
    assert (table.step(1, 1), table.step(3, -1), table.step(2, 0)) == (3, 1, 3)


def test_a_line_beyond_the_last_belongs_to_nobody() -> None:
    with pytest.raises(IndexError):
        rows((0, 0)).locate(1)
    with pytest.raises(IndexError):
        rows((0, 0)).locate(-1)


def test_a_recv_recorded_before_its_send_stands_behind_it() -> None:
    table = rows((0, 0), (4, 2), (20, 1), (0, 0))
    table.reorder(displaced(0, 4, lambda entry: 1 if entry == 2 else entry))
    assert shown(table) == [
        "0 head",
        *("2 head", "2 bytes 0", "2 bytes 1"),
        *("1 head", "1 bytes 0"),
        "3 head",
    ]
    assert [table.line(call) for call in range(4)] == [0, 4, 1, 6]
    assert [table.step(0, count) for count in range(5)] == [0, 2, 1, 3, 3]
    assert table.step(1, -1) == 2


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_reordering_puts_each_before_what_waits_for_it_and_moves_nothing_else(waits: list[int]) -> None:
    before = {entry: max(entry - wait, 0) for entry, wait in enumerate(waits)}
    # Only a send moves, and only before a recv, which itself stays.
    before = {entry: ahead if before[ahead] == ahead else entry for entry, ahead in before.items()}
    runs = displaced(0, len(waits), before.__getitem__)
    order = list(range(len(waits)))
    for run in runs:
        assert sorted(run) == list(range(min(run), max(run) + 1))
        order[min(run) : max(run) + 1] = run
    place = {entry: at for at, entry in enumerate(order)}
    assert sorted(order) == list(range(len(waits)))
    assert all(place[entry] < place[ahead] for entry, ahead in before.items() if ahead != entry)
    stay = [entry for entry in order if before[entry] == entry]
    assert stay == sorted(stay)


CALLS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([0, 1, 16, 17, 48, 49, 5000]), st.integers(0, 4)),
        st.tuples(st.just(0), st.sampled_from([REPEATED, REPEATED | FAILED])),
    ),
    max_size=40,
)
LAYOUTS = [Layout(), Layout(8), Layout(16, True), HEADS, ALL, Layout(16, True, Density.ALL)]


@given(
    CALLS,
    st.sampled_from(LAYOUTS),
    st.lists(st.integers(0, 29), max_size=12),
    st.sets(st.integers(0, 29)),
    st.integers(1, 3),
    st.integers(0, 30),
)
def test_lines_and_calls_agree(
    calls: list[tuple[int, int]], layout: Layout, turns: list[int], notes: set[int], every: int, cut: int
) -> None:
    table = Rows(array("I", [length for length, _ in calls]), bytearray(mark for _, mark in calls), layout)
    table.show_only(None if every == 1 else lambda call: call % every == 0)
    table.note(dict.fromkeys(notes, 1))
    table.extend(min(cut, len(calls)))
    table.extend(len(calls))
    for call in turns:
        if call < len(calls):
            table.cycle_density(call)
    table.reorder(displaced(0, len(table), lambda entry: entry - 2 if entry % 4 == 2 else entry))
    line = 0
    order = [table.call(table._at(place)) for place in range(len(table))]
    assert sorted(order) == [call for call in range(len(calls)) if call % every == 0]
    order = [call for call in order if not table.is_hidden(call)]
    for call in order:
        assert table.line(call) == line
        assert [table.locate(line + within) for within in range(table.height(call))] == [
            (call, within) for within in range(table.height(call))
        ]
        parts = [table.part(call, within) for within in range(table.height(call))]
        assert len(set(parts)) == len(parts)
        line += table.height(call)
    assert table.lines == line
