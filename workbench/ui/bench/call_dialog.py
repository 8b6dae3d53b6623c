"""The dialog "Call…": any method of a socket, with arguments as one writes them in Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from workbench.model.call.arguments import EXAMPLES, METHODS, ArgumentsError, parse_arguments
from workbench.model.text.safe import safe
from workbench.ui.parts.controls import Caption, ErrorLine, Field, Press, Row
from workbench.ui.parts.dialog import Dialog


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A method of METHODS and its arguments."""

    method: str
    args: tuple[object, ...]


class CallDialog(Dialog[CallRequest | None]):
    """Gives the call to make at the endpoint *name*, or None. What was typed for a method is kept while it is open."""

    DEFAULT_CSS = """
    CallDialog { align: center middle; }
    CallDialog > Horizontal {
        width: 76; max-width: 100%; height: 18; max-height: 100%;
        border: round $accent; padding: 0 1; background: $surface;
    }
    CallDialog OptionList { width: 15; height: 1fr; scrollbar-size-vertical: 1; border: none; padding: 0; }
    CallDialog Vertical { width: 1fr; padding-left: 2; }
    CallDialog #help { height: auto; min-height: 3; max-height: 6; }
    CallDialog #preview { height: 1fr; margin: 1 0; color: $text-accent; }
    CallDialog ErrorLine { max-height: 4; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", tooltip="Make no call")]

    def __init__(self, name: str, method: str = "getsockname") -> None:
        super().__init__()
        self._name_of_endpoint = safe(name)
        self._method = method
        self._typed = dict(EXAMPLES)

    def compose(self) -> ComposeResult:
        with Horizontal() as box:
            box.border_title = Content(f"Call a method of {self._name_of_endpoint}")
            methods = OptionList(*(Option(name, id=name) for name in METHODS), id="methods", compact=True)
            methods.tooltip = "The methods of a socket; enter takes one"
            methods.highlighted = list(METHODS).index(self._method)
            yield methods
            with Vertical():
                yield Static(id="help", markup=False)
                help = (
                    "Values as in Python: numbers, b'bytes', tuples, and constants such as SO_REUSEADDR. Enter calls."
                )
                with Row():
                    yield Caption("arguments")
                    yield Field("", id="arguments", tooltip=help, placeholder="none")
                yield ErrorLine()
                yield Static(id="preview", markup=False)
                with Row():
                    yield Press("Call", id="do-call", classes="-good", tooltip="Make this call; it is seen in the log")
                    yield Press("Cancel", id="cancel", tooltip="Make no call (escape)")

    def on_mount(self) -> None:
        self.query_one("#methods").focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show another method, with what was last typed for it."""
        self._method = str(event.option.id)
        self.query_one("#help", Static).update(METHODS[self._method])
        field = self.query_one("#arguments", Field)
        field.value = self._typed.get(self._method, "")
        self._check()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if self._method in EXAMPLES:
            self.query_one("#arguments").focus()
        else:
            self._call()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != EXAMPLES.get(self._method, ""):
            self._typed[self._method] = event.value
        self._check()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        self._call()

    def on_press_pressed(self, event: Press.Pressed) -> None:
        if event.press.id == "do-call":
            self._call()
        else:
            self.dismiss(None)

    def _check(self) -> tuple[object, ...] | None:
        """Read the arguments; None, and a sentence below the field, if they can't be."""
        field, line = self.query_one("#arguments", Field), self.query_one(ErrorLine)
        preview = self.query_one("#preview", Static)
        try:
            args = parse_arguments(field.value)
        except ArgumentsError as error:
            field.add_class("-wrong")
            line.say(str(error))
            preview.update("")
            return None
        field.remove_class("-wrong")
        line.say("")
        preview.update(f"{self._method}({safe(field.value.strip())})")
        return args

    def _call(self) -> None:
        args = self._check()
        if args is None:
            self.query_one("#arguments").focus()
        else:
            self.dismiss(CallRequest(self._method, args))
