"""Where in the text of a TOML file a key stands: the parser of the standard library does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

_HEADER = re.compile(r"\s*\[\[?\s*(?P<key>.+?)\s*\]\]?\s*(#.*)?")
_ASSIGNED = re.compile(r"""\s*(?P<key>(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+|\s*\.\s*)+?)\s*=""")


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the number, from 1, of the line where *keys* begin to be set, or the innermost table around them."""
    best, found = 0, None
    for number, path in _keys(text):
        same = 0
        while same < min(len(path), len(keys)) and path[same] == keys[same]:
            same += 1
        if same == len(path) and same > best:
            best, found = same, number
    return found


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the number of each line that names a table or sets a key, and the whole path of it."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _path(header["key"])
            yield number, table
        elif assigned := _ASSIGNED.match(line):
            yield number, (*table, *_path(assigned["key"]))


def _path(key: str) -> tuple[str, ...]:
    """Read a dotted key, quotes and all."""
    import tomllib

    try:
        table: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:  # a line of a text that only looks like one
        return ()
    path = []
    while isinstance(table, dict):
        ((name, table),) = table.items()
        path.append(name)
    return tuple(path)
