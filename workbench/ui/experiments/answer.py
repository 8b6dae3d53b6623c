"""What came of an experiment: right or wrong and why, fields to change it, and its runs side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from workbench.experiments.catalog import Experiment, Verdict
from workbench.experiments.parameters import BadValue, Parameter, Value
from workbench.experiments.runner import Result
from workbench.model.text.fit import cut
from workbench.model.text.safe import cells, safe
from workbench.ui.parts.controls import Caption, Choice, ErrorLine, Field, Press, Row

_PIECES = 12  # recvs of a run that the table tells one by one
_VALUE = 16  # cells
_LINES = 8  # that a script has printed
_LONGEST_LINE = 200
_SPARE = 2  # cells of a field beyond the longest value worth trying


@dataclass(frozen=True, slots=True)
class Tried:
    """A run as the table has it."""

    values: Mapping[str, Value]
    sizes: Sequence[int]
    result: Result


class Answer(VerticalScroll, can_focus=False):
    """Tells the answer; asks with RunWanted for a run with other values."""

    DEFAULT_CSS = """
    Answer { height: auto; max-height: 18; padding: 0 1; display: none; }
    Answer Static { height: auto; }
    Answer #printed { margin-top: 1; display: none; }
    Answer #runs { color: $foreground 85%; margin-top: 1; }
    Answer Row { margin-top: 1; }
    Answer ErrorLine { margin: 0; }
    """

    @dataclass
    class RunWanted(Message):
        """The script is to run again with these *values*, by itself or *step* by step."""

        values: dict[str, Value]
        step: bool = False

    def __init__(self, experiment: Experiment) -> None:
        super().__init__(id="answer")
        self._experiment = experiment
        self._runs: list[Tried] = []

    def compose(self) -> ComposeResult:
        yield Static(id="outcome")
        yield Static(id="printed")
        with Row(id="change"):
            for parameter in self._experiment.parameters:
                yield from _field(parameter)
            yield Press("Run again ^r", id="run", tooltip="Run the script with these values")
        yield ErrorLine()
        yield Static(id="runs")

    def tell(self, predicted: int, result: Result, line: int | None) -> None:
        """Show the answer; *line*: the number of the call in the log that proves it."""
        self.query_one("#outcome", Static).update(_answer_text(self._experiment, predicted, result, line))
        self.display = True

    def add_run(self, values: Mapping[str, Value], sizes: Sequence[int], result: Result) -> None:
        """Show what a run has printed, and put it into the table.

        What was told of the first one stays in view, of later ones their row.
        """
        given = {parameter.name: values.get(parameter.name, parameter.default) for parameter in self._parameters}
        self._runs.append(Tried(given, sizes, result))
        printed = self.query_one("#printed", Static)
        printed.update(_printed(result.printed, len(self._runs)))
        printed.display = bool(result.printed.strip())
        self.query_one("#runs", Static).update(Content("\n".join(_table(self._runs))))
        self.call_after_refresh(self.scroll_end if len(self._runs) > 1 else self.scroll_home, animate=False)

    @property
    def _parameters(self) -> tuple[Parameter, ...]:
        return self._experiment.parameters

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.run_again()

    def run_again(self, step: bool = False) -> None:
        """Ask for a run with what stands in the fields, unless something there is wrong."""
        values: dict[str, Value] = {}
        problem = ""
        for parameter in self._parameters:
            control = self.query_one(f"#p-{parameter.name}")
            text = control.value if isinstance(control, Choice | Field) else ""
            try:
                values[parameter.name] = parameter.read(text)
                control.remove_class("-wrong")
            except BadValue as bad:
                problem = problem or str(bad)
                control.add_class("-wrong")
        self.query_one(ErrorLine).say(problem)
        if not problem:
            self.post_message(self.RunWanted(values, step))

    @on(Press.Pressed, "#run")
    def _pressed(self, event: Press.Pressed) -> None:
        event.stop()
        self.run_again()


def _field(parameter: Parameter) -> ComposeResult:
    """Yield a field for numbers, of which any may be tried, and a choice for what is no number."""
    tried = [str(value) for value in dict.fromkeys((parameter.default, *parameter.choices))]
    id, tooltip = f"p-{parameter.name}", Content(f"Try {', '.join(map(safe, tried))}").markup
    yield Caption(Content(parameter.name))
    if isinstance(parameter.default, bool | str):
        yield Choice(dict.fromkeys(tried, ""), str(parameter.default), id=id, tooltip=tooltip)
    else:
        field = Field(str(parameter.default), id=id, tooltip=tooltip)
        field.styles.width = max(map(cells, tried)) + _SPARE
        yield field
        if others := tried[1:]:
            yield Caption(Content(f"({', '.join(others)})"))


def _answer_text(experiment: Experiment, predicted: int, result: Result, line: int | None) -> Content:
    if result.cancelled:
        return Content(f"You stopped the script before it could show the answer: {safe(experiment.right)}.")
    match result.verdict:
        case Verdict.NOT_AVAILABLE:
            return Content(f"This cannot run here: {safe(result.reason)}. The answer: {safe(experiment.right)}.")
        case Verdict.FAILS:
            where = "step by step, where time passes between the calls" if result.stepped else "here"
            return Content.assemble(
                (f"The claim does not hold {where}: ", "bold $text-error"),
                f"{safe(result.reason)}.\nIt should have been: {safe(experiment.right)}.",
            )
    shown = f" #{line} in the log shows it." if line is not None else ""
    if predicted == experiment.answer:
        said = Content.assemble(("✓ Right: ", "bold $text-success"), (safe(experiment.right), "bold"))
    else:
        choice = safe(experiment.choices[predicted - 1])
        said = Content.assemble(
            ("✗ You said: ", "bold $text-error"), choice, "\n  It is: ", (safe(experiment.right), "bold")
        )
    return Content.assemble(said, f"\n{safe(experiment.explanation)}{shown}")


def _printed(text: str, run: int) -> Content:
    """Return what the script of a run has printed, of many lines the last ones."""
    lines = [cut(safe(line), _LONGEST_LINE) for line in text.splitlines() if line.strip()]
    left = len(lines) - _LINES
    head = f"Run {run} printed" + (f" {len(lines)} lines, of which the last {_LINES}:" if left > 0 else ":")
    return Content("\n".join([head, *(f"  {line}" for line in lines[-_LINES:])]))


def _table(runs: Sequence[Tried]) -> Iterable[str]:
    """Yield the lines of the table."""
    names = list(runs[0].values)
    rows = [["run", *names, "bytes of each recv"]]
    for number, run in enumerate(runs, 1):
        values = [_short(str(run.values[name])) for name in names]
        rows.append([str(number), *values, sizes_text(run.sizes) + _outcome(run.result)])
    widths = [max(cells(row[column]) for row in rows) for column in range(len(names) + 1)]
    for row in rows:
        padded = [text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=False)]
        yield "  ".join([*padded, row[-1]])


def sizes_text(sizes: Sequence[int]) -> str:
    """Write how many bytes each recv gave, equal ones together: "4 100 5", "4096 ×12 848"."""
    groups = [(size, len(list(same))) for size, same in groupby(sizes)]
    texts = [f"{size} ×{count}" if count > 2 else " ".join([str(size)] * count) for size, count in groups]
    more = f" … {len(sizes)} recvs" if len(texts) > _PIECES else ""
    return " ".join(texts[:_PIECES]) + more or "none"


def _outcome(result: Result) -> str:
    return "" if result.verdict is Verdict.HOLDS else f"  {safe(result.reason)}"


def _short(text: str) -> str:
    shown = safe(text)
    return shown if cells(shown) <= _VALUE else shown[: _VALUE // 2 - 1] + "…"
