"""Names of files as a person types them, and why one will not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from workbench.model.text.safe import safe

Check: TypeAlias = Callable[[str], str | None]


def typed_path(name: str) -> Path:
    """Read a name; raises OSError also where Python raises something else: an unknown ~user, a NUL in it."""
    if "\0" in name:
        raise OSError(0, "a name cannot hold a NUL")
    try:
        return Path(name).expanduser()
    except RuntimeError as problem:
        raise OSError(0, str(problem)) from None


def _plainly(check: Callable[[Path], str | None]) -> Check:
    """Make a check of a path one of a typed name, which says what the system says where it cannot even look."""

    def checked(name: str) -> str | None:
        if not name.strip():
            return "Type the name of a file."
        try:
            return check(typed_path(name))
        except OSError as problem:
            return f"{safe(name)}: {safe(problem.strerror or str(problem))}."

    return checked


@_plainly
def cannot_be_opened(path: Path) -> str | None:
    """Say why nothing can be read from that file; None if it may be."""
    if not path.exists():
        return f"There is no file {safe(str(path))}."
    return None if path.is_file() else f"{safe(str(path))} is not a file."


@_plainly
def cannot_be_written(path: Path) -> str | None:
    """Say why no new file can have that name; None if it can."""
    if path.exists() or path.is_symlink():
        return f"{safe(path.name)} exists: take another name."
    if not path.parent.is_dir():
        return f"There is no folder {safe(str(path.parent))}."
    return None


def no_name_of_a_script(name: str) -> str | None:
    """Say why no new script can have that name; None if it can."""
    return cannot_be_written(name) if name.endswith(".py") else "The name of a script ends with .py."
