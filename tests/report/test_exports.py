"""The list of exports, held beside what the modules of the reports define."""

from __future__ import annotations

import pytest

from tests.registered import defined_in
from workbench import report
from workbench.report.exports import EXPORTS, BinaryExport, FolderExport, TextExport, export


def test_each_that_is_defined_is_in_the_list() -> None:
    listed = [export(name) for name in EXPORTS]
    defined = [found for kind in (TextExport, BinaryExport, FolderExport) for found in defined_in(report, kind)]
    assert [found for found in defined if found not in listed] == []
    assert len(listed) == len(defined)


@pytest.mark.parametrize("name", EXPORTS)
def test_each_says_what_it_is(name: str) -> None:
    assert EXPORTS[name].what
    assert isinstance(export(name), TextExport | BinaryExport | FolderExport)
