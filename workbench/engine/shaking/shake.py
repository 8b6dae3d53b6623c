"""Shaking programs: clean runs, seeded plans, and of the first failure the fewest and smallest injections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from workbench.engine.shaking.injected import Injected
from workbench.engine.shaking.plans import plan
from workbench.engine.shaking.run import Limits, Outcome, run
from workbench.engine.shaking.shrink import Shrinker
from workbench.engine.tracing.programs import Program
from workbench.probe.rules import Injection, parse

SEPARATOR = " + "
"""Between the rules of a token."""
_FIRST, _TIMES = 10.0, 5
"""A run hangs beyond so many seconds, or so many times what the clean run took."""
_CLEAN = 120.0
"""Seconds that a clean run may take."""


class Unfit(Exception):
    """The programs can't be shaken: their clean run fails or is not the same twice. The message says why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to shake. *timeout*: seconds after which a run hangs, None for max(10, 5 times the clean run)."""

    runs: int = 25
    seed: int = 0
    timeout: float | None = None
    errors: bool = False
    same_output: bool = False
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """What a run did that the clean one did not: *kind* names it, *sentence* says it."""

    kind: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Found:
    """A failure that was found: the run that shows it with the fewest injections, and the rules that make it."""

    outcome: Outcome
    failure: Failure
    rules: tuple[str, ...]
    injected: tuple[Injected, ...]
    number: int
    """Which run found it, from 1; 0 in a replay."""
    rate: tuple[int, int]
    """How often it failed of how often its rules were tried."""

    seed: int = 0

    @property
    def token(self) -> str:
        """What `--replay` takes."""
        return token_of(self.rules, self.seed)


def token_of(rules: Sequence[str], seed: int) -> str:
    """Return what stands for *rules*; the *seed* too, where they leave something to chance."""
    drawn = any(re.search(r"%|=\d+(ms|us|s)?-\d", rule) for rule in rules)
    return SEPARATOR.join([f"seed={seed}"] * drawn + list(rules))


def injection_of(token: str) -> Injection:
    """Return what a replay token stands for; raises RuleError."""
    first, *rest = token.split(SEPARATOR)
    seed = first.removeprefix("seed=")
    if first.startswith("seed=") and seed.isdigit():
        return Injection(int(seed), [parse(rule) for rule in rest])
    return Injection(0, [parse(rule) for rule in (first, *rest)])


