"""The question of an experiment, and its choices: one predicts by key or click."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.experiments.catalog import Experiment
from workbench.model.text.safe import safe
from workbench.ui.parts.controls import Toggle


class Question(Vertical):
    """Asks what will happen; posts Predicted once."""

    DEFAULT_CSS = """
    Question { height: auto; }
    Question Static { height: auto; padding: 0 1; }
    Question OptionList { height: auto; max-height: 9; border: none; padding: 0; background: transparent; }
    Question Toggle { margin: 0 1; }
    Question.-predicted Toggle { display: none; }
    Question.-short #asked, Question.-short OptionList { display: none; }
    """

    class Predicted(Message):
        """The person predicts choice *number*, counted from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(id="question")
        self._experiment = experiment
        self.predicted: int | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content(safe(self._experiment.question)), id="asked")
        yield OptionList(*self._options(), id="choices", compact=True)
        yield Toggle("step by step f8", id="step", tooltip="Let each call of the script wait until space lets it go")

    def _options(self, predicted: int | None = None) -> list[Option]:
        return [
            Option(
                Content.assemble(self._sign(number, predicted), (f" {number} ", "bold"), safe(choice)),
                id=f"choice-{number}",
                disabled=predicted is not None,
            )
            for number, choice in enumerate(self._experiment.choices, 1)
        ]

    def _sign(self, number: int, predicted: int | None) -> tuple[str, str]:
        if predicted is None or number not in (predicted, self._experiment.answer):
            return " ", ""
        return ("✓", "bold $text-success") if number == self._experiment.answer else ("✗", "bold $text-error")

    def focus_choices(self) -> None:
        """Let the keys go to the choices."""
        self.query_one(OptionList).focus()

    @property
    def step(self) -> bool:
        """Whether the script is to run step by step."""
        return self.query_one(Toggle).on

    def turn_step(self) -> None:
        """Let the script run step by step, or by itself again."""
        self.query_one(Toggle).on ^= True

    @on(Toggle.Changed)
    def _turned(self, event: Toggle.Changed) -> None:
        event.stop()

    def predict(self, number: int) -> None:
        """Take the prediction, unless there was one, or there is no such choice."""
        if self.predicted is None and 1 <= number <= len(self._experiment.choices):
            self.predicted = number
            self.query_one(OptionList).highlighted = number - 1
            self.add_class("-predicted")
            self.post_message(self.Predicted(number))

    def reveal(self) -> None:
        """Mark the right choice, and the predicted one if it is wrong."""
        choices = self.query_one(OptionList)
        choices.clear_options()
        choices.add_options(self._options(self.predicted))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.predict(event.option_index + 1)
