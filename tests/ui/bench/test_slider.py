from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from workbench.ui.bench.slider import LARGEST, Slider, place_of, value_at

CELLS = st.integers(2, 21)


@given(CELLS, st.data())
def test_the_knob_stands_in_the_cell_that_was_clicked(cells: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, cells - 1))
    assert place_of(value_at(place, cells), cells) == place


@given(CELLS)
def test_the_ends_are_one_byte_and_one_mebibyte(cells: int) -> None:
    assert (value_at(0, cells), value_at(cells - 1, cells)) == (1, LARGEST)
    assert (value_at(-5, cells), value_at(cells + 5, cells)) == (1, LARGEST)


@given(CELLS, st.integers(0, 2**31), st.integers(0, 2**31))
def test_a_larger_value_never_stands_further_left(cells: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0 <= place_of(low, cells) <= place_of(high, cells) < cells


class Around(App[None]):
    def __init__(self, value: int) -> None:
        super().__init__()
        self.slider = Slider(value, id="slider", tooltip="n")
        self.said: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.slider

    def on_slider_changed(self, event: Slider.Changed) -> None:
        self.said.append(event.value)


@pytest.mark.parametrize(
    ("value", "keys", "said"),
    [
        (1024, ["right", "right", "left"], [2048, 4096, 2048]),
        (1000, ["left"], [512]),
        (1000, ["right"], [1024]),
        (1, ["left", "right"], [2]),
        (LARGEST, ["right", "home", "end"], [1, LARGEST]),
        (0, ["right"], [2]),
    ],
)
async def test_keys_go_from_one_power_of_two_to_the_next(value: int, keys: list[str], said: list[int]) -> None:
    app = Around(value)
    async with app.run_test(size=(40, 3)) as pilot:
        app.slider.focus()
        await pilot.press(*keys)
        assert app.said == said


async def test_the_mouse_sets_and_drags_the_knob() -> None:
    app = Around(1024)
    async with app.run_test(size=(40, 3)) as pilot:
        assert app.slider.size.width == 21
        await pilot.mouse_down("#slider", offset=(3, 0))
        await pilot.hover("#slider", offset=(5, 0))
        await pilot.mouse_up("#slider", offset=(5, 0))
        await pilot.hover("#slider", offset=(9, 0))
        assert app.said == [8, 32]


async def test_a_value_that_is_set_says_nothing() -> None:
    app = Around(1024)
    async with app.run_test(size=(40, 3)) as pilot:
        app.slider.value = 1
        await pilot.pause()
        assert app.said == []
        assert str(app.slider.render()).startswith("●")
