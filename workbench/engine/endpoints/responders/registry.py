"""The responders that there are: one line each, in the order in which they are offered."""

from __future__ import annotations

from workbench.engine.endpoints.responders import (
    command,
    conversing,
    fixed,
    own_function,
    plain,
    rules,
    welcome,
    with_time,
)
from workbench.engine.endpoints.responders.responder import Kind, NewResponder, UnknownResponder

RESPONDERS: tuple[Kind, ...] = (
    plain.NONE,
    plain.ECHO,
    plain.UPPER,
    with_time.TIME,
    welcome.WELCOME,
    command.COMMAND,
    command.LENGTH_FIRST,
    fixed.FIXED,
    plain.SINK,
    conversing.SOURCE,
    conversing.DISCARD_SLOW,
    conversing.CLOSE,
    conversing.RESET,
    own_function.PYTHON,
    rules.RULES,
)
BY_NAME = {kind.name: kind for kind in RESPONDERS}
FORMS = ", ".join(kind.form for kind in RESPONDERS)
"""How each is written, for help and messages."""


def responder(name: str, argument: str = "") -> NewResponder:
    """Return what makes a responder for each peer.

    *name* as for `serve --respond`; the *argument* of a kind may stand apart from its name, as it does in the form.
    Raises UnknownResponder for what stands for nothing.
    """
    word, colon, rest = name.partition(":")
    kind = BY_NAME.get(word)
    if kind is not None and (kind.argument or not colon):
        return kind.make(rest if colon else argument)
    file = name.rpartition(":")[0] or name
    for kind in RESPONDERS:
        if kind.suffix and file.endswith(kind.suffix):
            return kind.make(name)
    raise UnknownResponder(f"no responder {name!r}: there are {FORMS}")
