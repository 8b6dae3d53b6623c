"""What a session can be exported as: one line each, in the order in which they are offered.

To add one: a module with a function that writes it, and `EXPORT`, which says into what; then its line here. A module
is imported when its export is asked for, so that nobody waits for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO, TypeAlias

from workbench.journal.reader import Journal


@dataclass(frozen=True, slots=True)
class TextExport:
    """Writes text; *write* returns how many calls that moved bytes have no place in it."""

    write: Callable[[Journal, TextIO], int]


@dataclass(frozen=True, slots=True)
class BinaryExport:
    """Writes bytes, which are not for a terminal unless they are *text* in utf-8."""

    write: Callable[[Journal, BinaryIO], int]
    text: bool = False


@dataclass(frozen=True, slots=True)
class FolderExport:
    """Writes the *files* into a folder, which is made where there is none."""

    write: Callable[[Journal, Path], int]
    files: tuple[str, ...]


Export: TypeAlias = TextExport | BinaryExport | FolderExport


class Listed(NamedTuple):
    """What an export is, for a list, and the module that has it as `EXPORT`."""

    what: str
    module: str


EXPORTS = {
    "jsonl": Listed("a JSON object a line", "workbench.report.jsonl"),
    "text": Listed("the annotated log", "workbench.report.text"),
    "html": Listed("a web page that loads nothing", "workbench.report.html.page"),
    "svg": Listed("a ladder to look at in a browser", "workbench.report.ladder.svg"),
    "mermaid": Listed("a ladder for Markdown", "workbench.report.ladder.mermaid"),
    "pcapng": Listed("a capture for Wireshark", "workbench.report.capture.wire"),
    "rules": Listed("rules to serve with", "workbench.report.rules"),
    "python": Listed("two scripts that repeat it", "workbench.report.scripts.two_scripts"),
}


def export(name: str) -> Export:
    """Import an export of the list."""
    found: Export = import_module(EXPORTS[name].module).EXPORT
    return found
