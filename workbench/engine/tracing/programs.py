"""Which command runs the Python program that a person named, and whether the probe can get into it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERPRETER = re.compile(r"(python|pypy)[0-9.]*t?")
_WITH_VALUE = "WXQ"
"""Letters of interpreter options that take a value."""
_SHUT_OUT = {
    "I": "-I (isolated mode) keeps the probe out",
    "E": "-E (ignore the environment) keeps the probe out",
    "S": "-S (no site) keeps the probe out",
}


class NoProgram(ValueError):
    """What is to be traced does not exist or is no Python program; the message says so in one sentence."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command to run: its words, the first of which is a path, and why it will run untraced, if it will."""

    words: tuple[str, ...]
    untraced: str = ""

    @property
    def name(self) -> str:
        """The program as a person would name it: the script or module, or else the interpreter."""
        _, rest = _options(self.words[1:]) if _is_interpreter(self.words[0]) else ("", ())
        if rest[:1] == ("-m",) and len(rest) > 1:
            return rest[1]
        return Path(rest[0] if rest and not rest[0].startswith("-") else self.words[0]).name


def program(words: Sequence[str], environment: Mapping[str, str] = os.environ) -> Program:
    """Return the program that *words* name: script.py, -m module, python …, or a file whose first line names Python.

    Raises NoProgram.
    """
    first, *rest = words
    if first == "-m":
        if not rest:
            raise NoProgram("-m needs a module's name")
        return Program((_interpreter(environment), *words))
    path = _found(first, environment)
    if path.suffix in (".py", ".pyw", ".pyz") or path.is_dir():
        return Program((_interpreter(environment), first, *rest))
    if _is_interpreter(path.name):
        return Program((str(path), *rest), _options(rest)[0])
    named = _first_line_names(path)
    if named is None:
        raise NoProgram(f"{first} is no Python program: name a script.py, -m module, python … or a Python script")
    runs_itself = os.access(path, os.X_OK)
    return Program(
        (str(path) if runs_itself else _interpreter(environment), *([] if runs_itself else [first]), *rest), named
    )


def _found(word: str, environment: Mapping[str, str]) -> Path:
    path = Path(word)
    if path.exists():
        if path.is_dir() and not (path / "__main__.py").exists():
            raise NoProgram(f"{word} is a folder without __main__.py")
        if not os.access(path, os.R_OK):
            raise NoProgram(f"{word} cannot be read: permission denied")
        if os.sep in word or path.suffix or not shutil.which(word, path=environment.get("PATH")):
            return path
    where = None if os.sep in word else shutil.which(word, path=environment.get("PATH"))
    if where is None:
        raise NoProgram(f"{word} does not exist: name a script.py, -m module, python … or a Python script")
    return Path(where)


def why_untraced(room: bool) -> str:
    """Return why a Python program ran untraced. *room*: the disk that the session is on is not full."""
    needs = "the probe needs CPython 3.9 or later that reads PYTHONPATH"
    return needs if room else "the disk that the session is on is full"


def unseen(library: str) -> str:
    """Say that a *library* that a program uses has sockets of its own."""
    return f"calls of {library}'s own sockets are not seen: they don't go through Python's socket module"


def _interpreter(environment: Mapping[str, str]) -> str:
    """Return the active virtual environment's Python, else our own."""
    active = environment.get("VIRTUAL_ENV")
    if active and (python := Path(active, "bin", "python")).exists():
        return str(python)
    return sys.executable


def _is_interpreter(path: str) -> bool:
    return _INTERPRETER.fullmatch(Path(path).name) is not None


def _options(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return why an interpreter's options keep the probe out, "" if they don't, and the words after the options."""
    at, why = 0, ""
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "-m", "-c"):
        word = words[at]
        at += 1
        if word.startswith("--"):
            at += word == "--check-hash-based-pycs"
            continue
        for place, letter in enumerate(word[1:], start=2):
            if letter in "cm":
                return why, tuple(words[at - 1 :])
            why = why or _SHUT_OUT.get(letter, "")
            if letter in _WITH_VALUE:
                at += place == len(word)
                break
    return why, tuple(words[at:])


def _first_line_names(path: Path) -> str | None:
    """Return None if the file's first line names no Python, else why its interpreter's options keep the probe out.

    Long paths are put by pip behind #!/bin/sh, in a second line that is Python and shell at once.
    """
    with open(path, "rb") as file:
        first, second = (os.fsdecode(file.readline(4096)) for _ in range(2))
    line = second[len("'''exec'") :] if first.strip() == "#!/bin/sh" and second.startswith("'''exec'") else first[2:]
    if not first.startswith("#!"):
        return None
    words = [word for word in line.replace('"', " ").split() if Path(word).name != "env" and word != "-S"]
    return _options(words[1:])[0] if words and _is_interpreter(words[0]) else None
