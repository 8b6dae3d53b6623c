"""lines and nul: texts that each end with one byte."""

from __future__ import annotations

from collections.abc import Callable

from workbench.model.lens.format import Format, Naive, label_of
from workbench.model.lens.parser import Cursor, Parser, Until
from workbench.model.text.fit import counted


def _delimited(by: bytes, kind: str) -> Callable[[Cursor], Parser]:
    def parse(cursor: Cursor) -> Parser:
        while True:
            text = yield Until(by)
            yield cursor.frame(kind, label_of(text.kept.removesuffix(by).removesuffix(b"\r")))

    return parse


def _naive(by: bytes, unit: str) -> Naive:
    def read(data: bytes) -> str:
        data.decode()
        count = data.count(by)
        if not data.endswith(by):
            return f"half a {unit}" if not count else f"{counted(count, unit)} and a half taken for one"
        return f"{counted(count, unit)} taken for one" if count > 1 else ""

    return Naive(lambda: read, "decode")


LINES = Format("lines", "line", r"lines, each ending with \n", _delimited(b"\n", "line"), _naive(b"\n", "line"))
NUL = Format("nul", "text", r"texts, each ending with \0", _delimited(b"\0", "text"), _naive(b"\0", "text"))
