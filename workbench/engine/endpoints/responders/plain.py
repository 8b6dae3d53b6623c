"""Responders that are one function of the bytes."""

from __future__ import annotations

from workbench.engine.endpoints.responders.responder import Kind, Pure, pure


class Silent(Pure):
    """Says nothing, whatever comes: nobody needs to ask it."""

    answers = False

    def __init__(self) -> None:
        super().__init__(lambda data: None)


NONE = Kind("none", "only receives", lambda _: Silent)
ECHO = pure("echo", "what it received", bytes)
UPPER = pure("upper", "what it received, in upper case", bytes.upper)
SINK = Kind("sink", "nothing: it throws away what it receives", lambda _: Silent)
