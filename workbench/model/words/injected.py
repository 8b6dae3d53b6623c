"""What --inject did to a call, in words."""

from __future__ import annotations

from workbench.model.call.call import Call
from workbench.model.text.fit import duration_text
from workbench.model.text.safe import safe


def injected_notes(call: Call) -> list[str]:
    """Return what was done to *call*: "cut to 1 of 1024 by --inject"; nothing where nothing was."""
    notes = []
    for key, value in (call.injected or {}).items():
        match key, value:
            case "max", int() if call.call == "sendall":
                notes.append(f"sent in pieces of {value} by --inject")
            case "max", int():
                notes.append(f"cut to {value} of {_asked(call)} by --inject")
            case "delay", float() | int():
                notes.append(f"held back {duration_text(value)} by --inject")
            case "error", str():
                notes.append(f"{safe(value)} by --inject: the call was not made")
            case "drop", _:
                notes.append("the datagram before it dropped by --inject")
            case "dup", _:
                notes.append("doubled by --inject")
            case "reorder", _:
                notes.append("reordered by --inject")
    return notes


def _asked(call: Call) -> str:
    asked = (call.injected or {}).get("asked")
    return safe(str(asked)) if isinstance(asked, int) else "more"
