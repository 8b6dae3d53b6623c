"""Which file a finding is in, as seen from the folder where the check runs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_SKIPPED = frozenset((".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", "site-packages"))
_MOST = 20_000  # folders and files that are looked at


def place(source: str) -> tuple[str, int]:
    """Return the path, with "/", and the line of a source such as "client.py:12"; ("", 0) where it is not known."""
    file, _, line = source.rpartition(":")
    if not file or not line.isascii() or not line.isdigit():
        return "", 0
    return _found(file, Path.cwd()), int(line)


@lru_cache(256)
def _found(file: str, folder: Path) -> str:
    """Return the only file of that name below *folder*, or *file* itself where there is none or there are several."""
    if Path(file).is_absolute():
        path = Path(file)
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    if (folder / file).is_file():
        return file
    found: list[Path] = []
    looked = 0
    waiting = [folder]
    while waiting and looked < _MOST and len(found) < 2:
        try:
            entries = list(waiting.pop().iterdir())
        except OSError:
            continue
        looked += len(entries)
        waiting += [each for each in entries if each.name not in _SKIPPED and not each.is_symlink() and each.is_dir()]
        found += [each for each in entries if each.as_posix().endswith("/" + file) and each.is_file()]
    return found[0].relative_to(folder).as_posix() if len(found) == 1 else file
