"""What a tab of the inspector is, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import ClassVar

from textual.containers import Vertical

from workbench.engine.state import EndpointState, Inside
from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.model.lineage.lineage import Part
from workbench.ui.kernel.history import SampleHistory, Sizes
from workbench.ui.kernel.queue_bytes import no_hue


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that can be looked into, and what is in the kernel for it."""

    state: EndpointState | None = None
    """None where none is chosen."""
    inside: Inside = field(default_factory=Inside)
    parts: Sequence[Part | None] | None = ()
    """Which sends its queued bytes or messages came from, as QueueView has them."""
    now: float = 0.0
    hue: Callable[[int], int] = no_hue

    @property
    def name(self) -> str:
        """What it is called; "" where none is chosen."""
        return "" if self.state is None else self.state.name


@dataclass(frozen=True, slots=True)
class Subject:
    """What the inspector is about."""

    journal: Journal
    index: int | None = None
    """The call in the journal: the one selected in the log, else the newest; None while there is none."""
    endpoint: Endpoint | None = None
    """None where nothing runs, as in a recording."""
    history: SampleHistory | None = None
    sizes: Sizes | None = None
    zone: tzinfo | None = None
    findings: Sequence[Finding] = ()
    """What is wrong with the program, as far as it was looked at."""


class Tab(Vertical):
    """One way to look at a subject."""

    DEFAULT_CSS = "Tab { height: 1fr; }"
    TITLE: ClassVar[str]
    """One word, shown among the tabs."""
    IS_LIVE: ClassVar[bool] = False
    """Whether it shows an endpoint that runs: where none does, it can't be chosen."""
    NEEDS_FINDINGS: ClassVar[bool] = False
    """Whether it is there only while something was found."""
    IS_LARGE: ClassVar[bool] = False
    """Whether it is read rather than glanced at, and so gets more rows where the screen has them."""

    def show(self, subject: Subject) -> None:
        """Draw what changed."""
        raise NotImplementedError

    def about(self, subject: Subject) -> str:
        """Name what is shown, for the frame; it goes through safe()."""
        return "" if subject.index is None else f"#{subject.index + 1}"
