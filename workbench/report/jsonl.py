"""A session as JSON lines: one object a call, as the contract for scripts has it."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any, BinaryIO

import msgspec

from workbench.journal.reader import Journal
from workbench.model.call.call import Call, to_json
from workbench.report.exports import BinaryExport
from workbench.report.feed import copy


class JsonReport:
    """Writes each call as a line and flushes it, so that a reader at the other end of a pipe has it at once.

    In a session that grows, lineage is null where the send is not recorded yet.
    """

    by_cause = False

    def __init__(self, out: BinaryIO, journal: Journal) -> None:
        self._out = out
        self._journal = journal

    def write(self, call: Call) -> None:
        """Write one call."""
        sources = self._journal.lineage.sources(call)
        self._out.write(encode(to_json(call, sources)) + b"\n")
        self._out.flush()

    def flush(self) -> None:
        """Do nothing: each line has been flushed."""


def encode(shown: dict[str, Any]) -> bytes:
    """Return *shown* as JSON without a line end; text that is no Unicode, such as a path's bytes, as \\udcXX."""
    try:
        return msgspec.json.encode(shown)
    except UnicodeEncodeError:
        return json.dumps(shown, default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else asdict(value)


def export_jsonl(journal: Journal, out: BinaryIO) -> int:
    """Write the whole session, in the file's order."""
    copy(journal, JsonReport(out, journal))
    return 0


EXPORT = BinaryExport(export_jsonl, text=True)
