"""Feeds the reader whatever atheris makes up: `python -m tests.slow.fuzz_reader [-max_total_time=60] [CORPUS]`.

It begins with a small session with every kind of record. A crash is written to a file that the same command replays.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["workbench.journal", "workbench.model"]):
    from tests.journal.test_reader import conversation, read_hostile
    from workbench.model.session.query import QueryError, parse

FOLDER = Path(tempfile.mkdtemp())


def one(data: bytes) -> None:
    """Read *data* as a session file, and as a query."""
    read_hostile(FOLDER / "session", data)
    try:
        parse(data.decode("utf-8", "replace"))
    except QueryError as problem:
        assert str(problem).isprintable()  # noqa: PT017


def main() -> None:
    """Run until told to end."""
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    (corpus / "whole").write_bytes(conversation(FOLDER / "whole").bytes())
    atheris.Setup([*sys.argv, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
