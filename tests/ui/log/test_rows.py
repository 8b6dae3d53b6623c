from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.model.call.call import FAILED, RECEIVED, SENT
from workbench.ui.log.rows import CAP, Layout, LineKind, Rows, displaced

PLAIN = Layout()


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


def test_a_call_takes_its_head_its_annotation_and_its_bytes() -> None:
    table = rows((0, 0), (17, 1), (0, 4))
    assert shown(table) == [
        "0 head",
        *("1 head", "1 annotation", "1 bytes 0", "1 bytes 1"),
        *("2 head", "2 annotation"),
    ]
    assert [table.line(call) for call in range(3)] == [0, 1, 5]


def test_the_annotation_of_single_calls_may_take_more_lines() -> None:
    table = rows((0, 0), (5, 1), (0, 1))
    table.set_annotation_heights({1: 3})
    assert shown(table)[1:6] == ["1 head", *["1 annotation"] * 3, "1 bytes 0"]
    assert [table.part(1, line)[1] for line in (1, 2, 3)] == [0, 1, 2]
    assert table.line(2) == 6
    table.set_annotation_heights({})
    assert shown(table)[1:] == ["1 head", "1 annotation", "1 bytes 0", "2 head", "2 annotation"]


def test_an_annotation_beside_the_bytes_is_told_below_the_head_where_that_is_asked_for() -> None:
    table = rows((5, 1), (5, 1), layout=Layout(beside=True))
    table.set_annotation_heights({0: 1})
    assert shown(table) == ["0 head", "0 annotation", "0 bytes 0", "1 head", "1 bytes 0"]


def test_where_narrow_a_line_holds_eight_bytes() -> None:
    assert rows((17, 1), layout=Layout(per_line=8)).lines == 2 + 3


def test_beside_the_bytes_annotations_take_no_line() -> None:
    assert shown(rows((5, 1), (0, 0), layout=Layout(beside=True))) == ["0 head", "0 bytes 0", "1 head"]


def test_what_failed_or_moved_no_bytes_has_its_annotation_below_in_every_layout() -> None:
    failed, ended, half_sent = (0, FAILED), (0, RECEIVED), (3, SENT | FAILED)
    table = rows(failed, ended, half_sent, layout=Layout(beside=True))
    assert shown(table) == [
        *("0 head", "0 annotation", "1 head", "1 annotation"),
        *("2 head", "2 annotation", "2 bytes 0"),
    ]
    assert [table.annotated(call) for call in range(3)] == [True] * 3
    assert table.can_fold(0)


def test_a_long_call_is_cut_until_all_of_it_is_asked_for() -> None:
    table = rows((CAP * 16, 1), (CAP * 16 + 40, 1), (1, 1))
    assert table.height(0) == 2 + CAP
    assert (table.height(1), table.hidden(1)) == (2 + CAP + 1, 40)
    assert table.part(1, 2 + CAP) == (LineKind.MORE, 0)

    table.toggle_fold(1)
    assert (table.height(1), table.hidden(1)) == (2 + CAP + 3, 0)
    assert table.part(1, 2 + CAP + 2) == (LineKind.BYTES, CAP + 2)
    assert table.locate(table.line(2)) == (2, 0)

    table.toggle_fold(1)
    assert table.is_folded(1)
    table.toggle_fold(1)
    assert table.hidden(1) == 40


def test_one_call_folds_and_unfolds() -> None:
    table = rows((16, 1), (16, 2), (16, 1))
    table.toggle_fold(1)
    assert shown(table) == ["0 head", "0 annotation", "0 bytes 0", "1 head", "2 head", "2 annotation", "2 bytes 0"]
    table.toggle_fold(1)
    assert table.lines == 9


def test_a_call_of_one_line_does_not_fold() -> None:
    table = rows((0, 0), (16, 1))
    table.toggle_fold(0)
    assert not table.is_folded(0)
    assert table.lines == 4


def test_all_fold_and_one_of_them_opens() -> None:
    table = rows((16, 1), (16, 2), (0, 0))
    table.rebuild(Layout(folded=True))
    assert shown(table) == ["0 head", "1 head", "2 head"]
    table.toggle_fold(1)
    assert shown(table) == ["0 head", "1 head", "1 annotation", "1 bytes 0", "2 head"]


def test_a_fold_outlives_another_width_but_not_folding_all() -> None:
    table = rows((16, 1), (16, 2))
    table.toggle_fold(0)
    table.rebuild(Layout(per_line=8))
    assert table.is_folded(0)
    table.rebuild(Layout(per_line=8, folded=True))
    assert table.is_folded(0)
    table.rebuild(Layout(per_line=8))
    assert not table.is_folded(0)


def test_a_note_takes_a_line_under_the_annotation() -> None:
    table = rows((16, 1), (0, 0), (0, 0))
    table.note({0: 1, 2: 1, 9: 1})
    assert shown(table) == ["0 head", "0 annotation", "0 note", "0 bytes 0", "1 head", "2 head", "2 note"]
    table.note({})
    assert table.lines == 5


def test_a_note_known_before_its_call_counts_when_the_call_comes() -> None:
    table = Rows(array("I", [0, 0]), bytearray(2))
    table.note({1: 1})
    table.extend(2)
    assert shown(table) == ["0 head", "1 head", "1 note"]


def test_calls_can_be_left_out() -> None:
    table = rows((16, 1), (0, 0), (16, 2), (0, 4))
    table.keep = lambda call: call != 2
    table.rebuild()
    assert [line for line in shown(table) if "head" in line] == ["0 head", "1 head", "3 head"]
    assert (table.entry(3), table.entry(2)) == (2, None)
    assert table.line(2) == table.line(3) == 4
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
        *("2 head", "2 annotation", "2 bytes 0", "2 bytes 1"),
        *("1 head", "1 annotation", "1 bytes 0"),
        "3 head",
    ]
    assert [table.line(call) for call in range(4)] == [0, 5, 1, 8]
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


CALLS = st.lists(st.tuples(st.sampled_from([0, 1, 16, 17, 1024, 1025, 5000]), st.integers(0, 4)), max_size=30)


@given(
    CALLS,
    st.sampled_from([Layout(), Layout(8), Layout(16, True), Layout(16, False, True)]),
    st.lists(st.integers(0, 29), max_size=12),
    st.sets(st.integers(0, 29)),
    st.integers(1, 3),
    st.integers(0, 30),
)
def test_lines_and_calls_agree(
    calls: list[tuple[int, int]], layout: Layout, turns: list[int], notes: set[int], every: int, cut: int
) -> None:
    table = Rows(array("I", [length for length, _ in calls]), bytearray(mark for _, mark in calls), layout)
    table.keep = None if every == 1 else lambda call: call % every == 0
    table.rebuild()
    table.note(dict.fromkeys(notes, 1))
    table.extend(min(cut, len(calls)))
    table.extend(len(calls))
    for call in turns:
        if call < len(calls):
            table.toggle_fold(call)
    table.reorder(displaced(0, len(table), lambda entry: entry - 2 if entry % 4 == 2 else entry))
    line = 0
    order = [table.step(table.step(0, -len(table)), place) for place in range(len(table))]
    assert sorted(order) == [call for call in range(len(calls)) if call % every == 0]
    for call in order:
        assert table.line(call) == line
        assert [table.locate(line + within) for within in range(table.height(call))] == [
            (call, within) for within in range(table.height(call))
        ]
        parts = [table.part(call, within) for within in range(table.height(call))]
        assert len(set(parts)) == len(parts)
        line += table.height(call)
    assert table.lines == line
