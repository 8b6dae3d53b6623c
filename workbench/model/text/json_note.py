"""A note that says whether bytes are JSON, and where they stop being it."""

from __future__ import annotations

import json as json_module


def json_note(data: bytes, encoding: str = "utf-8") -> str:
    """Return "valid JSON", "JSON is cut: …" where more bytes could make it valid, or "not JSON: … at byte 17"."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if "unexpected end" in error.reason or "incomplete" in error.reason:
            return f"JSON is cut: inside a character at byte {error.start}"
        return f"not JSON: not {encoding} at byte {error.start}"
    try:
        json_module.loads(text, parse_int=str)  # int() refuses long numbers, JSON does not
    except json_module.JSONDecodeError as error:
        kind = "JSON is cut" if _is_cut(text, error) else "not JSON"
        message = error.msg.removesuffix(" at").removesuffix(" starting")
        return f"{kind}: {message} at byte {len(text[: error.pos].encode(encoding))}"
    except RecursionError:
        return "not JSON: nested too deeply"
    return "valid JSON"


def _is_cut(text: str, error: json_module.JSONDecodeError) -> bool:
    """Whether the text is wrong only because it ends: within a string, a word or an escape, or where more was due."""
    rest = text[error.pos :]
    if not rest.strip():
        return bool(text.strip())
    if error.msg.startswith("Invalid \\u"):
        return len(rest) < 5 and all(char in "0123456789abcdefABCDEF" for char in rest.lstrip("\\u"))
    return error.msg.startswith("Unterminated") or any(word.startswith(rest) for word in ("true", "false", "null", "-"))
