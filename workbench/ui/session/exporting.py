"""An export written from the screen: in a thread, from a reader of its own."""

from __future__ import annotations

from pathlib import Path

from workbench.journal.reader import Journal
from workbench.report.exports import BinaryExport, Export, FolderExport

NAMES = {"text": ".txt", "python": ""}
"""What the name of an export ends with, where that is not its form."""


def write(export: Export, session: Path, target: Path) -> int:
    """Write the session to a new file or folder; return how many calls have no place in it. Raises OSError."""
    journal = Journal(session)
    try:
        journal.read_all()
        match export:
            case FolderExport():
                return export.write(journal, target)
            case BinaryExport():
                with target.open("xb") as out:
                    return export.write(journal, out)
            case _:
                with target.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as text:
                    return export.write(journal, text)
    finally:
        journal.close()
