"""Controls of one row that cost little: a button, a switch, a choice, a field, and a line that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.events import MouseDown
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.model.text.safe import cells, safe


class Row(Horizontal):
    """Controls beside each other, one row high, a cell between them."""

    DEFAULT_CSS = "Row { height: 1; width: 1fr; }"

    def __init__(self, *children: Widget, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(*children, id=id, classes=classes)
        self._has_first = bool(children)
        for child in children[1:]:
            _space(child)

    def compose_add_child(self, widget: Widget) -> None:
        if self._has_first:
            _space(widget)
        self._has_first = True
        super().compose_add_child(widget)


def _space(widget: Widget) -> None:
    # By hand, since :first-child in a stylesheet makes Textual style every widget once more at the start.
    widget.styles.margin = (0, 0, 0, 1)


class Pair(Container):
    """Two rows: one below the other, or beside each other where a pane is broad (class -broad)."""

    DEFAULT_CSS = "Pair { layout: vertical; height: auto; }"


class Caption(Static):
    """A muted word before a field."""

    DEFAULT_CSS = "Caption { width: auto; height: 1; color: $text-muted; }"


class Control(Widget, can_focus=True):
    """A word one can press: by click, enter or space."""

    DEFAULT_CSS = """
    Control { width: auto; height: 1; background: $foreground 8%; pointer: pointer; }
    Control:hover { background: $primary 40%; }
    Control:focus { background: $primary; color: $text; text-style: bold; }
    Control:disabled { color: $text-disabled; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", "Press", show=False)]

    def __init__(self, *, id: str, tooltip: str, classes: str = "") -> None:
        super().__init__(id=id, classes=classes)
        self.tooltip = tooltip

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        raise NotImplementedError

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self.cells()

    def cells(self) -> int:
        """Return how wide the control ever gets, so that a change of its value moves nothing."""
        raise NotImplementedError


class Press(Control):
    """A button; *labels* after the first are what it may be called later."""

    DEFAULT_CSS = """
    Press { background: $primary 30%; }
    Press.-good { background: $success 40%; }
    Press.-stop { background: $error 40%; }
    Press.-off { background: $foreground 5%; color: $text-disabled; }
    """
    label = var("")
    off = var("")
    """Why it cannot be pressed now; empty where it can."""

    @dataclass
    class Pressed(Message):
        press: Press

        @property
        def control(self) -> Press:
            return self.press

    @dataclass
    class Refused(Message):
        """It was pressed, and this is why nothing was done."""

        why: str

    def __init__(self, *labels: str, id: str, tooltip: str, classes: str = "", off: str = "") -> None:
        super().__init__(id=id, tooltip=tooltip, classes=f"{classes} -off" if off else classes)
        self._cells = max(map(len, labels)) + 2
        self.set_reactive(Press.label, labels[0])
        self.set_reactive(Press.off, off)

    def watch_label(self) -> None:
        self.refresh()

    def cells(self) -> int:
        return self._cells

    def render(self) -> Content:
        return Content(self.label.center(self._cells))

    def watch_off(self) -> None:
        self.set_class(bool(self.off), "-off")

    def action_press(self) -> None:
        self.post_message(self.Refused(self.off) if self.off else self.Pressed(self))


class Toggle(Control):
    """A switch: [x] label. Setting `on` says nothing; pressing it posts Changed."""

    DEFAULT_CSS = "Toggle { background: transparent; }"
    on = var(False)

    @dataclass
    class Changed(Message):
        toggle: Toggle
        on: bool

        @property
        def control(self) -> Toggle:
            return self.toggle

    def __init__(self, label: str, on: bool = False, *, id: str, tooltip: str, classes: str = "") -> None:
        super().__init__(id=id, tooltip=tooltip, classes=classes)
        self._label = label
        self.set_reactive(Toggle.on, on)

    def watch_on(self) -> None:
        self.refresh()

    def cells(self) -> int:
        return len(self._label) + 4

    def render(self) -> Content:
        mark = Content.styled("[x]", "bold $text-success") if self.on else Content("[ ]")
        return Content.assemble(mark, " ", self._label)

    def action_press(self) -> None:
        self.on = not self.on
        self.post_message(self.Changed(self, self.on))


class Choice(Control):
    """One of a few values: left and right step through them, enter or a click opens the list with their help.

    Setting `value` says nothing; a choice of the person posts Changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Previous", show=False),
        Binding("right", "step(1)", "Next", show=False),
    ]
    value = var("")

    @dataclass
    class Changed(Message):
        choice: Choice
        value: str

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(
        self,
        options: Mapping[str, str],
        value: str,
        *,
        id: str,
        tooltip: str,
        label: str = "",
        classes: str = "",
    ) -> None:
        super().__init__(id=id, tooltip=tooltip, classes=classes)
        self.options = options
        self._label = f"{label} " if label else ""
        self.set_reactive(Choice.value, value)

    def watch_value(self) -> None:
        self.refresh()

    def cells(self) -> int:
        return len(self._label) + self._widest + 2

    @property
    def _widest(self) -> int:
        return max(cells(safe(option)) for option in self.options)

    def render(self) -> Content:
        shown = safe(self.value)
        return Content.assemble((self._label, "$foreground 60%"), shown, " " * (self._widest - cells(shown)), " ▾")

    def action_step(self, by: int) -> None:
        names = list(self.options)
        self._choose(names[(names.index(self.value) + by) % len(names)])

    def action_press(self) -> None:
        from workbench.ui.parts.choice_list import ChoiceList

        self.app.push_screen(ChoiceList(self.options, self.value, self.region), self._choose)

    def _choose(self, value: str | None) -> None:
        if value is not None and value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))


class Field(Input):
    """An input of one row that draws nothing but safe text, and can be marked as wrong.

    The click that brings the focus selects all, as tab does: what one types then replaces it.
    """

    DEFAULT_CSS = """
    Field { width: 1fr; height: 1; padding: 0; border: none; background: $foreground 8%; }
    Field:focus { border: none; background-tint: $foreground 10%; }
    Field.-wrong { background: $error 25%; text-style: underline; }
    """

    def __init__(self, value: str, *, id: str, tooltip: str, placeholder: str = "", classes: str = "") -> None:
        super().__init__(value, id=id, placeholder=placeholder, tooltip=tooltip, classes=classes, validate_on=())
        self.cursor_blink = False  # at rest nothing is drawn

    _fresh = False

    def on_focus(self) -> None:
        self._fresh = True

    def on_key(self) -> None:
        self._fresh = False

    def on_mouse_down(self, event: MouseDown) -> None:
        if self._fresh:
            self._fresh = False
            event.prevent_default()
            self.select_all()

    @property
    def _value(self) -> Text:
        # Input draws this; a pasted escape sequence would otherwise reach the terminal.
        return Text(safe(self.value), no_wrap=True, overflow="ignore", end="")


class ErrorLine(Static):
    """One sentence below the row at fault; not there while nothing is wrong."""

    DEFAULT_CSS = "ErrorLine { height: auto; color: $text-error; display: none; }"

    def __init__(self, id: str = "error") -> None:
        super().__init__("", markup=False, id=id)
        self.sentence = ""

    def say(self, sentence: str) -> None:
        """Show the sentence, or nothing if it is empty."""
        if sentence != self.sentence:
            self.sentence = sentence
            self.update(Content(f"✗ {safe(sentence)}"))
            self.display = bool(sentence)
