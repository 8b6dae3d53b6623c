"""What a project says of findings: the table [tool.socket-workbench] of the nearest pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

from workbench.model.findings.selection import Selection, SelectionError, from_settings


def settings(folder: Path) -> Selection:
    """Return which findings are wanted in *folder*, by the pyproject.toml there or above; raises SelectionError."""
    path = next((file for each in (folder, *folder.parents) if (file := each / "pyproject.toml").is_file()), None)
    if path is None:
        return Selection()
    try:
        return from_settings(
            tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("socket-workbench", {})
        )
    except SelectionError as problem:
        raise SelectionError(f"{path}: [tool.socket-workbench]: {problem}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as problem:
        raise SelectionError(f"{path} cannot be read: {problem}") from None
