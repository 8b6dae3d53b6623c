"""Calls for tests: whole ones from what a test wants to say of them."""

from __future__ import annotations

from typing import Any

from workbench.model.call.call import Call, Error


def made(call: str, *args: Any, data: bytes = b"", error: str = "", **facts: Any) -> Call:
    """Return a call with arguments *args*; *error* as "TimeoutError ETIMEDOUT message", with "-" for no errno."""
    facts = {"result": None if error else 0, "requested": len(data), **facts}
    if error:
        kind, number, *words = error.split(" ")
        facts["error"] = Error(kind, None if number == "-" else number, " ".join(words))
    whole: dict[str, Any] = {
        "seq": 1, "time": 0.0, "duration": 0.0, "pid": 7, "thread": "MainThread", "socket": "7.1", "name": "client",
        "error": None, "left": None, "truncated": False, "size": None, "source": "", **facts,
    }  # fmt: skip
    return Call(call=call, args=list(args), data=data, **whole)
