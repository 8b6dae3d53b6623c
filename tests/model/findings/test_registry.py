from __future__ import annotations

import pkgutil

import pytest

from workbench.experiments.catalog import catalog
from workbench.model.findings import rules
from workbench.model.findings.finding import SEVERITIES
from workbench.model.findings.rules import MODULES, RULES


def test_no_module_of_rules_is_forgotten():
    assert sorted(MODULES) == sorted(each.name for each in pkgutil.iter_modules(rules.__path__))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_says_all_that_a_person_needs(rule):
    assert rule.severity in SEVERITIES
    assert rule.title[0].islower() or not rule.title[0].isalpha() or rule.title.startswith("SO_")
    assert rule.remedy.endswith((".", "]."))
    assert len(rule.text) > 100
    assert set(rule.hides) <= set(RULES) - {rule.id}


def test_the_experiments_that_show_them_exist():
    known = {experiment.name for experiment in catalog()}
    assert {rule.experiment for rule in RULES.values()} - {""} <= known
