"""A question with a few answers, each on a key and a button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.model.text.safe import safe
from workbench.ui.parts.controls import Press, Row
from workbench.ui.parts.dialog import Dialog


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be answered: *name* for the program; *keys* as a Binding has them, the first of them shown."""

    name: str
    label: str
    keys: str
    help: str
    classes: str = ""

    @property
    def key(self) -> str:
        """The key that the button shows."""
        return self.keys.partition(",")[0]


class Ask(Dialog[str]):
    """Gives the name of the answer; escape, which has to be on the keys of one of them, is the harmless one."""

    DEFAULT_CSS = """
    Ask { align: center middle; }
    Ask > Vertical {
        width: 64; max-width: 100%; height: auto; max-height: 100%;
        border: round $accent; padding: 1 2; background: $surface;
    }
    Ask Row { margin-top: 1; }
    """

    def __init__(self, question: str, answers: Sequence[Answer], *, first: str) -> None:
        """*first*: the answer that has the focus."""
        super().__init__()
        self._question, self._answers, self._first = question, answers, first
        for answer in answers:
            self._bindings.bind(answer.keys, f"answer('{answer.name}')", answer.label)
        for key, other in (("right", "next"), ("left", "previous")):
            self._bindings.bind(key, f"app.focus_{other}", show=False)

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_subtitle = " · ".join(f"{answer.key} {answer.label.lower()}" for answer in self._answers)
            yield Static(Content(safe(self._question, newline="\n")))
            yield Row(
                *(
                    Press(each.label, id=each.name, classes=each.classes, tooltip=f"{each.help} ({each.key})")
                    for each in self._answers
                )
            )

    def on_mount(self) -> None:
        self.query_one(f"#{self._first}").focus()

    def action_answer(self, name: str) -> None:
        self.dismiss(name)

    def on_press_pressed(self, event: Press.Pressed) -> None:
        event.stop()
        self.dismiss(str(event.press.id))
