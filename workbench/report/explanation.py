"""Why a call came out as it did, as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from workbench.model.why.why import Why

WIDTH = 100
_INDENT = " " * 6


def why_lines(why: Why, width: int = WIDTH) -> Iterator[str]:
    """Yield an explanation as lines of at most *width* cells, lines of Python as they are."""
    yield why.title
    for text in (*why.sentences, f"Next: {why.next}"):
        yield from textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    yield f"{_INDENT}In Python:"
    yield from (f"{_INDENT}    {text}" for text in why.python)
    yield f"{_INDENT}See {why.source}"


def why_json(seq: int, why: Why) -> dict[str, Any]:
    """Return an explanation as JSON has it."""
    return {"seq": seq, **asdict(why)}
