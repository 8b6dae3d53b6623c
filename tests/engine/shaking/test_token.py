"""Replay tokens: they bring back the same injection."""

from __future__ import annotations

import pytest

from workbench.engine.shaking.plans import Seen, plan
from workbench.engine.shaking.shake import injection_of, token_of


@pytest.mark.parametrize("number", range(12))
def test_a_plan_comes_back_from_its_token_with_its_seed(number: int) -> None:
    made = plan(3, number, Seen(receives=True, sends=True, sendall=5000, datagrams=True), errors=number % 2 == 0)
    again = injection_of(token_of([rule.text for rule in made.rules], made.seed))
    drawn = token_of([rule.text for rule in made.rules], made.seed).startswith("seed=3")
    assert [rule.text for rule in again.rules] == [rule.text for rule in made.rules]
    assert again.seed == (made.seed if drawn else 0)


def test_a_rule_about_one_call_needs_no_seed() -> None:
    assert token_of(["recv:max=3:socket=conn 1:when=2"], 7) == "recv:max=3:socket=conn 1:when=2"
    assert token_of(["recv:max=1-9"], 7) == "seed=7 + recv:max=1-9"
    assert token_of(["recv:delay=5ms-9ms"], 7).startswith("seed=7")
