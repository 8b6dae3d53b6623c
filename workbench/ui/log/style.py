"""The colours of the log: a class for each part of a line, in terms of the theme."""

from __future__ import annotations

from workbench.ui.parts.style import QUIET_SCROLLBAR, SEND_LOOKS, SIDE_LOOKS

PREFIX = "log--"

_DIM = "color: $foreground 62%"
_COLOURS = {
    "bar": "color: $primary",
    "fold": _DIM,
    "number": _DIM,
    "time": _DIM,
    "arrow": "color: $foreground; text-style: bold",
    "other": _DIM,
    "call": "color: $foreground",
    "result": "color: $foreground",
    "times": "color: $foreground; text-style: bold",
    "error": "color: $text-error",
    "said": "color: $foreground 75%",
    "note": "color: $foreground; text-style: italic",
    "more": f"{_DIM}; text-style: italic",
    "offset": _DIM,
    "byte": "color: $foreground",
    "byte-dim": _DIM,
    "cursor": "background: $primary 22%",
    "marked": "background: $foreground 18%",
    "related": "background: $foreground 9%",
    "boundary": "color: $foreground; text-style: bold",
    "banner": "background: $primary; color: $text; text-style: bold",
    **SIDE_LOOKS,
    **SEND_LOOKS,
}

CSS = (
    """
LogCanvas {
    height: 1fr;
    background: $background;
    color: $foreground;
    overflow-x: hidden;
    overflow-y: scroll;
"""
    + QUIET_SCROLLBAR
    + "".join(f"    & > .{PREFIX}{name} {{ {rules}; }}\n" for name, rules in _COLOURS.items())
    + "}\n"
)
