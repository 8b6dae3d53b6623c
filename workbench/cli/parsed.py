"""Types of arguments and options: what a function makes of a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

T = TypeVar("T")


class Parsed(click.ParamType[T]):
    """What *parse* makes of a word; a ValueError of it has the sentence that says what is wrong."""

    def __init__(self, name: str, parse: Callable[[str], T], prefix: str = "") -> None:
        """*prefix*: begins the sentence, such as "--find: ", where *parse* does not know whose word it is."""
        self.name, self._parse, self._prefix = name, parse, prefix

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> T:
        """Return the value; one that is no text any more is as it should be."""
        if not isinstance(value, str):
            return cast("T", value)
        try:
            return self._parse(value)
        except ValueError as error:
            raise click.UsageError(f"{self._prefix}{error}") from None
