"""python: a function of a person's own file, of a request or of a connection."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

from workbench.engine.endpoints.responders.conversing import Conversing
from workbench.engine.endpoints.responders.responder import Kind, NewResponder, Pure, Reply, UnknownResponder


def _own(argument: str) -> NewResponder:
    function: Any = load(argument)
    if speaks(function):
        return lambda: Conversing(function)
    return lambda: Pure(function)


def speaks(function: Callable[..., Any]) -> bool:
    """Whether a function takes a connection, its parameter `conn`, and not a request."""
    try:
        return next(iter(signature(function).parameters), "") == "conn"
    except (TypeError, ValueError):  # not written in Python
        return False


def load(argument: str) -> Reply:
    """Return the function that FILE.py:FUNCTION names: of the bytes received, returning the reply or None, or of conn.

    The file is run as a module is when it is imported; what it raises then is an UnknownResponder.
    """
    file, _, function = argument.rpartition(":")
    if not file:
        raise UnknownResponder(f"no responder {argument!r}: it is written FILE.py:FUNCTION")
    if not Path(file).is_file():
        raise UnknownResponder(f"no responder {argument}: there is no file {file}")
    try:
        found = runpy.run_path(file).get(function)
    except (Exception, SystemExit) as error:
        raise UnknownResponder(f"no responder {argument}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise UnknownResponder(f"no responder {argument}: the file has no function {function}")
    return found  # type: ignore[no-any-return]


PYTHON = Kind("python", "what a function of your file returns, or says with conn", _own, "FILE.py:FUNCTION", ".py")
