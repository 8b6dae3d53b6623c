"""The list of experiments by topic, with what was done already."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.experiments.catalog import BadExperiment, Experiment, Verdict, by_topic, catalog, load
from workbench.experiments.progress import Done, Progress, key_of
from workbench.model.text.safe import safe
from workbench.ui.experiments.screen import ExperimentScreen
from workbench.ui.parts.key_bar import KeyBar
from workbench.ui.parts.prompt import PathSuggester, Prompt
from workbench.ui.parts.status_line import StatusLine
from workbench.ui.parts.survivor import Survivor
from workbench.ui.parts.titles import entitle

ABOUT = """\
Short scripts, each a question about sockets that one answers before it runs. The mark before each says how you \
did. What you do here changes nothing in the bench below.\
"""


class ExperimentsScreen(Survivor, Screen[None]):
    """Lists the experiments and opens one."""

    DEFAULT_CSS = """
    ExperimentsScreen #list-frame { height: 1fr; min-height: 4; }  /* page keys fail in a list that has no row */
    ExperimentsScreen OptionList { height: 1fr; border: none; padding: 0; background: $surface; }
    ExperimentsScreen #preview-frame { height: 5; }
    ExperimentsScreen.-tall #preview-frame { height: 7; }
    ExperimentsScreen #preview { height: 1fr; padding: 0 1; }
    """
    ABOUT: ClassVar[str] = ABOUT
    """What the help says of this screen."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "open", "Open a file", id="experiments.open", tooltip="Open an experiment of your own: a script"),
        Binding("n", "next", "Next", id="experiments.next", tooltip="Go to the next one that was not done yet"),
        Binding("escape", "leave", "Back", id="experiments.leave", tooltip="Go back to the bench, as you left it"),
    ]  # fmt: skip

    def __init__(self, progress: Progress | None = None, *, zone: tzinfo | None = None) -> None:
        """*progress*: what was done; None is that of the state directory."""
        super().__init__()
        self._progress = progress or Progress()
        self._zone = zone
        self._listed = {key_of(experiment): experiment for experiment in catalog()}

    def compose(self) -> ComposeResult:
        with Vertical(id="list-frame", classes="frame"):
            yield OptionList(id="list", compact=True)
        with Vertical(id="preview-frame", classes="frame"):
            yield Static(id="preview")
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        self._fill()
        self.action_next()

    def on_screen_resume(self) -> None:
        self._fill()

    def _fill(self) -> None:
        """List what there is, with the marks of what was done; the same one stays highlighted."""
        listed, done = self.query_one(OptionList), self._progress.read()
        at = listed.highlighted
        listed.clear_options()
        for topic, experiments in by_topic(list(self._listed.values())).items():
            listed.add_option(Option(Content.styled(safe(topic), "bold $text-accent"), disabled=True))
            for experiment in experiments:
                key = key_of(experiment)
                listed.add_option(Option(_line(experiment, done.get(key)), id=f"e-{key}"))
        if at is not None:
            listed.highlighted = at
        known = [done[key] for key in self._listed if key in done]
        right = sum(one.right for one in known)
        title = f"experiments · {len(known)} of {len(self._listed)} done, {right} predicted right"
        self.query_one("#list-frame").border_title = title

    def _experiment(self, option: Option | None) -> Experiment | None:
        return self._listed.get((option.id or "e-")[2:]) if option is not None else None

    @on(OptionList.OptionHighlighted)
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        experiment = self._experiment(event.option)
        if experiment is not None:
            entitle(self.query_one("#preview-frame"), safe(experiment.name))
            self.query_one("#preview", Static).update(Content(safe(experiment.question)))

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        if (experiment := self._experiment(event.option)) is not None:
            self.app.push_screen(ExperimentScreen(experiment, self._progress, zone=self._zone))

    def action_next(self) -> None:
        """Highlight the next experiment that was not done, from the top again after the last."""
        listed, done = self.query_one(OptionList), self._progress.read()
        here = -1 if listed.highlighted is None else listed.highlighted
        count = listed.option_count
        for index in [*range(here + 1, count), *range(here + 1)]:
            experiment = self._experiment(listed.get_option_at_index(index))
            if experiment is not None and key_of(experiment) not in done:
                listed.highlighted = index
                return
        if listed.highlighted is None:
            listed.action_first()

    @work
    async def action_open(self) -> None:
        """Ask for a script and open it."""
        question = Prompt(
            "Open the experiment in the file", accept="Open", check=_cannot_be_opened, suggester=PathSuggester()
        )
        name = await self.app.push_screen_wait(question)
        if name is not None:
            experiment = load(Path(name).expanduser())
            self._listed[key_of(experiment)] = experiment
            self.app.push_screen(ExperimentScreen(experiment, self._progress, zone=self._zone))

    def action_leave(self) -> None:
        if self.is_current:
            self.app.pop_screen()


def _line(experiment: Experiment, done: Done | None) -> Content:
    if done is None:
        sign = Content("   ")
    elif done.verdict != Verdict.HOLDS:
        sign = Content.styled(" ! ", "bold $text-warning")
    else:
        sign = Content.styled(" ✓ ", "bold $text-success") if done.right else Content.styled(" ✗ ", "bold $text-error")
    return Content.assemble(sign, safe(experiment.title))


def _cannot_be_opened(name: str) -> str | None:
    try:
        load(Path(name).expanduser())
    except BadExperiment as problem:
        return str(problem)
    return None
