"""The experiments: Python scripts with a question, and what the block at their top says of them.

A block stands in comments, as in PEP 723, and is TOML:

    # /// experiment
    # title = "One recv, two sends"
    # topic = "the stream has no messages"
    # question = "The client sends twice. What does one recv(1024) return?"
    # choices = ["the first message", "both, as one piece"]
    # answer = 2                              counted from 1
    # explanation = "TCP is a stream of bytes …"
    # shows = { call = "recv", nth = 1 }      the call in the journal that proves it; see Shows
    # order = 10                              its place within the topic; optional
    # [parameters]                            optional: constants of the script that may be changed, with values to try
    # BUFSIZE = [4, 16, 1024]
    # ///

Each parameter is a constant at the top of the script (`BUFSIZE = 4`); a run with another value gets the script with
that one line changed. A script asserts its own claim: it ends with code 0 where the claim holds. Where the system lacks
what it needs, it ends with `sys.exit("not available: why")`.
"""

from __future__ import annotations

import ast
import re
import tomllib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.experiments.parameters import Parameter, Value, constant, replaced
from workbench.model.call.call import Call
from workbench.model.text.fit import cut
from workbench.model.text.safe import safe
from workbench.probe.format import CALLS

SCRIPTS = Path(__file__).parent / "scripts"
TOPICS = (
    "errors", "first contact", "bytes and text", "the stream has no messages", "framing", "datagrams", "waiting",
    "ending", "queues", "UNIX",
)  # fmt: skip
"""The topics in the order of a course; a script of someone's own may have another, which comes after them."""

NOT_AVAILABLE = "not available: "
"""How the message of a script begins that cannot run on this system."""

_BLOCK = re.compile(r"(?m)^# /// experiment[ \t]*$\n((?:^#(?: .*)?$\n)*?)^# ///[ \t]*$")
_BEGINS = re.compile(r"(?m)^#[ \t]*///[ \t]*experiment\b.*$")
"""A line that looks like the beginning of a block."""
_LAST = 1000  # order of an experiment that tells none


class BadExperiment(ValueError):
    """The file is no experiment, or there is none of that name; the message is one sentence for a person."""


class NoBlock(BadExperiment):
    """The file has no experiment block: it may be any Python script."""


class Verdict(StrEnum):
    """What came of a run."""

    HOLDS = "holds"
    FAILS = "does not hold here"
    NOT_AVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class Shows:
    """The call in the journal that proves the claim: the *nth* named *call* of those that fit what else is told."""

    call: str
    nth: int = 1
    error: str = ""
    """The exception that it raised, such as "TimeoutError"."""
    data: str = ""
    """The text that it moved, whole: where several threads make the order of the calls uncertain."""

    def among(self, calls: Iterable[Call]) -> Call | None:
        """Return the call that is meant, None if it was not made."""
        fitting = (call for call in calls if call.call == self.call and self._fits(call))
        return next(islice(fitting, self.nth - 1, None), None)

    def _fits(self, call: Call) -> bool:
        raised = call.error.type if call.error else ""
        return self.error in ("", raised) and self.data.encode() in (b"", call.data)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment: what its block says."""

    name: str
    path: Path
    title: str
    topic: str
    question: str
    choices: tuple[str, ...]
    answer: int
    """The number of the right choice, from 1."""
    explanation: str
    shows: Shows
    source: str = field(repr=False)
    parameters: tuple[Parameter, ...] = ()
    order: int = _LAST
    ladder: bool = False
    """Whether its lesson is about order: then the ladder stands beside the answer, and not the log."""

    @property
    def right(self) -> str:
        """The right choice."""
        return self.choices[self.answer - 1]

    def script(self, values: Mapping[str, Value]) -> str:
        """Return the source with other *values* of its parameters, line for line as it was; raises BadExperiment."""
        source = self.source
        for name, value in values.items():
            if name not in (parameter.name for parameter in self.parameters):
                known = ", ".join(parameter.name for parameter in self.parameters) or "none"
                raise BadExperiment(f"{self.name} has no parameter {cut(safe(name))}: it has {known}")
            source = replaced(source, name, value)
        return source


def verdict(code: int, stderr: str) -> Verdict:
    """Tell what came of a run from its exit code and what it wrote last on stderr."""
    if code == 0:
        return Verdict.HOLDS
    last = stderr.rstrip().rpartition("\n")[2]
    return Verdict.NOT_AVAILABLE if code == 1 and last.startswith(NOT_AVAILABLE) else Verdict.FAILS


@cache
def catalog() -> tuple[Experiment, ...]:
    """Return the experiments that come with the workbench, in the order of a course."""
    return tuple(sorted((load(path) for path in SCRIPTS.glob("*.py")), key=_place))


def by_topic(experiments: Sequence[Experiment]) -> dict[str, list[Experiment]]:
    """Return *experiments* by topic, topics and experiments in the order of a course."""
    topics: dict[str, list[Experiment]] = {}
    for experiment in sorted(experiments, key=_place):
        topics.setdefault(experiment.topic, []).append(experiment)
    return topics


def find(name: str) -> Experiment:
    """Return the experiment of that name, or of the file at that path; raises BadExperiment, NoBlock."""
    if name.endswith(".py") or "/" in name:
        return load(Path(name))
    for experiment in catalog():
        if experiment.name == name:
            return experiment
    raise BadExperiment(f"there is no experiment {cut(safe(name))}: `run --list` names them, and a path ends with .py")


def load(path: Path) -> Experiment:
    """Read the experiment at *path*; raises BadExperiment, or NoBlock where the script has no block."""
    where = cut(safe(path.name))
    try:
        source = path.read_text("utf-8-sig")
    except OSError as error:
        raise BadExperiment(f"{where}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadExperiment(f"{where}: byte {error.start} is not UTF-8") from None
    try:
        return parse(source, path)
    except BadExperiment as error:
        raise type(error)(f"{where}: {error}") from None


def parse(source: str, path: Path) -> Experiment:
    """Return the experiment that *source* is; *path* gives its name. Raises BadExperiment, NoBlock."""
    found = _BLOCK.search(source)
    if found is None:
        if begun := _BEGINS.search(source):
            raise BadExperiment(_malformed(source, begun))
        raise NoBlock("it has no experiment block, which begins with a line `# /// experiment` and ends with `# ///`")
    above = source.count("\n", 0, found.start(1))
    lines = [line[2:] for line in found[1].splitlines()]
    try:
        # Empty lines above make the line numbers in messages those of the file.
        fields = tomllib.loads("\n" * above + "\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        raise BadExperiment(f"the experiment block is not TOML: {cut(safe(str(error)), 200)}") from None
    if path.parent != SCRIPTS:
        _check_syntax(source)
    return _checked(_Fields(fields), source, path)


def _check_syntax(source: str) -> None:
    """Refuse what the interpreter, which is to run it, would not read either."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        raise BadExperiment(f"line {error.lineno} is no Python: {cut(safe(error.msg))}") from None
    except ValueError as error:
        raise BadExperiment(f"it is no Python: {cut(safe(str(error)))}") from None


