from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.ui.kernel.history import Bucket, Sample, SampleHistory, Sizes, peaks


def test_a_history_keeps_the_last_samples_and_what_came_since_the_one_before() -> None:
    history = SampleHistory(capacity=3)
    for second, total in enumerate([100, 100, 116, 120]):
        history.add(float(second), 5, None, total)
    assert list(history.samples) == [Sample(1.0, 5, None, 0), Sample(2.0, 5, None, 16), Sample(3.0, 5, None, 4)]


def test_another_endpoint_begins_anew() -> None:
    history = SampleHistory()
    history.add(1.0, 0, 0, 5000)
    history.clear()
    history.add(2.0, 0, 0, 70)
    assert [sample.received for sample in history.samples] == [0]


def test_no_peak_is_lost_when_samples_share_a_column() -> None:
    assert peaks([0, 9, 0, 0, 1, None], 3) == [9, 0, 1]
    assert peaks([None, None, 4, 5], 2) == [None, 5]
    assert peaks([1, 2], 5) == [1, 2]
    assert peaks([1, 2], 0) == []


@given(st.lists(st.none() | st.integers(0, 9)), st.integers(1, 40))
def test_the_largest_value_is_among_the_peaks(values: list[int | None], columns: int) -> None:
    found = peaks(values, columns)
    assert len(found) == min(len(values), columns)
    known = [value for value in values if value is not None]
    assert max((value for value in found if value is not None), default=None) == max(known, default=None)


def test_recvs_are_counted_by_powers_of_two() -> None:
    sizes = Sizes()
    for length in (1, 3, 3, 2, 16, 31, 0):
        sizes.add(length)
    assert sizes.buckets() == (
        Bucket(0, 0, 1), Bucket(1, 1, 1), Bucket(2, 3, 3), Bucket(4, 7, 0), Bucket(8, 15, 0), Bucket(16, 31, 2),
    )  # fmt: skip
    assert (sizes.recvs, sizes.bytes, sizes.largest) == (7, 56, 31)
    assert Sizes().buckets() == ()


@given(st.lists(st.integers(0, 2**21)))
def test_every_recv_is_in_the_bucket_of_its_size(lengths: list[int]) -> None:
    sizes = Sizes()
    for length in lengths:
        sizes.add(length)
    for low, high, count in sizes.buckets():
        assert count == sum(low <= length <= high for length in lengths)
    assert sum(bucket.recvs for bucket in sizes.buckets()) == len(lengths)
