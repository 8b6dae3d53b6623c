"""The options of the commands that make a program's calls do what they legally may."""

from __future__ import annotations

from collections.abc import Sequence

import click

from workbench.cli.common import F
from workbench.cli.parsed import Parsed
from workbench.probe.rules import Injection, Rule, RuleError, parse


def _rule(text: str) -> Rule:
    if "\n" in text:
        raise RuleError("a rule is one line")
    return parse(text)


RULE = Parsed("rule", _rule)


def inject_options(command: F) -> F:
    """Add --inject and --seed."""
    command = click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        metavar="N",
        help="Of what rules leave to chance.",
    )(command)
    return click.option(
        "--inject", "rules", type=RULE, multiple=True, metavar="RULE",
        help="Make calls do what they legally may: recv:max=1, send:max=5:chance=20%, recv:delay=50ms:when=3+ …; "
        "repeatable.",
    )(command)  # fmt: skip


def injection(rules: Sequence[Rule], seed: int) -> Injection | None:
    """Return the rules with their seed; None without any."""
    return Injection(seed, list(rules)) if rules else None
