"""No claim without a case: the list is made from the enum, so a new kind fails until a test holds it to the kernel."""

from __future__ import annotations

import pytest

from tests.truth import test_bytes, test_connecting, test_ending
from tests.truth.session import COVERED
from workbench.model.claims.claim import Kind

MODULES = (test_bytes, test_connecting, test_ending)


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)
def test_a_case_holds_the_claim_against_the_kernel(kind: Kind) -> None:
    tests = COVERED.get(kind, [])
    assert tests, f"no test of tests/truth is marked to hold {kind.name}"
    assert all(any(hasattr(module, name) for module in MODULES) for name in tests)
