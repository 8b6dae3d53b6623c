"""A picture of an experiment that was answered: its run is a recording with fixed times and ports."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.pictures import wait_until
from tests.ui.experiments.test_list_screen import TWO_SENDS
from tests.ui.recording import CONN, Session
from workbench.experiments.catalog import Verdict
from workbench.experiments.progress import Progress
from workbench.experiments.runner import SHOWS_IT, ExperimentRun, Result
from workbench.journal.reader import Journal
from workbench.probe.recorder import Recorder
from workbench.ui.app import WorkbenchApp
from workbench.ui.experiments.screen import ExperimentScreen
from workbench.ui.log.view import LogView
from workbench.ui.session.bridge import Bridge


class Recorded(ExperimentRun):
    """A run that was recorded before: what the script did is written by hand."""

    def __init__(self, experiment, recorder: Recorder, values=None, *, step=False) -> None:  # type: ignore[no-untyped-def]
        self.experiment, self.values, self.stepping = experiment, {}, None
        story = Session(Path(recorder.path))
        source = story.recorder.text("two_sends_one_recv.py:36")
        story.connect().send(b"hello ").send(b"world")
        story.call("recv", CONN, result=11, data=b"hello world", requested=1024, left=0, source=source)
        story.note(5, SHOWS_IT, bookmark=True)
        story.recorder.close()
        self.journal = Journal(recorder.path)
        self.journal.read_all()
        self.begin, self.proof = 0, 4
        self.result = Result(Verdict.HOLDS, 0.1, 0, "", "")

    def close(self) -> None:
        self.journal.close()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_an_answer(snap_compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.setattr("workbench.ui.experiments.screen.ExperimentRun", Recorded)
    monkeypatch.setattr("workbench.ui.experiments.screen.Recorder", lambda path: Session(Path(path)).recorder)
    Session(tmp_path / "behind.swb").recorder.close()

    async def answer(pilot: Pilot[None]) -> None:
        pilot.app.push_screen(ExperimentScreen(TWO_SENDS, Progress(tmp_path / "kept.json"), zone=UTC))
        await pilot.pause()
        await pilot.press("1")
        for _ in range(100):
            await pilot.pause(0.02)
            if pilot.app.screen.query_one(LogView).selected == 4:
                break
        await wait_until(pilot, lambda: pilot.app.screen._watch.settled)
        await pilot.pause(0.2)

    with closing(Bridge.reopened(tmp_path / "behind.swb")) as bridge:
        app = WorkbenchApp(bridge, zone=UTC)
        app.animation_level = "none"
        assert snap_compare(app, terminal_size=size, run_before=answer)
