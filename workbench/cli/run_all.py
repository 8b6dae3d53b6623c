"""run --all: every claim on this system, side by side, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from workbench.cli.common import Failure
from workbench.experiments.catalog import Experiment, Verdict
from workbench.experiments.runner import ExperimentRun, Result
from workbench.model.text.fit import cut
from workbench.model.text.safe import cells, safe
from workbench.probe.recorder import Recorder

WORKERS = 2
"""Experiments that run side by side: more would disturb each other's timing where there are few cores."""
_CLAIM = 64  # cells


def run_all(experiments: Sequence[Experiment], timeout: float) -> None:
    """Run *experiments* and print a table; raises Failure where a claim does not hold here."""
    names = max(len(experiment.name) for experiment in experiments)
    stop = Event()
    failed: list[tuple[Experiment, Result]] = []
    print(f"{'experiment':<{names}}  {'claim':<{_CLAIM}}  seconds  verdict")
    with TemporaryDirectory(prefix="experiments-") as folder, ThreadPoolExecutor(WORKERS) as workers:
        try:
            results = workers.map(lambda each: _result(each, Path(folder), timeout, stop), experiments)
            for experiment, result in zip(experiments, results, strict=True):
                claim = cut(f"{safe(experiment.title)}: {safe(experiment.right)}", _CLAIM)
                claim += " " * (_CLAIM - cells(claim))
                print(
                    f"{experiment.name:<{names}}  {claim}  {result.seconds:7.2f}  {_verdict_text(result)}", flush=True
                )
                if result.verdict is Verdict.FAILS:
                    failed.append((experiment, result))
        finally:
            stop.set()
    if failed:
        names_of_failed = ", ".join(experiment.name for experiment, _ in failed)
        raise Failure(f"{len(failed)} of {len(experiments)} claims do not hold here: {names_of_failed}", 1)
    print(f"all {len(experiments)} claims hold, or need what this system lacks")


def _result(experiment: Experiment, folder: Path, timeout: float, stop: Event) -> Result:
    with (
        closing(Recorder(str(folder / f"{experiment.name}.swb"))) as recorder,
        closing(ExperimentRun(experiment, recorder, deadline=timeout)) as run,
    ):
        return run.wait(stop.is_set)


def _verdict_text(result: Result) -> str:
    match result.verdict:
        case Verdict.HOLDS:
            return "holds"
        case Verdict.NOT_AVAILABLE:
            return safe(result.reason)
        case _:
            return f"{result.verdict}: {cut(safe(result.reason), 100)}"
