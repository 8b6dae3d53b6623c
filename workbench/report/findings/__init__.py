"""Findings for others: as text for a person, and in the forms that build servers and editors read.

A form is a module with one function, `FORMS` its entry: it takes the findings and the journal they are about.
May import journal and model.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TextIO, TypeAlias

from workbench.journal.reader import Journal
from workbench.model.findings.finding import Finding
from workbench.report.findings import github, junit, plain_json, sarif, text

Form: TypeAlias = Callable[[TextIO, Sequence[Finding], Journal], None]

FORMS: Mapping[str, Form] = {
    "text": text.write,
    "json": plain_json.write,
    "github": github.write,
    "sarif": sarif.write,
    "junit": junit.write,
}