class Shaking:
    """Programs that are shaken; sessions and output go into *folder*. `progress` is called before each run."""

    def __init__(
        self,
        programs: Sequence[Program],
        folder: Path,
        settings: Settings,
        progress: Callable[[str, int], None] = lambda phase, number: None,
    ) -> None:
        self._programs, self._folder, self.settings, self._progress = programs, folder, settings, progress
        self._numbers = count(1)
        self._limits = Limits(_CLEAN if settings.timeout is None else settings.timeout, 1.0)
        self.clean: Outcome | None = None
        self.slow = 0
        """Runs that went on too long to tell."""

    def run(self, injection: Injection | None, limits: Limits | None = None) -> Outcome:
        """Run the programs once."""
        session = self._folder / f"{next(self._numbers)}.swb"
        return run(self._programs, injection, session, limits or self._limits)

    def begin(self) -> Outcome:
        """Run them undisturbed, twice; raises Unfit where that fails or differs."""
        self._progress("clean run", 1)
        self.clean = clean = self.run(None)
        if clean.hangs or clean.slow:
            what = "; ".join(clean.hangs) or "its calls go on"
            raise Unfit(f"the clean run does not end within {self._limits.seconds:.0f} s: {what}")
        if any(code not in (0, None) for code in clean.codes):
            ended = next((name, code) for name, code in zip(clean.names, clean.codes, strict=True) if code)
            raise Unfit(
                f"the clean run fails: {ended[0]} ended with exit code {ended[1]}{_because(clean)}; check says why"
            )
        seconds = max(_FIRST, _TIMES * clean.seconds) if self.settings.timeout is None else self.settings.timeout
        self._limits = Limits(seconds, max(1.0, 3 * clean.quiet))
        self._progress("clean run", 2)
        if (differs := self.failure(self.run(None))) is not None:
            raise Unfit(f"the clean run is not the same twice: {differs.sentence}, undisturbed")
        return clean

    def failure(self, outcome: Outcome) -> Failure | None:
        """Return what *outcome* did that the clean run did not."""
        clean = self.clean
        assert clean is not None
        if outcome.slow:
            self.slow += 1
            return None
        traces = dict(outcome.tracebacks())
        hangs = f"hangs for {outcome.seconds:.0f} s: {'; '.join(outcome.hangs)}" if outcome.hangs else ""
        for name, code, before in zip(outcome.names, outcome.codes, clean.codes, strict=True):
            if code != before and None not in (code, before):
                raised = traces.get(name, "").rpartition("\n")[2]
                told = f"{name} ends with exit code {code}" + (f": {raised}" if raised else f" instead of {before}")
                return Failure(("code", name), told)
        usual = {(name, _type(text)) for name, text in clean.tracebacks()}
        for name, text in traces.items():
            if (name, _type(text)) not in usual:
                told = f"{name} prints a traceback: {text.rpartition(chr(10))[2]}"
                return Failure(("exception", name), f"{told}; then it {hangs}" if hangs else told)
        if hangs:
            return Failure(("hang",), hangs)
        if self.settings.same_output and outcome.out != clean.out:
            differs = next(n for n, a, b in zip(outcome.names, outcome.out, clean.out, strict=True) if a != b)
            return Failure(("output", differs), f"{differs} prints something else")
        return None

    def find(self) -> Found | None:
        """Run the plans; return the first confirmed failure, shrunk. Raises Unfit where the clean run fails later."""
        for number, injection, outcome in self._outcomes():
            failure = self.failure(outcome)
            if failure is None:
                self._remove(outcome)
                continue
            self._progress("confirming", number)
            again = self.failure(self.run(injection))
            self._progress("confirming", number)
            if (alone := self.failure(self.run(None))) is not None:
                raise Unfit(f"the clean run is not repeatable: {alone.sentence}, undisturbed")
            if again is None:
                continue
            return self._shrunk(injection, outcome, failure, number)
        return None

    def _outcomes(self) -> Iterator[tuple[int, Injection, Outcome]]:
        assert self.clean is not None
        settings = self.settings
        plans = [plan(settings.seed, each, self.clean.seen, errors=settings.errors) for each in range(settings.runs)]
        plans = [each for each in plans if each.rules]
        if settings.jobs == 1:
            for number, injection in enumerate(plans, 1):
                self._progress("shaking", number)
                yield number, injection, self.run(injection)
            return
        with ThreadPoolExecutor(settings.jobs) as pool:
            try:
                for number, outcome in enumerate(pool.map(self.run, plans), 1):
                    self._progress("shaking", number)
                    yield number, plans[number - 1], outcome
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _shrunk(self, injection: Injection, outcome: Outcome, failure: Failure, number: int) -> Found:
        quick = Limits(min(self._limits.seconds, max(3.0, 2 * (self.clean.seconds if self.clean else 0))), 1.0)

        def try_(rules: Sequence[str]) -> Outcome | None:
            self._progress("shrinking", next(tries))
            tried = self.run(Injection(injection.seed, [parse(rule) for rule in rules]), quick)
            found = self.failure(tried)
            return None if found is None else tried

        tries = count(1)
        rules, best = Shrinker(try_).shrink(tuple(rule.text for rule in injection.rules), outcome)
        told = self.failure(best) or failure
        times = [self._fails(rules, injection.seed) for _ in range(2)]
        return Found(best, told, rules, tuple(best.injected), number, (sum(times) + 1, len(times) + 1), injection.seed)

    def _fails(self, rules: Sequence[str], seed: int) -> bool:
        self._progress("confirming", 0)
        return self.failure(self.run(Injection(seed, [parse(rule) for rule in rules]))) is not None

    def _remove(self, outcome: Outcome) -> None:
        for path in self._folder.glob(f"{outcome.session.stem}.*"):
            path.unlink(missing_ok=True)


def _type(traceback: str) -> str:
    return traceback.rpartition("\n")[2].partition(":")[0]


def _because(outcome: Outcome) -> str:
    for name, text in outcome.tracebacks():
        return f", {name} with {text.rpartition(chr(10))[2]}"
    for err in outcome.err:
        lines = [line for line in re.split(r"[\r\n]+", err.decode("utf-8", "replace")) if line.strip()]
        if lines:
            return f": {lines[-1].strip()}"
    return ""
