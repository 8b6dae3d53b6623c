"""python: a function of a person's own file."""

from __future__ import annotations

import runpy
from pathlib import Path

from workbench.engine.endpoints.responders.responder import Kind, NewResponder, Pure, Reply, UnknownResponder


def _own(argument: str) -> NewResponder:
    function = load(argument)
    return lambda: Pure(function)


def load(argument: str) -> Reply:
    """Return the function that FILE.py:FUNCTION names: it takes the bytes received, and returns the reply or None.

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


PYTHON = Kind("python", "what a function of your file returns", _own, "FILE.py:FUNCTION", ".py")
