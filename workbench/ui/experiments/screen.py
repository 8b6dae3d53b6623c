"""One experiment: predict, see the script run with its log, and see why."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from workbench.experiments.catalog import BadExperiment, Experiment, Verdict
from workbench.experiments.parameters import Value
from workbench.experiments.progress import Progress
from workbench.experiments.runner import ExperimentRun
from workbench.model.text.fit import counted
from workbench.model.text.safe import safe
from workbench.probe.recorder import Recorder
from workbench.ui.experiments.answer import Answer
from workbench.ui.experiments.question import Question
from workbench.ui.experiments.source_view import SourceView
from workbench.ui.experiments.step_view import StepView
from workbench.ui.log.frame import LogFrame
from workbench.ui.log.view import LogView
from workbench.ui.parts.titles import entitle, subtitle
from workbench.ui.session.bridge import Bridge
from workbench.ui.session.screen import SessionScreen

_BLOCK_ENDS = "# ///"


def _predict(number: int) -> Binding:
    return Binding(
        str(number), f"predict({number})", f"{number}", id=f"experiment.predict.{number}", show=False,
        tooltip=f"Predict choice {number}",
    )  # fmt: skip


ABOUT = """\
A question about sockets. Predict what happens, with a number key, and the script at the left runs: its log stands \
beside it, and the line that proves the answer is marked. Then change the values and run it again, or go through it \
call by call.\
"""


class ExperimentScreen(SessionScreen):
    """Asks the question of an experiment and runs its script under trace, each run a session of its own."""

    CSS = """
    ExperimentScreen #question-frame { height: auto; max-height: 50%; }
    ExperimentScreen #left { width: 46; }
    ExperimentScreen.-wide #left { width: 80; }
    ExperimentScreen #source-frame { height: 1fr; }
    ExperimentScreen #answer-frame { height: auto; max-height: 70%; display: none; }
    ExperimentScreen.-answered #answer-frame, ExperimentScreen.-answered Answer { display: block; }
    ExperimentScreen.-asking #left { width: 74; }
    ExperimentScreen.-narrow.-stepping #question { display: none; }
    ExperimentScreen.-narrow.-stepping #question-frame { height: 1; }
    ExperimentScreen.-narrow #left { width: 100%; height: 8; }
    ExperimentScreen.-narrow.-asking #left { height: 1fr; }
    ExperimentScreen.-narrow.-asking #right { display: none; }
    ExperimentScreen.-narrow.-answered #left { display: none; }
    ExperimentScreen.-narrow.-answered.-source #left { display: block; height: 12; }
    ExperimentScreen.-narrow.-answered.-source #answer-frame { display: none; }
    ExperimentScreen.-narrow.-answered Answer { max-height: 11; }
    ExperimentScreen.-narrow.-answered #question { display: none; }
    ExperimentScreen.-narrow.-answered #question-frame { height: 1; }
    """
    ABOUT: ClassVar[str] = ABOUT
    """What the help says of this screen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(_predict(number) for number in range(1, 10)),
        Binding("ctrl+r", "run_again", "Run again", id="experiment.run_again", priority=True,
                tooltip="Run the script again with the values in the fields"),
        Binding("f8", "step_by_step", "Step by step", id="experiment.step_by_step", priority=True,
                tooltip="Run the script step by step: before each call it waits for you"),
        Binding("space", "step", "This call", id="experiment.step", tooltip="Step by step: let the call go that waits"),
        Binding("f5", "run_on", "Run on", id="experiment.run_on", priority=True,
                tooltip="Step by step: let all calls go"),
        Binding("s", "source", "Source", id="experiment.source",
                tooltip="Show the script or the answer, where the screen is too narrow for both"),
        Binding("escape", "leave", "Back", id="experiment.leave", tooltip="Stop the script, or go back to the list"),
    ]  # fmt: skip

    def __init__(self, experiment: Experiment, progress: Progress, *, zone: tzinfo | None = None) -> None:
        """Ask the question of *experiment*; *progress*: where the prediction is kept."""
        self.experiment = experiment
        self.run: ExperimentRun | None = None
        """The latest run."""
        self._progress = progress
        self._folder = TemporaryDirectory(prefix="experiment-")
        self._runs = 0
        self._result_shown = True
        self._settled = False
        """Whether a run has shown the answer, or that the claim does not hold here: later runs are for comparison."""
        self._recorder = self._new_session()
        super().__init__(Bridge(Path(self._recorder.path), None, keep=True), zone=zone, classes="-asking")

    def _new_session(self) -> Recorder:
        self._runs += 1
        return Recorder(str(Path(self._folder.name, f"{self.experiment.name}-{self._runs}.swb")))

    def first_keys(self) -> tuple[str, ...]:
        return ("step", "run_again", "step_by_step", "run_on", "source", "ask_why", "cycle_density", "leave")

    def above(self) -> Iterable[Widget]:
        frame = Vertical(Question(self.experiment), id="question-frame", classes="frame")
        keys = ", ".join(map(str, range(1, len(self.experiment.choices))))
        entitle(frame, f"{safe(self.experiment.title)} · predict: key {keys} or {len(self.experiment.choices)}")
        subtitle(frame, safe(self.experiment.topic))
        yield frame

    def beside(self) -> Iterable[Widget]:
        source = self.experiment.source
        lines = source.split("\n")
        first = next((number for number, line in enumerate(lines, 1) if line.rstrip() == _BLOCK_ENDS), 0) + 1
        frame = Vertical(SourceView(source, first, id="source"), id="source-frame", classes="frame")
        entitle(frame, safe(self.experiment.path.name))
        yield Vertical(frame, id="left")

    def below(self) -> Iterable[Widget]:
        frame = Vertical(Answer(self.experiment), id="answer-frame", classes="frame")
        frame.border_title = "answer · esc: back to the list"
        yield StepView()
        yield frame

    def begin(self) -> None:
        self.query_one(Question).focus_choices()

    def title_of_log(self) -> str:
        run, count = self.run, len(self._bridge.journal)
        if run is None:
            return "log · empty until you predict"
        doing = "" if run.result else f" · running for {run.seconds:.1f} s, escape stops it"
        if self.has_class("-stepping"):
            doing = " · space: this call, f5: run on, esc: stop"
        return f"log of run {self._runs} · {counted(count, 'call')}{doing}"

    # --- running ----------------------------------------------------------------------------------------------------

    def action_predict(self, number: int) -> None:
        self.query_one(Question).predict(number)

    @on(Question.Predicted)
    def _first_run(self) -> None:
        self._start({}, self.query_one(Question).step)

    @on(Answer.RunWanted)
    def _next_run(self, event: Answer.RunWanted) -> None:
        if self.run is not None and self.run.result is None:
            self.notify("The script still runs: escape stops it.", timeout=3)
            return
        self._end_run()
        self._recorder = self._new_session()
        self._bridge.close()
        self._bridge = Bridge(Path(self._recorder.path), None, keep=True)
        self.query_one(LogView).show_journal(self._bridge.journal)
        self._start(event.values, event.step)

    def _start(self, values: dict[str, Value], step: bool) -> None:
        try:
            self.run = ExperimentRun(self.experiment, self._recorder, values, step=step)
        except (BadExperiment, OSError) as problem:
            self.notify(f"The script cannot run: {safe(str(problem))}", severity="error", markup=False)
            return
        self._result_shown = False
        self.query_one(LogFrame).ladder_shown = False  # while it runs, the log
        self.remove_class("-asking")
        entitle(self.query_one("#question-frame"), safe(self.experiment.title))
        self.query_one(SourceView).show(self.experiment.script(values))
        self.set_class(step, "-stepping")
        self.refresh_bindings()
        if self._runs == 1 or step:  # later the focus stays in the fields, for the next change
            self.query_one(LogView).focus()

    def draw(self) -> None:
        """Follow the run: the running line while it lasts, the answer when it has ended."""
        run = self.run
        if run is None or self._result_shown:
            return
        result = run.poll()
        self.query_one(StepView).show(run.stepping, run.journal)
        if result is None:
            self.query_one(SourceView).mark(run.running_lines)
        elif len(self._bridge.journal) >= len(run.journal):
            self._result_shown = True
            self._tell(run)

    def _tell(self, run: ExperimentRun) -> None:
        question, answer, log = self.query_one(Question), self.query_one(Answer), self.query_one(LogView)
        assert run.result is not None
        if not self._settled and run.is_as_asked:
            predicted = question.predicted or 0
            answer.tell(predicted, run.result, run.proof + 1 if run.proof is not None else None)
            question.reveal()
            self._settled = not run.result.cancelled and not (
                run.result.stepped and run.result.verdict is Verdict.FAILS
            )
            if self._settled:
                self._keep(predicted, run)
        answer.add_run(run.values, run.recv_sizes(), run.result)
        self.remove_class("-stepping").add_class("-answered")
        if self.has_class("-narrow"):
            self.query_one("#answer-frame").border_title = "answer · s: the script · esc: the list"
        self.refresh_bindings()
        shown = run.proof if run.proof is not None else len(run.journal) - 1
        self.query_one(SourceView).mark(run.lines_of(shown) if shown >= 0 else ())
        self.call_after_refresh(self.call_after_refresh, log.show_index, shown)  # once the answer has taken its room
        if self.experiment.ladder:
            self.call_after_refresh(self.call_after_refresh, self.query_one(LogFrame).show_ladder)

    def _keep(self, predicted: int, run: ExperimentRun) -> None:
        assert run.result is not None
        try:
            self._progress.keep(self.experiment, predicted, run.result.verdict)
        except OSError as problem:
            self.notify(f"The prediction was not kept: {problem.strerror}", severity="warning", markup=False)

    @on(LogView.Selected)
    def _show_line(self, event: LogView.Selected) -> None:
        """Mark the line of the script that made the selected call."""
        if self.run is not None and self.run.result is not None and event.index < len(self.run.journal):
            self.query_one(SourceView).mark(self.run.lines_of(event.index))

    def action_run_again(self) -> None:
        self.query_one(Answer).run_again()

    def action_step_by_step(self) -> None:
        """Turn it on or off before the first run; later run again, step by step."""
        if self.run is None:
            self.query_one(Question).turn_step()
        else:
            self.query_one(Answer).run_again(step=True)

    def action_step(self) -> None:
        if self.run is not None:
            self.run.step()
            self.tick()

    def action_run_on(self) -> None:
        if self.run is not None:
            self.run.run_on()
            self.remove_class("-stepping")
            self.refresh_bindings()
            self.tick()

    def action_source(self) -> None:
        self.toggle_class("-source")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to run again before the first run, and nothing to predict after it."""
        match action:
            case "run_again":
                return self.has_class("-answered")
            case "step_by_step":
                return self.run is None or self.run.result is not None
            case "step" | "run_on":
                return self.has_class("-stepping")
            case "source":
                return self.has_class("-answered") and self.has_class("-narrow")
            case "predict":
                return self.run is None and parameters[0] in range(1, len(self.experiment.choices) + 1)
        return super().check_action(action, parameters)

    # --- leaving ----------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Stop the script if it runs, else go back."""
        if self.run is not None and self.run.result is None:
            self.run.cancel()
        else:
            super().action_leave()

    def on_unmount(self) -> None:
        self._end_run()
        self._bridge.close()
        self._folder.cleanup()

    def _end_run(self) -> None:
        with closing(self._recorder):
            if self.run is not None:
                self.run.close()
