"""A slider of one row over 1 … 1 MiB, where each power of two takes the same way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import MouseDown, MouseMove, MouseUp
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

OCTAVES = 20
LARGEST = 2**OCTAVES


def place_of(value: int, cells: int) -> int:
    """Return the cell, of a track of *cells* cells, where the knob stands for a value."""
    clamped = min(max(value, 1), LARGEST)
    return round(math.log2(clamped) / OCTAVES * (max(cells, 2) - 1))


def value_at(place: int, cells: int) -> int:
    """Return the power of two that a cell stands for."""
    last = max(cells, 2) - 1
    return int(2 ** round(OCTAVES * min(max(place, 0), last) / last))


class Slider(Widget, can_focus=True):
    """Setting `value` says nothing; a change by the person posts Changed. At most 21 cells: one a power of two."""

    DEFAULT_CSS = """
    Slider { width: 1fr; max-width: 21; min-width: 5; height: 1; pointer: pointer; }
    Slider:focus { background: $primary 40%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Half", show=False),
        Binding("right", "step(1)", "Double", show=False),
        Binding("home", "jump(1)", "1 byte", show=False),
        Binding("end", f"jump({LARGEST})", "1 MiB", show=False),
    ]
    value = var(1024)

    @dataclass
    class Changed(Message):
        slider: Slider
        value: int

    def __init__(self, value: int = 1024, *, id: str, tooltip: str) -> None:
        super().__init__(id=id)
        self.tooltip = tooltip
        self.set_reactive(Slider.value, value)

    def watch_value(self) -> None:
        self.refresh()

    def render(self) -> Content:
        cells = max(2, self.content_size.width)
        knob = place_of(self.value, cells)
        return Content.assemble(
            ("━" * knob, "$accent"), ("●", "bold $accent"), ("─" * (cells - 1 - knob), "$text-muted")
        )

    def action_step(self, by: int) -> None:
        octaves = math.log2(max(self.value, 1))
        octave = math.floor(octaves) + 1 if by > 0 else math.ceil(octaves) - 1
        self._choose(2 ** min(max(octave, 0), OCTAVES))

    def action_jump(self, value: int) -> None:
        self._choose(value)

    def on_mouse_down(self, event: MouseDown) -> None:
        self.capture_mouse()
        self._choose(value_at(event.x, self.content_size.width))

    def on_mouse_move(self, event: MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._choose(value_at(event.x, self.content_size.width))

    def on_mouse_up(self, _event: MouseUp) -> None:
        self.release_mouse()

    def _choose(self, value: int) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))
