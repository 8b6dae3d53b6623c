"""!: what is wrong with the program, as a list to walk, each with the calls that prove it and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.model.findings.rules import RULES
from workbench.model.text.safe import safe
from workbench.model.words.as_python import direction, expression, outcome
from workbench.report.findings.counts import counts
from workbench.ui.parts.dialog import Dialog

_COLOURS = {"error": "$text-error", "warning": "$text-warning", "note": "$foreground 60%"}
_MOST_CALLS = 3


class FindingsScreen(Dialog[int | str | None]):
    """Lists findings; gives the number of the call to go to, or the name of the experiment to run."""

    DEFAULT_CSS = """
    FindingsScreen { align: center middle; }
    FindingsScreen > Vertical {
        width: 96; max-width: 100%; height: 26; max-height: 100%;
        border: round $accent; border-title-style: bold; background: $surface;
    }
    FindingsScreen OptionList { height: auto; max-height: 8; border: none; background: $surface; }
    FindingsScreen VerticalScroll { height: 1fr; padding: 0 2; }
    FindingsScreen Static { width: 1fr; margin-top: 1; }
    FindingsScreen .call { margin-top: 0; color: $foreground 80%; }
    FindingsScreen .heading { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,exclamation_mark", "dismiss(None)", "Close", tooltip="Close the list"),
        Binding("i", "walk(1)", "Next", tooltip="The next finding"),
        Binding("I", "walk(-1)", "Previous", tooltip="The finding before"),
        Binding("r", "run", "Run the experiment", tooltip="Run the experiment that shows what happens here"),
    ]

    def __init__(self, findings: Sequence[Finding], journal: Journal, first: int = 0) -> None:
        """Show *findings* about *journal*, with the one at place *first* selected."""
        super().__init__()
        self._findings, self._journal, self._first = findings, journal, first

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = counts(self._findings)
            frame.border_subtitle = "enter goes to the call · i next · r runs the experiment · escape closes"
            yield OptionList(*(Option(self._line(each)) for each in self._findings), compact=True)
            with VerticalScroll():
                yield Static(id="message")
                yield Static(id="calls", classes="call")
                yield Static(id="remedy")
                yield Static(id="more", classes="heading")

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.focus()
        if self._findings:
            listed.highlighted = self._first

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        finding = self._findings[event.option_index]
        times = f" ({finding.times} times)" if finding.times > 1 else ""
        texts = {
            "message": finding.message + times,
            "calls": "\n".join(map(self._call, sorted(finding.calls)[:_MOST_CALLS])),
            "remedy": finding.remedy,
            "more": " ".join(RULES[finding.rule].text.split())
            + (f" r runs the experiment {finding.experiment}." if finding.experiment else ""),
        }
        for id, text in texts.items():
            self.query_one(f"#{id}", Static).update(Content(text))

    @on(OptionList.OptionSelected)
    def _go(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._findings[event.option_index].calls[0])

    def action_walk(self, step: int) -> None:
        listed = self.query_one(OptionList)
        if self._findings:
            listed.highlighted = ((listed.highlighted or 0) + step) % len(self._findings)

    def action_run(self) -> None:
        place = self.query_one(OptionList).highlighted
        experiment = self._findings[place].experiment if place is not None else ""
        if experiment:
            self.dismiss(experiment)
        else:
            self.notify("No experiment shows this one.", timeout=3)

    def _line(self, finding: Finding) -> Content:
        return Content.assemble(
            (f"{finding.severity:<7} ", _COLOURS[finding.severity]),
            f"#{finding.calls[0]} {finding.rule}",
            (f"  {safe(finding.source)}", "$foreground 60%"),
        )

    def _call(self, seq: int) -> str:
        call = self._journal[seq - 1]
        name = safe(call.name or call.socket)
        return f"#{seq} {name} {direction(call)} {expression(call, 50)} {outcome(call, 30)}"
