"""fixed: the same text, whatever was received."""

from __future__ import annotations

from workbench.engine.endpoints.responders.responder import Kind, NewResponder, Pure


def _fixed(text: str) -> NewResponder:
    reply = text.encode()
    return lambda: Pure(lambda data: reply)


FIXED = Kind("fixed", "the text you type beside it", _fixed, "TEXT")
