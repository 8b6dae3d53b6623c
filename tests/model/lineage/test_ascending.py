from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from workbench.model.lineage.ascending import Ascending

STEPS = st.lists(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 2**34]) | st.integers(0, 2**33), min_size=1)


@given(STEPS)
def test_it_is_a_list_of_numbers_that_never_fall(steps: list[int]) -> None:
    numbers = list(accumulate(steps))
    kept = Ascending(numbers)
    assert [kept[index] for index in range(len(kept))] == numbers
    assert kept[-1] == numbers[-1]


@given(STEPS, st.integers(0, 2**36))
def test_bisect_finds_in_it(steps: list[int], number: int) -> None:
    numbers = list(accumulate(steps))
    kept = Ascending(numbers)
    assert bisect_left(kept, number) == bisect_left(numbers, number)
    assert bisect_right(kept, numbers[0]) == bisect_right(numbers, numbers[0])
