"""welcome: a server that knows one word, and says so when nothing comes."""

from __future__ import annotations

from workbench.engine.endpoints.responders.responder import pure


def _welcome(data: bytes) -> bytes:
    return b"welcome to server!" if data.strip() == b"1" else b"please go out!"


WELCOME = pure("welcome", '"welcome to server!" for 1, else "please go out!"', _welcome, b"time out")
