"""run: an experiment without the screen, or every one of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from textwrap import fill
from typing import Any

import click

from workbench.cli.common import Failure, new_report, output_options
from workbench.cli.injecting import inject_options, injection
from workbench.cli.keeping import limit_option, record_options
from workbench.cli.live import session_recorder
from workbench.cli.run_all import run_all
from workbench.cli.trace import trace
from workbench.engine.tracing.programs import NoProgram, program
from workbench.experiments.catalog import BadExperiment, Experiment, NoBlock, Verdict, by_topic, catalog, find
from workbench.experiments.parameters import BadValue, Value
from workbench.experiments.runner import DEADLINE, ExperimentRun, Result
from workbench.model.text.safe import safe
from workbench.model.words.as_python import expression, outcome
from workbench.probe.rules import Injection, Rule
from workbench.report.feed import copy

EPILOG = """\b
Examples:
  socket-workbench run --list
  socket-workbench run two-sends-one-recv
  socket-workbench run two-sends-one-recv --set SENDS=5 --set BUFSIZE=4
  socket-workbench run --all
  socket-workbench run mine.py --record mine.swb
"""


_PARAGRAPH = 100  # cells


@click.command(epilog=EPILOG)
@click.argument("name", required=False, metavar="EXPERIMENT|FILE.py")
@click.option("--list", "listing", is_flag=True, help="Name the experiments.")
@click.option("--all", "everything", is_flag=True, help="Check every claim on this system.")
@click.option("--set", "sets", multiple=True, metavar="NAME=VALUE", help="Another value for a parameter; repeatable.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=DEADLINE, show_default=True, metavar="S",
    help="Seconds that an experiment may take.",
)  # fmt: skip
@inject_options
@record_options
@limit_option
@output_options
def command(
    name: str | None,
    listing: bool,
    everything: bool,
    sets: tuple[str, ...],
    timeout: float,
    record: Path | None,
    form: str,
    limit: int,
    rules: tuple[Rule, ...],
    seed: int,
    **keep: bool,
) -> None:
    """Run an experiment and print its annotated log and whether its claim holds here.

    A FILE.py without an experiment block runs as `trace FILE.py` does. Exit code 1: a claim does not hold here.
    """
    if (name is not None) + listing + everything != 1:
        raise click.UsageError("name an EXPERIMENT or a FILE.py, or give --list or --all, one of them")
    if name is None and (sets or record or form == "json" or any(keep.values())):
        raise click.UsageError("--set, --format and --record are about one experiment: name it")
    if listing:
        _list()
    elif name is None:
        run_all(catalog(), timeout)
    else:
        _run(name, sets, timeout, form, {"path": record, "limit": limit, **keep}, injection(rules, seed))


def _list() -> None:
    wide = max(len(experiment.name) for experiment in catalog())
    for topic, experiments in by_topic(catalog()).items():
        print(topic)
        for experiment in experiments:
            print(f"  {experiment.name:<{wide}}  {safe(experiment.title)}")


def _run(
    name: str, sets: tuple[str, ...], timeout: float, form: str, keep: dict[str, Any], injection: Injection | None
) -> None:
    try:
        experiment = find(name)
        values = dict(_values(experiment, sets))
    except NoBlock as problem:
        if sets:
            raise Failure(str(problem), 2) from None
        _run_plain(name, form, keep, injection)
    except (BadExperiment, BadValue) as problem:
        raise Failure(str(problem), 2) from None
    else:
        with (
            session_recorder(**keep) as recorder,
            closing(ExperimentRun(experiment, recorder, values, timeout, injection=injection)) as run,
        ):
            _tell(run, run.wait(), form)


def _run_plain(name: str, form: str, keep: dict[str, Any], injection: Injection | None) -> None:
    try:
        described = program([name])
    except NoProgram as problem:
        raise Failure(str(problem), 2) from None
    with session_recorder(**keep) as recorder:
        code = trace([described], recorder, form, injection=injection)
    sys.exit(code)


def _values(experiment: Experiment, sets: tuple[str, ...]) -> Iterable[tuple[str, Value]]:
    known = {parameter.name: parameter for parameter in experiment.parameters}
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadValue(f"--set {safe(text)}: write NAME=VALUE")
        if name not in known:
            experiment.script({name: value})  # which says what it has
        yield name, known[name].read(value)


def _tell(run: ExperimentRun, result: Result, form: str) -> None:
    """Print the log, what the script printed, and the verdict: beside the calls as JSON, on stderr."""
    experiment = run.experiment
    copy(run.journal, new_report(run.journal, form), run.begin)
    out = sys.stderr if form == "json" else sys.stdout
    for line in result.printed.splitlines():
        print(f"printed: {safe(line)}", file=out)
    if result.verdict is Verdict.FAILS:
        raise Failure(f"{experiment.name}: the claim does not hold here: {result.reason}", 1)
    if result.verdict is Verdict.NOT_AVAILABLE:
        print(f"{experiment.name}: {safe(result.reason)}", file=out)
        return
    for text in ("", experiment.question, f"→ {experiment.right}", f"{result.verdict}: {experiment.explanation}"):
        print(fill(safe(text), _PARAGRAPH), file=out)
    for parameter in experiment.parameters:
        if (value := run.values.get(parameter.name, parameter.default)) != parameter.default:
            changed = (
                f"{parameter.name} was {value!r} here: the question and the answer are about {parameter.default!r}"
            )
            print(safe(changed), file=out)
    if run.proof is not None:
        call = run.journal[run.proof]
        print(f"#{call.seq} shows it: {call.name or call.socket} {expression(call, 60)} {outcome(call, 60)}", file=out)