def _malformed(source: str, begun: re.Match[str]) -> str:
    """Say what keeps lines that look like a block from being one."""
    first = source.count("\n", 0, begun.start()) + 1
    if begun[0].rstrip() != "# /// experiment":
        return f"line {first} must be `# /// experiment`, for an experiment block to begin"
    for number, line in enumerate(source.split("\n")[first:], first + 1):
        if line.startswith("#") and line[1:2].strip():
            return f"line {number} of the experiment block must begin with `# `"
        if not line.startswith("#"):
            break
    return f"the experiment block that begins in line {first} has no end: a line `# ///`"


class _Fields:
    """The keys of a block, taken one by one; what is left over is unknown."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def text(self, key: str, otherwise: str | None = None) -> str:
        """Take a text, its lines joined to paragraphs; *otherwise* where it may be missing."""
        if otherwise is not None and key not in self._fields:
            return otherwise
        value = self._fields.pop(key, None)
        if not isinstance(value, str) or not value.strip():
            raise BadExperiment(f"the experiment block needs a text `{key}`")
        return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", value.strip()))

    def whole(self, key: str, otherwise: int | None, least: int = 0) -> int:
        """Take a whole number of at least *least*; *otherwise* where it may be missing."""
        value = self._fields.pop(key, otherwise)
        if type(value) is not int or value < least:
            raise BadExperiment(f"`{key}` must be a whole number, {least} or more")
        return value

    def table(self, key: str) -> dict[str, Any]:
        """Take a table, empty where there is none."""
        value = self._fields.pop(key, {})
        if not isinstance(value, dict):
            raise BadExperiment(f"`{key}` must be a table")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of at least two different texts."""
        value = self._fields.pop(key, None)
        good = isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value)
        if not good or len(set(value)) != len(value) or len(value) < 2:
            raise BadExperiment(f"the experiment block needs `{key}`, a list of two or more different texts")
        return tuple(value)

    def none_left(self) -> None:
        """Refuse keys that nobody took, so that a misspelt one is noticed."""
        if self._fields:
            raise BadExperiment(f"`{cut(safe(next(iter(self._fields))))}` is no key of an experiment block")


def _checked(fields: _Fields, source: str, path: Path) -> Experiment:
    choices = fields.texts("choices")
    answer = fields.whole("answer", None, 1)
    if answer > len(choices):
        raise BadExperiment(f"`answer` is {answer}, but there are {len(choices)} choices")
    experiment = Experiment(
        name=path.stem.replace("_", "-"),
        path=path,
        title=fields.text("title"),
        topic=fields.text("topic"),
        question=fields.text("question"),
        choices=choices,
        answer=answer,
        explanation=fields.text("explanation"),
        shows=_shows(_Fields(fields.table("shows"))),
        source=source,
        parameters=tuple(_parameter(source, *item) for item in fields.table("parameters").items()),
        order=fields.whole("order", _LAST),
        ladder=fields.text("view", "log") == "ladder",
    )
    fields.none_left()
    return experiment


def _shows(fields: _Fields) -> Shows:
    shows = Shows(fields.text("call"), fields.whole("nth", 1, 1), fields.text("error", ""), fields.text("data", ""))
    fields.none_left()
    if shows.call not in CALLS[1:]:
        raise BadExperiment(f"`shows` names {cut(safe(shows.call))}, which is no socket call")
    return shows


def _parameter(source: str, name: str, choices: Any) -> Parameter:
    default = constant(source, name)
    if default is None:
        raise BadExperiment(
            f"the parameter {cut(safe(name))} is no constant at the top of the script, such as {name} = 4"
        )
    if not isinstance(choices, list) or not all(type(choice) is type(default) for choice in choices):
        raise BadExperiment(f"the parameter {name} needs a list of values such as {default!r}")
    return Parameter(name, default, tuple(choices))


def _place(experiment: Experiment) -> tuple[int, str, int, str]:
    topic = TOPICS.index(experiment.topic) if experiment.topic in TOPICS else len(TOPICS)
    return topic, experiment.topic, experiment.order, experiment.name
