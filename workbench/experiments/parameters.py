"""Parameters of an experiment: constants at the top of its script, and the script with other values for them."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass

from workbench.model.text.fit import cut
from workbench.model.text.safe import safe

Value = bool | int | float | str
"""What a parameter may hold."""


class BadValue(ValueError):
    """A text is no value for a parameter; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of a script: its *name*, the value that the script has, and values worth trying."""

    name: str
    default: Value
    choices: tuple[Value, ...]

    def read(self, text: str) -> Value:
        """Return the value, of the default's type, that a person typed; raises BadValue."""
        if isinstance(self.default, str):
            return text
        if isinstance(self.default, bool):
            if text not in ("True", "False"):
                raise BadValue(f"{self.name} must be True or False")
            return text == "True"
        kind, word = (int, "a whole number") if isinstance(self.default, int) else (float, "a number")
        try:
            if math.isfinite(value := kind(text)):
                return value
        except (ValueError, OverflowError):
            pass
        raise BadValue(f"{self.name} must be {word}, not {cut(safe(text))!r}")


def constant(source: str, name: str) -> Value | None:
    """Return the value that *source* gives the constant *name*; None where no line `NAME = value` does."""
    place = _place(source, name)
    if place is None:
        return None
    try:
        value = ast.literal_eval(place)
    except ValueError:
        return None
    return value if isinstance(value, bool | int | float | str) else None


def replaced(source: str, name: str, value: Value) -> str:
    """Return *source* with another value for its constant *name*; every line keeps its number."""
    place = _place(source, name)
    if place is None or place.end_col_offset is None:
        raise ValueError(f"the script has no constant {name}")
    lines = source.split("\n")
    line = lines[place.lineno - 1].encode()  # columns of the syntax tree are bytes of UTF-8
    changed = line[: place.col_offset] + repr(value).encode() + line[place.end_col_offset :]
    lines[place.lineno - 1] = changed.decode()
    return "\n".join(lines)


def _place(source: str, name: str) -> ast.expr | None:
    """Return the one expression on one line that the script's top level assigns to *name*."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    found = [
        node.value
        for node in body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]
    ]
    return found[0] if len(found) == 1 and found[0].lineno == found[0].end_lineno else None
